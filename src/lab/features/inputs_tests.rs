//! Inputs fitted from columns: what is imputed, standardised, one-hot, rare or unusable.

use super::*;

fn dataset() -> Dataset {
    let n = 400;
    let text = |f: &dyn Fn(usize) -> Option<String>| {
        let texts: Vec<Option<String>> = (0..n).map(f).collect();
        Cells::from_texts(texts.iter().map(Option::as_deref))
    };
    let number = |f: &dyn Fn(usize) -> f64| Cells::Number((0..n).map(f).collect());
    Dataset::from_columns(
        "inputs",
        vec![
            ("x".into(), number(&|i| if i % 2 == 0 { 1.0 } else { 3.0 })),
            ("gaps".into(), number(&|i| if i % 4 == 0 { f64::NAN } else { (i % 2) as f64 })),
            ("same".into(), number(&|_| 5.0)),
            ("empty".into(), number(&|_| f64::NAN)),
            ("flag".into(), Cells::Bool((0..n).map(|i| Some(i % 4 == 0)).collect())),
            ("two".into(), text(&|i| Some(if i % 4 == 0 { "yes" } else { "no" }.into()))),
            ("rare".into(), text(&|i| Some(if i < 9 { "rare".into() } else { format!("c{}", i % 3) }))),
            ("half".into(), text(&|i| (i % 2 == 0).then(|| "here".into()))),
            ("id".into(), text(&|i| Some(format!("id{i}")))),
            ("many".into(), text(&|i| Some(format!("m{}", i % 50)))),
            ("when".into(), Cells::Time((0..n as i64).collect())),
        ],
    )
    .unwrap()
}

fn all() -> Vec<u32> {
    (0..400).collect()
}

fn of(field: &str, style: Style) -> Fit {
    fit(&dataset(), &all(), &[field], style).unwrap()
}

#[test]
fn numbers_are_standardised_for_linear_models_and_left_alone_for_trees() {
    let encodes = |field, style| of(field, style).inputs.into_iter().map(|i| i.encode).collect::<Vec<_>>();
    assert_eq!(encodes("x", Style::Standardised), [Encode::Standard { missing: 2.0, center: 2.0, scale: 1.0 }]);
    assert_eq!(encodes("x", Style::Raw), [Encode::Number]);
    // Three of four rows are known: two of them 1, one 0.
    let [Encode::Standard { missing, center, scale }, Encode::Missing] = encodes("gaps", Style::Scaled)[..] else {
        panic!("a number and an indicator")
    };
    assert!((center - 2.0 / 3.0).abs() < 1e-12 && missing == center && (scale - 2.0_f64.sqrt() / 3.0).abs() < 1e-12);
    assert_eq!(encodes("gaps", Style::Raw), [Encode::Number]);
    // What is 0 or 1 stays so for a penalised model, and is scaled for distances.
    let indicator = |missing| Encode::Standard { missing, center: 0.0, scale: 1.0 };
    assert_eq!(encodes("flag", Style::Standardised), [indicator(0.25)]);
    assert_eq!(encodes("gaps", Style::Standardised), [indicator(2.0 / 3.0), Encode::Missing]);
    let (category, center, scale) = ("yes".to_owned(), 0.25, (0.25_f64 * 0.75).sqrt());
    assert_eq!(encodes("flag", Style::Scaled), [Encode::Standard { missing: center, center, scale }]);
    assert_eq!(encodes("two", Style::Scaled), [Encode::OneHot { category: category.clone(), center, scale }]);
    let one_hot = [Encode::OneHot { category, center: 0.0, scale: 1.0 }];
    assert_eq!(encodes("two", Style::Standardised), one_hot);
    assert_eq!(encodes("two", Style::Raw), one_hot);
}

#[test]
fn rare_categories_are_grouped_away_and_said_so() {
    let fit = of("rare", Style::Raw);
    let categories: Vec<_> = fit.inputs.iter().map(|i| format!("{:?}", i.encode)).collect();
    assert_eq!(categories.len(), 3);
    assert!(categories.iter().all(|c| !c.contains("rare")), "{categories:?}");
    assert_eq!(fit.notes.len(), 1);
    assert!(fit.notes[0].contains("`rare`: 1 of its 4 categories"), "{}", fit.notes[0]);
    // 400 rows over 50 categories: 8 each, none has ten.
    assert_eq!(of("many", Style::Raw).unusable.len(), 1);
    assert_eq!(of("half", Style::Raw).inputs.len(), 1, "one category beside missing");
}

#[test]
fn columns_that_tell_nothing_are_named() {
    let same = of("same", Style::Raw);
    assert!(same.inputs.is_empty() && same.notes == ["`same` is the same in every row and was left out"]);
    let table = [
        ("empty", "column `empty`: has no value in any of the 400 rows; leave it out of the features"),
        (
            "id",
            "column `id`: has 400 different texts, none of them in 10 rows or more; leave it out of the features: it looks like a name or a number of each row",
        ),
        (
            "when",
            "column `when`: is a time, which models cannot learn from; leave it out, or give a column of days since then",
        ),
    ];
    for (field, expected) in table {
        let fit = of(field, Style::Standardised);
        assert_eq!(fit.unusable.iter().map(|u| u.error().to_string()).collect::<Vec<_>>(), [expected]);
        assert!(fit.inputs.is_empty());
    }
    let error = super::fit(&dataset(), &all(), &["nope"], Style::Raw).unwrap_err().to_string();
    assert_eq!(error, "column `nope`: there is no such column in `inputs`; choose the model's features again");
}

#[test]
fn only_the_rows_given_are_seen() {
    let even: Vec<u32> = (0..400).step_by(2).collect();
    let fit = fit(&dataset(), &even, &["x"], Style::Standardised).unwrap();
    assert!(fit.inputs.is_empty(), "x is 1 in every even row");
}

#[test]
fn tables_read_a_text_as_one_code() {
    let encodes = |field| of(field, Style::Tabular).inputs.into_iter().map(|i| i.encode).collect::<Vec<_>>();
    let categories = |names: &[&str]| Encode::Category { categories: names.iter().map(|n| (*n).to_owned()).collect() };
    assert_eq!(encodes("two"), [categories(&["no", "yes"])]);
    assert_eq!(encodes("rare"), [categories(&["c0", "c1", "c2"])]);
    assert_eq!(encodes("half"), [categories(&["here"])]);
    assert_eq!(encodes("gaps"), [Encode::Number]);
    assert!(encodes("same").is_empty());
}
