//! The kernel's side of AF_XDP: bpf(2), sockets, and memory shared with it. The only other file
//! with `unsafe`.
//!
//! Frames and rings are written by the kernel too. Rings are made of atomic numbers, so reading
//! them is never a race; a frame is ours or the kernel's, as the rings say (kernel documentation,
//! networking/af_xdp).

use std::ffi::CString;
use std::io;
use std::mem::{size_of, zeroed};
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd};
use std::ptr::NonNull;
use std::sync::atomic::{AtomicU32, AtomicU64};

/// Octets of a frame's place in memory: one page, which is the most that a place may have.
pub(crate) const PLACE: usize = 4096;

/// Room for what the verifier says of a program that it refuses.
const LOG: usize = 1 << 16;

// commands, types and flags of linux/bpf.h and linux/if_link.h
const BPF_MAP_CREATE: libc::c_long = 0;
const BPF_MAP_UPDATE_ELEM: libc::c_long = 2;
const BPF_PROG_LOAD: libc::c_long = 5;
const BPF_LINK_CREATE: libc::c_long = 28;
const BPF_MAP_TYPE_XSKMAP: u32 = 17;
const BPF_PROG_TYPE_XDP: u32 = 6;
const BPF_XDP: u32 = 37; // the place that a link attaches to
pub(crate) const GENERIC: u32 = 1 << 1; // XDP_FLAGS_SKB_MODE
pub(crate) const NATIVE: u32 = 1 << 2; // XDP_FLAGS_DRV_MODE

/// Calls bpf(2) with a command's part of `union bpf_attr`, in words.
///
/// # Safety
/// Addresses among the words must be those of memory that lives and is as the command wants it.
unsafe fn bpf(command: libc::c_long, attributes: &mut [u32]) -> io::Result<libc::c_int> {
    let size = size_of_val(attributes);
    // SAFETY: the attributes have the size that is told, and the caller answers for the rest
    let result =
        unsafe { libc::syscall(libc::SYS_bpf, command, attributes.as_mut_ptr(), size as u64) };
    check(result as libc::c_int)
}

fn check(result: libc::c_int) -> io::Result<libc::c_int> {
    if result < 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(result)
}

fn owned(result: libc::c_int) -> OwnedFd {
    // SAFETY: called with what the kernel has just made, so nobody else owns it
    unsafe { OwnedFd::from_raw_fd(result) }
}

/// The two words of a 64-bit number, in the machine's order.
fn halves(number: usize) -> [u32; 2] {
    let [a, b, c, d, e, f, g, h] = (number as u64).to_ne_bytes();
    [[a, b, c, d], [e, f, g, h]].map(u32::from_ne_bytes)
}

/// A map from a queue's number to its socket, for so many queues.
pub(crate) fn socket_map(queues: u32) -> io::Result<OwnedFd> {
    let mut attributes = [BPF_MAP_TYPE_XSKMAP, 4, 4, queues, 0];
    // SAFETY: there are no addresses
    unsafe { bpf(BPF_MAP_CREATE, &mut attributes) }.map(owned)
}

/// Has frames of a queue come to a socket.
pub(crate) fn put_socket(
    map: BorrowedFd<'_>,
    queue: u32,
    socket: BorrowedFd<'_>,
) -> io::Result<()> {
    let value = socket.as_raw_fd();
    let [key, value] = [
        halves((&raw const queue).addr()),
        halves((&raw const value).addr()),
    ];
    let descriptor = map.as_raw_fd() as u32;
    let mut attributes = [descriptor, 0, key[0], key[1], value[0], value[1], 0, 0];
    // SAFETY: key and value live until the call returns and have the map's sizes, 4 octets
    unsafe { bpf(BPF_MAP_UPDATE_ELEM, &mut attributes) }.map(drop)
}

