//! Answers over TCP (RFC 7766): kept-open connections, pipelining, and limits on all of it.

use std::collections::HashMap;
use std::io::{self, ErrorKind};
use std::net::{IpAddr, Ipv6Addr};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crossbeam_queue::ArrayQueue;
use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Poll, Token, Waker};

use crate::answering::{Answering, Answers, unix_time};
use crate::connection::{Connection, Desk, Next, Seat};
use crate::limit::Rate;
use crate::proxy::Balancers;
use crate::stats::{Counters, Dropped, Stopwatch};

/// Time between looks for idle connections, and for listeners that could not accept.
const SWEEP: Duration = Duration::from_secs(1);
/// Time without a query until a plane that is retired closes a connection.
const LEAVING: Duration = Duration::from_secs(1);
/// Time from the connection to the end of the PROXY header, where one is awaited.
const HANDSHAKE: Duration = Duration::from_secs(5);
/// Sockets that are looked at in one round.
const EVENTS: usize = 1024;
/// Connections that are accepted in a row from one listener.
const ACCEPTED: usize = 64;
const WAKER: Token = Token(usize::MAX - 1);

/// Bounds of what clients may take.
#[derive(Clone, Debug)]
pub struct Limits {
    /// TCP connections at once on all sockets; for one more, the longest idle is closed.
    pub connections: usize,
    /// At once of one client (RFC 7766 section 6.2.2): an IPv4 address, or an IPv6 network.
    pub per_client: usize,
    /// Time without a whole query until the server closes (RFC 7766 section 6.2.3); as one that is
    /// sent octet by octet counts only when it is whole, it bounds how long that may take, too.
    pub idle: Duration,
    /// Time that one connection may last.
    pub lifetime: Duration,
    /// Octets of answers that wait for a client; with more, nothing is read from it.
    pub unsent: usize,
    /// Packets that wait for the reference responder.
    pub punts: usize,
    /// Answers over UDP to each client network.
    pub rate: Rate,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 1000,
            per_client: 100,
            idle: Duration::from_secs(10),
            lifetime: Duration::from_secs(3600),
            unsent: 1 << 16,
            punts: 1024,
            rate: Rate::default(),
        }
    }
}

/// An answer of the reference responder.
pub(crate) struct Reply {
    /// The connection's place.
    pub place: usize,
    /// Its number.
    pub serial: u64,
    /// None closes the connection.
    pub message: Option<Box<[u8]>>,
    /// Whether more messages of the answer follow.
    pub more: bool,
}

/// How other threads reach the one that has the connections.
pub(crate) struct Letterbox {
    replies: ArrayQueue<Reply>,
    waker: Waker,
}

impl Letterbox {
    /// Hands over an answer; false if too many wait.
    pub fn put(&self, reply: Reply) -> bool {
        let room = self.replies.push(reply).is_ok();
        self.wake();
        room
    }

    /// Has the thread look whether it is to stop.
    pub fn wake(&self) {
        let _ = self.waker.wake(); // fails only where the thread is awake anyway
    }
}

/// A listening socket.
struct Door {
    listener: TcpListener,
    counters: Arc<Counters>,
    /// Whether it is accepted from.
    open: bool,
}

/// All connections, and the sockets that they come from.
pub(crate) struct Tcp<A> {
    poll: Poll,
    doors: Vec<Door>,
    letterbox: Arc<Letterbox>,
    limits: Limits,
    desk: Desk<A>,
    places: Vec<Option<Connection>>,
    vacant: Vec<usize>,
    by_client: HashMap<IpAddr, usize>,
    balancers: Arc<Balancers>,
    serial: u64,
    turns: Vec<Token>, // who has more to do without being told
    stopwatch: Stopwatch,
}

impl<A: Answers> Tcp<A> {
    /// Nothing is accepted until `run`; the sockets must not block.
    pub fn new(
        listeners: Vec<(std::net::TcpListener, Arc<Counters>)>,
        answering: Arc<Answering<A>>,
        limits: Limits,
        balancers: Arc<Balancers>,
    ) -> io::Result<(Self, Arc<Letterbox>)> {
        let poll = Poll::new()?;
        let letterbox = Arc::new(Letterbox {
            replies: ArrayQueue::new(limits.punts.max(1)),
            waker: Waker::new(poll.registry(), WAKER)?,
        });
        let mut doors = Vec::new();
        for (number, (listener, counters)) in listeners.into_iter().enumerate() {
            listener.set_nonblocking(true)?;
            let mut listener = TcpListener::from_std(listener);
            poll.registry()
                .register(&mut listener, Token(number), Interest::READABLE)?;
            doors.push(Door {
                listener,
                counters,
                open: true,
            });
        }
        let tcp = Self {
            poll,
            doors,
            letterbox: Arc::clone(&letterbox),
            desk: Desk::new(answering, limits.unsent.max(1)),
            limits,
            places: Vec::new(),
            vacant: Vec::new(),
            by_client: HashMap::new(),
            balancers,
            serial: 0,
            turns: Vec::new(),
            stopwatch: Stopwatch::default(),
        };
        Ok((tcp, letterbox))
    }

