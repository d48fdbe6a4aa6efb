//! The NSEC chain of a signed zone: which of its records covers a name (RFC 4034 section 4.1.1).

use crate::canonical::{compare, key};
use crate::proofs::Proofs;

/// What a signed zone denies by.
pub struct Secure {
    /// The signatures of the SOA of negative answers: each from its type on.
    pub signatures: Vec<Box<[u8]>>,
    /// Its NSEC records.
    pub chain: Chain,
}

/// The owners of a zone's NSEC records in canonical order, the apex first: their keys here, and
/// themselves among the proofs, where they have numbers in a row.
pub struct Chain {
    apex: usize,
    first: u32,
    keys: Vec<u128>,
}

/// The record of a chain that stands at a name, or before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Covering {
    /// Its number among the proofs.
    pub proof: u32,
    /// Whether the name owns it, and so exists.
    pub is_own: bool,
}

impl Chain {
    /// An empty one; `apex` is the length of the apex's name.
    pub fn below(apex: usize) -> Self {
        Self {
            apex,
            first: 0,
            keys: Vec::new(),
        }
    }

    /// Adds the owner of a proof. False if its number is not the next, or the name not behind the
    /// last one.
    pub fn add(&mut self, proofs: &Proofs, proof: u32) -> bool {
        let Some(owner) = proofs.at(proof).map(|proof| proof.owner) else {
            return false;
        };
        let last = match (self.keys.len() as u32).checked_sub(1) {
            Some(count) => proofs.at(self.first + count),
            None => {
                self.first = proof;
                None
            }
        };
        let is_next = proof as usize == self.first as usize + self.keys.len();
        let is_behind = last.is_none_or(|last| compare(last.owner, owner).is_lt());
        if is_next && is_behind {
            self.keys.push(key(owner, self.apex));
        }
        is_next && is_behind
    }

    /// The record that covers a name at or below the apex (in any case); None without a chain.
    #[inline]
    pub fn covering(&self, proofs: &Proofs, name: &[u8]) -> Option<Covering> {
        let key = key(name, self.apex);
        let mut low = self.keys.partition_point(|each| *each < key);
        let alike = self.keys.get(low..)?;
        let mut high = low + alike.partition_point(|each| *each == key);
        while low < high {
            // names that begin alike are told apart by what follows
            let middle = low.midpoint(high);
            let proof = self.first + middle as u32;
            match compare(proofs.at(proof)?.owner, name) {
                std::cmp::Ordering::Less => low = middle + 1,
                std::cmp::Ordering::Greater => high = middle,
                std::cmp::Ordering::Equal => {
                    return Some(Covering {
                        proof,
                        is_own: true,
                    });
                }
            }
        }
        let before = u32::try_from(low).ok()?.checked_sub(1)?;
        Some(Covering {
            proof: self.first + before,
            is_own: false,
        })
    }

    /// Octets in memory.
    pub fn memory(&self) -> usize {
        size_of_val(&self.keys[..])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWNERS: [&[u8]; 6] = [
        b"\x07example\0",
        b"\x02aa\x07example\0",
        b"\x01x\x02aa\x07example\0",
        b"\x14a-long-service-name1\x07example\0",
        b"\x14a-long-service-name3\x07example\0",
        b"\x01b\x07example\0",
    ];

    /// The chain of the example, its first number not 0.
    fn made() -> (Proofs, Chain) {
        let mut proofs = Proofs::default();
        proofs.add(b"\0", &[b"another"]);
        let mut chain = Chain::below(9);
        let mut owners = OWNERS;
        owners.sort_by(|one, other| compare(one, other));
        for owner in owners {
            let added = proofs.add(owner, &[b"nsec"]);
            assert!(added.is_some_and(|proof| chain.add(&proofs, proof)));
        }
        (proofs, chain)
    }

    #[test]
    fn a_name_is_covered_by_the_last_that_is_not_behind_it() {
        let (proofs, chain) = made();
        let asked: [&[u8]; 8] = [
            b"\x01*\x07example\0",
            b"\x01A\x07example\0",
            b"\x01y\x02AA\x07example\0",
            b"\x14a-long-service-name0\x07example\0",
            b"\x14a-long-service-NAME2\x07example\0",
            b"\x01z\x14a-long-service-name3\x07example\0",
            b"\x01c\x07example\0",
            b"\x02\xff\xff\x07example\0",
        ];
        for name in asked.into_iter().chain(OWNERS) {
            let before = OWNERS.iter().filter(|owner| compare(owner, name).is_le());
            let nearest = before.max_by(|one, other| compare(one, other));
            let found = chain.covering(&proofs, name);
            let owner = found.and_then(|found| proofs.at(found.proof));
            assert_eq!(owner.map(|proof| proof.owner), nearest.copied());
            assert_eq!(
                found.map(|found| found.is_own),
                Some(OWNERS.contains(&name))
            );
        }
    }

    #[test]
    fn a_chain_out_of_order_is_not_taken() {
        let (mut proofs, mut chain) = made();
        assert!(!chain.add(&proofs, 0));
        assert!(!chain.add(&proofs, 99));
        let added = proofs.add(b"\x01a\x07example\0", &[b"nsec"]);
        assert!(added.is_some_and(|proof| !chain.add(&proofs, proof)));
        assert!(
            Chain::below(9)
                .covering(&proofs, b"\x07example\0")
                .is_none()
        );
    }
}
