//! Column names as Rhai identifiers: `emp.var.rate` → `emp_var_rate`, `default` → `default_`.

use attune_policy::language::{Term, functions};
use std::collections::HashSet;

/// Rhai's keywords and reserved words.
const RHAI: &str = "as async await break call case catch const continue curry debug default do each else eval exit \
    export false fn for global go goto if import in is is_def_fn is_def_var is_shared let loop match \
    module new nil null package print private protected public return shared spawn static super switch \
    sync then this thread throw true try type type_of unless until use var void while with yield Fn";

/// Words that no column is called: Rhai's, and the names of rules' own functions and terms, so that `month` in a rule never
/// means two things.
fn is_reserved(name: &str) -> bool {
    let is_term = || Term::ALL.iter().any(|term| term.name() == name);
    RHAI.split(' ').any(|word| word == name) || name == "action" || functions::find(name).is_some() || is_term()
}

/// A unique identifier for each source name, in order. Equal inputs give equal outputs on every machine.
pub fn identifiers(sources: &[String]) -> Vec<String> {
    let mut taken: HashSet<String> = HashSet::new();
    let mut names = Vec::with_capacity(sources.len());
    for (i, source) in sources.iter().enumerate() {
        let base = identifier(source, i);
        let mut name = base.clone();
        let mut n = 2;
        while !taken.insert(name.clone()) {
            name = format!("{base}_{n}");
            n += 1;
        }
        names.push(name);
    }
    names
}

/// An identifier for one source name: letters without accents, digits and `_`; `position` names a column without name.
fn identifier(source: &str, position: usize) -> String {
    let mut name = String::with_capacity(source.len());
    for c in source.trim().chars() {
        match c {
            'a'..='z' | 'A'..='Z' | '0'..='9' | '_' => name.push(c),
            '%' => push_word(&mut name, "percent"),
            '€' => push_word(&mut name, "eur"),
            '$' => push_word(&mut name, "usd"),
            _ => match plain_letters(c) {
                Some(letters) => name.push_str(letters),
                None => push_separator(&mut name),
            },
        }
    }
    while name.ends_with('_') && !source.ends_with('_') {
        name.pop();
    }
    if name.chars().all(|c| c == '_') {
        return format!("column_{}", position + 1);
    }
    if name.starts_with(|c: char| c.is_ascii_digit()) {
        name.insert_str(0, "c_");
    }
    if is_reserved(&name) {
        name.push('_');
    }
    name
}

fn push_separator(name: &mut String) {
    if !name.is_empty() && !name.ends_with('_') {
        name.push('_');
    }
}

fn push_word(name: &mut String, word: &str) {
    push_separator(name);
    name.push_str(word);
}

/// Latin letters without their accents.
fn plain_letters(c: char) -> Option<&'static str> {
    Some(match c {
        'à' | 'á' | 'â' | 'ã' | 'å' | 'ā' | 'ă' | 'ą' => "a",
        'À' | 'Á' | 'Â' | 'Ã' | 'Å' => "A",
        'ä' | 'æ' => "ae",
        'Ä' | 'Æ' => "Ae",
        'ç' | 'ć' | 'č' => "c",
        'Ç' | 'Ć' | 'Č' => "C",
        'ď' | 'đ' => "d",
        'è' | 'é' | 'ê' | 'ë' | 'ē' | 'ę' | 'ě' => "e",
        'È' | 'É' | 'Ê' | 'Ë' => "E",
        'ğ' => "g",
        'ì' | 'í' | 'î' | 'ï' | 'ı' | 'ī' => "i",
        'Ì' | 'Í' | 'Î' | 'Ï' | 'İ' => "I",
        'ł' => "l",
        'Ł' => "L",
        'ñ' | 'ń' | 'ň' => "n",
        'Ñ' => "N",
        'ò' | 'ó' | 'ô' | 'õ' | 'ø' | 'ō' => "o",
        'Ò' | 'Ó' | 'Ô' | 'Õ' | 'Ø' => "O",
        'ö' | 'œ' => "oe",
        'Ö' | 'Œ' => "Oe",
        'ř' => "r",
        'ś' | 'š' | 'ş' => "s",
        'Ś' | 'Š' | 'Ş' => "S",
        'ß' => "ss",
        'ť' => "t",
        'ù' | 'ú' | 'û' | 'ů' | 'ū' => "u",
        'Ù' | 'Ú' | 'Û' => "U",
        'ü' => "ue",
        'Ü' => "Ue",
        'ý' | 'ÿ' => "y",
        'ź' | 'ż' | 'ž' => "z",
        'Ź' | 'Ż' | 'Ž' => "Z",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_source_name_becomes_a_unique_identifier() {
        let cases: &[(&[&str], &[&str])] = &[
            (&["emp.var.rate", "default", "y"], &["emp_var_rate", "default_", "y"]),
            (&["a b", "a-b", "a_b"], &["a_b", "a_b_2", "a_b_3"]),
            (&["", " ", "___"], &["column_1", "column_2", "column_3"]),
            (&["2024 sales", "7"], &["c_2024_sales", "c_7"]),
            (&["Größe", "Étage", "Straße"], &["Groesse", "Etage", "Strasse"]),
            (&["discount %", "price €"], &["discount_percent", "price_eur"]),
            (&["action", "score", "value", "hour", "Fn"], &["action_", "score_", "value_", "hour_", "Fn_"]),
            (&["x", "x", "x_2"], &["x", "x_2", "x_2_2"]),
            (&["日付", "_id", "id_"], &["column_1", "_id", "id_"]),
            (&["Customer (ID)"], &["Customer_ID"]),
        ];
        for (sources, expected) in cases {
            let sources: Vec<String> = sources.iter().map(|s| (*s).to_owned()).collect();
            assert_eq!(identifiers(&sources), *expected, "{sources:?}");
        }
    }
}
