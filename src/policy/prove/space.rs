//! What a question is asked about: expressions of one policy joined over one graph, the variables they read, and where the values of
//! those can be cut so that every comparison with a constant is decided on each side.

use super::mutant::planted;
use super::set::{Known, NUMBERS, Set, Symbol, Texts};
use crate::decision::Candidate;
use crate::document::Document;
use crate::language::functions::Topic;
use crate::language::graph::{Graph, Id, Node, Ty};
use crate::language::{Compiled, Context, RuleSet};
use crate::recipe::Op as StepOp;
use crate::schema::Missing;
use crate::table::CompiledTable;
use crate::value::{Type, Value};
use std::cell::RefCell;
use std::cmp::Ordering;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

/// Expressions that questions are asked about.
pub struct Space<'a> {
    pub document: &'a Document,
    pub context: &'a Context,
    pub tables: &'a [Option<CompiledTable>],
    /// Per table the nodes of its inputs; `None` where one of them has no graph.
    pub table_inputs: Vec<Option<Vec<Id>>>,
    pub vars: Vec<Var>,
    set: RuleSet,
    var_of_node: Vec<Option<usize>>,
    var_of_field: Vec<Option<usize>>,
    /// Per output of the recipe the column it is made from.
    pub inputs_of_steps: Vec<usize>,
    symbols: RefCell<Symbols>,
}

/// Texts and their numbers.
#[derive(Default)]
struct Symbols {
    texts: Vec<Arc<str>>,
    numbers: HashMap<Arc<str>, Symbol>,
}

/// Something whose value is not known before a request comes.
#[derive(Clone, Debug)]
pub struct Var {
    pub leaf: Leaf,
    /// Everything it can be.
    pub all: Set,
}

/// What a variable stands for.
#[derive(Clone, Debug, PartialEq)]
pub enum Leaf {
    /// A field of the request.
    Field(usize),
    /// A score.
    Score(usize),
    /// `now()`
    Now,
    /// `hour()`, `weekday()` or `month()`
    Clock(&'static str),
    /// `contacts(days)`, `contacts_on(channel, days)`
    Contacts { channel: Option<String>, days: f64 },
    /// `outcomes(event, target, days)`
    Outcomes { event: String, target: String, days: f64 },
    /// `days_since(event)`
    DaysSince(String),
    /// Something that no witness can be made for.
    Other(String),
}

/// Where the values of a variable are cut.
#[derive(Clone, Debug, Default)]
pub struct Cuts {
    /// First values of the upper part: whole numbers and instants.
    pub whole: BTreeSet<i64>,
    /// The same of numbers, by their order.
    pub numbers: BTreeSet<Ordered>,
    /// Texts that are told from others.
    pub texts: BTreeSet<Symbol>,
}

/// A number in order.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ordered(pub f64);

impl Eq for Ordered {}

impl PartialOrd for Ordered {
    fn partial_cmp(&self, other: &Ordered) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Ordered {
    fn cmp(&self, other: &Ordered) -> Ordering {
        self.0.total_cmp(&other.0)
    }
}

/// What a value in a comparison comes from.
enum Source {
    Var(usize),
    /// An output of the recipe, by column.
    Column(usize),
    Constant(Value),
}

impl<'a> Space<'a> {
    /// A space of `rules`, which are named by their position. With `closed` a text field has no values but its categories: for
    /// findings, not for proofs.
    pub fn new(
        document: &'a Document,
        context: &'a Context,
        tables: &'a [Option<CompiledTable>],
        mut rules: Vec<Compiled>,
        closed: bool,
    ) -> Space<'a> {
        let own = rules.len();
        for table in tables.iter().flatten() {
            rules.extend(table.inputs.iter().map(|input| input.compiled.clone()));
        }
        let set = RuleSet::new(&rules);
        let mut next = own;
        let table_inputs = tables
            .iter()
            .map(|table| {
                let from = next;
                next += table.as_ref()?.inputs.len();
                (from..next).map(|i| set.root(i)).collect()
            })
            .collect();
        let mut columns: Vec<&str> = document.schema.fields.iter().map(|f| f.name.as_str()).collect();
        let mut inputs_of_steps = Vec::new();
        for step in &document.recipe {
            inputs_of_steps.push(columns.iter().position(|name| *name == step.input).unwrap_or(usize::MAX));
            columns.push(&step.output);
        }
        let mut space = Space {
            document,
            context,
            tables,
            table_inputs,
            vars: Vec::new(),
            var_of_node: vec![None; set.graph().nodes().len()],
            var_of_field: vec![None; document.schema.fields.len()],
            set,
            inputs_of_steps,
            symbols: RefCell::default(),
        };
        let leaves: Vec<(Id, Var)> =
            space.graph().iter().filter_map(|(id, node)| Some((id, space.leaf(id, node)?))).collect();
        for (id, var) in leaves {
            if let Some(slot) = space.var_of_node.get_mut(id.index()) {
                *slot = Some(space.vars.len());
            }
            space.vars.push(var);
        }
        let columns: Vec<usize> = space
            .graph()
            .nodes()
            .iter()
            .filter_map(|node| if let Node::Field(i) = node { Some(*i as usize) } else { None })
            .collect();
        for column in columns {
            space.field_var(column, closed);
        }
        space
    }

