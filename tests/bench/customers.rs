//! The customer file that reading and looking at data are measured on, the same for everybody who writes it.

use crate::harness::Random;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;

/// Orders as a shop exports them; gives the size of the file.
pub fn write(path: &Path, rows: usize) -> u64 {
    const COUNTRIES: [&str; 8] =
        ["Germany", "France", "Spain", "Italy", "Poland", "Norway", "Austria", "United Kingdom"];
    const CHANNELS: [&str; 4] = ["web", "app", "store", "phone"];
    let mut random = Random::new(7);
    let mut file = std::io::BufWriter::new(std::fs::File::create(path).expect("a new file"));
    let header = "order_id,customer,ordered,items,price,discount,country,channel,member,postcode,score,comment\n";
    file.write_all(header.as_bytes()).expect("room on the disk");
    let mut line = String::new();
    for row in 0..rows {
        line.clear();
        let _ = write!(line, "{},C{:07}", 1_000_000 + row, random.below(200_000));
        let (year, month, day) = (2019 + random.below(6), 1 + random.below(12), 1 + random.below(28));
        let _ = write!(line, ",{year}-{month:02}-{day:02},{}", 1 + random.below(12));
        let _ = write!(line, ",{}.{:02},", random.below(400), random.below(100));
        if random.below(4) == 0 {
            let _ = write!(line, "0.{:02}", 5 * random.below(10));
        }
        let member = if random.below(3) == 0 { "true" } else { "false" };
        let _ = write!(
            line,
            ",{},{},{member},{:05}",
            random.pick(&COUNTRIES),
            random.pick(&CHANNELS),
            random.below(99_999)
        );
        let _ = write!(line, ",{:.6},", random.unit());
        match random.below(10) {
            0 => line.push_str("\"late, but complete\""),
            1 => line.push_str("gift"),
            _ => {}
        }
        line.push('\n');
        file.write_all(line.as_bytes()).expect("room on the disk");
    }
    file.flush().expect("room on the disk");
    std::fs::metadata(path).expect("a written file").len()
}
