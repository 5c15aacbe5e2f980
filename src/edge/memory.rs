//! The memory of a process that lives long.

/// Gives back to the system what was freed. The allocator keeps it for the thread that used it: after a thread has held
/// megabytes for a moment, that is most of what a daemon has.
#[cfg(target_env = "gnu")]
#[expect(
    unsafe_code,
    reason = "the allocator has no other way; it takes a number, and may be called at any time by any thread"
)]
pub(crate) fn give_back_freed() {
    unsafe extern "C" {
        fn malloc_trim(pad: usize) -> i32;
    }
    // SAFETY: it is of the C library that this program is linked with, and thread-safe.
    unsafe {
        malloc_trim(0);
    }
}

/// The allocator of other C libraries keeps little.
#[cfg(not(target_env = "gnu"))]
pub(crate) fn give_back_freed() {}
