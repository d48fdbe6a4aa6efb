//! Hashes of names, without case and with a key: nobody outside can tell which names collide.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};

/// Octets in front of a name that `Key::hash` and `same` may look at (and ignore).
pub const IN_FRONT: usize = 8;

const ONES: u64 = 0x0101_0101_0101_0101;

/// What a table's hashes depend on.
#[derive(Clone, Copy, Debug)]
pub struct Key {
    left: u64,
    right: u64,
}

impl Key {
    /// A key that nobody knows.
    pub fn random() -> Self {
        let state = RandomState::new(); // the standard library's own source of keys
        let half = |number: u8| {
            let mut hasher = state.build_hasher();
            hasher.write_u8(number);
            hasher.finish()
        };
        Self {
            left: half(0),
            right: half(1),
        }
    }

    /// The hash of the name at `from..to` of a message, in lower case.
    ///
    /// Eight octets at a time, each pair of words multiplied to 128 bits and folded. At least
    /// `IN_FRONT` octets stand before the name; 0 if not, or if the message is shorter.
    #[inline]
    pub fn hash(self, message: &[u8], from: usize, to: usize) -> u64 {
        let (Some(name), Some(last)) = (message.get(from..to), last_word(message, to)) else {
            return 0;
        };
        let mut state = self.left ^ name.len() as u64;
        let mut pairs = name.chunks_exact(16);
        for pair in &mut pairs {
            if let Some((one, two)) = pair.split_first_chunk::<8>() {
                state = fold(
                    lower(word(one)) ^ state,
                    lower(first_word(two)) ^ self.right,
                );
            }
        }
        let rest = pairs.remainder();
        let (one, two) = if rest.len() > 8 {
            (first_word(rest), last)
        } else {
            (0, tail(last, rest.len()))
        };
        state = fold(lower(one) ^ state, lower(two) ^ self.right);
        fold(state, self.right)
    }

    /// The hash of a network: its first address, in a family of addresses that long.
    #[inline]
    pub fn of_network(self, address: u128, bits: u32) -> u64 {
        let state = fold(
            address as u64 ^ self.left,
            (address >> 64) as u64 ^ self.right ^ u64::from(bits),
        );
        fold(state, self.right)
    }
}

/// Whether the name at `from..to` of a message is `name`, which is in lower case and followed by
/// zeros up to a multiple of 8 octets, `padded` being all of that.
#[inline]
pub fn same(message: &[u8], from: usize, to: usize, padded: &[u8]) -> bool {
    let (Some(name), Some(last)) = (message.get(from..to), last_word(message, to)) else {
        return false;
    };
    let ((ours, rest), (theirs, _)) = (name.as_chunks::<8>(), padded.as_chunks::<8>());
    for (our, their) in ours.iter().zip(theirs) {
        if !is_same(word(our), word(their)) {
            return false;
        }
    }
    rest.is_empty()
        || theirs
            .last()
            .is_some_and(|their| is_same(tail(last, rest.len()), word(their)))
}

/// Whether a word is one in lower case; most come in lower case.
#[inline]
fn is_same(our: u64, their: u64) -> bool {
    our == their || lower(our) == their
}

/// Eight octets in lower case (US-ASCII; RFC 4343), all at once.
#[inline]
fn lower(word: u64) -> u64 {
    let low = word & (0x7F * ONES);
    let from_a = low + (0x80 - b'A' as u64) * ONES; // the top bit of each octet from A on
    let behind_z = low + (0x7F - b'Z' as u64) * ONES; // and of each behind Z
    let capitals = (from_a ^ behind_z) & !word & (0x80 * ONES);
    word | (capitals >> 2)
}

#[inline]
fn word(octets: &[u8; 8]) -> u64 {
    u64::from_le_bytes(*octets)
}

#[inline]
fn first_word(octets: &[u8]) -> u64 {
    octets.first_chunk::<8>().map_or(0, word)
}

/// The eight octets before `to`.
#[inline]
fn last_word(message: &[u8], to: usize) -> Option<u64> {
    message.get(..to)?.last_chunk::<8>().map(word)
}

/// The last `count` octets (0 to 8) of a word that was read in their order, followed by zeros.
#[inline]
fn tail(last: u64, count: usize) -> u64 {
    last.checked_shr(64 - 8 * count as u32).unwrap_or(0)
}

#[inline]
fn fold(one: u64, two: u64) -> u64 {
    let product = u128::from(one) * u128::from(two);
    (product >> 64) as u64 ^ product as u64
}
