//! RRsets from Python (`gtm.snapshot.RRset`), with their signatures.

use gtm_plane::plans::{Pick, Rendered};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict};

/// RRSIG (RFC 4034 section 3) and CNAME on the wire.
const RRSIG: u16 = 46;
const CNAME: u16 = 5;
/// Class IN.
const IN: u16 = 1;
/// A pointer to the question's name (RFC 1035 section 4.1.4).
const TO_QUESTION: [u8; 2] = [0xC0, 12];

/// An RRset as it is given from its first record on: each record from its type on.
pub struct Set {
    /// Its type.
    pub rrtype: u16,
    /// The records.
    pub records: Vec<Vec<u8>>,
    /// Their RRSIG records, in signed zones.
    pub signatures: Vec<Vec<u8>>,
    /// Whether every answer begins with the first record.
    is_still: bool,
}

impl Set {
    /// Reads it.
    pub fn read(rrset: &Bound<'_, PyAny>) -> PyResult<Self> {
        let py = rrset.py();
        let rrtype = rrset.getattr(intern!(py, "type"))?.extract()?;
        let ttl = rrset.getattr(intern!(py, "ttl"))?.extract()?;
        let given = rrset.call_method1(intern!(py, "given"), (0,))?;
        let signed = rrset.call_method1(intern!(py, "signed"), (0,))?;
        Ok(Self {
            rrtype,
            records: records(rrtype, ttl, &given)?,
            signatures: records(RRSIG, ttl, &signed)?,
            is_still: rrset.getattr(intern!(py, "starts"))?.len()? == 1,
        })
    }

    /// That of a type at a node, if it is there.
    pub fn at(node: &Bound<'_, PyAny>, rrtype: u16) -> PyResult<Option<Self>> {
        let rrsets = node.getattr(intern!(node.py(), "rrsets"))?;
        let found = rrsets.cast::<PyDict>()?.get_item(rrtype)?;
        found.map(|rrset| Self::read(&rrset)).transpose()
    }

    /// The records and their signatures.
    pub fn signed(&self) -> Vec<&[u8]> {
        let both = self.records.iter().chain(&self.signatures);
        both.map(Vec::as_slice).collect()
    }

    /// As an answer that is always the same, with signatures or without; None if it is not.
    pub fn rendered(&self, signed: bool, tally: u32) -> Option<Rendered> {
        let mut all = self.signed();
        if !signed {
            all.truncate(self.records.len());
        }
        let owned = |record: &&[u8]| [&TO_QUESTION, *record].concat();
        let body: Vec<u8> = all.iter().flat_map(owned).collect();
        self.is_still.then_some(Rendered {
            size: u16::try_from(body.len()).ok()?,
            body: body.into(),
            starts: [0].into(),
            pick: Pick::Random,
            records: u16::try_from(all.len()).ok()?,
            alias: self.rrtype == CNAME,
            tally,
        })
    }
}

/// Records of these data, from their type on.
fn records(rrtype: u16, ttl: u32, data: &Bound<'_, PyAny>) -> PyResult<Vec<Vec<u8>>> {
    let mut records = Vec::new();
    for data in data.try_iter()? {
        let data = data?;
        let data = data.cast::<PyBytes>()?.as_bytes();
        let mut record = Vec::with_capacity(10 + data.len());
        record.extend(rrtype.to_be_bytes());
        record.extend(IN.to_be_bytes());
        record.extend(ttl.to_be_bytes());
        record.extend(u16::try_from(data.len())?.to_be_bytes());
        record.extend(data);
        records.push(record);
    }
    Ok(records)
}
