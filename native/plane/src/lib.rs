//! The native plane: answers DNS queries from flat tables that the control side hands over.
//!
//! It looks up and joins, and knows no policy. What is not an ordinary query it *punts* to the
//! reference responder; what it answers, that would have answered octet for octet.

pub mod answer;
mod answering;
pub mod areas;
mod connection;
pub mod draw;
pub mod names;
pub mod plane;
pub mod plans;
pub mod punt;
pub mod shared;
pub mod snapshot;
pub mod stats;
pub mod sys;
pub mod tcp;
mod udp;
pub mod wire;

pub use answering::Answers;
