//! Contact policy, zones and send times: what they name, and what of them could never work.

use super::Findings;
use super::layers::scope;
use crate::action::Direction;
use crate::contact::{Budget, Cap, CapTarget, Clock, EventKind, OnHit, Period, QuietHours, Window};
use crate::decide::contact::{MOST_TAGS, counted_tags};
use crate::diagnostic::Part;
use crate::document::Document;
use crate::suggest::unknown_name;
use crate::value::Type;
use crate::zones;

/// Checks the parts in document order.
pub fn check(document: &Document, findings: &mut Findings) {
    zones_of(document, findings);
    let d = document;
    findings.slugs(d.caps.iter().map(|part| part.id.as_str()), |id| Part::Cap(id.to_owned()));
    findings.slugs(d.suppressions.iter().map(|part| part.id.as_str()), |id| Part::Suppression(id.to_owned()));
    findings.slugs(d.cool_downs.iter().map(|part| part.id.as_str()), |id| Part::CoolDown(id.to_owned()));
    findings.slugs(d.exclusions.iter().map(|part| part.id.as_str()), |id| Part::Exclusion(id.to_owned()));
    findings.slugs(d.quiet_hours.iter().map(|part| part.id.as_str()), |id| Part::QuietHours(id.to_owned()));
    findings.slugs(d.stocks.iter().map(|part| part.id.as_str()), |id| Part::Stock(id.to_owned()));
    findings.slugs(d.budgets.iter().map(|part| part.id.as_str()), |id| Part::Budget(id.to_owned()));
    findings.slugs(d.send_times.iter().map(|part| part.id.as_str()), |id| Part::SendTime(id.to_owned()));
    let tags = counted_tags(document).len();
    if tags > MOST_TAGS {
        findings
            .error(Part::Policy, format!("its caps name {tags} different tags; at most {MOST_TAGS} can be counted"));
    }
    for cap in &d.caps {
        check_cap(document, cap, findings);
    }
    for part in &d.suppressions {
        let name = || Part::Suppression(part.id.clone());
        event(&part.outcome, name(), findings);
        target(document, &part.target, name(), findings);
        // One that names an inbound channel holds there.
        channel(document, part.channel.as_deref(), None, name(), findings);
        if part.times == 0 {
            findings.error(name(), "it needs 0 outcomes and would suppress always; let it need at least 1");
        }
        for (what, seconds) in [("time it counts over", part.within), ("time it suppresses for", part.for_)] {
            length(what, seconds, name(), findings);
        }
    }
    for part in &d.cool_downs {
        let name = || Part::CoolDown(part.id.clone());
        event(&part.event, name(), findings);
        target(document, &part.target, name(), findings);
        channel(document, part.channel.as_deref(), Some("a cool-down"), name(), findings);
        length("gap", part.gap, name(), findings);
        on_hit(document, &part.on_hit, name(), findings);
    }
    for part in &d.exclusions {
        let name = || Part::Exclusion(part.id.clone());
        event(&part.event, name(), findings);
        for member in &part.members {
            scope(document, member, name(), findings);
        }
        if part.members.is_empty() {
            findings.error(name(), "its set is empty; name the actions that do not go together");
        }
        if part.at_most == 0 {
            findings.error(name(), "it lets none of its set through; give at least 1, or remove the actions by a rule");
        }
        window(part.window, name(), findings);
    }
    for part in &d.quiet_hours {
        quiet_hours(document, part, findings);
    }
    all_day(document, findings);
    for part in &d.stocks {
        let name = || Part::Stock(part.id.clone());
        event(&part.event, name(), findings);
        if !d.actions.iter().any(|action| action.id == part.action) {
            let actions = d.actions.iter().map(|action| action.id.as_str());
            findings.error(name(), unknown_name("an action", &part.action, actions));
        }
        if part.units == 0 {
            findings.warning(name(), "there were 0 units to begin with; nothing can be handed out");
        }
        instant("beginning", part.since, name(), findings);
    }
    for part in &d.budgets {
        budget(document, part, findings);
    }
    for (i, part) in d.send_times.iter().enumerate() {
        let name = || Part::SendTime(part.id.clone());
        channel(document, part.channel.as_deref(), Some("a send time"), name(), findings);
        if part.within == 0 {
            findings.warning(name(), "it looks 0 hours ahead and always sends now; give it a horizon, such as 24");
        }
        let earlier =
            d.send_times.iter().take(i).find(|other| other.channel.is_none() || other.channel == part.channel);
        if let Some(earlier) = earlier {
            let message = "speaks of its channel already, and the first is used; take one of them out";
            findings.warning(name(), format!("`{}` {message}", earlier.id));
        }
    }
}

