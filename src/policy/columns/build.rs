//! Makes checked columns: from a host's buffers, or from requests. What it finds unknown here is what a single request
//! finds.

use super::labels::{Instants, Labels, OptionalLabels};
use super::slice::Slice;
use super::values::{Column, Data, Gathered, MISSING, Texts, Values};
use super::{ColumnError, Columns, bits};
use crate::language::limits::TEXT;
use crate::request::Request;
use crate::row;
use crate::schema::Schema;
use crate::value::{Type, Value};
use std::borrow::Cow;
use std::collections::HashSet;

/// Checks the columns of a host against the schema.
pub fn check<'a>(schema: &Schema, rows: usize, fields: Vec<Column<'a>>) -> Result<Columns<'a>, ColumnError> {
    let (have, want) = (fields.len(), schema.fields.len());
    if have != want {
        let column = schema.fields.get(have).map_or_else(|| format!("{have}"), |field| field.name.clone());
        return Err(ColumnError { column, message: format!("{have} columns are given, the schema has {want} fields") });
    }
    let mut notes = Vec::new();
    let mut checked = Vec::with_capacity(want);
    for (field, column) in schema.fields.iter().zip(fields) {
        let note = &mut |row, length| notes.push((row, row::too_long(&field.name, length)));
        let values = values(field.type_, rows, column, note)
            .map_err(|message| ColumnError { column: field.name.clone(), message })?;
        checked.push(values);
    }
    notes.sort_by_key(|(row, _)| *row);
    Ok(Columns { rows, fields: checked, notes, ..empty() })
}

fn empty() -> Columns<'static> {
    Columns {
        rows: 0,
        fields: Vec::new(),
        decision_ids: Labels::One(Cow::Borrowed("")),
        subjects: Labels::One(Cow::Borrowed("")),
        now: Instants::One(0),
        zones: OptionalLabels::One(None),
        households: OptionalLabels::One(None),
        devices: OptionalLabels::One(None),
        notes: Vec::new(),
    }
}

/// One column; `note` hears of texts that are too long: row and length.
fn values<'a>(
    type_: Type,
    rows: usize,
    column: Column<'a>,
    note: &mut dyn FnMut(usize, usize),
) -> Result<Values<'a>, String> {
    let found = column.data.type_();
    if found != type_ && !(type_ == Type::Number && found == Type::Integer) {
        return Err(format!("carries values of type {found}, the schema says {type_}"));
    }
    let words = bits::words(rows);
    let (have, want, what) = match &column.data {
        Data::Bool(values) => (values.len(), words, "words of 64 bits"),
        Data::Integer(values) | Data::Time(values) => (values.len(), rows, "values"),
        Data::Number(values) => (values.len(), rows, "values"),
        Data::Text(texts) => (texts.codes.len(), rows, "values"),
    };
    if have != want {
        return Err(format!("has {have} {what}, the batch has {rows} rows"));
    }
    if let Some(known) = &column.known
        && known.len() != words
    {
        return Err(format!("says in {} words of 64 bits what is known, {rows} rows need {words}", known.len()));
    }
    let known = match column.known {
        None => Slice::Owned(bits::all(rows)),
        // Bits past the last row are nobody's.
        Some(known) if known.last().is_some_and(|last| last & !bits::mask(words - 1, rows) != 0) => {
            let mut known = known.into_vec();
            if let Some(last) = known.last_mut() {
                *last &= bits::mask(words - 1, rows);
            }
            known.into()
        }
        Some(known) => known,
    };
    Ok(match column.data {
        Data::Bool(values) => {
            let clean = values.iter().zip(known.iter()).all(|(value, known)| value & !known == 0);
            let values = match clean {
                true => values,
                false => values.iter().zip(known.iter()).map(|(value, known)| value & known).collect::<Vec<_>>().into(),
            };
            Values { data: Data::Bool(values), known }
        }
        Data::Integer(values) if type_ == Type::Number => {
            numbers(values.iter().map(|x| *x as f64).collect::<Vec<_>>().into(), known)
        }
        Data::Number(values) => numbers(values, known),
        Data::Text(texts) => self::texts(texts, known, note)?,
        data => Values { data, known },
    })
}

/// Numbers with NaN wherever one is unknown; copied only when that must be written.
fn numbers<'a>(values: Slice<'a, f64>, known: Slice<'a, u64>) -> Values<'a> {
    let finite = |chunk: &[f64]| {
        let mut bytes = [0u8; 64];
        bytes.iter_mut().zip(chunk).for_each(|(byte, x)| *byte = u8::from(x.is_finite()));
        bits::pack(&bytes)
    };
    let found: Vec<u64> = values.chunks(64).zip(known.iter()).map(|(chunk, known)| finite(chunk) & known).collect();
    let clean = values.chunks(64).zip(&found).all(|(chunk, found)| {
        let nan = chunk.iter().enumerate().fold(0u64, |word, (i, x)| word | u64::from(x.is_nan()) << i);
        chunk.len() as u32 == (nan | found).count_ones()
    });
    let values = match clean {
        true => values,
        false => {
            let mut values = values.into_vec();
            for (row, x) in values.iter_mut().enumerate() {
                if !bits::get(&found, row) {
                    *x = f64::NAN;
                }
            }
            values.into()
        }
    };
    let known = if *found == *known { known } else { found.into() };
    Values { data: Data::Number(values), known }
}

