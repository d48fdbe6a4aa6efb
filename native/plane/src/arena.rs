//! Names with what is answered there, one behind another in one run of octets.
//!
//! A name's octets, its zone and its answers stand together, so that an answer costs one cache line
//! or two. A record, which begins at a multiple of 8 octets, is
//!
//! ```text
//! 0       length of the name
//! 1       kind: node, closed, cut
//! 2       1 if there is a wildcard right below
//! 3       1 if its zone is signed
//! 4..8    zone, of a cut its referral
//! 8..     the name in lower case, with zeros up to a multiple of 8 octets
//! ..      entries, the one for other types last: type, form, 4-octet words behind it, and these
//! ..      in signed zones the same again, as it is answered with signatures
//! ```

use crate::names::{Entry, View};
use crate::plans::Rendered;
use crate::sys::advise_huge;

/// Type under which the entry for all other types stands; nobody asks for it (RFC 6895: reserved).
pub const OTHER: u16 = u16::MAX;

const UNIT: usize = 8;
const HEAD: usize = 8;
const NEAR: usize = 8; // octets before the body of an answer that stands in the arena
const FIXED_NEAR: u8 = 0;
const FIXED_FAR: u8 = 1;
const DENIED: u8 = 2;
const STEERED: u8 = 3;
const REFERRED: u8 = 4;
const PROVEN: u8 = 5; // DENIED, with a proof
const SIGNED: u8 = 6; // STEERED, with a proof
const LEADING: u8 = 7; // FIXED_NEAR, a CNAME to be followed

/// What a name is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// One that exists.
    Node,
    /// One that the reference responder answers, and all below it.
    Closed,
    /// A delegation.
    Cut,
}

