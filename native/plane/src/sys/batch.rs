//! Datagrams in batches: received together, answered in place, sent together.

use std::alloc::{Layout, alloc_zeroed, dealloc, handle_alloc_error};
use std::io;
use std::mem::size_of;
use std::net::IpAddr;
use std::os::fd::{AsRawFd, BorrowedFd};
use std::ptr::NonNull;

use crate::answer::UDP_MAXIMUM;
use crate::origin::{CONTROL, Origin};

/// Datagrams that are received and answered together at the most.
pub const BATCH: usize = 64;

/// Octets read of a datagram; a longer one reads as malformed.
pub const LARGEST_QUERY: usize = 4096;

/// One datagram and its answer. Their parts lie together, and the length of a slot is no multiple
/// of 4096, so that the slots' first octets do not fight for the same lines of the cache.
#[repr(C, align(64))]
struct Slot {
    origin: Origin,
    question: libc::iovec,
    reply: libc::iovec,
    packet: [u8; LARGEST_QUERY],
    answer: [u8; UDP_MAXIMUM],
}

#[repr(C)]
struct Memory {
    received: [libc::mmsghdr; BATCH],
    replies: [libc::mmsghdr; BATCH],
    slots: [Slot; BATCH],
}

/// Datagrams that were received together, and their answers.
pub struct Batch {
    memory: NonNull<Memory>,
    received: usize,
    queued: usize,
    controls: usize,              // octets of control messages to ask for
    clients: Vec<Option<IpAddr>>, // whom balancers named; empty where nobody is believed
}

impl Batch {
    /// Allocates all that batches of a socket ever need.
    ///
    /// With `wildcard`, answers leave from the address that was asked, which the kernel tells for
    /// sockets that were asked to have it told (IP_PKTINFO, IPV6_RECVPKTINFO).
    pub fn new(wildcard: bool) -> Self {
        let layout = Layout::new::<Memory>();
        // SAFETY: the layout has a size; what is returned is checked.
        let memory = unsafe { alloc_zeroed(layout) }.cast::<Memory>();
        let Some(memory) = NonNull::new(memory) else {
            handle_alloc_error(layout)
        };
        let controls = if wildcard { CONTROL } else { 0 };
        let batch = Self {
            memory,
            received: 0,
            queued: 0,
            controls,
            clients: Vec::new(),
        };
        for number in 0..BATCH {
            // SAFETY: `memory` is ours alone, and all zero octets are a valid `Memory`. The
            // pointers stay true as it never moves, and are used in system calls only.
            unsafe {
                let slot = &raw mut (*memory.as_ptr()).slots[number];
                let header = &raw mut (*memory.as_ptr()).received[number].msg_hdr;
                (*slot).question = libc::iovec {
                    iov_base: (&raw mut (*slot).packet).cast(),
                    iov_len: LARGEST_QUERY,
                };
                (*header).msg_iov = &raw mut (*slot).question;
                (*header).msg_iovlen = 1;
                (*header).msg_name = (&raw mut (*slot).origin.name).cast();
                if wildcard {
                    (*header).msg_control = (&raw mut (*slot).origin.control).cast();
                }
            }
            batch.ready(number);
        }
        batch
    }

    /// Tells the kernel how much room there is, which it overwrites with what it used.
    fn ready(&self, number: usize) {
        // SAFETY: `memory` is ours alone and initialized; callers pass numbers below BATCH.
        unsafe {
            let header = &raw mut (*self.memory.as_ptr()).received[number].msg_hdr;
            (*header).msg_namelen = size_of::<libc::sockaddr_in6>() as libc::socklen_t;
            (*header).msg_controllen = self.controls as _;
        }
    }

    /// Waits for a datagram and takes those that are there, at most BATCH; gives their number.
    pub fn receive(&mut self, socket: BorrowedFd<'_>) -> io::Result<usize> {
        for number in 0..self.received {
            self.ready(number);
        }
        self.received = 0;
        self.queued = 0;
        self.clients.fill(None);
        // SAFETY: the headers point at memory of ours of the lengths that they tell.
        let count = unsafe {
            libc::recvmmsg(
                socket.as_raw_fd(),
                (&raw mut (*self.memory.as_ptr()).received).cast(),
                BATCH as libc::c_uint,
                libc::MSG_WAITFORONE as _,
                std::ptr::null_mut(),
            )
        };
        if count < 0 {
            return Err(io::Error::last_os_error());
        }
        self.received = (count as usize).min(BATCH);
        Ok(self.received)
    }

    /// A datagram of the last batch, and the room for its answer; empty for any other number.
    #[inline]
    pub fn exchange(&mut self, number: usize) -> (&[u8], &mut [u8]) {
        if number >= self.received {
            return (&[], &mut []);
        }
        // SAFETY: the number is in bounds; packet and answer are apart, and borrowed as `self` is.
        unsafe {
            let memory = self.memory.as_ptr();
            let length = (*memory).received[number].msg_len as usize;
            let slot = &raw mut (*memory).slots[number];
            let packet = std::slice::from_raw_parts(
                (&raw const (*slot).packet).cast::<u8>(),
                length.min(LARGEST_QUERY),
            );
            (packet, &mut (*slot).answer)
        }
    }

