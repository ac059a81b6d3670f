//! The estimators by name: what each is called, its formula, and its definition. One list for every report that shows them.

use crate::simulate::off_policy::slate::Assumption;
use serde::{Deserialize, Serialize};

/// An estimator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Method {
    /// Self-normalised inverse propensity scoring, Σwr/Σw.
    Snips,
    /// Inverse propensity scoring with the logging propensities of the design or the log, mean(wr).
    Ips,
    /// The same with the arms' shares in the log as propensities.
    IpsEmpirical,
    /// Mean over the rows where the policy chose what was logged.
    Replay,
    /// Weights multiplied along each subject's decisions.
    Trajectory,
    /// Mean of an arm, or difference of two arms' means.
    Mean,
    /// Direct method: what a cross-fitted reward model expects of the policy.
    Dm,
    /// Doubly robust: the reward model, corrected by weighted residuals.
    Dr,
    /// Doubly robust with weights divided by their mean.
    SnDr,
    /// Doubly robust where weights are at most λ, the reward model alone elsewhere.
    SwitchDr,
    /// Doubly robust with optimistic shrinkage of weights.
    DrOs,
    /// Doubly robust with a reward model made to have little variance for the policy.
    Mrdr,
    /// Doubly robust with propensities that are cross-fitted too: double machine learning.
    Dml,
    /// Expected sum of a list's outcome, self-normalised place by place; what stands above bears on a place.
    ListsCascade,
    /// The same; nothing else bears on a place.
    ListsIndependent,
    /// The same; the whole list bears on a place.
    ListsStandard,
    /// IPS with weights of at most λ.
    ClippedIps,
    /// IPS with sub-Gaussian weights.
    SgIps,
    /// Empirical likelihood with power divergence −2.
    CressieRead,
    /// Doubly robust with weights of at most λ.
    ClippedDr,
    /// Doubly robust with sub-Gaussian weights.
    SgDr,
}

impl Method {
    /// The estimators of one action per decision, in the order in which reports show them: the answer first, then those of weights alone,
    /// then those with a reward model.
    pub const ALL: [Method; 17] = [
        Method::Snips,
        Method::Ips,
        Method::IpsEmpirical,
        Method::ClippedIps,
        Method::SgIps,
        Method::CressieRead,
        Method::Replay,
        Method::Trajectory,
        Method::Dm,
        Method::Dr,
        Method::Dml,
        Method::SnDr,
        Method::ClippedDr,
        Method::SwitchDr,
        Method::DrOs,
        Method::SgDr,
        Method::Mrdr,
    ];

    /// The value of lists under an assumption.
    pub fn lists(assumption: Assumption) -> Method {
        match assumption {
            Assumption::Standard => Method::ListsStandard,
            Assumption::Cascade => Method::ListsCascade,
            Assumption::Independent => Method::ListsIndependent,
        }
    }

    /// Whether it values whole lists.
    pub fn is_of_lists(self) -> bool {
        matches!(self, Method::ListsCascade | Method::ListsIndependent | Method::ListsStandard)
    }

    /// Whether it leans on a reward model.
    pub fn needs_model(self) -> bool {
        use Method::*;
        matches!(self, Dm | Dr | Dml | SnDr | ClippedDr | SwitchDr | DrOs | SgDr | Mrdr)
    }

