//! What is said beside a denial, or beside what a wildcard stands in for, in signed zones: that it
//! is so (RFC 4035 section 3.1.3).

use crate::arena::Node;
use crate::chain::Secure;
use crate::names::Zone;
use crate::question::{Question, WILDCARD};
use crate::reply::Reply;
use crate::wire::HEADER;

const WILDCARD_END: usize = HEADER + WILDCARD.len() + 256; // a name that fits in a message

/// The name of a wildcard, where a message would have it.
pub struct Wildcard {
    message: [u8; WILDCARD_END],
    /// Where it ends.
    pub end: usize,
}

impl Wildcard {
    /// The message, of which the wildcard's name is the part from `HEADER` to `end`.
    pub fn message(&self) -> &[u8] {
        &self.message
    }
}

impl<'a> Question<'a> {
    /// NODATA of a name, or of the wildcard that stands in for the one asked: the zone's SOA, and
    /// in signed zones the proof (RFC 4035 sections 3.1.3.1 and 3.1.3.4).
    #[inline]
    pub fn deny(
        &self,
        node: Node<'_>,
        proof: Option<u32>,
        is_wild: bool,
        reply: &mut Reply<'_>,
    ) -> Option<()> {
        let zone = self.zone(node)?;
        self.carry(reply)?;
        reply.denial(zone.apex.len(), &zone.soa)?;
        let Some(proof) = proof else {
            return Some(());
        };
        let secure = self.secure(node)?;
        sign(zone, secure, reply)?;
        self.prove(proof, reply)?;
        if is_wild {
            self.cover(secure, self.name()?, Some(proof), reply)?;
        }
        Some(())
    }

    /// No such name, below the one that begins at `at` in the packet: neither it nor a wildcard
    /// (RFC 4035 section 3.1.3.2).
    pub fn deny_name(&self, encloser: Node<'_>, at: usize, reply: &mut Reply<'_>) -> Option<()> {
        let zone = self.zone(encloser)?;
        self.carry(reply)?;
        reply.denial(zone.apex.len(), &zone.soa)?;
        let Some(secure) = self.wanted(encloser) else {
            return Some(());
        };
        sign(zone, secure, reply)?;
        let name = self.cover(secure, self.name()?, None, reply)?;
        let wildcard = self.wildcard_below(at)?;
        let wildcard = wildcard.message().get(HEADER..wildcard.end)?;
        self.cover(secure, wildcard, Some(name), reply)?;
        Some(())
    }

    /// That the name asked does not exist itself, beside what a wildcard stood in with (RFC 4035
    /// section 3.1.3.3).
    #[inline]
    pub fn expand(&self, node: Node<'_>, is_wild: bool, reply: &mut Reply<'_>) -> Option<()> {
        self.carry(reply)?;
        if is_wild && let Some(secure) = self.wanted(node) {
            self.cover(secure, self.name()?, None, reply)?;
        }
        Some(())
    }

    /// The NSEC record of a name, or of the wildcard that stands in for it, asked for by its type.
    pub fn say_nsec(
        &self,
        node: Node<'_>,
        is_wild: bool,
        reply: &mut Reply<'_>,
    ) -> Option<(usize, u32)> {
        let wants_signatures = self.query.wants_signatures();
        let chain = &self.secure(node)?.chain;
        let found = chain.covering(&self.names.proofs, node.name())?;
        if found.is_own {
            let proof = self.names.proofs.at(found.proof)?;
            reply.asked_proof(self.name()?, proof, wants_signatures)?;
            self.expand(node, is_wild, reply)?;
        } else {
            let proof = wants_signatures.then_some(found.proof);
            self.deny(node, proof, is_wild, reply)?;
        }
        self.finish(reply, self.zone(node)?.other)
    }

    /// The wildcard's name right below the one that begins at `at` in the packet.
    pub fn wildcard_below(&self, at: usize) -> Option<Wildcard> {
        let encloser = self.packet.get(at..self.query.end)?;
        let mut message = [0; WILDCARD_END];
        let middle = HEADER + WILDCARD.len();
        let end = middle + encloser.len();
        message.get_mut(HEADER..middle)?.copy_from_slice(&WILDCARD);
        message.get_mut(middle..end)?.copy_from_slice(encloser);
        Some(Wildcard { message, end })
    }

    /// Adds the NSEC record that covers a name, unless it is there; gives its number.
    fn cover(
        &self,
        secure: &Secure,
        name: &[u8],
        known: Option<u32>,
        reply: &mut Reply<'_>,
    ) -> Option<u32> {
        let proof = secure.chain.covering(&self.names.proofs, name)?.proof;
        if known != Some(proof) {
            self.prove(proof, reply)?;
        }
        Some(proof)
    }

    /// What a name's zone denies by, if it is signed.
    fn secure(&self, node: Node<'_>) -> Option<&'a Secure> {
        let zone = self.zone_number(node)? as usize;
        self.names.secure.get(zone)?.as_ref()
    }

    /// The same, if proofs are wanted.
    #[inline]
    pub fn wanted(&self, node: Node<'_>) -> Option<&'a Secure> {
        match self.query.wants_signatures() {
            true => self.secure(node),
            false => None,
        }
    }

    /// The name asked, in its case, or the one that a CNAME led to.
    pub fn name(&self) -> Option<&'a [u8]> {
        self.packet.get(HEADER..self.query.end)
    }
}

/// The signatures of the SOA.
fn sign(zone: &Zone, secure: &Secure, reply: &mut Reply<'_>) -> Option<()> {
    for signature in &secure.signatures {
        reply.denial(zone.apex.len(), signature)?;
    }
    Some(())
}