    /// The joined graph.
    pub fn graph(&self) -> &Graph {
        self.set.graph()
    }

    /// The node of a rule; `None` for one that runs in the interpreter.
    pub fn root(&self, rule: usize) -> Option<Id> {
        self.set.root(rule)
    }

    /// A rule.
    pub fn rule(&self, rule: usize) -> Option<&Compiled> {
        self.set.rules().get(rule)
    }

    /// The variable of a node that is one.
    pub fn var_of(&self, id: Id) -> Option<usize> {
        self.var_of_node.get(id.index()).copied().flatten()
    }

    /// The variable of a field of the request.
    pub fn var_of_field(&self, field: usize) -> Option<usize> {
        self.var_of_field.get(field).copied().flatten()
    }

    /// The number of a text.
    pub fn symbol(&self, text: &str) -> Symbol {
        let mut symbols = self.symbols.borrow_mut();
        if let Some(number) = symbols.numbers.get(text) {
            return *number;
        }
        let number = Symbol::try_from(symbols.texts.len()).unwrap_or(Symbol::MAX);
        let text: Arc<str> = text.into();
        symbols.texts.push(text.clone());
        symbols.numbers.insert(text, number);
        number
    }

    /// The text of a number.
    pub fn text(&self, symbol: Symbol) -> Arc<str> {
        self.symbols.borrow().texts.get(symbol as usize).cloned().unwrap_or_else(|| "".into())
    }

    /// A literal.
    pub fn constant(&self, value: &Value) -> Set {
        Set { unknown: !value.is_known(), ..Set::of(Known::one(value, |text| self.symbol(text))) }
    }

    /// The field, or the step and the column it is made from.
    pub fn step(&self, column: usize) -> Option<(&'a StepOp, usize)> {
        let at = column.checked_sub(self.document.schema.fields.len())?;
        Some((&self.document.recipe.get(at)?.op, *self.inputs_of_steps.get(at)?))
    }

    /// Every known value of a column of the row.
    pub fn typed(&self, column: usize) -> Known {
        self.context.variables().get(column).map_or(Known::Any, |variable| Set::field(variable.type_))
    }

    fn field_var(&mut self, column: usize, closed: bool) {
        if let Some((_, input)) = self.step(column) {
            // An input stands before its output.
            if input < column {
                self.field_var(input, closed);
            }
            return;
        }
        let Some(field) = self.document.schema.fields.get(column) else { return };
        if self.var_of_field(column).is_some() {
            return;
        }
        let known = if closed && field.type_ == Type::Text && !field.categories.is_empty() {
            let default = match &field.missing {
                Missing::Default(value) => value.as_text(),
                Missing::Unknown | Missing::Refuse => None,
            };
            let texts = field.categories.iter().map(String::as_str).chain(default);
            let mut symbols: Vec<Symbol> = texts.map(|text| self.symbol(text)).collect();
            symbols.sort_unstable();
            symbols.dedup();
            Known::Text(Texts::In(symbols.into()))
        } else {
            Set::field(field.type_)
        };
        if let Some(slot) = self.var_of_field.get_mut(column) {
            *slot = Some(self.vars.len());
        }
        // Where a default stands in, nothing reads that the field was missing. A policy that refuses still asks its fallbacks.
        let unknown = !planted(3) && !matches!(field.missing, Missing::Default(_));
        self.vars.push(Var { leaf: Leaf::Field(column), all: Set { unknown, ..Set::of(known) } });
    }

