//! Interfaces that are served by AF_XDP, as Python opens them.

use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use gtm_plane::xdp::{Interface as Native, Rule};
use pyo3::exceptions::PyOSError;
use pyo3::prelude::*;

/// An interface whose DNS comes to us; to be handed to a plane.
#[pyclass(frozen, module = "gtm._native")]
pub struct Interface {
    opened: Mutex<Option<Native>>,
    native_mode: bool,
    zero_copy: bool,
    queues: usize,
}

#[pymethods]
impl Interface {
    /// Takes UDP to these addresses and ports from the kernel, by the interface's name; a wildcard
    /// address takes every one of its family. Raises OSError.
    #[new]
    fn open(py: Python<'_>, name: &str, listened: Vec<(IpAddr, u16)>) -> PyResult<Self> {
        let rules: Vec<_> = listened
            .into_iter()
            .map(|(address, port)| Rule::of(address, port))
            .collect();
        let opened = py.detach(|| Native::open(name, &rules))?;
        let mode = opened.mode();
        Ok(Self {
            native_mode: mode.native,
            zero_copy: mode.zero_copy,
            queues: opened.queues(),
            opened: Mutex::new(Some(opened)),
        })
    }

    /// Whether the program runs in the driver, not behind it.
    #[getter]
    fn native_mode(&self) -> bool {
        self.native_mode
    }

    /// Whether frames are not copied.
    #[getter]
    fn zero_copy(&self) -> bool {
        self.zero_copy
    }

    /// How many receive queues it has, each with a thread.
    #[getter]
    fn queues(&self) -> usize {
        self.queues
    }

    /// Gives it back to the kernel, unless a plane has it.
    fn close(&self) {
        drop(self.opened().take());
    }
}

impl Interface {
    /// What a plane is to have; once.
    pub fn take(&self) -> PyResult<Native> {
        let taken = self.opened().take();
        taken.ok_or_else(|| PyOSError::new_err("the interface is closed"))
    }

    fn opened(&self) -> std::sync::MutexGuard<'_, Option<Native>> {
        self.opened.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