/// Loads an XDP program; where the verifier refuses it, the error has its last words.
pub(crate) fn load(program: &[[u8; 8]]) -> io::Result<OwnedFd> {
    let first = load_logged(program, &mut []);
    first.or_else(|error| {
        let mut log = vec![0; LOG];
        if let Ok(loaded) = load_logged(program, &mut log) {
            return Ok(loaded);
        }
        let said = String::from_utf8_lossy(&log);
        match said.trim_end_matches('\0').trim_end().lines().rev().nth(1) {
            Some(last) => Err(io::Error::new(error.kind(), format!("{error} ({last})"))),
            None => Err(error),
        }
    })
}

fn load_logged(program: &[[u8; 8]], log: &mut [u8]) -> io::Result<OwnedFd> {
    let license = c"Apache-2.0"; // no helper that it calls asks for the GPL
    let code = halves(program.as_ptr().addr());
    let license_at = halves(license.as_ptr().addr());
    let level = u32::from(!log.is_empty());
    let log_at = halves(if level == 0 {
        0
    } else {
        log.as_mut_ptr().addr()
    });
    let count = program.len() as u32;
    let mut attributes = [BPF_PROG_TYPE_XDP, count, code[0], code[1]].to_vec();
    attributes.extend([license_at[0], license_at[1], level, log.len() as u32]);
    attributes.extend([log_at[0], log_at[1], 0, 0]);
    // SAFETY: program, license and log live until the call returns; their lengths are told, and
    // the license ends in 0
    unsafe { bpf(BPF_PROG_LOAD, &mut attributes) }.map(owned)
}

/// Attaches a program to an interface until the descriptor is closed, be it by the end of the
/// process.
pub(crate) fn attach(program: BorrowedFd<'_>, interface: u32, mode: u32) -> io::Result<OwnedFd> {
    let mut attributes = [program.as_raw_fd() as u32, interface, BPF_XDP, mode];
    // SAFETY: there are no addresses
    unsafe { bpf(BPF_LINK_CREATE, &mut attributes) }.map(owned)
}

/// The number of an interface, in the network namespace of the process.
pub(crate) fn interface_number(name: &str) -> io::Result<u32> {
    let name = CString::new(name)?;
    // SAFETY: the name ends in 0
    match unsafe { libc::if_nametoindex(name.as_ptr()) } {
        0 => Err(io::Error::last_os_error()),
        number => Ok(number),
    }
}

/// A socket for frames.
pub(crate) fn socket() -> io::Result<OwnedFd> {
    let kind = libc::SOCK_RAW | libc::SOCK_CLOEXEC;
    // SAFETY: no memory is involved
    check(unsafe { libc::socket(libc::AF_XDP, kind, 0) }).map(owned)
}

/// Sets an option that is a number.
pub(crate) fn set(socket: BorrowedFd<'_>, option: libc::c_int, value: u32) -> io::Result<()> {
    // SAFETY: a number may be read as its octets
    unsafe { set_raw(socket, option, &value) }
}

/// # Safety
/// The option must want a `T`.
unsafe fn set_raw<T>(socket: BorrowedFd<'_>, option: libc::c_int, value: &T) -> io::Result<()> {
    let size = size_of::<T>() as libc::socklen_t;
    let value = std::ptr::from_ref(value).cast();
    // SAFETY: the value lives until the call returns, and has the size that is told
    check(unsafe { libc::setsockopt(socket.as_raw_fd(), libc::SOL_XDP, option, value, size) })
        .map(drop)
}

/// Where the parts of a socket's rings are in their memory.
pub(crate) fn offsets(socket: BorrowedFd<'_>) -> io::Result<libc::xdp_mmap_offsets> {
    // SAFETY: all zero octets are such a value, and the option gives one
    unsafe { ask(socket, libc::XDP_MMAP_OFFSETS, zeroed()) }
}

/// Whether the driver reads and writes frames where they are.
pub(crate) fn zero_copy(socket: BorrowedFd<'_>) -> io::Result<bool> {
    // SAFETY: the option gives a number of 32 bits
    let flags = unsafe { ask(socket, libc::XDP_OPTIONS, 0_u32) }?;
    Ok(flags & libc::XDP_OPTIONS_ZEROCOPY != 0)
}