    /// The variable that a node is, other than a field.
    fn leaf(&self, id: Id, node: &Node) -> Option<Var> {
        let info = self.graph().info(id);
        let other = |name: String, known: Known| Var {
            leaf: Leaf::Other(name),
            all: Set { unknown: true, fault: true, ..Set::of(known) },
        };
        match node {
            Node::Score(model) => Some(Var {
                leaf: Leaf::Score(*model as usize),
                all: Set { unknown: true, fault: true, ..Set::of(NUMBERS) },
            }),
            Node::Term(term) => Some(other(term.name().to_owned(), Set::all(Ty::Number))),
            Node::Table(table) => match self.table_inputs.get(*table as usize) {
                Some(Some(_)) => None,
                _ => {
                    let name = self.document.tables.get(*table as usize).map_or("", |table| &table.id);
                    Some(other(format!("table(\"{name}\")"), Set::all(info.ty)))
                }
            },
            Node::Call(function, ids) if function.topic == Topic::History || function.topic == Topic::Time => {
                self.call(function.name, ids, id)
            }
            _ => None,
        }
    }

    fn call(&self, name: &'static str, ids: &[Id], id: Id) -> Option<Var> {
        let info = self.graph().info(id);
        let literal = |at: usize| ids.get(at).and_then(|id| self.graph().node(*id).literal());
        let text = |at: usize| literal(at).and_then(Value::as_text).map(str::to_owned);
        let days = |at: usize| literal(at).and_then(Value::as_f64).filter(|days| *days >= 0.0);
        let count = || Set { unknown: info.unknown, fault: info.faults, ..Set::of(Known::Whole(0, i64::MAX)) };
        let clock = |least: i64, most: i64| Var {
            leaf: Leaf::Clock(name),
            all: Set { fault: true, ..Set::of(Known::Whole(least, most)) },
        };
        let outside = |all: Set| Var { leaf: Leaf::Other(format!("{name}(…)")), all };
        Some(match name {
            "now" => Var { leaf: Leaf::Now, all: Set::of(Known::Time(i64::MIN, i64::MAX)) },
            "hour" => clock(0, 23),
            "weekday" => clock(1, 7),
            "month" => clock(1, 12),
            "date" => match text(0) {
                Some(text) => {
                    // An instant is no variable; midnight of a date is another in every zone.
                    if text.parse::<jiff::Timestamp>().is_ok() {
                        return None;
                    }
                    let known = midnight(&text).map_or(Set::all(Ty::Time), |near| {
                        Known::Time(near.saturating_sub(2 * DAY), near.saturating_add(2 * DAY))
                    });
                    outside(Set { fault: true, ..Set::of(known) })
                }
                None => outside(Set { unknown: info.unknown, fault: true, ..Set::of(Set::all(Ty::Time)) }),
            },
            "contacts" => match days(0) {
                Some(days) => Var { leaf: Leaf::Contacts { channel: None, days }, all: count() },
                None => outside(count()),
            },
            "contacts_on" => match text(0).zip(days(1)) {
                Some((channel, days)) => Var { leaf: Leaf::Contacts { channel: Some(channel), days }, all: count() },
                None => outside(count()),
            },
            "outcomes" => match (text(0), text(1), days(2)) {
                (Some(event), Some(target), Some(days)) => {
                    Var { leaf: Leaf::Outcomes { event, target, days }, all: count() }
                }
                _ => outside(count()),
            },
            "days_since" => {
                let known = Known::Number { low: 0.0, high: f64::MAX, nan: false };
                let all = Set { unknown: true, fault: info.faults, ..Set::of(known) };
                match text(0) {
                    Some(event) => Var { leaf: Leaf::DaysSince(event), all },
                    None => outside(all),
                }
            }
            // The rest of its topic is a function of its arguments.
            _ => return None,
        })
    }

    /// The cuts that decide the comparisons which `nodes` and the rows of `tables` hold, for a candidate.
    pub fn cuts(&self, nodes: &[Id], tables: &[usize], candidate: Candidate) -> HashMap<usize, Cuts> {
        let mut cuts = HashMap::new();
        tables.iter().for_each(|table| self.cut_table(*table, candidate, &mut cuts));
        self.visit(nodes, |id| match self.graph().node(id) {
            Node::Binary(op, a, b) if op.compares() => {
                let (mut left, mut right) = (Vec::new(), Vec::new());
                self.sources(*a, candidate, &mut left);
                self.sources(*b, candidate, &mut right);
                self.meet(&left, &right, &mut cuts);
            }
            Node::InConst(x, items) => {
                let mut left = Vec::new();
                self.sources(*x, candidate, &mut left);
                let right: Vec<Source> = items.iter().map(|item| Source::Constant(item.0.clone())).collect();
                self.meet(&left, &right, &mut cuts);
            }
            Node::Table(table) => self.cut_table(*table as usize, candidate, &mut cuts),
            _ => {}
        });
        cuts
    }

