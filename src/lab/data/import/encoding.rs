//! Bytes as text: UTF-8 and UTF-16, found by byte order mark or by trial, and the encodings of one or two bytes that were before them,
//! told apart by the frequencies of their characters. Any of the WHATWG Encoding Standard can be asked for.

use super::Encoding;
use crate::error::{Error, Result};
use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::borrow::Cow;

/// An encoding of the WHATWG Encoding Standard. It is written by its name, and read by any of its labels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Whatwg(&'static encoding_rs::Encoding);

impl Whatwg {
    /// How its bytes become text, piece by piece.
    pub(super) fn decoder(self) -> encoding_rs::Decoder {
        self.0.new_decoder_without_bom_handling()
    }
}

impl Serialize for Whatwg {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.name())
    }
}

impl<'de> Deserialize<'de> for Whatwg {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Whatwg, D::Error> {
        let label = String::deserialize(deserializer)?;
        let unknown = || serde::de::Error::custom(format!("`{label}` is no encoding of the WHATWG standard"));
        encoding_rs::Encoding::for_label_no_replacement(label.as_bytes()).map(Whatwg).ok_or_else(unknown)
    }
}

/// Encodings that files are in, for people who look for theirs: the label and whose letters it has.
const COMMON: [(&str, &str); 12] = [
    ("utf-8", "every language"),
    ("utf-16le", "every language"),
    ("windows-1252", "Western European"),
    ("windows-1250", "Central European"),
    ("iso-8859-2", "Central European"),
    ("windows-1251", "Cyrillic"),
    ("windows-1253", "Greek"),
    ("windows-1254", "Turkish"),
    ("shift_jis", "Japanese"),
    ("gb18030", "Chinese, simplified"),
    ("big5", "Chinese, traditional"),
    ("euc-kr", "Korean"),
];

impl Encoding {
    /// The encoding of a label of the WHATWG Encoding Standard, such as `windows-1251`, `latin1` or `shift_jis`; capitals do not count.
    ///
    /// # Errors
    /// When there is no such encoding.
    pub fn named(label: &str) -> Result<Encoding> {
        let plain = label.trim().to_lowercase().replace(' ', "-");
        if plain.starts_with("utf-32") || plain.starts_with("utf32") {
            return Err(utf32());
        }
        let unhyphened =
            match plain.strip_prefix("windows").filter(|rest| rest.starts_with(|c: char| c.is_ascii_digit())) {
                Some(number) => format!("windows-{number}"),
                None => plain.replace("utf16", "utf-16"),
            };
        let known = |label: &str| encoding_rs::Encoding::for_label_no_replacement(label.as_bytes());
        known(&plain).or_else(|| known(&unhyphened)).map(Encoding::of).ok_or_else(|| {
            let near = attune_policy::suggest::nearest(&plain, COMMON.iter().map(|(label, _)| *label));
            let near = near.map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
            Error::new(format!("`{label}` is no encoding"))
                .hint(format!("name one of the WHATWG standard, such as utf-8, windows-1251 or shift_jis{near}"))
        })
    }

    /// The encodings that files are in most, and whose letters they have.
    pub fn common() -> impl Iterator<Item = (Encoding, &'static str)> {
        COMMON.into_iter().filter_map(|(label, whose)| Some((Encoding::named(label).ok()?, whose)))
    }

    /// Its name in the WHATWG Encoding Standard.
    pub fn name(self) -> &'static str {
        match self {
            Encoding::Utf8 => encoding_rs::UTF_8.name(),
            Encoding::Utf16Le => encoding_rs::UTF_16LE.name(),
            Encoding::Utf16Be => encoding_rs::UTF_16BE.name(),
            Encoding::Windows1252 => encoding_rs::WINDOWS_1252.name(),
            Encoding::Other(Whatwg(other)) => other.name(),
        }
    }

    fn of(known: &'static encoding_rs::Encoding) -> Encoding {
        match known {
            _ if known == encoding_rs::UTF_8 => Encoding::Utf8,
            _ if known == encoding_rs::UTF_16LE => Encoding::Utf16Le,
            _ if known == encoding_rs::UTF_16BE => Encoding::Utf16Be,
            _ if known == encoding_rs::WINDOWS_1252 => Encoding::Windows1252,
            other => Encoding::Other(Whatwg(other)),
        }
    }
}

