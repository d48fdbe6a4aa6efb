//! Area tables: from a client's address to its area, and the prefix length that holds for.

use std::sync::atomic::AtomicU64;

/// First addresses of prefixes, in order, without the last bits that tell none apart.
#[derive(Debug)]
pub enum Starts {
    /// IPv4 addresses.
    V4(Vec<u32>),
    /// The upper 64 bits of IPv6 addresses.
    V6(Vec<u64>),
    /// Whole IPv6 addresses.
    V6Whole(Vec<u128>),
}

/// One family's address space as aligned prefixes (see gtm/snapshot.py `PrefixTable`).
///
/// `values` holds `area << 8 | scope`; `first`, indexed by the top 16 bits of an address, gives
/// where to begin looking (65,537 entries).
#[derive(Debug)]
pub struct PrefixTable {
    /// Where prefixes begin; the first at 0.
    pub starts: Starts,
    /// What is there.
    pub values: Vec<u32>,
    /// Where to look.
    pub first: Vec<u32>,
}

/// Client networks to areas.
#[derive(Debug)]
pub struct AreaTable {
    /// IPv4.
    pub v4: PrefixTable,
    /// IPv6.
    pub v6: PrefixTable,
    /// By area: whether decisions there depend on the client's network too.
    pub hashed: Vec<bool>,
    /// By area: answers so far, where somebody wants to know. Workers that count at once may lose
    /// one, as in Python.
    pub asked: Option<Vec<AtomicU64>>,
}
