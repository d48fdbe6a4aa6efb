//! Answers for the query log: a queue that never makes an answering thread wait.

use std::net::IpAddr;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed};
use std::thread;
use std::time::{Duration, Instant};

use crossbeam_queue::ArrayQueue;

/// Answers that wait to be taken; beyond that they are lost to the log, and counted.
const ROOM: usize = 8192;
/// How long who takes them rests between two looks: nobody is told when one comes, so that
/// answering costs no system call.
const LOOK: Duration = Duration::from_millis(20);

/// An answer and what it answers.
#[derive(Debug)]
pub struct Tapped {
    /// The query.
    pub packet: Box<[u8]>,
    /// The answer.
    pub answer: Box<[u8]>,
    /// Who asked.
    pub sender: IpAddr,
    /// Whether it came over UDP.
    pub udp: bool,
    /// Unix time in seconds.
    pub at: f64,
    /// What it was counted as.
    pub tally: u32,
    /// The number of the snapshot that it was made from.
    pub epoch: u64,
}

/// From threads that answer to the one that takes.
pub(crate) struct Tap {
    every: AtomicU32, // 0: the log is off
    seen: AtomicU32,
    lost: AtomicU64,
    queue: ArrayQueue<Tapped>,
}

impl Tap {
    /// Off.
    pub fn new() -> Self {
        Self {
            every: AtomicU32::new(0),
            seen: AtomicU32::new(0),
            lost: AtomicU64::new(0),
            queue: ArrayQueue::new(ROOM),
        }
    }

    /// Has every so-manieth answer noted from now on; none with 0.
    pub fn open(&self, every: u32) {
        self.every.store(every, Relaxed);
    }

    /// Notes an answer, if it is wanted; it is put together only then.
    #[inline]
    pub fn note(&self, tapped: impl FnOnce() -> Tapped) {
        let every = self.every.load(Relaxed);
        if every != 0 {
            self.sample(every, tapped);
        }
    }

    #[cold]
    fn sample(&self, every: u32, tapped: impl FnOnce() -> Tapped) {
        if !self.seen.fetch_add(1, Relaxed).is_multiple_of(every) {
            return;
        }
        if self.queue.is_full() || self.queue.push(tapped()).is_err() {
            self.lost.fetch_add(1, Relaxed);
        }
    }

    /// What was noted, `most` at a time; waits so long for the first.
    pub fn take(&self, most: usize, at_most: Duration) -> Vec<Tapped> {
        let until = Instant::now() + at_most;
        loop {
            let taken: Vec<_> = std::iter::from_fn(|| self.queue.pop()).take(most).collect();
            let left = until.saturating_duration_since(Instant::now());
            if !taken.is_empty() || left.is_zero() {
                return taken;
            }
            thread::sleep(left.min(LOOK));
        }
    }

    /// Answers that were wanted and found no room, so far.
    pub fn lost(&self) -> u64 {
        self.lost.load(Relaxed)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may fail")]
mod tests {
    use super::*;

    fn tapped(tally: u32) -> Tapped {
        Tapped {
            packet: Box::default(),
            answer: Box::default(),
            sender: [192, 0, 2, 1].into(),
            udp: true,
            at: 0.0,
            tally,
            epoch: 1,
        }
    }

    fn tallies(tap: &Tap) -> Vec<u32> {
        let taken = tap.take(usize::MAX, Duration::ZERO);
        taken.iter().map(|each| each.tally).collect()
    }

    #[test]
    fn nothing_is_put_together_for_a_log_that_is_off() {
        let tap = Tap::new();
        tap.note(|| unreachable!("nobody wants it"));
        assert!(tallies(&tap).is_empty());
    }

    #[test]
    fn a_sample_is_every_so_manieth_answer() {
        let tap = Tap::new();
        tap.open(3);
        (0..7).for_each(|number| tap.note(|| tapped(number)));
        assert_eq!(tallies(&tap), [0, 3, 6]);
        tap.open(0);
        tap.note(|| tapped(9));
        assert!(tallies(&tap).is_empty());
    }

    #[test]
    fn a_full_queue_loses_what_comes_and_counts_it() {
        let tap = Tap::new();
        tap.open(1);
        (0..ROOM as u32 + 5).for_each(|number| tap.note(|| tapped(number)));
        assert_eq!(tap.lost(), 5);
        assert_eq!(tap.take(2, Duration::ZERO).len(), 2);
        assert_eq!(tallies(&tap).len(), ROOM - 2);
    }
}