/// Which of the encodings that were before UTF-8 a text is in, told by the frequencies of its characters (chardetng, the detector of
/// Firefox). Of few characters that are not ASCII nothing can be told: they are taken for Windows-1252.
pub struct Legacy {
    detector: EncodingDetector,
    high: u64,
}

/// Fewest bytes beyond ASCII that tell something.
const TELLING: u64 = 12;

impl Legacy {
    /// Nothing was seen yet.
    pub fn new() -> Legacy {
        Legacy { detector: EncodingDetector::new(Iso2022JpDetection::Deny), high: 0 }
    }

    /// Takes in the next bytes of the text.
    pub fn feed(&mut self, bytes: &[u8]) {
        self.high += bytes.iter().filter(|byte| **byte >= 0x80).count() as u64;
        self.detector.feed(bytes, false);
    }

    /// What it is rather than UTF-8, and what is said about it; `because` is why it is not UTF-8.
    pub fn guess(mut self, because: &str) -> (Encoding, String) {
        self.detector.feed(&[], true);
        let found = Encoding::of(self.detector.guess(None, Utf8Detection::Deny));
        let other = "choose another encoding (--encoding) if words look wrong";
        match found {
            Encoding::Other(whatwg) if self.high >= TELLING => {
                (found, format!("{}, by the frequencies of its characters ({because}); {other}.", whatwg.0.name()))
            }
            _ => (Encoding::Windows1252, format!("Windows-1252 (Latin-1): {because}; {other}.")),
        }
    }
}

/// How the bytes stand for text, and why we think so.
///
/// # Errors
/// When the file is not text at all.
pub fn detect(bytes: &[u8]) -> Result<(Encoding, String)> {
    if is_utf32(bytes) {
        return Err(utf32());
    }
    match bytes {
        [0xEF, 0xBB, 0xBF, ..] => return Ok((Encoding::Utf8, "UTF-8, by its byte order mark.".into())),
        [0xFF, 0xFE, ..] => return Ok((Encoding::Utf16Le, "UTF-16 (little-endian), by its byte order mark.".into())),
        [0xFE, 0xFF, ..] => return Ok((Encoding::Utf16Be, "UTF-16 (big-endian), by its byte order mark.".into())),
        _ => {}
    }
    refuse_known_binaries(bytes)?;
    let head = &bytes[..bytes.len().min(4_096)];
    let zeros = |odd: usize| head.iter().skip(odd).step_by(2).filter(|b| **b == 0).count();
    let (even, odd, half) = (zeros(0), zeros(1), head.len() / 2);
    if half > 1 && odd * 10 > half * 7 && even * 10 < half {
        return Ok((Encoding::Utf16Le, "UTF-16 (little-endian): every second byte is zero.".into()));
    }
    if half > 1 && even * 10 > half * 7 && odd * 10 < half {
        return Ok((Encoding::Utf16Be, "UTF-16 (big-endian): every second byte is zero.".into()));
    }
    let control = |b: &u8| *b == 0 || (*b < 32 && !matches!(b, b'\t' | b'\n' | b'\r' | 0x0C | 0x1A | 0x1B));
    // A few such bytes may have slipped into text; their rows are set aside.
    if head.iter().filter(|b| control(b)).count() * 100 > head.len() {
        let at = head.iter().position(control).unwrap_or(0);
        return Err(binary().at_line(line_of(bytes, at)));
    }
    let (invalid, multibyte) = utf8_counts(bytes);
    match std::str::from_utf8(bytes) {
        Err(error) if !is_rather_legacy(invalid, multibyte) => {
            let at = error.valid_up_to();
            let (line, byte) = (line_of(bytes, at), bytes.get(at).copied().unwrap_or(0));
            Ok((
                Encoding::Utf8,
                format!(
                    "UTF-8, damaged: {multibyte} characters fit it; {invalid} bytes do not, the first is {byte:02X} in line {line}."
                ),
            ))
        }
        Ok(_) if bytes.is_ascii() => Ok((Encoding::Utf8, "Plain ASCII, read as UTF-8.".into())),
        Ok(_) => Ok((Encoding::Utf8, "UTF-8: every byte fits it.".into())),
        Err(error) => {
            let at = error.valid_up_to();
            let byte = bytes.get(at).copied().unwrap_or(0);
            let mut legacy = Legacy::new();
            legacy.feed(bytes);
            Ok(legacy.guess(&format!("line {} holds the byte {byte:02X}, which is not UTF-8", line_of(bytes, at))))
        }
    }
}

