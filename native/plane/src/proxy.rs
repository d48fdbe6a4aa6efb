//! PROXY protocol, version 2: a balancer says whom a connection or datagram is from.
//!
//! The header is believed from listed balancers alone, and required of them (section 2 of its
//! specification). gtm/planes/proxy.py has the same; tests/data/proxy-v2.txt holds both to it.

use std::net::IpAddr;

const SIGNATURE: [u8; 12] = *b"\r\n\r\n\0\r\nQUIT\n";
/// Octets of signature, version and command, family and protocol, length (2.2).
const FIXED: usize = 16;
/// Octets behind these: an IPv6 pair has 36, what extensions there are seldom a hundred.
const MOST: usize = 1024;
const LOCAL: u8 = 0x20;
const PROXY: u8 = 0x21;
const UNSPECIFIED: u8 = 0;
/// PP2_TYPE_CRC32C (2.2.3).
const CHECKSUM: u8 = 0x03;

/// What octets begin with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Header {
    /// A header of so many octets; no client where the balancer speaks for itself.
    Whole {
        /// Octets.
        size: usize,
        /// On whose behalf.
        client: Option<IpAddr>,
    },
    /// It may be one when more has come.
    Short,
    /// Not one.
    Malformed,
}

/// Networks that are believed.
#[derive(Clone, Debug, Default)]
pub struct Balancers(Vec<(IpAddr, u8)>);

impl Balancers {
    /// By address and prefix length; None for what is no network.
    pub fn new(networks: Vec<(IpAddr, u8)>) -> Option<Self> {
        let fits = |(address, length): &(IpAddr, u8)| match address {
            IpAddr::V4(_) => *length <= 32,
            IpAddr::V6(_) => *length <= 128,
        };
        networks.iter().all(fits).then_some(Self(networks))
    }

    /// Whether there are none.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether an address is a balancer's.
    #[inline]
    pub fn has(&self, host: IpAddr) -> bool {
        self.0
            .iter()
            .any(|(network, length)| match (network, host) {
                (IpAddr::V4(network), IpAddr::V4(host)) => {
                    let differ = network.to_bits() ^ host.to_bits();
                    differ.leading_zeros() >= u32::from(*length)
                }
                (IpAddr::V6(network), IpAddr::V6(host)) => {
                    let differ = network.to_bits() ^ host.to_bits();
                    differ.leading_zeros() >= u32::from(*length)
                }
                _ => false,
            })
    }
}

/// Reads the header that octets begin with.
pub fn read(octets: &[u8]) -> Header {
    let begun = octets.len().min(SIGNATURE.len());
    if octets.get(..begun) != SIGNATURE.get(..begun) {
        return Header::Malformed;
    }
    let Some([command, family, high, low]) = octets.get(12..).and_then(<[u8]>::first_chunk) else {
        return Header::Short;
    };
    let length = usize::from(u16::from_be_bytes([*high, *low]));
    if !matches!(*command, LOCAL | PROXY) || length > MOST {
        return Header::Malformed;
    }
    let size = FIXED + length;
    let Some(header) = octets.get(..size) else {
        return Header::Short;
    };
    if *command == LOCAL || *family == UNSPECIFIED {
        return Header::Whole { size, client: None }; // what follows may be anything (2.2)
    }
    match proxied(header, *family) {
        Some(client) => Header::Whole {
            size,
            client: Some(client),
        },
        None => Header::Malformed,
    }
}

/// The source address, if all that is behind it is whole.
fn proxied(header: &[u8], family: u8) -> Option<IpAddr> {
    let rest = header.get(FIXED..)?;
    let (client, pair): (IpAddr, usize) = match family {
        0x11 | 0x12 => ((*rest.first_chunk::<4>()?).into(), 12),
        0x21 | 0x22 => ((*rest.first_chunk::<16>()?).into(), 36),
        _ => return None,
    };
    let mut at = FIXED + pair;
    if at > header.len() {
        return None;
    }
    while let [kind, high, low, ..] = *header.get(at..)? {
        let length = usize::from(u16::from_be_bytes([high, low]));
        let value = at + 3;
        at = value + length;
        let said = header.get(value..at)?;
        if kind == CHECKSUM && said != crc32c(header, value, length)?.to_be_bytes() {
            return None;
        }
    }
    (at == header.len()).then_some(client.to_canonical())
}

