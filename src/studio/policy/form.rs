//! The condition builder's own view of a condition: what can be picked, and what a change of one part does to the rest.

use super::names::{Known, Subject};
use attune_policy::value::Type;

/// Groups of conditions. Inside a group and between groups they are joined by and, or by or.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Form {
    /// Whether one group is enough.
    pub any: bool,
    /// The groups.
    pub groups: Vec<Group>,
}

/// Conditions that belong together.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Group {
    /// Whether one condition is enough.
    pub any: bool,
    /// The conditions.
    pub clauses: Vec<Clause>,
}

/// One condition.
#[derive(Clone, Debug, PartialEq)]
pub struct Clause {
    /// What it speaks of.
    pub subject: Subject,
    /// How it is compared.
    pub op: Op,
    /// With what.
    pub operand: Operand,
}

/// How a value is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Op {
    /// ≥
    AtLeast,
    /// >
    Above,
    /// ≤
    AtMost,
    /// <
    Below,
    /// =
    Is,
    /// ≠
    IsNot,
    /// In a closed interval.
    Between,
    /// One of several texts.
    OneOf,
    /// None of several texts.
    NoneOf,
    /// True.
    True,
    /// False.
    False,
    /// Present.
    Known,
    /// Absent.
    Missing,
}

/// What a value is compared with.
#[derive(Clone, Debug, PartialEq)]
pub enum Operand {
    /// Nothing.
    None,
    /// A number.
    Number(f64),
    /// Both ends.
    Between(f64, f64),
    /// Texts; one of them for `is` and `is not`.
    Texts(Vec<String>),
    /// Midnight of a day, UTC milliseconds.
    Day(i64),
}

impl Op {
    /// The operators that fit a type, the likeliest first.
    pub fn of(type_: Type) -> &'static [Op] {
        match type_ {
            Type::Bool => &[Op::True, Op::False, Op::Known, Op::Missing],
            Type::Integer | Type::Number => {
                &[Op::AtLeast, Op::Above, Op::AtMost, Op::Below, Op::Between, Op::Is, Op::IsNot, Op::Known, Op::Missing]
            }
            Type::Text => &[Op::OneOf, Op::NoneOf, Op::Known, Op::Missing],
            Type::Time => &[Op::AtLeast, Op::Below, Op::Known, Op::Missing],
        }
    }

    /// In words, as a sentence goes on after the field.
    pub fn words(self, type_: Type) -> &'static str {
        match (self, type_) {
            (Op::AtLeast, Type::Time) => "is on or after",
            (Op::Below, Type::Time) => "is before",
            (Op::AtLeast, _) => "is at least",
            (Op::Above, _) => "is above",
            (Op::AtMost, _) => "is at most",
            (Op::Below, _) => "is below",
            (Op::Is, _) => "is",
            (Op::IsNot, _) => "is not",
            (Op::Between, _) => "is between",
            (Op::OneOf, _) => "is one of",
            (Op::NoneOf, _) => "is none of",
            (Op::True, _) => "is true",
            (Op::False, _) => "is false",
            (Op::Known, _) => "is known",
            (Op::Missing, _) => "is missing",
        }
    }
}

impl Clause {
    /// A condition about `known` that starts from what is known of it.
    pub fn of(known: &Known) -> Clause {
        let op = Op::of(known.type_).first().copied().unwrap_or(Op::Known);
        let clause = Clause { subject: known.subject.clone(), op, operand: Operand::None };
        Clause { operand: clause.fitting(op, known), ..clause }
    }

    /// The same condition about something else: the operator and the value stay where they fit.
    pub fn about(&self, known: &Known) -> Clause {
        if !Op::of(known.type_).contains(&self.op) {
            return Clause::of(known);
        }
        let clause = Clause { subject: known.subject.clone(), ..self.clone() };
        let keeps = match &clause.operand {
            Operand::Texts(texts) => texts.iter().all(|t| known.texts.iter().any(|(k, _)| k == t)),
            Operand::Number(x) => known.range.is_none_or(|(low, high)| (low..=high).contains(x)),
            Operand::Between(..) => false,
            Operand::None | Operand::Day(_) => true,
        };
        if keeps { clause } else { Clause { operand: Clause::of(known).fitting(clause.op, known), ..clause } }
    }

    /// The same condition with another operator; the value stays where it fits.
    pub fn with_op(&self, op: Op, known: &Known) -> Clause {
        Clause { op, operand: self.fitting(op, known), ..self.clone() }
    }

