//! Customer value: how often customers buy, whether they still are customers, what a purchase is worth, and when the next one comes.
//!
//! Purchases and survival: BG/NBD, MBG/NBD, Pareto/NBD. Worth: Gamma–Gamma. Each by maximum likelihood from many starts, with
//! intervals. What a policy can compute from three columns is lowered to expressions ([`lower`]); expected purchases and
//! lifetime value need sums that rules do not have, and enter a policy as columns that are refreshed with the data.

mod analysis;
mod bg_nbd;
mod clocks;
mod fit;
mod gamma_gamma;
mod histories;
mod history;
pub mod lower;
mod mbg_nbd;
mod model;
mod next_purchase;
mod optimise;
mod pareto_nbd;
mod send_time;
mod special;
#[cfg(test)]
mod testing;

pub use analysis::{Coverage, CustomerValue, Holdout, Questions, Total, ValueReport, analyse, total};
pub use bg_nbd::published_expected;
pub use clocks::{Clock, Clocks};
pub use fit::{Parameter, PurchaseFit, SpendFit, fit, fit_spend};
pub use gamma_gamma::{expected as expected_spend, log_likelihood as spend_log_likelihood, own_weight};
pub use histories::{Customer, Histories, Periods, SummaryColumns, from_summary, histories};
pub use history::{Groups, History};
pub use model::{Kind, PurchaseModel};
pub use next_purchase::{Brier, FEATURES, NextPurchase};
pub use send_time::{BestSlot, Preference, SendTime, acts, lower_hours, send_time};
