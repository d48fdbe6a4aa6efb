//! Number crunching for the control side, with Python's lock let go: see gtm/crunch.py.
//!
//! Numbers come as Python arrays and go back as their octets, in the machine's byte order. First
//! addresses of IPv6 are two numbers each, the upper 64 bits first (gtm/geo/wide.py).

use gtm_plane::geo::Address;
use gtm_plane::geo::prefixes::prefixes;
use gtm_plane::geo::ranges::{self, Pairs, Ranges};
use gtm_plane::geo::tree::{self, Reached, Tree};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::arrays::numbers;

type Written = (Octets, Octets);

/// Adds the functions to the module.
pub fn add(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<Octets>()?;
    module.add_function(wrap_pyfunction!(unpacked, module)?)?;
    module.add_function(wrap_pyfunction!(reached, module)?)?;
    module.add_function(wrap_pyfunction!(counted, module)?)?;
    module.add_function(wrap_pyfunction!(selected, module)?)?;
    module.add_function(wrap_pyfunction!(crossed, module)?)?;
    module.add_function(wrap_pyfunction!(filled, module)?)?;
    module.add_function(wrap_pyfunction!(cut, module)?)
}

/// Numbers on their way to a Python array, which takes them part by part.
#[pyclass(frozen, module = "gtm._native")]
struct Octets(Vec<u8>);

#[pymethods]
impl Octets {
    /// How many octets there are.
    fn __len__(&self) -> usize {
        self.0.len()
    }

    /// Some of them, from `begin` on.
    fn part<'py>(&self, py: Python<'py>, begin: usize, count: usize) -> Bound<'py, PyBytes> {
        let end = begin.saturating_add(count).min(self.0.len());
        PyBytes::new(py, self.0.get(begin..end).unwrap_or_default())
    }
}

/// First addresses of a family, as Python has them.
trait Starts: Address + Send + Sync {
    fn read(starts: &Bound<'_, PyAny>) -> PyResult<Vec<Self>>;
    fn octets(starts: &[Self]) -> Vec<u8>;
    /// Without the last bits that none needs, and how many those are.
    fn packed(starts: &[Self]) -> (u32, Vec<u8>);
}

impl Starts for u32 {
    fn read(starts: &Bound<'_, PyAny>) -> PyResult<Vec<Self>> {
        numbers(starts)
    }

    fn octets(starts: &[Self]) -> Vec<u8> {
        starts
            .iter()
            .flat_map(|start| start.to_ne_bytes())
            .collect()
    }

    fn packed(starts: &[Self]) -> (u32, Vec<u8>) {
        (0, Self::octets(starts))
    }
}

impl Starts for u128 {
    fn read(starts: &Bound<'_, PyAny>) -> PyResult<Vec<Self>> {
        let halves: Vec<u64> = numbers(starts)?;
        let (pairs, _) = halves.as_chunks();
        let whole = |&[high, low]: &[u64; 2]| u128::from(high) << 64 | u128::from(low);
        Ok(starts.py().detach(|| pairs.iter().map(whole).collect()))
    }

    fn octets(starts: &[Self]) -> Vec<u8> {
        let halves = starts
            .iter()
            .flat_map(|start| [(start >> 64) as u64, *start as u64]);
        halves.flat_map(u64::to_ne_bytes).collect()
    }

