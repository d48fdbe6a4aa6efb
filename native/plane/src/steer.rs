//! Whom a client gets: its area, the area's plan, a slot of that, and records to begin with.

use crate::answer::Circumstances;
use crate::areas::{AreaTable, Client};
use crate::draw;
use crate::names::Steered;
use crate::plans::{Pick, Plan, Planned};
use crate::row::Answer;
use crate::snapshot::Snapshot;
use crate::wire::Query;

/// What was picked, for a client and asked by a sender.
pub struct Decision<'a> {
    /// What is said beside the answer, by its number.
    pub fallback: Option<u8>,
    slot: Slot<'a>,
    /// The prefix length that it holds for; 0 where the client is the sender.
    pub scope: u8,
    areas: &'a AreaTable,
    area: u32,
    service: &'a Steered,
    client: Client,
}

/// What answers, by its numbers in a row.
#[derive(Clone, Copy)]
enum Slot<'a> {
    Alone([u16; 1]),
    Picked(&'a [u16]),
    Failed,
}

impl<'a> Decision<'a> {
    /// Decides; None if the tables do not go together. `value` is what the client's area table
    /// has for it, if that was looked up.
    #[inline]
    pub fn make(
        snapshot: &'a Snapshot,
        service: u32,
        query: &Query,
        value: Option<u32>,
        by: &Circumstances,
    ) -> Option<Self> {
        let service = snapshot.names.services.get(service as usize)?;
        let areas: &AreaTable = snapshot.names.areas.get(service.areas as usize)?;
        let subnet = query.subnet();
        let client = subnet.unwrap_or_else(|| Client::of(by.sender));
        let value = value.or_else(|| areas.find(client))?;
        let area = value >> 8;
        let planned = snapshot.plans.at(service.group as usize)?.at(area)?;
        let mut decision = Self {
            fallback: None,
            slot: Slot::Failed,
            scope: 0,
            areas,
            area,
            service,
            client,
        };
        if subnet.is_some() {
            decision.scope = decision.scope_of(value as u8);
        }
        match planned {
            Planned::Alone(number) => decision.slot = Slot::Alone([number]),
            Planned::Picked(plan) => {
                decision.fallback = plan.fallback;
                if plan.width > 0 {
                    decision.slot = Slot::Picked(decision.pick(plan, by));
                }
            }
        }
        Some(decision)
    }

    /// What answers, by its numbers in a row; None is SERVFAIL.
    #[inline]
    pub fn slot(&self) -> Option<&[u16]> {
        match &self.slot {
            Slot::Alone(number) => Some(number),
            Slot::Picked(numbers) => Some(numbers),
            Slot::Failed => None,
        }
    }

    /// An answer's records, from the one on that is picked to be the first.
    #[inline]
    pub fn records<'b>(&self, answer: Answer<'b>, by: &Circumstances) -> Option<&'b [u8]> {
        let count = answer.places();
        let first = match (count, answer.pick) {
            (1, _) => 0,
            (_, Pick::Hash) => draw::pick(self.hash(), count),
            _ => draw::pick16(by.random, count),
        };
        answer.from(first)
    }

    /// Counts the answer for its area, if somebody wants to know.
    #[inline]
    pub fn count(&self) {
        self.areas.count(self.area);
    }

    #[inline]
    fn scope_of(&self, scope: u8) -> u8 {
        if self.service.hashed || self.areas.is_hashed(self.area) {
            scope.max(self.hashed_prefix())
        } else {
            scope
        }
    }

    #[inline]
    fn pick(&self, plan: &'a Plan, by: &Circumstances) -> &'a [u16] {
        let width = plan.width as usize;
        let count = plan.slots.len() / width;
        let slot = match plan.pick {
            Pick::First => 0,
            Pick::Random => draw::pick16(by.random >> 16, count),
            Pick::Draw => {
                let asker = Client::of(by.sender).address();
                let seed = draw::seed_of(asker, self.service.salt);
                draw::pick(draw::window_draw(seed, by.now, self.service.ttl), count)
            }
            Pick::Hash => draw::pick(self.hash(), count),
        };
        let slots = plan.slots.get(slot * width..(slot + 1) * width);
        slots.unwrap_or(&[])
    }

    #[inline]
    fn hash(&self) -> u64 {
        let (bits, address) = (self.client.bits(), self.client.address());
        draw::network_draw(bits, address, self.hashed_prefix(), self.service.salt)
    }

    #[inline]
    fn hashed_prefix(&self) -> u8 {
        match self.client {
            Client::V4(_) => self.service.prefix4,
            Client::V6(_) => self.service.prefix6,
        }
    }
}
