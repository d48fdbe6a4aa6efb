//! The native plane: answers DNS queries from flat tables that the control side hands over.
//!
//! It looks up and joins, and knows no policy. What is not an ordinary query it *punts* to the
//! reference responder; what it answers, that would have answered octet for octet.

pub mod answer;
pub mod areas;
mod arena;
mod builder;
pub mod draw;
pub mod geo;
mod hash;
pub mod names;
pub mod plans;
mod question;
mod reply;
pub mod shared;
pub mod snapshot;
mod steer;
mod table;
pub mod wire;
