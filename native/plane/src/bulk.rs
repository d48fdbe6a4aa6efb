//! Static names by the million: plain names with plain records, in a few flat arrays.
//!
//! Each name costs its octets and some forty beside them. While a master file is read, records are
//! added and names may be taken out again; what is left then is frozen, with the names between it
//! and the apex.

use std::hash::{BuildHasher, RandomState};

pub mod master;

/// Types that may stand here (RFC 1035 section 3.2.2, RFC 3596 section 2.1).
pub const A: u16 = 1;
/// IPv6 addresses.
pub const AAAA: u16 = 28;
/// Text.
pub const TXT: u16 = 16;
/// Another name; read here, but never left here.
pub const CNAME: u16 = 5;

const CLASS_IN: u16 = 1;
const TO_QUESTION: [u8; 2] = [0xC0, 0x0C]; // a pointer to the question's name
const MOST_RECORDS: usize = 32; // of a plain name; sets larger than that are judged elsewhere
const MOST_OCTETS: usize = 4096; // of their data, for the same reason
const NONE: u32 = u32::MAX;

/// A record as it was read; `line` is where, from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record<'a> {
    /// Its type.
    pub kind: u16,
    /// Seconds.
    pub ttl: u32,
    /// Where it is written.
    pub line: u32,
    /// Wire form, names in it not compressed.
    pub data: &'a [u8],
}

/// The records of one name and type; the least of their TTLs (RFC 2181 section 5.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Set<'a> {
    /// Their type.
    pub kind: u16,
    /// Seconds.
    pub ttl: u32,
    /// Their data, in the order of the file.
    pub data: Vec<&'a [u8]>,
}

impl Set<'_> {
    /// The answer section that they are, owned by the name in the question.
    pub fn rendered(&self) -> Vec<u8> {
        let mut body = Vec::new();
        for data in &self.data {
            body.extend(TO_QUESTION);
            body.extend(self.kind.to_be_bytes());
            body.extend(CLASS_IN.to_be_bytes());
            body.extend(self.ttl.to_be_bytes());
            body.extend((data.len() as u16).to_be_bytes());
            body.extend(*data);
        }
        body
    }
}

#[derive(Clone, Copy, Debug)]
struct Stored {
    at: u32,
    length: u16,
    kind: u16,
    ttl: u32,
    line: u32,
    next: u32,
}

#[derive(Clone, Copy, Debug)]
struct Name {
    at: u32,
    length: u8,
    between: bool, // stands without records, as there are names below it
    first: u32,
    last: u32,
}

/// Names (wire, lower case) with their records.
#[derive(Debug, Default)]
pub struct Bulk {
    octets: Vec<u8>,
    records: Vec<Stored>,
    names: Vec<Name>,
    slots: Vec<u32>, // open addressing: a name's number and 1, 0 where there is none
    hasher: RandomState,
}

impl Bulk {
    /// Adds a record; false, and nothing is added, when there is no more room.
    pub fn add(&mut self, name: &[u8], kind: u16, ttl: u32, line: u32, data: &[u8]) -> bool {
        let Some(length) = u16::try_from(data.len()).ok() else {
            return false;
        };
        let Some(number) = self.number(name) else {
            return false;
        };
        let Some(at) = self.store(data) else {
            return false;
        };
        let new = self.records.len() as u32;
        let last = match self.names.get_mut(number) {
            Some(name) => std::mem::replace(&mut name.last, new),
            None => return false,
        };
        match self.records.get_mut(last as usize) {
            Some(before) => before.next = new,
            None => {
                if let Some(name) = self.names.get_mut(number) {
                    name.first = new;
                }
            }
        }
        self.records.push(Stored {
            at,
            length,
            kind,
            ttl,
            line,
            next: NONE,
        });
        true
    }

