//! What a plane counts, for each socket; written by its thread, read by the control side.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use crate::sys;

/// Upper bounds in seconds of the histogram of durations, as gtm/planes/stats.py has them.
pub const BUCKETS: [f64; 12] = [
    0.00001, 0.00005, 0.00025, 0.0005, 0.001, 0.002, 0.004, 0.008, 0.016, 0.064, 0.256, 1.0,
];

/// Answers for one that is timed, so that clocks cost next to nothing.
const TIMED: usize = 32;

/// Counters in the first segment; each further one doubles what there is.
const FIRST: usize = 1 << 12;
const SEGMENTS: usize = 20; // room for every tally that there can be memory for

/// Why something was not answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dropped {
    /// The system could not receive or send it.
    SocketError,
    /// Shorter than a header, or a response.
    NotAQuery,
    /// The reference responder has more to do than it can.
    PuntQueueFull,
    /// A connection that made room for another.
    TooManyConnections,
    /// A connection from an address that had too many.
    TooManyOfOneClient,
    /// What a balancer sent begins with no PROXY header that can be read.
    BadHeader,
    /// A connection whose PROXY header took too long.
    SlowHandshake,
    /// A connection whose client did not read its answers.
    SlowReader,
    /// A fault of ours.
    Fault,
}

impl Dropped {
    /// All reasons.
    pub const ALL: [Self; 9] = [
        Self::SocketError,
        Self::NotAQuery,
        Self::PuntQueueFull,
        Self::TooManyConnections,
        Self::TooManyOfOneClient,
        Self::BadHeader,
        Self::SlowHandshake,
        Self::SlowReader,
        Self::Fault,
    ];

    /// The reason as metrics and status name it.
    pub fn name(self) -> &'static str {
        match self {
            Self::SocketError => "socket error",
            Self::NotAQuery => "not a query",
            Self::PuntQueueFull => "punt queue full",
            Self::TooManyConnections => "too many connections",
            Self::TooManyOfOneClient => "too many connections of one client",
            Self::BadHeader => "bad PROXY header",
            Self::SlowHandshake => "handshake too slow",
            Self::SlowReader => "slow reader",
            Self::Fault => "fault",
        }
    }
}

/// What became of an answer over the rate limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limited {
    /// It was sent truncated.
    Cut,
    /// It was not sent.
    Dropped,
}

/// Counters of one thread on one socket. Only what was `dropped` may be counted by others too.
#[repr(align(128))] // two lines, which CPUs fetch together: no thread writes where another does
#[derive(Default)]
pub struct Counters {
    segments: [OnceLock<Box<[AtomicU64]>>; SEGMENTS],
    durations: [AtomicU64; BUCKETS.len() + 1],
    nanoseconds: AtomicU64,
    dropped: [AtomicU64; Dropped::ALL.len()],
    opened: AtomicU64,
    closed: AtomicU64,
    limited: [AtomicU64; 2],
}

impl Counters {
    /// Makes room for so many tallies; called before a snapshot that has them is published.
    ///
    /// Memory is taken when something is first counted there.
    pub fn reserve(&self, tallies: usize) {
        for (number, segment) in self.segments.iter().enumerate() {
            let begin = (FIRST << number) - FIRST;
            if begin < tallies {
                segment.get_or_init(|| sys::counters(FIRST << number));
            }
        }
    }

    /// Counts an answer; only the socket's own thread may.
    #[inline]
    pub fn count(&self, tally: u32) {
        let (segment, place) = locate(tally as usize);
        if let Some(segment) = self.segments.get(segment).and_then(OnceLock::get)
            && let Some(counter) = segment.get(place)
        {
            add(counter, 1);
        }
    }

    /// Counts what was not answered.
    pub fn lose(&self, why: Dropped, count: usize) {
        if count != 0 {
            self.dropped[why as usize].fetch_add(count as u64, Relaxed);
        }
    }

    /// Counts a connection that came. Only the socket's own thread may.
    pub fn arrive(&self) {
        add(&self.opened, 1);
    }

    /// Counts a connection that is over. Only the socket's own thread may.
    pub fn leave(&self) {
        add(&self.closed, 1);
    }

