//! The plane: threads that answer on sockets from the last snapshot that was published.

use std::io;
use std::net::TcpListener;
use std::os::fd::{AsFd, OwnedFd};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crate::answering::{Answering, Answers};
use crate::conduct::Conduct;
use crate::freeing::Replaced;
use crate::limit::{Note, Notes, Rate};
use crate::proxy::Balancers;
use crate::punt::{Punt, Way};
use crate::snapshot::Snapshot;
use crate::stats::{Counters, Dropped, Sums, Totals};
use crate::sys;
use crate::tap::Tapped;
use crate::tcp::{Letterbox, Limits, Reply, Tcp};
use crate::udp::Worker;
use crate::xdp;

/// How long a thread rests after a fault, in case it comes again at once.
const AFTER_FAULT: Duration = Duration::from_millis(10);

/// How long a thread waits for datagrams before it looks whether the plane is retired.
const LOOK: Duration = Duration::from_millis(200);

/// How long an answer waits for room where a device takes none; then it is lost, not the worker.
const SENDING: Duration = Duration::from_millis(20);

/// The sockets of one address and port, bound.
pub struct Listening {
    /// One for each worker; with more than one, all with SO_REUSEPORT.
    pub udp: Vec<OwnedFd>,
    /// Listens.
    pub tcp: OwnedFd,
    /// Whether UDP is bound to no address in particular, so that answers have to be told to leave
    /// from the address that was asked.
    pub wildcard: bool,
}

/// What carries a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proto {
    /// Datagrams.
    Udp,
    /// Connections.
    Tcp,
}

/// What is counted for one listener.
struct Counted {
    udp: Vec<Arc<Counters>>,
    tcp: Arc<Counters>,
}

/// An interface that is served by AF_XDP.
struct Served {
    /// For each queue, of IPv4 and of IPv6.
    counted: Vec<[Arc<Counters>; 2]>,
    letters: Vec<Arc<xdp::Letters>>,
    /// What its program is attached by.
    link: Option<OwnedFd>,
}

/// Answers DNS queries until it is stopped, or dropped.
pub struct Plane<A: Answers = Snapshot> {
    answering: Arc<Answering<A>>,
    counted: Vec<Counted>,
    letterbox: Arc<Letterbox>,
    sockets: Mutex<Vec<Vec<Arc<OwnedFd>>>>,
    interfaces: Mutex<Vec<Served>>,
    threads: Mutex<Vec<JoinHandle<()>>>,
    replaced: Arc<Replaced<A>>,
    rate: Rate,
    notes: Mutex<Vec<Arc<Notes>>>,
    shared: AtomicBool,
}

impl<A: Answers> Plane<A> {
    /// Starts answering from `first`, which has so many tallies. The sockets are the plane's own.
    pub fn start(
        listeners: Vec<Listening>,
        first: Arc<A>,
        tallies: usize,
        limits: Limits,
    ) -> io::Result<Self> {
        Self::start_behind(listeners, first, tallies, limits, Balancers::default())
    }

