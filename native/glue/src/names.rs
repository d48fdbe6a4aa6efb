//! Names, zones and delegations from Python.

use std::collections::HashMap;

use gtm_plane::names::{Builder, Entry, Names, Steered, View, Zone};
use pyo3::exceptions::PyValueError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict};

use crate::areas::Areas;
use crate::bulk;
use crate::cuts::{self, Cut};
use crate::moving::rendered;
use crate::pace::Pace;
use crate::secure::{self, Signer};
use crate::wire::ancestors;
use crate::words::Words;

/// In `Node.leading`: all other types.
const OTHER: u16 = u16::MAX;
/// In the header's counts of a rendered answer: where the number of answers stands.
const ANSWERS: std::ops::Range<usize> = 2..4;
/// Where a rendered denial's SOA goes on behind the pointer to its owner.
const BEHIND_OWNER: usize = 2;

/// Reads the names of a snapshot.
pub struct Reader<'a, 'py> {
    py: Python<'py>,
    words: &'a Words,
    builder: Builder,
    areas: &'a mut Areas,
    before: Option<&'a Areas>,
    tables: HashMap<usize, u32>,
    services: HashMap<usize, u32>,
    zones: HashMap<Vec<u8>, (u32, Bound<'py, PyAny>)>,
    pace: Pace,
}

impl<'a, 'py> Reader<'a, 'py> {
    /// Fills `areas` with the tables that the names use, taken over from `before` if they can be.
    pub fn new(
        words: &'a Words,
        areas: &'a mut Areas,
        before: Option<&'a Areas>,
        snapshot: &Bound<'py, PyAny>,
    ) -> PyResult<Self> {
        let py = snapshot.py();
        let refused = snapshot.getattr(intern!(py, "refused"))?.extract()?;
        Ok(Self {
            py,
            words,
            builder: Builder::new(words.options.clone(), refused),
            areas,
            before,
            tables: HashMap::new(),
            services: HashMap::new(),
            zones: HashMap::new(),
            pace: Pace::default(),
        })
    }

    /// All of it.
    pub fn read(mut self, snapshot: &Bound<'py, PyAny>) -> PyResult<Names> {
        let py = self.py;
        let zones = snapshot.getattr(intern!(py, "zones"))?;
        for (apex, zone) in zones.cast::<PyDict>()? {
            self.zone(apex.cast::<PyBytes>()?.as_bytes(), &zone)?;
        }
        let nodes = snapshot.getattr(intern!(py, "nodes"))?;
        for (name, node) in nodes.cast::<PyDict>()? {
            self.node(name.cast::<PyBytes>()?.as_bytes(), &node)?;
            self.pace.step(py);
        }
        for (apex, zone) in zones.cast::<PyDict>()? {
            let number = self.zone_of(apex.cast::<PyBytes>()?.as_bytes())?.0;
            let names = zone.getattr(intern!(py, "names"))?;
            bulk::read(&mut self.builder, number, &names)?;
        }
        for name in snapshot.getattr(intern!(py, "closed"))?.try_iter()? {
            self.closed(name?.cast::<PyBytes>()?.as_bytes())?;
            self.pace.step(py);
        }
        let builder = self.builder;
        Ok(py.detach(|| builder.finish()))
    }

    fn zone(&mut self, apex: &[u8], zone: &Bound<'py, PyAny>) -> PyResult<()> {
        let py = self.py;
        let nonexistent = rendered(self.words, &zone.getattr(intern!(py, "nonexistent"))?)?;
        let number = self.builder.zone(Zone {
            apex: apex.into(),
            soa: nonexistent
                .body
                .get(BEHIND_OWNER..)
                .unwrap_or_default()
                .into(),
            nonexistent: nonexistent.tally,
            failed: zone.getattr(intern!(py, "failed"))?.extract()?,
            other: zone.getattr(intern!(py, "referred"))?.extract()?,
        });
        secure::zone(&mut self.builder, number, apex, zone, &mut self.pace)?;
        self.zones.insert(apex.to_vec(), (number, zone.clone()));
        Ok(())
    }

    /// The zone that answers for a name: the closest around it.
    fn zone_of(&self, name: &[u8]) -> PyResult<&(u32, Bound<'py, PyAny>)> {
        ancestors(name)
            .find_map(|ancestor| self.zones.get(ancestor))
            .ok_or_else(|| PyValueError::new_err("a name of no zone"))
    }

