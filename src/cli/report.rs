//! Reports as text: models, simulations, whole runs. Every number stands beside its interval and what it is.

mod models;

pub use models::models;

use super::decide::short;
use super::table::{Table, count, interval, number, percent, wrap};
use attune_lab::data::import::dates::render as day;
use attune_lab::models::ModelReport;
use attune_lab::project::{CheckState, RunReport};
use attune_lab::simulate::report::{
    ByEstimator, Estimate, Instead, Kind, ListValue, Method, Note, PolicyReport, Refusal, Report, RewardReport, Week,
};

/// Width of running text.
const WIDTH: usize = 110;

/// A whole run.
pub fn run(run: &RunReport) -> String {
    let mut text = format!("{}: {} rows of {}", run.project, count(run.rows), run.source);
    if run.bad_rows > 0 {
        text.push_str(&format!(", {} rows set aside", count(run.bad_rows)));
    }
    text.push('\n');
    for change in &run.changes {
        text.push_str(&wrap(&format!("warning: {change}"), 0, WIDTH));
    }
    if !run.models.is_empty() {
        let reports: Vec<(&ModelReport, bool)> = run.models.iter().map(|m| (&m.report, m.trained)).collect();
        text.push_str(&format!("\nModels\n{}", models(&reports)));
    }
    text.push('\n');
    text.push_str(&simulation(&run.simulation, false));
    text.push_str("\nChecklist\n");
    for check in &run.checklist {
        let mark = match check.state {
            CheckState::Ok => "ok",
            CheckState::Look => "look",
            CheckState::Blocked => "blocked",
        };
        let detail = if check.detail.is_empty() { String::new() } else { format!(": {}", check.detail) };
        let words = wrap(&format!("{}{detail}", check.label), 11, WIDTH);
        text.push_str(&format!("  {mark:<9}{}", words.trim_start()));
    }
    text.push_str(&format!("\n{}.\n", run.exported.words()));
    text.push_str(&format!("  {}, revision {}\n", run.exported.path.display(), short(&run.exported.revision)));
    text.push_str(&format!("  the full report: {}\n", run.folder.display()));
    text
}

/// A simulation; `estimators` asks for all of them.
pub fn simulation(report: &Report, estimators: bool) -> String {
    let mut text = format!("What “{}” would have done (revision {})\n", report.policy, short(&report.revision));
    trial(report, &mut text);
    values(report, estimators, &mut text);
    funnel(report, &mut text);
    rules(report, &mut text);
    segments(report, &mut text);
    weeks(&report.weeks, &mut text);
    text.push('\n');
    text.push_str(&wrap(&report.state, 0, WIDTH));
    if report.degraded > 0 {
        text.push_str(&format!("\nSomething failed in {} decisions:\n", count(report.degraded)));
        for (what, n) in report.diagnostics.iter().take(10) {
            text.push_str(&wrap(&format!("{}: {what}", count(*n)), 2, WIDTH));
        }
    }
    text.push_str("\nDefinitions\n");
    // Of estimators those that are shown.
    let shown = |note: &&Note| {
        let method = Method::ALL.into_iter().find(|method| method.label() == note.term);
        estimators || method.is_none_or(is_brief)
    };
    for note in report.notes.iter().filter(shown) {
        text.push_str(&wrap(&format!("{}: {}", note.term, note.definition), 2, WIDTH));
    }
    text
}

fn trial(report: &Report, text: &mut String) {
    text.push_str(&format!("\nThe log: {} rows\n", count(report.log.rows)));
    text.push_str(&wrap(&report.log.logging, 2, WIDTH));
    if let Some(why) = &report.log.exploratory {
        text.push_str(&wrap(&format!("Exploratory: {why}"), 2, WIDTH));
    }
    let mut header = vec!["arm", "rows", "share"];
    header.extend(report.outcomes.iter().flat_map(|outcome| [outcome.as_str(), "95 % interval"]));
    let mut arms = Table::new(&header);
    if let Some(thin) = report.log.overlap.iter().find(|arm| arm.rare > 0.05) {
        let line = format!(
            "{} was hardly ever possible in {} of the rows: see `attune analyze log`.",
            thin.arm,
            percent(thin.rare)
        );
        text.push_str(&wrap(&line, 2, WIDTH));
    }
    for arm in &report.log.arms {
        let mut row = vec![arm.name.clone(), count(arm.n), percent(arm.share)];
        row.extend(arm.means.iter().flat_map(|mean| estimate(mean.as_ref())));
        arms.row(row);
    }
    text.push_str(&arms.text(2));
    if !report.log.effects.is_empty() {
        text.push_str(&format!("\nEffects of the arms: {}\n", report.log.effects_are()));
        let mut effects = Table::new(&["arm", "less", "outcome", "effect", "95 % interval", "relative", "rows"]);
        for effect in &report.log.effects {
            effects.row(vec![
                effect.arm.clone(),
                effect.reference.clone(),
                effect.outcome.clone(),
                signed(effect.estimate.value),
                interval(effect.estimate.low, effect.estimate.high),
                effect.relative.map_or(String::new(), |r| format!("{:+.1} %", r * 100.0)),
                count(effect.estimate.n),
            ]);
        }
        text.push_str(&effects.text(2));
    }
    for finding in &report.log.findings {
        text.push_str(&wrap(&format!("- {finding}"), 2, WIDTH));
    }
}