    /// Connections that are open now, and that came so far.
    pub fn connections(&self) -> (u64, u64) {
        let closed = self.closed.load(Relaxed); // first: it is never more than the other
        let opened = self.opened.load(Relaxed);
        (opened.saturating_sub(closed), opened)
    }

    /// Counts an answer over the rate limit; only the socket's own thread may.
    pub fn limit(&self, how: Limited) {
        add(&self.limited[how as usize], 1);
    }

    /// How long one answer took; not every answer is timed. Only the socket's own thread may.
    pub fn observe(&self, took: Duration) {
        let seconds = took.as_secs_f64();
        let bucket = BUCKETS.partition_point(|bound| *bound < seconds);
        add(&self.durations[bucket], 1);
        add(&self.nanoseconds, took.as_nanos() as u64);
    }
}

/// The segment of a tally, and its place there.
#[inline]
fn locate(tally: usize) -> (usize, usize) {
    let shifted = tally + FIRST;
    let segment = (shifted.ilog2() - FIRST.ilog2()) as usize;
    (segment, shifted - (FIRST << segment))
}

/// Adds to a counter that nobody else writes, without the cost of an atomic addition.
#[inline]
fn add(counter: &AtomicU64, more: u64) {
    counter.store(counter.load(Relaxed).wrapping_add(more), Relaxed);
}

/// Says which answers are timed.
#[derive(Default)]
pub(crate) struct Stopwatch {
    answers: usize,
}

impl Stopwatch {
    /// So many more packets have come; the time now, if one of them is to be timed.
    #[inline]
    pub fn start(&mut self, packets: usize) -> Option<Instant> {
        self.answers += packets;
        if self.answers < TIMED {
            return None;
        }
        self.answers = 0;
        Some(Instant::now())
    }
}

/// Answers by tally, in their order: of hundreds of thousands of tallies often a few were counted.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Counts(Vec<(u32, u64)>);

impl Counts {
    /// Tallies that were counted, with their counts.
    pub fn pairs(&self) -> &[(u32, u64)] {
        &self.0
    }

    /// The count of a tally.
    pub fn at(&self, tally: u32) -> u64 {
        let found = self.0.binary_search_by_key(&tally, |(tally, _)| *tally);
        found.map_or(0, |place| self.0[place].1)
    }

    /// All counts together.
    pub fn sum(&self) -> u64 {
        self.0.iter().map(|(_, count)| count).sum()
    }

    /// Sums over threads; all have room for the same tallies, but for those being added just now.
    fn of(threads: &[Arc<Counters>]) -> Self {
        let mut pairs = Vec::new();
        for number in 0..SEGMENTS {
            let segments: Vec<&[AtomicU64]> = threads
                .iter()
                .filter_map(|each| Some(&**each.segments.get(number)?.get()?))
                .collect();
            let begin = (FIRST << number) - FIRST;
            for place in 0..segments.iter().map(|each| each.len()).max().unwrap_or(0) {
                let counters = segments.iter().filter_map(|each| each.get(place));
                let count: u64 = counters.map(|counter| counter.load(Relaxed)).sum();
                if count > 0 {
                    pairs.push(((begin + place) as u32, count));
                }
            }
        }
        Self(pairs)
    }
}

/// Sums over the threads of a listener and protocol.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Totals {
    /// Answers by tally.
    pub counts: Counts,
    /// What was not answered, in the order of `Dropped::ALL`.
    pub dropped: [u64; Dropped::ALL.len()],
    /// Answers over the rate limit: those that were cut, and those that were dropped.
    pub limited: [u64; 2],
    /// Timed answers by bucket of BUCKETS, the last one unbounded.
    pub durations: [u64; BUCKETS.len() + 1],
    /// What these took together.
    pub seconds: f64,
}

impl Totals {
    /// What these threads have counted.
    pub fn of(threads: &[Arc<Counters>]) -> Self {
        let mut totals = Self {
            counts: Counts::of(threads),
            ..Self::default()
        };
        threads.iter().for_each(|each| totals.add(each));
        totals
    }

    fn add(&mut self, counters: &Counters) {
        for (sum, counter) in self.dropped.iter_mut().zip(&counters.dropped) {
            *sum += counter.load(Relaxed);
        }
        for (sum, counter) in self.limited.iter_mut().zip(&counters.limited) {
            *sum += counter.load(Relaxed);
        }
        for (sum, counter) in self.durations.iter_mut().zip(&counters.durations) {
            *sum += counter.load(Relaxed);
        }
        self.seconds += Duration::from_nanos(counters.nanoseconds.load(Relaxed)).as_secs_f64();
    }
}

