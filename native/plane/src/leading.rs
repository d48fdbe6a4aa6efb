//! Where a CNAME leads inside its zone: the answer goes on there (RFC 1034 section 4.3.2, step 3a).

use crate::arena::{Kind, Node};
use crate::proofs::Proof;
use crate::question::{CNAME, Question};
use crate::reply::{Ending, NOERROR, Reply, SERVFAIL};
use crate::wire::{HEADER, Query};

/// CNAMEs followed for one question, as gtm/dns/lookup.py has it.
const MAX_CHAIN: usize = 8;
/// A message with a name alone.
const ROOM: usize = HEADER + 255;
/// Octets of a record owned by the question's name before its data, their length the last two.
const BEFORE_DATA: usize = 12;

/// How an answer came to a name that is not the one asked for, and what it brings from there.
pub struct Led<'a> {
    /// The name whose CNAME leads here.
    from: &'a [u8],
    /// How it came to that one.
    before: Option<&'a Led<'a>>,
    steps: usize,
    scope: u8,
    /// The counter of the first region that has something in the answer.
    region: Option<u32>,
    /// What the first decision, if one was made, has said beside the answer.
    decided: Option<Option<&'a [u8]>>,
    /// The NSEC record that proves that a wildcard stood in for the last name.
    proof: Option<u32>,
}

impl<'a> Led<'a> {
    /// Those before and this one, beginning with the last.
    fn back(&'a self) -> impl Iterator<Item = &'a Led<'a>> {
        std::iter::successors(Some(self), |led| led.before)
    }

    /// Whether a proof of that number is brought along.
    fn has(&'a self, proof: u32) -> bool {
        self.back().any(|led| led.proof == Some(proof))
    }

    /// Makes of the last name's ending that of the whole answer.
    fn amend(&self, ending: &mut Ending<'a>, reply: &mut Reply<'_>) {
        if let Some(scope) = &mut ending.scope {
            *scope = self.scope.max(*scope);
        }
        if let Some(fallback) = self.decided {
            ending.fallback = fallback;
        }
        match ending.rcode {
            SERVFAIL => reply.clear(),
            NOERROR => {
                ending.authoritative = true; // a referral is not, but what led there is
                ending.tally = self.region.unwrap_or(ending.tally);
            }
            _ => {}
        }
    }
}

impl<'a> Question<'a> {
    /// Goes on where a CNAME leads that `alias` begins with, which is in the answer already;
    /// `ending` is how the answer ends if nobody here is to go on. `is_steered` says that the CNAME
    /// is a region's.
    #[cold]
    #[inline(never)]
    pub fn follow(
        &self,
        node: Node<'_>,
        is_wild: bool,
        alias: &[u8],
        ending: Ending<'a>,
        is_steered: bool,
        reply: &mut Reply<'_>,
    ) -> Option<(usize, u32)> {
        let mut message = [0; ROOM];
        let target = self.target(node, alias).and_then(|target| {
            let labels = copied(target, &mut message)?;
            Some((HEADER + target.len(), labels))
        });
        let Some((end, labels)) = target else {
            self.expand(node, is_wild, reply)?;
            return self.end(reply, ending);
        };
        let query = Query {
            end,
            labels,
            ..*self.query
        };
        let led = self.brought(node, is_wild, &ending, is_steered)?;
        let next = Question {
            packet: &message,
            query: &query,
            value: None,
            said: 0,
            led: Some(&led),
            ..*self
        };
        let hash = self.names.hash(&message, HEADER, end);
        let place = self.names.place(hash, &message, HEADER, end);
        let found = place.and_then(|place| self.names.at(place));
        match found.or_else(|| Some(next.encloser()?.0)) {
            Some(there) if there.kind() == Kind::Closed => None,
            Some(there) if next.zone_number(there) == self.zone_number(node) => {
                next.answer(hash, place, reply)
            }
            _ => {
                self.expand(node, is_wild, reply)?;
                self.end(reply, ending)
            }
        }
    }

