//! Did you mean …: the nearest known name to one that is not known.

/// "`recencyy` is not a field; did you mean `recency`?"
pub fn unknown_name<'a>(what: &str, name: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    format!("`{name}` is not {what} of this policy{}", hint(name, known))
}

/// "; did you mean `recency`?", or nothing when no known name is near.
pub fn hint<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    nearest(name, known).map_or(String::new(), |near| format!("; did you mean `{near}`?"))
}

/// Of more names than this the rest is not looked at: a hint must not take longer than the check.
const LOOKED_AT: usize = 2_000;

/// More slips than this make another name, however long it is.
const MOST_SLIPS: usize = 5;

/// The known name closest to `name`, when it is close enough to be a slip; the earlier of two equally close ones.
pub fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let letters = |s: &str| -> Vec<char> { s.chars().flat_map(char::to_lowercase).take(64).collect() };
    let name = letters(name);
    let allowed = match name.len() {
        0..=3 => 1,
        4..=6 => 2,
        n => (n / 3).min(MOST_SLIPS),
    };
    known
        .into_iter()
        .take(LOOKED_AT)
        .filter_map(|candidate| {
            let letters = letters(candidate);
            let d = distance(&name, &letters, allowed)?;
            // Of a slip something is left.
            (d < letters.len().max(name.len())).then_some((d, candidate))
        })
        .min_by_key(|(d, _)| *d)
        .map(|(_, candidate)| candidate)
}

/// Optimal string alignment distance: insertions, deletions, substitutions and swaps of neighbours, each counted as one;
/// `None` when there are more than `most`.
fn distance(a: &[char], b: &[char], most: usize) -> Option<usize> {
    if a.len().abs_diff(b.len()) > most {
        return None;
    }
    let mut before: Vec<usize> = Vec::new();
    let mut above: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, y) in b.iter().enumerate() {
            let at = |r: &[usize], k: usize| r.get(k).copied().unwrap_or(usize::MAX / 2);
            let mut d = (at(&above, j + 1) + 1).min(at(&row, j) + 1).min(at(&above, j) + usize::from(x != y));
            let swapped = i > 0 && j > 0 && a.get(i - 1) == Some(y) && b.get(j - 1) == Some(x);
            if swapped {
                d = d.min(at(&before, j - 1) + 1);
            }
            row.push(d);
        }
        before = std::mem::replace(&mut above, row);
        // No distance is less than the least on its way: in a row, or in the one above it where letters are swapped.
        if before.iter().chain(&above).all(|d| *d > most) {
            return None;
        }
    }
    above.last().copied().filter(|d| *d <= most)
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
        assert_eq!(nearest("mesn", known), Some("mens"));
        assert_eq!(nearest("zip_code", known), None);
        assert_eq!(nearest("xyz", known), None);
        assert_eq!(nearest("", known), None);
        assert_eq!(nearest("a", ["b"]), None);
    }

    #[test]
    fn distances_are_exact_up_to_the_most_that_is_asked_for() {
        let table = [("kitten", "sitting", 3), ("", "abc", 3), ("abc", "", 3), ("ab", "ba", 1), ("abcd", "wxyz", 4)];
        for (a, b, expected) in table {
            let letters = |s: &str| s.chars().collect::<Vec<_>>();
            for most in 0..8 {
                let found = distance(&letters(a), &letters(b), most);
                assert_eq!(found, (expected <= most).then_some(expected), "{a} {b} {most}");
            }
        }
    }
}