    /// Cuts what the inputs of a table read around what its cells compare with.
    fn cut_table(&self, at: usize, candidate: Candidate, cuts: &mut HashMap<usize, Cuts>) {
        let Some(table) = self.tables.get(at).and_then(Option::as_ref) else { return };
        for (column, input) in self.table_inputs.get(at).into_iter().flatten().flatten().enumerate() {
            let mut left = Vec::new();
            self.sources(*input, candidate, &mut left);
            for value in table.rows.iter().filter_map(|row| row.cells.get(column)).flat_map(|cell| cell.values()) {
                self.meet(&left, &[Source::Constant(value.clone())], cuts);
            }
        }
    }

    /// Calls `see` with every node that `nodes` need, those of the tables they read included.
    pub fn visit(&self, nodes: &[Id], mut see: impl FnMut(Id)) {
        let mut seen = vec![false; self.graph().nodes().len()];
        let mut stack = nodes.to_vec();
        while let Some(id) = stack.pop() {
            match seen.get_mut(id.index()) {
                Some(flag) if !*flag => *flag = true,
                _ => continue,
            }
            see(id);
            let node = self.graph().node(id);
            if let Node::Table(table) = node {
                stack.extend(self.table_inputs.get(*table as usize).into_iter().flatten().flatten());
            }
            // What a variable stands for is not looked into.
            if self.var_of(id).is_none() {
                node.operands(|operand| stack.push(operand));
            }
        }
    }

    fn meet(&self, left: &[Source], right: &[Source], cuts: &mut HashMap<usize, Cuts>) {
        for (sources, others) in [(left, right), (right, left)] {
            for (source, other) in sources.iter().flat_map(|s| others.iter().map(move |o| (s, o))) {
                match (source, other) {
                    (Source::Var(var), Source::Constant(value)) => self.cut(*var, value, cuts),
                    (Source::Column(column), Source::Constant(value)) => self.cut_column(*column, value, cuts),
                    _ => {}
                }
            }
        }
    }

    fn sources(&self, id: Id, candidate: Candidate, out: &mut Vec<Source>) {
        if let Some(var) = self.var_of(id) {
            return out.push(Source::Var(var));
        }
        match self.graph().node(id) {
            Node::Const(value) => out.push(Source::Constant(value.0.clone())),
            Node::Fact(fact) => out.push(Source::Constant(self.context.fact_at(*fact as usize, candidate).clone())),
            Node::Field(column) => match self.var_of_field(*column as usize) {
                Some(var) => out.push(Source::Var(var)),
                None => out.push(Source::Column(*column as usize)),
            },
            Node::Call(function, ids) if matches!(function.name, "min" | "max" | "clamp" | "to_float") => {
                ids.iter().for_each(|id| self.sources(*id, candidate, out));
            }
            Node::Call(function, ids) if function.name == "date" => {
                let text = ids.first().and_then(|id| self.graph().node(*id).literal()).and_then(Value::as_text);
                if let Some(instant) = text.and_then(|text| text.parse::<jiff::Timestamp>().ok()) {
                    out.push(Source::Constant(Value::Time(instant.as_millisecond())));
                }
            }
            Node::OrElse(ids) => ids.iter().for_each(|id| self.sources(*id, candidate, out)),
            Node::If(_, a, b) => [a, b].into_iter().for_each(|id| self.sources(*id, candidate, out)),
            Node::Seq(ids) => ids.last().into_iter().for_each(|id| self.sources(*id, candidate, out)),
            Node::Demand(x) | Node::AsBool(x) => self.sources(*x, candidate, out),
            Node::Table(table) => {
                // What rows give is compared, but it is the tests that decide which.
                let rows = self.tables.get(*table as usize).into_iter().flatten().flat_map(|table| &table.rows);
                out.extend(rows.map(|row| Source::Constant(row.output.clone())));
            }
            _ => {}
        }
    }

    /// Cuts a variable around a value.
    fn cut(&self, var: usize, value: &Value, cuts: &mut HashMap<usize, Cuts>) {
        let Some(known) = self.vars.get(var).map(|var| &var.all.known) else { return };
        let own = cuts.entry(var).or_default();
        match (known, value) {
            (Known::Whole(..), Value::Integer(x)) | (Known::Time(..), Value::Time(x)) => {
                own.whole.insert(*x);
                own.whole.extend(x.checked_add(1));
            }
            (Known::Whole(..), Value::Number(x)) => {
                own.whole.extend(first_whole(|i| i as f64 >= *x));
                own.whole.extend(first_whole(|i| i as f64 > *x));
            }
            (Known::Number { .. }, Value::Integer(_) | Value::Number(_)) => {
                if let Some(x) = value.as_f64().filter(|x| x.is_finite()) {
                    own.numbers.insert(Ordered(x));
                    if !planted(7) {
                        own.numbers.insert(Ordered(x.next_up()));
                    }
                }
            }
            (Known::Text(_), Value::Text(text)) => {
                own.texts.insert(self.symbol(text));
            }
            _ => {}
        }
    }

