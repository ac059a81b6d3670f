//! The randomised trial: arms drawn with known logging propensities, outcomes drawn from the true response.

use crate::data::Arm;
use crate::error::{Error, Result};
use crate::random::Random;
use crate::world::customers::{DAY, People, Person, cents};
use crate::world::effects::{OFFERS, UNTREATED, response};
use crate::world::{Design, Truth, WorldSpec};

/// The treatment of every offer.
pub(super) const TREATMENT: &str = "email";
/// Outcome columns.
pub(super) const OUTCOMES: [&str; 3] = ["visit", "conversion", "spend"];

/// Rows of the trial: decision by decision in order of time, customers in order inside.
pub(super) struct Trial {
    pub customer: Vec<u32>,
    pub time: Vec<i64>,
    pub arm: Vec<u8>,
    pub propensity: Vec<f64>,
    pub visit: Vec<i64>,
    pub conversion: Vec<i64>,
    pub spend: Vec<f64>,
    pub truth: Truth,
}

pub(super) fn trial(spec: &WorldSpec, people: &People) -> Result<Trial> {
    let arms = arms(spec);
    if let Design::Shares(shares) = &spec.design
        && (shares.len() != arms.len() || shares.iter().any(|s| s.is_nan() || *s <= 0.0))
    {
        return Err(Error::new(format!("the design needs {} shares above 0, one per arm", arms.len())));
    }
    let rows = people.list.len() * spec.decisions as usize;
    let mut trial = Trial {
        customer: Vec::with_capacity(rows),
        time: Vec::with_capacity(rows),
        arm: Vec::with_capacity(rows),
        propensity: Vec::with_capacity(rows),
        visit: Vec::with_capacity(rows),
        conversion: Vec::with_capacity(rows),
        spend: Vec::with_capacity(rows),
        truth: Truth {
            expected: vec![vec![Vec::with_capacity(rows); arms.len()]; OUTCOMES.len()],
            outcomes: OUTCOMES.iter().map(|o| (*o).to_owned()).collect(),
            arms,
        },
    };
    // One stream per customer, as for its past.
    let mut streams: Vec<Random> =
        (0..people.list.len()).map(|i| Random::stream(spec.seed, 2 * i as u64 + 1)).collect();
    for decision in 0..spec.decisions {
        let day = spec.start + i64::from(decision) * i64::from(spec.gap_days) * DAY;
        for (i, (person, random)) in people.list.iter().zip(&mut streams).enumerate() {
            trial.row(spec, i as u32, person, day, random);
        }
    }
    Ok(trial)
}

impl Trial {
    fn row(&mut self, spec: &WorldSpec, customer: u32, person: &Person, day: i64, random: &mut Random) {
        let since = person.past.last_purchase.map_or(i64::from(spec.weeks) * 7 * DAY, |last| spec.start - last);
        let weeks_since = since as f64 / (7.0 * DAY as f64);
        let arms = spec.offers + 1;
        let shares = shares(spec, person);
        let arm = random.pick(&shares);
        for a in 0..arms {
            let expected = response(person, weeks_since, a, spec.effect).expected();
            for (outcome, value) in self.truth.expected.iter_mut().zip(expected) {
                outcome[a].push(value);
            }
        }
        let own = response(person, weeks_since, arm, spec.effect);
        let visit = random.chance(own.visit);
        let conversion = random.chance(own.conversion) && visit;
        let spend = own.spend_of(random.normal());
        self.customer.push(customer);
        // Within the first six hours of the day's sending, to the minute.
        self.time.push(day + (random.uniform() * 360.0) as i64 * 60_000);
        self.arm.push(arm as u8);
        self.propensity.push(shares[arm]);
        self.visit.push(i64::from(visit));
        self.conversion.push(i64::from(conversion));
        self.spend.push(if conversion { cents(spend) } else { 0.0 });
    }
}

/// Logging propensities of the arms for a person; they add up to 1.
fn shares(spec: &WorldSpec, person: &Person) -> Vec<f64> {
    let arms = spec.offers + 1;
    let mut shares = match &spec.design {
        Design::Uniform => return vec![1.0 / arms as f64; arms],
        Design::Shares(shares) => shares.clone(),
        Design::ByFrequency => {
            let bought = f64::from(person.past.purchases.min(6));
            (0..arms).map(|arm| if arm == 0 { 1.5 } else { 0.6 + 0.25 * bought }).collect()
        }
    };
    let total: f64 = shares.iter().sum();
    for share in &mut shares {
        *share /= total;
    }
    shares
}

/// Arms of the trial: value of the action column and meaning.
pub(super) fn arms(spec: &WorldSpec) -> Vec<(String, Arm)> {
    let untreated = (UNTREATED.to_owned(), Arm::NoAction);
    let offers = OFFERS.iter().take(spec.offers).map(|(id, _)| {
        ((*id).to_owned(), Arm::Candidate { action: (*id).to_owned(), treatment: TREATMENT.to_owned() })
    });
    std::iter::once(untreated).chain(offers).collect()
}
