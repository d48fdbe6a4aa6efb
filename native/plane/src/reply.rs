//! Writes a response: the question as it came, the sections, and our OPT record.

use std::ops::Range;

use crate::conduct::Granted;
use crate::proofs::Proof;
use crate::wire::{COOKIE, HEADER, NSID, OPT_FIXED, OPT_HEAD, Query, UDP_MAXIMUM, UDP_MINIMUM};

const QR_AA: u8 = 0x84;
const QR: u8 = 0x80;
const TC: u8 = 0x02;
const RD: u8 = 0x01;
const CD: u8 = 0x10;
const DO: u8 = 0x80;
const TCP_MAXIMUM: usize = 65535; // the length field of RFC 1035 section 4.2.2
const QUESTION_TAIL: usize = 4; // QTYPE and QCLASS
const POINTER: usize = 2; // octets of one
const OPTION_HEAD: usize = 4; // octets of an option without its data
const SCOPE: usize = 3; // where in a client subnet its scope is
const RECORD: usize = POINTER + 10; // octets of a record that begins with one, without its data

/// NOERROR (RFC 1035 section 4.1.1).
pub const NOERROR: u8 = 0;
/// SERVFAIL.
pub const SERVFAIL: u8 = 2;
/// NXDOMAIN.
pub const NXDOMAIN: u8 = 3;
/// REFUSED.
pub const REFUSED: u8 = 5;

/// All that a response says beside its sections, and what it is counted as.
#[derive(Clone, Copy, Debug)]
pub struct Ending<'a> {
    /// The response code.
    pub rcode: u8,
    /// The AA bit.
    pub authoritative: bool,
    /// The counter.
    pub tally: u32,
    /// The client subnet's SCOPE PREFIX-LENGTH; None leaves the option out.
    pub scope: Option<u8>,
    /// An Extended DNS Error option (RFC 8914).
    pub fallback: Option<&'a [u8]>,
}

/// A response as it is written.
pub struct Reply<'a> {
    packet: &'a [u8],
    query: &'a Query,
    out: &'a mut [u8],
    at: usize,
    counts: [u16; 3],
    is_full: bool,
    granted: &'a Granted<'a>,
}

impl<'a> Reply<'a> {
    /// Begins with the header and the question; None if not even they fit.
    #[inline]
    pub fn begin(
        packet: &'a [u8],
        query: &'a Query,
        granted: &'a Granted<'a>,
        out: &'a mut [u8],
    ) -> Option<Self> {
        let at = query.end + QUESTION_TAIL;
        out.get_mut(..at)?.copy_from_slice(packet.get(..at)?);
        Some(Self {
            packet,
            query,
            out,
            at,
            counts: [0; 3],
            is_full: false,
            granted,
        })
    }

    /// Records of the answer section.
    #[inline]
    pub fn answers(&mut self, records: &[u8], count: u16) {
        self.counts[0] = self.counts[0].saturating_add(count);
        self.put(records);
    }

    /// Records of the answer section that another name owns, in lower case: what points to the
    /// question in them points there. None if it is no name.
    #[cold]
    pub fn answers_of(&mut self, owner: &[u8], records: &[u8], count: u16) -> Option<()> {
        self.counts[0] = self.counts[0].saturating_add(count);
        self.run(owner, Records(records)).map(|_| ())
    }

    /// Takes all sections back.
    pub fn clear(&mut self) {
        self.at = self.query.end + QUESTION_TAIL;
        self.counts = [0; 3];
        self.is_full = false;
    }

    /// A record of the authority section: its owner in lower case, and what follows it.
    pub fn authority(&mut self, owner: &[u8], rest: &[u8]) -> Option<()> {
        self.counts[1] = self.counts[1].saturating_add(1);
        self.owned(owner, rest)
    }

    /// What proves a denial, or a delegation: an RRset and its signatures.
    pub fn proof(&mut self, proof: Proof<'_>) -> Option<()> {
        let count = self.run(proof.owner, proof.records())?;
        self.counts[1] = self.counts[1].saturating_add(count);
        Some(())
    }