/// What is answered for a type.
#[derive(Clone, Copy, Debug)]
pub enum Said<'a> {
    /// Always the same, from here.
    Near(Near<'a>),
    /// Always the same, from elsewhere.
    Far(&'a Rendered),
    /// A CNAME, always the same, that may lead to another name of the zone.
    Leading(Near<'a>),
    /// NODATA.
    Denied {
        /// The counter.
        tally: u32,
        /// What proves it, where the zone is signed.
        proof: Option<u32>,
    },
    /// As a plan says.
    Steered {
        /// The service.
        steered: u32,
        /// Its row.
        row: u32,
        /// The counter of denials.
        denied: u32,
        /// What proves a denial, where the zone is signed.
        proof: Option<u32>,
    },
    /// The reference responder knows.
    Referred,
}

/// An answer section that never changes.
#[derive(Clone, Copy, Debug)]
pub struct Near<'a> {
    /// The records.
    pub body: &'a [u8],
    /// How many.
    pub records: u16,
    /// The counter.
    pub tally: u32,
}

/// All records, and answers too large or too varied to stand among them.
#[derive(Default)]
pub struct Arena {
    octets: Vec<u8>,
    far: Vec<Rendered>,
}

impl Arena {
    /// Adds a name; gives its place, which is never 0. None if there is no room for it.
    ///
    /// `number` is the zone's, of a cut that of its referral. `secure` is what those are answered
    /// that want signatures, in signed zones.
    pub fn add(
        &mut self,
        name: &[u8],
        kind: Kind,
        number: u32,
        plain: View,
        secure: Option<View>,
    ) -> Option<u32> {
        if self.octets.is_empty() {
            self.octets.resize(UNIT, 0);
        }
        let place = u32::try_from(self.octets.len() / UNIT).ok()?;
        let length = u8::try_from(name.len()).ok()?;
        let is_signed = u8::from(secure.is_some());
        self.octets.extend([length, kind as u8, 0, is_signed]);
        self.octets.extend(number.to_le_bytes());
        self.octets.extend(name);
        self.pad(UNIT);
        for view in [Some(plain), secure].into_iter().flatten() {
            self.view(view);
        }
        self.pad(UNIT);
        Some(place)
    }

    /// Notes that there is a wildcard right below the name at a place.
    pub fn cover(&mut self, place: u32) {
        if let Some(octet) = self.octets.get_mut(place as usize * UNIT + 2) {
            *octet = 1;
        }
    }

    /// The record at a place.
    #[inline]
    pub fn at(&self, place: u32) -> Option<Node<'_>> {
        let octets = self.octets(place)?;
        let head = *octets.first_chunk::<HEAD>()?;
        Some(Node {
            head,
            octets,
            far: &self.far,
        })
    }

    /// The octets from a place on.
    #[inline]
    pub fn octets(&self, place: u32) -> Option<&[u8]> {
        self.octets.get(place as usize * UNIT..)
    }

    /// Moves to memory that fits, in huge pages where the system has them.
    pub fn settle(&mut self) {
        let mut settled = Vec::with_capacity(self.octets.len());
        advise_huge(settled.spare_capacity_mut());
        settled.extend_from_slice(&self.octets);
        self.octets = settled;
        self.far.shrink_to_fit();
    }

    /// Octets in memory.
    pub fn memory(&self) -> usize {
        let far = self
            .far
            .iter()
            .map(|each| each.body.len() + 4 * each.starts.len());
        self.octets.len() + self.far.len() * size_of::<Rendered>() + far.sum::<usize>()
    }

    fn view(&mut self, view: View) {
        for (rrtype, entry) in view.entries {
            self.entry(rrtype, entry);
        }
        match view.other {
            Some(entry) => self.entry(OTHER, entry),
            None => self.words(OTHER, REFERRED, &[]),
        }
    }

    fn entry(&mut self, rrtype: u16, entry: Entry) {
        match entry {
            Entry::Fixed(fixed) => self.fixed(rrtype, fixed),
            Entry::Leading(alias) => {
                if !self.near(rrtype, LEADING, &alias) {
                    self.words(rrtype, REFERRED, &[]);
                }
            }
            Entry::Denied { tally } => self.words(rrtype, DENIED, &[tally]),
            Entry::Proven { tally, proof } => self.words(rrtype, PROVEN, &[tally, proof]),
            Entry::Referred => self.words(rrtype, REFERRED, &[]),
            Entry::Steered {
                steered,
                row,
                denied,
            } => self.words(rrtype, STEERED, &[steered, row, denied]),
            Entry::Signed {
                steered,
                row,
                denied,
                proof,
            } => self.words(rrtype, SIGNED, &[steered, row, denied, proof]),
        }
    }

    fn fixed(&mut self, rrtype: u16, fixed: Rendered) {
        if !self.near(rrtype, FIXED_NEAR, &fixed) {
            self.words(rrtype, FIXED_FAR, &[self.far.len() as u32]);
            self.far.push(fixed);
        }
    }

    /// Adds an answer that stands among the records; false if it is too large or too varied.
    fn near(&mut self, rrtype: u16, form: u8, fixed: &Rendered) -> bool {
        let words = u8::try_from((NEAR + fixed.body.len()).div_ceil(4));
        let plain = fixed.starts.as_ref() == [0] && fixed.body.len() == fixed.size as usize;
        let (Ok(words), true) = (words, plain) else {
            return false;
        };
        self.head(rrtype, form, words);
        self.octets.extend(fixed.tally.to_le_bytes());
        self.octets.extend(fixed.size.to_le_bytes());
        self.octets.extend(fixed.records.to_le_bytes());
        self.octets.extend(&fixed.body);
        self.pad(4);
        true
    }

    fn words(&mut self, rrtype: u16, form: u8, words: &[u32]) {
        self.head(rrtype, form, words.len() as u8);
        for word in words {
            self.octets.extend(word.to_le_bytes());
        }
    }

    fn head(&mut self, rrtype: u16, form: u8, words: u8) {
        self.octets.extend(rrtype.to_le_bytes());
        self.octets.extend([form, words]);
    }

    fn pad(&mut self, to: usize) {
        self.octets
            .resize(self.octets.len().next_multiple_of(to), 0);
    }
}

/// One record.
#[derive(Clone, Copy)]
pub struct Node<'a> {
    head: [u8; HEAD],
    octets: &'a [u8],
    far: &'a [Rendered],
}

impl<'a> Node<'a> {
    /// What it is.
    #[inline]
    pub fn kind(&self) -> Kind {
        match self.head[1] {
            0 => Kind::Node,
            2 => Kind::Cut,
            _ => Kind::Closed,
        }
    }

    /// Its zone, of a cut its referral.
    #[inline]
    pub fn number(&self) -> u32 {
        let [_, _, _, _, a, b, c, d] = self.head;
        u32::from_le_bytes([a, b, c, d])
    }

    /// Whether there is a wildcard right below.
    #[inline]
    pub fn is_covered(&self) -> bool {
        self.head[2] != 0
    }

