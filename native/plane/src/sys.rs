//! The system calls that the standard library has no safe form of: `unsafe` stands here, in the
//! files of this folder, and in xdp/sys.rs alone.

use std::io;
use std::mem::size_of;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use std::sync::atomic::AtomicU64;

use crate::origin::Origin;

pub mod batch;

/// Niceness of a thread that must not take the CPU from those that answer.
const PATIENT: libc::c_int = 10;

/// Nanoseconds for which a thread that answers runs before another may: the least that Linux grants.
const SLICE: u64 = 100_000;

/// Sends an answer to where its question came from, without waiting.
pub fn send_to(socket: BorrowedFd<'_>, origin: &Origin, message: &[u8]) -> io::Result<()> {
    let mut origin = *origin;
    let mut part = libc::iovec {
        iov_base: message.as_ptr().cast_mut().cast(),
        iov_len: message.len(),
    };
    // SAFETY: all zero octets are a valid header.
    let mut header: libc::msghdr = unsafe { std::mem::zeroed() };
    header.msg_iov = &raw mut part;
    header.msg_iovlen = 1;
    header.msg_name = (&raw mut origin.name).cast();
    header.msg_namelen = origin.named;
    header.msg_control = (&raw mut origin.control).cast();
    header.msg_controllen = origin.controls as _;
    // SAFETY: the header points at values that live until the call returns; nothing is written.
    let sent = unsafe { libc::sendmsg(socket.as_raw_fd(), &header, libc::MSG_DONTWAIT) };
    if sent < 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(())
}

/// Has the kernel tell with each datagram which address it was sent to.
pub fn ask_for_destination(socket: BorrowedFd<'_>) -> io::Result<()> {
    // IPv6 sockets tell it in the one way only, IPv4 ones in the other
    let tried = switch_on(socket, libc::IPPROTO_IPV6, libc::IPV6_RECVPKTINFO);
    tried.or_else(|_| switch_on(socket, libc::IPPROTO_IP, libc::IP_PKTINFO))
}

fn switch_on(socket: BorrowedFd<'_>, level: libc::c_int, option: libc::c_int) -> io::Result<()> {
    let on: libc::c_int = 1;
    // SAFETY: the value lives until the call returns, and has the length that is told.
    let result = unsafe {
        libc::setsockopt(
            socket.as_raw_fd(),
            level,
            option,
            (&raw const on).cast(),
            size_of::<libc::c_int>() as libc::socklen_t,
        )
    };
    if result == 0 {
        Ok(())
    } else {
        Err(io::Error::last_os_error())
    }
}

/// Wakes the threads that wait for datagrams of a socket; none waits there from then on.
pub fn wake(socket: BorrowedFd<'_>) {
    // SAFETY: no memory is involved. Linux says "not connected", and wakes them all the same.
    unsafe { libc::shutdown(socket.as_raw_fd(), libc::SHUT_RD) };
}

/// Another descriptor of what an open one stands for; closing one leaves the other open.
pub fn duplicate(descriptor: RawFd) -> io::Result<OwnedFd> {
    // SAFETY: the call has no memory to touch; a number that is no open descriptor is an error
    let made = unsafe { libc::fcntl(descriptor, libc::F_DUPFD_CLOEXEC, 0) };
    if made < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the kernel has just made it, so nobody else owns it
    Ok(unsafe { OwnedFd::from_raw_fd(made) })
}

/// Counters at 0 in memory that takes no room until it is written to.
pub fn counters(count: usize) -> Box<[AtomicU64]> {
    let zeroed = Box::into_raw(vec![0_u64; count].into_boxed_slice()); // calloc
    // SAFETY: an AtomicU64 is laid out as a u64, with the same alignment on 64-bit systems (and
    // there alone is it built), and nobody else has the slice.
    unsafe { Box::from_raw(zeroed as *mut [AtomicU64]) }
}

const _: () = assert!(align_of::<AtomicU64>() == align_of::<u64>());

/// Has the calling thread yield the CPU to those that answer; Linux keeps niceness by thread.
pub fn be_patient() -> io::Result<()> {
    // SAFETY: no memory is involved.
    let result = unsafe { libc::setpriority(libc::PRIO_PROCESS, 0, PATIENT) };
    if result == 0 {
        Ok(())
    } else {
        Err(io::Error::last_os_error())
    }
}

/// Asks the kernel to run the calling thread as soon as a packet wakes it; whether it agreed.
///
/// Linux lets whoever runs go on for a slice of some milliseconds before one that woke up gets its
/// turn, unless that one asks for shorter slices (sched_setattr(2), from Linux 6.12 on). A thread
/// that answers needs far less at a time; its share of the processor stays as it is.
pub fn be_prompt() -> bool {
    // SAFETY: no memory is involved.
    let (policy, nice) = unsafe {
        let policy = libc::sched_getscheduler(0);
        (policy, libc::getpriority(libc::PRIO_PROCESS, 0))
    };
    if policy != libc::SCHED_OTHER {
        return false; // an operator chose another
    }
    let asked = Scheduling {
        size: size_of::<Scheduling>() as u32,
        policy: policy as u32,
        flags: 0,
        nice,
        priority: 0,
        runtime: SLICE,
        deadline: 0,
        period: 0,
    };
    // SAFETY: the kernel reads `size` octets of the struct, which outlives the call.
    unsafe { libc::syscall(libc::SYS_sched_setattr, 0, &raw const asked, 0) == 0 }
}

/// `struct sched_attr` in its first form; `runtime` is the slice.
#[repr(C)]
struct Scheduling {
    size: u32,
    policy: u32,
    flags: u64,
    nice: i32,
    priority: u32,
    runtime: u64,
    deadline: u64,
    period: u64,
}

/// Keeps signals from the calling thread: they are for the process's main thread.
pub fn block_signals() {
    // SAFETY: the set is initialized by sigfillset before it is read.
    unsafe {
        let mut all: libc::sigset_t = std::mem::zeroed();
        libc::sigfillset(&raw mut all);
        libc::pthread_sigmask(libc::SIG_BLOCK, &raw const all, std::ptr::null_mut());
    }
}

/// Tells the CPU that this will be read soon.
#[inline(always)]
pub fn prefetch<T>(place: *const T) {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: a hint; whatever the address is, nothing is read and nothing faults.
    unsafe {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        _mm_prefetch::<_MM_HINT_T0>(place.cast());
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = place;
}

/// Asks for huge pages for a large run of memory that is about to be filled and then read at
/// random: with small ones each read would cost a look into the page tables first.
pub fn advise_huge<T>(space: &[T]) {
    const PAGE: usize = 4096;
    const HUGE: usize = 1 << 21;
    let (from, size) = (space.as_ptr().addr(), size_of_val(space));
    let begin = from.next_multiple_of(PAGE);
    let end = (from + size) / PAGE * PAGE;
    if end < begin + 2 * HUGE {
        return;
    }
    // SAFETY: advice on whole pages inside memory that is borrowed here; it changes no contents,
    // and that it is refused does no harm.
    unsafe {
        let place = space.as_ptr().cast_mut().cast::<libc::c_void>();
        libc::madvise(place.with_addr(begin), end - begin, libc::MADV_HUGEPAGE);
    }
}