    /// Answers until the plane stops.
    pub fn run(&mut self) {
        let mut events = Events::with_capacity(EVENTS);
        let every = SWEEP.min(self.limits.idle);
        let mut sweep = Instant::now() + every;
        loop {
            let patience = if self.turns.is_empty() {
                sweep.saturating_duration_since(Instant::now())
            } else {
                Duration::ZERO
            };
            if let Err(error) = self.poll.poll(&mut events, Some(patience))
                && error.kind() != ErrorKind::Interrupted
            {
                std::thread::sleep(SWEEP / 100); // out of memory; nothing else is left to fail
            }
            if self.desk.answering.stopped() {
                return;
            }
            if self.desk.answering.retired() {
                self.leave();
            }
            self.desk.moment = Instant::now();
            self.desk.now = unix_time();
            self.round(&events);
            if self.desk.moment >= sweep {
                self.sweep();
                sweep = self.desk.moment + every;
            }
        }
    }

    /// Accepts nobody from now on: whoever else listens on the sockets does.
    fn leave(&mut self) {
        self.limits.idle = self.limits.idle.min(LEAVING);
        for door in &mut self.doors {
            if door.open {
                let _ = self.poll.registry().deregister(&mut door.listener); // it was registered
                door.open = false;
            }
        }
    }

    /// Whoever has something to do has one turn.
    fn round(&mut self, events: &Events) {
        let answering = Arc::clone(&self.desk.answering);
        // held for this round alone, so that an idle thread keeps no snapshot in memory
        let current = answering.current.load();
        let turns = std::mem::take(&mut self.turns);
        for event in events {
            if event.token() == WAKER {
                self.deliver(&current);
                continue;
            }
            if let Some(connection) = self.at(event.token()) {
                connection.readable |= event.is_readable() || event.is_error();
                connection.ending |= event.is_read_closed();
            }
            self.turn(event.token(), &current);
        }
        for token in turns {
            self.turn(token, &current);
        }
    }

    fn turn(&mut self, token: Token, current: &A) {
        if token.0 < self.doors.len() {
            self.accept(token.0);
        } else {
            self.serve(token.0 - self.doors.len(), current);
        }
    }

    fn at(&mut self, token: Token) -> Option<&mut Connection> {
        let place = token.0.checked_sub(self.doors.len())?;
        self.places.get_mut(place)?.as_mut()
    }

    fn serve(&mut self, place: usize, current: &A) {
        let Some(Some(connection)) = self.places.get_mut(place) else {
            return;
        };
        let desk = &mut self.desk;
        let begun = self.stopwatch.start(1);
        // a fault of ours costs this connection, not all of them
        let next = catch_unwind(AssertUnwindSafe(|| connection.serve(desk, current)));
        if let Some(begun) = begun
            && connection.last == self.desk.moment
        {
            connection.counters.observe(begun.elapsed());
        }
        let named = connection.named.take();
        match next {
            Ok(Next::Wait) => {}
            Ok(Next::Turn) => self.turns.push(Token(place + self.doors.len())),
            Ok(Next::Close) => self.close(place),
            Err(_) => {
                connection.counters.lose(Dropped::Fault, 1);
                self.desk = Desk::new(Arc::clone(&self.desk.answering), self.desk.unsent);
                self.close(place);
            }
        }
        if let Some(client) = named {
            self.attribute_or_close(place, client);
        }
    }

    /// Answers of the reference responder go to those connections that are still there.
    fn deliver(&mut self, current: &A) {
        while let Some(reply) = self.letterbox.replies.pop() {
            let Some(Some(connection)) = self.places.get_mut(reply.place) else {
                continue;
            };
            if connection.serial != reply.serial {
                continue;
            }
            if let (true, Some(message)) = (reply.more, &reply.message) {
                connection.reply_part(message, self.desk.moment);
            } else if !connection.reply(reply.message.as_deref()) {
                self.close(reply.place);
                continue;
            }
            self.serve(reply.place, current);
        }
    }

