//! Ethernet frames with DNS over UDP: where the query is, and the headers of an answer to it.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

const ETHERNET: usize = 14;
const IPV4: usize = 20; // without options; others are left to the kernel
const IPV6: usize = 40; // likewise without extension headers
const UDP: usize = 8;
const HEAD4: usize = ETHERNET + IPV4 + UDP;
const HEAD6: usize = ETHERNET + IPV6 + UDP;

/// Octets of the longest headers.
pub(crate) const LONGEST_HEAD: usize = HEAD6;

/// The hops that an answer may make.
const HOPS: u8 = 64;
const PROTOCOL: u8 = libc::IPPROTO_UDP as u8;

/// A datagram in a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Datagram {
    /// Who sent it.
    pub sender: IpAddr,
    /// Octets of headers before what it carries, and before what an answer carries.
    pub head: usize,
    /// Where what it carries ends.
    pub end: usize,
}

/// Reads a frame; None if it is malformed, or nobody could get an answer to it.
///
/// The checksum of UDP is not looked at: a sender on this machine leaves it to hardware that is
/// not there, and a client compares the question of an answer with its own.
#[inline]
pub(crate) fn read(frame: &[u8]) -> Option<Datagram> {
    match frame.get(12..ETHERNET)? {
        [0x08, 0x00] => read4(frame),
        [0x86, 0xDD] => read6(frame),
        _ => None,
    }
}

/// RFC 791 section 3.1.
#[inline]
fn read4(frame: &[u8]) -> Option<Datagram> {
    let header: &[u8; IPV4] = frame.get(ETHERNET..)?.first_chunk()?;
    let fragment = u16::from_be_bytes([header[6], header[7]]) & 0x3FFF;
    let whole = header[0] == 0x45 && header[9] == PROTOCOL && fragment == 0;
    if !whole || fold(sum(header)) != u16::MAX {
        return None;
    }
    let total = u16::from_be_bytes([header[2], header[3]]);
    let sender = Ipv4Addr::new(header[12], header[13], header[14], header[15]);
    if sender.is_unspecified() || sender.is_multicast() || sender.is_broadcast() {
        return None;
    }
    datagram(frame, HEAD4, ETHERNET + usize::from(total), sender.into())
}

/// RFC 8200 section 3.
#[inline]
fn read6(frame: &[u8]) -> Option<Datagram> {
    let header: &[u8; IPV6] = frame.get(ETHERNET..)?.first_chunk()?;
    if header[0] >> 4 != 6 || header[6] != PROTOCOL {
        return None;
    }
    let payload = u16::from_be_bytes([header[4], header[5]]);
    let sender = Ipv6Addr::from(*header[8..].first_chunk::<16>()?);
    if sender.is_unspecified() || sender.is_multicast() {
        return None;
    }
    let end = ETHERNET + IPV6 + usize::from(payload);
    datagram(frame, HEAD6, end, sender.into())
}

/// RFC 768. Behind it a frame may be padded.
#[inline]
fn datagram(frame: &[u8], head: usize, end: usize, sender: IpAddr) -> Option<Datagram> {
    if sender.is_loopback() || end > frame.len() {
        return None;
    }
    let header: &[u8; UDP] = frame.get(head.checked_sub(UDP)?..)?.first_chunk()?;
    let port = u16::from_be_bytes([header[0], header[1]]);
    let length = usize::from(u16::from_be_bytes([header[4], header[5]]));
    let ends = (head + length).checked_sub(UDP)?;
    (port != 0 && length >= UDP && ends <= end).then_some(Datagram {
        sender,
        head,
        end: ends,
    })
}

/// Writes the headers of an answer before the so many octets that it carries, which are in `out`
/// behind them; gives the length of its frame.
///
/// `question` begins as the frame did that is answered, and has its headers.
#[inline]
pub(crate) fn address(question: &[u8], out: &mut [u8], length: usize) -> Option<usize> {
    match question.get(12..ETHERNET)? {
        [0x08, 0x00] => address4(question.first_chunk()?, out, length),
        _ => address6(question.first_chunk()?, out, length),
    }
}

