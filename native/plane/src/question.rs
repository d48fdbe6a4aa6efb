//! From an ordinary query to its answer: which name, which of its answers, which sections.

use crate::answer::Circumstances;
use crate::arena::{Kind, Node, Said};
use crate::leading::Led;
use crate::names::{Cut, Names, Zone};
use crate::plans::NOBODY;
use crate::reply::{Ending, NOERROR, NXDOMAIN, REFUSED, Reply, SERVFAIL};
use crate::row::{Answer, Row};
use crate::snapshot::Snapshot;
use crate::steer::Decision;
use crate::wire::{HEADER, Query};

/// An Extended DNS Error that says Not Authoritative (RFC 8914 section 4.21).
const NOT_AUTHORITATIVE: [u8; 6] = [0, 15, 0, 2, 0, 20];
/// The leftmost label of a wildcard (RFC 4592 section 2.1.1).
pub const WILDCARD: [u8; 2] = *b"\x01*";

/// CNAME (RFC 1035 section 3.2.2).
pub const CNAME: u16 = 5;
/// RRSIG and NSEC (RFC 4034): in signed zones they are about a name's other records.
pub const RRSIG: u16 = 46;
/// NSEC.
pub const NSEC: u16 = 47;
/// All types (RFC 8482).
pub const ANY: u16 = 255;

const ROOT: usize = 1; // octets of the root's name
const OPT: u16 = 41;
const DS: u16 = 43; // at an apex it may belong to the zone above (RFC 4035 section 3.1.4.1)
const TKEY: u16 = 249; // the first of those that are no data (RFC 6895 section 3.1)
const MAILA: u16 = 254; // the last but ANY

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
    /// Where at the name it is said what is asked for, if that was looked up; else 0.
    pub said: usize,
    /// Who asks, and when.
    pub by: &'a Circumstances,
    /// How the answer came here, where this is not the name asked for. `packet` and `query` have
    /// this name then.
    pub led: Option<&'a Led<'a>>,
}

impl<'a> Question<'a> {
    /// Answers; `hash` is that of the name, `place` where it stands, if that was looked up.
    #[inline]
    pub fn answer(
        &self,
        hash: u64,
        place: Option<u32>,
        reply: &mut Reply<'_>,
    ) -> Option<(usize, u32)> {
        let found = match place {
            Some(place) => self.names.at(place),
            None => self.names.find(hash, self.packet, HEADER, self.query.end),
        };
        match found {
            Some(node) => match node.kind() {
                Kind::Node if self.is_of_parent(node) => None,
                Kind::Node => self.say(node, false, reply),
                Kind::Cut => self.say_cut(node, reply),
                Kind::Closed => None,
            },
            None => self.missing(reply),
        }
    }

    /// What a name says that exists, or a wildcard that stands in for the one asked.
    #[inline]
    fn say(&self, node: Node<'_>, is_wild: bool, reply: &mut Reply<'_>) -> Option<(usize, u32)> {
        let (said, is_other) = match self.said {
            0 => node.said(self.query.rrtype, self.query.wants_signatures()),
            place => node.said_at(place),
        };
        if is_other && self.is_about(node) {
            return self.say_about(node, is_wild, reply);
        }
        match said {
            Said::Near(near) => {
                self.give(near.body, near.records, reply)?;
                self.expand(node, is_wild, reply)?;
                self.finish(reply, near.tally)
            }
            Said::Far(far) => {
                let start = *far.starts.first()? as usize;
                let body = far.body.get(start..start + far.size as usize)?;
                self.give(body, far.records, reply)?;
                self.expand(node, is_wild, reply)?;
                self.finish(reply, far.tally)
            }
            Said::Leading(alias) => {
                self.give(alias.body, alias.records, reply)?;
                self.follow(node, is_wild, alias.body, ending(alias.tally), false, reply)
            }
            Said::Denied { tally, proof } => {
                self.deny(node, proof, is_wild, reply)?;
                self.finish(reply, tally)
            }
            Said::Steered { .. } => self.steer(node, said, is_wild, reply),
            Said::Referred => None,
        }
    }

    /// What the picked regions have: all of a type, or a CNAME alone.
    #[inline]
    fn steer(
        &self,
        node: Node<'_>,
        said: Said<'_>,
        is_wild: bool,
        reply: &mut Reply<'_>,
    ) -> Option<(usize, u32)> {
        let Said::Steered {
            steered,
            row,
            denied,
            proof,
        } = said
        else {
            return None;
        };
        let decision = Decision::make(self.snapshot, steered, self.query, self.value, self.by)?;
        let mut ending = self.ending_of(&decision, denied)?;
        let answered = if let Some(slot) = decision.slot() {
            let row = self.snapshot.rows(proof.is_some()).at(row as usize)?;
            match self.join(&decision, slot, row, reply)? {
                Some(first) => {
                    ending.tally = first.tally;
                    if first.alias && first.rrtype() == Some(CNAME) {
                        self.follow(node, is_wild, first.from(0)?, ending, true, reply)?
                    } else {
                        self.expand(node, is_wild, reply)?;
                        self.end(reply, ending)?
                    }
                }
                None => {
                    self.deny(node, proof, is_wild, reply)?;
                    self.end(reply, ending)?
                }
            }
        } else {
            self.fail(node, &mut ending)?;
            self.end(reply, ending)?
        };
        if !self.is_decided() {
            decision.count();
        }
        Some(answered)
    }

