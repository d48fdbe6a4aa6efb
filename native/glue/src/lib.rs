//! The native plane as a Python module, `gtm.planes._native`: glue, nothing else.

use pyo3::prelude::*;

mod areas;
mod arrays;
mod crunch;
mod cuts;
mod freeing;
mod moving;
mod names;
mod pace;
mod tables;
mod wire;
mod words;

/// The native plane (see gtm/planes/native.py).
#[pymodule]
#[pyo3(name = "_native")]
fn native(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add("UDP_MAXIMUM", gtm_plane::answer::UDP_MAXIMUM)?;
    crunch::add(module)?;
    module.add_class::<tables::Tables>()
}
