//! Steps of the row recipe as arguments: `--step bucket:age:5`, `--step "rich=formula:spend > 100.0"`. What a step has to learn (a
//! median, bounds of bins, categories) it learns from the rows it is given.

use crate::cli::console::{Failure, Result};
use attune_lab::data::Dataset;
use attune_lab::data::names::identifiers;
use attune_lab::features::recipe;
use attune_policy::recipe::{DatePart, Op, Step};
use attune_policy::suggest::nearest;
use attune_policy::value::{Type, Value};

/// What `--step` takes, for its help.
pub fn help() -> &'static str {
    "A step of the row recipe, as [NAME=]KIND:COLUMN[:SETTING]; saved in a project, tried on a file. May be given several times:\n  \
    one_hot:plan  one_hot:plan:gold         0 or 1 for each category, or for one\n  \
    ordinal:size:small,medium,large         place among categories in that order\n  \
    bucket:age:5  bucket:age:18,30,65       bins of equal count, or between bounds\n  \
    scale:spend                             mean 0 and standard deviation 1\n  \
    impute:age  impute:age:0                median or most frequent value, or a value, where it is missing\n  \
    weekday:joined  month:joined:Europe/Berlin  part of a date (year, month, day, weekday, hour), in a time zone\n  \
    days_since:joined                       days from a date to the instant of the row: tenure\n  \
    ratio:spend/visits  log1p:spend  clip:spend:0..500\n  \
    \"rich=formula:spend > 100.0\"            any expression, in the language of rules\n\
    What a step has to learn it learns from the rows that models learn from, once; other steps read what it makes."
}

/// Kinds, for suggestions.
const WORDS: [&str; 16] = [
    "one_hot",
    "ordinal",
    "bucket",
    "scale",
    "impute",
    "year",
    "month",
    "day",
    "weekday",
    "hour",
    "days_since",
    "ratio",
    "log1p",
    "clip",
    "formula",
    "date",
];

