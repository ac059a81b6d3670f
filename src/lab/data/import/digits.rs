//! Numbers and days as their digits say them, read eight bytes at a time. Only what can be read in one way is read here; all
//! else is `None` and left to the parser of cells, number or not.

use super::dates;

/// A field of a text: where it begins and ends. What stands around it may be looked at and says nothing.
#[derive(Clone, Copy)]
pub struct Field<'a> {
    /// The text around it.
    pub whole: &'a [u8],
    /// Its first byte.
    pub start: usize,
    /// Behind its last byte.
    pub end: usize,
}

/// A number as its digits say it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Decimal {
    /// The number.
    pub value: f64,
    /// Digits behind the mark.
    pub decimals: usize,
    /// Whether they are all zeros.
    pub zeros: bool,
}

/// `0` eight times.
const ZEROS: u64 = 0x3030_3030_3030_3030;

impl<'a> Field<'a> {
    /// Its bytes.
    #[inline]
    pub fn bytes(&self) -> &'a [u8] {
        &self.whole[self.start..self.end]
    }

    /// Number of bytes.
    #[inline]
    pub fn len(&self) -> usize {
        self.end - self.start
    }

    /// The field without its first and last byte.
    pub fn inner(&self) -> Field<'a> {
        Field { start: self.start + 1, end: self.end - 1, ..*self }
    }

    /// A whole number of up to 18 digits that is no code: without plus sign, without leading zeros.
    #[inline]
    pub fn whole(&self) -> Option<i64> {
        let (negative, digits) = self.signed()?;
        if digits.len() > 18 || (digits.whole[digits.start] == b'0' && digits.len() > 1) {
            return None;
        }
        let value = digits.all_digits()? as i64;
        Some(if negative { -value } else { value })
    }

    /// A number of up to 15 digits that can be read in one way only: no code, no exponent, no groups, and no mark before three
    /// digits that could separate thousands. Its value is exact, because both parts of the division are (Clinger 1990).
    #[inline]
    pub fn decimal(&self, mark: u8) -> Option<Decimal> {
        const POWERS: [f64; 16] =
            [1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15];
        let (negative, digits) = self.signed()?;
        if digits.len() > 16 {
            return None;
        }
        let (all, decimals, zeros) = if digits.len() <= 8 { digits.short(mark)? } else { digits.long(mark)? };
        let before = digits.len() - decimals - usize::from(decimals > 0);
        if before == 0
            || before + decimals > 15
            || (digits.whole[digits.start] == b'0' && before > 1)
            || (decimals == 3 && before <= 3)
        {
            return None;
        }
        // At most 16 digits: signed numbers are converted in one step.
        let all = all.cast_signed() as f64;
        let value = if decimals == 0 { all } else { all / POWERS[decimals] };
        Some(Decimal { value: if negative { -value } else { value }, decimals, zeros })
    }

    /// As [`dates::iso`] and, for eight digits, [`dates::from_compact`] of a day from 1900 to 2099; the latter are told by `true`.
    #[inline]
    pub fn time(&self) -> Option<(i64, bool)> {
        match self.len() {
            8 => {
                let value = self.whole().filter(|value| is_compact_date(*value))?;
                Some((dates::from_compact(value)?, true))
            }
            _ => Some((dates::iso(self.bytes())?, false)),
        }
    }

    /// Without a minus sign; `None` when nothing is left.
    #[inline]
    fn signed(&self) -> Option<(bool, Field<'a>)> {
        let negative = *self.whole.get(self.start)? == b'-';
        let digits = Field { start: self.start + usize::from(negative), ..*self };
        (digits.start < digits.end).then_some((negative, digits))
    }

    /// At most 18 digits and nothing else.
    #[inline]
    fn all_digits(&self) -> Option<u64> {
        match self.len() {
            0..=8 => eight_digits(self.last_eight()),
            9..=16 => {
                let (high, low) = (Field { end: self.end - 8, ..*self }, Field { start: self.end - 8, ..*self });
                Some(eight_digits(high.last_eight())? * 100_000_000 + eight_digits(low.last_eight())?)
            }
            _ => {
                let (high, low) = (Field { end: self.end - 16, ..*self }, Field { start: self.end - 16, ..*self });
                Some(eight_digits(high.last_eight())? * 10_000_000_000_000_000 + low.all_digits()?)
            }
        }
    }

    /// Of at most eight bytes: all digits as one number, those behind the mark, and whether these are all zeros.
    #[inline]
    fn short(&self, mark: u8) -> Option<(u64, usize, bool)> {
        let word = self.last_eight();
        // The first byte that is the mark; marks further on are no digits and are found out as such.
        let marks = word ^ (0x0101_0101_0101_0101 * u64::from(mark));
        let found = marks.wrapping_sub(0x0101_0101_0101_0101) & !marks & 0x8080_8080_8080_8080;
        if found == 0 {
            return Some((eight_digits(word)?, 0, false));
        }
        let at = found.trailing_zeros() & !7;
        // What stands before the mark moves over it.
        let before = word & ((1 << at) - 1);
        let behind = (word >> at) & !0xFF;
        let all = eight_digits(behind << at | before << 8 | 0x30)?;
        let decimals = 7 - at as usize / 8;
        (decimals > 0).then(|| (all, decimals, word >> (at + 8) == ZEROS >> (at + 8)))
    }

    /// As [`Field::short`], of up to 16 bytes.
    fn long(&self, mark: u8) -> Option<(u64, usize, bool)> {
        let (mut all, mut decimals, mut zeros, mut marked) = (0u64, 0, true, false);
        for byte in self.bytes() {
            let digit = byte.wrapping_sub(b'0');
            if digit < 10 {
                all = all * 10 + u64::from(digit);
                decimals += usize::from(marked);
                zeros &= digit == 0 || !marked;
            } else if *byte == mark && !marked {
                marked = true;
            } else {
                return None;
            }
        }
        (marked == (decimals > 0)).then_some((all, decimals, zeros && marked))
    }

    /// Its last eight bytes as a word whose lowest byte is the first; zeros stand before a shorter field.
    #[inline]
    fn last_eight(&self) -> u64 {
        let spare = 8 * 8usize.saturating_sub(self.len()) as u32;
        let before = self.end.checked_sub(8).and_then(|at| self.whole.get(at..)?.first_chunk::<8>());
        let word = match before {
            Some(word) => u64::from_le_bytes(*word),
            None => {
                let mut word = [0; 8];
                word[8 - self.len()..].copy_from_slice(self.bytes());
                u64::from_le_bytes(word)
            }
        };
        let known = u64::MAX.checked_shl(spare).unwrap_or(0);
        (word & known) | (ZEROS & !known)
    }
}

