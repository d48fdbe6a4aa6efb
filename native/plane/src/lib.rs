//! The native plane: answers DNS queries from flat tables that the control side hands over.
//!
//! It looks up and joins, and knows no policy. What is not an ordinary query it *punts* to the
//! reference responder; what it answers, that would have answered octet for octet.

pub mod answer;
pub mod areas;
pub mod draw;
pub mod names;
pub mod plans;
pub mod shared;
pub mod snapshot;
pub mod sys;
pub mod wire;
