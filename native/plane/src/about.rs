//! Questions about a name's own records: ANY, and in signed zones RRSIG and NSEC.

use crate::arena::{Node, Said};
use crate::question::{ANY, NSEC, Question, RRSIG};
use crate::reply::Reply;
use crate::row::Answer;
use crate::steer::Decision;

/// Where in a record that begins with a pointer its type is, and the length of its data.
const TYPE: usize = 2;
const LENGTH: usize = 10;

impl<'a> Question<'a> {
    /// Answers them; what else is no type of data is for the reference responder.
    #[cold]
    pub fn say_about(
        &self,
        node: Node<'_>,
        is_wild: bool,
        reply: &mut Reply<'_>,
    ) -> Option<(usize, u32)> {
        match self.query.rrtype {
            NSEC => self.say_nsec(node, is_wild, reply),
            RRSIG | ANY => self.say_some(node, is_wild, reply),
            _ => None,
        }
    }

    /// One RRset of those that a name has (RFC 8482 section 4.1), that of the lowest type and none
    /// of a service's before the others; if signatures are asked for, those of that RRset.
    fn say_some(
        &self,
        node: Node<'_>,
        is_wild: bool,
        reply: &mut Reply<'_>,
    ) -> Option<(usize, u32)> {
        let secure = self.is_about_signatures() || self.query.wants_signatures();
        let is_fixed = |said: &Said<'_>| !matches!(said, Said::Steered { .. });
        let fixed = node.all(secure).filter(|(_, said)| is_fixed(said));
        let body = match fixed.min_by_key(|(rrtype, _)| *rrtype) {
            Some((_, Said::Near(near))) => (near.body, near.records),
            Some((_, Said::Far(far))) => {
                let start = *far.starts.first()? as usize;
                (far.body.get(start..start + far.size as usize)?, far.records)
            }
            Some(_) => return None,
            None => return self.steer_some(node, secure, is_wild, reply),
        };
        if self.show(body.0, body.1, reply)? {
            self.expand(node, is_wild, reply)?;
        } else {
            self.deny_other(node, is_wild, reply)?;
        }
        self.finish(reply, self.zone(node)?.other)
    }

    /// The same of what the picked regions have.
    fn steer_some(
        &self,
        node: Node<'_>,
        secure: bool,
        is_wild: bool,
        reply: &mut Reply<'_>,
    ) -> Option<(usize, u32)> {
        let first = node.all(secure).next();
        let Some((_, Said::Steered { steered, .. })) = first else {
            self.deny_other(node, is_wild, reply)?;
            return self.finish(reply, self.zone(node)?.other);
        };
        let decision = Decision::make(self.snapshot, steered, self.query, self.value, self.by)?;
        let mut ending = self.ending_of(&decision, self.zone(node)?.other)?;
        let mut tally = None;
        if let Some(slot) = decision.slot() {
            for &number in slot {
                let Some(answer) = self.least(node, secure, number)? else {
                    continue;
                };
                if answer.alias && tally.is_some() {
                    continue;
                }
                let records = decision.records(answer, self.by)?;
                if !self.show(records, answer.records, reply)? {
                    break;
                }
                tally = tally.or(Some(answer.tally));
                if answer.alias || self.is_about_signatures() {
                    break;
                }
            }
            match tally {
                Some(_) => self.expand(node, is_wild, reply)?,
                None => self.deny_other(node, is_wild, reply)?,
            }
            ending.tally = tally.unwrap_or(ending.tally);
        } else {
            self.fail(node, &mut ending)?;
        }
        let answered = self.end(reply, ending)?;
        if !self.is_decided() {
            decision.count();
        }
        Some(answered)
    }

    /// What a region has of the lowest type; None if the tables do not go together.
    fn least(&self, node: Node<'_>, secure: bool, number: u16) -> Option<Option<Answer<'a>>> {
        let mut least: Option<(u16, Answer<'a>)> = None;
        for (rrtype, said) in node.all(secure) {
            let Said::Steered { row, proof, .. } = said else {
                continue;
            };
            let row = self.snapshot.rows(proof.is_some()).at(row as usize)?;
            if number != crate::plans::NOBODY
                && let Some(answer) = row.at(number as usize)?
                && least.is_none_or(|(known, _)| rrtype < known)
            {
                least = Some((rrtype, answer));
            }
        }
        Some(least.map(|(_, answer)| answer))
    }

    /// Puts records into the answer, or of those the signatures if they are asked for; false if
    /// there are none.
    fn show(&self, records: &[u8], count: u16, reply: &mut Reply<'_>) -> Option<bool> {
        if !self.is_about_signatures() {
            self.give(records, count, reply)?;
            return Some(true);
        }
        let (mut rest, mut found) = (records, false);
        while let Some((head, _)) = rest.split_first_chunk::<{ LENGTH + 2 }>() {
            let length = u16::from_be_bytes([head[LENGTH], head[LENGTH + 1]]);
            let (record, behind) = rest.split_at_checked(head.len() + usize::from(length))?;
            if u16::from_be_bytes([head[TYPE], head[TYPE + 1]]) == RRSIG {
                self.give(record, 1, reply)?;
                found = true;
            }
            rest = behind;
        }
        Some(found)
    }

    /// NODATA for types that the name has no answer of its own for.
    fn deny_other(&self, node: Node<'_>, is_wild: bool, reply: &mut Reply<'_>) -> Option<()> {
        let secure = self.query.wants_signatures();
        let proof = match node.said(self.query.rrtype, secure) {
            (Said::Denied { proof, .. } | Said::Steered { proof, .. }, _) => proof,
            _ => return None,
        };
        self.deny(node, proof, is_wild, reply)
    }

    fn is_about_signatures(&self) -> bool {
        self.query.rrtype == RRSIG
    }
}