/// Whether eight digits are a day from 1900 to 2099.
pub fn is_compact_date(value: i64) -> bool {
    (19_000_101..=20_991_231).contains(&value) && dates::from_compact(value).is_some()
}

/// The number that eight digits say, the first in the lowest byte; `None` when some byte is no digit (Langdale and Lemire's way).
#[inline]
pub fn eight_digits(word: u64) -> Option<u64> {
    const HIGH: u64 = 0xF0F0_F0F0_F0F0_F0F0;
    let above = (word.wrapping_add(0x0606_0606_0606_0606) & HIGH) >> 4;
    if (word & HIGH) | above != 0x3333_3333_3333_3333 {
        return None;
    }
    let ones = word & !HIGH;
    let tens = ones.wrapping_mul(10).wrapping_add(ones >> 8);
    const EVERY_FOURTH: u64 = 0x0000_00FF_0000_00FF;
    let first = (tens & EVERY_FOURTH).wrapping_mul(100 + (1_000_000 << 32));
    let second = ((tens >> 16) & EVERY_FOURTH).wrapping_mul(1 + (10_000 << 32));
    Some(first.wrapping_add(second) >> 32)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Digit by digit.
    fn plainly(text: &str, mark: char) -> Option<Decimal> {
        let digits = text.strip_prefix('-').unwrap_or(text);
        let (before, behind) = digits.split_once(mark).map_or((digits, None), |(b, d)| (b, Some(d)));
        let decimals = behind.map_or(0, str::len);
        let is_number = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        let fits = is_number(before)
            && behind.is_none_or(is_number)
            && before.len() + decimals <= 15
            && !(before.len() > 1 && before.starts_with('0'))
            && !(decimals == 3 && before.len() <= 3);
        let zeros = behind.is_some_and(|d| d.bytes().all(|b| b == b'0'));
        fits.then(|| Decimal { value: text.replace(mark, ".").parse().unwrap(), decimals, zeros })
    }

    #[test]
    fn digits_are_read_as_one_by_one() {
        let mut state = 5u64;
        let mut next = |n: usize| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) as usize % n
        };
        let (mut wholes, mut decimals) = (0, 0);
        for round in 0..200_000 {
            let length = 1 + next(20);
            // Mostly digits, at most one mark, seldom what does not belong there.
            let mut text: Vec<u8> =
                (0..length).map(|_| b'0' + next(if round % 4 == 0 { 2 } else { 10 }) as u8).collect();
            match next(8) {
                0..=3 => text[next(length)] = b'.',
                4 => text[next(length)] = b",-+ e/:\xFF\x80\0.p"[next(12)],
                _ => {}
            }
            if next(4) == 0 {
                text[0] = b'-';
            }
            // At the beginning and the end of what surrounds it, and inside.
            let (before, after) = (["", "7", "1,99999999,"][next(3)], ["", "9"][next(2)]);
            let whole = [before.as_bytes(), &text, after.as_bytes()].concat();
            let field = Field { whole: &whole, start: before.len(), end: before.len() + length };
            let Ok(text) = std::str::from_utf8(&text) else {
                assert_eq!((field.whole(), field.decimal(b'.')), (None, None), "{text:?}");
                continue;
            };
            let digits = text.strip_prefix('-').unwrap_or(text);
            let is_whole = (1..=18).contains(&digits.len())
                && digits.bytes().all(|b| b.is_ascii_digit())
                && (digits.len() == 1 || !digits.starts_with('0'));
            let expected = is_whole.then(|| text.parse::<i64>().unwrap());
            assert_eq!(field.whole(), expected, "{text}");
            assert_eq!(field.decimal(b'.'), plainly(text, '.'), "{text}");
            assert_eq!(field.decimal(b','), plainly(text, ','), "{text}");
            wholes += usize::from(expected.is_some());
            decimals += usize::from(plainly(text, '.').is_some_and(|d| d.decimals > 0));
        }
        assert!(wholes > 20_000 && decimals > 20_000, "{wholes} {decimals}");
    }
}