    /// The same behind balancers, which say with PROXY headers whom queries are from.
    pub fn start_behind(
        listeners: Vec<Listening>,
        first: Arc<A>,
        tallies: usize,
        limits: Limits,
        balancers: Balancers,
    ) -> io::Result<Self> {
        let balancers = Arc::new(balancers);
        let answering = Arc::new(Answering::new(first, limits.punts)?);
        let mut counted = Vec::new();
        let mut doors = Vec::new();
        let mut workers = Vec::new();
        for (number, listening) in listeners.into_iter().enumerate() {
            let tcp = Arc::new(Counters::default());
            doors.push((TcpListener::from(listening.tcp), Arc::clone(&tcp)));
            let (udp, wildcard) = (listening.udp, listening.wildcard);
            let mut found = udp_workers(&answering, number, udp, wildcard, &limits.rate)?;
            for worker in &mut found {
                worker.balancers = Arc::clone(&balancers);
            }
            let udp = found
                .iter()
                .map(|each| Arc::clone(&each.counters))
                .collect();
            workers.push(found);
            counted.push(Counted { udp, tcp });
        }
        let rate = limits.rate.clone();
        let notes = workers.iter().flatten().map(|w| Arc::clone(&w.notes));
        let notes: Vec<_> = notes.collect();
        let (mut tcp, letterbox) = Tcp::new(
            doors,
            Arc::clone(&answering),
            limits,
            Arc::clone(&balancers),
        )?;
        let of_listener =
            |each: &Vec<Worker<A>>| each.iter().map(|w| Arc::clone(&w.socket)).collect();
        let plane = Self {
            answering,
            counted,
            letterbox,
            sockets: Mutex::new(workers.iter().map(of_listener).collect()),
            interfaces: Mutex::default(),
            threads: Mutex::default(),
            replaced: Arc::default(),
            rate,
            notes: Mutex::new(notes),
            shared: AtomicBool::new(false),
        };
        plane.reserve(tallies);
        // where one can't be started, dropping the plane ends the others
        for worker in workers.into_iter().flatten() {
            let name = format!("gtm-udp {}.{}", worker.listener, worker.number);
            let counters = Arc::clone(&worker.counters);
            plane.thread(name, counters, move || worker.run())?;
        }
        plane.thread("gtm-tcp".into(), Arc::default(), move || tcp.run())?;
        let replaced = Arc::clone(&plane.replaced);
        plane.thread("gtm-free".into(), Arc::default(), move || replaced.run())?;
        Ok(plane)
    }

    /// Answers what comes to an interface too; the snapshot has so many tallies.
    ///
    /// Not to be called while another thread publishes.
    pub fn serve(&self, interface: xdp::Interface, tallies: usize) -> io::Result<()> {
        let (queues, link) = interface.into_parts();
        let mut served = Served {
            counted: Vec::new(),
            letters: Vec::new(),
            link: Some(link),
        };
        let place = lock(&self.interfaces).len();
        let mut workers = Vec::new();
        let share = queues.len();
        for (number, queue) in queues.into_iter().enumerate() {
            let notes = Arc::new(Notes::default());
            lock(&self.notes).push(Arc::clone(&notes));
            let worker = xdp::Worker {
                answering: Arc::clone(&self.answering),
                queue: Mutex::new(queue),
                letters: Arc::new(xdp::Letters::new()?),
                counters: Default::default(),
                interface: place,
                number,
                rate: (self.rate.clone(), share),
                notes,
            };
            served.letters.push(Arc::clone(&worker.letters));
            served.counted.push(worker.counters.clone());
            workers.push(worker);
        }
        lock(&self.interfaces).push(served);
        self.reserve(tallies);
        for worker in workers {
            let name = format!("gtm-xdp {place}.{}", worker.number);
            let counters = Arc::clone(&worker.counters[0]);
            self.thread(name, counters, move || worker.run())?;
        }
        Ok(())
    }

    /// Starts a thread that takes up its work again after a fault of ours.
    fn thread(
        &self,
        name: String,
        counters: Arc<Counters>,
        mut run: impl FnMut() + Send + 'static,
    ) -> io::Result<()> {
        let thread = thread::Builder::new().name(name).spawn(move || {
            sys::block_signals();
            sys::be_prompt();
            while catch_unwind(AssertUnwindSafe(&mut run)).is_err() {
                counters.lose(Dropped::Fault, 1);
                thread::sleep(AFTER_FAULT);
            }
        })?;
        lock(&self.threads).push(thread);
        Ok(())
    }

    /// Answers from this snapshot from now on; it has so many tallies.
    ///
    /// The one before is freed by a thread of its own when nobody else holds it.
    pub fn publish(&self, snapshot: Arc<A>, tallies: usize) {
        self.reserve(tallies);
        self.replaced.add(self.answering.current.swap(snapshot));
    }

    /// Answers by these words of the server from now on.
    pub fn behave(&self, conduct: Conduct) {
        self.answering.conduct.store(Arc::new(conduct));
    }

    /// Has every so-manieth answer noted for the query log from now on; none with 0.
    pub fn tap(&self, every: u32) {
        self.answering.tap.open(every);
    }

