//! What all threads of a plane share: the snapshot that is answered from, chance, and time.

use std::hash::{BuildHasher, RandomState};
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use arc_swap::ArcSwap;

use crate::answer::{self, Circumstances, Looked, Outcome};
use crate::conduct::{Conduct, Granted};
use crate::limit::{Bucket, Limiter, Verdict};
use crate::punt::Punts;
use crate::snapshot::Snapshot;
use crate::stats::{Counters, Dropped, Limited};
use crate::tap::{Tap, Tapped};

/// What packets are answered from. It is a trait so that sockets are tested without zones.
///
/// An answer is made in steps, so that what the next step needs of a packet comes into the cache
/// while those of other packets are taken.
pub trait Answers: Send + Sync + 'static {
    /// A packet that was read.
    type Looked;

    /// Reads a packet of a sender, and has what it asks for looked for.
    fn look(&self, packet: &[u8], sender: IpAddr) -> Self::Looked;

    /// Has what was found brought into the cache.
    fn fetch(&self, _packets: &[&[u8]], _looked: &mut [Self::Looked]) {}

    /// What its sender is granted at a Unix time, beside the answer.
    #[inline]
    fn grant<'a>(
        &self,
        _packet: &[u8],
        _looked: &Self::Looked,
        _conduct: &'a Conduct,
        _sender: IpAddr,
        _now: f64,
    ) -> Granted<'a> {
        Granted::default()
    }

    /// Whether it gets an answer at all, which then counts towards its sender's limit.
    #[inline]
    fn is_answered(&self, _looked: &Self::Looked) -> bool {
        true
    }

    /// Answers the packet into `out`.
    fn finish(
        &self,
        packet: &[u8],
        looked: &Self::Looked,
        by: &Circumstances,
        granted: &Granted<'_>,
        out: &mut [u8],
    ) -> Outcome;

    /// The number of what is answered from.
    fn epoch(&self) -> u64 {
        0
    }

    /// All at once.
    #[inline]
    fn answer(
        &self,
        packet: &[u8],
        by: &Circumstances,
        conduct: &Conduct,
        out: &mut [u8],
    ) -> Outcome {
        let looked = self.look(packet, by.sender);
        let granted = self.grant(packet, &looked, conduct, by.sender, by.now);
        self.finish(packet, &looked, by, &granted, out)
    }
}

impl Answers for Snapshot {
    type Looked = Looked;

    #[inline]
    fn look(&self, packet: &[u8], sender: IpAddr) -> Looked {
        answer::look(self, packet, sender)
    }

    #[inline]
    fn fetch(&self, packets: &[&[u8]], looked: &mut [Looked]) {
        looked.iter().for_each(|looked| looked.reach(self));
        for (looked, packet) in looked.iter_mut().zip(packets) {
            looked.gather(self, packet);
        }
        if !looked.iter().any(Looked::is_steered) {
            return;
        }
        looked.iter_mut().for_each(|looked| looked.approach(self));
        looked.iter().for_each(|looked| looked.search(self));
        looked.iter_mut().for_each(|looked| looked.settle(self));
    }

    #[inline]
    fn grant<'a>(
        &self,
        packet: &[u8],
        looked: &Looked,
        conduct: &'a Conduct,
        sender: IpAddr,
        now: f64,
    ) -> Granted<'a> {
        looked.grant(packet, conduct, sender, now)
    }

    #[inline]
    fn is_answered(&self, looked: &Looked) -> bool {
        looked.is_answered()
    }

    fn epoch(&self) -> u64 {
        self.epoch
    }

    #[inline]
    fn finish(
        &self,
        packet: &[u8],
        looked: &Looked,
        by: &Circumstances,
        granted: &Granted<'_>,
        out: &mut [u8],
    ) -> Outcome {
        answer::finish(self, packet, looked, by, granted, out)
    }
}

/// What all threads share. Nothing in it makes one wait for another.
pub(crate) struct Answering<A> {
    /// What is answered from now.
    pub current: ArcSwap<A>,
    /// The server's own words.
    pub conduct: ArcSwap<Conduct>,
    /// What goes to the reference responder.
    pub punts: Punts,
    /// What goes to the query log.
    pub tap: Tap,
    retired: AtomicBool,
    stopped: AtomicBool,
}

impl<A: Answers> Answering<A> {
    /// Answers from `first`; so many punts wait at the most.
    pub fn new(first: Arc<A>, punts: usize) -> std::io::Result<Self> {
        Ok(Self {
            current: ArcSwap::new(first),
            conduct: ArcSwap::default(),
            punts: Punts::new(punts)?,
            tap: Tap::new(),
            retired: AtomicBool::new(false),
            stopped: AtomicBool::new(false),
        })
    }

    /// Notes an answer for the query log, if it is wanted there.
    #[inline]
    pub fn note(&self, current: &A, packet: &[u8], by: &Circumstances, answer: &[u8], tally: u32) {
        self.tap.note(|| Tapped {
            packet: packet.into(),
            answer: answer.into(),
            sender: by.sender,
            udp: by.udp,
            at: by.now,
            tally,
            epoch: current.epoch(),
        });
    }

    /// Has threads take nothing new: another process answers on the same sockets.
    pub fn retire(&self) {
        self.retired.store(true, Ordering::SeqCst);
    }

    /// Whether nothing new is to be taken.
    pub fn retired(&self) -> bool {
        self.retired.load(Ordering::Relaxed)
    }

    /// Has all threads end when they next look; true if they were not told before.
    pub fn stop(&self) -> bool {
        !self.stopped.swap(true, Ordering::SeqCst)
    }

    /// Whether threads are to end.
    pub fn stopped(&self) -> bool {
        self.stopped.load(Ordering::Relaxed)
    }
}

/// What becomes of the answer to a sender: `granted` says if it is to be cut; false, if there is
/// to be none.
#[inline]
pub(crate) fn allow(
    limiter: &mut Option<Limiter>,
    bucket: Bucket,
    by: &Circumstances,
    granted: &mut Granted<'_>,
    counters: &Counters,
) -> bool {
    let Some(limiter) = limiter else {
        return true;
    };
    if granted.known {
        return true;
    }
    match limiter.judge_at(bucket, by.sender, by.now, by.random) {
        Verdict::Full => true,
        Verdict::Cut => {
            granted.cut = true;
            counters.limit(Limited::Cut);
            true
        }
        Verdict::Drop => {
            counters.limit(Limited::Dropped);
            false
        }
    }
}

/// Where a sender's bucket is, which the CPU fetches meanwhile.
#[inline]
pub(crate) fn approach(limiter: &Option<Limiter>, sender: IpAddr) -> Bucket {
    limiter
        .as_ref()
        .map_or_else(Bucket::default, |limiter| limiter.approach(sender))
}

/// What came of a packet, to be counted.
pub(crate) fn tell(outcome: Outcome, counters: &Counters) {
    match outcome {
        Outcome::Answer { tally, .. } => counters.count(tally),
        Outcome::Silence => counters.lose(Dropped::NotAQuery, 1),
        Outcome::Punt => {}
    }
}

/// Unix time in seconds.
pub(crate) fn unix_time() -> f64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0.0, |since| since.as_secs_f64())
}

/// Random numbers of one thread (splitmix64), begun from the system's randomness. They spread
/// load and keep no secrets.
pub(crate) struct Chance(u64);

impl Chance {
    /// A sequence of its own.
    pub fn new() -> Self {
        Self(RandomState::new().hash_one(0_u64))
    }

    /// 32 random bits.
    #[inline]
    pub fn next(&mut self) -> u32 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed >> 32) as u32
    }
}
