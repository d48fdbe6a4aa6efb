//! What a service answers for one type, region by region, in one run of octets.
//!
//! Reading an answer costs one cache line or two that way. First comes an entry of 16 octets for
//! each region,
//!
//! ```text
//! 0..4    where the answer is; 0 where the region has nothing
//! 4..8    counter
//! 8..10   octets of one answer
//! 10..12  records of one answer
//! 12      ALIAS, HASHED, MANY
//! 14..16  how many regions the row has
//! ```
//!
//! then the answers: the records, with MANY behind the number of places where an answer may begin,
//! and these.

use std::sync::Arc;

use crate::plans::{Pick, Rendered};
use crate::sys::prefetch;

const ENTRY: usize = 16;
const REGIONS: usize = 14; // where in an entry the number of regions is
const WORD: usize = 4;
const TYPE: usize = 2; // where in a record its type is, behind a pointer
const LINE: usize = 64; // octets that are fetched at once
const REFERENCES: usize = 16; // octets of the counts of who holds a row
const LINES: usize = 4; // one address in each of eight regions
const ALIAS: u8 = 1; // stands alone, as a CNAME does
const HASHED: u8 = 2; // the first record is picked by a hash
const MANY: u8 = 4; // there is more than one place to begin

/// By region, in the order that plans count in, that of last resort behind them: what is answered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Row(Arc<[u8]>);

/// A region's answer section.
#[derive(Clone, Copy, Debug)]
pub struct Answer<'a> {
    /// The counter of the answer.
    pub tally: u32,
    /// Records of one answer (ANCOUNT).
    pub records: u16,
    /// Whether it stands alone in an answer, as a CNAME does.
    pub alias: bool,
    /// Random or Hash.
    pub pick: Pick,
    size: usize,
    starts: &'a [u8],
    body: &'a [u8],
}

impl Row {
    /// Of what each region answers, None where it has nothing; None if it is too large.
    pub fn of(regions: &[Option<Rendered>]) -> Option<Self> {
        let count = u16::try_from(regions.len()).ok()?.to_le_bytes();
        let mut octets = vec![0; regions.len() * ENTRY];
        for entry in octets.chunks_exact_mut(ENTRY) {
            entry[REGIONS..].copy_from_slice(&count);
        }
        for (number, rendered) in regions.iter().enumerate() {
            if let Some(rendered) = rendered {
                let place = u32::try_from(octets.len()).ok()?;
                let entry = octets
                    .get_mut(number * ENTRY..)?
                    .first_chunk_mut::<ENTRY>()?;
                entry[..REGIONS].copy_from_slice(&entry_of(rendered, place));
                append(&mut octets, rendered);
            }
        }
        Some(Self(octets.into()))
    }

    /// What a region answers, if anything; None if there is no such region.
    #[inline]
    pub fn at(&self, number: usize) -> Option<Option<Answer<'_>>> {
        let octets = &*self.0;
        let [.., low, high] = *octets.first_chunk::<ENTRY>()?;
        if number >= u16::from_le_bytes([low, high]) as usize {
            return None;
        }
        let entry = octets.get(number * ENTRY..)?.first_chunk::<ENTRY>()?;
        let place = word(entry, 0)? as usize;
        if place == 0 {
            return Some(None);
        }
        let flags = entry[12];
        let (starts, body) = parts(octets.get(place..)?, flags)?;
        Some(Some(Answer {
            tally: word(entry, WORD)?,
            records: u16::from_le_bytes([entry[10], entry[11]]),
            alias: flags & ALIAS != 0,
            pick: if flags & HASHED != 0 {
                Pick::Hash
            } else {
                Pick::Random
            },
            size: u16::from_le_bytes([entry[8], entry[9]]) as usize,
            starts,
            body,
        }))
    }

    /// Has the CPU fetch it, of a large one the beginning.
    #[inline]
    pub fn approach(&self) {
        for line in self.0.chunks(LINE).take(LINES) {
            prefetch(line.as_ptr());
        }
    }

    /// Whether it is the same, not only alike.
    pub fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// Octets in memory.
    pub fn memory(&self) -> usize {
        REFERENCES + self.0.len()
    }
}

