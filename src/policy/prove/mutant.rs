//! Mistakes that tests plant in the prover to see that they are caught. Outside of tests there are none.

#[cfg(test)]
use std::cell::Cell;

/// How many there are.
#[cfg(test)]
pub const COUNT: u8 = 10;

#[cfg(test)]
thread_local! {
    static PLANTED: Cell<u8> = const { Cell::new(0) };
}

/// Plants one, or none: 0.
#[cfg(test)]
pub fn plant(number: u8) {
    PLANTED.set(number);
}

/// Whether one is planted.
#[cfg(test)]
pub fn planted(number: u8) -> bool {
    PLANTED.get() == number
}

/// Whether one is planted: never.
#[cfg(not(test))]
pub const fn planted(_: u8) -> bool {
    false
}
