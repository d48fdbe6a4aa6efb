//! Packets for the reference responder: a queue that never makes an answering thread wait.

use std::io::{self, Read, Write};
use std::net::{IpAddr, Shutdown};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst, fence};
use std::time::{Duration, Instant};

use crossbeam_queue::ArrayQueue;

use crate::flow::Flow;
use crate::origin::Origin;

/// A packet for the reference responder.
#[derive(Debug)]
pub struct Punt {
    /// What came.
    pub packet: Box<[u8]>,
    /// Who sent it.
    pub sender: IpAddr,
    /// Whether it came over UDP.
    pub udp: bool,
    /// Whether the answer is to be truncated, as its sender's network had too many.
    pub cut: bool,
    /// The number of the listener, or of the interface, that it came to.
    pub listener: usize,
    pub(crate) way: Way,
}

/// The way back.
#[derive(Debug)]
pub(crate) enum Way {
    /// By the listener's socket of that number.
    Udp { worker: usize, origin: Origin },
    /// By a connection: its place, and its number, as places are used again.
    Tcp {
        place: usize,
        serial: u64,
        flow: Arc<Flow>,
    },
    /// By a queue of the interface, in a frame with headers made from those that came.
    Xdp { queue: usize, head: Box<[u8]> },
}

impl Punt {
    /// Whether it came to an interface, not to a listener.
    pub fn by_interface(&self) -> bool {
        matches!(self.way, Way::Xdp { .. })
    }
}

/// The queue, from threads that answer to those that call `next`.
pub(crate) struct Punts {
    queue: ArrayQueue<Punt>,
    waiting: AtomicUsize, // threads in `next` that found nothing
    told: AtomicBool,     // whether `teller` was written to since one of them woke
    closed: AtomicBool,
    teller: UnixStream,
    hearer: UnixStream,
}

impl Punts {
    /// So many punts wait at the most.
    pub fn new(limit: usize) -> io::Result<Self> {
        let (teller, hearer) = UnixStream::pair()?;
        teller.set_nonblocking(true)?;
        Ok(Self {
            queue: ArrayQueue::new(limit.max(1)),
            waiting: AtomicUsize::new(0),
            told: AtomicBool::new(false),
            closed: AtomicBool::new(false),
            teller,
            hearer,
        })
    }

    /// Queues a punt; false if too many wait. It is put together only if there is room.
    pub fn push(&self, punt: impl FnOnce() -> Punt) -> bool {
        if self.queue.is_full() || self.queue.push(punt()).is_err() {
            return false;
        }
        // either we see that somebody waits, or that thread sees the punt
        fence(SeqCst);
        if self.waiting.load(SeqCst) != 0 {
            self.tell();
        }
        true
    }

    /// The next punt; None if none comes for so long, or the plane has stopped.
    pub fn next(&self, at_most: Duration) -> Option<Punt> {
        let until = Instant::now() + at_most;
        loop {
            if self.closed.load(SeqCst) {
                return None;
            }
            if let Some(punt) = self.queue.pop() {
                if !self.queue.is_empty() && self.waiting.load(SeqCst) != 0 {
                    self.tell(); // one that was told may be slow, and others wait
                }
                return Some(punt);
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return None;
            }
            self.wait(left);
        }
    }

    /// Ends all waiting.
    pub fn close(&self) {
        self.closed.store(true, SeqCst);
        let _ = self.teller.shutdown(Shutdown::Both); // fails only where it was before
        while self.queue.pop().is_some() {}
    }

    fn tell(&self) {
        if !self.told.swap(true, SeqCst) {
            let _ = (&self.teller).write(&[1]); // where it would block, enough was told
        }
    }

    fn wait(&self, at_most: Duration) {
        self.waiting.fetch_add(1, SeqCst);
        fence(SeqCst);
        if self.queue.is_empty() && !self.closed.load(SeqCst) {
            let bounded = self.hearer.set_read_timeout(Some(at_most));
            // an error is that it took too long, or a signal; the queue is looked at anyway
            let _ = bounded.and_then(|()| (&self.hearer).read(&mut [0; 64]));
        }
        self.waiting.fetch_sub(1, SeqCst);
        self.told.store(false, SeqCst);
    }
}
