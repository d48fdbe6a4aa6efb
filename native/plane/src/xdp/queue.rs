//! One receive queue of an interface: its socket, its frames, and where each of them is.
//!
//! A frame is in one place at any time: with the kernel to be filled, received, in our hands, to
//! be sent, or sent. Each ring has room for all, so none is ever full. An answer is written into
//! the frame of its question, behind it, and leaves from there.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use crate::answer::UDP_MAXIMUM;
use crate::xdp::frame::LONGEST_HEAD;
use crate::xdp::reason::said;
use crate::xdp::ring::{Consumer, Producer};
use crate::xdp::sys::{self, Frames, PLACE, Ring};

/// Frames, and entries of each ring: 10 ms of 200,000 queries a second, in 8 MB.
const FRAMES: usize = 2048;

/// Frames that are not given to be filled, so that answers by the book find one.
const SPARE: usize = 64;

/// Frames that are taken and answered together at the most.
const BATCH: usize = 64;

/// Where answers begin in their frames' places; a received frame ends before that.
const ANSWERS: usize = 2048;
/// Answers of frames that follow each other are so many octets apart from the same place in a
/// page, and there are so many steps, so that they do not fight for the same lines of the cache.
const STEP: usize = 64;
const STEPS: usize = 8;

const _: () = assert!(ANSWERS + STEP * STEPS + LONGEST_HEAD + UDP_MAXIMUM <= PLACE);

/// XDP_MAX_TX_SKB_BUDGET: frames that are sent in one go where the driver copies (Linux 6.17).
const SEND_BUDGET: libc::c_int = 9;
/// Tries to have a batch sent where fewer go at once; what is left goes with the next one.
const TRIES: usize = 4;

/// A frame in our hands.
#[derive(Clone, Copy, Default)]
struct Held {
    place: usize,
    begin: usize,
    end: usize,
    answer: usize, // octets to send; 0 is none
}

/// A queue's socket.
pub(crate) struct Queue {
    socket: OwnedFd, // closed before the frames go
    fill: Producer<1>,
    sent: Consumer<1>,
    received: Consumer<2>,
    send: Producer<2>,
    held: Vec<Held>,
    spare: Vec<usize>,
    frames: Frames,
}

impl Queue {
    /// Opens the queue of that number. The error says what could not be done.
    pub fn open(interface: u32, number: u32) -> io::Result<Self> {
        let socket = sys::socket().map_err(|error| said("open a socket of AF_XDP", &error))?;
        let queue = Self::map(socket).map_err(|error| said("set up rings of AF_XDP", &error))?;
        sys::bind(queue.socket(), interface, number, libc::XDP_USE_NEED_WAKEUP)
            .map_err(|error| said(&format!("bind to its receive queue {number}"), &error))?;
        Ok(queue)
    }

    fn map(socket: OwnedFd) -> io::Result<Self> {
        let at = socket.as_fd();
        let frames = Frames::new(at, FRAMES)?;
        let rings = [
            libc::XDP_UMEM_FILL_RING,
            libc::XDP_UMEM_COMPLETION_RING,
            libc::XDP_RX_RING,
            libc::XDP_TX_RING,
        ];
        for ring in rings {
            sys::set(at, ring, FRAMES as u32)?;
        }
        let _ = sys::set(at, SEND_BUDGET, BATCH as u32); // older kernels have 32
        let offsets = sys::offsets(at)?;
        let (fill, sent) = (
            libc::XDP_UMEM_PGOFF_FILL_RING as i64,
            libc::XDP_UMEM_PGOFF_COMPLETION_RING as i64,
        );
        let (receive, send) = (libc::XDP_PGOFF_RX_RING, libc::XDP_PGOFF_TX_RING);
        let mut queue = Self {
            fill: Producer::new(Ring::map(at, fill, &offsets.fr, FRAMES)?),
            sent: Consumer::new(Ring::map(at, sent, &offsets.cr, FRAMES)?),
            received: Consumer::new(Ring::map(at, receive, &offsets.rx, 2 * FRAMES)?),
            send: Producer::new(Ring::map(at, send, &offsets.tx, 2 * FRAMES)?),
            held: Vec::with_capacity(BATCH),
            spare: (0..SPARE).collect(),
            frames,
            socket,
        };
        (SPARE..FRAMES).for_each(|place| queue.fill.put([(place * PLACE) as u64]));
        queue.fill.show();
        Ok(queue)
    }

    /// The socket.
    pub fn socket(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }

