//! The memory of a runtime: counted, limited, and refused after a deadline.
//!
//! The engine has a limit of its own, but does not say when it was reached: a script can throw an error with the same
//! text, or catch the real one. And its interrupt handler is not asked while a source is parsed; the parser does ask
//! for memory all the time, so this is where a hostile source is stopped.
#![expect(
    unsafe_code,
    reason = "the trait of allocators is unsafe; each call is passed on unchanged, or refused"
)]

use std::cell::Cell;
use std::rc::Rc;
use std::time::Instant;

use rquickjs::allocator::{Allocator, RustAllocator};
use rquickjs::{Result, Runtime};

/// How much memory a runtime has taken.
pub(super) struct Meter {
    limit: usize,
    used: Cell<usize>,
    peak: Cell<usize>,
    asked: Cell<u32>,
    refused: Cell<bool>,
    deadline: Cell<Option<Instant>>,
    late: Cell<bool>,
}

impl Meter {
    /// A runtime whose memory is metered.
    pub(super) fn runtime(limit: usize, stack: usize) -> Result<(Runtime, Rc<Self>)> {
        let meter = Rc::new(Self {
            limit,
            used: Cell::new(0),
            peak: Cell::new(0),
            asked: Cell::new(0),
            refused: Cell::new(false),
            deadline: Cell::new(None),
            late: Cell::new(false),
        });
        let runtime = Runtime::new_with_alloc(Metered {
            meter: meter.clone(),
            inner: RustAllocator,
        })?;
        runtime.set_max_stack_size(stack);
        // A new runtime is nearly as large as the engine's default threshold, so most calls would collect garbage once
        // and find none.
        runtime.set_gc_threshold(1 << 20);
        Ok((runtime, meter))
    }

    /// The most bytes that were in use at once.
    pub(super) fn peak(&self) -> usize {
        self.peak.get()
    }

    /// Whether the limit was ever reached.
    pub(super) fn refused(&self) -> bool {
        self.refused.get()
    }

    /// Whether memory was refused because the deadline was over.
    pub(super) fn late(&self) -> bool {
        self.late.get()
    }

    /// Refuses all memory from an instant on. Only for parsers: a script could not be stopped that way, for the reason
    /// in `allows`.
    pub(super) fn stop_at(&self, deadline: Instant) {
        self.deadline.set(Some(deadline));
    }

    fn allows(&self, more: usize) -> bool {
        // Reading the clock takes as long as an allocation, so it is read at every 64th.
        self.asked.set(self.asked.get().wrapping_add(1));
        if self.asked.get().is_multiple_of(64) && self.deadline.get().is_some_and(|end| Instant::now() >= end) {
            self.late.set(true);
        }
        // The engine makes an error object to stop a script. If it cannot make that, the script can catch what comes
        // instead and go on, so small allocations are still granted after a refusal.
        let reserve = if self.refused.get() && more <= 4096 { 1 << 20 } else { 0 };
        if self.used.get().saturating_add(more) > self.limit.saturating_add(reserve) {
            self.refused.set(true);
            return false;
        }
        !self.late.get()
    }

    fn took(&self, bytes: usize) {
        self.used.set(self.used.get().saturating_add(bytes));
        self.peak.set(self.peak.get().max(self.used.get()));
    }

    fn gave(&self, bytes: usize) {
        self.used.set(self.used.get().saturating_sub(bytes));
    }
}

struct Metered {
    meter: Rc<Meter>,
    inner: RustAllocator,
}

impl Metered {
    fn took(&self, pointer: *mut u8) -> *mut u8 {
        if !pointer.is_null() {
            // SAFETY: the pointer comes from the inner allocator, just now.
            self.meter.took(unsafe { RustAllocator::usable_size(pointer) });
        }
        pointer
    }
}

// SAFETY: every pointer comes from the inner allocator, with the size that was asked for, and goes back to it; a null
// pointer is the refusal that the trait provides for.
unsafe impl Allocator for Metered {
    fn alloc(&mut self, size: usize) -> *mut u8 {
        if !self.meter.allows(size) {
            return std::ptr::null_mut();
        }
        let pointer = self.inner.alloc(size);
        self.took(pointer)
    }

    fn calloc(&mut self, count: usize, size: usize) -> *mut u8 {
        if !self.meter.allows(count.saturating_mul(size)) {
            return std::ptr::null_mut();
        }
        let pointer = self.inner.calloc(count, size);
        self.took(pointer)
    }

    unsafe fn dealloc(&mut self, pointer: *mut u8) {
        // SAFETY: the caller promises that the pointer is one of this allocator, so it is one of the inner.
        unsafe {
            self.meter.gave(RustAllocator::usable_size(pointer));
            self.inner.dealloc(pointer);
        }
    }

    unsafe fn realloc(&mut self, pointer: *mut u8, size: usize) -> *mut u8 {
        // SAFETY: as above. After a refusal by the inner allocator the old piece is still there, so it stays counted.
        unsafe {
            let before = RustAllocator::usable_size(pointer);
            if size > before && !self.meter.allows(size - before) {
                return std::ptr::null_mut();
            }
            let moved = self.inner.realloc(pointer, size);
            if !moved.is_null() {
                self.meter.gave(before);
            }
            self.took(moved)
        }
    }

    unsafe fn usable_size(pointer: *mut u8) -> usize {
        // SAFETY: as above.
        unsafe { RustAllocator::usable_size(pointer) }
    }
}
