//! Finding by a few letters: the letters must appear in order; starts of words and runs of letters count more.

/// How well `query` fits `text`; `None` when it does not. Higher is better. An empty query fits everything equally.
pub fn score(query: &str, text: &str) -> Option<i32> {
    let wanted: Vec<char> = query.chars().filter(|c| !c.is_whitespace()).flat_map(char::to_lowercase).collect();
    let letters: Vec<char> = text.chars().collect();
    let (mut at, mut total, mut run) = (0, 0, 0);
    for letter in wanted {
        let found = (at..letters.len()).find(|i| letters[*i].to_lowercase().any(|l| l == letter))?;
        run = if found == at && at > 0 { run + 1 } else { 0 };
        let word_start = found == 0 || !letters[found - 1].is_alphanumeric();
        total += 1 + 3 * run + if word_start { 6 } else { 0 } - (found - at).min(8) as i32;
        at = found + 1;
    }
    // Among equals the shorter text is the closer one.
    Some(total * 16 - letters.len().min(120) as i32 / 4)
}

#[cfg(test)]
mod tests {
    use super::score;

    #[test]
    fn better_fits_score_higher() {
        for (query, better, worse) in [
            ("pol", "Go to Policy", "Duplicate model"),
            ("ta", "Train all models", "Go to Data"),
            ("simul", "Go to Simulate", "Switch the similarity rule"),
            ("rec", "recency", "Open recent project"),
        ] {
            let (a, b) = (score(query, better), score(query, worse));
            assert!(a > b, "{query}: {better} {a:?}, {worse} {b:?}");
        }
        assert_eq!(score("xyz", "recency"), None);
        assert!(score("", "anything").is_some());
    }
}