    fn node(&mut self, name: &[u8], node: &Bound<'py, PyAny>) -> PyResult<()> {
        let py = self.py;
        let mut entries = Vec::new();
        let by_type = node.getattr(intern!(py, "entries"))?;
        for (question, entry) in by_type.cast::<PyDict>()? {
            if let Some([high, low, _, _]) = question.cast::<PyBytes>()?.as_bytes().first_chunk() {
                entries.push((u16::from_be_bytes([*high, *low]), self.entry(&entry)?));
            }
        }
        let other = node.getattr(intern!(py, "other"))?;
        let mut other = match other.is_none() {
            true => None,
            false => Some(self.entry(&other)?),
        };
        let leading = node.getattr(intern!(py, "leading"))?;
        if !leading.is_none() {
            for (rrtype, entry) in leading.cast::<PyDict>()? {
                let entry = match self.entry(&entry)? {
                    Entry::Fixed(alias) => Entry::Leading(alias),
                    entry => entry,
                };
                match rrtype.extract()? {
                    OTHER => other = Some(entry),
                    rrtype => entries.push((rrtype, entry)),
                }
            }
        }
        let zone = self.zone_of(name)?.0;
        let plain = View { entries, other };
        match secure::covering(&self.builder, zone, name)? {
            Some(own) => {
                let secure = Signer::of(&mut self.builder, name, node, own)?.view(&plain)?;
                self.builder.signed(name, zone, plain, secure);
            }
            None => self.builder.node(name, zone, plain.entries, plain.other),
        }
        Ok(())
    }

    fn entry(&mut self, entry: &Bound<'py, PyAny>) -> PyResult<Entry> {
        let py = self.py;
        let fixed = entry.getattr(intern!(py, "fixed"))?;
        let steered = entry.getattr(intern!(py, "steered"))?;
        if !steered.is_none() {
            return Ok(Entry::Steered {
                steered: self.steered(&steered)?,
                row: entry.getattr(intern!(py, "row"))?.extract()?,
                denied: fixed.getattr(intern!(py, "tally"))?.extract()?,
            });
        }
        let counts = fixed.getattr(intern!(py, "counts"))?;
        if counts.cast::<PyBytes>()?.as_bytes().get(ANSWERS) == Some(&[0, 0]) {
            let tally = fixed.getattr(intern!(py, "tally"))?.extract()?;
            return Ok(Entry::Denied { tally });
        }
        Ok(Entry::Fixed(rendered(self.words, &fixed)?))
    }

    fn steered(&mut self, value: &Bound<'py, PyAny>) -> PyResult<u32> {
        let py = self.py;
        let key = value.as_ptr() as usize;
        if let Some(number) = self.services.get(&key) {
            return Ok(*number);
        }
        let areas = self.table(&value.getattr(intern!(py, "areas"))?)?;
        let number = self.builder.steered(Steered {
            areas,
            group: value.getattr(intern!(py, "group"))?.extract()?,
            salt: value.getattr(intern!(py, "salt"))?.extract()?,
            ttl: value.getattr(intern!(py, "ttl"))?.extract()?,
            prefix4: value.getattr(intern!(py, "prefix4"))?.extract()?,
            prefix6: value.getattr(intern!(py, "prefix6"))?.extract()?,
            hashed: value.getattr(intern!(py, "hashed"))?.extract()?,
        });
        self.services.insert(key, number);
        Ok(number)
    }

    fn table(&mut self, value: &Bound<'py, PyAny>) -> PyResult<u32> {
        let key = value.as_ptr() as usize;
        if let Some(number) = self.tables.get(&key) {
            return Ok(*number);
        }
        let table = self.areas.read(value, self.before)?;
        let number = self.builder.areas(table);
        self.tables.insert(key, number);
        Ok(number)
    }

    /// A name that is in a zone, but not among those that stand for themselves.
    fn closed(&mut self, name: &[u8]) -> PyResult<()> {
        let (number, zone) = self.zone_of(name)?;
        let number = *number;
        match cuts::at(zone, name)? {
            Cut::Here(referral, node) => {
                cuts::add(&mut self.builder, number, name, referral, &node)?;
            }
            Cut::Above => {}
            Cut::None { known: false } => {}
            Cut::None { known: true } => self.builder.closed(name),
        }
        Ok(())
    }
}
