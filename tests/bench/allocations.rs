//! The system's allocator with a count: allocations made by this thread and bytes held by the process. For benchmarks that claim
//! to allocate nothing. Include it with `#[path = "allocations.rs"] mod allocations;`.
#![allow(unsafe_code)] // an allocator cannot be written without
#![allow(dead_code)] // each benchmark uses its part

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::sync::atomic::{AtomicI64, Ordering};

#[global_allocator]
static COUNTING: Counting = Counting;

static HELD: AtomicI64 = AtomicI64::new(0);

thread_local! {
    static MADE: Cell<u64> = const { Cell::new(0) };
}

/// Allocations (and growths) this thread makes while `work` runs.
pub fn made<T>(work: impl FnOnce() -> T) -> (T, u64) {
    let before = MADE.with(Cell::get);
    let result = work();
    (result, MADE.with(Cell::get) - before)
}

/// Bytes of the heap that the result of `work` holds on to.
pub fn held<T>(work: impl FnOnce() -> T) -> (T, i64) {
    let before = HELD.load(Ordering::Relaxed);
    let result = work();
    (result, HELD.load(Ordering::Relaxed) - before)
}

struct Counting;

impl Counting {
    fn count(bytes: i64) {
        // A thread that is ending has no counter any more.
        let _ = MADE.try_with(|made| made.set(made.get() + 1));
        HELD.fetch_add(bytes, Ordering::Relaxed);
    }
}

// SAFETY: every call goes to the system's allocator unchanged; counting allocates nothing.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        Counting::count(layout.size() as i64);
        // SAFETY: the caller's promise.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        Counting::count(layout.size() as i64);
        // SAFETY: the caller's promise.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, old: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        Counting::count(size as i64 - layout.size() as i64);
        // SAFETY: the caller's promise.
        unsafe { System.realloc(old, layout, size) }
    }

    unsafe fn dealloc(&self, old: *mut u8, layout: Layout) {
        HELD.fetch_sub(layout.size() as i64, Ordering::Relaxed);
        // SAFETY: the caller's promise.
        unsafe { System.dealloc(old, layout) }
    }
}