    /// What was noted, so many at a time, waiting so long for the first; and how many were lost.
    pub fn tapped(&self, most: usize, at_most: Duration) -> (Vec<Tapped>, u64) {
        let tap = &self.answering.tap;
        (tap.take(most, at_most), tap.lost())
    }

    /// Networks that had too many answers since the last call, by the worker that says so.
    pub fn limited(&self) -> Vec<Note> {
        let notes = lock(&self.notes);
        notes.iter().flat_map(|each| each.take()).collect()
    }

    /// How many snapshots of before are not freed yet.
    pub fn replaced(&self) -> usize {
        self.replaced.count()
    }

    fn reserve(&self, tallies: usize) {
        for counted in &self.counted {
            for counters in counted.udp.iter().chain([&counted.tcp]) {
                counters.reserve(tallies);
            }
        }
        for served in lock(&self.interfaces).iter() {
            let counters = served.counted.iter().flatten();
            counters.for_each(|each| each.reserve(tallies));
        }
    }

    /// The next packet for the reference responder; None if none comes for so long, or the plane
    /// has stopped.
    pub fn next_punt(&self, at_most: Duration) -> Option<Punt> {
        self.answering.punts.next(at_most)
    }

    /// Sends the answer to a punt; None is silence, which closes a connection.
    pub fn reply(&self, punt: &Punt, message: Option<&[u8]>) {
        if let Way::Xdp { queue, head } = &punt.way {
            return self.post(punt.listener, *queue, head, message);
        }
        let Some(counted) = self.counted.get(punt.listener) else {
            return;
        };
        match &punt.way {
            Way::Xdp { .. } => {}
            Way::Udp { worker, origin } => {
                let sockets = lock(&self.sockets);
                let socket = sockets.get(punt.listener).and_then(|all| all.get(*worker));
                let (Some(socket), Some(message)) = (socket.cloned(), message) else {
                    return;
                };
                drop(sockets);
                if sys::send_to(socket.as_fd(), origin, message).is_err()
                    && let Some(counters) = counted.udp.get(*worker)
                {
                    counters.lose(Dropped::SocketError, 1);
                }
            }
            Way::Tcp { place, serial, .. } => {
                let reply = Reply {
                    place: *place,
                    serial: *serial,
                    message: message.map(Box::from),
                    more: false,
                };
                if !self.letterbox.put(reply) {
                    counted.tcp.lose(Dropped::PuntQueueFull, 1);
                }
            }
        }
    }

    /// Sends one of the messages of an answer over TCP, when there is room; `reply` has to follow
    /// with the last. False if none comes for so long, or the client is gone.
    pub fn reply_part(&self, punt: &Punt, message: &[u8], at_most: Duration) -> bool {
        let Way::Tcp {
            place,
            serial,
            flow,
        } = &punt.way
        else {
            return false;
        };
        let reply = |message| Reply {
            place: *place,
            serial: *serial,
            message: Some(message),
            more: true,
        };
        flow.take(message.len(), at_most) && self.letterbox.put(reply(message.into()))
    }

    /// Has a queue's thread send the answer to a punt.
    fn post(&self, interface: usize, queue: usize, head: &[u8], message: Option<&[u8]>) {
        let interfaces = lock(&self.interfaces);
        let (Some(served), Some(message)) = (interfaces.get(interface), message) else {
            return;
        };
        let frame = xdp::envelope(head, message);
        let letters = served.letters.get(queue);
        let put = letters.zip(frame).is_some_and(|(to, frame)| to.put(frame));
        if !put && let Some([counters, _]) = served.counted.get(queue) {
            counters.lose(Dropped::SocketError, 1);
        }
    }

    /// What was counted for an interface and a family, summed over its queues.
    pub fn interface_counters(&self, interface: usize, ipv6: bool) -> Totals {
        let interfaces = lock(&self.interfaces);
        let queues = interfaces.get(interface).map(|served| &served.counted);
        let of_family = |each: &[Arc<Counters>; 2]| Arc::clone(&each[usize::from(ipv6)]);
        let counted: Vec<_> = queues.into_iter().flatten().map(of_family).collect();
        Totals::of(&counted)
    }

