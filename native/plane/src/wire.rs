//! Reads ordinary queries; what is out of the ordinary is for the reference responder.
//!
//! Ordinary is: one question of class IN, and at most an OPT record of version 0 behind it.

use crate::areas::Client;

/// Octets of a message's header (RFC 1035 section 4.1.1): the question's name begins behind it.
pub const HEADER: usize = 12;
/// The largest message over UDP (DNS flag day 2020; RFC 9715 appendix A).
pub const UDP_MAXIMUM: usize = 1232;
/// What every client takes over UDP (RFC 1035 section 4.2.1).
pub const UDP_MINIMUM: usize = 512;
/// Octets of an OPT record without options (RFC 6891 section 6.1.2).
pub const OPT_FIXED: usize = 11;
/// The root's name and type OPT, with which the record begins.
pub const OPT_HEAD: [u8; 3] = [0, 0, 41];
/// OPTION-CODE of NSID (RFC 5001 section 2.3).
pub const NSID: u16 = 3;
/// OPTION-CODE of edns-client-subnet (RFC 7871 section 6).
pub const SUBNET: u16 = 8;
/// OPTION-CODE of COOKIE (RFC 7873 section 4).
pub const COOKIE: u16 = 10;

const KEEPALIVE: u16 = 11; // RFC 7828

const MAX_NAME: usize = 255; // RFC 1035 section 3.1
const MAX_LABEL: u8 = 63;
const QR: u8 = 0x80;
const SUBNET_FIXED: usize = 4; // family, source and scope prefix length

/// What a packet is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Packet {
    /// An ordinary query.
    Query(Query),
    /// Anything else that deserves an answer.
    Odd,
    /// Shorter than a header, or a response.
    Silence,
}

/// An ordinary query. Its name is at `HEADER..end`, not compressed, in the case as asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Query {
    /// Where the name ends.
    pub end: usize,
    /// Labels of the name, the root's left out.
    pub labels: usize,
    /// QTYPE.
    pub rrtype: u16,
    /// What its OPT record says.
    pub edns: Option<Edns>,
}

impl Query {
    /// Whether signatures are wanted (RFC 3225).
    #[inline]
    pub fn wants_signatures(&self) -> bool {
        self.edns.is_some_and(|edns| edns.dnssec_ok)
    }

    /// The client that it is asked for; none with a SOURCE of 0, which asks not to use the
    /// client's address (RFC 7871 section 7.1.2).
    #[inline]
    pub fn subnet(&self) -> Option<Client> {
        self.edns?.subnet?.client
    }
}

/// An OPT record (RFC 6891).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Edns {
    /// Octets that a response over UDP may have.
    pub limit: usize,
    /// The DO bit.
    pub dnssec_ok: bool,
    /// The client subnet.
    pub subnet: Option<Subnet>,
    /// Where in the packet the first COOKIE option's data are, and how many octets (RFC 7873).
    pub cookie: Option<(usize, u8)>,
    /// Whether NSID is asked for (RFC 5001).
    pub nsid: bool,
    /// Whether edns-tcp-keepalive is (RFC 7828).
    pub keepalive: bool,
}

/// A client subnet (RFC 7871).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Subnet {
    /// Where in the packet its option's data are.
    pub at: usize,
    /// How many octets.
    pub length: usize,
    /// The network's first address; None if SOURCE PREFIX-LENGTH is 0.
    pub client: Option<Client>,
}

/// Reads a packet.
#[inline]
pub fn read(packet: &[u8]) -> Packet {
    let Some(&[_, _, high, low, counts @ ..]) = packet.first_chunk::<HEADER>() else {
        return Packet::Silence;
    };
    if high & QR != 0 {
        return Packet::Silence;
    }
    // RD, AD and CD may be set; the opcode is QUERY, one question, nothing behind it but an OPT
    let records = match counts {
        [0, 1, 0, 0, 0, 0, 0, records @ (0 | 1)] => records,
        _ => return Packet::Odd,
    };
    if high & !0x01 != 0 || low & !0x30 != 0 {
        return Packet::Odd;
    }
    question(packet, records == 1).map_or(Packet::Odd, Packet::Query)
}