fn values(report: &Report, all: bool, text: &mut String) {
    let of_lists = report.main().filter(|main| !main.lists.is_empty());
    let method =
        report.policies.iter().flat_map(|policy| &policy.values).map(|value| value.answer.method.label()).next();
    text.push_str(&match of_lists {
        Some(_) => format!("\nValue per list ({})\n", method.unwrap_or("lists")),
        None => "\nValue per decision (SNIPS)\n".to_owned(),
    });
    distrusted(report.distrusted.as_deref(), text);
    let mut header = vec!["policy", "contacted", if of_lists.is_some() { "lists" } else { "rows" }];
    header.extend(report.outcomes.iter().flat_map(|outcome| [outcome.as_str(), "95 % interval"]));
    let mut table = Table::new(&header);
    for policy in &report.policies {
        let mut row = vec![policy.name.clone(), percent(policy.share_contacted), count(policy.rows.used)];
        row.extend(report.outcomes.iter().flat_map(|o| estimate(policy.value(o).map(|value| &value.answer))));
        table.row(row);
    }
    text.push_str(&table.text(2));
    refusals(
        report.policies.iter().filter_map(|policy| Some((policy.name.as_str(), policy.refusal.as_ref()?))),
        (report.log.sample_ratio.is_some_and(|test| test.suspicious) && report.distrusted.is_none())
            .then_some("simulate"),
        text,
    );
    for policy in &report.policies {
        if let Some(instead) = &policy.instead {
            text.push_str(&instead_of(policy, instead, &report.goal));
        }
    }
    if let Some(main) = report.main() {
        text.push('\n');
        text.push_str(&wrap(
            &format!("Rows: {} of {}. {}", count(main.rows.used), count(main.rows.total), main.rows.why),
            2,
            WIDTH,
        ));
        let mut caveats: Vec<&String> = report.policies.iter().filter_map(|p| p.rows.caveat.as_ref()).collect();
        caveats.dedup();
        for caveat in caveats {
            text.push_str(&wrap(&format!("warning: {caveat}"), 2, WIDTH));
        }
        mix(main, text);
        if main.explored > 0.0 {
            let how = match main.lists.is_empty() {
                true => "values weigh the probabilities of its choices",
                false => "lists are weighed by what it drew, which is right on average",
            };
            let line = format!("Chance chooses in {} of its decisions; {how}.", percent(main.explored));
            text.push_str(&wrap(&line, 2, WIDTH));
        }
        estimators(report, main, all, text);
        lists(&main.lists, text);
    }
    let differences: Vec<_> = report.differences.iter().filter(|d| d.outcome == report.goal).collect();
    if !differences.is_empty() {
        text.push_str(&format!("\nThe policy less the others, in {}, on the same rows\n", report.goal));
        let mut table = Table::new(&["less", "difference", "95 %, normal", "95 %, bootstrap", "relative", "verdict"]);
        for difference in differences {
            table.row(vec![
                difference.than.clone(),
                signed(difference.estimate.value),
                interval(difference.estimate.low, difference.estimate.high),
                difference.estimate.bootstrap.map_or(String::new(), |(low, high)| interval(low, high)),
                difference.relative.map_or(String::new(), |r| format!("{:+.1} %", r * 100.0)),
                difference.verdict.clone(),
            ]);
        }
        text.push_str(&table.text(2));
    }
}

