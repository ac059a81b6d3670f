//! Who has bought by an instant: the customers that a table of what happened speaks of, where no file lists them.

use super::{Columns, EventTable, Moments, conditions};
use crate::data::cells::{Cells, Dictionary};
use crate::error::{Error, Result};

/// The subjects of a table who have bought.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Buyers {
    /// The first row (position) of each that lies before the instant, in the order of the table.
    pub first: Vec<u32>,
    /// Rows that name no subject.
    pub without: u64,
    /// Subjects of whom nothing lies before the instant.
    pub later: u64,
    /// Subjects of whom something does, and none of it is a purchase: who only brought goods back has bought nothing here.
    pub only_others: u64,
}

/// The expression that tells a purchase from a return or a gift, where the columns speak for one and some row is a purchase by it.
///
/// # Errors
/// When the expression cannot be evaluated over the table.
pub fn purchase_of(table: &EventTable<'_>) -> Result<Option<String>> {
    let Some(text) = Columns::of(table).purchase else { return Ok(None) };
    let truths = conditions(table, "purchase", &text)?;
    // Where no row is one, the columns mean something else.
    Ok(truths.contains(&Some(true)).then_some(text))
}

impl Buyers {
    /// The subjects of a table with a row before `as_of` (at any time when it is `None`) for which `purchase` holds; any row will do
    /// where there is no such condition.
    ///
    /// # Errors
    /// When the key is not in the table or the condition cannot be evaluated.
    pub fn of(table: &EventTable<'_>, as_of: Option<i64>, purchase: Option<&str>) -> Result<Buyers> {
        let keys = table.dataset.dictionary(table.key)?;
        let times = match (as_of, table.dataset.cells(table.time)) {
            (Some(as_of), Some(Cells::Time(times))) => Some((as_of, times)),
            (Some(_), _) => return Err(Error::new("does not hold the times of what happened").in_column(table.time)),
            (None, _) => None,
        };
        let truths = purchase.map(|text| conditions(table, "purchase", text)).transpose()?;
        let is_past =
            |row: usize| times.is_none_or(|(as_of, times)| times[row] != Cells::MISSING && times[row] < as_of);
        let is_purchase = |row: usize| truths.as_ref().is_none_or(|truths| truths[row] == Some(true));
        let (mut first, mut bought) = (vec![None; keys.values.len()], vec![false; keys.values.len()]);
        // A text that no row has any more is nobody.
        let mut there = vec![false; keys.values.len()];
        let mut without = 0;
        for (row, code) in keys.codes.iter().enumerate() {
            let Some(there) = there.get_mut(*code as usize) else {
                without += 1;
                continue;
            };
            *there = true;
            if is_past(row) {
                first[*code as usize].get_or_insert(row as u32);
                bought[*code as usize] |= is_purchase(row);
            }
        }
        let with_past = first.iter().flatten().count();
        let mut rows: Vec<u32> =
            first.iter().zip(&bought).filter_map(|(first, bought)| first.filter(|_| *bought)).collect();
        rows.sort_unstable();
        let there = there.into_iter().filter(|there| *there).count();
        let (later, only_others) = ((there - with_past) as u64, (with_past - rows.len()) as u64);
        Ok(Buyers { first: rows, without, later, only_others })
    }

    /// Each of them once, all as of one instant.
    ///
    /// # Errors
    /// When the key is not in the table.
    pub fn moments(&self, table: &EventTable<'_>, as_of: i64) -> Result<Moments> {
        let Dictionary { codes, values } = table.dataset.dictionary(table.key)?;
        let codes: Vec<u32> = self.first.iter().map(|row| codes[*row as usize]).collect();
        Ok(Moments { as_of: vec![as_of; codes.len()], keys: Dictionary { codes, values } })
    }

    /// Who is not among them and why, a sentence each. `name` is the table's, `until` the instant in words.
    pub fn notes(&self, name: &str, until: Option<&str>, purchase: Option<&str>) -> Vec<String> {
        let before = until.map(|until| format!(" before {until}")).unwrap_or_default();
        let mut notes = Vec::new();
        if self.later > 0 {
            notes.push(format!("{}: nothing of theirs happened{before}.", no_customers(self.later, name)));
        }
        if let (Some(purchase), true) = (purchase, self.only_others > 0) {
            notes.push(format!(
                "{}: nothing was bought{before}, only brought back or taken for free (none of these rows has `{purchase}`).",
                no_customers(self.only_others, name)
            ));
        }
        notes
    }
}

/// So many subjects of a table are none.
fn no_customers(n: u64, name: &str) -> String {
    match n {
        1 => format!("1 subject of `{name}` is no customer"),
        n => format!("{n} subjects of `{name}` are no customers"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Dataset;

    fn sales(quantities: &[i64]) -> Dataset {
        let keys = [Some("a"), Some("b"), Some("b"), None, Some("c"), Some("a"), Some("d")];
        Dataset::from_columns(
            "sales",
            vec![
                ("who".into(), Cells::from_texts(keys)),
                ("at".into(), Cells::Time(vec![1, 2, 9, 3, 9, 4, Cells::MISSING])),
                ("quantity".into(), Cells::Integer(quantities.to_vec())),
            ],
        )
        .unwrap()
    }

    fn found(dataset: &Dataset, as_of: Option<i64>) -> (Option<String>, Buyers) {
        let table = EventTable { name: "sales", dataset, key: "who", time: "at" };
        let purchase = purchase_of(&table).unwrap();
        let buyers = Buyers::of(&table, as_of, purchase.as_deref()).unwrap();
        (purchase, buyers)
    }

    #[test]
    fn who_only_brought_goods_back_has_not_bought() {
        // b brings back at 2 and buys at 9; a brings back at 1 and buys at 4; c and d have no past at 5.
        let dataset = sales(&[-1, -2, 3, 1, 1, 2, 1]);
        let (purchase, buyers) = found(&dataset, Some(5));
        assert_eq!(purchase.as_deref(), Some("quantity > 0"));
        assert_eq!(buyers, Buyers { first: vec![0], without: 1, later: 2, only_others: 1 });
        let notes = buyers.notes("sales", Some("noon"), purchase.as_deref());
        assert!(
            notes[0].starts_with("2 subjects") && notes[1].contains("1 subject of `sales` is no customer"),
            "{notes:?}"
        );
        for part in ["nothing was bought before noon", "none of these rows has `quantity > 0`"] {
            assert!(notes[1].contains(part), "{notes:?}");
        }
        // Whoever was taken out of the table is nobody, though the column still knows the text.
        let (purchase, buyers) = found(&dataset.select(&[0, 1, 5]), Some(5));
        assert_eq!(purchase.as_deref(), Some("quantity > 0"));
        assert_eq!(buyers, Buyers { first: vec![0], without: 0, later: 0, only_others: 1 });
        // Without an instant all of it is past.
        assert_eq!(found(&dataset, None).1, Buyers { first: vec![0, 1, 4, 6], without: 1, later: 0, only_others: 0 });
    }

    #[test]
    fn where_nothing_is_a_return_whoever_is_there_has_bought() {
        for quantities in [[1, 2, 3, 1, 1, 2, 1], [-1, -2, -3, -1, -1, -2, -1]] {
            let (purchase, buyers) = found(&sales(&quantities), Some(5));
            assert_eq!((purchase, buyers.first, buyers.only_others), (None, vec![0, 1], 0), "{quantities:?}");
        }
    }
}
