//! Area tables from Python, each read once for as long as it is used.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use gtm_plane::areas::{AreaTable, PrefixTable, Starts};
use pyo3::exceptions::PyValueError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::PyList;

use crate::arrays::numbers;
use crate::pace::Pace;

/// Last bits that tell no IPv6 prefixes apart where upper halves are kept.
const LOWER_HALF: u32 = 64;

/// A table of `gtm.snapshot.AreaTable`, and what was made of it.
struct Known {
    python: Py<PyAny>,
    native: Arc<AreaTable>,
}

/// Area tables by identity; holding the Python side keeps identities what they are.
#[derive(Default)]
pub struct Areas {
    known: HashMap<usize, Known>,
}

impl Areas {
    /// A table, taken over from `before` if it is there.
    pub fn read(
        &mut self,
        value: &Bound<'_, PyAny>,
        before: Option<&Areas>,
    ) -> PyResult<Arc<AreaTable>> {
        let key = value.as_ptr() as usize;
        if let Some(known) = self.known.get(&key) {
            return Ok(known.native.clone());
        }
        let native = match before.and_then(|areas| areas.known.get(&key)) {
            Some(known) => known.native.clone(),
            None => Arc::new(table(value)?),
        };
        self.known.insert(
            key,
            Known {
                python: value.clone().unbind(),
                native: native.clone(),
            },
        );
        Ok(native)
    }

    /// Adds what was counted since the last time to the counts of the Python tables.
    pub fn count(&self, py: Python<'_>) -> PyResult<()> {
        for known in self.known.values() {
            let Some(asked) = &known.native.asked else {
                continue;
            };
            let counts = known.python.bind(py).getattr(intern!(py, "asked"))?;
            let counts = counts.cast::<PyList>()?;
            for (area, count) in asked.iter().enumerate() {
                let count = count.swap(0, Ordering::Relaxed);
                if count > 0 {
                    let so_far: u64 = counts.get_item(area)?.extract()?;
                    counts.set_item(area, so_far + count)?;
                }
            }
        }
        Ok(())
    }
}

fn table(value: &Bound<'_, PyAny>) -> PyResult<AreaTable> {
    let py = value.py();
    let areas = value.getattr(intern!(py, "views"))?.len()?;
    let mut hashed = vec![false; areas];
    for area in value.getattr(intern!(py, "hashed"))?.try_iter()? {
        let area: usize = area?.extract()?;
        if let Some(place) = hashed.get_mut(area) {
            *place = true;
        }
    }
    let counted = !value.getattr(intern!(py, "asked"))?.is_none();
    Ok(AreaTable {
        v4: prefixes(&value.getattr(intern!(py, "v4"))?)?,
        v6: prefixes(&value.getattr(intern!(py, "v6"))?)?,
        hashed,
        asked: counted.then(|| (0..areas).map(|_| AtomicU64::new(0)).collect()),
    })
}

fn prefixes(value: &Bound<'_, PyAny>) -> PyResult<PrefixTable> {
    let py = value.py();
    let bits: u32 = value.getattr(intern!(py, "bits"))?.extract()?;
    let drop: u32 = value.getattr(intern!(py, "drop"))?.extract()?;
    let starts = value.getattr(intern!(py, "starts"))?;
    let starts = match (bits, drop) {
        (32, 0) => Starts::V4(numbers(&starts)?),
        (128, LOWER_HALF) => Starts::V6(numbers(&starts)?),
        (128, 0) => Starts::V6Whole(whole(&starts)?),
        _ => return Err(PyValueError::new_err("prefixes of unknown length")),
    };
    let values = numbers(&value.getattr(intern!(py, "values"))?)?;
    let first = numbers(&value.getattr(intern!(py, "first"))?)?;
    Ok(py.detach(|| PrefixTable::of(starts, values, first)))
}

fn whole(starts: &Bound<'_, PyAny>) -> PyResult<Vec<u128>> {
    let mut pace = Pace::default();
    starts
        .try_iter()?
        .map(|start| {
            pace.step(starts.py());
            start?.extract()
        })
        .collect()
}