/// Why policies have no value: what holds for several is said once.
/// Where a command would give values even so, it is named.
pub fn refusals<'a>(refused: impl Iterator<Item = (&'a str, &'a Refusal)>, even_so: Option<&str>, text: &mut String) {
    let mut told: Vec<(Vec<&str>, &Refusal)> = Vec::new();
    for (name, refusal) in refused {
        match told.iter_mut().find(|(_, own)| *own == refusal) {
            Some((names, _)) => names.push(name),
            None => told.push((vec![name], refusal)),
        }
    }
    for (names, refusal) in told {
        let line = format!("No value for {}: {}. {}", names.join(", "), refusal.reasons.join("; "), refusal.advice);
        text.push_str(&wrap(&line, 2, WIDTH));
    }
    if let Some(command) = even_so {
        text.push_str(&format!("  `attune {command} --even-so` gives values all the same.\n"));
    }
}

/// What is wrong with a log whose values are given even so.
pub fn distrusted(why: Option<&str>, text: &mut String) {
    if let Some(why) = why {
        text.push_str(&wrap(&format!("Not to be trusted: {why}"), 2, WIDTH));
    }
}

/// What a log can say of a policy that it cannot value.
fn instead_of(policy: &PolicyReport, instead: &Instead, goal: &str) -> String {
    let mut text = String::new();
    if let Some(blend) = &instead.blend {
        let line = format!(
            "What the log can answer: {} followed in {} of decisions and the logger otherwise brings {} {} of {goal} \
             (effective sample size {:.0}).",
            policy.name,
            percent(blend.share),
            number(blend.value.value),
            interval(blend.value.low, blend.value.high),
            blend.effective_sample_size
        );
        text.push_str(&wrap(&line, 4, WIDTH));
    }
    for region in &instead.regions {
        let value =
            region.value.map_or(String::new(), |v| format!(", {goal} {} {}", number(v.value), interval(v.low, v.high)));
        let line = format!(
            "Where it has support: {} = {}, {} rows ({}){value}.",
            region.column,
            region.part,
            count(region.rows),
            percent(region.share)
        );
        text.push_str(&wrap(&line, 4, WIDTH));
    }
    text
}

/// The value by other estimators: the best known of them, or in every outcome all there are.
fn estimators(report: &Report, main: &PolicyReport, all: bool, text: &mut String) {
    let outcomes = report.outcomes.iter().filter(|outcome| all || **outcome == report.goal);
    for value in outcomes.filter_map(|outcome| main.value(outcome)) {
        let others = || value.estimates().skip(1);
        text.push_str(&match all {
            true => format!("\n{} by all estimators\n", value.outcome),
            false => format!("\n{} by other estimators\n", value.outcome),
        });
        if all {
            text.push_str(&super::estimators::list(&value.estimators));
        } else {
            let shown: Vec<ByEstimator> =
                value.estimators.iter().filter(|own| own.estimate.is_some()).cloned().collect();
            let (brief, rest): (Vec<_>, Vec<_>) = shown.into_iter().partition(|own| is_brief(own.method));
            text.push_str(&super::estimators::values(&brief));
            if let (false, Some((least, most))) = (rest.is_empty(), ends(others().map(|own| own.value))) {
                let line = format!(
                    "With {} more they lie between {} and {}; `attune simulate --estimators` shows all of them, with λ, intervals by other means, and \
                     which cannot be had here.",
                    rest.len(),
                    number(least),
                    number(most)
                );
                text.push_str(&wrap(&line, 2, WIDTH));
            }
        }
        let Some(rewards) = report.rewards.iter().find(|own| own.outcome == value.outcome) else { continue };
        text.push_str(&reward_model(rewards));
    }
}

/// What stands behind the estimators with a reward model.
pub fn reward_model(rewards: &RewardReport) -> String {
    if rewards.inputs == 0 {
        let line = format!(
            "Reward model: none could be learned, so that the expectation of each arm is its mean, drawn towards that of all, in the other {} of {} \
             parts by subject, and no column is used; it explains {} of the variance on {} rows it did not learn from.",
            rewards.folds.saturating_sub(1),
            rewards.folds,
            percent(rewards.explained),
            count(rewards.rows)
        );
        return wrap(&line, 2, WIDTH);
    }
    let mut line = format!(
        "Reward model: {}, one per arm, {} inputs, cross-fitted by subject in {} parts; explains {} of the variance on {} rows it did not \
         learn from.",
        rewards.family,
        rewards.inputs,
        rewards.folds,
        percent(rewards.explained),
        count(rewards.rows)
    );
    if !rewards.means.is_empty() {
        line.push_str(&format!(" Too few rows in a part at least, so their mean there: {}.", rewards.means.join(", ")));
    }
    wrap(&line, 2, WIDTH)
}