    /// No database says different things of one /64; an operator may.
    fn packed(starts: &[Self]) -> (u32, Vec<u8>) {
        if starts.iter().any(|start| *start as u64 != 0) {
            return (0, Self::octets(starts));
        }
        let upper = starts.iter().map(|start| (start >> 64) as u64);
        (64, upper.flat_map(u64::to_ne_bytes).collect())
    }
}

/// The records of a search tree of 24, 28 or 32 bits each. ValueError for other sizes.
#[pyfunction]
fn unpacked(tree: &Bound<'_, PyAny>, record_size: u32) -> PyResult<Octets> {
    let py = tree.py();
    let tree: Vec<u8> = numbers(tree)?;
    let found = py.detach(|| tree::unpacked(&tree, record_size).map(|all| u32::octets(&all)));
    let found = found.ok_or_else(|| PyValueError::new_err("no size of records"))?;
    Ok(Octets(found))
}

/// What a search tree says of one family: first addresses, values, and the data records that the
/// values are indices of. `alias` is a node that is not entered, -1 for none. ValueError for a
/// tree that is cyclic, too deep or shared out of measure.
#[pyfunction]
fn reached<'py>(
    records: &Bound<'py, PyAny>,
    nodes: u32,
    root: u32,
    alias: i64,
    bits: u32,
) -> PyResult<(Octets, Octets, Octets)> {
    let py = records.py();
    let records: Vec<u32> = numbers(records)?;
    let tree = Tree {
        records: &records,
        nodes,
        alias: u32::try_from(alias).ok(),
    };
    let (starts, values, data) = match bits {
        32 => py.detach(|| tree.reached::<u32>(root).map(spelt)),
        _ => py.detach(|| tree.reached::<u128>(root).map(spelt)),
    }
    .map_err(|_| PyValueError::new_err("the search tree is cyclic"))?;
    Ok((Octets(starts), Octets(values), Octets(data)))
}

fn spelt<A: Starts>(found: Reached<A>) -> (Vec<u8>, Vec<u8>, Vec<u8>) {
    let (starts, values) = written(&found.ranges);
    (starts, values, u32::octets(&found.data))
}

/// How many of the numbers are the one that is wanted.
#[pyfunction]
fn counted(all: &Bound<'_, PyAny>, wanted: u32) -> PyResult<usize> {
    let py = all.py();
    let all: Vec<u32> = numbers(all)?;
    Ok(py.detach(|| all.iter().filter(|number| **number == wanted).count()))
}

/// The ranges with another value for each of theirs. ValueError if `meaning` lacks one.
#[pyfunction]
fn selected<'py>(
    bits: u32,
    starts: &Bound<'py, PyAny>,
    values: &Bound<'py, PyAny>,
    meaning: &Bound<'py, PyAny>,
) -> PyResult<Written> {
    fn run<'py, A: Starts>(
        starts: &Bound<'py, PyAny>,
        values: &Bound<'py, PyAny>,
        meaning: &[i32],
    ) -> PyResult<Written> {
        let ranges = read::<A>(starts, values)?;
        let py = starts.py();
        let found = py.detach(|| ranges::selected(&ranges, meaning).as_ref().map(written));
        let found = found.ok_or_else(|| PyValueError::new_err("a value has no meaning"))?;
        Ok(given(found))
    }
    let meaning = numbers(meaning)?;
    match bits {
        32 => run::<u32>(starts, values, &meaning),
        _ => run::<u128>(starts, values, &meaning),
    }
}