    /// Cuts what an output of the recipe is made from, so that the output is decided around a value.
    fn cut_column(&self, column: usize, value: &Value, cuts: &mut HashMap<usize, Cuts>) {
        if let Some(var) = self.var_of_field(column) {
            return self.cut(var, value, cuts);
        }
        let Some((op, input)) = self.step(column) else { return };
        match op {
            StepOp::Impute(_) => self.cut_column(input, value, cuts),
            StepOp::OneHot(category) => self.cut_column(input, &Value::text(category.as_str()), cuts),
            StepOp::Ordinal(categories) => {
                categories.iter().for_each(|c| self.cut_column(input, &Value::text(c.as_str()), cuts));
            }
            // What they give is not told apart by what they read.
            StepOp::TargetMean { .. }
            | StepOp::DatePart { .. }
            | StepOp::Ratio { .. }
            | StepOp::Log1p
            | StepOp::Clip { .. }
            | StepOp::Formula(_) => {}
            StepOp::Bucket { edges, .. } => {
                edges.iter().for_each(|edge| self.cut_column(input, &Value::Number(*edge), cuts));
            }
            StepOp::Scale { center, scale } => {
                let Some(end) = value.as_f64() else { return };
                let rising = *scale > 0.0;
                let scaled = |x: f64| (x - center) / scale;
                // Where it rises, the first that reaches the end and the first beyond; where it falls, the first below either.
                let at = first_number(|x| if rising { scaled(x) >= end } else { scaled(x) < end });
                let beyond = first_number(|x| if rising { scaled(x) > end } else { scaled(x) <= end });
                for x in [at, beyond].into_iter().flatten() {
                    // The cut lies below x: around x itself there is one too many, which does no harm.
                    self.cut_column(input, &Value::Number(x), cuts);
                }
            }
        }
    }
}

const DAY: i64 = 86_400_000;

/// The instant of a local date or date and time where clocks show UTC.
fn midnight(text: &str) -> Option<i64> {
    let local = match text.parse::<jiff::civil::Date>() {
        Ok(date) if text.len() <= 10 => date.at(0, 0, 0, 0),
        _ => text.parse::<jiff::civil::DateTime>().ok()?,
    };
    Some(local.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp().as_millisecond())
}

/// The least whole number that a rising condition holds for.
fn first_whole(holds: impl Fn(i64) -> bool) -> Option<i64> {
    let (mut low, mut high) = (i128::from(i64::MIN), i128::from(i64::MAX) + 1);
    while low < high {
        let middle = low + (high - low) / 2;
        match i64::try_from(middle) {
            Ok(x) if !holds(x) => low = middle + 1,
            _ => high = middle,
        }
    }
    i64::try_from(low).ok()
}

/// The least finite number that a rising condition holds for.
fn first_number(holds: impl Fn(f64) -> bool) -> Option<f64> {
    // Numbers in order: the bits of those below zero run backwards.
    let number = |key: i64| {
        f64::from_bits((if key < 0 { i64::MIN.wrapping_sub(key).wrapping_sub(1) } else { key }).cast_unsigned())
    };
    let greatest = f64::MAX.to_bits().cast_signed();
    let (mut low, mut high) = (-greatest - 1, greatest + 1);
    while low < high {
        let middle = low.wrapping_add((high.wrapping_sub(low).cast_unsigned() / 2).cast_signed());
        if holds(number(middle)) { high = middle } else { low = middle + 1 }
    }
    (low <= greatest).then(|| number(low))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_of_the_upper_part_is_found_exactly() {
        for x in [-1e300, -3.5, -f64::MIN_POSITIVE, 0.0, 5e-324, 0.1, 7.0, 1e17, f64::MAX] {
            assert_eq!(first_number(|y| y >= x), Some(x), "{x}");
            let above = first_number(|y| y > x);
            assert_eq!(above, Some(x.next_up()).filter(|y| y.is_finite()), "{x}");
        }
        assert_eq!(first_number(|_| true), Some(f64::MIN));
        assert_eq!(first_number(|_| false), None);
        for x in [i64::MIN, -7, 0, 9_007_199_254_740_993, i64::MAX] {
            assert_eq!(first_whole(|y| y >= x), Some(x));
            assert_eq!(first_whole(|y| y > x), x.checked_add(1));
        }
        assert_eq!(first_whole(|i| i as f64 > 9_007_199_254_740_992.0), Some(9_007_199_254_740_994));
    }
}