impl<'a> Answer<'a> {
    /// At how many places it may begin.
    #[inline]
    pub fn places(&self) -> usize {
        (self.starts.len() / WORD).max(1)
    }

    /// The type of its first record.
    #[inline]
    pub fn rrtype(&self) -> Option<u16> {
        let octets = self.body.get(TYPE..)?.first_chunk()?;
        Some(u16::from_be_bytes(*octets))
    }

    /// The records from one of these places on.
    #[inline]
    pub fn from(&self, place: usize) -> Option<&'a [u8]> {
        if self.starts.is_empty() {
            return self.body.get(..self.size);
        }
        let start = word(self.starts, place * WORD)? as usize;
        self.body.get(start..start + self.size)
    }
}

fn entry_of(rendered: &Rendered, place: u32) -> [u8; REGIONS] {
    let mut flags = 0;
    for (flag, is_so) in [
        (ALIAS, rendered.alias),
        (HASHED, rendered.pick == Pick::Hash),
        (MANY, is_many(rendered)),
    ] {
        flags |= if is_so { flag } else { 0 };
    }
    let mut entry = [0; REGIONS];
    entry[..4].copy_from_slice(&place.to_le_bytes());
    entry[4..8].copy_from_slice(&rendered.tally.to_le_bytes());
    entry[8..10].copy_from_slice(&rendered.size.to_le_bytes());
    entry[10..12].copy_from_slice(&rendered.records.to_le_bytes());
    entry[12] = flags;
    entry
}

fn is_many(rendered: &Rendered) -> bool {
    rendered.starts.as_ref() != [0]
}

fn append(octets: &mut Vec<u8>, rendered: &Rendered) {
    if is_many(rendered) {
        octets.extend((rendered.starts.len() as u32).to_le_bytes());
        for start in &rendered.starts {
            octets.extend(start.to_le_bytes());
        }
    }
    octets.extend(&rendered.body);
}

/// The places where an answer may begin, none where that is 0 alone, and the records.
#[inline]
fn parts(octets: &[u8], flags: u8) -> Option<(&[u8], &[u8])> {
    if flags & MANY == 0 {
        return Some((&[], octets));
    }
    let count = word(octets, 0)? as usize;
    octets.get(WORD..)?.split_at_checked(count * WORD)
}

#[inline]
fn word(octets: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(*octets.get(at..)?.first_chunk()?))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may fail")]
mod tests {
    use super::*;

    fn rendered(body: &[u8], size: u16, starts: &[u32]) -> Rendered {
        Rendered {
            body: body.into(),
            size,
            starts: starts.into(),
            pick: Pick::Hash,
            records: 2,
            alias: false,
            tally: 7,
        }
    }

    #[test]
    fn regions_answer_what_was_rendered_for_them() {
        let plain = rendered(b"abcd", 4, &[0]);
        let rotated = rendered(b"abcdabcd", 4, &[0, 2]);
        let row = Row::of(&[Some(plain), None, Some(rotated)]).unwrap();
        let first = row.at(0).unwrap().unwrap();
        assert_eq!(first.places(), 1);
        assert_eq!(first.from(0), Some(&b"abcd"[..]));
        assert_eq!((first.tally, first.records, first.alias), (7, 2, false));
        assert!(row.at(1).unwrap().is_none());
        let last = row.at(2).unwrap().unwrap();
        assert_eq!((last.places(), last.pick), (2, Pick::Hash));
        assert_eq!(last.from(1), Some(&b"cdab"[..]));
        assert!(row.at(3).is_none());
    }

    #[test]
    fn an_answer_that_never_begins_at_its_first_octet_is_kept_as_it_is() {
        let row = Row::of(&[Some(rendered(b"abcdef", 2, &[4]))]).unwrap();
        assert_eq!(row.at(0).unwrap().unwrap().from(0), Some(&b"ef"[..]));
    }

    #[test]
    fn places_beyond_the_tables_are_none() {
        let row = Row::of(&[Some(rendered(b"ab", 4, &[0, 9]))]).unwrap();
        let answer = row.at(0).unwrap().unwrap();
        assert!(answer.from(0).is_none());
        assert!(answer.from(1).is_none());
        assert!(answer.from(2).is_none());
    }
}
