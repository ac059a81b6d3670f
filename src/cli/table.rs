//! Plain-text tables and numbers for terminals.

/// Rows of cells under a header; columns are as wide as they need, numbers stand to the right.
#[derive(Default)]
pub struct Table {
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table with a header.
    pub fn new(header: &[&str]) -> Table {
        Table { rows: vec![header.iter().map(|cell| (*cell).to_owned()).collect()] }
    }

    /// Appends a row.
    pub fn row(&mut self, cells: Vec<String>) {
        self.rows.push(cells);
    }

    /// The table as lines, each indented.
    pub fn text(&self, indent: usize) -> String {
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or(0);
        let cell = |row: usize, column: usize| self.rows[row].get(column).map_or("", String::as_str);
        let width =
            |column: usize| (0..self.rows.len()).map(|row| cell(row, column).chars().count()).max().unwrap_or(0);
        let widths: Vec<usize> = (0..columns).map(width).collect();
        let right: Vec<bool> = (0..columns)
            .map(|column| {
                let mut cells = (1..self.rows.len())
                    .map(|row| cell(row, column))
                    .filter(|cell| !cell.is_empty() && *cell != UNDEFINED && *cell != NO_INTERVAL)
                    .peekable();
                cells.peek().is_some()
                    && cells.all(|cell| cell.starts_with(|c: char| c.is_ascii_digit() || "+-−∞".contains(c)))
            })
            .collect();
        let mut text = String::new();
        for row in 0..self.rows.len() {
            let mut line = " ".repeat(indent);
            for column in 0..columns {
                let cell = cell(row, column);
                let gap = " ".repeat(widths[column] - cell.chars().count());
                line.push_str(&if right[column] { format!("{gap}{cell}") } else { format!("{cell}{gap}") });
                line.push_str("  ");
            }
            text.push_str(line.trim_end());
            text.push('\n');
        }
        if self.rows.iter().flatten().any(|cell| cell.ends_with(NO_INTERVAL)) {
            text.push_str(&wrap(WHY_NO_INTERVAL, indent, 110));
        }
        text
    }
}

/// `64,000`.
pub fn count(n: u64) -> String {
    let digits = n.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `33.3 %`.
pub fn percent(share: f64) -> String {
    if share.is_nan() { UNDEFINED.to_owned() } else { format!("{:.1} %", share * 100.0) }
}

/// A number with five significant digits or so: enough to compare, short enough to read. What is too large to be read digit by digit
/// is written with a power of ten.
pub fn number(x: f64) -> String {
    let magnitude = x.abs();
    if x.is_nan() {
        UNDEFINED.to_owned()
    } else if magnitude.is_infinite() {
        if x > 0.0 { "∞".to_owned() } else { "−∞".to_owned() }
    } else if magnitude >= 1e9 {
        format!("{x:.4e}")
    } else if magnitude >= 1_000.0 {
        format!("{x:.1}")
    } else if magnitude >= 1.0 {
        format!("{x:.4}")
    } else {
        format!("{x:.5}")
    }
}

/// What a number says that is none.
const UNDEFINED: &str = "not defined";
/// What an interval says whose ends nothing bounds.
const NO_INTERVAL: &str = "no interval";
/// Why there is none, under a table.
const WHY_NO_INTERVAL: &str =
    "No interval: nothing varies in the rows that the number stands on, so that they do not say how far off it may be.";

/// `[0.10203, 0.11031]`.
pub fn interval(low: f64, high: f64) -> String {
    if low.is_nan() && high.is_nan() {
        return UNDEFINED.to_owned();
    }
    interval_by(low, high, number)
}

/// The same with ends written by `text`, but for those that nothing bounds.
pub fn interval_by(low: f64, high: f64, text: impl Fn(f64) -> String) -> String {
    if low == f64::NEG_INFINITY && high == f64::INFINITY {
        return NO_INTERVAL.to_owned();
    }
    let end = |x: f64| if x.is_infinite() { number(x) } else { text(x) };
    format!("[{}, {}]", end(low), end(high))
}

/// A number with its interval in four decimals: `0.1020 [0.0988, 0.1052]`.
pub fn with_interval(value: f64, low: f64, high: f64) -> String {
    format!("{value:.4} {}", short_interval(low, high))
}

/// The interval of such a number alone.
pub fn short_interval(low: f64, high: f64) -> String {
    interval_by(low, high, |x| format!("{x:.4}"))
}

/// Lines of at most `width` characters, broken at spaces; the first is indented, the others two more.
pub fn wrap(text: &str, indent: usize, width: usize) -> String {
    let mut out = String::new();
    let mut line = " ".repeat(indent);
    let mut is_blank = true;
    for word in text.split_whitespace() {
        if !is_blank && line.chars().count() + 1 + word.chars().count() > width {
            out.push_str(&line);
            out.push('\n');
            line = " ".repeat(indent + 2);
            is_blank = true;
        }
        if !is_blank {
            line.push(' ');
        }
        line.push_str(word);
        is_blank = false;
    }
    if !is_blank {
        out.push_str(&line);
        out.push('\n');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_stand_to_the_right_and_words_to_the_left() {
        let mut table = Table::new(&["name", "rows"]);
        table.row(vec!["a".into(), "5".into()]);
        table.row(vec!["longer".into(), "1,000".into()]);
        assert_eq!(table.text(1), " name     rows\n a           5\n longer  1,000\n");
    }

    #[test]
    fn a_number_without_an_interval_says_why() {
        let mut table = Table::new(&["effect", "95 %"]);
        table.row(vec!["0".into(), interval(f64::NEG_INFINITY, f64::INFINITY)]);
        let text = table.text(2);
        assert!(text.contains("no interval\n  No interval: nothing varies"), "{text}");
    }

    #[test]
    fn numbers_read_well() {
        assert_eq!(
            (count(0), count(999), count(64_000), count(1_234_567)),
            ("0".into(), "999".into(), "64,000".into(), "1,234,567".into())
        );
        assert_eq!(
            (number(0.106_167), number(1.422_63), number(2_500.0)),
            ("0.10617".into(), "1.4226".into(), "2500.0".into())
        );
        assert_eq!(percent(1.0 / 3.0), "33.3 %");
        // Weights of a propensity of 1e-300.
        for (x, expected) in [
            (1e300, "1.0000e300"),
            (-2.34567e12, "-2.3457e12"),
            (999_999_999.0, "999999999.0"),
            (f64::INFINITY, "∞"),
            (f64::NEG_INFINITY, "−∞"),
            (f64::NAN, "not defined"),
        ] {
            assert_eq!(number(x), expected);
        }
        assert_eq!(interval(f64::NAN, f64::NAN), "not defined");
        assert_eq!(interval(f64::NEG_INFINITY, f64::INFINITY), "no interval");
        assert_eq!(interval(0.0, f64::INFINITY), "[0.00000, ∞]");
        assert_eq!(with_interval(0.5, 0.25, 1.0), "0.5000 [0.2500, 1.0000]");
        assert_eq!(with_interval(0.5, f64::NEG_INFINITY, f64::INFINITY), "0.5000 no interval");
        assert_eq!((interval(-1e300, 0.5), percent(f64::NAN)), ("[-1.0000e300, 0.50000]".into(), "not defined".into()));
    }

    #[test]
    fn long_lines_are_broken_at_spaces() {
        assert_eq!(wrap("one two three", 2, 9), "  one two\n    three\n");
    }
}
