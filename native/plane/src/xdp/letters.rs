//! Answers by the book on their way to the thread that has their queue.

use std::io::{self, Read, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;

use crossbeam_queue::ArrayQueue;

/// Answers that wait at the most. The thread takes them as fast as it sends.
const MOST: usize = 256;

/// Frames to be sent by one thread, from any others.
pub(crate) struct Letters {
    frames: ArrayQueue<Box<[u8]>>,
    teller: UnixStream,
    hearer: UnixStream,
}

impl Letters {
    /// None so far.
    pub fn new() -> io::Result<Self> {
        let (teller, hearer) = UnixStream::pair()?;
        teller.set_nonblocking(true)?;
        hearer.set_nonblocking(true)?;
        let frames = ArrayQueue::new(MOST);
        Ok(Self {
            frames,
            teller,
            hearer,
        })
    }

    /// Hands a frame over; false if too many wait.
    pub fn put(&self, frame: Box<[u8]>) -> bool {
        let put = self.frames.push(frame).is_ok();
        self.wake();
        put
    }

    /// Wakes the thread.
    pub fn wake(&self) {
        let _ = (&self.teller).write(&[1]); // where it would block, enough was told
    }

    /// The next frame.
    pub fn next(&self) -> Option<Box<[u8]>> {
        self.frames.pop()
    }

    /// Forgets that it was woken. Frames that were handed over before are there to be taken.
    pub fn heard(&self) {
        let _ = (&self.hearer).read(&mut [0; 64]); // that there is nothing is no fault
    }

    /// What can be read once it was woken.
    pub fn alarm(&self) -> BorrowedFd<'_> {
        self.hearer.as_fd()
    }
}
