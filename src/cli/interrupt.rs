//! Ctrl-C and SIGTERM: while work is going on, the first asks it to stop and the second ends the process at once. Where nothing is going
//! on they end it as they always did.
//!
//! It stops nothing itself: whoever watches the work asks [`Interrupts::received`].

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

/// What was received, for the whole process.
pub struct Interrupts {
    /// Number of the signal; 0 for none.
    signal: Arc<AtomicUsize>,
    /// Whether nothing is going on.
    idle: Arc<AtomicBool>,
}

/// A signal that asked the work to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signal(u8);

impl Signal {
    /// The exit code by which shells know it: 130 of Ctrl-C, 143 of SIGTERM.
    pub fn exit_code(self) -> u8 {
        128 + self.0
    }
}

/// While it lives, signals ask the work to stop; then they end the process again.
pub struct AtWork(&'static Interrupts);

impl Drop for AtWork {
    fn drop(&mut self) {
        self.0.idle.store(true, Ordering::SeqCst);
    }
}

impl Interrupts {
    /// Signals ask the work that begins now to stop.
    pub fn at_work() -> AtWork {
        static PROCESS: OnceLock<Interrupts> = OnceLock::new();
        let process = PROCESS.get_or_init(Interrupts::listen);
        process.idle.store(false, Ordering::SeqCst);
        AtWork(process)
    }

    /// Where the system lets nobody listen, signals end the process as they always did.
    fn listen() -> Interrupts {
        let (signal, idle) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicBool::new(true)));
        let again = Arc::new(AtomicBool::new(false));
        for number in [SIGINT, SIGTERM] {
            // In this order: what the first signal sets must not be seen before the second.
            let _ = flag::register_conditional_default(number, idle.clone());
            let _ = flag::register_conditional_shutdown(number, 128 + number, again.clone());
            let _ = flag::register(number, again.clone());
            let _ = flag::register_usize(number, signal.clone(), number as usize);
        }
        Interrupts { signal, idle }
    }
}

impl AtWork {
    /// The signal that asked this work, or work before it, to stop.
    pub fn received(&self) -> Option<Signal> {
        match self.0.signal.load(Ordering::SeqCst) {
            0 => None,
            number => Some(Signal(number as u8)),
        }
    }
}
