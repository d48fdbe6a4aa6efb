//! The native plane: answers DNS queries from flat tables that the control side hands over.
//!
//! It looks up and joins, and knows no policy. What is not an ordinary query it *punts* to the
//! reference responder; what it answers, that would have answered octet for octet.

mod about;
pub mod answer;
mod answering;
pub mod areas;
mod arena;
mod builder;
pub mod bulk;
mod canonical;
pub mod chain;
pub mod conduct;
mod connection;
mod denying;
pub mod draw;
mod flow;
mod freeing;
pub mod geo;
mod hash;
mod leading;
pub mod limit;
mod memory;
pub mod names;
mod origin;
pub mod plane;
pub mod plans;
pub mod proofs;
pub mod proxy;
pub mod punt;
mod question;
mod reply;
pub mod row;
pub mod shared;
mod siphash;
pub mod snapshot;
pub mod stats;
mod steer;
#[expect(
    unsafe_code,
    reason = "the system calls that have no safe form stand there, and nowhere else"
)]
pub mod sys;
mod table;
pub mod tap;
pub mod tcp;
mod udp;
pub mod wire;
pub mod xdp;

pub use answering::Answers;