    /// What proves a denial as what was asked for, of the name asked; without its signatures a record
    /// alone.
    pub fn asked_proof(&mut self, owner: &[u8], proof: Proof<'_>, signed: bool) -> Option<()> {
        let most = if signed { usize::MAX } else { 1 };
        let count = self.run(owner, proof.records().take(most))?;
        self.counts[0] = self.counts[0].saturating_add(count);
        Some(())
    }

    /// A record of the additional section.
    pub fn additional(&mut self, owner: &[u8], rest: &[u8]) -> Option<()> {
        self.counts[2] = self.counts[2].saturating_add(1);
        self.owned(owner, rest)
    }

    /// The negative answer's SOA, owned by an apex of so many octets, which the question ends with.
    #[inline]
    pub fn denial(&mut self, apex: usize, soa: &[u8]) -> Option<()> {
        let owner = self.query.end.checked_sub(apex)?;
        self.counts[1] = self.counts[1].saturating_add(1);
        self.put(&pointer(owner));
        self.put(soa);
        Some(())
    }

    /// The rest, and the octets of all of it; None if that does not fit.
    ///
    /// Over the limit the sections are left out and TC is set (RFC 2181 section 9).
    #[inline]
    pub fn end(&mut self, ending: &Ending<'_>, udp: bool) -> Option<usize> {
        let limit = match (udp, self.query.edns) {
            (false, _) => TCP_MAXIMUM,
            (true, None) => UDP_MINIMUM,
            (true, Some(edns)) => edns.limit,
        };
        let opt_size = self.opt_size(ending);
        let truncated = self.granted.cut || self.is_full || self.at + opt_size > limit;
        if truncated {
            self.at = self.query.end + QUESTION_TAIL;
            self.counts = [0; 3];
        }
        self.is_full = false;
        self.opt(ending, opt_size);
        self.header(ending, truncated);
        (!self.is_full).then_some(self.at)
    }

    #[inline]
    fn put(&mut self, octets: &[u8]) {
        match self.out.get_mut(self.at..self.at + octets.len()) {
            Some(space) => {
                space.copy_from_slice(octets);
                self.at += octets.len();
            }
            None => self.is_full = true,
        }
    }

    /// A record. None if the owner is no name.
    fn owned(&mut self, owner: &[u8], rest: &[u8]) -> Option<()> {
        self.owner(owner)?;
        self.put(rest);
        Some(())
    }

