//! Python's words for picks and fallbacks, told apart by identity.

use gtm_plane::plans::Pick;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

/// The members of `gtm.snapshot.Pick` and `gtm.model.AllDown`.
pub struct Words {
    picks: Vec<(Py<PyAny>, Pick)>,
    fallbacks: Vec<Py<PyAny>>,
    /// The Extended DNS Error that each fallback is said by, whole, in the order of their numbers.
    pub options: Vec<Box<[u8]>>,
}

impl Words {
    /// As Python has them now.
    pub fn read(py: Python<'_>) -> PyResult<Self> {
        let pick = py.import("gtm.snapshot")?.getattr("Pick")?;
        let picks = [
            ("FIRST", Pick::First),
            ("DRAW", Pick::Draw),
            ("RANDOM", Pick::Random),
            ("HASH", Pick::Hash),
        ];
        let option = py.import("gtm.dns.fallback")?.getattr("option")?;
        let mut words = Self {
            picks: Vec::new(),
            fallbacks: Vec::new(),
            options: Vec::new(),
        };
        for (name, native) in picks {
            words.picks.push((pick.getattr(name)?.unbind(), native));
        }
        for mode in py.import("gtm.model")?.getattr("AllDown")?.try_iter()? {
            let mode = mode?;
            let said: Vec<u8> = option.call1((&mode,))?.extract()?;
            words.options.push(said.into());
            words.fallbacks.push(mode.unbind());
        }
        Ok(words)
    }

    /// A member of `Pick`.
    pub fn pick(&self, value: &Bound<'_, PyAny>) -> PyResult<Pick> {
        self.picks
            .iter()
            .find(|(member, _)| value.is(member))
            .map(|(_, native)| *native)
            .ok_or_else(|| PyValueError::new_err("a pick that the native plane does not know"))
    }

    /// The number of a member of `AllDown`, or of None.
    pub fn fallback(&self, value: &Bound<'_, PyAny>) -> PyResult<Option<u8>> {
        if value.is_none() {
            return Ok(None);
        }
        let at = self.fallbacks.iter().position(|mode| value.is(mode));
        match at.map(u8::try_from) {
            Some(Ok(number)) => Ok(Some(number)),
            _ => Err(PyValueError::new_err(
                "a fallback that the native plane does not know",
            )),
        }
    }
}