    /// A datagram of the last batch; empty for any other number.
    #[inline]
    pub fn packet(&self, number: usize) -> &[u8] {
        if number >= self.received {
            return &[];
        }
        // SAFETY: the number is in bounds, the memory initialized and borrowed as `self` is.
        unsafe {
            let memory = self.memory.as_ptr();
            let length = (*memory).received[number].msg_len as usize;
            let packet = &raw const (*memory).slots[number].packet;
            std::slice::from_raw_parts(packet.cast::<u8>(), length.min(LARGEST_QUERY))
        }
    }

    /// Who sent a datagram of the last batch.
    #[inline]
    pub fn sender(&self, number: usize) -> IpAddr {
        if let Some(Some(client)) = self.clients.get(number) {
            return *client;
        }
        // SAFETY: the memory is initialized and borrowed as `self` is; the number is in bounds.
        let origin = unsafe { &(*self.memory.as_ptr()).slots[number % BATCH].origin };
        origin.sender()
    }

    /// Takes so many octets off the front of a datagram, which is from a client then, if one is
    /// named. Its answer goes to who sent it all the same.
    pub fn introduce(&mut self, number: usize, size: usize, client: Option<IpAddr>) {
        let length = self.packet(number).len();
        if number >= self.received || size > length {
            return;
        }
        // SAFETY: the number is in bounds, and the memory ours alone.
        unsafe {
            let memory = self.memory.as_ptr();
            (*memory).slots[number].packet.copy_within(size..length, 0);
            (*memory).received[number].msg_len = (length - size) as libc::c_uint;
        }
        self.clients.resize(BATCH, None);
        self.clients[number] = client;
    }

    /// Where the answer to a datagram of the last batch is to go, if it is not given now.
    pub fn origin(&mut self, number: usize) -> Origin {
        let number = number % BATCH;
        self.settle(number);
        // SAFETY: the memory is initialized; the number is in bounds.
        unsafe { (*self.memory.as_ptr()).slots[number].origin }
    }

    /// Takes over what the kernel told of lengths, and makes a source of what was asked.
    fn settle(&mut self, number: usize) {
        // SAFETY: the memory is ours alone and initialized; the number is in bounds.
        let (header, origin) = unsafe {
            let memory = self.memory.as_ptr();
            (
                (*memory).received[number].msg_hdr,
                &mut (*memory).slots[number].origin,
            )
        };
        origin.named = header.msg_namelen;
        origin.settle(header.msg_controllen as _);
    }

    /// Queues so many octets of a datagram's answer for `send`.
    #[inline]
    pub fn reply(&mut self, number: usize, length: usize) {
        if number >= self.received || self.queued >= BATCH {
            return;
        }
        if self.controls != 0 {
            self.settle(number);
        }
        // SAFETY: the numbers are in bounds, and the memory ours alone; pointers as in `new`.
        unsafe {
            let memory = self.memory.as_ptr();
            let slot = &raw mut (*memory).slots[number];
            let header = &raw mut (*memory).replies[self.queued].msg_hdr;
            (*slot).reply = libc::iovec {
                iov_base: (&raw mut (*slot).answer).cast(),
                iov_len: length.min(UDP_MAXIMUM),
            };
            (*header).msg_iov = &raw mut (*slot).reply;
            (*header).msg_iovlen = 1;
            (*header).msg_name = (&raw mut (*slot).origin.name).cast();
            (*header).msg_namelen = (*memory).received[number].msg_hdr.msg_namelen;
            (*header).msg_control = (&raw mut (*slot).origin.control).cast();
            (*header).msg_controllen = (*slot).origin.controls as _;
        }
        self.queued += 1;
    }

    /// Gives a datagram a sender that can't be answered.
    #[cfg(test)]
    fn misdirect(&mut self, number: usize) {
        // SAFETY: in bounds, and the memory is ours alone
        unsafe {
            (*self.memory.as_ptr()).slots[number % BATCH]
                .origin
                .name
                .sin6_port = 0
        };
    }

    /// Sends the queued answers; gives the number of those that could not be sent.
    ///
    /// An answer that fails does not keep back those behind it. It gets a second try, as the error
    /// may be that of an earlier datagram (an ICMP message that came since).
    pub fn send(&mut self, socket: BorrowedFd<'_>) -> usize {
        let (mut next, mut failed, mut again) = (0, 0, true);
        while next < self.queued {
            // SAFETY: the headers from `next` to `queued` were filled by `reply`.
            let sent = unsafe {
                libc::sendmmsg(
                    socket.as_raw_fd(),
                    (&raw mut (*self.memory.as_ptr()).replies[next]).cast(),
                    (self.queued - next) as libc::c_uint,
                    0,
                )
            };
            if sent > 0 {
                next += sent as usize;
                again = true;
            } else if again {
                again = false;
            } else {
                failed += 1;
                next += 1;
                again = true;
            }
        }
        self.queued = 0;
        failed
    }
}

impl Drop for Batch {
    fn drop(&mut self) {
        // SAFETY: allocated in `new` with this layout, and nobody else points there any more.
        unsafe { dealloc(self.memory.as_ptr().cast(), Layout::new::<Memory>()) }
    }
}

#[cfg(test)]
mod tests;
