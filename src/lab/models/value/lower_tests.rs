//! The expressions, evaluated by the policy's own language, against the models they came from.

use super::super::History;
use super::*;
use attune_policy::decision::Candidate;
use attune_policy::document::Document;
use attune_policy::history::Past;
use attune_policy::language::{Context, Env, Kind as Evaluated, Term, Use, compile};
use attune_policy::schema::Field;
use attune_policy::value::{Type, Value};

/// A request with the columns of a history.
struct Columns(Vec<Value>);

impl Env for Columns {
    fn field(&self, index: usize) -> &Value {
        self.0.get(index).unwrap_or(&Value::Unknown)
    }
    fn score(&self, _: usize) -> Result<Value, String> {
        Ok(Value::Unknown)
    }
    fn candidate(&self) -> Candidate {
        Candidate { action: 0, treatment: 0 }
    }
    fn term(&self, _: Term) -> f64 {
        f64::NAN
    }
    fn past(&self) -> Past<'_> {
        Past::Told(&[])
    }
    fn now(&self) -> i64 {
        0
    }
    fn zone(&self) -> Option<&str> {
        None
    }
    fn is_inbound(&self, _: &str) -> bool {
        false
    }
}

fn context() -> Context {
    let field = |name: &str, type_: Type| Field::new(name, type_);
    let mut document = Document::default();
    document.schema.fields = vec![
        field("repeats", Type::Integer),
        field("last_at", Type::Number),
        field("age", Type::Number),
        field("mean_spend", Type::Number),
    ];
    Context::new(&document)
}

const NAMES: Names<'_> = Names { x: "repeats", t_x: "last_at", t: "age" };

fn evaluate(expression: &str, h: &History, mean_spend: f64) -> f64 {
    let compiled = compile(expression, Use::Number, &context()).unwrap_or_else(|e| panic!("{expression}: {e:?}"));
    assert_eq!(compiled.kind(), Evaluated::Lowered, "{expression}: {:?}", compiled.why_interpreted());
    let columns =
        Columns(vec![Value::Integer(h.x as i64), Value::Number(h.t_x), Value::Number(h.t), Value::number(mean_spend)]);
    let value = compiled.eval(&columns).unwrap_or_else(|e| panic!("{expression}: {e}"));
    value.as_f64().unwrap_or_else(|| panic!("{expression}: {value:?}"))
}

#[test]
fn expressions_are_the_models() {
    let models = [
        PurchaseModel { kind: Kind::BgNbd, parameters: [0.242_593_947, 4.413_604, 0.792_92, 2.425_88] },
        PurchaseModel { kind: Kind::BgNbd, parameters: [0.5, 12.0, 3.0, 0.25] },
        PurchaseModel { kind: Kind::BgNbd, parameters: [1e-7, 1.5e6, 3.0, 1.0] },
        PurchaseModel { kind: Kind::MbgNbd, parameters: [0.525, 6.183, 0.891, 1.614] },
    ];
    for model in models {
        for (x, t_x, t) in [(0.0, 0.0, 38.86), (1.0, 1.71, 38.86), (2.0, 30.43, 38.86), (29.0, 38.0, 38.0)] {
            let h = History { x, t_x, t };
            let alive = evaluate(&p_alive(&model, &NAMES).unwrap(), &h, 1.0);
            assert!((alive - model.p_alive(&h)).abs() < 1e-12, "{model:?} {h:?}: {alive}");
            for within in [0.5, 39.0] {
                let buys = evaluate(&p_purchase(&model, &NAMES, within).unwrap(), &h, 1.0);
                assert!((buys - model.p_purchase(&h, within)).abs() < 1e-12, "{model:?} {h:?}: {buys}");
            }
        }
    }
    let pareto = PurchaseModel { kind: Kind::ParetoNbd, parameters: [0.55, 10.6, 0.6, 11.7] };
    assert_eq!((p_alive(&pareto, &NAMES), p_purchase(&pareto, &NAMES, 4.0)), (None, None));
}

#[test]
fn the_worth_of_a_purchase_is_the_models() {
    let mut spend = SpendFit {
        params: [6.249_572, 3.744_225, 15.443_522],
        parameters: Vec::new(),
        log_likelihood: 0.0,
        customers: 3,
        correlation: 0.0,
        correlation_interval: [0.0, 0.0],
        warnings: Vec::new(),
    };
    let expression = expected_spend(&spend, "repeats", "mean_spend").unwrap();
    // Without repeat purchases the mean is missing, and nothing asks for it.
    for (x, mean) in [(0.0, f64::NAN), (1.0, 12.5), (7.0, 40.25)] {
        let found = evaluate(&expression, &History { x, t_x: 0.0, t: 1.0 }, mean);
        let expected = super::super::expected_spend(spend.params, x, mean).unwrap();
        assert!((found / expected - 1.0).abs() < 1e-12, "{x} {mean}: {found} {expected}");
    }
    spend.params[1] = 0.9;
    assert_eq!(expected_spend(&spend, "repeats", "mean_spend"), None);
}
