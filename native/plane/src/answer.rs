//! From a packet to its answer.

use std::net::IpAddr;

use crate::areas::{AreaTable, Client};
use crate::arena::Said;
use crate::conduct::{Conduct, Granted};
use crate::question::Question;
use crate::reply::Reply;
use crate::snapshot::Snapshot;
use crate::sys::prefetch;
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
    client: Client,
    place: Option<u32>,
    /// Where at that place it is said what the query asks for.
    said: usize,
    steered: Option<Numbers>,
    value: Option<u32>,
}

/// Of a name that is steered: its service, and its row.
#[derive(Clone, Copy, Debug)]
struct Numbers {
    steered: u32,
    row: u32,
    is_signed: bool,
    /// Of the service, once it was looked at: its area table and its group.
    areas: u32,
    group: u32,
}

impl Looked {
    /// What the packet's sender is granted beside the answer.
    #[inline]
    pub fn grant<'a>(
        &self,
        packet: &[u8],
        conduct: &'a Conduct,
        sender: IpAddr,
        now: f64,
    ) -> Granted<'a> {
        match &self.packet {
            Packet::Query(query) => conduct.grant(packet, query, sender, now),
            Packet::Odd | Packet::Silence => Granted::default(),
        }
    }

    /// Whether the packet gets an answer at all.
    #[inline]
    pub fn is_answered(&self) -> bool {
        self.packet != Packet::Silence
    }
}

/// The steps between `look` and `finish`. Each has the CPU fetch what the next one reads.
impl Looked {
    /// Fetches what the name's look-up reads second.
    #[inline]
    pub fn reach(&self, snapshot: &Snapshot) {
        if let Packet::Query(_) = self.packet {
            snapshot.names.reach(self.hash);
        }
    }

    /// Looks the name up; fetches its service, and where its answers are.
    #[inline]
    pub fn gather(&mut self, snapshot: &Snapshot, packet: &[u8]) {
        let Packet::Query(query) = &self.packet else {
            return;
        };
        let names = &snapshot.names;
        self.place = names.place(self.hash, packet, HEADER, query.end);
        let Some(node) = self.place.and_then(|place| names.at(place)) else {
            return;
        };
        self.said = node.place(query.rrtype, query.wants_signatures());
        if let Said::Steered {
            steered,
            row,
            proof,
            ..
        } = node.said_at(self.said).0
        {
            let is_signed = proof.is_some();
            self.steered = Some(Numbers {
                steered,
                row,
                is_signed,
                areas: 0,
                group: 0,
            });
            fetch(names.services.get(steered as usize));
            fetch(snapshot.rows(is_signed).at(row as usize));
        }
    }

    /// Whether the steps that follow have something to do.
    #[inline]
    pub fn is_steered(&self) -> bool {
        self.steered.is_some()
    }

    /// Fetches the answers, where the plans are, and where the search for the client begins.
    #[inline]
    pub fn approach(&mut self, snapshot: &Snapshot) {
        let names = &snapshot.names;
        let Some(numbers) = &mut self.steered else {
            return;
        };
        let Some(service) = names.services.get(numbers.steered as usize) else {
            self.steered = None;
            return;
        };
        (numbers.areas, numbers.group) = (service.areas, service.group);
        if let Some(row) = snapshot.rows(numbers.is_signed).at(numbers.row as usize) {
            row.approach();
        }
        fetch(snapshot.plans.at(service.group as usize));
        if let Some(areas) = names.areas.get(service.areas as usize) {
            areas.approach(self.client);
        }
    }

    /// Fetches what the search for the client reads.
    #[inline]
    pub fn search(&self, snapshot: &Snapshot) {
        if let Some((_, areas)) = self.table(snapshot) {
            areas.reach(self.client);
        }
    }

    /// Looks the client up; fetches its area's plan.
    #[inline]
    pub fn settle(&mut self, snapshot: &Snapshot) {
        let Some((numbers, areas)) = self.table(snapshot) else {
            return;
        };
        self.value = areas.find(self.client);
        let plans = snapshot.plans.at(numbers.group as usize);
        if let (Some(plans), Some(value)) = (plans, self.value) {
            plans.approach(value >> 8);
        }
    }

    #[inline]
    fn table<'a>(&self, snapshot: &'a Snapshot) -> Option<(Numbers, &'a AreaTable)> {
        let numbers = self.steered?;
        let areas = snapshot.names.areas.get(numbers.areas as usize)?;
        Some((numbers, areas))
    }
}

#[inline]
fn fetch<T>(value: Option<&T>) {
    if let Some(value) = value {
        prefetch(value);
    }
}

/// Answers a packet that asks for nothing of the server's own into `out`, which has `UDP_MAXIMUM` octets or, over TCP, 65,535; never panics,
/// whatever the packet is.
#[inline]
pub fn answer(snapshot: &Snapshot, packet: &[u8], by: &Circumstances, out: &mut [u8]) -> Outcome {
    finish(
        snapshot,
        packet,
        &look(snapshot, packet, by.sender),
        by,
        &Granted::default(),
        out,
    )
}

/// The first half of `answer`: reads the packet, and has the CPU fetch what the look-up reads
/// first. Over a batch: `look` at all packets, then each step of `Looked` in their order for all,
/// and `finish` all: what one step has fetched is there when the next one reads it.
#[inline]
pub fn look(snapshot: &Snapshot, packet: &[u8], sender: IpAddr) -> Looked {
    let read = read(packet);
    let (mut hash, mut subnet) = (0, None);
    if let Packet::Query(query) = &read {
        hash = snapshot.names.hash(packet, HEADER, query.end);
        snapshot.names.approach(hash);
        subnet = query.subnet();
    }
    Looked {
        packet: read,
        hash,
        client: subnet.unwrap_or_else(|| Client::of(sender)),
        place: None,
        said: 0,
        steered: None,
        value: None,
    }
}

/// The second half of `answer`, for the same snapshot, packet and sender: looks up what the steps
/// between have not, and writes.
#[inline]
pub fn finish(
    snapshot: &Snapshot,
    packet: &[u8],
    looked: &Looked,
    by: &Circumstances,
    granted: &Granted<'_>,
    out: &mut [u8],
) -> Outcome {
    let query = match &looked.packet {
        // how long a connection may be silent is known elsewhere
        Packet::Query(query) if !by.udp && query.edns.is_some_and(|edns| edns.keepalive) => {
            return Outcome::Punt;
        }
        Packet::Query(query) => query,
        Packet::Odd => return Outcome::Punt,
        Packet::Silence => return Outcome::Silence,
    };
    let question = Question {
        snapshot,
        names: &snapshot.names,
        packet,
        query,
        value: looked.value,
        said: looked.said,
        by,
        led: None,
    };
    let Some(mut reply) = Reply::begin(packet, query, granted, out) else {
        return Outcome::Punt;
    };
    let answered = question.answer(looked.hash, looked.place, &mut reply);
    answered.map_or(Outcome::Punt, |(length, tally)| Outcome::Answer {
        length,
        tally,
    })
}