/// Texts, every one once in the dictionary, [`MISSING`] wherever one is unknown; copied only when that must be written.
fn texts<'a>(
    texts: Texts<'a>,
    known: Slice<'a, u64>,
    note: &mut dyn FnMut(usize, usize),
) -> Result<Values<'a>, String> {
    let Texts { codes, dictionary } = texts;
    let (rows, size) = (codes.len(), dictionary.len());
    let long = |code: u32| dictionary.get(code as usize).is_some_and(|text| text.len() > TEXT);
    let any_long = dictionary.iter().any(|text| text.len() > TEXT);
    let mut found = known.to_vec();
    let mut clean = true;
    for (at, (codes, word)) in codes.chunks(64).zip(known.iter()).enumerate() {
        // Most have a text, and no long one.
        if *word == bits::mask(at, rows)
            && !any_long
            && codes.iter().fold(true, |all, code| all & ((*code as usize) < size))
        {
            continue;
        }
        for (row, code) in codes.iter().enumerate().map(|(i, code)| (64 * at + i, code)) {
            let known = bits::get(&known, row);
            if *code == MISSING || !known || (any_long && long(*code)) {
                bits::clear(&mut found, row);
                clean &= *code == MISSING;
                if known && let Some(text) = dictionary.get(*code as usize) {
                    note(row, text.len());
                }
            } else if *code as usize >= size {
                return Err(format!("row {row} has the code {code}, its dictionary has {size} texts"));
            }
        }
    }
    let known = if *found == *known { known } else { found.into() };
    let distinct = dictionary.iter().collect::<HashSet<_>>().len() == size;
    if clean && distinct {
        return Ok(Values { data: Data::Text(Texts { codes, dictionary }), known });
    }
    let mut gathered = Gathered::default();
    let places: Vec<u32> = dictionary.iter().map(|text| gathered.shared(text)).collect();
    let place = |(row, code): (usize, &u32)| match bits::get(&known, row) {
        true => places.get(*code as usize).copied().unwrap_or(MISSING),
        false => MISSING,
    };
    gathered.codes = codes.iter().enumerate().map(place).collect();
    Ok(Values { data: Data::Text(gathered.finish()), known })
}

/// Gathers requests into columns.
pub fn gather<'a>(schema: &Schema, requests: &'a [Request]) -> Columns<'a> {
    let rows = requests.len();
    let mut notes = Vec::new();
    let repaired: Vec<Cow<'a, [Value]>> = requests
        .iter()
        .enumerate()
        .map(|(at, request)| row::sound(schema, &request.fields, &mut |note| notes.push((at, note))))
        .collect();
    let fields = schema.fields.iter().enumerate().map(|(i, field)| {
        let values = repaired.iter().map(move |fields| fields.get(i).unwrap_or(&Value::Unknown));
        column(field.type_, rows, values)
    });
    let label =
        |of: fn(&Request) -> &String| Labels::Each(requests.iter().map(|r| Cow::Borrowed(of(r).as_str())).collect());
    let optional = |of: fn(&Request) -> Option<&str>| OptionalLabels::each(requests.iter().map(of));
    Columns {
        rows,
        fields: fields.collect(),
        decision_ids: label(|r| &r.decision_id),
        subjects: label(|r| &r.subject),
        now: Instants::Each(requests.iter().map(|r| r.now).collect::<Vec<_>>().into()),
        zones: optional(|r| r.zone.as_deref()),
        households: optional(|r| r.household.as_deref()),
        devices: optional(|r| r.device.as_deref()),
        notes,
    }
}

/// A column of values that have its type or are unknown.
pub(crate) fn column<'v>(type_: Type, rows: usize, values: impl Iterator<Item = &'v Value>) -> Values<'static> {
    let mut known = vec![0; bits::words(rows)];
    let mut truths = vec![0; bits::words(rows)];
    let (mut whole, mut numbers, mut texts) = (Vec::new(), Vec::new(), Gathered::default());
    for (row, value) in values.enumerate() {
        if value.is_known() {
            bits::set(&mut known, row);
        }
        match (type_, value) {
            (Type::Bool, value) => {
                if *value == Value::Bool(true) {
                    bits::set(&mut truths, row);
                }
            }
            (Type::Integer | Type::Time, Value::Integer(x) | Value::Time(x)) => whole.push(*x),
            (Type::Integer | Type::Time, _) => whole.push(0),
            (Type::Number, Value::Number(x)) => numbers.push(*x),
            (Type::Number, _) => numbers.push(f64::NAN),
            (Type::Text, Value::Text(text)) => {
                let code = texts.shared(text);
                texts.codes.push(code);
            }
            (Type::Text, _) => texts.codes.push(MISSING),
        }
    }
    let data = match type_ {
        Type::Bool => Data::Bool(truths.into()),
        Type::Integer => Data::Integer(whole.into()),
        Type::Number => Data::Number(numbers.into()),
        Type::Text => Data::Text(texts.finish()),
        Type::Time => Data::Time(whole.into()),
    };
    Values { data, known: known.into() }
}
