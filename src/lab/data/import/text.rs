//! Bytes of a file as UTF-8 in a window that moves along: unpacked and decoded piece by piece, so that memory does not grow
//! with the file. Bytes that claim to be UTF-8 are not checked here.

use super::file::Bytes;
use super::{Encoding, encoding};
use crate::error::{Error, Result};
use std::path::Path;

/// Where text comes from; it can be read from its beginning several times.
#[derive(Clone, Copy)]
pub enum Input<'a> {
    /// A file, unpacked on the way.
    File(&'a Path),
    /// Bytes in memory, unpacked.
    Memory(&'a [u8]),
}

/// Text that is read once, from its beginning on.
pub struct Text<'a> {
    from: From<'a>,
    encoding: Encoding,
    started: bool,
    /// Bytes of an unfinished UTF-16 unit or surrogate pair.
    carry: Vec<u8>,
    raw: Vec<u8>,
    ended: bool,
    lines: u64,
    read: u64,
    /// Of an encoding that keeps a state between pieces.
    decoder: Option<encoding_rs::Decoder>,
    /// Bytes that were no character of their encoding, and the line of the first.
    replaced: Option<(u64, u64)>,
}

enum From<'a> {
    File(Box<Bytes>),
    Memory(&'a [u8]),
}

impl<'a> Text<'a> {
    /// Begins at the beginning; `hashed` as in [`Bytes::open`].
    pub fn open(input: Input<'a>, encoding: Encoding, hashed: bool) -> Result<Text<'a>> {
        match input {
            Input::File(path) => Text::open_file(path, encoding, hashed),
            Input::Memory(bytes) => Ok(Text::new(From::Memory(bytes), encoding)),
        }
    }

    /// Begins at the beginning of a file.
    pub fn open_file(path: &Path, encoding: Encoding, hashed: bool) -> Result<Text<'a>> {
        Ok(Text::new(From::File(Box::new(Bytes::open(path, hashed)?)), encoding))
    }

