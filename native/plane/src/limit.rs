//! Response rate limiting over UDP, by client network (see gtm/planes/limiting.py for the rules).
//!
//! A worker has a table of its own, of fixed size, and its share of the limit: the kernel deals
//! packets out among workers by addresses and ports, and an attacker does not know how.

use std::net::IpAddr;
use std::sync::{Arc, Mutex, TryLockError};

use crate::hash::Key;
use crate::sys::prefetch;

/// Sets of buckets; with `WAYS` in each, 32,768 networks in 256 KiB.
const SETS: usize = 1 << 12;
/// Buckets of a set: a line of the cache.
const WAYS: usize = 8;
/// Microseconds in a second, the unit of a bucket's time.
const MICRO: u64 = 1_000_000;
/// Bits of a bucket that are its time: 12 days, after which it comes round.
const CLOCK: u32 = 40;
/// The first of the bits of a hash, apart from those of sets and tags, that say where in a set a
/// bucket would best be.
const PREFERRED: u32 = 20;
/// Networks over the limit that are told of at once.
const NOTED: usize = 64;

/// An allowed network: how long addresses of its family are, bits behind its prefix, its prefix.
pub type Span = (u32, u32, u128);

/// What a client network gets.
#[derive(Clone, Debug)]
pub struct Rate {
    /// Answers a second.
    pub per_second: u32,
    /// Seconds of answers that it may have at once, after it was silent.
    pub burst: f64,
    /// Which IPv4 addresses are one network.
    pub prefix4: u32,
    /// Which IPv6 addresses.
    pub prefix6: u32,
    /// One in so many answers over the limit is cut, none for 0; the others are dropped.
    pub slip: u32,
    /// Who is exempt.
    pub allow: Arc<[Span]>,
}

impl Default for Rate {
    /// No limit.
    fn default() -> Self {
        Self {
            per_second: 0,
            burst: 0.0,
            prefix4: 24,
            prefix6: 56,
            slip: 0,
            allow: [].into(),
        }
    }
}

/// What is to become of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is sent.
    Full,
    /// It is sent truncated.
    Cut,
    /// It is not sent.
    Drop,
}

/// Answers that a network was not given in full.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Note {
    /// How long addresses of its family are, 32 or 128.
    pub bits: u32,
    /// Its prefix, followed by zeros.
    pub network: u128,
    /// Answers that were truncated.
    pub cut: u64,
    /// Answers that were not sent.
    pub dropped: u64,
}

/// Networks over the limit since they were last asked for; told by one thread, read by another.
#[derive(Debug, Default)]
pub struct Notes(Mutex<Vec<Note>>);

impl Notes {
    /// Takes what was noted.
    pub fn take(&self) -> Vec<Note> {
        let mut notes = self.0.lock().unwrap_or_else(|error| error.into_inner());
        std::mem::take(&mut *notes)
    }

    /// Notes an answer, unless somebody is reading: no answer waits for that.
    fn add(&self, bits: u32, network: u128, cut: bool) {
        let mut notes = match self.0.try_lock() {
            Ok(notes) => notes,
            Err(TryLockError::Poisoned(error)) => error.into_inner(),
            Err(TryLockError::WouldBlock) => return,
        };
        let known = notes
            .iter_mut()
            .find(|note| note.network == network && note.bits == bits);
        if let Some(note) = known {
            note.cut += u64::from(cut);
            note.dropped += u64::from(!cut);
        } else if notes.len() < NOTED {
            notes.push(Note {
                bits,
                network,
                cut: u64::from(cut),
                dropped: u64::from(!cut),
            });
        }
    }
}

/// Buckets in one line. Each is a tag, which tells networks of a set apart, and the microsecond at
/// which it is full again; what fits between now and then is what the network has left.
#[derive(Clone)]
#[repr(align(64))]
struct Set([u64; WAYS]);

/// Where in a limiter a network's bucket is.
#[derive(Clone, Copy, Debug, Default)]
pub struct Bucket(u64);

/// The buckets of one worker.
pub struct Limiter {
    rate: Rate,
    masks: (u32, u128), // of networks, for IPv4 and for IPv6
    cost: u64,
    burst: u64,
    key: Key,
    sets: Box<[Set]>,
    notes: Arc<Notes>,
}

impl Limiter {
    /// The limit divided among so many workers; None if there is none.
    pub fn new(rate: &Rate, share: usize, notes: Arc<Notes>) -> Option<Self> {
        let per_second = u64::from(rate.per_second);
        let cost = (MICRO * share as u64).checked_div(per_second)?.max(1);
        Some(Self {
            rate: rate.clone(),
            masks: (mask(32, rate.prefix4) as u32, mask(128, rate.prefix6)),
            cost,
            burst: ((rate.burst * MICRO as f64) as u64).max(cost),
            key: Key::random(),
            sets: vec![Set([0; WAYS]); SETS].into(),
            notes,
        })
    }

