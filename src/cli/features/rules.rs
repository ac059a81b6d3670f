//! Rules of features at a decision as arguments and in words: `--fresh balance:balance_at:7d`, `--when-missing balance=0`,
//! `--when-missing plan=refuse`.

use crate::cli::console::{Failure, Result};
use crate::cli::table::{Table, wrap};
use attune_lab::Error;
use attune_lab::features::entry::{self, FieldRule};
use attune_lab::project::{self, Parts};
use attune_policy::clock::length;
use attune_policy::schema::{Freshness, Missing};
use serde_json::json;
use std::collections::BTreeMap;

/// What `--fresh` takes, for its help.
pub fn fresh_help() -> &'static str {
    "How old a feature's value may be at a decision, as NAME:AT:AGE; AT is the time field that says when the value stood. AGE is a whole \
     number of s, m, h, d or w: 7d, 36h. An older value is treated as missing. NAME:none takes the rule out. May be given several times"
}

/// What `--when-missing` takes, for its help.
pub fn missing_help() -> &'static str {
    "What is done where a feature is missing or too old: NAME=VALUE (the value stands in, in training too), NAME=refuse (the policy does \
     not decide), NAME=unknown (nothing). A text that is one of these words is written NAME='\"refuse\"'. May be given several times"
}

/// Puts the rules that the arguments ask for into a project; what was done, a phrase each.
pub fn put(parts: &mut Parts, fresh: &[String], missing: &[String]) -> Result<Vec<String>> {
    let mut done = Vec::new();
    for argument in fresh {
        let (name, freshness) = freshness(parts, argument)?;
        let words = match &freshness {
            Some(freshness) => format!("that `{name}` may be {} old by `{}`", length(freshness.max_age), freshness.at),
            None => format!("that `{name}` may be of any age"),
        };
        project::set_freshness(parts, &name, freshness).map_err(|error| wrong("--fresh", argument, &error))?;
        done.push(words);
    }
    for argument in missing {
        let (name, rule) = missing_rule(parts, argument)?;
        project::set_missing(parts, &name, rule.clone()).map_err(|error| wrong("--when-missing", argument, &error))?;
        done.push(match rule {
            Missing::Unknown => format!("that a missing `{name}` is unknown"),
            Missing::Default(value) => format!("that {value} stands in for a missing `{name}`"),
            Missing::Refuse => format!("that the policy does not decide without `{name}`"),
        });
    }
    Ok(done)
}

/// The rules of a project, each with the reason why it is not in force where it is not.
pub fn with_reasons(parts: &Parts) -> BTreeMap<String, (FieldRule, Option<String>)> {
    let rules = project::field_rules(parts).into_iter();
    rules.map(|(name, rule)| (name.clone(), (rule, project::why_idle(parts, &name)))).collect()
}

/// The rules of a project in a table, those not in force below it with the command that takes them out; empty where there is none.
/// `project` is its folder.
pub fn text(rules: &BTreeMap<String, (FieldRule, Option<String>)>, project: &str) -> String {
    let mut table = Table::new(&["feature", "at a decision"]);
    let mut idle = String::new();
    let mut count = 0;
    for (name, (rule, why)) in rules {
        match why {
            None => {
                count += 1;
                table.row(vec![name.clone(), rule.words()]);
            }
            Some(why) => idle.push_str(&wrap(
                &format!(
                    "- Not in force: {why} ({}). To take the rule out: attune features {project}{}",
                    rule.words(),
                    without(name, rule)
                ),
                2,
                110,
            )),
        }
    }
    match (count, rules.is_empty()) {
        (_, true) => String::new(),
        (0, _) => format!("\nRules of features: none in force\n{idle}"),
        _ => format!("\nRules of features: {count}\n{}{idle}", table.text(2)),
    }
}

/// The arguments that take a rule out.
fn without(name: &str, rule: &FieldRule) -> String {
    let fresh = rule.freshness.as_ref().map(|_| format!(" --fresh {name}:none")).unwrap_or_default();
    let missing = if rule.missing.is_unknown() { String::new() } else { format!(" --when-missing {name}=unknown") };
    format!("{fresh}{missing}")
}