/// Whether the bytes are UTF-32: by their mark, or because three of every four are zeros or nearly.
fn is_utf32(bytes: &[u8]) -> bool {
    let marked = matches!(bytes, [0xFF, 0xFE, 0, 0, ..] | [0, 0, 0xFE, 0xFF, ..]);
    let head = &bytes[..bytes.len().min(4_096) & !3];
    let zeros = |at: usize| head.iter().skip(at).step_by(4).filter(|byte| **byte == 0).count() * 10;
    let most = head.len() / 4 * 9;
    let plain = |own: usize, high: usize| zeros(high) >= most && zeros(own ^ 2) >= most && zeros(own) == 0;
    marked || (head.len() >= 16 && (plain(0, 3) || plain(3, 0)))
}

fn utf32() -> Error {
    Error::new("the file is UTF-32, which is not read").hint("save it again as UTF-8")
}

/// Places where bytes are not UTF-8, and characters of several bytes that are.
fn utf8_counts(bytes: &[u8]) -> (u64, u64) {
    let (mut invalid, mut multibyte) = (0, 0);
    for chunk in bytes.utf8_chunks() {
        invalid += u64::from(!chunk.invalid().is_empty());
        multibyte += chunk.valid().bytes().filter(|byte| *byte >= 0xC0).count() as u64;
    }
    (invalid, multibyte)
}

/// Whether a text that is not all UTF-8 is in an encoding from before it rather than damaged UTF-8. Letters of those hardly ever stand
/// so that they make characters of several bytes.
pub fn is_rather_legacy(invalid: u64, multibyte: u64) -> bool {
    invalid > 0 && multibyte < 4 * invalid
}

/// Decodes, taking a byte order mark off.
///
/// # Errors
/// When the bytes do not fit the encoding: the line and the byte.
pub fn decode(bytes: &[u8], encoding: Encoding) -> Result<Cow<'_, str>> {
    match encoding {
        Encoding::Utf8 => {
            let bytes = bytes.strip_prefix(&[0xEF, 0xBB, 0xBF]).unwrap_or(bytes);
            std::str::from_utf8(bytes).map(Cow::Borrowed).map_err(|error| {
                let at = error.valid_up_to();
                Error::new(format!("the byte {:02X} is not UTF-8", bytes.get(at).copied().unwrap_or(0)))
                    .at_line(line_of(bytes, at))
                    .hint("the file may be Windows-1252 (Latin-1): choose that encoding")
            })
        }
        Encoding::Utf16Le => utf16(bytes.strip_prefix(&[0xFF, 0xFE]).unwrap_or(bytes), u16::from_le_bytes),
        Encoding::Utf16Be => utf16(bytes.strip_prefix(&[0xFE, 0xFF]).unwrap_or(bytes), u16::from_be_bytes),
        Encoding::Windows1252 => {
            let mut text = String::with_capacity(bytes.len() + bytes.len() / 8);
            // Most stretches are plain; they are taken over as they are.
            for chunk in bytes.utf8_chunks() {
                match chunk.valid().is_ascii() {
                    true => text.push_str(chunk.valid()),
                    false => text.extend(chunk.valid().bytes().map(windows1252)),
                }
                text.extend(chunk.invalid().iter().map(|b| windows1252(*b)));
            }
            Ok(Cow::Owned(text))
        }
        Encoding::Other(Whatwg(other)) => Ok(other.decode_without_bom_handling(bytes).0),
    }
}