    /// The name that a CNAME leads to, if the answer may go on there: it has not been there, and it
    /// is below the zone's apex.
    fn target<'b>(&self, node: Node<'_>, alias: &'b [u8]) -> Option<&'b [u8]> {
        let (head, data) = alias.split_first_chunk::<BEFORE_DATA>()?;
        let target = data.get(..usize::from(u16::from_be_bytes([head[10], head[11]])))?;
        let apex = &self.zone(node)?.apex;
        let at = target.len().checked_sub(apex.len())?;
        let is_below = target.get(at..)?.eq_ignore_ascii_case(apex);
        let been = self.led.into_iter().flat_map(Led::back).map(|led| led.from);
        let been = been
            .chain(self.name())
            .any(|name| name.eq_ignore_ascii_case(target));
        let steps = self.led.map_or(0, |led| led.steps);
        let leads = is_below && !been && steps < MAX_CHAIN && self.query.rrtype != CNAME;
        leads.then_some(target)
    }

    /// What is brought along to the next name.
    fn brought(
        &self,
        node: Node<'_>,
        is_wild: bool,
        ending: &Ending<'a>,
        is_steered: bool,
    ) -> Option<Led<'a>> {
        let proof = match self.wanted(node) {
            Some(secure) if is_wild => {
                let name = self.name()?;
                Some(secure.chain.covering(&self.names.proofs, name)?.proof)
            }
            _ => None,
        };
        let led = self.led;
        Some(Led {
            from: self.name()?,
            before: led,
            steps: led.map_or(0, |led| led.steps) + 1,
            scope: led
                .map_or(0, |led| led.scope)
                .max(ending.scope.unwrap_or(0)),
            region: led
                .and_then(|led| led.region)
                .or(is_steered.then_some(ending.tally)),
            decided: led
                .and_then(|led| led.decided)
                .or(is_steered.then_some(ending.fallback)),
            proof,
        })
    }

    /// Whether a decision was made for a name before.
    #[inline]
    pub fn is_decided(&self) -> bool {
        self.led.is_some_and(|led| led.decided.is_some())
    }

    /// Makes of the last name's ending that of the whole answer.
    #[inline]
    pub fn amend(&self, ending: &mut Ending<'a>, reply: &mut Reply<'_>) {
        if let Some(led) = self.led {
            led.amend(ending, reply);
        }
    }

    /// Writes the proofs that names before brought along, each once: they stand before others.
    #[inline]
    pub fn carry(&self, reply: &mut Reply<'_>) -> Option<()> {
        match self.led {
            Some(led) => self.carry_all(led, reply),
            None => Some(()),
        }
    }

    #[cold]
    fn carry_all(&self, led: &'a Led<'a>, reply: &mut Reply<'_>) -> Option<()> {
        if let Some(before) = led.before {
            self.carry_all(before, reply)?;
        }
        match led.proof {
            Some(proof) if !led.before.is_some_and(|led| led.has(proof)) => {
                reply.proof(self.names.proofs.at(proof)?)
            }
            _ => Some(()),
        }
    }

    /// Adds something that proves a denial, by its number, unless a name before brought it along.
    pub fn prove(&self, number: u32, reply: &mut Reply<'_>) -> Option<()> {
        if self.led.is_some_and(|led| led.has(number)) {
            return Some(());
        }
        let proof: Proof<'_> = self.names.proofs.at(number)?;
        reply.proof(proof)
    }
}

/// Copies a name into a message, in lower case; gives how many labels it has. None if it is none.
fn copied(name: &[u8], message: &mut [u8; ROOM]) -> Option<usize> {
    let space = message.get_mut(HEADER..HEADER + name.len())?;
    space.copy_from_slice(name);
    space.make_ascii_lowercase(); // lengths are below the letters
    let (mut at, mut labels) = (0, 0);
    loop {
        match usize::from(*name.get(at)?) {
            0 => return (at + 1 == name.len()).then_some(labels),
            length => at += 1 + length,
        }
        labels += 1;
    }
}
