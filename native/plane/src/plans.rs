//! What verdicts move: plans, which say whom a client gets, and what each region answers.

use std::sync::Arc;

/// How a plan picks one of its slots, or an answer its first record (see gtm/snapshot.py `Pick`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pick {
    /// The only one.
    First,
    /// By a hash of the sender's address, the app and a window of one TTL.
    Draw,
    /// Anew for each query.
    Random,
    /// By a hash of the client's network and the app.
    Hash,
}

/// Fills a slot that names fewer answers than the plan is wide.
pub const NOBODY: u16 = u16::MAX;

/// The decision for (group, area): slots, each of `width` numbers of answers that go together.
///
/// A width of 0 is SERVFAIL. `fallback` numbers the Extended DNS Error to be said where no region
/// was up: an index into `Names::fallbacks`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// How a slot is picked.
    pub pick: Pick,
    /// Numbers in one slot.
    pub width: u16,
    /// What is said beside the answer.
    pub fallback: Option<u8>,
    /// The numbers, slot after slot: each the place of an answer in a row. Plans share large tables.
    pub slots: Arc<[u16]>,
}

/// A group's plans: `by_area[area]` is an index into `plans`, as many areas share one.
#[derive(Clone, Debug, Default)]
pub struct Plans {
    /// The plans that differ.
    pub plans: Vec<Plan>,
    /// Which of them an area has.
    pub by_area: Box<[u32]>,
}

impl Plans {
    /// The area's plan.
    #[inline]
    pub fn of(&self, area: u32) -> Option<&Plan> {
        self.plans.get(*self.by_area.get(area as usize)? as usize)
    }
}

/// An answer section as it follows the question, owned by the name in the question (0xC00C).
///
/// An answer is `size` octets of `body` from one of the offsets `starts` on, which `pick` picks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rendered {
    /// The records, twice over where the first may be any of them.
    pub body: Box<[u8]>,
    /// Octets of one answer.
    pub size: u16,
    /// Offsets at which an answer may begin; never empty.
    pub starts: Box<[u32]>,
    /// Random or Hash.
    pub pick: Pick,
    /// Records of one answer (ANCOUNT).
    pub records: u16,
    /// Whether it is a CNAME, which stands alone in an answer.
    pub alias: bool,
    /// The counter of the answer.
    pub tally: u32,
}
