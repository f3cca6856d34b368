//! Memory ahead of need.
//!
//! The usual allocator of Linux (glibc) gives each thread a heap of its own, and lets it grow page by page, each time by a call of
//! the kernel during which no other thread of the process gets a page: ten thousand manifests take six thousand of these.
//! A heap that has been large stays so, and memory that nobody wrote to costs nothing. Other allocators need no such hint.

use std::hint::black_box;

/// How much a thread's heap is made to hold; more than one needs for ten thousand manifests.
const ROOM: usize = 24 << 20;

/// Makes room in the heaps of all threads that read and judge.
pub(super) fn for_many_files() {
    if !cfg!(target_env = "gnu") {
        return;
    }
    // Whoever asks for much is first given a piece beside all heaps. When that is given back, pieces of its size come from the
    // heaps from then on, which keep them (mallopt(3), `M_MMAP_THRESHOLD`).
    make();
    make();
    rayon::broadcast(|_| make());
}

fn make() {
    let mut room = Vec::<u8>::new();
    // Where there is none, everything goes on as it would have.
    let _ = room.try_reserve_exact(ROOM);
    drop(black_box(room));
}
