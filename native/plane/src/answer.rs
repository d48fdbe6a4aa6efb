//! From a packet to its answer.

use std::net::IpAddr;

use crate::question::Question;
use crate::reply::Reply;
use crate::snapshot::Snapshot;
pub use crate::wire::UDP_MAXIMUM;
use crate::wire::{HEADER, Packet, read};

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

/// A packet as it was read: what is needed to go on, without another look at all of it.
#[derive(Clone, Copy, Debug)]
pub struct Looked {
    packet: Packet,
    hash: u64,
}

impl Looked {
    /// Has the CPU fetch what the name's look-up reads second, while other packets are looked at.
    #[inline]
    pub fn reach(&self, snapshot: &Snapshot) {
        if let Packet::Query(_) = self.packet {
            snapshot.names.reach(self.hash);
        }
    }
}

/// Answers a packet into `out`, which has `UDP_MAXIMUM` octets or, over TCP, 65,535; never panics,
/// whatever the packet is.
#[inline]
pub fn answer(snapshot: &Snapshot, packet: &[u8], by: &Circumstances, out: &mut [u8]) -> Outcome {
    finish(snapshot, packet, &look(snapshot, packet), by, out)
}

/// The first half of `answer`: reads the packet, and has the CPU fetch what the look-up reads
/// first. Over a batch: `look` at all packets, `reach` for all, `finish` all.
#[inline]
pub fn look(snapshot: &Snapshot, packet: &[u8]) -> Looked {
    let read = read(packet);
    let mut hash = 0;
    if let Packet::Query(query) = &read {
        hash = snapshot.names.hash(packet, HEADER, query.end);
        snapshot.names.approach(hash);
    }
    Looked { packet: read, hash }
}

/// The second half of `answer`, for the same snapshot and packet: looks up and writes.
#[inline]
pub fn finish(
    snapshot: &Snapshot,
    packet: &[u8],
    looked: &Looked,
    by: &Circumstances,
    out: &mut [u8],
) -> Outcome {
    let query = match &looked.packet {
        Packet::Query(query) => query,
        Packet::Odd => return Outcome::Punt,
        Packet::Silence => return Outcome::Silence,
    };
    let question = Question {
        snapshot,
        names: &snapshot.names,
        packet,
        query,
        by,
    };
    let reply = Reply::begin(packet, query, out);
    let answered = reply.and_then(|reply| question.answer(looked.hash, reply));
    answered.map_or(Outcome::Punt, |(length, tally)| Outcome::Answer {
        length,
        tally,
    })
}
