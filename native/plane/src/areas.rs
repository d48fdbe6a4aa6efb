//! Area tables: from a client's address to its area, and the prefix length that holds for.

use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::sys::prefetch;

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

impl PrefixTable {
    /// `area << 8 | scope` for an address (longest prefix match); None if the table is not of its
    /// family.
    #[inline]
    pub fn find(&self, client: Client) -> Option<u32> {
        let place = match (client, &self.starts) {
            (Client::V4(address), Starts::V4(starts)) => {
                self.last(starts, address, client.top())?
            }
            (Client::V6(address), Starts::V6(starts)) => {
                self.last(starts, (address >> 64) as u64, client.top())?
            }
            (Client::V6(address), Starts::V6Whole(starts)) => {
                self.last(starts, address, client.top())?
            }
            _ => return None,
        };
        self.values.get(place).copied()
    }

    /// Has the CPU fetch where the search for an address begins.
    #[inline]
    pub fn approach(&self, client: Client) {
        if let Some(first) = self.first.get(client.top()) {
            prefetch(first);
        }
    }

    /// Has the CPU fetch what the search reads then.
    #[inline]
    pub fn reach(&self, client: Client) {
        let bounds = client.top()..client.top() + 2;
        let Some([low, high]) = self.first.get(bounds) else {
            return;
        };
        let middle = low.midpoint(*high) as usize;
        match &self.starts {
            Starts::V4(starts) => fetch(starts, middle),
            Starts::V6(starts) => fetch(starts, middle),
            Starts::V6Whole(starts) => fetch(starts, middle),
        }
        fetch(&self.values, middle);
    }

    /// The place of the last prefix that begins at or before the address.
    #[inline]
    fn last<T: Ord + Copy>(&self, starts: &[T], address: T, top: usize) -> Option<usize> {
        let low = *self.first.get(top)? as usize;
        let high = *self.first.get(top + 1)? as usize;
        let after = low
            + starts
                .get(low..high)?
                .partition_point(|start| *start <= address);
        after.checked_sub(1)
    }
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