/// Whether it is shown to everybody: the answer, the weights as they are, the reward model alone, both together, and whole lists.
fn is_brief(method: Method) -> bool {
    matches!(method, Method::Snips | Method::Ips | Method::Dm | Method::Dr | Method::Dml) || method.is_of_lists()
}

/// The least and the largest.
fn ends(values: impl Iterator<Item = f64>) -> Option<(f64, f64)> {
    values.fold(None, |ends, x| Some(ends.map_or((x, x), |(a, b): (f64, f64)| (a.min(x), b.max(x)))))
}

/// Values of whole lists.
pub fn lists(lists: &[ListValue], text: &mut String) {
    let Some(first) = lists.first() else { return };
    text.push_str(&format!(
        "\nLists: {} of up to {} places, {} left out\n",
        count(first.lists),
        first.places,
        count(first.dropped)
    ));
    let mut table = Table::new(&[
        "outcome",
        "assumption",
        "value",
        "95 % interval",
        "95 %, bootstrap",
        "effective lists",
        "as shown",
        "95 % interval",
    ]);
    for list in lists {
        let mut row = vec![list.outcome.clone(), format!("{:?}", list.assumption).to_lowercase()];
        row.extend(estimate(list.answer.as_ref()));
        let bootstrap = list.answer.and_then(|own| own.bootstrap);
        row.push(bootstrap.map_or(String::new(), |(low, high)| interval(low, high)));
        row.push(count(list.support.effective_sample_size as u64));
        row.extend(estimate(list.logged.as_ref()));
        table.row(row);
    }
    text.push_str(&table.text(2));
    // Support is the same for every outcome.
    for list in lists.iter().filter(|list| !list.refused.is_empty() && list.outcome == first.outcome) {
        let what = if list.answer.is_some() { "No support for the" } else { "No" };
        text.push_str(&format!("  {what} {} value:\n", format!("{:?}", list.assumption).to_lowercase()));
        for why in &list.refused {
            text.push_str(&wrap(&format!("- {why}"), 4, WIDTH));
        }
        text.push_str(&wrap(&list.advice, 4, WIDTH));
    }
}

fn mix(main: &PolicyReport, text: &mut String) {
    let support = &main.support;
    let of = if main.lists.is_empty() { "rows" } else { "lists at the place with least support" };
    let line = format!(
        "Support: the policy chose what was logged on {} {of} ({}); effective sample size {}, mean weight {}, largest {}.",
        count(support.matched),
        percent(support.coverage),
        count(support.effective_sample_size as u64),
        number(support.mean_weight),
        number(support.max_weight)
    );
    text.push_str(&wrap(&line, 2, WIDTH));
    if main.kind == Kind::Policy {
        text.push_str("\nWhat it chooses\n");
        let mut table = Table::new(&["action", "treatment", "decisions", "share", "by fallback"]);
        for action in &main.mix {
            table.row(vec![
                action.action.clone(),
                action.treatment.clone(),
                count(action.decisions),
                percent(action.share),
                count(action.fallback),
            ]);
        }
        text.push_str(&table.text(2));
    }
}

fn funnel(report: &Report, text: &mut String) {
    text.push_str("\nFunnel: candidates through the stages, over all decisions\n");
    let mut table = Table::new(&["stage", "in", "out", "decisions in", "out", "mostly"]);
    for stage in &report.funnel {
        let most = stage.causes.first().map_or(String::new(), |(cause, n)| format!("{cause} ({})", count(*n)));
        table.row(vec![
            stage.stage.clone(),
            count(stage.candidates_in),
            count(stage.candidates_out),
            count(stage.decisions_in),
            count(stage.decisions_out),
            most,
        ]);
    }
    text.push_str(&table.text(2));
}

