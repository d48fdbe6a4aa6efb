//! Answers what comes to one receive queue of an interface.

use std::io::ErrorKind;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use crate::answer::{Circumstances, Outcome};
use crate::answering::{Answering, Answers, Chance, allow, approach, tell, unix_time};
use crate::conduct::Conduct;
use crate::limit::{Limiter, Notes, Rate};
use crate::punt::{Punt, Way};
use crate::stats::{Counters, Dropped, Stopwatch};
use crate::xdp::frame::{self, Datagram, LONGEST_HEAD};
use crate::xdp::letters::Letters;
use crate::xdp::queue::Queue;

/// The rest before another try where an interface takes nothing: it is down, or gone.
const REST: Duration = Duration::from_millis(100);

/// Who sent what is no query.
const NOBODY: IpAddr = IpAddr::V4(Ipv4Addr::UNSPECIFIED);

/// Frames that go through the steps of an answer side by side (see udp.rs).
const TOGETHER: usize = 8;

/// One receive queue of an interface.
pub(crate) struct Worker<A> {
    /// What is answered from.
    pub answering: Arc<Answering<A>>,
    /// Taken by this worker alone, again after a fault.
    pub queue: Mutex<Queue>,
    /// Answers by the book.
    pub letters: Arc<Letters>,
    /// Of IPv4 and of IPv6; written by this worker alone.
    pub counters: [Arc<Counters>; 2],
    /// The interface's number.
    pub interface: usize,
    /// The queue's number among the interface's.
    pub number: usize,
    /// What client networks get, and among how many queues it is shared.
    pub rate: (Rate, usize),
    /// Networks that had too many answers.
    pub notes: Arc<Notes>,
}

