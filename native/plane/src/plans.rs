//! What verdicts move: plans, which say whom a client gets, and what each region answers.

use std::sync::Arc;

use crate::sys::prefetch;

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

/// A group's plans: what an area gets is its number of an answer, or an index into `plans`, of
/// which many areas share one.
#[derive(Clone, Debug, Default)]
pub struct Plans {
    by_area: Arc<[u32]>,
    plans: Arc<[Plan]>,
}

/// Marks an area's word as the number of an answer: most plans say no more, and so cost no
/// further look into memory.
const ALONE: u32 = 1 << 31;

/// What an area gets.
#[derive(Clone, Copy, Debug)]
pub enum Planned<'a> {
    /// One answer, always, with nothing beside it.
    Alone(u16),
    /// What a plan picks.
    Picked(&'a Plan),
}

impl Plans {
    /// Of the plans that differ, and which of them each area has: an index into `plans`. None if
    /// there is no such plan.
    pub fn of(plans: Vec<Plan>, by_area: &[u32]) -> Option<Self> {
        let words: Vec<u32> = (0..).zip(&plans).map(word).collect();
        let words = by_area.iter().map(|at| words.get(*at as usize).copied());
        let by_area = words.collect::<Option<Arc<[u32]>>>()?;
        let is_needed = by_area.iter().any(|word| word & ALONE == 0);
        Some(Self {
            by_area,
            plans: if is_needed {
                plans.into()
            } else {
                Arc::default()
            },
        })
    }

    /// What the area gets.
    #[inline]
    pub fn at(&self, area: u32) -> Option<Planned<'_>> {
        let word = *self.by_area.get(area as usize)?;
        if word & ALONE != 0 {
            return Some(Planned::Alone(word as u16));
        }
        self.plans.get(word as usize).map(Planned::Picked)
    }

    /// Has the CPU fetch what the area gets.
    #[inline]
    pub fn approach(&self, area: u32) {
        if let Some(word) = self.by_area.get(area as usize) {
            prefetch(word);
        }
    }

    /// Octets in memory, without the tables of slots.
    pub fn memory(&self) -> usize {
        size_of_val(&self.by_area[..]) + size_of_val(&self.plans[..])
    }

    /// Tells groups apart that do not share their plans.
    pub fn key(&self) -> *const u32 {
        self.by_area.as_ptr()
    }

    /// The plans that take more than an answer's number.
    pub fn plans(&self) -> &[Plan] {
        &self.plans
    }
}

/// What stands for a plan in the words of areas.
fn word((at, plan): (u32, &Plan)) -> u32 {
    match (plan.pick, plan.width, plan.fallback, plan.slots.first()) {
        (Pick::First, 1, None, Some(number)) => ALONE | u32::from(*number),
        _ => at,
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
    /// Whether it stands alone in an answer, as a CNAME does.
    pub alias: bool,
    /// The counter of the answer.
    pub tally: u32,
}
