//! Long work under Python's lock, done in slices: whoever waits for the lock runs in between.

use pyo3::Python;

/// Items of one slice: about a tenth of a millisecond's work.
const SLICE: usize = 64;

/// Counts items, and lets go of the lock behind each slice of them.
#[derive(Default)]
pub struct Pace {
    items: usize,
}

impl Pace {
    /// One more item was done.
    pub fn step(&mut self, py: Python<'_>) {
        self.items += 1;
        if self.items.is_multiple_of(SLICE) {
            py.detach(|| ());
        }
    }
}
