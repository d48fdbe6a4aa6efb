//! The two ends of a ring shared with the kernel: entries of one or two words.

use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};

use crate::xdp::sys::Ring;

/// Puts entries; what was put is the kernel's once it was shown.
pub(crate) struct Producer<const WORDS: usize> {
    ring: Ring,
    next: u32,
}

impl<const WORDS: usize> Producer<WORDS> {
    /// The end of a new ring.
    pub fn new(ring: Ring) -> Self {
        let next = ring.producer().load(Relaxed);
        Self { ring, next }
    }

    /// Puts an entry. There is always room: no ring is smaller than the number of frames.
    #[inline]
    pub fn put(&mut self, entry: [u64; WORDS]) {
        for (place, word) in at::<WORDS>(&self.ring, self.next).iter().zip(entry) {
            place.store(word, Relaxed);
        }
        self.next = self.next.wrapping_add(1);
    }

    /// Shows the kernel what was put.
    #[inline]
    pub fn show(&self) {
        self.ring.producer().store(self.next, Release);
    }

    /// How many entries the kernel has not taken yet.
    #[inline]
    pub fn left(&self) -> u32 {
        self.next.wrapping_sub(self.ring.consumer().load(Acquire))
    }

    /// Whether the kernel wants to be told that there is something.
    #[inline]
    pub fn sleeps(&self) -> bool {
        self.ring.flags().load(Relaxed) & libc::XDP_RING_NEED_WAKEUP != 0
    }
}

/// Takes entries that the kernel has put.
pub(crate) struct Consumer<const WORDS: usize> {
    ring: Ring,
    next: u32,
}

impl<const WORDS: usize> Consumer<WORDS> {
    /// The end of a new ring.
    pub fn new(ring: Ring) -> Self {
        let next = ring.consumer().load(Relaxed);
        Self { ring, next }
    }

    /// How many entries are there.
    #[inline]
    pub fn ready(&self) -> u32 {
        self.ring.producer().load(Acquire).wrapping_sub(self.next)
    }

    /// Takes one of those that are there.
    #[inline]
    pub fn take(&mut self) -> [u64; WORDS] {
        let mut entry = [0; WORDS];
        for (word, place) in entry.iter_mut().zip(at::<WORDS>(&self.ring, self.next)) {
            *word = place.load(Relaxed);
        }
        self.next = self.next.wrapping_add(1);
        entry
    }

    /// Gives the places of what was taken back to the kernel.
    #[inline]
    pub fn release(&self) {
        self.ring.consumer().store(self.next, Release);
    }
}

/// An entry's words; a ring's size is a power of two.
#[inline]
fn at<const WORDS: usize>(ring: &Ring, number: u32) -> &[AtomicU64] {
    let words = ring.entries();
    let place = (number as usize * WORDS) & words.len().wrapping_sub(1);
    words.get(place..place + WORDS).unwrap_or_default()
}
