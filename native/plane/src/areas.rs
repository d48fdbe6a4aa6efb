//! Area tables: from a client's address to its area, and the prefix length that holds for.

use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::sys::{advise_huge, prefetch};

/// An address as a number, by its family.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Client {
    /// IPv4.
    V4(u32),
    /// IPv6.
    V6(u128),
}

impl Client {
    /// A sender; IPv4 that came over an IPv6 socket is IPv4 again (RFC 4291 section 2.5.5.2).
    #[inline]
    pub fn of(sender: IpAddr) -> Self {
        match sender.to_canonical() {
            IpAddr::V4(address) => Self::V4(address.to_bits()),
            IpAddr::V6(address) => Self::V6(address.to_bits()),
        }
    }

    /// How long addresses of its family are.
    #[inline]
    pub fn bits(self) -> u8 {
        match self {
            Self::V4(_) => 32,
            Self::V6(_) => 128,
        }
    }

    /// Its first 16 bits.
    #[inline]
    fn top(self) -> usize {
        match self {
            Self::V4(address) => (address >> 16) as usize,
            Self::V6(address) => (address >> 112) as usize,
        }
    }

    /// The address as a number.
    #[inline]
    pub fn address(self) -> u128 {
        match self {
            Self::V4(address) => u128::from(address),
            Self::V6(address) => address,
        }
    }
}

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

/// Prefixes with what is there: `area << 8 | scope`.
#[derive(Debug)]
enum Prefixes {
    /// `address << 32 | value`, so that a search ends in the line that it reads its result from.
    V4(Vec<u64>),
    /// Apart, as padding would cost more memory.
    V6(Vec<u64>, Vec<u32>),
    V6Whole(Vec<u128>, Vec<u32>),
}

/// One family's address space as aligned prefixes (see gtm/snapshot.py `PrefixTable`).
#[derive(Debug)]
pub struct PrefixTable {
    prefixes: Prefixes,
    first: Vec<u32>,
}

impl PrefixTable {
    /// Of where prefixes begin, the first at 0, and what is there: `area << 8 | scope`. `first`,
    /// indexed by the top 16 bits of an address, gives where to begin looking (65,537 entries).
    pub fn of(starts: Starts, values: Vec<u32>, first: Vec<u32>) -> Self {
        let prefixes = match starts {
            Starts::V4(starts) => Prefixes::V4(together(&starts, &values)),
            Starts::V6(starts) => Prefixes::V6(starts, values),
            Starts::V6Whole(starts) => Prefixes::V6Whole(starts, values),
        };
        Self { prefixes, first }
    }

    /// `area << 8 | scope` for an address (longest prefix match); None if the table is not of its
    /// family.
    #[inline]
    pub fn find(&self, client: Client) -> Option<u32> {
        let (low, high) = self.bounds(client)?;
        match (client, &self.prefixes) {
            (Client::V4(address), Prefixes::V4(prefixes)) => {
                let last = u64::from(address) << 32 | u64::from(u32::MAX);
                let place = last_until(prefixes, low, high, last)?;
                prefixes.get(place).map(|prefix| *prefix as u32)
            }
            (Client::V6(address), Prefixes::V6(starts, values)) => {
                let place = last_until(starts, low, high, (address >> 64) as u64)?;
                values.get(place).copied()
            }
            (Client::V6(address), Prefixes::V6Whole(starts, values)) => {
                let place = last_until(starts, low, high, address)?;
                values.get(place).copied()
            }
            _ => None,
        }
    }

    /// Has the CPU fetch where the search for an address begins.
    #[inline]
    pub fn approach(&self, client: Client) {
        fetch(&self.first, client.top());
    }

    /// Has the CPU fetch what the search reads then.
    #[inline]
    pub fn reach(&self, client: Client) {
        let Some((low, high)) = self.bounds(client) else {
            return;
        };
        let middle = low.midpoint(high);
        match &self.prefixes {
            Prefixes::V4(prefixes) => fetch(prefixes, middle),
            Prefixes::V6(starts, values) => {
                fetch(starts, middle);
                fetch(values, middle);
            }
            Prefixes::V6Whole(starts, values) => {
                fetch(starts, middle);
                fetch(values, middle);
            }
        }
    }

    /// Octets in memory.
    pub fn memory(&self) -> usize {
        let prefixes = match &self.prefixes {
            Prefixes::V4(prefixes) => size_of_val(&prefixes[..]),
            Prefixes::V6(starts, values) => size_of_val(&starts[..]) + size_of_val(&values[..]),
            Prefixes::V6Whole(starts, values) => {
                size_of_val(&starts[..]) + size_of_val(&values[..])
            }
        };
        prefixes + size_of_val(&self.first[..])
    }

    /// Between which places prefixes begin that share an address's first 16 bits.
    #[inline]
    fn bounds(&self, client: Client) -> Option<(usize, usize)> {
        let [low, high] = self.first.get(client.top()..)?.first_chunk::<2>()?;
        Some((*low as usize, *high as usize))
    }
}

/// IPv4 prefixes, each with its value, in huge pages where the system has them.
fn together(starts: &[u32], values: &[u32]) -> Vec<u64> {
    let mut prefixes = Vec::with_capacity(starts.len());
    advise_huge(prefixes.spare_capacity_mut());
    let pairs = starts.iter().zip(values);
    prefixes.extend(pairs.map(|(start, value)| u64::from(*start) << 32 | u64::from(*value)));
    prefixes
}

/// The place of the last one, among those from `low` to `high` and the one before, that is not
/// beyond `last`.
#[inline]
fn last_until<T: Ord + Copy>(starts: &[T], low: usize, high: usize, last: T) -> Option<usize> {
    let after = starts
        .get(low..high)?
        .partition_point(|start| *start <= last);
    (low + after).checked_sub(1)
}

#[inline]
fn fetch<T>(values: &[T], place: usize) {
    if let Some(value) = values.get(place) {
        prefetch(value);
    }
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

impl AreaTable {
    /// Has the CPU fetch where the search for a client begins.
    #[inline]
    pub fn approach(&self, client: Client) {
        self.of(client).approach(client);
    }

    /// Has the CPU fetch what the search for a client reads then.
    #[inline]
    pub fn reach(&self, client: Client) {
        self.of(client).reach(client);
    }

    #[inline]
    fn of(&self, client: Client) -> &PrefixTable {
        match client {
            Client::V4(_) => &self.v4,
            Client::V6(_) => &self.v6,
        }
    }

    /// `area << 8 | scope` for a client.
    #[inline]
    pub fn find(&self, client: Client) -> Option<u32> {
        self.of(client).find(client)
    }

    /// Whether decisions in the area depend on the client's network too.
    #[inline]
    pub fn is_hashed(&self, area: u32) -> bool {
        self.hashed.get(area as usize).copied().unwrap_or(false)
    }

    /// Counts an answer for the area, if somebody wants to know.
    #[inline]
    pub fn count(&self, area: u32) {
        let counter = self
            .asked
            .as_ref()
            .and_then(|asked| asked.get(area as usize));
        if let Some(counter) = counter {
            // a locked instruction would cost more than a count that is lost now and then
            counter.store(counter.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
        }
    }
}
