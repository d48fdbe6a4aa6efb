//! Answers over UDP: a thread for each socket, which answers in one go all that has come.

use std::io::{self, ErrorKind};
use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use crate::answer::{Circumstances, Outcome};
use crate::answering::{Answering, Answers, Chance, allow, approach, tell, unix_time};
use crate::conduct::Conduct;
use crate::limit::{Bucket, Limiter, Notes, Rate};
use crate::proxy::{self, Balancers, Header};
use crate::punt::{Punt, Way};
use crate::stats::{Counters, Dropped, Stopwatch};
use crate::sys::batch::Batch;

/// Failures in a row after which a worker takes a rest before each further try.
const PATIENCE: u32 = 16;
const REST: Duration = Duration::from_millis(10);

/// Packets that go through the steps of an answer side by side: about as many as a CPU has
/// requests to memory under way.
const TOGETHER: usize = 8;

/// One socket of a listener.
pub(crate) struct Worker<A> {
    /// What is answered from.
    pub answering: Arc<Answering<A>>,
    /// Blocking, for so long at a time. Another process may receive from it too.
    pub socket: Arc<OwnedFd>,
    /// Written by this worker alone.
    pub counters: Arc<Counters>,
    /// Whether an answer's source must be set to the address that was asked.
    pub wildcard: bool,
    /// Who sends PROXY headers.
    pub balancers: Arc<Balancers>,
    /// The listener's number.
    pub listener: usize,
    /// The socket's number among the listener's.
    pub number: usize,
    /// What client networks get over UDP, and among how many workers it is shared.
    pub rate: (Rate, usize),
    /// Networks that had too many answers.
    pub notes: Arc<Notes>,
}

/// What a worker keeps from batch to batch.
struct Kit {
    batch: Batch,
    chance: Chance,
    stopwatch: Stopwatch,
    limiter: Option<Limiter>,
}

/// What a batch is answered by.
struct Now<'a, A> {
    current: &'a A,
    conduct: &'a Conduct,
    time: f64,
}

impl<A: Answers> Worker<A> {
    /// Answers until the plane stops, or is retired; what was received by then is answered.
    pub fn run(&self) {
        let mut kit = Kit {
            batch: Batch::new(self.wildcard),
            chance: Chance::new(),
            stopwatch: Stopwatch::default(),
            limiter: Limiter::new(&self.rate.0, self.rate.1, Arc::clone(&self.notes)),
        };
        let mut failures = 0;
        loop {
            let received = kit.batch.receive(self.socket.as_fd());
            if self.answering.stopped() && !self.answering.retired() {
                return; // what shutting the socket down woke, not a datagram
            }
            match received {
                Ok(count) => {
                    failures = 0;
                    if !self.balancers.is_empty() {
                        self.introduce(&mut kit.batch, count);
                    }
                    self.answer(&mut kit, count);
                }
                Err(error) if is_none(&error) => {}
                Err(_) => {
                    // an unreachable peer, perhaps; the next one may not be
                    self.counters.lose(Dropped::SocketError, 1);
                    failures += 1;
                    if failures > PATIENCE {
                        thread::sleep(REST);
                    }
                }
            }
            if self.answering.retired() {
                return;
            }
        }
    }

    /// Has balancers say whom their datagrams are from. Of one that does not nothing is left, not
    /// even what would be counted as no query.
    #[cold]
    fn introduce(&self, batch: &mut Batch, count: usize) {
        for number in 0..count {
            if !self.balancers.has(batch.sender(number)) {
                continue;
            }
            match proxy::read(batch.packet(number)) {
                Header::Whole { size, client } => batch.introduce(number, size, client),
                Header::Short | Header::Malformed => {
                    self.counters.lose(Dropped::BadHeader, 1);
                    batch.introduce(number, batch.packet(number).len(), None);
                }
            }
        }
    }

    fn answer(&self, kit: &mut Kit, count: usize) {
        let begun = kit.stopwatch.start(count);
        // held for this batch alone: a worker that waits for packets keeps no snapshot in memory
        let current = self.answering.current.load();
        let conduct = self.answering.conduct.load();
        let now = Now {
            current: &**current,
            conduct: &conduct,
            time: unix_time(),
        };
        self.answer_all(kit, count, &now);
        drop((current, conduct));
        let failed = kit.batch.send(self.socket.as_fd());
        self.counters.lose(Dropped::SocketError, failed);
        if let Some(begun) = begun {
            self.counters.observe(begun.elapsed());
        }
    }

    fn answer_all(&self, kit: &mut Kit, count: usize, now: &Now<'_, A>) {
        let current = now.current;
        if count == 1 {
            let sender = kit.batch.sender(0);
            let bucket = approach(&kit.limiter, sender);
            let looked = current.look(kit.batch.packet(0), sender);
            self.finish(kit, 0, bucket, &looked, now);
            return;
        }
        for first in (0..count).step_by(TOGETHER) {
            // beyond the last packet there are empty ones, which cost nothing
            let packets: [_; TOGETHER] = std::array::from_fn(|next| kit.batch.packet(first + next));
            let senders: [_; TOGETHER] = std::array::from_fn(|next| kit.batch.sender(first + next));
            let mut looked: [_; TOGETHER] =
                std::array::from_fn(|next| current.look(packets[next], senders[next]));
            let buckets = senders.map(|sender| approach(&kit.limiter, sender));
            current.fetch(&packets, &mut looked);
            for ((looked, bucket), number) in looked.iter().zip(buckets).zip(first..count) {
                self.finish(kit, number, bucket, looked, now);
            }
        }
    }

    #[inline]
    fn finish(
        &self,
        kit: &mut Kit,
        number: usize,
        bucket: Bucket,
        looked: &A::Looked,
        now: &Now<'_, A>,
    ) {
        if !self.balancers.is_empty() && kit.batch.packet(number).is_empty() {
            return; // it was dropped, and counted
        }
        let by = Circumstances {
            sender: kit.batch.sender(number),
            random: kit.chance.next(),
            now: now.time,
            udp: true,
        };
        let (packet, out) = kit.batch.exchange(number);
        let mut granted = now
            .current
            .grant(packet, looked, now.conduct, by.sender, by.now);
        if now.current.is_answered(looked)
            && !allow(&mut kit.limiter, bucket, &by, &mut granted, &self.counters)
        {
            return;
        }
        let outcome = now.current.finish(packet, looked, &by, &granted, out);
        tell(outcome, &self.counters);
        match outcome {
            Outcome::Answer { length, tally } => {
                let answer = out.get(..length).unwrap_or_default();
                self.answering.note(now.current, packet, &by, answer, tally);
                kit.batch.reply(number, length);
            }
            Outcome::Punt => self.punt(&mut kit.batch, number, granted.cut),
            Outcome::Silence => {}
        }
    }

    #[cold]
    fn punt(&self, batch: &mut Batch, number: usize, cut: bool) {
        let queued = self.answering.punts.push(|| Punt {
            packet: batch.packet(number).into(),
            sender: batch.sender(number),
            udp: true,
            cut,
            listener: self.listener,
            way: Way::Udp {
                worker: self.number,
                origin: batch.origin(number),
            },
        });
        if !queued {
            self.counters.lose(Dropped::PuntQueueFull, 1);
        }
    }
}

/// Whether nothing came for a while, or a signal did: no failure of the socket.
fn is_none(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::Interrupted | ErrorKind::WouldBlock | ErrorKind::TimedOut
    )
}
