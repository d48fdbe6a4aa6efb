//! From an ordinary query to its answer: which name, which of its answers, which sections.

use crate::answer::Circumstances;
use crate::arena::{Kind, Node, Said};
use crate::names::{Names, Zone};
use crate::plans::NOBODY;
use crate::reply::{Ending, NOERROR, NXDOMAIN, REFUSED, Reply, SERVFAIL};
use crate::snapshot::Snapshot;
use crate::steer::Decision;
use crate::wire::{HEADER, Query};

/// An Extended DNS Error that says Not Authoritative (RFC 8914 section 4.21).
const NOT_AUTHORITATIVE: [u8; 6] = [0, 15, 0, 2, 0, 20];
const WILDCARD: [u8; 2] = *b"\x01*"; // the leftmost label of a wildcard (RFC 4592 section 2.1.1)
const ROOT: usize = 1; // octets of the root's name
const FIRST_META_TYPE: u16 = 128; // 128-255 are query and meta types (RFC 6895 section 3.1)
const LAST_META_TYPE: u16 = 255;
const OPT: u16 = 41;
const DS: u16 = 43; // at an apex it may belong to the zone above (RFC 4035 section 3.1.4.1)

/// An ordinary query, and what it is answered from. None always is a punt, a pair the answer's
/// octets and its counter.
pub struct Question<'a> {
    /// The tables.
    pub snapshot: &'a Snapshot,
    /// Its names.
    pub names: &'a Names,
    /// The packet.
    pub packet: &'a [u8],
    /// What was read of it.
    pub query: &'a Query,
    /// What the area table of the service with its name has for the client, if that was looked up.
    pub value: Option<u32>,
    /// Who asks, and when.
    pub by: &'a Circumstances,
}

impl<'a> Question<'a> {
    /// Answers; `hash` is that of the name, `place` where it stands, if that was looked up.
    #[inline]
    pub fn answer(&self, hash: u64, place: Option<u32>, reply: Reply<'_>) -> Option<(usize, u32)> {
        let is_root = self.query.end == HEADER + ROOT; // no pointer leads to it
        let is_meta = matches!(
            self.query.rrtype,
            OPT | DS | FIRST_META_TYPE..=LAST_META_TYPE
        );
        if is_root || is_meta {
            return None;
        }
        let found = match place {
            Some(place) => self.names.at(place),
            None => self.names.find(hash, self.packet, HEADER, self.query.end),
        };
        match found {
            Some(node) => match node.kind() {
                Kind::Node => self.say(node, reply),
                Kind::Cut => self.refer(node, reply),
                Kind::Closed => None,
            },
            None => self.missing(reply),
        }
    }

    /// What a name says that exists, or that a wildcard stands in for.
    #[inline]
    fn say(&self, node: Node<'_>, mut reply: Reply<'_>) -> Option<(usize, u32)> {
        let (said, is_other) = node.said(self.query.rrtype);
        if is_other && !self.is_data() {
            return None;
        }
        match said {
            Said::Near(near) => {
                reply.answers(near.body, near.records);
                self.end(reply, ending(near.tally))
            }
            Said::Far(far) => {
                let start = *far.starts.first()? as usize;
                reply.answers(far.body.get(start..start + far.size as usize)?, far.records);
                self.end(reply, ending(far.tally))
            }
            Said::Denied { tally } => {
                let zone = self.zone(node)?;
                reply.denial(zone.apex.len(), &zone.soa)?;
                self.end(reply, ending(tally))
            }
            Said::Steered {
                steered,
                row,
                denied,
            } => self.steer(node, steered, row, denied, reply),
            Said::Referred => None,
        }
    }

    /// What the picked regions have: all of a type, or a CNAME alone.
    #[inline]
    fn steer(
        &self,
        node: Node<'_>,
        steered: u32,
        row: u32,
        denied: u32,
        mut reply: Reply<'_>,
    ) -> Option<(usize, u32)> {
        let decision = Decision::make(self.snapshot, steered, self.query, self.value, self.by)?;
        let mut ending = Ending {
            scope: Some(decision.scope),
            ..ending(denied)
        };
        if let Some(number) = decision.fallback {
            ending.fallback = Some(self.names.fallbacks.get(number as usize)?);
        }
        if let Some(slot) = decision.slot() {
            match self.join(&decision, slot, row, &mut reply)? {
                Some(tally) => ending.tally = tally,
                None => {
                    let zone = self.zone(node)?;
                    reply.denial(zone.apex.len(), &zone.soa)?;
                }
            }
        } else {
            ending.rcode = SERVFAIL;
            ending.authoritative = false;
            ending.tally = self.zone(node)?.failed;
        }
        let answered = self.end(reply, ending)?;
        decision.count();
        Some(answered)
    }

