//! How far a client is behind with reading what other threads send it, so that they wait for it.

use std::sync::{Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Octets that may be on their way to one client from other threads.
const MOST: usize = 1 << 18;

/// Octets that were handed over for one connection and are not in its socket yet.
#[derive(Debug, Default)]
pub(crate) struct Flow {
    unsent: Mutex<Unsent>,
    room: Condvar,
}

#[derive(Debug, Default)]
struct Unsent {
    octets: usize,
    gone: bool,
}

impl Flow {
    /// Waits for room, and takes some; false if none comes for so long, or the client is gone.
    pub fn take(&self, octets: usize, at_most: Duration) -> bool {
        let until = Instant::now() + at_most;
        let mut unsent = self.unsent.lock().unwrap_or_else(PoisonError::into_inner);
        while !unsent.gone && unsent.octets >= MOST {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            let waited = self.room.wait_timeout(unsent, left);
            unsent = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        unsent.octets += octets;
        !unsent.gone
    }

    /// So many octets are in the socket.
    pub fn sent(&self, octets: usize) {
        let mut unsent = self.unsent.lock().unwrap_or_else(PoisonError::into_inner);
        unsent.octets = unsent.octets.saturating_sub(octets);
        self.room.notify_all();
    }

    /// The client is gone.
    pub fn close(&self) {
        let mut unsent = self.unsent.lock().unwrap_or_else(PoisonError::into_inner);
        unsent.gone = true;
        self.room.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_is_given_up_to_the_limit_and_again_when_octets_are_sent() {
        let flow = Flow::default();
        assert!(flow.take(MOST, Duration::ZERO));
        assert!(!flow.take(1, Duration::ZERO));
        flow.sent(1);
        assert!(flow.take(1, Duration::ZERO));
    }

    #[test]
    fn nothing_is_taken_for_a_client_that_is_gone() {
        let flow = Flow::default();
        flow.close();
        assert!(!flow.take(1, Duration::from_secs(60)));
    }

    #[test]
    fn who_waits_is_told_of_room() {
        let flow = Flow::default();
        assert!(flow.take(MOST, Duration::ZERO));
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| flow.take(1, Duration::from_secs(60)));
            flow.sent(MOST);
            assert!(waiting.join().expect("no panic"));
        });
    }
}