fn rules(report: &Report, text: &mut String) {
    if report.rules.is_empty() {
        return;
    }
    text.push_str(&format!("\nRules and limits: what each removes, and what it costs in {}\n", report.goal));
    let mut table = Table::new(&[
        "id",
        "kind",
        "stage",
        "removed",
        "decisions",
        "alone",
        "choices changed",
        "value without less with",
        "95 % interval",
    ]);
    for rule in &report.rules {
        let without = rule.without.as_ref();
        let mut row = vec![
            rule.id.clone(),
            rule.kind.word().to_owned(),
            rule.stage.clone(),
            if rule.kind.removes() { count(rule.removed) } else { String::new() },
            percent(rule.share),
            without.filter(|_| rule.kind.removes()).map_or(String::new(), |w| count(w.removed_alone)),
            without.map_or(String::new(), |w| count(w.choices_changed)),
        ];
        row.extend(match without.and_then(|w| w.value_cost.first()).and_then(Option::as_ref) {
            Some(cost) => [signed(cost.value), interval(cost.low, cost.high)],
            None => [String::new(), String::new()],
        });
        table.row(row);
    }
    text.push_str(&table.text(2));
    if let Some(without) = report.rules.iter().find_map(|rule| rule.without.as_ref()) {
        let alone = match without.alone_rows < without.rows {
            true => format!("; alone: on {} of these", count(without.alone_rows)),
            false => String::new(),
        };
        let line = format!(
            "From “alone” on: the policy with itself, one of them switched off, on {} rows{alone}.",
            count(without.rows)
        );
        text.push_str(&wrap(&line, 2, WIDTH));
    }
}

fn segments(report: &Report, text: &mut String) {
    let Some(segments) = &report.segments else { return };
    text.push_str(&format!("\n{} by {}\n", segments.outcome, segments.column));
    let mut table = Table::new(&["part", "rows", "contacted", "value", "95 % interval", "lift", "95 % interval"]);
    for part in &segments.parts {
        let mut row = vec![part.name.clone(), count(part.n), percent(part.share_contacted)];
        row.extend(estimate(part.value.as_ref()));
        row.extend(estimate(part.lift.as_ref()));
        table.row(row);
    }
    text.push_str(&table.text(2));
    for part in &segments.parts {
        if let Some(refusal) = &part.refusal {
            let line = format!("No value for {}: {}.", part.name, refusal.reasons.join("; "));
            text.push_str(&wrap(&line, 2, WIDTH));
        }
    }
}

/// Weeks shown as text at each end; JSON has all.
const MOST_WEEKS: usize = 12;

/// Contacts, caps, what was put off and budgets, week by week.
fn weeks(weeks: &[Week], text: &mut String) {
    let Some(first) = weeks.first() else { return };
    text.push_str("\nWeek by week\n");
    let caps: Vec<&str> = first.cap_hits.iter().map(|(id, _)| id.as_str()).collect();
    let budgets: Vec<&str> = first.budgets.iter().map(|budget| budget.id.as_str()).collect();
    let deferred = weeks.iter().any(|week| week.deferrals > 0);
    let mut header: Vec<String> = ["week from", "decisions", "contacts", "no action"].map(str::to_owned).to_vec();
    header.extend(caps.iter().map(|id| format!("stopped by {id}")));
    if deferred {
        header.push("put off".into());
    }
    header.extend(budgets.iter().flat_map(|id| [format!("{id} spent"), "may by then".into()]));
    let mut table = Table::new(&header.iter().map(String::as_str).collect::<Vec<_>>());
    let shown = |number: usize| number < MOST_WEEKS || number + MOST_WEEKS >= weeks.len();
    for week in weeks.iter().enumerate().filter(|(number, _)| shown(*number)).map(|(_, week)| week) {
        let mut row = vec![day(week.start), count(week.decisions), count(week.contacts), percent(week.no_action_share)];
        row.extend(caps.iter().map(|id| {
            let hits = week.cap_hits.iter().find(|(own, _)| own == id);
            hits.map_or(String::new(), |(_, hits)| count(*hits))
        }));
        if deferred {
            row.push(count(week.deferrals));
        }
        for id in &budgets {
            let own = week.budgets.iter().find(|budget| budget.id == *id);
            row.push(own.map_or(String::new(), |own| number(own.spent)));
            // Without pacing the whole budget may be spent at once.
            row.push(own.and_then(|own| own.pace.or(own.max)).map_or(String::new(), number));
        }
        table.row(row);
    }
    text.push_str(&table.text(2));
    if weeks.len() > 2 * MOST_WEEKS {
        let left_out = weeks.len() - 2 * MOST_WEEKS;
        text.push_str(&format!(
            "  The first and the last {MOST_WEEKS} weeks; {left_out} between them are in --json.\n"
        ));
    }
}

fn estimate(estimate: Option<&Estimate>) -> [String; 2] {
    match estimate {
        Some(e) => [number(e.value), interval(e.low, e.high)],
        None => ["not given".to_owned(), String::new()],
    }
}

fn signed(x: f64) -> String {
    if x < 0.0 { number(x) } else { format!("+{}", number(x)) }
}