/// The steps that an argument asks for, fitted on `rows` (positions) of a dataset.
pub fn steps(argument: &str, dataset: &Dataset, rows: &[u32]) -> Result<Vec<Step>> {
    let wrong = |why: String| Failure::Usage(format!("--step `{argument}`: {why}"));
    let (name, rest) = named(argument);
    let Some((kind, rest)) = rest.split_once(':') else {
        return Err(wrong(
            "write it as KIND:COLUMN, such as bucket:age:5; `attune features --help` lists the kinds".into(),
        ));
    };
    let kind = kind.trim();
    if let Some(name) = &name {
        let plain = identifiers(std::slice::from_ref(name)).concat();
        if plain != *name {
            return Err(wrong(format!("rules cannot read the name `{name}`; call it `{plain}`")));
        }
    }
    if kind == "formula" {
        let name = name.ok_or_else(|| wrong("a formula needs a name: NAME=formula:EXPRESSION".into()))?;
        return Ok(vec![Step::formula(name, rest.trim())]);
    }
    let column = |text: &str| {
        let text = text.trim();
        let found = dataset.columns().iter().find(|c| c.name == text || c.source == text);
        found.map(|column| (column.name.clone(), column.type_)).ok_or_else(|| {
            let names = dataset.columns().iter().map(|c| c.source.as_str());
            let hint = match nearest(text, names.clone()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("there are {}", names.collect::<Vec<_>>().join(", ")),
            };
            wrong(format!("there is no column `{text}`; {hint}"))
        })
    };
    if kind == "ratio" {
        let (over, under) = rest.split_once('/').ok_or_else(|| wrong("write it as ratio:COLUMN/COLUMN".into()))?;
        let ((over, _), (under, _)) = (column(over)?, column(under)?);
        let name = name.unwrap_or_else(|| format!("{over}_per_{under}"));
        return Ok(vec![Step::new(name, over, Op::Ratio { over: under })]);
    }
    let (input, setting) = match rest.split_once(':') {
        Some((input, setting)) => (input, Some(setting.trim())),
        None => (rest, None),
    };
    let (input, type_) = column(input)?;
    let number = |text: &str| {
        let x = text.trim().parse::<f64>().ok().filter(|x| x.is_finite());
        x.ok_or_else(|| wrong(format!("`{}` is no number", text.trim())))
    };
    let texts = |setting: &str| -> Vec<String> { setting.split(',').map(|text| text.trim().to_owned()).collect() };
    let one = |ending: &str, op: Op| {
        let name = name.clone().unwrap_or_else(|| format!("{input}_{ending}"));
        Ok(vec![Step::new(name, input.clone(), op)])
    };
    match (kind, setting) {
        ("one_hot", setting) => {
            let ops = match setting {
                Some(category) => vec![Op::OneHot(category.to_owned())],
                None => recipe::one_hot(dataset, rows, &input)?,
            };
            let stem = name.as_deref().unwrap_or(&input);
            let wished = ops.iter().map(|op| match (op, setting.is_some() && name.is_some()) {
                (Op::OneHot(category), false) => format!("{stem}_{category}"),
                _ => stem.to_owned(),
            });
            let names = identifiers(&wished.collect::<Vec<_>>());
            Ok(names.into_iter().zip(ops).map(|(name, op)| Step::new(name, input.clone(), op)).collect())
        }
        ("ordinal", Some(setting)) => one("place", Op::Ordinal(texts(setting))),
        ("ordinal", None) => Err(wrong("say the order: ordinal:size:small,medium,large".into())),
        ("bucket", Some(setting)) if setting.contains(',') => {
            let edges: Vec<f64> =
                setting.split(',').filter(|text| !text.trim().is_empty()).map(number).collect::<Result<_>>()?;
            if edges.windows(2).any(|pair| pair[0] >= pair[1]) || edges.is_empty() {
                return Err(wrong("the bounds of bins rise from one to the next".into()));
            }
            one("bin", Op::Bucket { labels: recipe::bin_labels(&edges), edges })
        }
        ("bucket", setting) => {
            let bins = setting.map_or(Ok(5.0), number)?;
            if !(2.0..=1000.0).contains(&bins) || bins.fract() != 0.0 {
                return Err(wrong("say how many bins, 2 to 1000, or their bounds: bucket:age:18,30,65".into()));
            }
            one("bin", recipe::bucket(dataset, rows, &input, bins as usize)?)
        }
        ("scale", None) => one("scaled", recipe::scale(dataset, rows, &input)?),
        ("impute", None) => one("filled", recipe::impute(dataset, rows, &input)?),
        ("impute", Some(setting)) => {
            let value = match type_ {
                Type::Text => Value::text(setting),
                Type::Bool => match setting {
                    "true" => Value::Bool(true),
                    "false" => Value::Bool(false),
                    _ => return Err(wrong("the column is true or false".into())),
                },
                Type::Integer => match number(setting)? {
                    whole if whole.fract() == 0.0 => Value::Integer(whole as i64),
                    _ => return Err(wrong("the column holds whole numbers".into())),
                },
                Type::Number => Value::Number(number(setting)?),
                Type::Time => return Err(wrong("a time has no usual value".into())),
            };
            one("filled", Op::Impute(value))
        }
        ("year" | "month" | "day" | "weekday" | "hour" | "days_since", zone) => {
            let (part, ending) = match kind {
                "year" => (DatePart::Year, "year"),
                "month" => (DatePart::Month, "month"),
                "day" => (DatePart::Day, "day"),
                "weekday" => (DatePart::Weekday, "weekday"),
                "hour" => (DatePart::Hour, "hour"),
                _ => (DatePart::DaysSince, "days"),
            };
            one(ending, Op::DatePart { part, zone: zone.map(str::to_owned) })
        }
        ("date", _) => Err(wrong("say which part: year, month, day, weekday, hour or days_since".into())),
        ("log1p", None) => one("log", Op::Log1p),
        ("clip", Some(setting)) => {
            let (low, high) =
                setting.split_once("..").ok_or_else(|| wrong("write it as clip:COLUMN:LOW..HIGH".into()))?;
            let end = |text: &str| if text.trim().is_empty() { Ok(None) } else { number(text).map(Some) };
            one("clipped", Op::Clip { low: end(low)?, high: end(high)? })
        }
        ("clip", None) => Err(wrong("say the bounds: clip:spend:0..500".into())),
        ("scale" | "log1p", Some(_)) => Err(wrong("takes no setting".into())),
        _ => {
            let near = nearest(kind, WORDS.iter().copied());
            let hint = near.map_or_else(
                || format!("the kinds are {}", WORDS[..15].join(", ")),
                |near| format!("did you mean `{near}`?"),
            );
            Err(wrong(format!("there is no step `{kind}`; {hint}")))
        }
    }
}

/// `NAME=` before a kind, and the rest. An `=` further on belongs to a formula.
fn named(argument: &str) -> (Option<String>, &str) {
    match argument.split_once('=') {
        Some((name, rest)) if !name.contains(':') => (Some(name.trim().to_owned()), rest),
        _ => (None, argument),
    }
}

/// What a step does, in words.
pub fn words(step: &Step) -> String {
    let input = &step.input;
    match &step.op {
        Op::Impute(value) => format!("`{input}`, and {value} where it is missing"),
        Op::Scale { center, scale } => format!("(`{input}` − {center:.4}) / {scale:.4}"),
        Op::OneHot(category) => format!("1 where `{input}` is {category}, else 0"),
        Op::Bucket { labels, .. } => format!("bins of `{input}`: {}", labels.join(", ")),
        Op::Ordinal(order) => format!("place of `{input}` among {}", order.join(", ")),
        Op::TargetMean { means, .. } => format!("mean outcome of `{input}`, of {} categories", means.len()),
        Op::DatePart { part: DatePart::DaysSince, .. } => format!("days from `{input}` to the instant of the row"),
        Op::DatePart { part, zone } => {
            let zone = zone.as_ref().map(|zone| format!(" in {zone}")).unwrap_or_default();
            format!("{} of `{input}`{zone}", format!("{part:?}").to_lowercase())
        }
        Op::Ratio { over } => format!("`{input}` / `{over}`"),
        Op::Log1p => format!("ln(1 + `{input}`)"),
        Op::Clip { low, high } => {
            let end = |x: &Option<f64>| x.map(|x| x.to_string()).unwrap_or_default();
            format!("`{input}`, no less and no more than {}..{}", end(low), end(high))
        }
        Op::Formula(text) => text.clone(),
    }
}