    fn new(from: From<'a>, encoding: Encoding) -> Text<'a> {
        let decoder = match encoding {
            Encoding::Other(other) => Some(other.decoder()),
            _ => None,
        };
        Text {
            from,
            encoding,
            started: false,
            carry: Vec::new(),
            raw: Vec::new(),
            ended: false,
            lines: 0,
            read: 0,
            decoder,
            replaced: None,
        }
    }

    /// Appends about `limit` more bytes to the window; once it has appended nothing the text has ended.
    ///
    /// # Errors
    /// When bytes cannot be read, unpacked or decoded.
    pub fn fill(&mut self, limit: usize, window: &mut Vec<u8>) -> Result<()> {
        let mark: &[u8] = match self.encoding {
            Encoding::Utf8 => &[0xEF, 0xBB, 0xBF],
            Encoding::Utf16Le => &[0xFF, 0xFE],
            Encoding::Utf16Be => &[0xFE, 0xFF],
            Encoding::Windows1252 | Encoding::Other(_) => &[],
        };
        if self.encoding == Encoding::Utf8 {
            let before = window.len();
            self.take(limit, window)?;
            if !self.started && window[before..].starts_with(mark) {
                window.drain(before..before + mark.len());
            }
            self.started |= self.read > 0;
            return Ok(());
        }
        if self.decoder.is_some() {
            return self.fill_decoded(limit, window);
        }
        let mut raw = std::mem::take(&mut self.raw);
        raw.clear();
        raw.append(&mut self.carry);
        self.take(limit, &mut raw)?;
        let body = if self.started { &raw[..] } else { raw.strip_prefix(mark).unwrap_or(&raw) };
        self.started |= self.read > 0;
        let whole = match self.encoding {
            Encoding::Windows1252 => body.len(),
            _ if self.ended => body.len(),
            _ => whole_units(body, self.encoding == Encoding::Utf16Le),
        };
        let (body, rest) = body.split_at(whole);
        self.carry.extend_from_slice(rest);
        let text = encoding::decode(body, self.encoding).map_err(|error| match error {
            Error::Failed(mut failure) => {
                failure.line = failure.line.map(|line| line + self.lines);
                Error::Failed(failure)
            }
            Error::Cancelled => error,
        })?;
        self.lines += text.bytes().filter(|b| *b == b'\n').count() as u64;
        window.extend_from_slice(text.as_bytes());
        self.raw = raw;
        Ok(())
    }

    /// As [`Text::fill`], through the decoder; what is no character becomes a replacement character and is counted.
    fn fill_decoded(&mut self, limit: usize, window: &mut Vec<u8>) -> Result<()> {
        use encoding_rs::DecoderResult::{InputEmpty, Malformed, OutputFull};
        let mut raw = std::mem::take(&mut self.raw);
        raw.clear();
        self.take(limit, &mut raw)?;
        let Some(decoder) = &mut self.decoder else { return Ok(()) };
        let mut text = String::new();
        let mut rest = &raw[..];
        loop {
            text.reserve(decoder.max_utf8_buffer_length_without_replacement(rest.len()).unwrap_or(rest.len()).max(16));
            let (result, read) = decoder.decode_to_string_without_replacement(rest, &mut text, self.ended);
            rest = &rest[read..];
            match result {
                InputEmpty => break,
                OutputFull => {}
                Malformed(..) => {
                    let line = || self.lines + text.bytes().filter(|byte| *byte == b'\n').count() as u64 + 1;
                    self.replaced.get_or_insert_with(|| (0, line())).0 += 1;
                    text.push(char::REPLACEMENT_CHARACTER);
                }
            }
        }
        self.lines += text.bytes().filter(|byte| *byte == b'\n').count() as u64;
        window.extend_from_slice(text.as_bytes());
        self.raw = raw;
        Ok(())
    }

    /// What is said of bytes that were no character of the encoding.
    pub fn replaced(&self) -> Option<String> {
        let (count, line) = self.replaced?;
        Some(format!(
            "{count} bytes are no characters of {} and are read as {}, the first in line {line}.",
            self.encoding.name(),
            char::REPLACEMENT_CHARACTER
        ))
    }

    /// Whether all bytes were read.
    pub fn ended(&self) -> bool {
        self.ended
    }

    /// Share of the bytes read, 0 to 1.
    pub fn fraction(&self) -> f32 {
        match &self.from {
            From::File(file) => file.fraction(),
            From::Memory(rest) => self.read as f32 / (self.read + rest.len() as u64).max(1) as f32,
        }
    }

    /// The file behind it, for its hash and size.
    pub fn file(&mut self) -> Option<&mut Bytes> {
        match &mut self.from {
            From::File(file) => Some(file),
            From::Memory(_) => None,
        }
    }

    /// Unpacked bytes read so far.
    pub fn read(&self) -> u64 {
        self.read
    }

    fn take(&mut self, limit: usize, into: &mut Vec<u8>) -> Result<()> {
        let n = match &mut self.from {
            From::File(file) => file.read(limit as u64, into)?,
            From::Memory(rest) => {
                let (now, later) = rest.split_at(limit.min(rest.len()));
                into.extend_from_slice(now);
                *rest = later;
                now.len()
            }
        };
        self.read += n as u64;
        self.ended = n < limit;
        Ok(())
    }
}

/// Goes through the bytes of a text, unpacked, piece by piece.
///
/// # Errors
/// When they cannot be read or unpacked.
pub fn each_piece(input: Input<'_>, size: usize, take: &mut dyn FnMut(&[u8])) -> Result<()> {
    // Nothing is decoded of what claims to be UTF-8.
    let mut text = Text::open(input, Encoding::Utf8, false)?;
    let mut piece = Vec::new();
    while !text.ended() {
        piece.clear();
        text.take(size.max(1), &mut piece)?;
        take(&piece);
    }
    Ok(())
}

/// Bytes that end with a whole UTF-16 character.
fn whole_units(bytes: &[u8], little: bool) -> usize {
    let even = bytes.len() & !1;
    let Some(last) = even.checked_sub(2).and_then(|at| bytes.get(at..even)) else { return even };
    let high = if little { last[1] } else { last[0] };
    // The first half of a surrogate pair waits for the second.
    if (0xD8..0xDC).contains(&high) { even - 2 } else { even }
}