    /// Whether a sender gets another answer at a Unix time; `random` says which ones are cut.
    #[inline]
    pub fn judge(&mut self, sender: IpAddr, now: f64, random: u32) -> Verdict {
        self.judge_at(self.bucket(sender), sender, now, random)
    }

    /// The same of a sender whose bucket was looked for.
    #[inline]
    pub fn judge_at(&mut self, bucket: Bucket, sender: IpAddr, now: f64, random: u32) -> Verdict {
        // times are far below 2^63, and before 1970 there was no DNS
        if self.take(bucket.0, (now * MICRO as f64) as i64 as u64) {
            return Verdict::Full;
        }
        self.over(sender, random)
    }

    /// Where a sender's bucket is.
    #[inline]
    pub fn bucket(&self, sender: IpAddr) -> Bucket {
        let (bits, network) = self.network(sender);
        Bucket(self.key.of_network(network, bits))
    }

    /// The same, and has the CPU fetch it.
    #[inline]
    pub fn approach(&self, sender: IpAddr) -> Bucket {
        let bucket = self.bucket(sender);
        if let Some(set) = self.sets.get(bucket.0 as usize % SETS) {
            prefetch(set);
        }
        bucket
    }

    /// Takes an answer from the bucket with a hash, if there is one left.
    #[inline]
    fn take(&mut self, hash: u64, now: u64) -> bool {
        let Some(Set(ways)) = self.sets.get_mut(hash as usize % SETS) else {
            return true;
        };
        let tag = hash >> CLOCK;
        let place = (hash >> PREFERRED) as usize % WAYS;
        let (place, ahead) = match ways[place] >> CLOCK == tag {
            true => (place, ahead(ways[place], now).max(0) as u64),
            false => elsewhere(ways, tag, place, now, self.burst),
        };
        // a clock that was set back leaves buckets that would be full too late
        let left = if ahead > self.burst { 0 } else { ahead };
        let full = left + self.cost;
        if full > self.burst {
            return false;
        }
        ways[place] = tag << CLOCK | (now + full) & ((1 << CLOCK) - 1);
        true
    }

    #[cold]
    fn over(&self, sender: IpAddr, random: u32) -> Verdict {
        let (bits, network) = self.network(sender);
        let (_, address) = number(sender);
        let is_in = |(family, behind, prefix): &Span| {
            *family == bits && address.checked_shr(*behind).unwrap_or(0) == *prefix
        };
        if self.rate.allow.iter().any(is_in) {
            return Verdict::Full;
        }
        let cut = random.checked_rem(self.rate.slip) == Some(0);
        self.notes.add(bits, network, cut);
        if cut { Verdict::Cut } else { Verdict::Drop }
    }

    /// The network of an address: its family's length, and its prefix followed by zeros.
    #[inline]
    fn network(&self, sender: IpAddr) -> (u32, u128) {
        match sender {
            IpAddr::V4(sender) => (32, u128::from(sender.to_bits() & self.masks.0)),
            IpAddr::V6(sender) => (128, sender.to_bits() & self.masks.1),
        }
    }
}

/// The bits of a network in addresses that long.
fn mask(bits: u32, prefix: u32) -> u128 {
    let behind = bits.saturating_sub(prefix);
    u128::MAX.checked_shl(behind).unwrap_or(0)
}

/// The bucket with a tag that is not where it would best be, and the microseconds until it is full.
///
/// Where there is none it is made of the best place if the bucket there is full, as is one that
/// nobody knows; else of the one that is missed least.
#[inline(never)]
fn elsewhere(ways: &[u64; WAYS], tag: u64, best: usize, now: u64, burst: u64) -> (usize, u64) {
    let is_it = |way: &usize| ways[*way] >> CLOCK == tag;
    if let Some(place) = (0..WAYS).find(is_it) {
        return (place, ahead(ways[place], now).max(0) as u64);
    }
    // one that would be full too late was never used, or the clock was set back
    match u64::try_from(ahead(ways[best], now)) {
        Ok(1..) if ahead(ways[best], now) as u64 <= burst => (replaceable(ways, now), 0),
        _ => (best, 0),
    }
}

/// The bucket of a set that is missed least: the one that was full first.
#[cold]
fn replaceable(ways: &[u64; WAYS], now: u64) -> usize {
    let least = (0..WAYS).min_by_key(|way| ahead(ways[*way], now));
    least.unwrap_or(0)
}

