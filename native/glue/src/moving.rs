//! What verdicts move, from Python: plans and rows of rendered answers.

use std::collections::HashMap;
use std::sync::Arc;

use gtm_plane::plans::{NOBODY, Pick, Plan, Plans, Rendered};
use gtm_plane::row::Row;
use pyo3::exceptions::PyValueError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyTuple};

use crate::pace::Pace;
use crate::words::Words;

/// In `Plan.slots` of gtm/snapshot.py: nobody.
const PYTHON_NOBODY: i32 = -1;
/// Types on the wire of which one region's records are given alone, as gtm/snapshot.py has them:
/// CNAME (RFC 1035 section 3.2.2), SRV (RFC 2782), SVCB and HTTPS (RFC 9460).
const ALONE: [[u8; 2]; 4] = [[0, 5], [0, 33], [0, 64], [0, 65]];
/// Where a record's type stands: behind the pointer to the question's name.
const TYPE: std::ops::Range<usize> = 2..4;

/// Plans read so far. What many share in Python, they share here.
#[derive(Default)]
pub struct Planner {
    groups: HashMap<usize, Plans>,
    slots: HashMap<usize, Arc<[u16]>>,
}

impl Planner {
    /// The plans of a group.
    pub fn plans(
        &mut self,
        words: &Words,
        value: &Bound<'_, PyAny>,
        pace: &mut Pace,
    ) -> PyResult<Plans> {
        let key = value.as_ptr() as usize;
        if let Some(known) = self.groups.get(&key) {
            return Ok(known.clone());
        }
        let mut places: HashMap<usize, u32> = HashMap::new();
        let mut plans = Vec::new();
        let mut by_area = Vec::new();
        for plan in value.try_iter()? {
            let plan = plan?;
            let key = plan.as_ptr() as usize;
            let place = match places.get(&key) {
                Some(place) => *place,
                None => {
                    let place = u32::try_from(plans.len())?;
                    plans.push(self.plan(words, &plan)?);
                    places.insert(key, place);
                    place
                }
            };
            by_area.push(place);
            pace.step(value.py());
        }
        let made = Plans::of(plans, &by_area)
            .ok_or_else(|| PyValueError::new_err("an area without a plan"))?;
        self.groups.insert(key, made.clone());
        Ok(made)
    }

    fn plan(&mut self, words: &Words, value: &Bound<'_, PyAny>) -> PyResult<Plan> {
        let py = value.py();
        let slots = value.getattr(intern!(py, "slots"))?;
        let key = slots.as_ptr() as usize;
        let slots = match self.slots.get(&key) {
            Some(known) => known.clone(),
            None => {
                let made = slots_of(&slots)?;
                self.slots.insert(key, made.clone());
                made
            }
        };
        Ok(Plan {
            pick: words.pick(&value.getattr(intern!(py, "pick"))?)?,
            width: value.getattr(intern!(py, "width"))?.extract()?,
            fallback: words.fallback(&value.getattr(intern!(py, "fallback"))?)?,
            slots,
        })
    }
}

fn slots_of(slots: &Bound<'_, PyAny>) -> PyResult<Arc<[u16]>> {
    let slots = slots.cast::<PyTuple>()?;
    let mut made = Vec::with_capacity(slots.len());
    for slot in slots.iter_borrowed() {
        made.push(match slot.extract::<i32>()? {
            PYTHON_NOBODY => NOBODY,
            number => u16::try_from(number)?,
        });
    }
    Ok(made.into())
}

/// What a service answers for one type, by region.
pub fn row(words: &Words, value: &Bound<'_, PyAny>, pace: &mut Pace) -> PyResult<Row> {
    let mut regions = Vec::new();
    for answer in value.try_iter()? {
        let answer = answer?;
        regions.push(match answer.is_none() {
            true => None,
            false => Some(rendered(words, &answer)?),
        });
        pace.step(value.py());
    }
    Row::of(&regions).ok_or_else(|| PyValueError::new_err("answers that are too large"))
}

/// A rendered answer section.
pub fn rendered(words: &Words, value: &Bound<'_, PyAny>) -> PyResult<Rendered> {
    let py = value.py();
    let body = value.getattr(intern!(py, "body"))?;
    let body = body.cast::<PyBytes>()?.as_bytes();
    let starts = value.getattr(intern!(py, "starts"))?;
    let starts = starts.cast::<PyTuple>()?;
    let size: u16 = value.getattr(intern!(py, "size"))?.extract()?;
    let starts: Vec<u32> = starts
        .iter_borrowed()
        .map(|start| start.extract())
        .collect::<PyResult<_>>()?;
    let pick = match starts.len() {
        0 => return Err(PyValueError::new_err("an answer that begins nowhere")),
        1 => Pick::Random,
        _ => words.pick(&value.getattr(intern!(py, "pick"))?)?,
    };
    Ok(Rendered {
        alias: body
            .get(TYPE)
            .is_some_and(|found| ALONE.iter().any(|one| one == found)),
        body: body.into(),
        size,
        starts: starts.into(),
        pick,
        records: value.getattr(intern!(py, "records"))?.extract()?,
        tally: value.getattr(intern!(py, "tally"))?.extract()?,
    })
}
