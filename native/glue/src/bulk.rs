//! Plain static names by the million, from a master file to the plane's names.

use std::collections::HashMap;

use gtm_plane::bulk::master::{Scanner, State, key};
use gtm_plane::bulk::{Bulk, Set};
use gtm_plane::names::{Builder, Entry, View};
use gtm_plane::plans::{Pick, Rendered};
use pyo3::exceptions::PyValueError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyTuple};

type Row<'py> = (u16, u32, Bound<'py, PyTuple>);

/// Adds the classes to the module.
pub fn add(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<MasterScanner>()?;
    module.add_class::<Plain>()
}

/// Reads the ordinary lines of a master file; gtm/zonefile/master.py reads the others.
#[pyclass(module = "gtm._native")]
struct MasterScanner {
    scanner: Scanner,
    bulk: Bulk,
    zone: String,
}

#[pymethods]
impl MasterScanner {
    /// `zone` is a plain name in lower case.
    #[new]
    fn new(text: &[u8], zone: String) -> Self {
        Self {
            scanner: Scanner::new(text.to_vec()),
            bulk: Bulk::default(),
            zone,
        }
    }

    /// Reads up to a line that is not ordinary; gives the owner and the TTL that were written last.
    fn scan(
        &mut self,
        py: Python<'_>,
        origin: Option<String>,
        ttl: Option<u32>,
        last_ttl: u32,
        owner: Option<String>,
    ) -> (Option<String>, u32) {
        let mut state = State {
            zone: self.zone.clone(),
            origin: origin.filter(|name| key(name).is_some()),
            ttl,
            last_ttl,
            owner: owner.clone().filter(|name| key(name).is_some()),
        };
        let before = self.scanner.line();
        py.detach(|| self.scanner.scan(&mut state, &mut self.bulk));
        match before == self.scanner.line() {
            true => (owner, last_ttl),
            false => (state.owner.or(owner), state.last_ttl),
        }
    }

    /// The number of the line that comes next.
    #[getter]
    fn line(&self) -> u32 {
        self.scanner.line()
    }

    /// Lines are counted on from here.
    #[setter]
    fn set_line(&mut self, line: u32) {
        self.scanner.count_from(line);
    }

    /// The next line with its end; None behind the last.
    fn take_line(&mut self) -> Option<String> {
        let line = self.scanner.take_line()?;
        Some(String::from_utf8_lossy(line).into_owned())
    }

    /// The records read of a name in text: type, TTL, line, data. They are gone then.
    fn take<'py>(
        &mut self,
        py: Python<'py>,
        name: &str,
    ) -> Vec<(u16, u32, u32, Bound<'py, PyBytes>)> {
        let Some(name) = key(name) else {
            return Vec::new();
        };
        let taken = self.bulk.take(&name).into_iter();
        taken
            .map(|one| (one.kind, one.ttl, one.line, PyBytes::new(py, one.data)))
            .collect()
    }

    /// Names in text that need a closer look.
    fn odd(&self, py: Python<'_>) -> Vec<String> {
        py.detach(|| self.bulk.odd().into_iter().map(text).collect())
    }

    /// Names in text at and below a name in text.
    fn within(&self, py: Python<'_>, name: &str) -> Vec<String> {
        let Some(name) = key(name) else {
            return Vec::new();
        };
        py.detach(|| self.bulk.within(&name).into_iter().map(text).collect())
    }

    /// What was read and not taken, frozen; `apex` is the zone's name on the wire.
    fn settled(&mut self, py: Python<'_>, apex: &[u8]) -> Plain {
        let mut bulk = std::mem::take(&mut self.bulk);
        py.detach(|| bulk.settle(apex));
        Plain(bulk)
    }
}

/// A plain name in text.
fn text(name: &[u8]) -> String {
    let labels = gtm_plane::bulk::ancestors(name).filter_map(|rest| {
        let (&length, rest) = rest.split_first()?;
        rest.get(..usize::from(length)).filter(|_| length != 0)
    });
    let mut found = String::with_capacity(name.len());
    for label in labels {
        found.push_str(&String::from_utf8_lossy(label));
        found.push('.');
    }
    found
}

/// Plain names with their records (see gtm/plain.py).
#[pyclass(frozen, name = "Plain", module = "gtm._native")]
pub struct Plain(Bulk);

#[pymethods]
impl Plain {
    /// How many names there are, those between others and the apex too.
    fn __len__(&self) -> usize {
        self.0.len()
    }

    /// Whether a name (wire, lower case) is here.
    fn __contains__(&self, name: &[u8]) -> bool {
        self.0.stands(name)
    }

    /// Whether a name in text is here.
    fn stands(&self, name: &str) -> bool {
        key(name).is_some_and(|name| self.0.stands(&name))
    }

    /// What a name (wire, lower case) has: type, TTL, data; None for a name that is not here.
    fn sets<'py>(&self, py: Python<'py>, name: &[u8]) -> PyResult<Option<Vec<Row<'py>>>> {
        let sets = self.0.sets(name).map(|sets| {
            let row = |set: Set<'_>| {
                let data = set.data.iter().map(|data| PyBytes::new(py, data));
                Ok((set.kind, set.ttl, PyTuple::new(py, data)?))
            };
            sets.into_iter().map(row).collect()
        });
        sets.transpose()
    }

    /// All names on the wire.
    fn names<'py>(&self, py: Python<'py>) -> Vec<Bound<'py, PyBytes>> {
        let names = self.0.iter().map(|(name, _)| PyBytes::new(py, name));
        names.collect()
    }

    /// How many records there are.
    #[getter]
    fn records(&self) -> usize {
        self.0.records()
    }
}

/// Adds the plain names of a zone, if it has some: `names` are those of a `ZoneData`.
pub fn read(builder: &mut Builder, zone: u32, names: &Bound<'_, PyAny>) -> PyResult<()> {
    let py = names.py();
    let Some(plain) = names.getattr_opt(intern!(py, "plain"))? else {
        return Ok(());
    };
    let plain = plain.cast::<Plain>()?.get();
    let tallies: HashMap<u16, u32> = names.getattr(intern!(py, "tallies"))?.extract()?;
    let other: u32 = names.getattr(intern!(py, "other"))?.extract()?;
    let entry = |set: Set<'_>| {
        let body = set.rendered();
        let rendered = Rendered {
            size: u16::try_from(body.len()).ok()?,
            starts: [0].into(),
            pick: Pick::Random,
            records: u16::try_from(set.data.len()).ok()?,
            alias: false,
            tally: *tallies.get(&set.kind)?,
            body: body.into(),
        };
        Some((set.kind, Entry::Fixed(rendered)))
    };
    let is_signed = builder.secured(zone).is_some(); // then the reference responder answers DO
    let whole = py.detach(|| {
        for (name, sets) in plain.0.iter() {
            let entries: Option<Vec<_>> = sets.into_iter().map(entry).collect();
            let denied = Entry::Denied { tally: other };
            let plain = View {
                entries: entries?,
                other: Some(denied),
            };
            match is_signed {
                true => builder.signed(name, zone, plain, View::default()),
                false => builder.node(name, zone, plain.entries, plain.other),
            }
        }
        Some(())
    });
    whole.ok_or_else(|| PyValueError::new_err("a plain record that is not plain"))
}