    /// Records of one owner; gives how many. None if it is no name.
    fn run<'b>(&mut self, owner: &[u8], records: impl Iterator<Item = &'b [u8]>) -> Option<u16> {
        let from = self.at;
        self.owner(owner)?;
        let written = from..self.at;
        let mut count = 0;
        for rest in records {
            if count > 0 {
                self.again(written.clone());
            }
            self.put(rest);
            count += 1;
        }
        Some(count)
    }

    /// Octets that were written before.
    fn again(&mut self, written: Range<usize>) {
        let end = self.at + written.len();
        if written.end <= self.at && end <= self.out.len() {
            self.out.copy_within(written, self.at);
            self.at = end;
        } else {
            self.is_full = true;
        }
    }

    /// An owner: the longest suffix that the question has too, in any case, is a pointer there
    /// (RFC 1035 section 4.1.4). None if it is no name.
    fn owner(&mut self, owner: &[u8]) -> Option<()> {
        let mut at = 0;
        loop {
            let length = *owner.get(at)? as usize;
            if length == 0 {
                self.put(owner);
                break;
            }
            if let Some(target) = self.suffix(owner.get(at..)?) {
                self.put(owner.get(..at)?);
                self.put(&pointer(target));
                break;
            }
            at += 1 + length;
        }
        Some(())
    }

    /// Where the question has these last labels of a name.
    fn suffix(&self, suffix: &[u8]) -> Option<usize> {
        let mut at = HEADER;
        while at < self.query.end {
            let rest = self.packet.get(at..self.query.end)?;
            if rest.len() == suffix.len() {
                return rest.eq_ignore_ascii_case(suffix).then_some(at);
            }
            at += 1 + *rest.first()? as usize;
        }
        None
    }

    #[inline]
    fn opt_size(&self, ending: &Ending<'_>) -> usize {
        self.query.edns.map_or(0, |edns| {
            let subnet = edns.subnet.filter(|_| ending.scope.is_some());
            let subnet = subnet.map_or(0, |subnet| 4 + subnet.length);
            let identity = self
                .granted
                .identity
                .map_or(0, |identity| 4 + identity.len());
            let cookie = self.granted.cookie.map_or(0, |cookie| 4 + cookie.len());
            OPT_FIXED + subnet + ending.fallback.map_or(0, <[u8]>::len) + identity + cookie
        })
    }

    /// Our OPT record: our size and version, the query's DO bit, the client subnet's scope.
    #[inline]
    fn opt(&mut self, ending: &Ending<'_>, size: usize) {
        let Some(edns) = self.query.edns else {
            return;
        };
        let [size_high, size_low] = (UDP_MAXIMUM as u16).to_be_bytes();
        let [high, low] = (size.saturating_sub(OPT_FIXED) as u16).to_be_bytes();
        let flags = if edns.dnssec_ok { DO } else { 0 };
        let [root, kind_high, kind_low] = OPT_HEAD;
        self.put(&[
            root, kind_high, kind_low, size_high, size_low, 0, 0, flags, 0, high, low,
        ]);
        if let (Some(subnet), Some(scope)) = (edns.subnet, ending.scope) {
            // as it came, but for the scope
            let (packet, at) = (self.packet, self.at);
            let begin = subnet.at.saturating_sub(OPTION_HEAD);
            self.put(
                packet
                    .get(begin..subnet.at + subnet.length)
                    .unwrap_or_default(),
            );
            if let Some(octet) = self.out.get_mut(at + OPTION_HEAD + SCOPE) {
                *octet = scope;
            }
        }
        if let Some(option) = ending.fallback {
            self.put(option);
        }
        if let Some(identity) = self.granted.identity {
            self.option(NSID, identity);
        }
        if let Some(cookie) = self.granted.cookie {
            self.option(COOKIE, &cookie);
        }
    }

    fn option(&mut self, code: u16, data: &[u8]) {
        let [code_high, code_low] = code.to_be_bytes();
        let [high, low] = (data.len() as u16).to_be_bytes();
        self.put(&[code_high, code_low, high, low]);
        self.put(data);
    }

    /// RD and CD go back as they came (RFC 1035 section 4.1.1, RFC 4035 section 3.1.6).
    #[inline]
    fn header(&mut self, ending: &Ending<'_>, truncated: bool) {
        let Some(header) = self.out.first_chunk_mut::<HEADER>() else {
            return;
        };
        let [_, _, high, low, ..] = *header;
        let first = if ending.authoritative { QR_AA } else { QR };
        let [answers, authority, additional] = self.counts;
        let additional = additional.saturating_add(u16::from(self.query.edns.is_some()));
        let counts = [answers, authority, additional].map(u16::to_be_bytes);
        let [id_high, id_low, ..] = *header;
        *header = [
            id_high,
            id_low,
            first | if truncated { TC } else { 0 } | high & RD,
            low & CD | ending.rcode,
            0,
            1,
            counts[0][0],
            counts[0][1],
            counts[1][0],
            counts[1][1],
            counts[2][0],
            counts[2][1],
        ];
    }
}

/// Records that begin with a pointer: each from its type on.
struct Records<'a>(&'a [u8]);

impl<'a> Iterator for Records<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let (head, _) = self.0.split_first_chunk::<RECORD>()?;
        let length = u16::from_be_bytes([head[RECORD - 2], head[RECORD - 1]]);
        let (record, rest) = self.0.split_at_checked(RECORD + usize::from(length))?;
        self.0 = rest;
        record.get(POINTER..)
    }
}

#[inline]
fn pointer(target: usize) -> [u8; 2] {
    (0xC000 | target as u16).to_be_bytes()
}