fn zones_of(document: &Document, findings: &mut Findings) {
    let zones = &document.zones;
    let named = zones.regions.values().flatten().chain(&zones.project);
    for name in named.filter(|name| zones::find(name).is_none()) {
        let known: Vec<String> = zones::names();
        let hint = crate::suggest::hint(name, known.iter().map(String::as_str));
        findings.error(Part::Zones, format!("`{name}` is not a time zone, such as Europe/Berlin{hint}"));
    }
    for (region, _) in zones.regions.iter().filter(|(_, names)| names.is_empty()) {
        findings.error(Part::Zones, format!("the region `{region}` has no zone; give it one, or take it out"));
    }
    if let Some(field) = &zones.region {
        let context = crate::language::Context::new(document);
        match context.variables().iter().find(|variable| variable.name == *field) {
            None => {
                let fields = context.variables().iter().map(|variable| variable.name.as_str());
                findings.error(Part::Zones, unknown_name("a field", field, fields));
            }
            Some(variable) if variable.type_ != Type::Text => {
                let message = format!("the region is read from `{field}`, a {}; name a text", variable.type_);
                findings.error(Part::Zones, message);
            }
            Some(_) if zones.regions.is_empty() => {
                findings.warning(Part::Zones, format!("`{field}` names the region, but no region has a zone"));
            }
            Some(_) => {}
        }
    } else if !zones.regions.is_empty() && !zones.strict {
        findings
            .warning(Part::Zones, "no field names the subject's region, so that the zones of regions are never used");
    }
}

fn check_cap(document: &Document, cap: &Cap, findings: &mut Findings) {
    let part = || Part::Cap(cap.id.clone());
    match cap.limit {
        None if cap.enabled => {
            findings.warning(part(), "it has no limit, so it blocks nothing; give it one, or take it out")
        }
        Some(0) if cap.enabled => {
            findings
                .warning(part(), "its limit is 0: it blocks every candidate it speaks of; for no limit, leave it out");
        }
        _ => {}
    }
    window(Some(cap.window), part(), findings);
    event(&cap.event, part(), findings);
    target(document, &cap.target, part(), findings);
    channel(document, cap.channel.as_deref(), Some("a cap"), part(), findings);
    on_hit(document, &cap.on_hit, part(), findings);
    if cap.on_hit == OnHit::Defer && cap.window == Window::Lifetime {
        findings.warning(part(), "it counts a lifetime and never ends, so nothing can wait for it: it removes");
    }
}

fn quiet_hours(document: &Document, quiet: &QuietHours, findings: &mut Findings) {
    let part = || Part::QuietHours(quiet.id.clone());
    channel(document, quiet.channel.as_deref(), Some("quiet hours"), part(), findings);
    on_hit(document, &quiet.on_hit, part(), findings);
    if let Some(day) = quiet.weekdays.iter().find(|day| !(1..=7).contains(*day)) {
        findings.error(part(), format!("{day} is not a day of the week; 1 is Monday, 7 is Sunday"));
    }
}

