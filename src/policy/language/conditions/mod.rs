//! The condition builder's model: conditions on fields, scores and action facts, joined by and/or at two levels.
//!
//! [`parse`] reads the rules it can show as cards, from Rhai's own syntax tree; a rule it cannot show in full it does not
//! show at all (`None`: a code card). [`Conditions::to_expr`] writes canonical Rhai; `parse(to_expr(c)) == c` for every complete
//! `c` in [`Conditions::normal`] form. Whether names exist and types fit is the checker's business.

mod parse;
mod words;
mod write;

#[cfg(test)]
mod tests;

pub use parse::parse;
pub(super) use write::text as quote;

use crate::value::{Type, Value};

/// A rule as conditions. Without items it is always true.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Conditions {
    /// How the items are joined.
    pub join: Join,
    /// Conditions and groups, in order.
    pub items: Vec<Item>,
}

/// How conditions are joined.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Join {
    /// All must hold: `&&`.
    #[default]
    All,
    /// One must hold: `||`.
    Any,
}

/// One item of the first level.
#[derive(Clone, Debug, PartialEq)]
pub enum Item {
    /// A condition.
    One(Condition),
    /// Conditions joined the other way round.
    Group(Vec<Condition>),
}

/// One condition: subject, operator, values.
#[derive(Clone, Debug, PartialEq)]
pub struct Condition {
    /// What is looked at.
    pub subject: Subject,
    /// How.
    pub operator: Operator,
    /// What it is held against: as many as [`Operator::arity`] says.
    pub values: Vec<Value>,
}

/// What a condition looks at.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Subject {
    /// A field or recipe output, by name.
    Field(String),
    /// A score, by model id.
    Score(String),
    /// A fact of the candidate, by its name after `action.`.
    Fact(String),
}

/// How a subject is held against values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Operator {
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    AtMost,
    /// `>`
    Greater,
    /// `>=`
    AtLeast,
    /// `between(x, low, high)`, both ends included.
    Between,
    /// `x in […]`
    In,
    /// `!(x in […])`
    NotIn,
    /// `is_known(x)`
    Known,
    /// `!is_known(x)`
    Missing,
}

/// How many values an operator takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arity {
    /// None.
    None,
    /// Exactly one.
    One,
    /// A low and a high one.
    Two,
    /// Any number.
    Many,
}

impl Join {
    /// The other one.
    pub fn other(self) -> Join {
        match self {
            Join::All => Join::Any,
            Join::Any => Join::All,
        }
    }
}

impl Operator {
    /// Every operator, in the order of a menu.
    pub const ALL: [Operator; 11] = [
        Operator::Equal,
        Operator::NotEqual,
        Operator::Less,
        Operator::AtMost,
        Operator::Greater,
        Operator::AtLeast,
        Operator::Between,
        Operator::In,
        Operator::NotIn,
        Operator::Known,
        Operator::Missing,
    ];

    /// As it is shown on a card: "≤".
    pub fn symbol(self) -> &'static str {
        match self {
            Operator::Equal => "=",
            Operator::NotEqual => "≠",
            Operator::Less => "<",
            Operator::AtMost => "≤",
            Operator::Greater => ">",
            Operator::AtLeast => "≥",
            Operator::Between => "between",
            Operator::In => "in",
            Operator::NotIn => "not in",
            Operator::Known => "is known",
            Operator::Missing => "is missing",
        }
    }

    /// How many values it takes.
    pub fn arity(self) -> Arity {
        match self {
            Operator::Between => Arity::Two,
            Operator::In | Operator::NotIn => Arity::Many,
            Operator::Known | Operator::Missing => Arity::None,
            _ => Arity::One,
        }
    }

    /// The operators that make sense for values of a type, in the order of a menu.
    pub fn of(type_: Type) -> Vec<Operator> {
        let fits = |op: &Operator| match type_ {
            Type::Bool => matches!(op, Operator::Equal | Operator::Known | Operator::Missing),
            Type::Text => !matches!(
                op,
                Operator::Less | Operator::AtMost | Operator::Greater | Operator::AtLeast | Operator::Between
            ),
            Type::Time => !matches!(op, Operator::Equal | Operator::NotEqual | Operator::In | Operator::NotIn),
            Type::Integer | Type::Number => true,
        };
        Operator::ALL.into_iter().filter(fits).collect()
    }
}

impl Condition {
    /// Whether it has the values its operator needs, each one known.
    pub fn is_complete(&self) -> bool {
        let count = match self.operator.arity() {
            Arity::None => self.values.is_empty(),
            Arity::One => self.values.len() == 1,
            Arity::Two => self.values.len() == 2,
            Arity::Many => true,
        };
        let finite = |v: &Value| match v {
            Value::Unknown => false,
            Value::Number(x) => x.is_finite(),
            _ => true,
        };
        count && self.values.iter().all(finite)
    }

    /// The same subject under another operator, keeping the values that still have a place.
    pub fn with_operator(mut self, operator: Operator) -> Condition {
        self.operator = operator;
        match operator.arity() {
            Arity::None => self.values.clear(),
            Arity::One => self.values.truncate(1),
            Arity::Two => self.values.truncate(2),
            Arity::Many => {}
        }
        self
    }
}

impl Conditions {
    /// Every condition, in order.
    pub fn conditions(&self) -> impl Iterator<Item = &Condition> {
        self.items.iter().flat_map(|item| match item {
            Item::One(condition) => std::slice::from_ref(condition),
            Item::Group(conditions) => conditions.as_slice(),
        })
    }

    /// The same meaning in the one form that [`parse`] gives: no empty groups, no groups of one, no lone group.
    pub fn normal(mut self) -> Conditions {
        self.items = self
            .items
            .into_iter()
            .filter_map(|item| match item {
                Item::Group(conditions) if conditions.is_empty() => None,
                Item::Group(mut conditions) if conditions.len() == 1 => conditions.pop().map(Item::One),
                item => Some(item),
            })
            .collect();
        if let [Item::Group(_)] = self.items.as_slice()
            && let Some(Item::Group(conditions)) = self.items.pop()
        {
            self.join = self.join.other();
            self.items = conditions.into_iter().map(Item::One).collect();
        }
        if self.items.len() <= 1 {
            self.join = Join::All;
        }
        self
    }
}