/// # Safety
/// The option must give a `T`, which any octets are.
unsafe fn ask<T>(socket: BorrowedFd<'_>, option: libc::c_int, mut value: T) -> io::Result<T> {
    let mut size = size_of::<T>() as libc::socklen_t;
    let place = (&raw mut value).cast();
    // SAFETY: no more is written than the size that is told
    let result = unsafe {
        libc::getsockopt(
            socket.as_raw_fd(),
            libc::SOL_XDP,
            option,
            place,
            &raw mut size,
        )
    };
    check(result).map(|_| value)
}

/// Binds a socket to a queue of an interface.
pub(crate) fn bind(
    socket: BorrowedFd<'_>,
    interface: u32,
    queue: u32,
    flags: u16,
) -> io::Result<()> {
    let address = libc::sockaddr_xdp {
        sxdp_family: libc::AF_XDP as u16,
        sxdp_flags: flags,
        sxdp_ifindex: interface,
        sxdp_queue_id: queue,
        sxdp_shared_umem_fd: 0,
    };
    let size = size_of::<libc::sockaddr_xdp>() as libc::socklen_t;
    // SAFETY: the address lives until the call returns, and has the size that is told
    check(unsafe { libc::bind(socket.as_raw_fd(), (&raw const address).cast(), size) }).map(drop)
}

/// Has the kernel look at what was put to be sent.
pub(crate) fn kick(socket: BorrowedFd<'_>) -> io::Result<()> {
    let none = std::ptr::null();
    let flags = libc::MSG_DONTWAIT;
    // SAFETY: no memory is involved, as nothing is passed
    let sent = unsafe { libc::sendto(socket.as_raw_fd(), none, 0, flags, none.cast(), 0) };
    check(sent as libc::c_int).map(drop)
}

/// Waits until one of the two can be read; true if the second one can. The error is that of the
/// first alone, as on an interface that is gone.
pub(crate) fn wait(first: BorrowedFd<'_>, second: BorrowedFd<'_>) -> io::Result<bool> {
    let mut waited = [first, second].map(|each| libc::pollfd {
        fd: each.as_raw_fd(),
        events: libc::POLLIN,
        revents: 0,
    });
    // SAFETY: the array lives until the call returns, and its length is told
    check(unsafe { libc::poll(waited.as_mut_ptr(), 2, -1) })?;
    if waited[0].revents & (libc::POLLERR | libc::POLLHUP | libc::POLLNVAL) != 0 {
        return Err(io::Error::from_raw_os_error(libc::ENETDOWN));
    }
    Ok(waited[1].revents != 0)
}

/// Memory that was mapped.
struct Mapping {
    begin: NonNull<u8>,
    length: usize,
}

// SAFETY: it is memory, which no thread has a special right to
unsafe impl Send for Mapping {}

impl Mapping {
    /// Of a socket at that offset, or (None) of nothing, at 0.
    fn new(socket: Option<BorrowedFd<'_>>, offset: i64, length: usize) -> io::Result<Self> {
        let (kind, descriptor) = match socket {
            Some(socket) => (libc::MAP_SHARED, socket.as_raw_fd()),
            None => (libc::MAP_PRIVATE | libc::MAP_ANONYMOUS, -1),
        };
        let (access, none) = (libc::PROT_READ | libc::PROT_WRITE, std::ptr::null_mut());
        let kind = kind | libc::MAP_POPULATE;
        // SAFETY: the kernel chooses a place where nothing was
        let begin = unsafe { libc::mmap(none, length, access, kind, descriptor, offset) };
        if begin == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        let begin = NonNull::new(begin.cast()).ok_or(io::ErrorKind::OutOfMemory)?;
        Ok(Self { begin, length })
    }

    /// What is at an offset, for so many.
    fn at<T>(&self, offset: u64, count: usize) -> io::Result<NonNull<T>> {
        let offset = offset as usize;
        let end = offset.checked_add(count * size_of::<T>());
        if end.is_none_or(|end| end > self.length) || !offset.is_multiple_of(align_of::<T>()) {
            return Err(io::Error::other(
                "the kernel's rings are not as they should be",
            ));
        }
        // SAFETY: inside the mapping, as was just seen
        Ok(unsafe { self.begin.byte_add(offset) }.cast())
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        // SAFETY: what was mapped in `new`; its owner is going, and nobody else points there
        unsafe { libc::munmap(self.begin.as_ptr().cast(), self.length) };
    }
}

