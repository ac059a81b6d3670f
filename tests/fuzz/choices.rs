//! Choices read from the fuzzer's bytes: near inputs make near choices, and when the bytes end every choice is the first.

/// A source of choices.
pub struct Choices<'a>(&'a [u8]);

impl<'a> Choices<'a> {
    /// Choices of these bytes.
    pub fn new(bytes: &'a [u8]) -> Choices<'a> {
        Choices(bytes)
    }

    /// Whether bytes are left.
    pub fn left(&self) -> bool {
        !self.0.is_empty()
    }

    /// One byte.
    pub fn byte(&mut self) -> u8 {
        let Some((first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        *first
    }

    /// A whole number below `n`, at most 256.
    pub fn below(&mut self, n: usize) -> usize {
        usize::from(self.byte()) % n.max(1)
    }

    /// Yes or no; no when the bytes end.
    pub fn flag(&mut self) -> bool {
        self.byte() % 2 == 1
    }

    /// One of `items`.
    pub fn pick<'i, T: ?Sized>(&mut self, items: &'i [&'i T]) -> &'i T {
        items[self.below(items.len())]
    }

    /// One of `items`, copied.
    pub fn one<T: Copy>(&mut self, items: &[T]) -> T {
        items[self.below(items.len())]
    }

    /// Any number: small and ordinary ones mostly, any bits at times.
    pub fn number(&mut self) -> f64 {
        match self.byte() {
            0..200 => f64::from(self.byte() as i8) / 8.0,
            200..230 => self.one(&[0.0, -0.0, 1.0, 0.5, 1e-9, 1e9, -1.0, 1e300, -1e300, 5e-324, f64::MAX, f64::MIN]),
            230..240 => self.one(&[f64::NAN, f64::INFINITY, f64::NEG_INFINITY]),
            _ => f64::from_bits(self.bits()),
        }
    }

    /// Any whole number: small ones mostly.
    pub fn integer(&mut self) -> i64 {
        match self.byte() {
            0..220 => i64::from(self.byte() as i8),
            220..240 => self.one(&[0, 1, -1, i64::MAX, i64::MIN, 1 << 53, i64::from(i32::MAX), i64::from(i32::MIN)]),
            _ => self.bits() as i64,
        }
    }

    /// 64 bits.
    pub fn bits(&mut self) -> u64 {
        u64::from_le_bytes(std::array::from_fn(|_| self.byte()))
    }
}
