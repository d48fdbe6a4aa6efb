//! What signed zones prove with: RRsets with their signatures, one behind another in one run of
//! octets. Each stands there once, whatever refers to it.
//!
//! ```text
//! 0       length of the owner's name
//! 1       how many records
//! 2..     the owner in lower case
//! ..      of each record the length of what follows, and its type, class, TTL, length and data
//! ```

const HEAD: usize = 2;

/// All of them, by number.
#[derive(Default)]
pub struct Proofs {
    octets: Vec<u8>,
    places: Vec<u32>,
}

/// One RRset and its RRSIG records.
#[derive(Clone, Copy, Debug)]
pub struct Proof<'a> {
    /// Who owns them, in lower case.
    pub owner: &'a [u8],
    count: u8,
    rest: &'a [u8],
}

impl Proofs {
    /// Adds one: the owner (wire, lower case), and of each record what follows that. Gives its
    /// number; None if there is no room for it.
    pub fn add(&mut self, owner: &[u8], records: &[impl AsRef<[u8]>]) -> Option<u32> {
        let number = u32::try_from(self.places.len()).ok()?;
        let place = u32::try_from(self.octets.len()).ok()?;
        let (length, count) = (u8::try_from(owner.len()), u8::try_from(records.len()));
        let mut made = vec![length.ok()?, count.ok()?];
        made.extend(owner);
        for record in records.iter().map(AsRef::as_ref) {
            made.extend(u16::try_from(record.len()).ok()?.to_le_bytes());
            made.extend(record);
        }
        self.octets.extend(made);
        self.places.push(place);
        Some(number)
    }

    /// The one with that number.
    #[inline]
    pub fn at(&self, number: u32) -> Option<Proof<'_>> {
        let place = *self.places.get(number as usize)? as usize;
        let (&[length, count], octets) = self.octets.get(place..)?.split_first_chunk::<HEAD>()?;
        let (owner, rest) = octets.split_at_checked(length as usize)?;
        Some(Proof { owner, count, rest })
    }

    /// Makes do with the memory that it needs.
    pub fn settle(&mut self) {
        self.octets.shrink_to_fit();
        self.places.shrink_to_fit();
    }

    /// Octets in memory.
    pub fn memory(&self) -> usize {
        self.octets.len() + size_of_val(&self.places[..])
    }
}

impl<'a> Proof<'a> {
    /// Its records from their types on, the signatures behind the others.
    #[inline]
    pub fn records(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        let mut rest = self.rest;
        (0..self.count).map_while(move |_| {
            let (&length, behind) = rest.split_first_chunk::<2>()?;
            let (record, behind) = behind.split_at_checked(u16::from_le_bytes(length) as usize)?;
            rest = behind;
            Some(record)
        })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may fail")]
mod tests {
    use super::*;

    #[test]
    fn what_was_added_is_found_by_its_number() {
        let mut proofs = Proofs::default();
        let long = vec![7; 300];
        assert_eq!(proofs.add(b"\x01a\0", &[&b"one"[..], &long[..]]), Some(0));
        assert_eq!(proofs.add(b"\0", &[] as &[&[u8]]), Some(1));
        proofs.settle();
        let first = proofs.at(0).unwrap();
        assert_eq!(first.owner, b"\x01a\0");
        assert_eq!(
            first.records().collect::<Vec<_>>(),
            [&b"one"[..], &long[..]]
        );
        assert_eq!(proofs.at(1).unwrap().records().count(), 0);
        assert!(proofs.at(2).is_none());
    }

    #[test]
    fn what_is_too_large_is_not_added() {
        let mut proofs = Proofs::default();
        assert_eq!(proofs.add(&[1; 256], &[b"one"]), None);
        assert_eq!(proofs.add(b"\0", &[vec![0; 65536]]), None);
        assert_eq!(proofs.add(b"\0", &vec![b"one"; 256]), None);
        assert_eq!(proofs.add(b"\0", &[b"one"]), Some(0));
    }
}