    /// Its name.
    pub fn name(&self) -> &'a [u8] {
        self.octets.get(HEAD..HEAD + self.length()).unwrap_or(&[])
    }

    /// Its name, with zeros up to a multiple of 8 octets; None if it is not `length` long.
    #[inline]
    pub fn padded(&self, length: usize) -> Option<&'a [u8]> {
        let size = length.next_multiple_of(UNIT);
        (self.length() == length).then(|| self.octets.get(HEAD..HEAD + size))?
    }

    /// Whether its zone is signed.
    #[inline]
    pub fn is_signed(&self) -> bool {
        self.head[3] != 0
    }

    /// What is answered for a type, and whether it is just what all other types get; `secure` if
    /// signatures are wanted, where there are some.
    #[inline]
    pub fn said(&self, rrtype: u16, secure: bool) -> (Said<'a>, bool) {
        self.said_at(self.place(rrtype, secure))
    }

    /// Where in the record that stands.
    #[inline]
    pub fn place(&self, rrtype: u16, secure: bool) -> usize {
        let mut at = self.entries(secure);
        while let Some(octets) = self.octets.get(at..)
            && let Some(&[low, high, _, words]) = octets.first_chunk::<4>()
        {
            let found = u16::from_le_bytes([low, high]);
            if found == rrtype || found == OTHER {
                break;
            }
            at += 4 + 4 * words as usize;
        }
        at
    }

    /// What stands at such a place.
    #[inline]
    pub fn said_at(&self, place: usize) -> (Said<'a>, bool) {
        let octets = self.octets.get(place..);
        match octets.and_then(|octets| octets.split_first_chunk::<4>()) {
            Some((&[low, high, form, _], rest)) => {
                let is_other = u16::from_le_bytes([low, high]) == OTHER;
                (self.read(form, rest), is_other)
            }
            None => (Said::Referred, true),
        }
    }

    /// What is answered for each type that has an answer of its own.
    pub fn all(&self, secure: bool) -> impl Iterator<Item = (u16, Said<'a>)> {
        let node = *self;
        let mut at = node.entries(secure);
        std::iter::from_fn(move || {
            let octets = node.octets.get(at..)?;
            let (&[low, high, form, words], rest) = octets.split_first_chunk::<4>()?;
            let found = u16::from_le_bytes([low, high]);
            at += 4 + 4 * words as usize;
            (found != OTHER).then(|| (found, node.read(form, rest)))
        })
    }

    /// Where the entries begin, those for who wants signatures if `secure`.
    #[inline]
    fn entries(&self, secure: bool) -> usize {
        let at = HEAD + self.length().next_multiple_of(UNIT);
        match secure && self.is_signed() {
            true => self.behind(at),
            false => at,
        }
    }

    /// Where the entries end that begin at `at`: behind that for other types.
    #[inline]
    fn behind(&self, mut at: usize) -> usize {
        while let Some(octets) = self.octets.get(at..)
            && let Some(&[low, high, _, words]) = octets.first_chunk::<4>()
        {
            at += 4 + 4 * words as usize;
            if u16::from_le_bytes([low, high]) == OTHER {
                break;
            }
        }
        at
    }

    #[inline]
    fn length(&self) -> usize {
        self.head[0] as usize
    }

    #[inline]
    fn read(&self, form: u8, rest: &'a [u8]) -> Said<'a> {
        let said = match form {
            FIXED_NEAR => near(rest).map(Said::Near),
            LEADING => near(rest).map(Said::Leading),
            FIXED_FAR => number(rest, 0)
                .and_then(|place| self.far.get(place as usize))
                .map(Said::Far),
            DENIED => denied(rest, None),
            STEERED => steered(rest, None),
            PROVEN => number(rest, 1).and_then(|proof| denied(rest, Some(proof))),
            SIGNED => number(rest, 3).and_then(|proof| steered(rest, Some(proof))),
            _ => None,
        };
        said.unwrap_or(Said::Referred)
    }
}

#[inline]
fn near(rest: &[u8]) -> Option<Near<'_>> {
    let (&[a, b, c, d, size_low, size_high, low, high], body) = rest.split_first_chunk::<NEAR>()?;
    let size = u16::from_le_bytes([size_low, size_high]) as usize;
    Some(Near {
        body: body.get(..size)?,
        records: u16::from_le_bytes([low, high]),
        tally: u32::from_le_bytes([a, b, c, d]),
    })
}

#[inline]
fn denied<'a>(rest: &[u8], proof: Option<u32>) -> Option<Said<'a>> {
    let tally = number(rest, 0)?;
    Some(Said::Denied { tally, proof })
}

#[inline]
fn steered<'a>(rest: &[u8], proof: Option<u32>) -> Option<Said<'a>> {
    Some(Said::Steered {
        steered: number(rest, 0)?,
        row: number(rest, 1)?,
        denied: number(rest, 2)?,
        proof,
    })
}

#[inline]
fn number(rest: &[u8], place: usize) -> Option<u32> {
    let octets = rest.get(4 * place..)?.first_chunk::<4>()?;
    Some(u32::from_le_bytes(*octets))
}
