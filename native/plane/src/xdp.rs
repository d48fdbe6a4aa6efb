//! AF_XDP, the way past the kernel's sockets: a program on an interface hands DNS over UDP to
//! sockets that give and take whole frames; everything else goes on as if it were not there.

mod frame;
mod letters;
mod program;
mod queue;
mod reason;
mod ring;
#[expect(
    unsafe_code,
    reason = "calls and memory shared with the kernel, which have no safe form"
)]
mod sys;
mod worker;

use std::fs;
use std::io;
use std::os::fd::{AsFd, OwnedFd};

pub(crate) use letters::Letters;
pub use program::Rule;
pub(crate) use worker::{Worker, envelope};

use program::program;
use queue::Queue;
use reason::said;

/// What sysfs calls the kind of an Ethernet interface (ARPHRD_ETHER).
const ETHERNET: u32 = 1;

/// How the program runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mode {
    /// In the driver, else in the kernel behind it.
    pub native: bool,
    /// Frames stay where the interface wrote them, on every queue; else they are copied.
    pub zero_copy: bool,
}

/// An interface whose DNS comes to us, from `open` until this is dropped or the process ends.
pub struct Interface {
    mode: Mode,
    queues: Vec<Queue>,
    link: OwnedFd,
}

impl Interface {
    /// Attaches to an interface, by name, and takes what the rules say. The error says what could
    /// not be done.
    pub fn open(name: &str, rules: &[Rule]) -> io::Result<Self> {
        let found = Found::look(name)?;
        let map = sys::socket_map(found.queues)
            .map_err(|error| said("make a map of its sockets", &error))?;
        let code = program(found.station, rules, map.as_fd());
        let loaded =
            sys::load(&code).map_err(|error| said("load a program into the kernel", &error))?;
        let (native, link) = attach(loaded.as_fd(), found.number)?;
        let mut mode = Mode {
            native,
            zero_copy: true,
        };
        let mut queues = Vec::new();
        for number in 0..found.queues {
            let queue = Queue::open(found.number, number)?;
            mode.zero_copy &= sys::zero_copy(queue.socket())?;
            sys::put_socket(map.as_fd(), number, queue.socket())
                .map_err(|error| said("enter a socket into its map", &error))?;
            queues.push(queue);
        }
        Ok(Self { mode, queues, link })
    }

    /// How the program runs.
    pub fn mode(&self) -> Mode {
        self.mode
    }

    /// How many receive queues there are; each is a thread's.
    pub fn queues(&self) -> usize {
        self.queues.len()
    }

    pub(crate) fn into_parts(self) -> (Vec<Queue>, OwnedFd) {
        (self.queues, self.link)
    }
}

/// Attaches in the driver, or else behind it.
fn attach(program: std::os::fd::BorrowedFd<'_>, number: u32) -> io::Result<(bool, OwnedFd)> {
    let error = match sys::attach(program, number, sys::NATIVE) {
        Ok(link) => return Ok((true, link)),
        Err(error) => error,
    };
    let taken = [libc::EBUSY, libc::EEXIST];
    if error.raw_os_error().is_some_and(|it| taken.contains(&it)) {
        let why = "another XDP program is attached to it (ip link show)";
        return Err(io::Error::new(error.kind(), why));
    }
    match sys::attach(program, number, sys::GENERIC) {
        Ok(link) => Ok((false, link)),
        Err(error) => Err(said("attach a program to it", &error)),
    }
}

/// What the system says of an interface.
struct Found {
    number: u32,
    station: [u8; 6],
    queues: u32,
}

impl Found {
    fn look(name: &str) -> io::Result<Self> {
        let number = sys::interface_number(name)
            .map_err(|_| io::Error::new(io::ErrorKind::NotFound, "there is no such interface"))?;
        let read = |key: &str| fs::read_to_string(format!("/sys/class/net/{name}/{key}"));
        let numeric = |key: &str| -> io::Result<u32> {
            let text = read(key).map_err(|error| said(&format!("read its {key}"), &error))?;
            text.trim().parse().map_err(io::Error::other)
        };
        if numeric("ifindex")? != number {
            let why = "/sys shows another network namespace than that of the process";
            return Err(io::Error::other(why));
        }
        if numeric("type")? != ETHERNET {
            let why = "it is no Ethernet interface";
            return Err(io::Error::new(io::ErrorKind::InvalidInput, why));
        }
        let station = read("address")?;
        let (queues, sending) = (count(name, "rx-")?, count(name, "tx-")?);
        if sending < queues {
            let why = format!(
                "it has {queues} queues to receive but {sending} to send; make them as many \
                 (ethtool -L)"
            );
            return Err(io::Error::other(why));
        }
        Ok(Self {
            number,
            station: parse_station(station.trim())
                .ok_or_else(|| io::Error::other("its hardware address can't be read"))?,
            queues,
        })
    }
}

/// How many queues of that kind an interface has.
fn count(name: &str, kind: &str) -> io::Result<u32> {
    let mut count = 0;
    for entry in fs::read_dir(format!("/sys/class/net/{name}/queues"))? {
        count += u32::from(entry?.file_name().to_string_lossy().starts_with(kind));
    }
    Ok(count)
}

fn parse_station(text: &str) -> Option<[u8; 6]> {
    let octets: Result<Vec<u8>, _> = text
        .split(':')
        .map(|octet| u8::from_str_radix(octet, 16))
        .collect();
    octets.ok()?.try_into().ok()
}
