//! The row a decision works on: the request's fields, validated against the schema, then the outputs of the row recipe.
//!
//! A value of the wrong type never stops a decision: it is treated as unknown and reported.

use crate::language::limits::TEXT;
use crate::recipe::Program;
use crate::schema::Schema;
use crate::value::{Type, Value};
use std::borrow::Cow;

/// One column of the row.
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    /// Name in rules and models.
    pub name: String,
    /// Type of its values.
    pub type_: Type,
}

/// The values of one request in the order of the row's columns.
#[derive(Clone, Debug)]
pub struct Row<'a> {
    fields: Cow<'a, [Value]>,
    derived: Cow<'a, [Value]>,
}

impl<'a> Row<'a> {
    /// A row whose values are already those of every column, recipe outputs included.
    pub fn complete(values: &'a [Value]) -> Row<'a> {
        Row { fields: Cow::Borrowed(values), derived: Cow::Borrowed(&[]) }
    }

    /// The row of a request's fields at the instant `now` (ms): wrong types and lengths become unknown, as does what is too
    /// old, and missing rules apply; all of it is told to `report`.
    pub fn new(
        schema: &Schema,
        program: &Program,
        fields: &'a [Value],
        now: i64,
        report: &mut dyn FnMut(String),
    ) -> Row<'a> {
        let (fields, _) = program.entry.admit(schema, sound(schema, fields, report), now, report);
        let mut derived = Vec::new();
        program.run(&fields, now, &mut derived);
        Row { fields, derived: Cow::Owned(derived) }
    }

    /// The row of sound fields and the outputs of the recipe for them.
    pub(crate) fn of(fields: &'a [Value], derived: &'a [Value]) -> Row<'a> {
        Row { fields: Cow::Borrowed(fields), derived: Cow::Borrowed(derived) }
    }

    /// The value of column `i`; unknown beyond the end.
    pub fn get(&self, i: usize) -> &Value {
        const UNKNOWN: &Value = &Value::Unknown;
        self.fields.get(i).or_else(|| self.derived.get(i - self.fields.len())).unwrap_or(UNKNOWN)
    }

    /// All values, in the order of the columns.
    pub fn values(&self) -> impl Iterator<Item = &Value> {
        self.fields.iter().chain(self.derived.iter())
    }
}

/// The fields as the schema has them: wrong types and lengths become unknown and are told to `report`.
pub(crate) fn sound<'a>(schema: &Schema, fields: &'a [Value], report: &mut dyn FnMut(String)) -> Cow<'a, [Value]> {
    let sound = fields.len() == schema.fields.len()
        && schema.fields.iter().zip(fields).all(|(field, value)| as_typed(field.type_, value));
    if sound { Cow::Borrowed(fields) } else { Cow::Owned(repaired(schema, fields, report)) }
}

/// Whether a value can stand for a field of this type as it is.
fn as_typed(type_: Type, value: &Value) -> bool {
    match value {
        Value::Unknown => true,
        Value::Number(x) => type_ == Type::Number && x.is_finite(),
        Value::Text(text) => type_ == Type::Text && text.len() <= TEXT,
        other => other.type_of() == Some(type_),
    }
}

fn repaired(schema: &Schema, fields: &[Value], report: &mut dyn FnMut(String)) -> Vec<Value> {
    let (have, want) = (fields.len(), schema.fields.len());
    if have < want {
        report(format!(
            "the request carries {have} values, the schema has {want} fields: the last {} are unknown",
            want - have
        ));
    } else if have > want {
        report(format!(
            "the request carries {have} values, the schema has {want} fields: the last {} are ignored",
            have - want
        ));
    }
    let mut repaired = Vec::with_capacity(want);
    for (i, field) in schema.fields.iter().enumerate() {
        repaired.push(match (field.type_, fields.get(i)) {
            (_, None) => Value::Unknown,
            (Type::Number, Some(Value::Integer(x))) => Value::Number(*x as f64),
            // NaN is how many hosts write a missing number.
            (Type::Number, Some(Value::Number(x))) if !x.is_finite() => Value::Unknown,
            (type_, Some(value)) if as_typed(type_, value) => value.clone(),
            (Type::Text, Some(Value::Text(text))) => {
                report(too_long(&field.name, text.len()));
                Value::Unknown
            }
            (type_, Some(value)) => {
                let found = value.type_of().map_or(String::new(), |t| t.to_string());
                report(format!(
                    "field `{}` carries the {found} {value}, expected a {type_}: treated as unknown",
                    field.name
                ));
                Value::Unknown
            }
        });
    }
    repaired
}

/// What is told of a text that no rule may read.
pub(crate) fn too_long(field: &str, length: usize) -> String {
    format!("field `{field}` carries a text of {length} bytes, more than {TEXT}: treated as unknown")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::field;

    fn schema(types: &[Type]) -> Schema {
        Schema { fields: types.iter().enumerate().map(|(i, type_)| field(&format!("f{i}"), *type_)).collect() }
    }

    #[test]
    fn wrong_values_become_unknown_and_are_said() {
        let text = || Value::text("x");
        // Types, values, row, number of reports.
        let table = [
            (&[Type::Number][..], vec![Value::Number(1.5)], vec![Value::Number(1.5)], 0),
            (&[Type::Number], vec![Value::Integer(3)], vec![Value::Number(3.0)], 0),
            (&[Type::Number], vec![Value::Number(f64::NAN)], vec![Value::Unknown], 0),
            (&[Type::Integer], vec![Value::Number(f64::NAN)], vec![Value::Unknown], 1),
            (&[Type::Integer], vec![Value::Number(3.0)], vec![Value::Unknown], 1),
            (&[Type::Bool], vec![text()], vec![Value::Unknown], 1),
            (&[Type::Text], vec![Value::Bool(true)], vec![Value::Unknown], 1),
            (&[Type::Time], vec![Value::Integer(3)], vec![Value::Unknown], 1),
            (&[Type::Text], vec![Value::text("a".repeat(TEXT + 1))], vec![Value::Unknown], 1),
            (&[Type::Text, Type::Bool], vec![text()], vec![text(), Value::Unknown], 1),
            (&[Type::Text], vec![text(), text()], vec![text()], 1),
            (&[], vec![], vec![], 0),
        ];
        for (types, values, expected, reports) in table {
            let schema = schema(types);
            let program = Program::compile(&[], &schema).unwrap();
            let mut said = Vec::new();
            let row = Row::new(&schema, &program, &values, 0, &mut |m| said.push(m));
            assert_eq!(row.values().cloned().collect::<Vec<_>>(), expected, "{values:?}");
            assert_eq!(said.len(), reports, "{said:?}");
            assert_eq!(row.get(99), &Value::Unknown);
        }
    }
}