    /// The value that `op` takes: the present one where it is of the right kind.
    fn fitting(&self, op: Op, known: &Known) -> Operand {
        let middle = known.range.map_or(0.0, |(low, high)| (low + high) / 2.0);
        let middle = if known.type_ == Type::Integer { middle.round() } else { (middle * 1000.0).round() / 1000.0 };
        match (op, known.type_) {
            (Op::True | Op::False | Op::Known | Op::Missing, _) => Operand::None,
            (Op::OneOf | Op::NoneOf, _) | (Op::Is | Op::IsNot, Type::Text) => match &self.operand {
                Operand::Texts(texts) => Operand::Texts(texts.clone()),
                _ => Operand::Texts(known.texts.first().map(|(t, _)| t.clone()).into_iter().collect()),
            },
            (_, Type::Time) => match self.operand {
                Operand::Day(ms) => Operand::Day(ms),
                _ => Operand::Day((known.range.map_or(0.0, |(_, high)| high) as i64).div_euclid(86_400_000) * 86_400_000),
            },
            (Op::Between, _) => match (&self.operand, known.range) {
                (Operand::Between(low, high), _) => Operand::Between(*low, *high),
                (Operand::Number(x), Some((_, high))) => Operand::Between(*x, high.max(*x)),
                (_, range) => range.map_or(Operand::Between(0.0, 1.0), |(low, high)| Operand::Between(low, high)),
            },
            _ => match self.operand {
                Operand::Number(x) => Operand::Number(x),
                Operand::Between(low, _) => Operand::Number(low),
                _ => Operand::Number(middle),
            },
        }
    }
}

impl Form {
    /// With the `g`th group replaced; `None` or an empty one takes it away.
    pub fn with_group(&self, g: usize, group: Option<Group>) -> Form {
        let mut form = self.clone();
        match group.filter(|group| !group.clauses.is_empty()) {
            Some(group) => {
                if let Some(place) = form.groups.get_mut(g) {
                    *place = group;
                }
            }
            None if g < form.groups.len() => drop(form.groups.remove(g)),
            None => {}
        }
        form
    }

    /// With one more condition at the end of the `g`th group, which is made when there is none.
    pub fn with_clause(&self, g: usize, clause: Clause) -> Form {
        let mut form = self.clone();
        match form.groups.get_mut(g) {
            Some(group) => group.clauses.push(clause),
            None => form.groups.push(Group { any: false, clauses: vec![clause] }),
        }
        form
    }

    /// With one more group. The second group turns the join between groups to "or", which is what groups are for.
    pub fn with_new_group(&self, clause: Clause) -> Form {
        let mut form = self.clone();
        if form.groups.len() == 1 {
            form.any = form.groups.first().is_some_and(|g| !g.any || g.clauses.len() < 2);
        }
        form.groups.push(Group { any: !form.any, clauses: vec![clause] });
        form
    }
}

impl Group {
    /// With the `c`th condition replaced.
    pub fn with(&self, c: usize, clause: Clause) -> Group {
        let mut group = self.clone();
        if let Some(place) = group.clauses.get_mut(c) {
            *place = clause;
        }
        group
    }

    /// Without the `c`th condition.
    pub fn without(&self, c: usize) -> Group {
        let mut group = self.clone();
        if c < group.clauses.len() {
            group.clauses.remove(c);
        }
        group
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(name: &str, type_: Type, range: Option<(f64, f64)>, texts: &[&str]) -> Known {
        Known {
            subject: Subject::Field(name.into()),
            name: name.into(),
            type_,
            texts: texts.iter().map(|t| ((*t).to_owned(), None)).collect(),
            range,
            missing: None,
        }
    }

    #[test]
    fn a_change_of_field_keeps_what_fits() {
        let recency = known("recency", Type::Integer, Some((1.0, 12.0)), &[]);
        let age = known("age", Type::Integer, Some((18.0, 80.0)), &[]);
        let visits = known("visits", Type::Integer, Some((0.0, 20.0)), &[]);
        let channel = known("channel", Type::Text, None, &["Web", "Phone"]);
        let at_most_6 = Clause { subject: recency.subject.clone(), op: Op::AtMost, operand: Operand::Number(6.0) };
        for (to, op, operand) in [
            (&visits, Op::AtMost, Operand::Number(6.0)),
            (&age, Op::AtMost, Operand::Number(49.0)),
            (&channel, Op::OneOf, Operand::Texts(vec!["Web".into()])),
        ] {
            let clause = at_most_6.about(to);
            assert_eq!((clause.op, &clause.operand), (op, &operand), "{}", to.name);
        }
    }

    #[test]
    fn a_change_of_operator_keeps_the_value() {
        let recency = known("recency", Type::Integer, Some((1.0, 12.0)), &[]);
        let clause = Clause { subject: recency.subject.clone(), op: Op::AtMost, operand: Operand::Number(6.0) };
        for (op, operand) in [
            (Op::AtLeast, Operand::Number(6.0)),
            (Op::Between, Operand::Between(6.0, 12.0)),
            (Op::Missing, Operand::None),
        ] {
            assert_eq!(clause.with_op(op, &recency).operand, operand);
        }
        assert_eq!(clause.with_op(Op::Between, &recency).with_op(Op::Above, &recency).operand, Operand::Number(6.0));
    }

    #[test]
    fn groups_come_and_go() {
        let recency = known("recency", Type::Integer, Some((1.0, 12.0)), &[]);
        let clause = Clause::of(&recency);
        let form = Form::default().with_clause(0, clause.clone()).with_clause(0, clause.clone());
        assert_eq!(form.groups.len(), 1);
        let two = form.with_new_group(clause.clone());
        assert!(two.any && !two.groups[0].any && !two.groups[1].any, "(a and b) or (c)");
        assert_eq!(two.with_group(1, Some(Group::default())), Form { any: true, ..form.clone() });
        assert_eq!(form.with_group(0, Some(form.groups[0].without(0).without(0))).groups.len(), 0);
    }
}