/// Channels on which it is quiet at every minute of the week, by the hours that hold everywhere.
fn all_day(document: &Document, findings: &mut Findings) {
    const DAY: usize = 1440;
    let always: Vec<&QuietHours> =
        document.quiet_hours.iter().filter(|quiet| quiet.enabled && quiet.when.is_none()).collect();
    let outbound = document.channels.iter().filter(|channel| channel.direction == Direction::Outbound);
    for channel in outbound {
        let mut quiet = vec![false; 7 * DAY];
        let speaks = |hours: &&&QuietHours| hours.channel.as_ref().is_none_or(|id| *id == channel.id);
        for hours in always.iter().filter(speaks) {
            let (from, until) = (usize::from(hours.from.minutes()), usize::from(hours.until.minutes()));
            let length = if from < until { until - from } else { DAY - from + until };
            let days = (1..=7u8).filter(|day| hours.weekdays.is_empty() || hours.weekdays.contains(day));
            for day in days {
                for minute in 0..length {
                    let at = ((usize::from(day) - 1) * DAY + from + minute) % (7 * DAY);
                    if let Some(minute) = quiet.get_mut(at) {
                        *minute = true;
                    }
                }
            }
        }
        if let (true, Some(last)) = (quiet.iter().all(|quiet| *quiet), always.iter().rfind(speaks)) {
            let message = format!("with it, it is quiet on `{}` all day, every day: nothing ever goes out", channel.id);
            findings.warning(Part::QuietHours(last.id.clone()), message);
        }
    }
}

fn budget(document: &Document, budget: &Budget, findings: &mut Findings) {
    let part = || Part::Budget(budget.id.clone());
    scope(document, &budget.scope, part(), findings);
    event(&budget.event, part(), findings);
    for (what, amount) in [("maximum", budget.max), ("minimum", budget.min), ("slack", budget.pacing)] {
        if let Some(amount) = amount {
            findings.not_negative(part(), what, amount);
        }
    }
    match (budget.min, budget.max) {
        (Some(min), Some(max)) if min > max => {
            findings.error(part(), format!("its minimum {min} is above its maximum {max}; it could never be met"));
        }
        (None, None) => {
            findings.warning(part(), "it has neither a maximum nor a minimum and binds nothing; give it one");
        }
        _ => {}
    }
    if let Some((period, clock)) = budget.reset {
        week(period, part(), findings);
        if clock == Clock::Subject {
            findings.error(
                part(),
                "it belongs to everybody and cannot begin anew by each subject's clock; name the project's or UTC",
            );
        }
    }
    if budget.pacing.is_some() {
        if budget.max.is_none() {
            findings.error(part(), "it is paced towards a maximum it does not have; give it one");
        }
        if budget.reset.is_none() && (budget.from.is_none() || budget.until.is_none()) {
            findings.error(part(), "it is paced over a time it does not have; say when it begins and ends, or after which period it begins anew");
        }
    }
    instant("begin", budget.from, part(), findings);
    instant("end", budget.until, part(), findings);
    if budget.from.zip(budget.until).is_some_and(|(from, until)| from >= until) {
        findings.error(part(), "it ends before it begins; nothing could be spent");
    }
}

fn event(event: &EventKind, part: Part, findings: &mut Findings) {
    if matches!(event, EventKind::Custom(name) if name.trim().is_empty()) {
        findings.error(part, "the event it counts has no name");
    }
}

fn target(document: &Document, target: &CapTarget, part: Part, findings: &mut Findings) {
    if let CapTarget::Tag(tag) = target
        && !document.actions.iter().any(|action| action.tags.contains(tag))
    {
        let tags = document.actions.iter().flat_map(|action| action.tags.iter().map(String::as_str));
        findings.error(part, unknown_name("a tag", tag, tags));
    }
}

/// A channel that must be known and, for what speaks of outbound contacts alone (`outbound` says what that is), outbound.
fn channel(document: &Document, id: Option<&str>, outbound: Option<&str>, part: Part, findings: &mut Findings) {
    let Some(id) = id else { return };
    match document.channels.iter().find(|channel| channel.id == *id) {
        None => {
            let channels = document.channels.iter().map(|channel| channel.id.as_str());
            findings.error(part, unknown_name("a channel", id, channels));
        }
        Some(channel) if channel.direction == Direction::Inbound => {
            if let Some(what) = outbound {
                let what = what.strip_prefix("a ").map_or(what.to_owned(), |what| format!("{what}s"));
                let message = format!(
                    "it names the inbound channel `{id}`; {what} speak of outbound contacts, so it blocks nothing"
                );
                findings.warning(part, message);
            }
        }
        Some(_) => {}
    }
}

