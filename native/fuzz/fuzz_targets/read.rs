//! Reading: any octets at all are a query, odd, or nothing, and what a query says of itself is so.
#![no_main]

use gtm_plane::areas::Client;
use gtm_plane::wire::{HEADER, Packet, Query, UDP_MAXIMUM, UDP_MINIMUM, read};
use libfuzzer_sys::fuzz_target;

const MAX_NAME: usize = 255;

fuzz_target!(|packet: &[u8]| {
    match read(packet) {
        Packet::Query(query) => check(packet, &query),
        Packet::Odd => assert!(packet.len() >= HEADER && packet[2] & 0x80 == 0),
        Packet::Silence => assert!(packet.len() < HEADER || packet[2] & 0x80 != 0),
    }
});

/// A query's parts lie where it says they do.
fn check(packet: &[u8], query: &Query) {
    let name = &packet[HEADER..query.end];
    assert!(name.len() <= MAX_NAME);
    assert_eq!(labels(name), query.labels);
    assert_eq!(packet[query.end..query.end + 2], query.rrtype.to_be_bytes());
    assert_eq!(packet[query.end + 2..query.end + 4], [0, 1]);
    let Some(edns) = query.edns else {
        assert_eq!(packet.len(), query.end + 4);
        return;
    };
    assert!((UDP_MINIMUM..=UDP_MAXIMUM).contains(&edns.limit));
    let Some(subnet) = edns.subnet else { return };
    let data = &packet[subnet.at..subnet.at + subnet.length];
    let (source, address) = (u32::from(data[2]), &data[4..]);
    assert_eq!(address.len(), source.div_ceil(8) as usize);
    assert_eq!(subnet.client.is_none(), source == 0);
    let Some(client) = subnet.client else { return };
    let spare = match client {
        Client::V4(address) => address.checked_shl(source).unwrap_or(0).into(),
        Client::V6(address) => address.checked_shl(source).unwrap_or(0),
    };
    assert_eq!(spare, 0);
}

/// How many labels a name has, whose last octet is the root's.
fn labels(name: &[u8]) -> usize {
    let (mut at, mut count) = (0, 0);
    while name[at] != 0 {
        at += 1 + name[at] as usize;
        count += 1;
    }
    assert_eq!(at + 1, name.len());
    count
}
