//! A snapshot of `gtm/snapshot.py` as the native plane reads it: whole, or by what changed.

use std::net::IpAddr;
use std::sync::Arc;

use gtm_plane::answer::{Circumstances, Outcome, UDP_MAXIMUM, finish, look};
use gtm_plane::row::Row;
use gtm_plane::shared::Shared;
use gtm_plane::snapshot::Snapshot;
use pyo3::exceptions::PyValueError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyList, PyTuple};

use crate::areas::Areas;
use crate::freeing::free_later;
use crate::moving::{Planner, row};
use crate::names::Reader;
use crate::pace::Pace;
use crate::plane::conduct;
use crate::words::Words;

/// Octets of the longest message over TCP (RFC 1035 section 4.2.2).
const TCP_MAXIMUM: usize = 65_535;

/// A snapshot as the native plane reads it, and what of Python it was made of.
#[pyclass(frozen, module = "gtm._native")]
pub struct Tables {
    snapshot: Arc<Snapshot>,
    areas: Arc<Areas>,
    /// Names and zones: what is new there is read whole.
    nodes: Py<PyAny>,
    plans: Py<PyAny>,
    rows: Py<PyAny>,
    signed: Py<PyAny>,
    /// How many counters its answers use.
    tallies: usize,
    /// How many plans and rows were read for it.
    #[pyo3(get)]
    read: usize,
}

impl Tables {
    /// What is answered from.
    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.snapshot.clone()
    }

    /// How many counters its answers use.
    pub fn tallies(&self) -> usize {
        self.tallies
    }
}

impl Drop for Tables {
    fn drop(&mut self) {
        free_later(self.snapshot.clone());
    }
}

#[pymethods]
impl Tables {
    /// Reads a snapshot; of one that has the names of `before`, only what differs.
    #[staticmethod]
    #[pyo3(signature = (snapshot, before=None))]
    fn of(snapshot: &Bound<'_, PyAny>, before: Option<&Bound<'_, Tables>>) -> PyResult<Self> {
        let py = snapshot.py();
        let words = Words::read(py)?;
        let source = Source::of(snapshot)?;
        match before.map(|tables| tables.get()) {
            Some(before) if source.moves(before)? => source.changed(&words, before),
            before => source.whole(&words, before),
        }
    }

    /// The snapshot's number.
    #[getter]
    fn epoch(&self) -> u64 {
        self.snapshot.epoch
    }

    /// Octets that its tables take.
    #[getter]
    fn memory(&self) -> usize {
        self.snapshot.memory()
    }

    /// Whether it is of that snapshot, or of one that differs only in what verdicts move.
    fn reads(&self, snapshot: &Bound<'_, PyAny>) -> PyResult<bool> {
        Source::of(snapshot)?.moves(self)
    }

    /// Adds the answers counted by area to the counts of the Python area tables.
    fn count(&self, py: Python<'_>) -> PyResult<()> {
        self.areas.count(py)
    }

    /// The answer to a packet and its counter; None if it is for the reference responder.
    ///
    /// Silence is an empty answer. `random` is 32 bits, `now` Unix time. `identity` and `secrets`
    /// are the server's words (see `Plane.behave`); `cut` has the answer truncated.
    #[pyo3(signature = (packet, sender, random, now, udp, identity=None, secrets=None, cut=false))]
    #[expect(clippy::too_many_arguments, reason = "Python names them")]
    fn answer<'py>(
        &self,
        py: Python<'py>,
        packet: &[u8],
        sender: &str,
        random: u32,
        now: f64,
        udp: bool,
        identity: Option<Vec<u8>>,
        secrets: Option<Vec<[u8; 16]>>,
        cut: bool,
    ) -> PyResult<Option<(Bound<'py, PyBytes>, Option<u32>)>> {
        let sender: IpAddr = sender
            .parse()
            .map_err(|_| PyValueError::new_err("a sender that is no address"))?;
        let sender = sender.to_canonical();
        let by = Circumstances {
            sender,
            random,
            now,
            udp,
        };
        let mut out = vec![0; if udp { UDP_MAXIMUM } else { TCP_MAXIMUM }];
        let conduct = conduct(identity, secrets.unwrap_or_default());
        let looked = look(&self.snapshot, packet, sender);
        let mut granted = looked.grant(packet, &conduct, sender, now);
        granted.cut = cut && !granted.known;
        let outcome = finish(&self.snapshot, packet, &looked, &by, &granted, &mut out);
        Ok(match outcome {
            Outcome::Answer { length, tally } => {
                let message = out.get(..length).unwrap_or_default();
                Some((PyBytes::new(py, message), Some(tally)))
            }
            Outcome::Silence => Some((PyBytes::new(py, b""), None)),
            Outcome::Punt => None,
        })
    }
}

/// The parts of a Python snapshot.
struct Source<'a, 'py> {
    py: Python<'py>,
    snapshot: &'a Bound<'py, PyAny>,
    epoch: u64,
    nodes: Bound<'py, PyAny>,
    plans: Bound<'py, PyAny>,
    rows: Bound<'py, PyAny>,
    signed: Bound<'py, PyAny>,
    tallies: usize,
}

impl<'a, 'py> Source<'a, 'py> {
    fn of(snapshot: &'a Bound<'py, PyAny>) -> PyResult<Self> {
        let py = snapshot.py();
        Ok(Self {
            py,
            snapshot,
            epoch: snapshot.getattr(intern!(py, "epoch"))?.extract()?,
            nodes: snapshot.getattr(intern!(py, "nodes"))?,
            plans: snapshot.getattr(intern!(py, "plans"))?,
            rows: snapshot.getattr(intern!(py, "rows"))?,
            signed: snapshot.getattr(intern!(py, "signed"))?,
            tallies: snapshot.getattr(intern!(py, "tallies"))?.len()?,
        })
    }