fn on_hit(document: &Document, on_hit: &OnHit, part: Part, findings: &mut Findings) {
    let OnHit::Reroute(channels) = on_hit else { return };
    if channels.is_empty() {
        findings.error(part.clone(), "it reroutes to no channel; name one, or let it drop");
    }
    for id in channels {
        if !document.channels.iter().any(|channel| channel.id == *id) {
            let channels = document.channels.iter().map(|channel| channel.id.as_str());
            findings.error(part.clone(), unknown_name("a channel", id, channels));
            continue;
        }
        let mut treatments = document.actions.iter().flat_map(|action| &action.treatments);
        if !treatments.any(|treatment| treatment.standby && treatment.channel == *id) {
            let message = "no treatment stands by there, so nothing takes over; mark one as standing by";
            findings.warning(part.clone(), format!("it reroutes to `{id}`, but {message}"));
        }
    }
}

fn window(window: Option<Window>, part: Part, findings: &mut Findings) {
    match window {
        Some(Window::Rolling(0)) => {
            findings.error(part, "its window is 0 seconds long and counts nothing; give it a length");
        }
        Some(Window::Calendar(period, _)) => week(period, part, findings),
        _ => {}
    }
}

fn week(period: Period, part: Part, findings: &mut Findings) {
    if let Period::Week(day) = period
        && !(1..=7).contains(&day)
    {
        findings.error(part, format!("its week begins on day {day}; 1 is Monday, 7 is Sunday"));
    }
}

fn length(what: &str, seconds: u64, part: Part, findings: &mut Findings) {
    if seconds == 0 {
        findings.error(part, format!("the {what} is 0 seconds long and does nothing; give it a length"));
    }
}