#[inline]
fn question(packet: &[u8], edns: bool) -> Option<Query> {
    let (end, labels) = name(packet)?;
    let &[high, low, 0, 1] = packet.get(end..)?.first_chunk::<4>()? else {
        return None; // class IN alone
    };
    let tail = end + 4;
    Some(Query {
        end,
        labels,
        rrtype: u16::from_be_bytes([high, low]),
        edns: match edns {
            true => Some(opt(packet, tail)?),
            false if packet.len() == tail => None,
            false => return None,
        },
    })
}

/// Where the question's name ends, and how many labels it has.
#[inline]
fn name(packet: &[u8]) -> Option<(usize, usize)> {
    let (mut at, mut labels) = (HEADER, 0);
    loop {
        let length = *packet.get(at)?;
        at += 1;
        if length == 0 {
            break;
        }
        if length > MAX_LABEL {
            return None;
        }
        at += length as usize;
        labels += 1;
    }
    (at - HEADER <= MAX_NAME).then_some((at, labels))
}

/// The OPT record that begins at `at` and ends the packet.
#[inline]
fn opt(packet: &[u8], at: usize) -> Option<Edns> {
    let record = packet.get(at..)?;
    let (head, options) = record.split_first_chunk::<OPT_FIXED>()?;
    let &[
        0,
        0,
        41,
        size_high,
        size_low,
        _,
        version,
        flags,
        _,
        high,
        low,
    ] = head
    else {
        return None;
    };
    if version != 0 || u16::from_be_bytes([high, low]) as usize != options.len() {
        return None;
    }
    let size = u16::from_be_bytes([size_high, size_low]) as usize;
    let mut edns = Edns {
        limit: size.clamp(UDP_MINIMUM, UDP_MAXIMUM),
        dnssec_ok: flags & 0x80 != 0,
        subnet: None,
        cookie: None,
        nsid: false,
        keepalive: false,
    };
    let mut rest = options;
    while !rest.is_empty() {
        let (&[code_high, code_low, high, low], behind) = rest.split_first_chunk::<4>()?;
        let length = u16::from_be_bytes([high, low]) as usize;
        let data = behind.get(..length)?;
        let at = packet.len() - behind.len();
        match u16::from_be_bytes([code_high, code_low]) {
            SUBNET if edns.subnet.is_some() => return None,
            SUBNET => edns.subnet = Some(subnet(data, at)?),
            // a client cookie, alone or with a server's of anybody; the first one counts
            COOKIE if edns.cookie.is_none() => match length {
                8 | 16..=40 => edns.cookie = Some((at, length as u8)),
                _ => return None,
            },
            NSID => edns.nsid = true,
            KEEPALIVE => edns.keepalive = true,
            _ => {}
        }
        rest = behind.get(length..)?;
    }
    Some(edns)
}

/// A client subnet from its option's data, at `at` in the packet.
///
/// RFC 7871 section 6: SCOPE is 0 in queries, the address has the fewest octets that hold the
/// SOURCE prefix, and bits behind the prefix are 0.
#[inline]
fn subnet(data: &[u8], at: usize) -> Option<Subnet> {
    let (&[0, family, source, 0], address) = data.split_first_chunk::<SUBNET_FIXED>()? else {
        return None;
    };
    let bits: u8 = match family {
        0 => 0,
        1 => 32,
        2 => 128,
        _ => return None,
    };
    if source > bits || address.len() != source.div_ceil(8) as usize {
        return None;
    }
    let client = match (source, family) {
        (0, _) => None,
        (_, 1) => Some(Client::V4(prefix4(address, source)?)),
        _ => Some(Client::V6(prefix6(address, source)?)),
    };
    Some(Subnet {
        at,
        length: data.len(),
        client,
    })
}

/// An IPv4 prefix of so many bits; None if there is something behind them.
#[inline]
fn prefix4(address: &[u8], source: u8) -> Option<u32> {
    let whole = u32::from_be_bytes(match *address {
        [a] => [a, 0, 0, 0],
        [a, b] => [a, b, 0, 0],
        [a, b, c] => [a, b, c, 0],
        [a, b, c, d] => [a, b, c, d],
        _ => return None,
    });
    (whole.checked_shl(u32::from(source)).unwrap_or(0) == 0).then_some(whole)
}

/// The same of IPv6.
#[inline]
fn prefix6(address: &[u8], source: u8) -> Option<u128> {
    let mut whole = [0; 16];
    whole.get_mut(..address.len())?.copy_from_slice(address);
    let whole = u128::from_be_bytes(whole);
    (whole.checked_shl(u32::from(source)).unwrap_or(0) == 0).then_some(whole)
}
