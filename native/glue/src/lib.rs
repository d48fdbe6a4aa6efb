//! The native plane as a Python module, `gtm._native`: glue, nothing else.

use gtm_plane::stats::BUCKETS;
use pyo3::prelude::*;
use pyo3::types::PyTuple;

mod areas;
mod arrays;
mod bulk;
mod crunch;
mod cuts;
mod freeing;
mod interface;
mod moving;
mod names;
mod pace;
mod plane;
mod secure;
mod sets;
mod tables;
mod wire;
mod words;

/// The native plane (see gtm/planes/native.py).
#[pymodule]
#[pyo3(name = "_native")]
fn native(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add("UDP_MAXIMUM", gtm_plane::answer::UDP_MAXIMUM)?;
    bulk::add(module)?;
    crunch::add(module)?;
    module.add("BUCKETS", PyTuple::new(module.py(), BUCKETS)?)?;
    module.add_class::<plane::Plane>()?;
    module.add_class::<plane::Punt>()?;
    module.add_class::<plane::Limiter>()?;
    module.add_class::<interface::Interface>()?;
    module.add_class::<tables::Tables>()?;
    module.add_function(wrap_pyfunction!(plane::be_patient, module)?)
}