/// Answers by kind of tally, over any threads: for who looks again and again and wants few numbers.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sums {
    /// Answers by kind.
    pub counts: Vec<u64>,
    /// Timed answers by bucket of BUCKETS, the last one unbounded.
    pub durations: [u64; BUCKETS.len() + 1],
}

impl Sums {
    /// Nothing is counted of so many kinds.
    pub fn new(kinds: usize) -> Self {
        Self {
            counts: vec![0; kinds],
            ..Self::default()
        }
    }

    /// Adds what a thread has counted; `kinds` has the kind of each tally.
    ///
    /// What has no kind yet, or one that is not asked for, is left out.
    pub fn add(&mut self, counters: &Counters, kinds: &[u32]) {
        for (number, segment) in counters.segments.iter().enumerate() {
            let begin = (FIRST << number) - FIRST;
            let Some((segment, kinds)) = segment.get().zip(kinds.get(begin..)) else {
                continue;
            };
            for (counter, kind) in segment.iter().zip(kinds) {
                if let Some(sum) = self.counts.get_mut(*kind as usize) {
                    *sum += counter.load(Relaxed);
                }
            }
        }
        for (sum, counter) in self.durations.iter_mut().zip(&counters.durations) {
            *sum += counter.load(Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn total(counters: Counters) -> Totals {
        Totals::of(&[Arc::new(counters)])
    }

    #[test]
    fn answers_are_summed_by_kind_of_tally() {
        let counters = Counters::default();
        let many = FIRST + 5;
        counters.reserve(many);
        let kinds: Vec<u32> = (0..many as u32 - 1).map(|tally| tally % 3).collect();
        for tally in 0..many as u32 {
            counters.count(tally); // the last one has no kind yet
        }
        counters.observe(Duration::from_micros(20));
        let mut sums = Sums::new(2); // of the third kind nothing is asked
        sums.add(&counters, &kinds);
        sums.add(&counters, &kinds);
        let of = |kind| 2 * kinds.iter().filter(|each| **each == kind).count() as u64;
        assert_eq!(sums.counts, [of(0), of(1)]);
        assert_eq!(sums.durations[1], 2);
    }

    #[test]
    fn every_tally_has_a_counter_of_its_own() {
        let counters = Counters::default();
        let many = 3 * FIRST + 5;
        counters.reserve(many);
        for tally in 0..many as u32 {
            counters.count(tally);
            if tally % 7 == 0 {
                counters.count(tally);
            }
        }
        let counters = Arc::new(counters);
        let counts = Totals::of(&[counters.clone(), counters]).counts;
        assert_eq!(counts.pairs().len(), many);
        for tally in 0..many as u32 {
            assert_eq!(counts.at(tally), if tally % 7 == 0 { 4 } else { 2 });
        }
        assert_eq!(counts.at(many as u32), 0);
    }

    #[test]
    fn a_tally_without_room_is_not_counted_and_harms_nothing() {
        let counters = Counters::default();
        counters.count(0);
        counters.reserve(1);
        counters.count(u32::MAX);
        assert_eq!(total(counters).counts.pairs(), []);
    }

    #[test]
    fn room_grows_without_losing_a_count() {
        let counters = Counters::default();
        counters.reserve(2);
        counters.count(1);
        counters.reserve(FIRST * 2);
        counters.count(FIRST as u32);
        let counts = total(counters).counts;
        assert_eq!(counts.pairs(), [(1, 1), (FIRST as u32, 1)]);
        assert_eq!(counts.sum(), 2);
    }

    #[test]
    fn a_duration_is_counted_in_the_bucket_whose_bound_it_does_not_pass() {
        let counters = Counters::default();
        counters.observe(Duration::from_micros(10));
        counters.observe(Duration::from_micros(11));
        counters.observe(Duration::from_secs(2));
        let totals = total(counters);
        assert_eq!(totals.durations[..2], [1, 1]);
        assert_eq!(totals.durations[BUCKETS.len()], 1);
        assert!((totals.seconds - 2.000_021).abs() < 1e-9);
    }
}
