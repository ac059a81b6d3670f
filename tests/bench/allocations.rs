//! The system's allocator with a count: allocations made by this thread and bytes held by the process. For benchmarks that claim
//! to allocate nothing. Include it with `#[path = "allocations.rs"] mod allocations;`.
#![allow(unsafe_code)] // an allocator cannot be written without
#![allow(dead_code)] // each benchmark uses its part

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

#[global_allocator]
static COUNTING: Counting = Counting;

/// Only what is asked about is counted: the others are timed beside it and must not pay for it.
static ON: AtomicBool = AtomicBool::new(false);
static HELD: AtomicI64 = AtomicI64::new(0);

thread_local! {
    static MADE: Cell<u64> = const { Cell::new(0) };
}

/// Allocations (and growths) this thread makes while `work` runs.
pub fn made<T>(work: impl FnOnce() -> T) -> (T, u64) {
    let before = MADE.with(Cell::get);
    let result = counted(work);
    (result, MADE.with(Cell::get) - before)
}

/// Bytes of the heap that the result of `work` holds on to.
pub fn held<T>(work: impl FnOnce() -> T) -> (T, i64) {
    let before = HELD.load(Ordering::Relaxed);
    let result = counted(work);
    (result, HELD.load(Ordering::Relaxed) - before)
}

fn counted<T>(work: impl FnOnce() -> T) -> T {
    ON.store(true, Ordering::Relaxed);
    let result = work();
    ON.store(false, Ordering::Relaxed);
    result
}

struct Counting;

impl Counting {
    fn count(bytes: i64, made: bool) {
        if !ON.load(Ordering::Relaxed) {
            return;
        }
        HELD.fetch_add(bytes, Ordering::Relaxed);
        // A thread that is ending has no counter any more.
        let _ = MADE.try_with(|count| count.set(count.get() + u64::from(made)));
    }
}

// SAFETY: every call goes to the system's allocator unchanged; counting allocates nothing.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        Counting::count(layout.size() as i64, true);
        // SAFETY: the caller's promise.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        Counting::count(layout.size() as i64, true);
        // SAFETY: the caller's promise.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, old: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        Counting::count(size as i64 - layout.size() as i64, true);
        // SAFETY: the caller's promise.
        unsafe { System.realloc(old, layout, size) }
    }

    unsafe fn dealloc(&self, old: *mut u8, layout: Layout) {
        Counting::count(-(layout.size() as i64), false);
        // SAFETY: the caller's promise.
        unsafe { System.dealloc(old, layout) }
    }
}
