//! One TCP client: frames of two length octets and a message, both ways (RFC 1035 section 4.2.2).

use std::io::{ErrorKind, Read, Write};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Instant;

use mio::net::TcpStream;

use crate::answer::{Circumstances, Outcome};
use crate::answering::{Answering, Answers, Chance, tell};
use crate::flow::Flow;
use crate::proxy::{self, Header};
use crate::punt::{Punt, Way};
use crate::stats::{Counters, Dropped};

/// Octets read at once.
const READ: usize = 1 << 14;
/// Reads and rounds of answers until other clients have their turn.
const TURNS: usize = 4;
/// Punts of one client at once; with more, nothing is read from it until some are answered.
const PUNTS: usize = 32;
/// Octets of buffers that a connection keeps when they are empty.
const KEPT: usize = 1 << 12;
/// The largest message (RFC 1035 section 4.2.2).
const LARGEST: usize = u16::MAX as usize;

/// What connections take turns with.
pub(crate) struct Desk<A> {
    /// What is answered from.
    pub answering: Arc<Answering<A>>,
    /// Octets of answers that wait for a client; with more, nothing is read from it.
    pub unsent: usize,
    /// The time of this round.
    pub moment: Instant,
    /// The same as Unix time in seconds.
    pub now: f64,
    /// Picks slots.
    pub chance: Chance,
    read: Box<[u8]>,
    answer: Box<[u8]>,
}

impl<A: Answers> Desk<A> {
    /// Allocates what all connections share.
    pub fn new(answering: Arc<Answering<A>>, unsent: usize) -> Self {
        Self {
            answering,
            unsent,
            moment: Instant::now(),
            now: crate::answering::unix_time(),
            chance: Chance::new(),
            read: vec![0; READ].into(),
            answer: vec![0; LARGEST].into(),
        }
    }
}

/// What is to be done with a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// It has nothing to do until its socket says so, or a punt is answered.
    Wait,
    /// There is more to do, after the others.
    Turn,
    /// It is over.
    Close,
}

/// A client. Between messages it takes no memory but this.
pub(crate) struct Connection {
    /// Its place among all connections, and its number, which no other ever has.
    pub place: usize,
    pub serial: u64,
    pub stream: TcpStream,
    /// Who asks: the peer, or whom a balancer named.
    pub host: IpAddr,
    /// Whom a balancer has just named.
    pub named: Option<IpAddr>,
    /// Whom it is counted for.
    pub counted: Option<IpAddr>,
    /// Whether a PROXY header must come first.
    pub awaits_header: bool,
    /// The listener it came to, and who counts there.
    pub listener: usize,
    pub counters: Arc<Counters>,
    /// When its last whole message came, or it did.
    pub last: Instant,
    /// When it came.
    pub since: Instant,
    /// Whether there may be something to read.
    pub readable: bool,
    /// Whether the client will send no more.
    pub ending: bool,
    ended: bool,
    waiting: usize,   // punts
    pending: Vec<u8>, // of messages that are not whole, or must wait
    answers: Vec<u8>,
    sent: usize,  // octets of `answers`
    parts: usize, // octets of `answers` that `flow` counts
    flow: Option<Arc<Flow>>,
}

/// Where a new connection stands.
pub(crate) struct Seat {
    /// Its place among all connections.
    pub place: usize,
    /// Its number.
    pub serial: u64,
    /// The listener it came to.
    pub listener: usize,
    /// Who counts there.
    pub counters: Arc<Counters>,
}

impl Connection {
    /// Counts as busy from the start, so that a silent one is closed too.
    pub fn new(seat: Seat, stream: TcpStream, host: IpAddr, moment: Instant) -> Self {
        Self {
            place: seat.place,
            serial: seat.serial,
            stream,
            host,
            named: None,
            counted: None,
            awaits_header: false,
            listener: seat.listener,
            counters: seat.counters,
            last: moment,
            since: moment,
            readable: false,
            ending: false,
            ended: false,
            waiting: 0,
            pending: Vec::new(),
            answers: Vec::new(),
            sent: 0,
            parts: 0,
            flow: None,
        }
    }

    /// Whether the client has taken all that was answered.
    pub fn has_sent(&self) -> bool {
        self.answers.is_empty()
    }

    /// Sends, reads and answers as far as it goes without waiting.
    pub fn serve<A: Answers>(&mut self, desk: &mut Desk<A>, current: &A) -> Next {
        for _ in 0..TURNS {
            if !self.flush() {
                return Next::Close;
            }
            if self.full(desk) {
                return Next::Wait;
            }
            if whole(&self.pending).is_some() {
                if !self.answer_pending(desk, current) {
                    return Next::Close;
                }
            } else if self.ended {
                return self.farewell();
            } else if !self.readable {
                return Next::Wait;
            } else if !self.read(desk, current) {
                return Next::Close;
            }
        }
        Next::Turn
    }

    /// Sends what the reference responder answered; None closes the connection.
    pub fn reply(&mut self, message: Option<&[u8]>) -> bool {
        self.waiting = self.waiting.saturating_sub(1);
        let Some(message) = message.filter(|message| message.len() <= LARGEST) else {
            return false;
        };
        self.queue(message);
        true
    }

    /// Sends one of several messages of an answer, which other threads make.
    pub fn reply_part(&mut self, message: &[u8], moment: Instant) {
        self.last = moment;
        self.parts += message.len();
        self.queue(message);
    }

    /// After the client's last message: what it asked is answered, then the connection ends.
    fn farewell(&self) -> Next {
        if self.waiting == 0 && self.answers.is_empty() {
            Next::Close
        } else {
            Next::Wait
        }
    }