    /// Name for people.
    pub fn label(self) -> &'static str {
        self.words().0
    }

    /// The formula in a few signs.
    pub fn formula(self) -> &'static str {
        self.words().1
    }

    /// What it is, in a sentence or three.
    pub fn definition(self) -> &'static str {
        self.words().2
    }

    /// Name, formula, definition.
    fn words(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Method::Snips => (
                "SNIPS",
                "mean(w r)/mean(w)",
                "Self-normalised inverse propensity scoring: Σwr/Σw over the rows, w = π(logged action)/logging propensity, π being 1 or 0 where the policy leaves nothing to chance; standard error by the delta method, √(Σw²(r − V)²)/Σw, residuals added within a subject where subjects repeat.",
            ),
            Method::Ips => (
                "IPS",
                "mean(w r)",
                "Inverse propensity scoring: mean(wr) with the logging propensities of the design or the log; standard error std(wr)/√n with n − 1 in the denominator.",
            ),
            Method::IpsEmpirical => (
                "IPS, empirical propensities",
                "mean(w r), p = share of the arm",
                "mean(wr) with each arm's share of the rows in place of the design's logging propensity.",
            ),
            Method::ClippedIps => (
                "clipped IPS",
                "mean(min(w, λ) r)",
                "IPS with weights of at most λ: less variance, and a bias towards 0 for rewards above 0. λ chosen by SLOPE++ (the last setting, from the widest interval to the narrowest, that agrees with all before it); the MSE upper bound's λ stands beside it. Its interval does not hold the bias of clipping.",
            ),
            Method::SgIps => (
                "SG-IPW",
                "mean(ŵ r), ŵ = w/(1 − λ + λw)",
                "IPS with sub-Gaussian weights ŵ = w/(1 − λ + λw) (Metelli and others 2021): λ = 0 is IPS, λ = 1 counts matching rows. λ chosen, and the interval to be read, as for clipped IPS.",
            ),
            Method::CressieRead => (
                "Cressie–Read",
                "empirical likelihood, divergence −2",
                "Empirical likelihood: the value under the distribution nearest the log, by the Cressie–Read divergence of power −2, whose mean weight is 1 (Karampatziakis, Langford and Mineiro 2020); robust where the effective sample is small. Weights are taken to lie between 0 and the largest that the propensities allow, rewards between the least and the largest one seen; where all are the same it has nothing to reweigh and is not given. It has an interval of its own and no standard error: what stands for one is half the interval's width over 1.96.",
            ),
            Method::Replay => (
                "replay",
                "Σ 1[π(x) = a] r/Σ 1[π(x) = a]",
                "Mean outcome over the rows where the policy chose what was logged (rejection sampling; a policy that draws is drawn once): unbiased for a uniform logger. Where the logger preferred some actions, the rows that match are not the rows of the policy.",
            ),
            Method::Trajectory => (
                "trajectory weighting",
                "SNIPS, w = Π w along the subject",
                "SNIPS with the weights of a subject's decisions multiplied in order of time, which a policy with state asks for, over all of them, with a known outcome or without; given where its effective sample size is at least 100 and its mean weight between 0.8 and 1.2.",
            ),
            Method::Mean => ("mean", "mean(r)", "Mean of an arm, or the difference of two arms' means."),
            Method::Dm => (
                "direct method",
                "mean(q^π)",
                "mean(q^π): what a reward model q that did not learn from the row expects of the policy's choices (in simulations cross-fitted by subject in three parts). Its interval holds chance, not the model's error.",
            ),
            Method::Dr => (
                "DR",
                "mean(q^π + w (r − q))",
                "Doubly robust: mean(q^π + w(r − q)). Right when either the propensities or the reward model are; with known propensities as unbiased as IPS, and narrower where q explains the outcome.",
            ),
            Method::Dml => (
                "DML",
                "mean(q^π + w (r − q)), p estimated",
                "Doubly robust where the logging propensities are cross-fitted models too (double machine learning): exploratory, as nothing shows that history chose by what the columns hold.",
            ),
            Method::SnDr => {
                ("SNDR", "mean(q^π) + mean(w (r − q))/mean(w)", "Doubly robust with weights divided by their mean.")
            }
            Method::ClippedDr => (
                "clipped DR",
                "mean(q^π + min(w, λ) (r − q))",
                "Doubly robust with weights of at most λ; λ chosen, and the interval to be read, as for Switch-DR.",
            ),
            Method::SwitchDr => (
                "Switch-DR",
                "mean(q^π + w (r − q) 1[w ≤ λ])",
                "Doubly robust where w ≤ λ, the reward model alone elsewhere; λ chosen by SLOPE++ (the last setting, from the widest interval to the narrowest, that agrees with all before it); the MSE upper bound's λ stands beside it. Like the direct method's, its interval does not hold the bias that leaning on the model brings.",
            ),
            Method::DrOs => (
                "DRos",
                "mean(q^π + ŵ (r − q)), ŵ = λw/(w² + λ)",
                "Doubly robust with weights shrunk to λw/(w² + λ); λ chosen, and the interval to be read, as for Switch-DR.",
            ),
            Method::SgDr => (
                "SG-DR",
                "mean(q^π + ŵ (r − q)), ŵ = w/(1 − λ + λw)",
                "Doubly robust with sub-Gaussian weights ŵ = w/(1 − λ + λw); λ chosen, and the interval to be read, as for Switch-DR.",
            ),
            Method::Mrdr => (
                "MRDR",
                "DR, q of least variance for π",
                "Doubly robust with a linear reward model fitted for this policy by least squares weighted by π(a|x)(1 − p)/p², which makes the variance small.",
            ),
            Method::ListsCascade => (
                "lists, cascade",
                "Σ over places of mean(w r)/mean(w), w = Π π/p down to the place",
                "What stands above bears on a place; w = Π π/p down to it, propensities being those given what stands above.",
            ),
            Method::ListsIndependent => (
                "lists, independent",
                "Σ over places of mean(w r)/mean(w), w = π/p of the place",
                "Nothing else bears on a place; w = π/p of the place, propensities being those of the place whatever stands elsewhere.",
            ),
            Method::ListsStandard => (
                "lists, standard",
                "Σ over places of mean(w r)/mean(w), w = Π π/p of the list",
                "The whole list bears on a place; w = Π π/p over all of it. Unbiased and of huge variance.",
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_estimator_has_a_name_a_formula_and_a_definition_of_its_own() {
        let labels: BTreeSet<&str> = Method::ALL.iter().map(|method| method.label()).collect();
        assert_eq!(labels.len(), Method::ALL.len());
        for method in Method::ALL {
            assert!(!method.formula().is_empty() && method.definition().ends_with('.'), "{method:?}");
            assert!(!method.is_of_lists());
        }
    }
}
