//! Names: what exists in all zones, and what is answered there.

use std::sync::Arc;

use crate::areas::AreaTable;
use crate::plans::Rendered;

/// A zone, as far as its negative answers and failures go.
pub struct Zone {
    /// Its name on the wire, in lower case.
    pub apex: Box<[u8]>,
    /// The SOA of negative answers from its type on: what follows the owner.
    pub soa: Box<[u8]>,
    /// The counter of its NXDOMAINs.
    pub nonexistent: u32,
    /// The counter of its SERVFAILs.
    pub failed: u32,
}

/// A service, but for what moves (see gtm/snapshot.py `Steered`).
pub struct Steered {
    /// Its area table, by the number that `Builder::areas` gave.
    pub areas: u32,
    /// Its place in the snapshot's plans.
    pub group: u32,
    /// Makes its draws its app's own.
    pub salt: u64,
    /// Seconds of the windows of its draws.
    pub ttl: u32,
    /// Bits of IPv4 networks that are hashed.
    pub prefix4: u8,
    /// Bits of IPv6 networks that are hashed.
    pub prefix6: u8,
    /// Whether endpoints are picked by that hash.
    pub hashed: bool,
}

/// The answer to (name, type).
pub enum Entry {
    /// Always the same.
    Fixed(Rendered),
    /// NODATA, counted as `tally`.
    Denied {
        /// The counter.
        tally: u32,
    },
    /// What a plan picks in a row of the snapshot; NODATA, counted as `denied`, where it has none.
    Steered {
        /// The service, by the number that `Builder::steered` gave.
        steered: u32,
        /// Its row.
        row: u32,
        /// The counter of denials.
        denied: u32,
    },
}

/// A record of a referral: owner in lower case, and what follows it (type to data).
pub struct Record {
    /// The owner's name on the wire.
    pub owner: Box<[u8]>,
    /// Type, class, TTL, length, data.
    pub rest: Box<[u8]>,
}

/// What is answered at and below a delegation (RFC 1034 section 4.2.1).
pub struct Referral {
    /// The NS records, owned by the delegated name.
    pub servers: Vec<Record>,
    /// Their addresses inside the zone.
    pub glue: Vec<Record>,
    /// The counter by its type `other`.
    pub tally: u32,
}

/// All names, zones, services, area tables and fixed answers; frozen.
pub struct Names {
    _private: (),
}

/// Puts `Names` together.
pub struct Builder {
    _private: (),
}

impl Builder {
    /// `fallbacks` are the Extended DNS Error options, whole, that plans number; `refused` is the
    /// counter of questions for names of no zone.
    pub fn new(fallbacks: Vec<Box<[u8]>>, refused: u32) -> Self {
        todo!()
    }

    /// Adds a zone; gives its number.
    pub fn zone(&mut self, zone: Zone) -> u32 {
        todo!()
    }

    /// Adds an area table; gives its number.
    pub fn areas(&mut self, areas: Arc<AreaTable>) -> u32 {
        todo!()
    }

    /// Adds a service; gives its number.
    pub fn steered(&mut self, steered: Steered) -> u32 {
        todo!()
    }

    /// Adds a name (wire, lower case) with its answers by type, and for all other types.
    ///
    /// Where `other` is None, other types are for the reference responder.
    pub fn node(
        &mut self,
        name: &[u8],
        zone: u32,
        entries: Vec<(u16, Entry)>,
        other: Option<Entry>,
    ) {
        todo!()
    }

    /// Adds a name at and below which the reference responder answers.
    pub fn closed(&mut self, name: &[u8]) {
        todo!()
    }

    /// Adds a delegated name; DS there is for the reference responder.
    pub fn cut(&mut self, name: &[u8], zone: u32, referral: Referral) {
        todo!()
    }

    /// The names, frozen.
    pub fn finish(self) -> Names {
        todo!()
    }
}