    /// Whether the client has to read, or to wait for punts, before more is read from it.
    fn full<A>(&self, desk: &Desk<A>) -> bool {
        self.answers.len() - self.sent >= desk.unsent || self.waiting >= PUNTS
    }

    /// Reads once and answers what has come whole; false if the connection is over.
    fn read<A: Answers>(&mut self, desk: &mut Desk<A>, current: &A) -> bool {
        let count = match self.stream.read(&mut desk.read) {
            Ok(0) => {
                self.ended = true;
                return true;
            }
            Ok(count) => count,
            Err(error) => match error.kind() {
                ErrorKind::WouldBlock => {
                    self.readable = false;
                    return true;
                }
                ErrorKind::Interrupted => return true,
                _ => return false,
            },
        };
        // a short read has emptied the socket; what comes then is told (epoll(7), question 9)
        self.readable = count == READ || self.ending;
        if !self.pending.is_empty() {
            self.pending.extend_from_slice(&desk.read[..count]);
            return self.answer_pending(desk, current);
        }
        let read = std::mem::take(&mut desk.read);
        let used = self.answer_frames(&read[..count], desk, current);
        if let Some(used) = used {
            self.pending.extend_from_slice(&read[used..count]);
        }
        desk.read = read;
        self.flush() && used.is_some()
    }

    fn answer_pending<A: Answers>(&mut self, desk: &mut Desk<A>, current: &A) -> bool {
        let mut pending = std::mem::take(&mut self.pending);
        let used = self.answer_frames(&pending, desk, current);
        let Some(used) = used else {
            self.flush();
            return false;
        };
        pending.drain(..used);
        if !pending.is_empty() || pending.capacity() <= KEPT {
            self.pending = pending;
        }
        true
    }

    /// Answers whole messages; gives how many octets they were, or None if the client sent what
    /// no client of ours would.
    fn answer_frames<A: Answers>(
        &mut self,
        octets: &[u8],
        desk: &mut Desk<A>,
        current: &A,
    ) -> Option<usize> {
        let mut used = 0;
        if self.awaits_header {
            match proxy::read(octets) {
                Header::Whole { size, client } => used = self.introduced(size, client),
                Header::Short => return Some(0),
                Header::Malformed => {
                    self.counters.lose(Dropped::BadHeader, 1);
                    return None;
                }
            }
        }
        while !self.full(desk)
            && let Some(packet) = octets.get(used..).and_then(whole)
        {
            used += 2 + packet.len();
            self.last = desk.moment;
            if !self.answer(packet, desk, current) {
                return None;
            }
        }
        Some(used)
    }

    /// A balancer has said, in so many octets, whom the connection is from.
    fn introduced(&mut self, size: usize, client: Option<IpAddr>) -> usize {
        self.awaits_header = false;
        self.named = client;
        self.host = client.unwrap_or(self.host);
        size
    }

    fn answer<A: Answers>(&mut self, packet: &[u8], desk: &mut Desk<A>, current: &A) -> bool {
        let by = Circumstances {
            sender: self.host,
            random: desk.chance.next(),
            now: desk.now,
            udp: false,
        };
        let conduct = desk.answering.conduct.load();
        let outcome = current.answer(packet, &by, &conduct, &mut desk.answer);
        drop(conduct);
        tell(outcome, &self.counters);
        match outcome {
            Outcome::Answer { length, tally } => {
                let answer = desk.answer.get(..length).unwrap_or_default();
                desk.answering.note(current, packet, &by, answer, tally);
                self.queue(answer);
                true
            }
            Outcome::Punt => {
                self.punt(packet, desk);
                true
            }
            Outcome::Silence => false,
        }
    }

    fn punt<A>(&mut self, packet: &[u8], desk: &Desk<A>) {
        let queued = desk.answering.punts.push(|| Punt {
            packet: packet.into(),
            sender: self.host,
            udp: false,
            cut: false,
            listener: self.listener,
            way: Way::Tcp {
                place: self.place,
                serial: self.serial,
                flow: Arc::clone(self.flow.get_or_insert_default()),
            },
        });
        if queued {
            self.waiting += 1;
        } else {
            self.counters.lose(Dropped::PuntQueueFull, 1);
        }
    }

    fn queue(&mut self, message: &[u8]) {
        let length = message.len() as u16;
        self.answers.extend_from_slice(&length.to_be_bytes());
        self.answers.extend_from_slice(message);
    }

    /// Sends what waits, as far as the client takes it; false if the connection is over.
    fn flush(&mut self) -> bool {
        while self.sent < self.answers.len() {
            match self.stream.write(&self.answers[self.sent..]) {
                Ok(0) => return false,
                Ok(count) => self.sent += count,
                Err(error) => match error.kind() {
                    ErrorKind::WouldBlock => return true,
                    ErrorKind::Interrupted => {}
                    _ => return false,
                },
            }
        }
        self.sent = 0;
        self.answers.clear();
        if let (1.., Some(flow)) = (self.parts, &self.flow) {
            flow.sent(self.parts);
            self.parts = 0;
        }
        self.answers.shrink_to(KEPT);
        true
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        if let Some(flow) = &self.flow {
            flow.close();
        }
    }
}

/// The first message, if all of it is there.
fn whole(octets: &[u8]) -> Option<&[u8]> {
    let length = u16::from_be_bytes([*octets.first()?, *octets.get(1)?]);
    octets.get(2..2 + usize::from(length))
}