    /// A name's records in the order of the file, which are then no longer here.
    pub fn take(&mut self, name: &[u8]) -> Vec<Record<'_>> {
        let Some(number) = self.find(name) else {
            return Vec::new();
        };
        let Some(entry) = self.names.get_mut(number) else {
            return Vec::new();
        };
        let first = std::mem::replace(&mut entry.first, NONE);
        entry.last = NONE;
        self.chain(first).collect()
    }

    /// Names that need a closer look: with a CNAME, a record that is there twice, or very many.
    pub fn odd(&self) -> Vec<&[u8]> {
        let odd = |name: &&Name| {
            let mut records: Vec<Record<'_>> = self.chain(name.first).collect();
            if records.len() == 1 {
                return records.iter().any(|record| record.kind == CNAME);
            }
            let octets: usize = records.iter().map(|record| record.data.len()).sum();
            let large = records.len() > MOST_RECORDS || octets > MOST_OCTETS;
            records.sort_by_key(|record| (record.kind, record.data));
            let same = |pair: &[Record<'_>]| matches!(pair, [one, two] if (one.kind, one.data) == (two.kind, two.data));
            large || records.windows(2).any(same) || records.iter().any(|one| one.kind == CNAME)
        };
        let found = self.names.iter().filter(odd);
        found.map(|name| self.name_of(name)).collect()
    }

    /// Names with records, at and below a name.
    pub fn within(&self, name: &[u8]) -> Vec<&[u8]> {
        let with_records = self.names.iter().filter(|one| one.first != NONE);
        let all = with_records.map(|one| self.name_of(one));
        all.filter(|one| ancestors(one).any(|above| above == name))
            .collect()
    }

    /// Adds the names between those with records and the apex.
    pub fn settle(&mut self, apex: &[u8]) {
        for number in 0..self.names.len() {
            let Some(name) = self.names.get(number).filter(|name| name.first != NONE) else {
                continue;
            };
            let name = self.name_of(name).to_vec();
            for above in ancestors(&name).skip(1).take_while(|above| *above != apex) {
                let Some(entry) = self.number(above).and_then(|at| self.names.get_mut(at)) else {
                    break;
                };
                if std::mem::replace(&mut entry.between, true) {
                    break; // those above it are there already
                }
            }
        }
        self.octets.shrink_to_fit();
        self.records.shrink_to_fit();
        self.names.shrink_to_fit();
    }

    /// What a name has, by type; None for a name that is not here. Between names there is nothing.
    pub fn sets(&self, name: &[u8]) -> Option<Vec<Set<'_>>> {
        let name = self.names.get(self.find(name)?)?;
        (name.first != NONE || name.between).then(|| self.sets_of(name))
    }

    /// Whether a name is here.
    pub fn stands(&self, name: &[u8]) -> bool {
        let found = self.find(name).and_then(|number| self.names.get(number));
        found.is_some_and(|name| name.first != NONE || name.between)
    }

    /// Every name that is here, with what it has.
    pub fn iter(&self) -> impl Iterator<Item = (&[u8], Vec<Set<'_>>)> {
        let here = |name: &&Name| name.first != NONE || name.between;
        let names = self.names.iter().filter(here);
        names.map(|name| (self.name_of(name), self.sets_of(name)))
    }

    /// How many names are here, those without records too.
    pub fn len(&self) -> usize {
        let here = |name: &&Name| name.first != NONE || name.between;
        self.names.iter().filter(here).count()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many records are here.
    pub fn records(&self) -> usize {
        self.names
            .iter()
            .map(|name| self.chain(name.first).count())
            .sum()
    }

    fn sets_of(&self, name: &Name) -> Vec<Set<'_>> {
        let mut sets: Vec<Set<'_>> = Vec::with_capacity(1);
        for record in self.chain(name.first) {
            match sets.iter_mut().find(|set| set.kind == record.kind) {
                Some(set) => {
                    set.ttl = set.ttl.min(record.ttl);
                    set.data.push(record.data);
                }
                None => sets.push(Set {
                    kind: record.kind,
                    ttl: record.ttl,
                    data: vec![record.data],
                }),
            }
        }
        sets.sort_by_key(|set| set.kind);
        sets
    }

    fn chain(&self, first: u32) -> impl Iterator<Item = Record<'_>> {
        let at = |number: u32| self.records.get(number as usize);
        let stored = std::iter::successors(at(first), move |record| at(record.next));
        stored.map(|record| Record {
            kind: record.kind,
            ttl: record.ttl,
            line: record.line,
            data: self.slice(record.at, usize::from(record.length)),
        })
    }

    fn name_of(&self, name: &Name) -> &[u8] {
        self.slice(name.at, usize::from(name.length))
    }

    fn slice(&self, at: u32, length: usize) -> &[u8] {
        let at = at as usize;
        self.octets.get(at..at + length).unwrap_or_default()
    }

    fn store(&mut self, octets: &[u8]) -> Option<u32> {
        let at = u32::try_from(self.octets.len()).ok()?;
        self.octets.extend(octets);
        Some(at)
    }

    fn find(&self, name: &[u8]) -> Option<usize> {
        let mask = self.slots.len().checked_sub(1)?;
        let mut at = self.hasher.hash_one(name) as usize & mask;
        loop {
            let number = self.slots.get(at)?.checked_sub(1)? as usize;
            if self
                .names
                .get(number)
                .is_some_and(|one| self.name_of(one) == name)
            {
                return Some(number);
            }
            at = (at + 1) & mask;
        }
    }

    /// The number of a name, which is added if it is new.
    fn number(&mut self, name: &[u8]) -> Option<usize> {
        if let Some(number) = self.find(name) {
            return Some(number);
        }
        if 2 * (self.names.len() + 1) > self.slots.len() {
            self.grow();
        }
        let length = u8::try_from(name.len()).ok()?;
        let at = self.store(name)?;
        self.names.push(Name {
            at,
            length,
            between: false,
            first: NONE,
            last: NONE,
        });
        self.enter(self.names.len() - 1);
        Some(self.names.len() - 1)
    }

    fn grow(&mut self) {
        self.slots = vec![0; (2 * self.slots.len()).max(1 << 10)];
        for number in 0..self.names.len() {
            self.enter(number);
        }
    }

    fn enter(&mut self, number: usize) {
        let Some(name) = self.names.get(number) else {
            return;
        };
        let mask = self.slots.len() - 1;
        let mut at = self.hasher.hash_one(self.name_of(name)) as usize & mask;
        while self.slots.get(at).is_some_and(|slot| *slot != 0) {
            at = (at + 1) & mask;
        }
        if let Some(slot) = self.slots.get_mut(at) {
            *slot = number as u32 + 1;
        }
    }
}

/// The name itself, its parent, and so on up to the root.
pub fn ancestors(name: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::successors(Some(name), |name| {
        let (&length, rest) = name.split_first()?;
        (length != 0).then(|| rest.get(usize::from(length)..))?
    })
}

#[cfg(test)]
mod tests;