    fn accept(&mut self, number: usize) {
        for _ in 0..ACCEPTED {
            let door = &self.doors[number];
            if !door.open {
                return;
            }
            match door.listener.accept() {
                Ok((stream, peer)) => {
                    if self
                        .admit(number, stream, peer.ip().to_canonical())
                        .is_err()
                    {
                        self.doors[number].counters.lose(Dropped::SocketError, 1);
                    }
                }
                Err(error) => match error.kind() {
                    ErrorKind::WouldBlock => return,
                    ErrorKind::Interrupted | ErrorKind::ConnectionAborted => {}
                    _ => {
                        // no files are left, perhaps: `sweep` tries again
                        door.counters.lose(Dropped::SocketError, 1);
                        return;
                    }
                },
            }
        }
        self.turns.push(Token(number));
    }

    /// Makes a connection of a stream, and room for it, unless its client has too many.
    fn admit(&mut self, number: usize, mut stream: TcpStream, host: IpAddr) -> io::Result<()> {
        let counters = Arc::clone(&self.doors[number].counters);
        let introduced = self.balancers.has(host);
        if !introduced && self.is_full(host) {
            counters.lose(Dropped::TooManyOfOneClient, 1);
            return Ok(());
        }
        if self.places.len() - self.vacant.len() >= self.limits.connections {
            self.close_oldest();
        }
        stream.set_nodelay(true)?; // answers are short, and none waits for the next
        let place = self.vacant.last().copied().unwrap_or(self.places.len());
        self.poll.registry().register(
            &mut stream,
            Token(place + self.doors.len()),
            Interest::READABLE | Interest::WRITABLE,
        )?;
        self.serial += 1;
        let seat = Seat {
            place,
            serial: self.serial,
            listener: number,
            counters,
        };
        let mut connection = Connection::new(seat, stream, host, self.desk.moment);
        connection.awaits_header = introduced;
        connection.counters.arrive();
        match self.vacant.pop() {
            Some(vacant) => self.places[vacant] = Some(connection),
            None => self.places.push(Some(connection)),
        }
        if !introduced {
            self.attribute(place, host);
        }
        Ok(())
    }

    /// Says whose connection of a balancer's it is, and closes it where that one has too many.
    fn attribute_or_close(&mut self, place: usize, client: IpAddr) {
        if !self.attribute(place, client) {
            if let Some(Some(connection)) = self.places.get(place) {
                connection.counters.lose(Dropped::TooManyOfOneClient, 1);
            }
            self.close(place);
        }
    }

    fn is_full(&self, host: IpAddr) -> bool {
        let count = self.by_client.get(&client_of(host)).copied();
        count.unwrap_or(0) >= self.limits.per_client
    }

    /// Says whose connection it is; whether it may stay.
    fn attribute(&mut self, place: usize, host: IpAddr) -> bool {
        if self.is_full(host) {
            return false;
        }
        let client = client_of(host);
        if let Some(Some(connection)) = self.places.get_mut(place) {
            connection.counted = Some(client);
            *self.by_client.entry(client).or_default() += 1;
        }
        true
    }

    fn close_oldest(&mut self) {
        let oldest = self.places.iter().flatten().min_by_key(|each| each.last);
        if let Some(oldest) = oldest {
            oldest.counters.lose(Dropped::TooManyConnections, 1);
            self.close(oldest.place);
        }
    }

    /// Closes the connections that have been idle, or there, for too long.
    fn sweep(&mut self) {
        let Limits { idle, lifetime, .. } = self.limits;
        for place in 0..self.places.len() {
            let Some(each) = &self.places[place] else {
                continue;
            };
            let age = self.desk.moment.duration_since(each.since);
            if each.awaits_header && age > HANDSHAKE {
                each.counters.lose(Dropped::SlowHandshake, 1);
            } else if self.desk.moment.duration_since(each.last) > idle {
                if !each.has_sent() {
                    each.counters.lose(Dropped::SlowReader, 1);
                }
            } else if age <= lifetime {
                continue;
            }
            self.close(place);
        }
        for number in 0..self.doors.len() {
            self.accept(number);
        }
    }

    fn close(&mut self, place: usize) {
        let Some(connection) = self.places.get_mut(place).and_then(Option::take) else {
            return;
        };
        self.vacant.push(place);
        connection.counters.leave();
        if let Some(client) = connection.counted
            && let Some(count) = self.by_client.get_mut(&client)
        {
            *count -= 1;
            if *count == 0 {
                self.by_client.remove(&client);
            }
        }
    }
}

/// Whom connections of an address are counted for: it, or the IPv6 network of 56 bits that one site
/// has (RFC 6177), whose addresses are one client's to use.
fn client_of(host: IpAddr) -> IpAddr {
    match host {
        IpAddr::V4(_) => host,
        IpAddr::V6(host) => Ipv6Addr::from_bits(host.to_bits() >> 72 << 72).into(),
    }
}
