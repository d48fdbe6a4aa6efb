//! Lets go of what is answered from no more, in a thread of its own.
//!
//! Tables may be large. Freeing them is to take the time neither of a thread that answers nor of
//! the one that publishes.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Between looks whether somebody still holds what was replaced.
const AGAIN: Duration = Duration::from_millis(50);

/// What was replaced, and may still be held by others.
pub(crate) struct Replaced<A> {
    held: Mutex<Held<A>>,
    changed: Condvar,
}

struct Held<A> {
    all: Vec<Arc<A>>,
    ended: bool,
}

impl<A> Default for Replaced<A> {
    fn default() -> Self {
        let held = Held {
            all: Vec::new(),
            ended: false,
        };
        Self {
            held: Mutex::new(held),
            changed: Condvar::new(),
        }
    }
}

impl<A> Replaced<A> {
    /// Has it freed when nobody else holds it.
    pub fn add(&self, replaced: Arc<A>) {
        self.lock().all.push(replaced);
        self.changed.notify_one();
    }

    /// How many are still to be freed.
    pub fn count(&self) -> usize {
        self.lock().all.len()
    }

    /// Has `run` end.
    pub fn end(&self) {
        self.lock().ended = true;
        self.changed.notify_one();
    }

    /// Frees until told to end.
    pub fn run(&self) {
        let mut held = self.lock();
        while !held.ended {
            // one that is ours alone can't get another holder: it is in no place to be taken from
            let ours = held.all.iter().position(|all| Arc::strong_count(all) == 1);
            if let Some(place) = ours {
                let free = held.all.swap_remove(place);
                drop(held);
                drop(free);
                held = self.lock();
            } else if held.all.is_empty() {
                let waited = self.changed.wait(held);
                held = waited.unwrap_or_else(PoisonError::into_inner);
            } else {
                let waited = self.changed.wait_timeout(held, AGAIN);
                held = waited.unwrap_or_else(PoisonError::into_inner).0;
            }
        }
    }

    /// The list is whole whatever happened to a thread that held it.
    fn lock(&self) -> MutexGuard<'_, Held<A>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