    /// Joins what the slot's regions answer; gives the counter of the first that has something.
    #[inline]
    fn join(
        &self,
        decision: &Decision<'_>,
        slot: &[u16],
        row: u32,
        reply: &mut Reply<'_>,
    ) -> Option<Option<u32>> {
        let row = self.snapshot.rows.at(row as usize)?;
        let mut first = None;
        for &number in slot.iter().filter(|number| **number != NOBODY) {
            let Some(answer) = row.at(number as usize)? else {
                continue;
            };
            if answer.alias && first.is_some() {
                continue;
            }
            reply.answers(decision.records(answer, self.by)?, answer.records);
            first = first.or(Some(answer.tally));
            if answer.alias {
                break;
            }
        }
        Some(first)
    }

    /// A name that does not stand in the tables: its closest encloser decides (RFC 4592 section
    /// 3.3.1).
    fn missing(&self, mut reply: Reply<'_>) -> Option<(usize, u32)> {
        if !self.is_data() {
            return None;
        }
        let Some((encloser, at)) = self.encloser() else {
            let ending = Ending {
                rcode: REFUSED,
                authoritative: false,
                scope: None,
                fallback: Some(&NOT_AUTHORITATIVE),
                ..ending(self.names.refused)
            };
            return self.end(reply, ending);
        };
        match encloser.kind() {
            Kind::Closed => return None,
            Kind::Cut => return self.refer(encloser, reply),
            Kind::Node => {}
        }
        if encloser.is_covered() {
            let wildcard = self.wildcard(at)?;
            let is_own = wildcard.kind() == Kind::Node && wildcard.number() == encloser.number();
            return is_own.then(|| self.say(wildcard, reply))?;
        }
        let zone = self.zone(encloser)?;
        reply.denial(zone.apex.len(), &zone.soa)?;
        let ending = Ending {
            rcode: NXDOMAIN,
            ..ending(zone.nonexistent)
        };
        self.end(reply, ending)
    }

    /// The nearest name above that stands in the tables, and where in the packet it begins.
    fn encloser(&self) -> Option<(Node<'a>, usize)> {
        let end = self.query.end;
        let mut at = HEADER;
        let mut labels = self.query.labels;
        while labels > 0 {
            at += 1 + *self.packet.get(at)? as usize;
            labels -= 1;
            if labels <= self.names.deepest() {
                let hash = self.names.hash(self.packet, at, end);
                if let Some(node) = self.names.find(hash, self.packet, at, end) {
                    return Some((node, at));
                }
            }
        }
        None
    }

    /// The wildcard right below the name that begins at `at` in the packet.
    fn wildcard(&self, at: usize) -> Option<Node<'a>> {
        let encloser = self.packet.get(at..self.query.end)?;
        let mut message = [0; HEADER + WILDCARD.len() + 256];
        let (from, middle) = (HEADER, HEADER + WILDCARD.len());
        let to = middle + encloser.len();
        message.get_mut(from..middle)?.copy_from_slice(&WILDCARD);
        message.get_mut(middle..to)?.copy_from_slice(encloser);
        self.names
            .find(self.names.hash(&message, from, to), &message, from, to)
    }

    /// Points to the delegated zone's servers, with their glue (RFC 1034 section 4.3.2, step 3b).
    fn refer(&self, cut: Node<'_>, mut reply: Reply<'_>) -> Option<(usize, u32)> {
        let referral = self.names.referrals.get(cut.number() as usize)?;
        if !self.is_data() {
            return None;
        }
        for server in &referral.servers {
            reply.authority(&server.owner, &server.rest)?;
        }
        for address in &referral.glue {
            reply.additional(&address.owner, &address.rest)?;
        }
        let ending = Ending {
            authoritative: false,
            ..ending(referral.tally)
        };
        self.end(reply, ending)
    }

    #[inline]
    fn end(&self, reply: Reply<'_>, ending: Ending<'_>) -> Option<(usize, u32)> {
        let length = reply.end(&ending, self.by.udp)?;
        Some((length, ending.tally))
    }

    /// A name's zone; none where it is the root, to which no pointer leads.
    #[inline]
    fn zone(&self, node: Node<'_>) -> Option<&'a Zone> {
        let zone = self.names.zones.get(node.number() as usize)?;
        (zone.apex.len() > ROOT).then_some(zone)
    }

    /// Whether a type of data is asked for whose denials are counted as `other`.
    #[inline]
    fn is_data(&self) -> bool {
        self.query.rrtype < FIRST_META_TYPE
    }
}

#[inline]
fn ending<'a>(tally: u32) -> Ending<'a> {
    Ending {
        rcode: NOERROR,
        authoritative: true,
        tally,
        scope: Some(0),
        fallback: None,
    }
}
