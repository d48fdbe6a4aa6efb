//! From a packet to its answer.

use std::net::IpAddr;

use crate::areas::{AreaTable, Client};
use crate::arena::Said;
use crate::question::Question;
use crate::reply::Reply;
use crate::snapshot::Snapshot;
use crate::sys::prefetch;
pub use crate::wire::UDP_MAXIMUM;
use crate::wire::{HEADER, Packet, Query, read};

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
    place: Option<u32>,
    steered: Option<u32>,
    row: u32,
}

impl Looked {
    /// Has the CPU fetch what the name's look-up reads second, while other packets are looked at.
    #[inline]
    pub fn reach(&self, snapshot: &Snapshot) {
        if let Packet::Query(_) = self.packet {
            snapshot.names.reach(self.hash);
        }
    }

    /// Looks the name up, and has the CPU fetch what a steered answer reads next.
    #[inline]
    pub fn gather(&mut self, snapshot: &Snapshot, packet: &[u8]) {
        let Packet::Query(query) = &self.packet else {
            return;
        };
        let names = &snapshot.names;
        self.place = names.place(self.hash, packet, HEADER, query.end);
        if let Some(node) = self.place.and_then(|place| names.at(place))
            && let (Said::Steered { steered, row, .. }, _) = node.said(query.rrtype)
        {
            (self.steered, self.row) = (Some(steered), row);
            if let Some(row) = snapshot.rows.at(row as usize) {
                prefetch(row);
            }
            if let Some((areas, client)) = subnet(snapshot, steered, query) {
                areas.approach(client);
            }
        }
    }

    /// Has the CPU fetch the answers of the regions, and where the client subnet stands.
    #[inline]
    pub fn near(&self, snapshot: &Snapshot) {
        let (Some(steered), Packet::Query(query)) = (self.steered, &self.packet) else {
            return;
        };
        if let Some(row) = snapshot.rows.at(self.row as usize) {
            row.approach();
        }
        if let Some((areas, client)) = subnet(snapshot, steered, query) {
            areas.reach(client);
        }
    }
}

/// The client subnet of a query, and the table that it is looked up in.
#[inline]
fn subnet<'a>(
    snapshot: &'a Snapshot,
    steered: u32,
    query: &Query,
) -> Option<(&'a AreaTable, Client)> {
    let client = query.edns?.subnet?.client?;
    let service = snapshot.names.services.get(steered as usize)?;
    let areas = snapshot.names.areas.get(service.areas as usize)?;
    Some((areas, client))
}

/// Answers a packet into `out`, which has `UDP_MAXIMUM` octets or, over TCP, 65,535; never panics,
/// whatever the packet is.
#[inline]
pub fn answer(snapshot: &Snapshot, packet: &[u8], by: &Circumstances, out: &mut [u8]) -> Outcome {
    finish(snapshot, packet, &look(snapshot, packet), by, out)
}

/// The first half of `answer`: reads the packet, and has the CPU fetch what the look-up reads
/// first. Over a batch: `look` at all packets, then `reach`, `gather`, `near` and `finish`, each for
/// all: what one of them has fetched is there when the next one reads it.
#[inline]
pub fn look(snapshot: &Snapshot, packet: &[u8]) -> Looked {
    let read = read(packet);
    let mut hash = 0;
    if let Packet::Query(query) = &read {
        hash = snapshot.names.hash(packet, HEADER, query.end);
        snapshot.names.approach(hash);
    }
    Looked {
        packet: read,
        hash,
        place: None,
        steered: None,
        row: 0,
    }
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
    let answered = reply.and_then(|reply| question.answer(looked.hash, looked.place, reply));
    answered.map_or(Outcome::Punt, |(length, tally)| Outcome::Answer {
        length,
        tally,
    })
}
