//! The inputs of a model on the columns of a batch: each knows its column, each text of a dictionary its code.

use super::block::{Block, ROWS};
use crate::columns::{MISSING, Table, Values, bits};
use crate::model::Facts;
use crate::model::encoder::{Encoder, Inputs, Source};

/// The inputs, in their order.
#[derive(Debug)]
pub struct Bound<'a>(Vec<Reader<'a>>);

/// How the numbers of an input are read.
#[derive(Debug)]
enum Reader<'a> {
    Number(&'a Values<'a>),
    Standard {
        values: &'a Values<'a>,
        missing: f64,
        center: f64,
        scale: f64,
    },
    /// A one-hot input of a text: the place of its category in the dictionary, when it is there.
    Hit {
        codes: &'a [u32],
        place: Option<u32>,
        hit: f64,
        miss: f64,
    },
    Missing(&'a Values<'a>),
    /// A category of a text: the code of each text of the dictionary.
    Codes {
        codes: &'a [u32],
        of: Vec<f64>,
    },
    /// Whatever else, value by value.
    Each(&'a Values<'a>, &'a Encoder),
    /// One number for all rows.
    Fact(usize, &'a Encoder),
    /// The table has no such column: all unknown.
    Nothing(&'a Encoder),
}

impl<'a> Bound<'a> {
    /// Finds the columns and looks up the texts.
    pub fn new(inputs: &'a Inputs, table: &'a Table<'_>) -> Bound<'a> {
        let mut places = vec![None; inputs.len()];
        for (column, dictionary, hits) in inputs.one_hots() {
            let texts = table.variable(column).and_then(Values::codes).map_or(&[][..], |(_, texts)| texts);
            for (text, place) in texts.iter().zip(0u32..) {
                let hit = dictionary.text(text).and_then(|code| hits.get(code as usize));
                if let Some(slot) = hit.and_then(|(input, _)| places.get_mut(*input)) {
                    *slot = Some(place);
                }
            }
        }
        Bound(
            inputs
                .iter()
                .zip(places)
                .map(|((source, encoder), place)| reader(*source, encoder, place, table))
                .collect(),
        )
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// The numbers of input `at` for a block; behind its last row any.
    pub fn read(&self, at: usize, block: &Block<'_>, facts: &(impl Facts + ?Sized), out: &mut [f64; ROWS]) {
        let Some(reader) = self.0.get(at) else { return out.fill(f64::NAN) };
        match reader {
            Reader::Number(values) => numbers(values, block, out),
            Reader::Standard { values, missing, center, scale } => {
                numbers(values, block, out);
                for x in out.iter_mut() {
                    let known = if x.is_nan() { *missing } else { *x };
                    *x = (known - center) / scale;
                }
            }
            Reader::Hit { codes, place, hit, miss } => match place {
                None => out.fill(*miss),
                Some(place) => {
                    let mut found = [MISSING; ROWS];
                    block.copy(codes, &mut found, MISSING);
                    out.iter_mut().zip(&found).for_each(|(x, code)| *x = if code == place { *hit } else { *miss });
                }
            },
            Reader::Missing(values) => {
                block.fill(out, 1.0, |row| f64::from(u8::from(!bits::get(values.known(), row))));
            }
            Reader::Codes { codes, of } => {
                let mut found = [MISSING; ROWS];
                block.copy(codes, &mut found, MISSING);
                for (x, code) in out.iter_mut().zip(&found) {
                    *x = of.get(*code as usize).copied().unwrap_or(f64::NAN);
                }
            }
            Reader::Each(values, encoder) => block.fill(out, f64::NAN, |row| encoder.encode(&values.get(row))),
            Reader::Fact(fact, encoder) => out.fill(encoder.encode(facts.fact(*fact))),
            Reader::Nothing(encoder) => out.fill(encoder.encode(&crate::Value::Unknown)),
        }
    }

    /// Replaces `out` by the known items that input `at` lists in a row, ascending, each once.
    pub fn items(&self, at: usize, row: usize, facts: &(impl Facts + ?Sized), out: &mut Vec<u32>) {
        match self.0.get(at) {
            Some(Reader::Each(values, encoder)) => {
                let text = values.codes().and_then(|(codes, texts)| texts.get(*codes.get(row)? as usize));
                encoder.items(text.map_or("", |text| text), out);
            }
            Some(Reader::Fact(fact, encoder)) => encoder.items(facts.fact(*fact).as_text().unwrap_or(""), out),
            _ => out.clear(),
        }
    }
}

fn reader<'a>(source: Source, encoder: &'a Encoder, place: Option<u32>, table: &'a Table<'_>) -> Reader<'a> {
    let column = match source {
        Source::Fact(fact) => return Reader::Fact(fact, encoder),
        Source::Column(column) => column,
    };
    let Some(values) = table.variable(column) else { return Reader::Nothing(encoder) };
    match (encoder, values.codes()) {
        (Encoder::Number, _) => Reader::Number(values),
        (Encoder::Standard { missing, center, scale }, _) => {
            Reader::Standard { values, missing: *missing, center: *center, scale: *scale }
        }
        (Encoder::Missing, _) => Reader::Missing(values),
        (Encoder::OneHot { category, hit, miss, .. }, Some((codes, texts))) => {
            let find = || texts.iter().position(|text| category.is_text(text)).and_then(|at| u32::try_from(at).ok());
            Reader::Hit { codes, place: place.or_else(find), hit: *hit, miss: *miss }
        }
        (Encoder::Category(dictionary), Some((codes, texts))) => {
            let of = texts.iter().map(|text| f64::from(dictionary.text(text).unwrap_or(dictionary.len()))).collect();
            Reader::Codes { codes, of }
        }
        _ => Reader::Each(values, encoder),
    }
}

/// As [`crate::Value::as_f64`] gives them, NaN where that is none.
fn numbers(values: &Values<'_>, block: &Block<'_>, out: &mut [f64; ROWS]) {
    match (block.run(), values.numbers()) {
        (_, Some(numbers)) => block.copy(numbers, out, f64::NAN),
        (Some(start), None) => {
            if let Some(out) = out.get_mut(..block.len()) {
                values.write_f64(start, out);
            }
        }
        (None, None) => block.fill(out, f64::NAN, |row| values.get(row).as_f64().unwrap_or(f64::NAN)),
    }
}
