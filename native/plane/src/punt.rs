//! Packets for the reference responder: a queue that never makes an answering thread wait.

use std::fs::File;
use std::io::{self, Read, Write};
use std::net::IpAddr;
use std::os::fd::AsFd;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst, fence};
use std::time::{Duration, Instant};

use crossbeam_queue::ArrayQueue;

use crate::sys::{self, Origin};

/// A packet for the reference responder.
#[derive(Debug)]
pub struct Punt {
    /// What came.
    pub packet: Box<[u8]>,
    /// Who sent it.
    pub sender: IpAddr,
    /// Whether it came over UDP.
    pub udp: bool,
    /// The number of the listener that it came to.
    pub listener: usize,
    pub(crate) way: Way,
}

/// The way back.
#[derive(Debug)]
pub(crate) enum Way {
    /// By the listener's socket of that number.
    Udp { worker: usize, origin: Origin },
    /// By a connection: its place, and its number, as places are used again.
    Tcp { place: usize, serial: u64 },
}

/// The queue, from threads that answer to those that call `next`.
pub(crate) struct Punts {
    queue: ArrayQueue<Punt>,
    waiting: AtomicUsize, // threads in `next` that found nothing
    told: AtomicBool,     // whether `event` was written to since one of them woke
    closed: AtomicBool,
    event: File,
}

impl Punts {
    /// So many punts wait at the most.
    pub fn new(limit: usize) -> io::Result<Self> {
        Ok(Self {
            queue: ArrayQueue::new(limit.max(1)),
            waiting: AtomicUsize::new(0),
            told: AtomicBool::new(false),
            closed: AtomicBool::new(false),
            event: File::from(sys::event()?),
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
        let _ = (&self.event).write(&1_u64.to_ne_bytes());
        while self.queue.pop().is_some() {}
    }

    fn tell(&self) {
        if !self.told.swap(true, SeqCst) {
            // it can fail only where the counter is full, and then nobody sleeps
            let _ = (&self.event).write(&1_u64.to_ne_bytes());
        }
    }

    fn wait(&self, at_most: Duration) {
        self.waiting.fetch_add(1, SeqCst);
        fence(SeqCst);
        if self.queue.is_empty() && !self.closed.load(SeqCst) {
            sys::wait_readable(self.event.as_fd(), at_most);
        }
        self.waiting.fetch_sub(1, SeqCst);
        if !self.closed.load(SeqCst) {
            let _ = (&self.event).read(&mut [0; 8]);
        }
        self.told.store(false, SeqCst);
    }
}
