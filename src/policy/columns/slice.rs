//! A run of plain values that a host owns, lends or shares: its own buffers enter without being copied.

use std::ops::{Deref, Range};
use std::sync::Arc;

/// Values of one type; reads as a slice.
#[derive(Clone, Debug)]
pub enum Slice<'a, T> {
    /// Lent by the host.
    Borrowed(&'a [T]),
    /// Shared with the host.
    Shared(Arc<[T]>),
    /// Handed over.
    Owned(Vec<T>),
}

impl<T> Deref for Slice<'_, T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        match self {
            Slice::Borrowed(values) => values,
            Slice::Shared(values) => values,
            Slice::Owned(values) => values,
        }
    }
}

impl<T> Slice<'_, T> {
    /// A run of the values, lent; what is past the end is left out.
    pub(crate) fn slice(&self, range: &Range<usize>) -> Slice<'_, T> {
        let end = range.end.min(self.len());
        Slice::Borrowed(self.get(range.start.min(end)..end).unwrap_or(&[]))
    }
}

impl<T: Clone> Slice<'_, T> {
    /// The values with a buffer of their own, unless they have one or share it.
    pub fn into_owned(self) -> Slice<'static, T> {
        match self {
            Slice::Borrowed(values) => Slice::Owned(values.to_vec()),
            Slice::Shared(values) => Slice::Shared(values),
            Slice::Owned(values) => Slice::Owned(values),
        }
    }

    /// The values as our own, to be changed; copied when they are lent or shared.
    pub(crate) fn into_vec(self) -> Vec<T> {
        match self {
            Slice::Owned(values) => values,
            other => other.to_vec(),
        }
    }
}

impl<T> Default for Slice<'_, T> {
    fn default() -> Self {
        Slice::Borrowed(&[])
    }
}

impl<'a, T> From<&'a [T]> for Slice<'a, T> {
    fn from(values: &'a [T]) -> Self {
        Slice::Borrowed(values)
    }
}

impl<'a, T> From<&'a Vec<T>> for Slice<'a, T> {
    fn from(values: &'a Vec<T>) -> Self {
        Slice::Borrowed(values)
    }
}

impl<T> From<Arc<[T]>> for Slice<'_, T> {
    fn from(values: Arc<[T]>) -> Self {
        Slice::Shared(values)
    }
}

impl<T> From<Vec<T>> for Slice<'_, T> {
    fn from(values: Vec<T>) -> Self {
        Slice::Owned(values)
    }
}