    /// Whether only what verdicts move can differ.
    fn moves(&self, before: &Tables) -> PyResult<bool> {
        let shape = [&self.plans, &self.rows, &self.signed].map(|table| table.len());
        let [plans, rows, signed] = shape;
        let shape = (plans?, rows?, signed?);
        let was = before.snapshot.as_ref();
        let was = (was.plans.len(), was.rows.len(), was.signed.len());
        Ok(self.nodes.is(&before.nodes) && shape == was)
    }

    fn whole(&self, words: &Words, before: Option<&Tables>) -> PyResult<Tables> {
        let py = self.py;
        let mut areas = Areas::default();
        let kept = before.map(|tables| tables.areas.as_ref());
        let names = Reader::new(words, &mut areas, kept, self.snapshot)?.read(self.snapshot)?;
        let mut pace = Pace::default();
        let mut planner = Planner::default();
        let mut plans = Vec::new();
        for group in self.plans.try_iter()? {
            plans.push(planner.plans(words, &group?, &mut pace)?);
            pace.step(py);
        }
        let mut rows = Vec::new();
        for value in self.rows.try_iter()? {
            rows.push(row(words, &value?, &mut pace)?);
        }
        let rows: Shared<Row> = rows.into_iter().collect();
        let mut read = plans.len() + rows.len();
        let mut signed = Vec::new();
        for (number, value) in self.signed.try_iter()?.enumerate() {
            let (row, is_own) = self.signed_row(words, &rows, number, &value?, &mut pace)?;
            signed.push(row);
            read += usize::from(is_own);
        }
        let snapshot = Snapshot {
            epoch: self.epoch,
            names: Arc::new(names),
            plans: plans.into_iter().collect(),
            rows,
            signed: signed.into_iter().collect(),
        };
        Ok(self.tables(snapshot, Arc::new(areas), read))
    }

    fn changed(&self, words: &Words, before: &Tables) -> PyResult<Tables> {
        let was = before.snapshot.as_ref();
        let (mut plans, mut rows) = (was.plans.clone(), was.rows.clone());
        let (mut pace, mut planner) = (Pace::default(), Planner::default());
        let mut read = differing(before.plans.bind(self.py), &self.plans, |number, value| {
            put(&mut plans, number, planner.plans(words, value, &mut pace)?)
        })?;
        let mut pace = Pace::default();
        read += differing(before.rows.bind(self.py), &self.rows, |number, value| {
            put(&mut rows, number, row(words, value, &mut pace)?)
        })?;
        let mut signed = was.signed.clone();
        differing(
            before.signed.bind(self.py),
            &self.signed,
            |number, value| {
                let (row, is_own) = self.signed_row(words, &rows, number, value, &mut pace)?;
                read += usize::from(is_own);
                put(&mut signed, number, row)
            },
        )?;
        let snapshot = Snapshot {
            epoch: self.epoch,
            names: was.names.clone(),
            plans,
            rows,
            signed,
        };
        Ok(self.tables(snapshot, before.areas.clone(), read))
    }

    /// A row with signatures, and whether it is one of its own: of an unsigned zone it is that of
    /// `rows` which all get.
    fn signed_row(
        &self,
        words: &Words,
        rows: &Shared<Row>,
        number: usize,
        value: &Bound<'py, PyAny>,
        pace: &mut Pace,
    ) -> PyResult<(Row, bool)> {
        match rows.at(number) {
            Some(plain) if value.is(&self.rows.get_item(number)?) => Ok((plain.clone(), false)),
            _ => Ok((row(words, value, pace)?, true)),
        }
    }

    fn tables(&self, snapshot: Snapshot, areas: Arc<Areas>, read: usize) -> Tables {
        Tables {
            snapshot: Arc::new(snapshot),
            areas,
            nodes: self.nodes.clone().unbind(),
            plans: self.plans.clone().unbind(),
            rows: self.rows.clone().unbind(),
            signed: self.signed.clone().unbind(),
            tallies: self.tallies,
            read,
        }
    }
}

fn put<T: Clone>(list: &mut Shared<T>, number: usize, value: T) -> PyResult<()> {
    match list.put(number, value) {
        true => Ok(()),
        false => Err(PyValueError::new_err("a number of no plan or row")),
    }
}

/// Calls `found` for the values that are not the same objects as `before`; gives how many.
fn differing<'py>(
    before: &Bound<'py, PyAny>,
    now: &Bound<'py, PyAny>,
    mut found: impl FnMut(usize, &Bound<'py, PyAny>) -> PyResult<()>,
) -> PyResult<usize> {
    if before.is(now) {
        return Ok(0);
    }
    let (mut number, mut count) = (0, 0);
    let mut compare = |old: Borrowed<'_, 'py, PyAny>, new: Borrowed<'_, 'py, PyAny>| {
        if !new.is(old) {
            found(number, &new)?;
            count += 1;
        }
        number += 1;
        PyResult::Ok(())
    };
    // tuples and lists have their own iterators, several times as fast as the one for all
    if let (Ok(old), Ok(new)) = (before.cast::<PyTuple>(), now.cast::<PyTuple>()) {
        for (old, new) in old.iter_borrowed().zip(new.iter_borrowed()) {
            compare(old, new)?;
        }
    } else if let (Ok(old), Ok(new)) = (before.cast::<PyList>(), now.cast::<PyList>()) {
        for (old, new) in old.iter().zip(new) {
            compare(old.as_borrowed(), new.as_borrowed())?;
        }
    } else {
        for (old, new) in before.try_iter()?.zip(now.try_iter()?) {
            compare(old?.as_borrowed(), new?.as_borrowed())?;
        }
    }
    Ok(count)
}