/// As [`decode`]; bytes that are not UTF-8 where they should be become replacement characters.
///
/// # Errors
/// When the bytes do not fit UTF-16.
pub fn decode_roughly(bytes: &[u8], encoding: Encoding) -> Result<Cow<'_, str>> {
    match encoding {
        Encoding::Utf8 => Ok(String::from_utf8_lossy(bytes.strip_prefix(&[0xEF, 0xBB, 0xBF]).unwrap_or(bytes))),
        _ => decode(bytes, encoding),
    }
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Result<Cow<'static, str>> {
    let units = bytes.chunks_exact(2).map(|pair| unit([pair[0], pair[1]]));
    let mut text = String::with_capacity(bytes.len() / 2);
    for c in char::decode_utf16(units) {
        match c {
            Ok(c) => text.push(c),
            Err(error) => {
                let line = text.matches('\n').count() as u64 + 1;
                return Err(Error::new(format!("the unit {:04X} is not UTF-16", error.unpaired_surrogate()))
                    .at_line(line)
                    .hint("save the file again as UTF-8"));
            }
        }
    }
    if !bytes.len().is_multiple_of(2) {
        return Err(Error::new("the file is UTF-16 and ends in the middle of a character")
            .at_line(text.matches('\n').count() as u64 + 1)
            .hint("it was probably cut off; copy it again"));
    }
    Ok(Cow::Owned(text))
}

/// One byte of Windows-1252 as the WHATWG Encoding Standard maps it: Latin-1 but for 0x80–0x9F.
pub fn windows1252(byte: u8) -> char {
    const HIGH: [u16; 32] = [
        0x20AC, 0x81, 0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160, 0x2039, 0x0152, 0x8D,
        0x017D, 0x8F, 0x90, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A,
        0x0153, 0x9D, 0x017E, 0x0178,
    ];
    let code = match byte {
        0x80..=0x9F => u32::from(HIGH[usize::from(byte - 0x80)]),
        _ => u32::from(byte),
    };
    char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER)
}

/// Files that people mistake for text, by their first bytes.
fn refuse_known_binaries(bytes: &[u8]) -> Result<()> {
    let known: &[(&[u8], &str, &str)] = &[
        (b"PK\x03\x04", "a ZIP archive and no workbook", "unpack it first"),
        (&[0x1F, 0x8B], "compressed with gzip twice", "unpack it first"),
        (b"%PDF", "a PDF", "export the table as CSV"),
        (b"SQLite format 3", "an SQLite database", "export the table as CSV"),
        (b"\x89PNG", "a picture", "choose a file that holds a table"),
        (b"\xFD7zXZ", "compressed with xz", "unpack it first"),
        (b"7z\xBC\xAF", "a 7-Zip archive", "unpack it first"),
        (&[0x28, 0xB5, 0x2F, 0xFD], "compressed with zstd twice", "unpack it first"),
        (b"BZh", "compressed with bzip2", "unpack it first"),
    ];
    if bytes.get(257..262) == Some(b"ustar".as_slice()) {
        return Err(Error::new("the file is a tar archive, not text").hint("unpack it first"));
    }
    match known.iter().find(|(magic, ..)| bytes.starts_with(magic)) {
        Some((_, what, hint)) => Err(Error::new(format!("the file is {what}, not text")).hint(*hint)),
        None => Ok(()),
    }
}

fn binary() -> Error {
    Error::new("the file is binary, not text").hint("choose a file that holds a table")
}

/// Line of a byte, from 1.
fn line_of(bytes: &[u8], at: usize) -> u64 {
    bytes[..at].iter().filter(|b| **b == b'\n').count() as u64 + 1
}