/// A ring's parts: numbers that we and the kernel read and write.
pub(crate) struct Ring {
    _mapping: Mapping,
    producer: NonNull<AtomicU32>,
    consumer: NonNull<AtomicU32>,
    flags: NonNull<AtomicU32>,
    entries: NonNull<AtomicU64>,
    words: usize,
}

// SAFETY: what it points at goes with it, and is atomic
unsafe impl Send for Ring {}

impl Ring {
    /// The ring at that offset, whose entries have so many words in all.
    pub fn map(
        socket: BorrowedFd<'_>,
        page: i64,
        parts: &libc::xdp_ring_offset,
        words: usize,
    ) -> io::Result<Self> {
        let length = parts.desc as usize + words * size_of::<u64>();
        let mapping = Mapping::new(Some(socket), page, length)?;
        Ok(Self {
            producer: mapping.at(parts.producer, 1)?,
            consumer: mapping.at(parts.consumer, 1)?,
            flags: mapping.at(parts.flags, 1)?,
            entries: mapping.at(parts.desc, words)?,
            words,
            _mapping: mapping,
        })
    }

    /// How many entries were ever put.
    #[inline]
    pub fn producer(&self) -> &AtomicU32 {
        // SAFETY: it is in the mapping, aligned, and lives as long as `self`; so below
        unsafe { self.producer.as_ref() }
    }

    /// How many entries were ever taken.
    #[inline]
    pub fn consumer(&self) -> &AtomicU32 {
        // SAFETY: as above
        unsafe { self.consumer.as_ref() }
    }

    /// What the kernel has to say.
    #[inline]
    pub fn flags(&self) -> &AtomicU32 {
        // SAFETY: as above
        unsafe { self.flags.as_ref() }
    }

    /// The entries' words.
    #[inline]
    pub fn entries(&self) -> &[AtomicU64] {
        // SAFETY: as above, so many
        unsafe { std::slice::from_raw_parts(self.entries.as_ptr(), self.words) }
    }
}

/// Memory for frames.
pub(crate) struct Frames {
    mapping: Mapping,
}

impl Frames {
    /// So many, which the kernel is told of through the socket.
    pub fn new(socket: BorrowedFd<'_>, count: usize) -> io::Result<Self> {
        let mapping = Mapping::new(None, 0, count * PLACE)?;
        // SAFETY: all zero octets are such a value
        let mut told: libc::xdp_umem_reg = unsafe { zeroed() };
        told.addr = mapping.begin.as_ptr().addr() as u64;
        told.len = mapping.length as u64;
        told.chunk_size = PLACE as u32;
        // SAFETY: it is what the option wants. The memory is unmapped after the socket is closed,
        // or while the kernel keeps its pages for itself
        unsafe { set_raw(socket, libc::XDP_UMEM_REG, &told) }?;
        Ok(Self { mapping })
    }

    /// A frame's place, to be read only.
    #[inline]
    pub fn read(&self, number: usize) -> &[u8] {
        if number >= self.mapping.length / PLACE {
            return &[];
        }
        // SAFETY: inside the mapping, and borrowed as `self` is
        unsafe {
            let begin = self.mapping.begin.as_ptr().byte_add(number * PLACE);
            std::slice::from_raw_parts(begin, PLACE)
        }
    }

    /// A frame's place; empty where there is none of that number.
    ///
    /// While a frame is the kernel's its octets may change under the reader's eyes; so this is
    /// for frames that the rings have given us.
    #[inline]
    pub fn place(&mut self, number: usize) -> &mut [u8] {
        if number >= self.mapping.length / PLACE {
            return &mut [];
        }
        // SAFETY: inside the mapping, and borrowed as `self` is
        unsafe {
            let begin = self.mapping.begin.as_ptr().byte_add(number * PLACE);
            std::slice::from_raw_parts_mut(begin, PLACE)
        }
    }
}
