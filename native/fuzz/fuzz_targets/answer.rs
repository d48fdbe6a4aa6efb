//! Answering: any octets at all, from anyone at any time, get an answer that fits, or none.
//!
//! The first octets of an input are the circumstances, the rest is the packet.
#![no_main]

use std::net::IpAddr;
use std::sync::LazyLock;

use gtm_plane::answer::{Circumstances, Outcome, UDP_MAXIMUM, answer, finish, look};
use gtm_plane::conduct::Granted;
use gtm_plane::snapshot::Snapshot;
use gtm_plane::wire::HEADER;
use libfuzzer_sys::fuzz_target;

#[path = "../../plane/tests/made/mod.rs"]
mod made;

const MARK: u8 = 0xA5;
const TCP_MAXIMUM: usize = 65_535;
static WORLD: LazyLock<Snapshot> = LazyLock::new(made::snapshot);

fuzz_target!(|input: &[u8]| {
    let Some((first, packet)) = input.split_first_chunk::<8>() else {
        return;
    };
    let by = circumstances(*first);
    let room = if by.udp { UDP_MAXIMUM } else { TCP_MAXIMUM };
    let mut out = vec![MARK; room + 1];
    let outcome = answer(&WORLD, packet, &by, &mut out[..room]);
    assert_eq!(out[room], MARK);
    match outcome {
        Outcome::Answer { length, .. } => check(packet, &out[..length]),
        Outcome::Silence => assert!(packet.len() < HEADER || packet[2] & 0x80 != 0),
        Outcome::Punt => {}
    }
    // as over a batch: with every step between
    let mut looked = look(&WORLD, packet, by.sender);
    looked.reach(&WORLD);
    looked.gather(&WORLD, packet);
    looked.approach(&WORLD);
    looked.search(&WORLD);
    looked.settle(&WORLD);
    let mut again = vec![MARK; room];
    assert_eq!(
        finish(
            &WORLD,
            packet,
            &looked,
            &by,
            &Granted::default(),
            &mut again
        ),
        outcome
    );
    if let Outcome::Answer { length, .. } = outcome {
        assert_eq!(out[..length], again[..length]);
    }
});

/// Over UDP or TCP, from a sender of either family, with some chance and at some time.
fn circumstances([how, a, b, c, d, e, f, g]: [u8; 8]) -> Circumstances {
    let sender: IpAddr = match how & 6 {
        0 => [192, 0, 2, a].into(),
        2 => [a, b, c, d].into(),
        4 => [0x2001, 0xdb8, 0, u16::from(a), 0, 0, 0, u16::from(b)].into(),
        _ => std::net::Ipv4Addr::from([a, b, c, d])
            .to_ipv6_mapped()
            .into(),
    };
    Circumstances {
        sender,
        random: u32::from_be_bytes([d, e, f, g]),
        now: 1e9 + f64::from(u32::from_be_bytes([c, e, f, g])) / 64.0,
        udp: how & 1 == 0,
    }
}

/// The answer is one to this packet, and all its records end where it ends.
fn check(packet: &[u8], message: &[u8]) {
    assert_eq!(message[..2], packet[..2]);
    assert_eq!(message[2] & 0x80, 0x80);
    assert_eq!(message[4..6], [0, 1]);
    let mut at = skip(message, HEADER) + 4;
    assert_eq!(message[HEADER..at], packet[HEADER..at]);
    let count = |at: usize| usize::from(u16::from_be_bytes([message[at], message[at + 1]]));
    for _ in 0..count(6) + count(8) + count(10) {
        at = skip(message, at);
        at += 10 + count(at + 8);
    }
    assert_eq!(at, message.len());
}

/// Where the name that begins at `at` ends.
fn skip(message: &[u8], mut at: usize) -> usize {
    loop {
        match message[at] {
            0 => return at + 1,
            0xC0.. => {
                let target =
                    usize::from(u16::from_be_bytes([message[at], message[at + 1]]) & 0x3FFF);
                assert!(target < at, "a pointer that does not lead back");
                skip(message, target);
                return at + 2;
            }
            length => at += 1 + usize::from(length),
        }
    }
}