/// Microseconds until a bucket is full; below 0 since it was.
#[inline]
fn ahead(bucket: u64, now: u64) -> i64 {
    let shift = u64::BITS - CLOCK;
    (bucket.wrapping_sub(now) << shift) as i64 >> shift
}

#[inline]
fn number(sender: IpAddr) -> (u32, u128) {
    match sender {
        IpAddr::V4(sender) => (32, sender.to_bits().into()),
        IpAddr::V6(sender) => (128, sender.to_bits()),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may fail")]
mod tests {
    use super::*;

    const NOW: f64 = 1.7e9;

    fn limiter(per_second: u32, share: usize) -> (Limiter, Arc<Notes>) {
        let rate = Rate {
            per_second,
            burst: 2.0,
            prefix4: 24,
            prefix6: 56,
            slip: 2,
            allow: [(32, 24, 127)].into(),
        };
        let notes = Arc::new(Notes::default());
        (Limiter::new(&rate, share, notes.clone()).unwrap(), notes)
    }

    fn given(limiter: &mut Limiter, sender: &str, now: f64, asked: u32) -> u32 {
        let sender = sender.parse().unwrap();
        (0..asked)
            .map(|number| limiter.judge(sender, now, number))
            .filter(|verdict| *verdict == Verdict::Full)
            .count() as u32
    }

    #[test]
    fn a_network_gets_its_burst_and_then_so_many_answers_a_second() {
        let (mut limiter, _) = limiter(100, 1);
        assert_eq!(given(&mut limiter, "192.0.2.1", NOW, 1000), 200);
        assert_eq!(given(&mut limiter, "192.0.2.99", NOW, 10), 0);
        assert_eq!(given(&mut limiter, "192.0.3.1", NOW, 10), 10);
        assert_eq!(given(&mut limiter, "192.0.2.1", NOW + 1.0, 1000), 100);
        assert_eq!(given(&mut limiter, "192.0.2.1", NOW + 100.0, 1000), 200);
    }

    #[test]
    fn workers_share_the_limit() {
        let (mut limiter, _) = limiter(100, 4);
        assert_eq!(given(&mut limiter, "2001:db8::1", NOW, 1000), 50);
        assert_eq!(given(&mut limiter, "2001:db8:0:ff::1", NOW, 10), 0);
        assert_eq!(given(&mut limiter, "2001:db8:0:100::1", NOW, 10), 10);
    }

    #[test]
    fn over_the_limit_every_second_answer_is_cut_and_told() {
        let (mut limiter, notes) = limiter(1, 1);
        given(&mut limiter, "192.0.2.1", NOW, 2);
        let sender = "192.0.2.1".parse().unwrap();
        assert_eq!(limiter.judge(sender, NOW, 4), Verdict::Cut);
        assert_eq!(limiter.judge(sender, NOW, 5), Verdict::Drop);
        let note = Note {
            bits: 32,
            network: 0xC000_0200,
            cut: 1,
            dropped: 1,
        };
        assert_eq!(notes.take(), [note]);
        assert_eq!(notes.take(), []);
        limiter.rate.slip = 0;
        assert_eq!(limiter.judge(sender, NOW, 4), Verdict::Drop);
    }

    #[test]
    fn those_on_the_allow_list_are_never_limited() {
        let (mut limiter, notes) = limiter(1, 1);
        assert_eq!(given(&mut limiter, "127.1.2.3", NOW, 1000), 1000);
        assert_eq!(notes.take(), []);
    }

    #[test]
    fn a_clock_set_back_limits_nobody_for_long() {
        let (mut limiter, _) = limiter(100, 1);
        assert_eq!(given(&mut limiter, "192.0.2.1", NOW, 1000), 200);
        assert_eq!(given(&mut limiter, "192.0.2.1", NOW - 3600.0, 1000), 200);
    }

    #[test]
    fn many_networks_push_out_those_that_are_silent_first() {
        let (mut limiter, _) = limiter(100, 1);
        given(&mut limiter, "192.0.2.1", NOW, 200);
        for number in 0..SETS as u32 * 4 {
            let sender = IpAddr::from((0x0A00_0000 | number << 8).to_be_bytes());
            limiter.judge(sender, NOW, 0);
        }
        assert_eq!(given(&mut limiter, "192.0.2.1", NOW, 10), 0);
    }

    #[test]
    fn without_a_rate_there_is_no_limiter() {
        let (limiter, notes) = limiter(1, 1);
        let mut rate = limiter.rate;
        rate.per_second = 0;
        assert!(Limiter::new(&rate, 1, notes).is_none());
    }
}
