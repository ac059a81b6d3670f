//! Parts of long work that outlive it: what was finished once is found again, and what is not worth keeping is not kept.
//!
//! A part is named within one run, and a run is everything that its report depends on: whoever keeps parts sees to it that another
//! policy, other data, another seed or option are another run. It knows no file; [`crate::project`] keeps parts on disk.

use crate::error::{Error, Result};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Where finished parts of a long run are kept.
pub trait Keep {
    /// The bytes kept under a name; `None` when there are none, or they are not what was kept.
    fn find(&self, part: &str) -> Option<Vec<u8>>;
    /// Keeps a finished part.
    ///
    /// # Errors
    /// When it cannot be kept.
    fn keep(&self, part: &str, bytes: &[u8]) -> Result<()>;
    /// Whether anything is kept at all; where nothing is, parts need not be written.
    fn keeps(&self) -> bool {
        true
    }
}

/// Keeps nothing: every part is made anew.
#[derive(Clone, Copy, Debug, Default)]
pub struct KeepNothing;

impl Keep for KeepNothing {
    fn find(&self, _: &str) -> Option<Vec<u8>> {
        None
    }

    fn keep(&self, _: &str, _: &[u8]) -> Result<()> {
        Ok(())
    }

    fn keeps(&self) -> bool {
        false
    }
}

/// Something that is a part: it reads back as it was written, and torn bytes do not read.
pub(super) trait Part: Sized {
    /// What is kept.
    ///
    /// # Errors
    /// When it cannot be written.
    fn bytes(&self) -> Result<Vec<u8>>;
    /// `None` for bytes of something else.
    fn read(bytes: &[u8]) -> Option<Self>;
}

/// The part of a name: found, or made now and kept. What is found must also be what was asked for, as `fits` sees it.
///
/// # Errors
/// When it cannot be made or kept.
pub(super) fn part<T: Part>(
    keep: &dyn Keep,
    name: &str,
    fits: impl FnOnce(&T) -> bool,
    make: impl FnOnce() -> Result<T>,
) -> Result<T> {
    if !keep.keeps() {
        return make();
    }
    if let Some(found) = keep.find(name).and_then(|bytes| T::read(&bytes)).filter(fits) {
        return Ok(found);
    }
    let made = make()?;
    keep.keep(name, &made.bytes()?)?;
    Ok(made)
}

/// A part that is a small report, kept as text.
pub(super) struct Text<T>(pub T);

impl<T: Serialize + DeserializeOwned> Part for Text<T> {
    fn bytes(&self) -> Result<Vec<u8>> {
        text(&self.0)
    }

    fn read(bytes: &[u8]) -> Option<Text<T>> {
        ron::from_str(std::str::from_utf8(bytes).ok()?).ok().map(Text)
    }
}

/// Bytes that are read from the front.
pub(super) struct Bytes<'a>(pub &'a [u8]);

impl<'a> Bytes<'a> {
    /// A first line of RON.
    pub fn line<T: DeserializeOwned>(&mut self) -> Option<T> {
        let end = self.0.iter().position(|b| *b == b'\n')?;
        let head = ron::from_str(std::str::from_utf8(&self.0[..end]).ok()?).ok()?;
        self.0 = &self.0[end + 1..];
        Some(head)
    }

    /// `count` values of `N` bytes each.
    pub fn values<const N: usize, T>(&mut self, count: usize, value: impl Fn([u8; N]) -> T) -> Option<Vec<T>> {
        let (own, rest) = self.0.split_at_checked(count.checked_mul(N)?)?;
        self.0 = rest;
        Some(own.chunks_exact(N).filter_map(|b| b.first_chunk::<N>()).map(|b| value(*b)).collect())
    }

    /// Nothing is left over.
    pub fn end(&self) -> Option<()> {
        self.0.is_empty().then_some(())
    }
}

/// A value on the first line, as [`Bytes::line`] reads it.
///
/// # Errors
/// When it cannot be written.
pub(super) fn line(head: &impl Serialize) -> Result<Vec<u8>> {
    let mut bytes = text(head)?;
    bytes.push(b'\n');
    Ok(bytes)
}

fn text(value: &impl Serialize) -> Result<Vec<u8>> {
    let text = ron::to_string(value).map_err(|e| Error::new(format!("a part could not be written: {e}")))?;
    Ok(text.into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::{Cell, RefCell};
    use std::collections::BTreeMap;

    #[derive(Default)]
    struct Memory(RefCell<BTreeMap<String, Vec<u8>>>);

    impl Keep for Memory {
        fn find(&self, part: &str) -> Option<Vec<u8>> {
            self.0.borrow().get(part).cloned()
        }

        fn keep(&self, part: &str, bytes: &[u8]) -> Result<()> {
            self.0.borrow_mut().insert(part.to_owned(), bytes.to_vec());
            Ok(())
        }
    }

    #[test]
    fn a_part_is_made_once_and_again_when_it_does_not_read_or_fit() {
        let (memory, made) = (Memory::default(), Cell::new(0));
        let ask = |name: &str, fits: bool| {
            let make = || {
                made.set(made.get() + 1);
                Ok(Text(vec![0.1, -0.0, f64::NAN, f64::INFINITY]))
            };
            part(&memory, name, |_| fits, make).unwrap().0.iter().map(|x| x.to_bits()).collect::<Vec<u64>>()
        };
        let first = ask("a", true);
        assert_eq!((ask("a", true), made.get()), (first.clone(), 1), "found, to the last bit");
        assert_eq!((ask("b", true), made.get()), (first.clone(), 2), "another name");
        assert_eq!((ask("a", false), made.get()), (first.clone(), 3), "not what was asked for");
        memory.keep("a", b"[0.1, ").unwrap();
        assert_eq!((ask("a", true), made.get()), (first, 4), "torn");
    }
}