/// The Castagnoli checksum (RFC 9260 appendix A) of a header with so many octets taken as zero;
/// None where these are not four.
fn crc32c(header: &[u8], blank: usize, length: usize) -> Option<u32> {
    if length != 4 {
        return None;
    }
    let mut value = u32::MAX;
    for (at, octet) in header.iter().enumerate() {
        let octet = if (blank..blank + 4).contains(&at) {
            0
        } else {
            *octet
        };
        value ^= u32::from(octet);
        for _ in 0..8 {
            value = value >> 1 ^ if value & 1 == 1 { 0x82F6_3B78 } else { 0 };
        }
    }
    Some(!value)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may fail")]

    use super::*;

    const CASES: &str = include_str!("../../../tests/data/proxy-v2.txt");

    fn octets(hex: &str) -> Vec<u8> {
        let digits: Vec<u32> = hex.chars().filter_map(|digit| digit.to_digit(16)).collect();
        let pairs = digits.chunks(2);
        pairs.map(|pair| (pair[0] * 16 + pair[1]) as u8).collect()
    }

    fn said(header: Header) -> String {
        match header {
            Header::Whole { size, client } => {
                let client = client.map_or("balancer".into(), |client| client.to_string());
                format!("{size} {client}")
            }
            Header::Short => "short".into(),
            Header::Malformed => "malformed".into(),
        }
    }

    #[test]
    fn headers_are_read_as_python_reads_them() {
        let mut count = 0;
        for line in CASES.lines().filter(|line| !line.starts_with('#')) {
            let parts: Vec<&str> = line.split('|').map(str::trim).collect();
            if let [name, hex, wanted] = parts[..] {
                assert_eq!(said(read(&octets(hex))), wanted, "{name}");
                count += 1;
            }
        }
        assert!(count > 20);
    }

    #[test]
    fn a_header_cut_anywhere_is_short_and_whatever_it_holds_nothing_panics() {
        let mut state = 1_u64;
        for line in CASES.lines() {
            let Some(hex) = line.split('|').nth(1) else {
                continue;
            };
            let whole = octets(hex);
            if let Header::Whole { size, .. } = read(&whole) {
                for end in 0..size {
                    assert_eq!(read(&whole[..end]), Header::Short);
                }
            }
            for at in 0..whole.len() {
                let mut changed = whole.clone();
                state = state
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1);
                changed[at] ^= (state >> 33) as u8;
                if let Header::Whole { size, .. } = read(&changed) {
                    assert!(size <= changed.len());
                }
            }
        }
    }

    #[test]
    fn networks_hold_their_own_addresses_alone() {
        let of = |address: &str, length| Balancers::new(vec![(address.parse().unwrap(), length)]);
        let has = |found: &Option<Balancers>, host: &str| {
            found.as_ref().unwrap().has(host.parse().unwrap())
        };
        let four = of("192.0.2.0", 24);
        assert!(has(&four, "192.0.2.255") && !has(&four, "192.0.3.0") && !has(&four, "::1"));
        let six = of("2001:db8::", 32);
        assert!(has(&six, "2001:db8:ffff::1") && !has(&six, "2001:db9::"));
        assert!(has(&of("0.0.0.0", 0), "203.0.113.1") && has(&of("192.0.2.1", 32), "192.0.2.1"));
        assert!(of("192.0.2.0", 33).is_none() && of("::", 129).is_none());
        assert!(Balancers::default().is_empty());
    }
}