    /// What was counted for a listener, summed over its workers.
    pub fn counters(&self, listener: usize, proto: Proto) -> Totals {
        let Some(counted) = self.counted.get(listener) else {
            return Totals::default();
        };
        match proto {
            Proto::Udp => Totals::of(&counted.udp),
            Proto::Tcp => Totals::of(std::slice::from_ref(&counted.tcp)),
        }
    }

    /// What was counted everywhere, summed by kind of tally; there are so many kinds.
    pub fn summed(&self, kinds: &[u32], count: usize) -> Sums {
        let mut sums = Sums::new(count);
        for counted in &self.counted {
            let threads = counted.udp.iter().chain(std::iter::once(&counted.tcp));
            threads.for_each(|each| sums.add(each, kinds));
        }
        for served in lock(&self.interfaces).iter() {
            let threads = served.counted.iter().flatten();
            threads.for_each(|each| sums.add(each, kinds));
        }
        sums
    }

    /// Connections to a listener that are open now, and that came so far.
    pub fn connections(&self, listener: usize) -> (u64, u64) {
        let counted = self.counted.get(listener);
        counted.map_or((0, 0), |counted| counted.tcp.connections())
    }

    /// Says that another process has the sockets too. Nothing that it would notice is done to them
    /// from now on, and threads that wait for datagrams end when they next look.
    pub fn share(&self) {
        self.shared.store(true, Ordering::SeqCst);
    }

    /// Receives and accepts nothing from now on, as another process does. Connections are served
    /// until their clients end them, or send nothing for a second.
    pub fn retire(&self) {
        self.share();
        self.answering.retire();
        self.letterbox.wake();
    }

    /// Whether all threads run.
    pub fn alive(&self) -> bool {
        lock(&self.threads).iter().all(|each| !each.is_finished())
    }

    /// Ends all threads and closes all sockets and connections.
    pub fn stop(&self) {
        if self.shared.load(Ordering::SeqCst) {
            self.answering.retire(); // what is received already is answered
        }
        if self.answering.stop() {
            for socket in lock(&self.sockets).drain(..).flatten() {
                if !self.shared.load(Ordering::SeqCst) {
                    sys::wake(socket.as_fd());
                }
            }
            self.letterbox.wake();
            for served in lock(&self.interfaces).iter() {
                served.letters.iter().for_each(|each| each.wake());
            }
            self.answering.punts.close();
            self.replaced.end();
        }
        for thread in std::mem::take(&mut *lock(&self.threads)) {
            let _ = thread.join(); // a thread's faults were counted when they happened
        }
        for served in lock(&self.interfaces).iter_mut() {
            served.link = None; // closed, which detaches its program
        }
    }
}

impl<A: Answers> Drop for Plane<A> {
    fn drop(&mut self) {
        self.stop();
    }
}

fn udp_workers<A: Answers>(
    answering: &Arc<Answering<A>>,
    listener: usize,
    udp: Vec<OwnedFd>,
    wildcard: bool,
    rate: &Rate,
) -> io::Result<Vec<Worker<A>>> {
    let mut workers = Vec::new();
    let share = udp.len();
    for (number, socket) in udp.into_iter().enumerate() {
        let socket = std::net::UdpSocket::from(socket);
        socket.set_nonblocking(false)?;
        socket.set_read_timeout(Some(LOOK))?;
        socket.set_write_timeout(Some(SENDING))?;
        if wildcard {
            sys::ask_for_destination(socket.as_fd())?;
        }
        workers.push(Worker {
            answering: Arc::clone(answering),
            socket: Arc::new(socket.into()),
            counters: Arc::default(),
            wildcard,
            balancers: Arc::default(),
            listener,
            number,
            rate: (rate.clone(), share),
            notes: Arc::default(),
        });
    }
    Ok(workers)
}

/// What such a lock guards is whole whatever happened to a thread that held it.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