/// Both together: ranges whose values number the pairs of theirs, and all pairs by number, after
/// those that are `known`; pairs are flat.
#[pyfunction]
fn crossed<'py>(
    bits: u32,
    starts: &Bound<'py, PyAny>,
    values: &Bound<'py, PyAny>,
    other_starts: &Bound<'py, PyAny>,
    other_values: &Bound<'py, PyAny>,
    known: &Bound<'py, PyAny>,
) -> PyResult<(Octets, Octets, Octets)> {
    fn run<'py, A: Starts>(
        one: [&Bound<'py, PyAny>; 2],
        two: [&Bound<'py, PyAny>; 2],
        mut pairs: Pairs,
    ) -> PyResult<(Octets, Octets, Octets)> {
        let py = one[0].py();
        let (one, two) = (read::<A>(one[0], one[1])?, read::<A>(two[0], two[1])?);
        let (starts, values) = py.detach(|| written(&ranges::crossed(&one, &two, &mut pairs)));
        let flat: Vec<i32> = pairs
            .list
            .iter()
            .flat_map(|pair| [pair.0, pair.1])
            .collect();
        Ok((Octets(starts), Octets(values), Octets(signed(&flat))))
    }
    let known: Vec<i32> = numbers(known)?;
    let (known, _) = known.as_chunks();
    let pairs = Pairs::known(known.iter().map(|&[one, two]| (one, two)).collect());
    let (one, two) = ([starts, values], [other_starts, other_values]);
    match bits {
        32 => run::<u32>(one, two, pairs),
        _ => run::<u128>(one, two, pairs),
    }
}

/// The first ranges wherever they know a value, else the others.
#[pyfunction]
fn filled<'py>(
    bits: u32,
    starts: &Bound<'py, PyAny>,
    values: &Bound<'py, PyAny>,
    other_starts: &Bound<'py, PyAny>,
    other_values: &Bound<'py, PyAny>,
) -> PyResult<Written> {
    fn run<'py, A: Starts>(
        upper: [&Bound<'py, PyAny>; 2],
        lower: [&Bound<'py, PyAny>; 2],
    ) -> PyResult<Written> {
        let py = upper[0].py();
        let upper = read::<A>(upper[0], upper[1])?;
        let lower = read::<A>(lower[0], lower[1])?;
        Ok(given(py.detach(|| written(&ranges::fill(&upper, &lower)))))
    }
    let (upper, lower) = ([starts, values], [other_starts, other_values]);
    match bits {
        32 => run::<u32>(upper, lower),
        _ => run::<u128>(upper, lower),
    }
}

/// The ranges' values turned into areas and cut into aligned prefixes: how many last bits no first
/// address needs, first addresses without them, values (`area << 8 | length`), and the index by the
/// first 16 bits. ValueError if a value has no area.
#[pyfunction]
fn cut<'py>(
    bits: u32,
    starts: &Bound<'py, PyAny>,
    values: &Bound<'py, PyAny>,
    area_of: &Bound<'py, PyAny>,
) -> PyResult<(u32, Octets, Octets, Octets)> {
    fn run<'py, A: Starts>(
        starts: &Bound<'py, PyAny>,
        values: &Bound<'py, PyAny>,
        area_of: &[u32],
    ) -> PyResult<(u32, Octets, Octets, Octets)> {
        let ranges = read::<A>(starts, values)?;
        let py = starts.py();
        let found = py.detach(|| {
            let found = prefixes(&ranges, area_of)?;
            let (values, first) = (u32::octets(&found.values), u32::octets(&found.first));
            let (drop, starts) = A::packed(&found.starts);
            Some((drop, starts, values, first))
        });
        let (drop, starts, values, first) =
            found.ok_or_else(|| PyValueError::new_err("a value has no area"))?;
        Ok((drop, Octets(starts), Octets(values), Octets(first)))
    }
    let area_of: Vec<u32> = numbers(area_of)?;
    match bits {
        32 => run::<u32>(starts, values, &area_of),
        _ => run::<u128>(starts, values, &area_of),
    }
}

fn read<A: Starts>(starts: &Bound<'_, PyAny>, values: &Bound<'_, PyAny>) -> PyResult<Ranges<A>> {
    let ranges = Ranges {
        starts: A::read(starts)?,
        values: numbers(values)?,
    };
    match ranges.starts.len() == ranges.values.len() {
        true => Ok(ranges),
        false => Err(PyValueError::new_err("starts and values differ in number")),
    }
}

fn written<A: Starts>(ranges: &Ranges<A>) -> (Vec<u8>, Vec<u8>) {
    (A::octets(&ranges.starts), signed(&ranges.values))
}

fn signed(numbers: &[i32]) -> Vec<u8> {
    numbers
        .iter()
        .flat_map(|number| number.to_ne_bytes())
        .collect()
}

fn given(written: (Vec<u8>, Vec<u8>)) -> Written {
    (Octets(written.0), Octets(written.1))
}
