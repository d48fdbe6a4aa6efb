//! From a name's hash to its place in the arena: open addressing over 8-octet buckets.

use crate::sys::advise_huge;

/// Places by hash. A bucket is `fingerprint << 32 | place`, 0 where it is empty; half of them at
/// least are, so that a search seldom leaves the cache line that it begins in.
pub struct Table {
    buckets: Vec<u64>,
    mask: usize,
}

impl Table {
    /// An empty table with room for `count` places.
    pub fn with_room(count: usize) -> Self {
        let size = (2 * count).next_power_of_two().max(8);
        let buckets = vec![0; size];
        advise_huge(&buckets);
        Self {
            buckets,
            mask: size - 1,
        }
    }

    /// Adds a place, which must not be 0. There must be room.
    pub fn add(&mut self, hash: u64, place: u32) {
        let mut at = hash as usize & self.mask;
        while self.buckets.get(at).is_some_and(|bucket| *bucket != 0) {
            at = (at + 1) & self.mask;
        }
        if let Some(bucket) = self.buckets.get_mut(at) {
            *bucket = hash >> 32 << 32 | u64::from(place);
        }
    }

    /// The place with the hash that is right.
    #[inline]
    pub fn find(&self, hash: u64, is_right: impl Fn(u32) -> bool) -> Option<u32> {
        let mut at = hash as usize & self.mask;
        loop {
            let bucket = *self.buckets.get(at)?;
            if bucket == 0 {
                return None;
            }
            if bucket >> 32 == hash >> 32 && is_right(bucket as u32) {
                return Some(bucket as u32);
            }
            at = (at + 1) & self.mask;
        }
    }

    /// The bucket in which a search for the hash begins.
    #[inline]
    pub fn bucket(&self, hash: u64) -> Option<&u64> {
        self.buckets.get(hash as usize & self.mask)
    }

    /// The first place that may be that of the hash, without looking there.
    #[inline]
    pub fn likely(&self, hash: u64) -> Option<u32> {
        self.find(hash, |_| true)
    }

    /// Octets in memory.
    pub fn memory(&self) -> usize {
        self.buckets.len() * size_of::<u64>()
    }
}
