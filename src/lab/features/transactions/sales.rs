//! Whether a table is one of purchases at all, and what each of its columns is then.

use super::{Amount, PurchaseColumns, Wanted, plain};
use crate::data::cells::Dictionary;
use crate::data::{Dataset, Role, Roles};
use std::collections::BTreeMap;

/// Usual names of a product column, letters and digits alone.
const PRODUCT: &[&str] = &[
    "stockcode",
    "sku",
    "productid",
    "productcode",
    "product",
    "itemid",
    "itemcode",
    "item",
    "articleid",
    "articleno",
    "articlenumber",
    "article",
    "ean",
    "gtin",
    "upc",
    "isbn",
];
/// Rows per customer from which on a table without invoices is one of purchases, and not of customers a few of whom stand there twice.
const ROWS_PER_CUSTOMER: f64 = 1.2;

impl PurchaseColumns {
    /// The columns of a purchase where a table looks like one of purchases: customers have several rows, each with an invoice or an
    /// amount, and nothing was done to anybody. `roles` are those that the columns would have among customers.
    pub fn of_sales(dataset: &Dataset, roles: &Roles) -> Option<PurchaseColumns> {
        let (columns, _) = PurchaseColumns::find(dataset, &Wanted::default()).ok()?;
        let worth = columns.worth();
        let of_log = [Role::Action, Role::LoggingPropensity, Role::Decision];
        let other = roles.with_role(dataset, Role::Outcome).into_iter().any(|outcome| !worth.contains(&outcome));
        if other || of_log.into_iter().any(|role| roles.first(role).is_some()) {
            return None;
        }
        let customers = dataset.dictionary(&columns.customer).ok()?;
        let known = customers.codes.iter().filter(|code| **code != Dictionary::MISSING).count() as f64;
        let rows = known / customers.values.len().max(1) as f64;
        let enough = match &columns.invoice {
            Some(_) => rows > 1.0,
            None => rows >= ROWS_PER_CUSTOMER && !worth.is_empty(),
        };
        enough.then_some(columns)
    }

    /// What each column is, in a word: customer, date, invoice, quantity, price, amount, product.
    pub fn words(&self, dataset: &Dataset) -> BTreeMap<String, &'static str> {
        let mut words = BTreeMap::from([(self.customer.clone(), "customer"), (self.date.clone(), "date")]);
        words.extend(self.invoice.clone().map(|invoice| (invoice, "invoice")));
        match &self.amount {
            Amount::None => {}
            Amount::Column(amount) => {
                words.insert(amount.clone(), "amount");
            }
            Amount::Product { quantity, price } => {
                words.extend([(quantity.clone(), "quantity"), (price.clone(), "price")]);
            }
        }
        for column in dataset.columns().iter().filter(|column| PRODUCT.contains(&plain(&column.source).as_str())) {
            words.entry(column.name.clone()).or_insert("product");
        }
        words
    }

    /// The columns that say what was paid.
    fn worth(&self) -> Vec<&str> {
        match &self.amount {
            Amount::None => Vec::new(),
            Amount::Column(amount) => vec![amount],
            Amount::Product { quantity, price } => vec![quantity, price],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::cells::Cells;

    fn texts(values: [&str; 4]) -> Cells {
        Cells::from_texts(values.map(Some))
    }

    fn table(columns: Vec<(&str, Cells)>) -> Dataset {
        let columns = columns.into_iter().map(|(name, cells)| (name.to_owned(), cells));
        Dataset::from_columns("t", columns.collect()).unwrap()
    }

    fn found(columns: Vec<(&str, Cells)>) -> Option<Vec<(String, &'static str)>> {
        let dataset = table(columns);
        let columns = PurchaseColumns::of_sales(&dataset, &Roles::suggest(&dataset))?;
        Some(columns.words(&dataset).into_iter().collect())
    }

    #[test]
    fn tables_of_purchases_are_told_from_others() {
        let who = || ("customer_id", texts(["a", "a", "b", "a"]));
        let once = || ("customer_id", texts(["a", "b", "c", "d"]));
        let at = || ("date", Cells::Time(vec![0, 1, 2, 3]));
        let dollars = || ("dollars", Cells::Number(vec![1.5, 2.5, 3.5, 4.5]));
        let words = |words: &[(&str, &'static str)]| {
            Some(words.iter().map(|(name, word)| ((*name).to_owned(), *word)).collect::<Vec<_>>())
        };
        let invoice = || ("InvoiceNo", texts(["1", "1", "2", "3"]));
        let stock = || ("StockCode", texts(["x", "y", "x", "z"]));
        let cases = [
            (
                "with an amount",
                vec![who(), at(), dollars()],
                words(&[("customer_id", "customer"), ("date_", "date"), ("dollars", "amount")]),
            ),
            (
                "with invoices and products",
                vec![who(), at(), invoice(), stock()],
                words(&[
                    ("InvoiceNo", "invoice"),
                    ("StockCode", "product"),
                    ("customer_id", "customer"),
                    ("date_", "date"),
                ]),
            ),
            ("customers with what they spent", vec![once(), at(), dollars()], None),
            ("visits", vec![who(), at(), ("page", texts(["x", "y", "x", "z"]))], None),
            (
                "a log of decisions",
                vec![who(), at(), dollars(), ("action", texts(["mail", "none", "mail", "none"]))],
                None,
            ),
            ("an outcome", vec![who(), at(), dollars(), ("churned", Cells::Integer(vec![0, 1, 1, 0]))], None),
            ("nobody", vec![at(), dollars()], None),
        ];
        for (name, columns, expected) in cases {
            assert_eq!(found(columns), expected, "{name}");
        }
    }
}
