//! Signed zones from Python: what they deny by, and their names as those get them that set the DO
//! bit.

use gtm_plane::chain::{Chain, Secure};
use gtm_plane::names::{Builder, Entry, View};
use gtm_plane::plans::Rendered;
use pyo3::exceptions::PyValueError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict};

use crate::pace::Pace;
use crate::sets::Set;

/// CNAME on the wire: what answers other types where it stands (RFC 1034 section 3.6.2).
const CNAME: u16 = 5;
/// In `Node.lacks`: all other types.
const OTHERS: u16 = 0;

/// Adds what a zone (`gtm.snapshot.ZoneData`) denies by, if it is signed.
pub fn zone(
    builder: &mut Builder,
    number: u32,
    apex: &[u8],
    zone: &Bound<'_, PyAny>,
    pace: &mut Pace,
) -> PyResult<()> {
    let py = zone.py();
    let secure = zone.getattr(intern!(py, "secure"))?;
    if secure.is_none() {
        return Ok(());
    }
    let soa = Set::read(&zone.getattr(intern!(py, "negative_soa"))?)?;
    let owners = secure.getattr(intern!(py, "chain"))?;
    let nsecs = secure.getattr(intern!(py, "nsecs"))?;
    let mut chain = Chain::below(apex.len());
    for (owner, nsec) in owners.try_iter()?.zip(nsecs.try_iter()?) {
        let number = proof(builder, owner?.cast::<PyBytes>()?.as_bytes(), &nsec?)?;
        if !chain.add(builder.proofs(), number) {
            return Err(PyValueError::new_err("a chain that is not in order"));
        }
        pace.step(py);
    }
    let signatures = soa.signatures.into_iter().map(Into::into).collect();
    builder.secure(number, Secure { signatures, chain });
    Ok(())
}

/// Adds an RRset and its signatures to prove with.
pub fn proof(builder: &mut Builder, owner: &[u8], rrset: &Bound<'_, PyAny>) -> PyResult<u32> {
    added(builder, owner, &Set::read(rrset)?)
}

/// The same of an RRset that was read.
pub fn added(builder: &mut Builder, owner: &[u8], set: &Set) -> PyResult<u32> {
    let number = builder.proof(owner, &set.signed());
    number.ok_or_else(|| PyValueError::new_err("signatures that are too large"))
}

/// The number of the NSEC record at a name of a zone, or before it; None if the zone is not signed.
pub fn covering(builder: &Builder, zone: u32, name: &[u8]) -> PyResult<Option<u32>> {
    let Some(secure) = builder.secured(zone) else {
        return Ok(None);
    };
    match secure.chain.covering(builder.proofs(), name) {
        Some(found) => Ok(Some(found.proof)),
        None => Err(PyValueError::new_err("a chain without names")),
    }
}

/// A name of a signed zone, while it is read.
pub struct Signer<'a, 'py> {
    node: &'a Bound<'py, PyAny>,
    /// The number of the NSEC record that denies what the name never has.
    own: u32,
    /// Numbers of those that deny what it may have, by type.
    lacks: Vec<(u16, u32)>,
}

impl<'a, 'py> Signer<'a, 'py> {
    /// Of a node (`gtm.snapshot.Node`).
    pub fn of(
        builder: &mut Builder,
        name: &[u8],
        node: &'a Bound<'py, PyAny>,
        own: u32,
    ) -> PyResult<Self> {
        let mut lacks = Vec::new();
        let found = node.getattr(intern!(node.py(), "lacks"))?;
        if !found.is_none() {
            for (rrtype, nsec) in found.cast::<PyDict>()? {
                lacks.push((rrtype.extract()?, proof(builder, name, &nsec)?));
            }
        }
        Ok(Self { node, own, lacks })
    }

    /// All answers of the name, which without signatures are `plain`.
    pub fn view(self, plain: &View) -> PyResult<View> {
        let mut entries = Vec::new();
        for (rrtype, entry) in &plain.entries {
            entries.push((*rrtype, self.entry(*rrtype, entry)?));
        }
        let other = plain.other.as_ref();
        let other = other.map(|entry| self.entry(OTHERS, entry)).transpose()?;
        Ok(View { entries, other })
    }

    fn entry(&self, rrtype: u16, plain: &Entry) -> PyResult<Entry> {
        Ok(match *plain {
            Entry::Steered {
                steered,
                row,
                denied,
            } => Entry::Signed {
                steered,
                row,
                denied,
                proof: self.denying(rrtype),
            },
            Entry::Denied { tally } => Entry::Proven {
                tally,
                proof: self.denying(rrtype),
            },
            Entry::Fixed(ref fixed) => self
                .signed(rrtype, fixed)?
                .map_or(Entry::Referred, Entry::Fixed),
            Entry::Leading(ref alias) => self
                .signed(rrtype, alias)?
                .map_or(Entry::Referred, Entry::Leading),
            Entry::Proven { .. } | Entry::Signed { .. } | Entry::Referred => Entry::Referred,
        })
    }

    /// What is always answered, with its signatures; None if it was rendered of anything else than
    /// the name's records, which the reference responder knows to sign.
    fn signed(&self, rrtype: u16, fixed: &Rendered) -> PyResult<Option<Rendered>> {
        let rrtype = if rrtype == OTHERS { CNAME } else { rrtype };
        let set = Set::at(self.node, rrtype)?;
        Ok(set.and_then(|set| {
            let is_it = set.rendered(false, fixed.tally).as_ref() == Some(fixed);
            set.rendered(true, fixed.tally).filter(|_| is_it)
        }))
    }

    /// The number of the NSEC record that denies a type.
    fn denying(&self, rrtype: u16) -> u32 {
        let of = |wanted: u16| self.lacks.iter().find(|(found, _)| *found == wanted);
        of(rrtype)
            .or_else(|| of(OTHERS))
            .map_or(self.own, |(_, proof)| *proof)
    }
}