#[inline]
fn address4(from: &[u8; HEAD4], out: &mut [u8], length: usize) -> Option<usize> {
    let (to, carried) = out.split_first_chunk_mut::<HEAD4>()?;
    let carried = carried.get(..length)?;
    let size = u16::try_from(UDP + length).ok()?;
    let total = u16::try_from(IPV4 + UDP + length).ok()?.to_be_bytes();
    stations(from, to);
    // it is never fragmented (RFC 9715), so its identification says nothing (RFC 6864 section 4)
    let fixed = [0x45, 0, total[0], total[1], 0, 0, 0x40, 0, HOPS, PROTOCOL];
    to[14..24].copy_from_slice(&fixed);
    to[24..26].fill(0); // the checksum, while it is computed
    to[26..30].copy_from_slice(&from[30..34]);
    to[30..34].copy_from_slice(&from[26..30]);
    let check = !fold(sum(&to[ETHERNET..ETHERNET + IPV4]));
    to[24..26].copy_from_slice(&check.to_ne_bytes());
    ports(&from[34..38], size, &mut to[34..42]);
    let check = checksum(&to[26..34], &to[34..42], size, carried);
    to[40..42].copy_from_slice(&check);
    Some(HEAD4 + length)
}

#[inline]
fn address6(from: &[u8; HEAD6], out: &mut [u8], length: usize) -> Option<usize> {
    let (to, carried) = out.split_first_chunk_mut::<HEAD6>()?;
    let carried = carried.get(..length)?;
    let size = u16::try_from(UDP + length).ok()?;
    let payload = size.to_be_bytes();
    stations(from, to);
    let fixed = [0x60, 0, 0, 0, payload[0], payload[1], PROTOCOL, HOPS];
    to[14..22].copy_from_slice(&fixed);
    to[22..38].copy_from_slice(&from[38..54]);
    to[38..54].copy_from_slice(&from[22..38]);
    ports(&from[54..58], size, &mut to[54..62]);
    let check = checksum(&to[22..54], &to[54..62], size, carried);
    to[60..62].copy_from_slice(&check);
    Some(HEAD6 + length)
}

/// The frame goes back to the station that it came from.
#[inline]
fn stations<const N: usize>(from: &[u8; N], to: &mut [u8; N]) {
    to[..6].copy_from_slice(&from[6..12]);
    to[6..12].copy_from_slice(&from[..6]);
    to[12..14].copy_from_slice(&from[12..14]);
}

/// Writes a header of UDP from the ports of another, without a checksum.
#[inline]
fn ports(from: &[u8], size: u16, to: &mut [u8]) {
    to[..2].copy_from_slice(&from[2..4]);
    to[2..4].copy_from_slice(&from[..2]);
    to[4..6].copy_from_slice(&size.to_be_bytes());
    to[6..8].fill(0);
}

/// The checksum of UDP over both addresses, its header and what it carries (RFC 768; RFC 8200
/// section 8.1). 0 would mean that there is none.
#[inline]
fn checksum(addresses: &[u8], header: &[u8], size: u16, carried: &[u8]) -> [u8; 2] {
    let [high, low] = size.to_be_bytes();
    let pseudo = [0, PROTOCOL, high, low];
    let all = sum(addresses) + sum(&pseudo) + sum(header) + sum(carried);
    match !fold(all) {
        0 => [0xFF, 0xFF],
        check => check.to_ne_bytes(),
    }
}

/// Adds octets in pairs; in the machine's byte order, which the sum does not care about (RFC 1071
/// section 2 B).
#[inline]
fn sum(octets: &[u8]) -> u64 {
    let (words, rest) = octets.as_chunks::<4>();
    let mut last = [0; 4];
    last.iter_mut().zip(rest).for_each(|(to, from)| *to = *from);
    let words = words.iter().chain([&last]);
    words.map(|word| u64::from(u32::from_ne_bytes(*word))).sum()
}

/// A sum of pairs, with what was carried over added again.
#[inline]
fn fold(sum: u64) -> u16 {
    let mut sum = (sum >> 32) + (sum & 0xFFFF_FFFF);
    while sum > 0xFFFF {
        sum = (sum >> 16) + (sum & 0xFFFF);
    }
    sum as u16
}

#[cfg(test)]
mod tests;