    /// How an answer ends that was decided, but for the counter if it is a region's.
    #[inline]
    pub fn ending_of(&self, decision: &Decision<'_>, denied: u32) -> Option<Ending<'a>> {
        let mut ending = Ending {
            scope: Some(decision.scope),
            ..ending(denied)
        };
        if let Some(number) = decision.fallback {
            ending.fallback = Some(self.names.fallbacks.get(number as usize)?);
        }
        Some(ending)
    }

    /// Makes it SERVFAIL.
    #[cold]
    pub fn fail(&self, node: Node<'_>, ending: &mut Ending<'_>) -> Option<()> {
        ending.rcode = SERVFAIL;
        ending.authoritative = false;
        ending.tally = self.zone(node)?.failed;
        Some(())
    }

    /// Joins what the slot's regions answer; gives that of the first that has something.
    #[inline]
    fn join<'b>(
        &self,
        decision: &Decision<'_>,
        slot: &[u16],
        row: &'b Row,
        reply: &mut Reply<'_>,
    ) -> Option<Option<Answer<'b>>> {
        let mut first = None;
        for &number in slot.iter().filter(|number| **number != NOBODY) {
            let Some(answer) = row.at(number as usize)? else {
                continue;
            };
            if answer.alias && first.is_some() {
                continue;
            }
            let records = decision.records(answer, self.by)?;
            self.give(records, answer.records, reply)?;
            first = first.or(Some(answer));
            if answer.alias {
                break;
            }
        }
        Some(first)
    }

    /// A name that does not stand in the tables: its closest encloser decides (RFC 4592 section
    /// 3.3.1).
    fn missing(&self, reply: &mut Reply<'_>) -> Option<(usize, u32)> {
        if self.is_no_data() {
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
            return is_own.then(|| self.say(wildcard, true, reply))?;
        }
        self.deny_name(encloser, at, reply)?;
        let ending = Ending {
            rcode: NXDOMAIN,
            ..ending(self.zone(encloser)?.nonexistent)
        };
        self.end(reply, ending)
    }

    /// The nearest name above that stands in the tables, and where in the packet it begins.
    pub fn encloser(&self) -> Option<(Node<'a>, usize)> {
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
        let wildcard = self.wildcard_below(at)?;
        let (message, end) = (wildcard.message(), wildcard.end);
        let hash = self.names.hash(message, HEADER, end);
        self.names.find(hash, message, HEADER, end)
    }

    /// What is said at a delegated name, or at one below that has glue: DS belongs to the zone
    /// that delegates (RFC 4035 section 3.1.4.1).
    fn say_cut(&self, cut: Node<'_>, reply: &mut Reply<'_>) -> Option<(usize, u32)> {
        match cut.said(self.query.rrtype, false) {
            (Said::Referred, _) => self.refer(cut, reply),
            _ => self.say(cut, false, reply),
        }
    }

    /// Points to the delegated zone's servers, with their glue (RFC 1034 section 4.3.2, step 3b).
    fn refer(&self, cut: Node<'_>, reply: &mut Reply<'_>) -> Option<(usize, u32)> {
        let cut = self.cut(cut)?;
        let referral = &cut.referral;
        if self.is_no_data() {
            return None;
        }
        self.carry(reply)?;
        for server in &referral.servers {
            reply.authority(&server.owner, &server.rest)?;
        }
        if self.query.wants_signatures()
            && let Some(proof) = cut.proof
        {
            self.prove(proof, reply)?;
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

    /// Records of this name into the answer.
    #[inline]
    pub fn give(&self, records: &[u8], count: u16, reply: &mut Reply<'_>) -> Option<()> {
        match self.led {
            None => {
                reply.answers(records, count);
                Some(())
            }
            Some(_) => reply.answers_of(self.name()?, records, count),
        }
    }

    /// The end of the message.
    #[inline]
    pub fn end(&self, reply: &mut Reply<'_>, mut ending: Ending<'a>) -> Option<(usize, u32)> {
        self.amend(&mut ending, reply);
        let length = reply.end(&ending, self.by.udp)?;
        Some((length, ending.tally))
    }

    /// A name's zone; none where it is the root, to which no pointer leads.
    #[inline]
    pub fn zone(&self, node: Node<'_>) -> Option<&'a Zone> {
        let zone = self.names.zones.get(self.zone_number(node)? as usize)?;
        (zone.apex.len() > ROOT).then_some(zone)
    }

    /// The number of a name's zone.
    #[inline]
    pub fn zone_number(&self, node: Node<'_>) -> Option<u32> {
        match node.kind() {
            Kind::Node => Some(node.number()),
            _ => Some(self.cut(node)?.zone),
        }
    }

    fn cut(&self, node: Node<'_>) -> Option<&'a Cut> {
        self.names.cuts.get(node.number() as usize)
    }

    /// Whether DS is asked for at the apex of a zone inside another of ours, whose business it is.
    #[inline]
    fn is_of_parent(&self, node: Node<'_>) -> bool {
        self.query.rrtype == DS && self.led.is_none() && self.is_nested_apex(node)
    }

    #[cold]
    fn is_nested_apex(&self, node: Node<'_>) -> bool {
        let number = node.number() as usize;
        let zone = self.names.zones.get(number);
        zone.is_some_and(|zone| zone.apex.len() == self.query.end - HEADER)
            && self.names.nested.get(number).is_none_or(|nested| *nested)
    }

    /// Ends an answer or a denial of data.
    #[inline]
    pub fn finish(&self, reply: &mut Reply<'_>, tally: u32) -> Option<(usize, u32)> {
        self.end(reply, ending(tally))
    }

    /// Whether a type is asked for that no name has, and the reference responder has words for.
    #[inline]
    fn is_no_data(&self) -> bool {
        matches!(self.query.rrtype, OPT | TKEY..=MAILA)
    }

    /// Whether it is asked what a name has, or for what no name has.
    #[inline]
    fn is_about(&self, node: Node<'_>) -> bool {
        match self.query.rrtype {
            RRSIG | NSEC => node.is_signed(),
            OPT | TKEY..=ANY => true,
            _ => false,
        }
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
