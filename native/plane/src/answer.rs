//! From a packet to its answer.

use std::net::IpAddr;

use crate::snapshot::Snapshot;

/// The largest message over UDP (DNS flag day 2020; RFC 9715 appendix A); `out` has this or, over
/// TCP, 65,535 octets.
pub const UDP_MAXIMUM: usize = 1232;

/// What is left to chance, and who asks.
#[derive(Clone, Copy, Debug)]
pub struct Circumstances {
    /// The sender; IPv4 that came over an IPv6 socket is taken as IPv4.
    pub sender: IpAddr,
    /// 32 random bits for this query: the upper 16 pick a slot, the lower a first record.
    pub random: u32,
    /// Unix time in seconds.
    pub now: f64,
    /// Whether the answer is bounded by what the client takes over UDP.
    pub udp: bool,
}

/// What comes of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// So many octets of `out` are the answer, to be counted as `tally`.
    Answer {
        /// Octets written.
        length: usize,
        /// The counter.
        tally: u32,
    },
    /// It is for the reference responder.
    Punt,
    /// Nothing is to be sent: shorter than a header, or a response.
    Silence,
}

/// Answers a packet into `out`; never panics, whatever the packet is.
pub fn answer(snapshot: &Snapshot, packet: &[u8], by: &Circumstances, out: &mut [u8]) -> Outcome {
    todo!()
}