/// The same for programs.
pub fn value(rules: &BTreeMap<String, (FieldRule, Option<String>)>) -> serde_json::Value {
    let one = |(name, (rule, why)): (&String, &(FieldRule, Option<String>))| {
        json!({
            "feature": name,
            "freshness": rule.freshness,
            "missing": rule.missing,
            "what": rule.words(),
            "in_force": why.is_none(),
            "why_not": why,
        })
    };
    rules.iter().map(one).collect()
}

fn wrong(flag: &str, argument: &str, error: &Error) -> Failure {
    Failure::Usage(format!("{flag} `{argument}`: {error}"))
}

/// The identifier of a feature that is named as in rules or as in its file.
fn named(parts: &Parts, name: &str) -> String {
    let name = name.trim();
    let columns = parts.sources.iter().flat_map(|source| &source.columns);
    let by_source = || columns.clone().find(|column| column.source == name).map(|column| column.name.clone());
    match parts.roles.columns.contains_key(name) {
        true => name.to_owned(),
        false => by_source().unwrap_or_else(|| name.to_owned()),
    }
}

fn freshness(parts: &Parts, argument: &str) -> Result<(String, Option<Freshness>)> {
    let usage = |why: &str| Failure::Usage(format!("--fresh `{argument}`: {why}"));
    let cells: Vec<&str> = argument.rsplitn(3, ':').collect();
    match cells[..] {
        ["none", name] if !name.is_empty() => Ok((named(parts, name), None)),
        [text, at, name] if !name.is_empty() && !at.is_empty() => {
            let max_age = seconds(text.trim()).ok_or_else(|| {
                usage(&format!(
                    "`{text}` is no age; write a whole number of s, m, h, d or w (seconds to weeks), such as 7d or 36h"
                ))
            })?;
            Ok((named(parts, name), Some(Freshness { at: named(parts, at), max_age })))
        }
        _ => Err(usage("write it as NAME:AT:AGE, such as balance:balance_at:7d, or NAME:none")),
    }
}

/// An age in seconds.
fn seconds(text: &str) -> Option<u64> {
    let unit = match text.chars().last()? {
        's' => 1,
        'm' => 60,
        'h' => 3_600,
        'd' => 86_400,
        'w' => 7 * 86_400,
        _ => return None,
    };
    text[..text.len() - 1].trim().parse::<u64>().ok()?.checked_mul(unit)
}

fn missing_rule(parts: &Parts, argument: &str) -> Result<(String, Missing)> {
    let Some((name, text)) = argument.split_once('=').filter(|(name, text)| !name.is_empty() && !text.is_empty())
    else {
        return Err(Failure::Usage(format!(
            "--when-missing `{argument}`: write it as NAME=VALUE, NAME=refuse or NAME=unknown, such as balance=0"
        )));
    };
    let (name, text) = (named(parts, name), text.trim());
    let rule = match text {
        "refuse" => Missing::Refuse,
        "unknown" => Missing::Unknown,
        _ => {
            let type_ = project::field_type(parts, &name).map_err(|error| wrong("--when-missing", argument, &error))?;
            let value = entry::parse(text, type_).ok_or_else(|| {
                let type_ = type_.map_or_else(String::new, |type_| type_.to_string());
                Failure::Usage(format!(
                    "--when-missing `{argument}`: `{name}` is of the type {type_}, and `{text}` is none; give a value of it, refuse or unknown"
                ))
            })?;
            Missing::Default(value)
        }
    };
    Ok((name, rule))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_are_read_as_written() {
        for (text, expected) in [
            ("90s", Some(90)),
            ("36h", Some(129_600)),
            ("7d", Some(604_800)),
            ("2w", Some(1_209_600)),
            ("5m", Some(300)),
            ("7", None),
            ("7x", None),
            ("d", None),
            ("-1d", None),
            ("1.5d", None),
            ("", None),
            ("99999999999999999999d", None),
            ("7é", None),
        ] {
            assert_eq!(seconds(text), expected, "{text}");
        }
    }
}
