//! Names: what exists in all zones, and what is answered there.

use std::sync::Arc;

use crate::areas::AreaTable;
use crate::arena::{Arena, Node};
pub use crate::builder::Builder;
use crate::chain::Secure;
use crate::hash::{Key, same};
use crate::plans::Rendered;
use crate::proofs::Proofs;
use crate::sys::prefetch;
use crate::table::Table;

const LINE: usize = 64; // octets that are fetched at once

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
    /// The counter of its other answers by type `other`.
    pub other: u32,
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
    /// A CNAME, always the same, that may lead to another name of the zone.
    Leading(Rendered),
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
    /// NODATA with what proves it, by the number that `Builder::proof` gave.
    Proven {
        /// The counter.
        tally: u32,
        /// The proof.
        proof: u32,
    },
    /// What a plan picks in a signed row of the snapshot; NODATA with a proof, where it has none.
    Signed {
        /// The service, by the number that `Builder::steered` gave.
        steered: u32,
        /// Its row.
        row: u32,
        /// The counter of denials.
        denied: u32,
        /// What proves them.
        proof: u32,
    },
    /// The reference responder knows.
    Referred,
}

/// All that is answered at a name. Without an answer for other types, they are for the reference
/// responder.
#[derive(Default)]
pub struct View {
    /// By type.
    pub entries: Vec<(u16, Entry)>,
    /// For all other types.
    pub other: Option<Entry>,
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

/// A delegation.
pub struct Cut {
    /// The zone that delegates.
    pub zone: u32,
    /// What it says.
    pub referral: Referral,
    /// In signed zones: the DS records of the delegated zone, or that there are none.
    pub proof: Option<u32>,
}

/// All names, zones, services, area tables and fixed answers; frozen.
pub struct Names {
    /// By the numbers that `Builder::zone` gave.
    pub zones: Vec<Zone>,
    /// By the numbers that `Builder::areas` gave.
    pub areas: Vec<Arc<AreaTable>>,
    /// By the numbers that `Builder::steered` gave.
    pub services: Vec<Steered>,
    /// By the numbers that the arena has for cuts.
    pub cuts: Vec<Cut>,
    /// What signed zones deny by, beside `zones`.
    pub secure: Vec<Option<Secure>>,
    /// What they prove with.
    pub proofs: Proofs,
    /// Which of `zones` lie inside others of them.
    pub nested: Vec<bool>,
    /// The Extended DNS Error options that plans number.
    pub fallbacks: Vec<Box<[u8]>>,
    /// The counter of questions for names of no zone.
    pub refused: u32,
    pub(crate) key: Key,
    pub(crate) table: Table,
    pub(crate) arena: Arena,
    pub(crate) deepest: usize,
}

impl Names {
    /// The hash of the name at `from..to` of a message, in any case.
    #[inline]
    pub fn hash(&self, message: &[u8], from: usize, to: usize) -> u64 {
        self.key.hash(message, from, to)
    }

    /// What stands at the name at `from..to` of a message, whose hash is given.
    #[inline]
    pub fn find(&self, hash: u64, message: &[u8], from: usize, to: usize) -> Option<Node<'_>> {
        self.at(self.place(hash, message, from, to)?)
    }

    /// Where it stands.
    #[inline]
    pub fn place(&self, hash: u64, message: &[u8], from: usize, to: usize) -> Option<u32> {
        let is_right = |place: u32| {
            let node = self.arena.at(place);
            let padded = node.and_then(|node| node.padded(to.wrapping_sub(from)));
            padded.is_some_and(|padded| same(message, from, to, padded))
        };
        self.table.find(hash, is_right)
    }

    /// What stands at a place.
    #[inline]
    pub fn at(&self, place: u32) -> Option<Node<'_>> {
        self.arena.at(place)
    }

    /// Has the CPU fetch the bucket where a search for the hash begins.
    #[inline]
    pub fn approach(&self, hash: u64) {
        if let Some(bucket) = self.table.bucket(hash) {
            prefetch(bucket);
        }
    }

    /// Has the CPU fetch what likely stands at the name with the hash.
    #[inline]
    pub fn reach(&self, hash: u64) {
        let octets = self.table.likely(hash).and_then(|at| self.arena.octets(at));
        if let Some((line, rest)) = octets.and_then(|octets| octets.split_first_chunk::<LINE>()) {
            prefetch(line);
            prefetch(rest.as_ptr());
        }
    }

    /// How many labels the deepest name has.
    #[inline]
    pub fn deepest(&self) -> usize {
        self.deepest
    }

    /// Octets that names and their fixed answers take in memory.
    pub fn memory(&self) -> usize {
        self.table.memory() + self.arena.memory()
    }
}
