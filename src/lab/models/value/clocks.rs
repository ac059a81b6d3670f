//! On whose clock acts are counted: an hour of the day is an hour of somebody's clock.

use crate::data::Dataset;
use crate::data::cells::Dictionary;
use crate::data::import::zones::Zone;
use crate::error::{Error, Result};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// The clock on which hours were counted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Clock {
    /// Column of the file that named the zone of each act; `None` where all acts are of one zone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column: Option<String>,
    /// IANA zones of the acts, ascending.
    pub zones: Vec<String>,
}

impl Clock {
    /// The clock of one zone.
    pub fn of(zone: &str) -> Clock {
        Clock { column: None, zones: vec![zone.to_owned()] }
    }
}

impl fmt::Display for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const FEW: usize = 4;
        let some: Vec<&str> = self.zones.iter().take(FEW).map(String::as_str).collect();
        let more = match self.zones.len().saturating_sub(FEW) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        match &self.column {
            None => write!(f, "the clock of {}{more}", some.join(", ")),
            Some(column) => write!(f, "each customer's own clock (`{column}`: {}{more})", some.join(", ")),
        }
    }
}

/// The clock of each row of a table.
#[derive(Clone, Debug)]
pub struct Clocks {
    column: Option<String>,
    zones: Vec<(String, Zone)>,
    /// Per row its position in `zones`; empty where all are of the first.
    rows: Vec<u32>,
}

impl Clocks {
    /// One zone for all rows.
    ///
    /// # Errors
    /// When there is no such zone.
    pub fn of(zone: &str) -> Result<Clocks> {
        Ok(Clocks { column: None, zones: vec![(zone.to_owned(), Zone::named(zone)?)], rows: Vec::new() })
    }

    /// The zones that a column names, by their IANA names or as `regions` has them; `other` is that of rows that name none.
    ///
    /// # Errors
    /// When there is no such column, or it holds what is no zone.
    pub fn of_column(
        dataset: &Dataset,
        column: &str,
        regions: &BTreeMap<String, String>,
        other: &str,
    ) -> Result<Clocks> {
        let cells = dataset.dictionary(column)?;
        let mut clocks = Clocks { column: Some(column.to_owned()), ..Clocks::of(other)? };
        // Dictionaries may hold texts that no row has; they need be no zones.
        let mut known: Vec<Option<u32>> = vec![None; cells.values.len()];
        for (row, code) in cells.codes.iter().enumerate() {
            let Some(text) = cells.values.get(*code as usize).filter(|_| *code != Dictionary::MISSING) else {
                clocks.rows.push(0);
                continue;
            };
            let place = match known.get(*code as usize).copied().flatten() {
                Some(place) => place,
                None => clocks.add(regions.get(&**text).map_or(text, String::as_str)).map_err(|_| {
                    Error::new(format!("`{text}` is no time zone"))
                        .in_column(column)
                        .at_row(dataset.row_number(row))
                        .hint(format!("say its zone: --region {text}=Europe/Berlin"))
                })?,
            };
            if let Some(known) = known.get_mut(*code as usize) {
                *known = Some(place);
            }
            clocks.rows.push(place);
        }
        Ok(clocks)
    }

    /// What the clock of a row shows at an instant, both in ms since 1970-01-01T00:00.
    pub fn shown(&self, row: u32, instant: i64) -> i64 {
        self.of_row(row).map_or(instant, |(_, zone)| zone.shown(instant))
    }

    /// The clock of some rows.
    pub fn used(&self, rows: impl Iterator<Item = u32>) -> Clock {
        let mut used = vec![false; self.zones.len()];
        for row in rows {
            if let Some(used) = used.get_mut(self.place(row)) {
                *used = true;
            }
        }
        let zones = self.zones.iter().zip(used).filter(|(_, used)| *used);
        let mut zones: Vec<String> = zones.map(|((name, _), _)| name.clone()).collect();
        zones.sort_unstable();
        Clock { column: self.column.clone(), zones }
    }

    fn add(&mut self, name: &str) -> Result<u32> {
        let place = match self.zones.iter().position(|(known, _)| known == name) {
            Some(place) => place,
            None => {
                self.zones.push((name.to_owned(), Zone::named(name)?));
                self.zones.len() - 1
            }
        };
        Ok(place as u32)
    }

    fn place(&self, row: u32) -> usize {
        self.rows.get(row as usize).map_or(0, |place| *place as usize)
    }

    fn of_row(&self, row: u32) -> Option<&(String, Zone)> {
        self.zones.get(self.place(row))
    }
}