/// What a worker keeps from batch to batch.
struct Kit<'a> {
    queue: &'a mut Queue,
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
    /// Answers until the plane stops.
    pub fn run(&self) {
        let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        let mut kit = Kit {
            queue: &mut queue,
            chance: Chance::new(),
            stopwatch: Stopwatch::default(),
            limiter: Limiter::new(&self.rate.0, self.rate.1, Arc::clone(&self.notes)),
        };
        while !self.answering.stopped() {
            match kit.queue.receive() {
                0 => self.rest(&mut kit),
                count => self.answer(&mut kit, count),
            }
        }
    }

    /// Waits for frames, and sends answers by the book in between.
    fn rest(&self, kit: &mut Kit<'_>) {
        match kit.queue.wait(self.letters.alarm()) {
            Ok(false) => {}
            Ok(true) => {
                self.letters.heard();
                self.post(kit);
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(_) => {
                self.failed();
                self.post(kit);
            }
        }
    }

    fn post(&self, kit: &mut Kit<'_>) {
        let mut posted = false;
        while let Some(letter) = self.letters.next() {
            posted = true;
            // where no frame is spare, those of letters before may be once they were sent
            let written =
                kit.queue.write(&letter) || (kit.queue.flush().is_ok() && kit.queue.write(&letter));
            if !written {
                self.counters[0].lose(Dropped::SocketError, 1);
            }
        }
        if posted && kit.queue.flush().is_err() {
            self.failed();
        }
    }

    #[cold]
    fn failed(&self) {
        self.counters[0].lose(Dropped::SocketError, 1);
        thread::sleep(REST);
    }

    fn answer(&self, kit: &mut Kit<'_>, count: usize) {
        let begun = kit.stopwatch.start(count);
        // held for this batch alone: a worker that waits keeps no snapshot in memory
        let current = self.answering.current.load();
        let conduct = self.answering.conduct.load();
        let now = Now {
            current: &**current,
            conduct: &conduct,
            time: unix_time(),
        };
        for first in (0..count).step_by(TOGETHER) {
            self.answer_some(kit, first, count.min(first + TOGETHER), &now);
        }
        drop((current, conduct));
        self.post(kit); // frames may come without a pause
        if kit.queue.finish().is_err() {
            self.failed();
        }
        if let Some(begun) = begun {
            self.counters[0].observe(begun.elapsed());
        }
    }

    fn answer_some(&self, kit: &mut Kit<'_>, first: usize, last: usize, now: &Now<'_, A>) {
        let current = now.current;
        let mut datagrams: [Option<Datagram>; TOGETHER] = [None; TOGETHER];
        let mut packets: [&[u8]; TOGETHER] = [&[]; TOGETHER]; // empty ones cost nothing
        let places = datagrams.iter_mut().zip(&mut packets);
        for ((datagram, packet), number) in places.zip(first..last) {
            let frame = kit.queue.frame(number);
            *datagram = frame::read(frame);
            if let Some(found) = datagram {
                *packet = frame.get(found.head..found.end).unwrap_or_default();
            }
        }
        let mut looked: [_; TOGETHER] = std::array::from_fn(|next| {
            let sender = datagrams[next].map_or(NOBODY, |datagram| datagram.sender);
            current.look(packets[next], sender)
        });
        if last - first > 1 {
            current.fetch(&packets, &mut looked);
        }
        for ((datagram, looked), number) in datagrams.iter().zip(&looked).zip(first..last) {
            match datagram {
                Some(datagram) => self.finish(kit, number, datagram, looked, now),
                None => self.counters[0].lose(Dropped::NotAQuery, 1),
            }
        }
    }

    #[inline]
    fn finish(
        &self,
        kit: &mut Kit<'_>,
        number: usize,
        datagram: &Datagram,
        looked: &A::Looked,
        now: &Now<'_, A>,
    ) {
        let by = Circumstances {
            sender: datagram.sender,
            random: kit.chance.next(),
            now: now.time,
            udp: true,
        };
        let counters = &self.counters[usize::from(datagram.sender.is_ipv6())];
        let (question, answer) = kit.queue.exchange(number);
        let packet = question.get(datagram.head..datagram.end);
        let out = answer.get_mut(datagram.head..);
        let (Some(packet), Some(out)) = (packet, out) else {
            return;
        };
        let mut granted = now
            .current
            .grant(packet, looked, now.conduct, by.sender, by.now);
        let bucket = approach(&kit.limiter, by.sender);
        if now.current.is_answered(looked)
            && !allow(&mut kit.limiter, bucket, &by, &mut granted, counters)
        {
            return;
        }
        let outcome = now.current.finish(packet, looked, &by, &granted, out);
        tell(outcome, counters);
        match outcome {
            Outcome::Answer { length, tally } => {
                let written = out.get(..length).unwrap_or_default();
                self.answering
                    .note(now.current, packet, &by, written, tally);
                if let Some(length) = frame::address(question, answer, length) {
                    kit.queue.answer(number, length);
                }
            }
            Outcome::Punt => self.punt(question, packet, datagram, counters, granted.cut),
            Outcome::Silence => {}
        }
    }

    #[cold]
    fn punt(
        &self,
        question: &[u8],
        packet: &[u8],
        datagram: &Datagram,
        counters: &Counters,
        cut: bool,
    ) {
        let queued = self.answering.punts.push(|| Punt {
            packet: packet.into(),
            sender: datagram.sender,
            udp: true,
            cut,
            listener: self.interface,
            way: Way::Xdp {
                queue: self.number,
                head: question.get(..datagram.head).unwrap_or_default().into(),
            },
        });
        if !queued {
            counters.lose(Dropped::PuntQueueFull, 1);
        }
    }
}

/// The frame of an answer by the book to the question with these headers.
pub(crate) fn envelope(head: &[u8], message: &[u8]) -> Option<Box<[u8]>> {
    let mut frame = vec![0; LONGEST_HEAD + message.len()];
    let room = frame.get_mut(head.len()..head.len() + message.len())?;
    room.copy_from_slice(message);
    let length = frame::address(head, &mut frame, message.len())?;
    frame.truncate(length);
    Some(frame.into())
}
