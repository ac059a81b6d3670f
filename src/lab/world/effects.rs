//! The world's true response: probabilities of visit and conversion and the expected spend under each arm.

use crate::world::customers::Person;

/// Categories and their typical amount.
pub(super) const CATEGORIES: [(&str, f64); 5] =
    [("fashion", 48.0), ("home", 65.0), ("sport", 55.0), ("beauty", 30.0), ("electronics", 110.0)];

const FASHION: usize = 0;
const HOME: usize = 1;

/// The trial's offers: value of the action column, which is the action's id too, and name for people.
pub(super) const OFFERS: [(&str, &str); 3] =
    [("style_email", "Style e-mail"), ("home_email", "Home e-mail"), ("discount_email", "Discount e-mail")];

/// Name of the untreated arm.
pub(super) const UNTREATED: &str = "no_email";

/// Standard deviation of the logarithm of spend.
const SPREAD: f64 = 0.6;

/// True response of a person under one arm.
#[derive(Clone, Copy)]
pub(super) struct Response {
    /// Probability of a visit.
    pub visit: f64,
    /// Probability of a conversion after a visit.
    pub conversion: f64,
    /// Expected spend after a conversion.
    pub spend: f64,
}

impl Response {
    /// Expected visit, conversion and spend.
    pub fn expected(&self) -> [f64; 3] {
        [self.visit, self.visit * self.conversion, self.visit * self.conversion * self.spend]
    }

    /// Spend of one conversion with standard normal noise `z`: lognormal with mean [`Response::spend`].
    pub fn spend_of(&self, z: f64) -> f64 {
        self.spend * libm::exp(SPREAD * z - SPREAD * SPREAD / 2.0)
    }
}

/// Response of a person to arm 0 (no e-mail) or offer `arm − 1`. `effect` multiplies what the e-mail does.
pub(super) fn response(person: &Person, weeks_since_purchase: f64, arm: usize, effect: f64) -> Response {
    let loyalty = libm::log1p(f64::from(person.past.purchases));
    let visit = -2.3 + 0.5 * person.engagement + 0.3 * loyalty - 0.025 * weeks_since_purchase;
    let conversion = -1.9 + 0.2 * person.engagement + 0.3 * loyalty;
    let amount: f64 = person.taste.iter().zip(CATEGORIES).map(|(share, (_, typical))| share * typical).sum();
    let fashion = person.taste[FASHION] - 0.2;
    let home = person.taste[HOME] - 0.2;
    let price = person.price_sensitivity - 0.4;
    let (on_visit, on_conversion, on_amount) = match arm {
        0 => (0.0, 0.0, 0.0),
        1 => (0.25 + 1.5 * fashion, 0.10 + 0.8 * fashion, 0.0),
        2 => (0.20 + 1.5 * home, 0.10 + 0.8 * home, 0.05),
        _ => (0.20 + 1.2 * price, 0.25 + 0.8 * price, -0.16),
    };
    // One more e-mail on top of many drives people away.
    let weary = if arm == 0 { 0.0 } else { 0.12 * (f64::from(person.past.sent_28_days) - 3.0).max(0.0) };
    Response {
        visit: logistic(visit + effect * (on_visit - weary)),
        conversion: logistic(conversion + effect * on_conversion),
        spend: amount * libm::exp(effect * on_amount),
    }
}

pub(super) fn logistic(z: f64) -> f64 {
    1.0 / (1.0 + libm::exp(-z))
}