fn instant(what: &str, ms: Option<i64>, part: Part, findings: &mut Findings) {
    if let Some(ms) = ms.filter(|ms| !crate::instant::is_in_calendar(*ms)) {
        findings.error(part, format!("its {what}, {ms} ms, is not an instant of the calendar; give a date"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::check;
    use crate::contact::{CoolDown, Exclusion, Measure, Stock, Suppression, TimeOfDay};
    use crate::rule::Scope;
    use crate::testing::sample;
    use crate::zones::SendTime;

    fn quiet() -> QuietHours {
        QuietHours::us_telephone("q", "email", None)
    }

    fn suppression() -> Suppression {
        Suppression {
            id: "s".into(),
            name: "S".into(),
            outcome: EventKind::Reject,
            times: 1,
            within: 60,
            for_: 60,
            target: CapTarget::Action,
            channel: None,
            enabled: true,
        }
    }

    fn cool_down() -> CoolDown {
        CoolDown {
            id: "c".into(),
            name: "C".into(),
            target: CapTarget::All,
            channel: None,
            event: EventKind::Sent,
            gap: 60,
            on_hit: OnHit::Drop,
            enabled: true,
        }
    }

    fn exclusion() -> Exclusion {
        Exclusion {
            id: "e".into(),
            name: "E".into(),
            members: vec![Scope::All],
            at_most: 1,
            event: EventKind::Sent,
            window: None,
            enabled: true,
        }
    }

    fn a_budget() -> Budget {
        Budget {
            id: "b".into(),
            name: "B".into(),
            scope: Scope::All,
            measure: Measure::Count,
            event: EventKind::Sent,
            max: Some(10.0),
            min: None,
            reset: None,
            from: None,
            until: None,
            pacing: None,
            enabled: true,
        }
    }

    fn stock(action: &str) -> Stock {
        Stock { id: "k".into(), action: action.into(), units: 1, event: EventKind::Accept, since: None }
    }

    fn send_time(channel: Option<&str>, within: u32) -> SendTime {
        SendTime { id: "t".into(), channel: channel.map(str::to_owned), hour: "18".into(), within }
    }

    fn findings(change: &dyn Fn(&mut Document)) -> Vec<String> {
        let mut document = sample();
        (document.caps, document.suppressions, document.cool_downs, document.exclusions) = Default::default();
        (document.quiet_hours, document.stocks, document.budgets, document.send_times) = Default::default();
        document.zones = Default::default();
        let known: Vec<String> = check(&document).iter().map(ToString::to_string).collect();
        change(&mut document);
        let found = check(&document).into_iter().map(|finding| format!("{:?} {finding}", finding.severity));
        found.filter(|text| !known.iter().any(|known| text.ends_with(known.as_str()))).collect()
    }

    #[test]
    fn sound_parts_have_no_findings() {
        let found = findings(&|d| {
            d.quiet_hours = vec![quiet()];
            d.suppressions = vec![suppression()];
            d.cool_downs = vec![cool_down()];
            d.exclusions = vec![exclusion()];
            d.budgets = vec![a_budget()];
            d.stocks = vec![stock(&d.actions[0].id)];
            d.send_times = vec![send_time(None, 24)];
            d.zones.project = Some("Europe/Berlin".into());
        });
        assert_eq!(found, Vec::<String>::new());
    }

    #[test]
    fn every_slip_is_found_with_its_part_and_what_to_do() {
        type Change = &'static dyn Fn(&mut Document);
        fn with_cap(change: impl Fn(&mut Cap)) -> impl Fn(&mut Document) {
            move |d| {
                let mut cap = Cap { id: "cap".into(), limit: Some(1), window: Window::Rolling(60), ..Cap::default() };
                change(&mut cap);
                d.caps = vec![cap];
            }
        }
        type Boxed = Box<dyn Fn(&mut Document)>;
        let caps: [(Boxed, &str); 5] = [
            (
                Box::new(with_cap(|c| c.window = Window::Calendar(Period::Week(0), Clock::Utc))),
                "Error cap `cap`: its week",
            ),
            (Box::new(with_cap(|c| c.on_hit = OnHit::Reroute(vec![]))), "Error cap `cap`: it reroutes to no channel"),
            (
                Box::new(with_cap(|c| c.on_hit = OnHit::Reroute(vec!["fx".into()]))),
                "Error cap `cap`: `fx` is not a channel",
            ),
            (
                Box::new(with_cap(|c| c.on_hit = OnHit::Reroute(vec!["email".into()]))),
                "Warning cap `cap`: it reroutes to",
            ),
            (
                Box::new(with_cap(|c| (c.on_hit, c.window) = (OnHit::Defer, Window::Lifetime))),
                "Warning cap `cap`: it counts a lifetime",
            ),
        ];
        for (change, expected) in &caps {
            assert!(
                findings(change).iter().any(|text| text.starts_with(expected)),
                "{expected} {:?}",
                findings(change)
            );
        }
        let table: [(Change, &str); 31] = [
            (&|d| d.zones.project = Some("Europe/Berlim".into()), "did you mean `Europe/Berlin`?"),
            (&|d| d.zones.regions = [("de".to_owned(), vec![])].into(), "the region `de` has no zone"),
            (&|d| d.zones.regions = [("de".to_owned(), vec!["UTC".into()])].into(), "Warning zones: no field names"),
            (&|d| d.zones.region = Some("nowhere".into()), "Error zones: `nowhere` is not a field"),
            (
                &|d| d.suppressions = vec![Suppression { times: 0, ..suppression() }],
                "Error suppression `s`: it needs 0",
            ),
            (&|d| d.suppressions = vec![Suppression { for_: 0, ..suppression() }], "suppresses for is 0 seconds"),
            (&|d| d.suppressions = vec![Suppression { within: 0, ..suppression() }], "counts over is 0 seconds"),
            (
                &|d| d.suppressions = vec![suppression(), suppression()],
                "Error suppression `s`: the id `s` stands twice",
            ),
            (
                &|d| d.suppressions = vec![Suppression { target: CapTarget::Tag("x".into()), ..suppression() }],
                "Error suppression `s`: `x` is not a tag",
            ),
            (&|d| d.cool_downs = vec![CoolDown { gap: 0, ..cool_down() }], "Error cool-down `c`: the gap is 0"),
            (
                &|d| d.cool_downs = vec![CoolDown { channel: Some("emial".into()), ..cool_down() }],
                "Error cool-down `c`: `emial` is not a channel of this policy; did you mean `email`?",
            ),
            (
                &|d| d.cool_downs = vec![CoolDown { event: EventKind::Custom(" ".into()), ..cool_down() }],
                "Error cool-down `c`: the event it counts has no name",
            ),
            (
                &|d| d.exclusions = vec![Exclusion { members: vec![], ..exclusion() }],
                "Error exclusion `e`: its set is empty",
            ),
            (&|d| d.exclusions = vec![Exclusion { at_most: 0, ..exclusion() }], "Error exclusion `e`: it lets none"),
            (
                &|d| d.exclusions = vec![Exclusion { members: vec![Scope::Group("x".into())], ..exclusion() }],
                "Error exclusion `e`: its scope names what is not there: `x` is not a group",
            ),
            (
                &|d| d.exclusions = vec![Exclusion { window: Some(Window::Rolling(0)), ..exclusion() }],
                "Error exclusion `e`: its window is 0",
            ),
            (&|d| d.quiet_hours = vec![QuietHours { weekdays: vec![8], ..quiet() }], "quiet hours `q`: 8 is not a day"),
            (
                &|d| d.quiet_hours = vec![QuietHours { from: TimeOfDay::at(8, 0), ..quiet() }],
                "Warning quiet hours `q`: with it, it is quiet on `email` all day",
            ),
            (
                &|d| {
                    let day = QuietHours {
                        id: "day".into(),
                        from: TimeOfDay::at(8, 0),
                        until: TimeOfDay::at(21, 0),
                        ..quiet()
                    };
                    d.quiet_hours = vec![quiet(), day];
                },
                "Warning quiet hours `day`: with it",
            ),
            (
                &|d| d.quiet_hours = vec![QuietHours { when: Some("1 +".into()), ..quiet() }],
                "Error quiet hours `q`, line 1",
            ),
            (&|d| d.stocks = vec![stock("gone")], "Error stock `k`: `gone` is not an action"),
            (&|d| d.budgets = vec![Budget { min: Some(11.0), ..a_budget() }], "Error budget `b`: its minimum 11"),
            (&|d| d.budgets = vec![Budget { max: None, ..a_budget() }], "Warning budget `b`: it has neither"),
            (
                &|d| d.budgets = vec![Budget { max: Some(f64::NAN), ..a_budget() }],
                "Error budget `b`: its maximum is NaN",
            ),
            (&|d| d.budgets = vec![Budget { pacing: Some(0.1), ..a_budget() }], "Error budget `b`: it is paced over"),
            (
                &|d| d.budgets = vec![Budget { reset: Some((Period::Day, Clock::Subject)), ..a_budget() }],
                "Error budget `b`: it belongs to everybody",
            ),
            (
                &|d| d.budgets = vec![Budget { from: Some(5), until: Some(5), ..a_budget() }],
                "Error budget `b`: it ends before",
            ),
            (&|d| d.budgets = vec![Budget { from: Some(i64::MAX), ..a_budget() }], "Error budget `b`: its begin"),
            (&|d| d.send_times = vec![send_time(Some("emial"), 24)], "Error send time `t`: `emial` is not a channel"),
            (&|d| d.send_times = vec![send_time(None, 0)], "Warning send time `t`: it looks 0 hours"),
            (
                &|d| {
                    let later = SendTime { id: "u".into(), ..send_time(Some("email"), 24) };
                    d.send_times = vec![send_time(None, 24), later];
                },
                "Warning send time `u`: `t` speaks of its channel already",
            ),
        ];
        for (change, expected) in table {
            let found = findings(change);
            assert!(found.iter().any(|text| text.contains(expected)), "{expected}: {found:?}");
        }
    }
}
