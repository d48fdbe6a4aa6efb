//! Numbers of Python's arrays, copied in slices.

use pyo3::buffer::{Element, PyBuffer};
use pyo3::prelude::*;
use pyo3::types::{PyMemoryView, PySlice};

/// Numbers of one slice: a few hundred thousand octets, copied in well under a millisecond.
const SLICE: usize = 1 << 16;

/// The numbers of an array.
pub fn numbers<T: Element>(value: &Bound<'_, PyAny>) -> PyResult<Vec<T>> {
    let py = value.py();
    let count = value.len()?;
    let view = PyMemoryView::from(value)?;
    let mut copied = Vec::with_capacity(count);
    while copied.len() < count {
        let begin = copied.len();
        let slice = PySlice::new(py, begin as isize, (begin + SLICE) as isize, 1);
        let buffer: PyBuffer<T> = PyBuffer::get(&view.get_item(slice)?)?;
        copied.extend(buffer.to_vec(py)?);
        py.detach(|| ());
    }
    Ok(copied)
}
