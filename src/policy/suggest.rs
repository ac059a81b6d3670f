//! Did you mean …: the nearest known name to one that is not known.

/// "`recencyy` is not a field; did you mean `recency`?"
pub fn unknown_name<'a>(what: &str, name: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    match nearest(name, known) {
        Some(near) => format!("`{name}` is not {what} of this policy; did you mean `{near}`?"),
        None => format!("`{name}` is not {what} of this policy"),
    }
}

/// The known name closest to `name`, when it is close enough to be a slip: at most a third of the letters differ.
pub fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let allowed = (name.chars().count() / 3).max(1);
    known
        .into_iter()
        .map(|candidate| (distance(name, candidate), candidate))
        .filter(|(d, _)| *d <= allowed)
        .min()
        .map(|(_, candidate)| candidate)
}

/// Edit distance with swaps of neighbours counted as two, ignoring case.
fn distance(a: &str, b: &str) -> usize {
    let a: Vec<char> = a.chars().flat_map(char::to_lowercase).take(64).collect();
    let b: Vec<char> = b.chars().flat_map(char::to_lowercase).take(64).collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut diagonal = i;
        let mut left = i + 1;
        for (cell, y) in row.iter_mut().skip(1).zip(&b) {
            let up = *cell;
            let best = (up + 1).min(left + 1).min(diagonal + usize::from(x != y));
            diagonal = up;
            left = best;
            *cell = best;
        }
        if let Some(first) = row.first_mut() {
            *first = i + 1;
        }
    }
    row.last().copied().unwrap_or(a.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_recognised_and_strangers_are_not() {
        let known = ["recency", "history", "mens", "womens"];
        assert_eq!(nearest("recencyy", known), Some("recency"));
        assert_eq!(nearest("Recency", known), Some("recency"));
        assert_eq!(nearest("histroy", known), Some("history"));
        assert_eq!(nearest("mesn", ["mens"]), None);
        assert_eq!(nearest("zip_code", known), None);
        assert_eq!(nearest("", known), None);
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("abc", ""), 3);
    }
}
