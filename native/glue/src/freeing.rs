//! Letting go of large tables in a thread that holds no lock.

use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, OnceLock};

use gtm_plane::snapshot::Snapshot;

/// Frees a snapshot, if nothing else holds it, without keeping the caller.
pub fn free_later(snapshot: Arc<Snapshot>) {
    static SENDER: OnceLock<Sender<Arc<Snapshot>>> = OnceLock::new();
    let sender = SENDER.get_or_init(|| {
        let (sender, receiver) = channel::<Arc<Snapshot>>();
        // without the thread the receiver is gone, and what is sent is freed at once
        let _ = std::thread::Builder::new()
            .name("gtm-free".into())
            .spawn(move || receiver.into_iter().for_each(drop));
        sender
    });
    let _ = sender.send(snapshot);
}