    /// Takes frames that have come, at most BATCH; gives their number.
    pub fn receive(&mut self) -> usize {
        self.give_back(); // what a fault left in our hands
        self.reclaim();
        let ready = (self.received.ready() as usize).min(BATCH);
        for _ in 0..ready {
            let [address, length] = self.received.take();
            let (place, begin) = (address as usize / PLACE, address as usize % PLACE);
            let end = begin + (length as u32) as usize; // the upper half is of options
            self.held.push(Held {
                place,
                begin,
                end,
                answer: 0,
            });
        }
        if ready > 0 {
            self.received.release();
        }
        ready
    }

    /// Gives frames that were sent to the kernel again, to be filled.
    fn reclaim(&mut self) {
        let ready = self.sent.ready();
        if ready == 0 {
            return;
        }
        for _ in 0..ready {
            let [address] = self.sent.take();
            self.recycle(address as usize / PLACE);
        }
        self.sent.release();
        self.fill.show();
    }

    #[inline]
    fn recycle(&mut self, place: usize) {
        if self.spare.len() < SPARE {
            self.spare.push(place);
        } else {
            self.fill.put([(place * PLACE) as u64]);
        }
    }

    /// A frame in our hands; empty for any other number.
    #[inline]
    pub fn frame(&self, number: usize) -> &[u8] {
        let Some(held) = self.held.get(number) else {
            return &[];
        };
        let frame = self.frames.read(held.place).get(held.begin..held.end);
        frame.unwrap_or_default()
    }

    /// The same, and the room for its answer's.
    #[inline]
    pub fn exchange(&mut self, number: usize) -> (&[u8], &mut [u8]) {
        let Some(held) = self.held.get(number) else {
            return (&[], &mut []);
        };
        let place = self.frames.place(held.place);
        let Some((question, answer)) = place.split_at_mut_checked(ANSWERS) else {
            return (&[], &mut []);
        };
        let question = question.get(held.begin..held.end).unwrap_or_default();
        let answer = answer.get_mut(step(held.place)..).unwrap_or_default();
        (question, answer)
    }

    /// Has the answer to a frame sent, so many octets with its headers.
    #[inline]
    pub fn answer(&mut self, number: usize, length: usize) {
        if let Some(held) = self.held.get_mut(number) {
            held.answer = length;
        }
    }

    /// Writes a frame into a spare place to be sent with the next; false if there is none.
    pub fn write(&mut self, frame: &[u8]) -> bool {
        self.reclaim();
        let Some(place) = self.spare.pop() else {
            return false;
        };
        let room = self.frames.place(place).get_mut(..frame.len());
        let Some(room) = room else {
            self.spare.push(place);
            return false;
        };
        room.copy_from_slice(frame);
        self.send.put([(place * PLACE) as u64, frame.len() as u64]);
        true
    }

    /// Parts from the frames in our hands, and sends what is to be sent. The error is that of an
    /// interface that takes nothing.
    pub fn finish(&mut self) -> io::Result<()> {
        let (mut answered, held) = (0, std::mem::take(&mut self.held));
        for each in &held {
            if each.answer == 0 {
                self.recycle(each.place);
            } else {
                let begin = each.place * PLACE + ANSWERS + step(each.place);
                self.send.put([begin as u64, each.answer as u64]);
                answered += 1;
            }
        }
        if answered < held.len() {
            self.fill.show();
        }
        self.held = held; // its memory
        self.held.clear();
        self.flush()
    }

    fn give_back(&mut self) {
        if self.held.is_empty() {
            return;
        }
        while let Some(held) = self.held.pop() {
            self.recycle(held.place);
        }
        self.fill.show();
    }

    /// Sends what was put to be sent.
    pub fn flush(&mut self) -> io::Result<()> {
        self.send.show();
        for _ in 0..TRIES {
            if self.send.left() == 0 || !self.send.sleeps() {
                break;
            }
            match sys::kick(self.socket()) {
                Ok(()) => {}
                Err(error) if passing(&error) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Waits until a frame has come, or `other` can be read; true for that.
    pub fn wait(&self, other: BorrowedFd<'_>) -> io::Result<bool> {
        sys::wait(self.socket(), other)
    }
}

#[inline]
fn step(place: usize) -> usize {
    place % STEPS * STEP
}

/// Whether what was put stays to be sent with the next: there was no room, or not all went.
fn passing(error: &io::Error) -> bool {
    let codes = [libc::EAGAIN, libc::EBUSY, libc::ENOBUFS, libc::EINTR];
    error.raw_os_error().is_some_and(|it| codes.contains(&it))
}
