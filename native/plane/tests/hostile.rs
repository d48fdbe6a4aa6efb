//! Whatever comes, nothing panics, and no answer is longer than it may be.

mod made;

use gtm_plane::Answers;
use gtm_plane::answer::{Circumstances, Outcome, answer, finish, look};
use gtm_plane::conduct::Granted;
use gtm_plane::draw::mix;
use gtm_plane::snapshot::Snapshot;
use made::*;

const NAMES: [&str; 14] = [
    "www.gtm.example.com",
    "gtm.example.com",
    "joined.gtm.example.com",
    "first.gtm.example.com",
    "failing.gtm.example.com",
    "hashed.gtm.example.com",
    "drawn.gtm.example.com",
    "x.y.dev.gtm.example.com",
    "a.b.sub.gtm.example.com",
    "below.shut.gtm.example.com",
    "missing.gtm.example.com",
    "example.org",
    "com",
    "",
];

/// Good packets of all shapes.
fn good() -> Vec<Vec<u8>> {
    let v6 = subnet(2, 56, &[0x20, 1, 0xd, 0xb8, 0, 0, 1]);
    let v4 = subnet(1, 25, &[192, 0, 2, 128]);
    let cookie = b"\0\x0a\0\x0812345678".to_vec();
    let tails = [
        Vec::new(),
        opt(1232, true, b""),
        opt(0, false, &v4),
        opt(65535, false, &[cookie, v6].concat()),
    ];
    let mut packets = Vec::new();
    for name in NAMES {
        for rrtype in [1, 28, 16, 43, 255] {
            for tail in &tails {
                packets.push(query(&wire(name), rrtype, tail));
            }
        }
    }
    packets
}

fn ask(world: &Snapshot, packet: &[u8], number: u64) -> Outcome {
    let random = mix(number);
    let by = Circumstances {
        sender: if number.is_multiple_of(2) {
            [192, 0, 2, 1].into()
        } else {
            [0x2001, 0xdb8, 0, 0, 0, 0, 0, 1].into()
        },
        random: random as u32,
        now: 1e9,
        udp: number.is_multiple_of(3),
    };
    let mut out = [0; 1300];
    let outcome = answer(world, packet, &by, &mut out);
    if let Outcome::Answer { length, .. } = outcome {
        let question = 12
            + packet[12..]
                .iter()
                .position(|octet| *octet == 0)
                .unwrap_or(0)
            + 5;
        assert!(length <= if by.udp { 1232 } else { out.len() });
        assert_eq!(out[..2], packet[..2]);
        assert_eq!(out[12..question], packet[12..question]);
        assert_eq!(out[2] & 0x80, 0x80);
    }
    outcome
}

#[test]
fn every_prefix_of_a_good_packet_does_no_harm() {
    let world = snapshot();
    for packet in good() {
        for length in 0..packet.len() {
            let outcome = ask(&world, &packet[..length], length as u64);
            let wanted = if length < 12 {
                Outcome::Silence
            } else {
                Outcome::Punt
            };
            assert_eq!(outcome, wanted);
        }
    }
}

#[test]
fn octets_behind_a_good_packet_are_for_the_reference_responder() {
    let world = snapshot();
    for packet in good() {
        assert_eq!(ask(&world, &[packet, vec![0]].concat(), 0), Outcome::Punt);
    }
}

#[test]
fn every_change_of_one_octet_does_no_harm() {
    let world = snapshot();
    for (number, packet) in good().iter().enumerate() {
        let mut packet = packet.clone();
        for at in 0..packet.len() {
            let was = packet[at];
            for change in 1..=255 {
                // every packet gets some of the changes, and all of them some packet
                if (usize::from(change) + at + number).is_multiple_of(16) {
                    packet[at] = was ^ change;
                    ask(&world, &packet, number as u64 + u64::from(change));
                }
            }
            packet[at] = was;
        }
    }
}

#[test]
fn random_octets_do_no_harm() {
    let world = snapshot();
    let head = query(b"", 1, &[0])[..12].to_vec();
    for number in 0..100_000 {
        let length = (mix(number) % 300) as usize;
        let octet = |at: usize| (mix(number << 10 | at as u64) >> 20) as u8;
        let mut packet: Vec<u8> = (0..length).map(octet).collect();
        if number.is_multiple_of(2) {
            packet.splice(..length.min(12), head.iter().copied());
        }
        ask(&world, &packet, number);
    }
}

#[test]
fn names_up_to_the_longest_are_read_and_longer_ones_are_not() {
    let world = snapshot();
    let label = [&[49], [b'a'; 49].as_slice()].concat();
    let name = |rest: usize| {
        let last = [&[rest as u8], vec![b'b'; rest].as_slice()].concat();
        [label.repeat(4), last, wire("gtm.example.com")].concat()
    };
    let longest = name(37);
    assert_eq!(longest.len(), 255);
    let wanted = Outcome::Answer {
        length: 12 + 255 + 4 + 2 + SOA.len(),
        tally: NONEXISTENT,
    };
    assert_eq!(ask(&world, &query(&longest, 1, b""), 0), wanted);
    assert_eq!(ask(&world, &query(&name(38), 1, b""), 0), Outcome::Punt);
    let labels = [b"\x01a".repeat(119), wire("gtm.example.com")].concat();
    assert_eq!(labels.len(), 255);
    assert_eq!(ask(&world, &query(&labels, 1, b""), 0), wanted);
    let long_label = [&[64], [b'a'; 64].as_slice(), &wire("gtm.example.com")].concat();
    assert_eq!(ask(&world, &query(&long_label, 1, b""), 0), Outcome::Punt);
}

#[test]
fn malformed_options_are_for_the_reference_responder() {
    let world = snapshot();
    let client = subnet(1, 24, &[192, 0, 2]);
    let with_scope = [&client[..7], &[1], &client[8..]].concat();
    for options in [
        client.repeat(2),
        with_scope,
        subnet(1, 24, &[192, 0]),
        subnet(1, 24, &[192, 0, 2, 0]),
        subnet(1, 23, &[192, 0, 3]),
        subnet(1, 33, &[192, 0, 2, 0, 0]),
        subnet(3, 0, b""),
        subnet(0, 1, &[0x80]),
        b"\0\x08\0\x03\0\x01\0".to_vec(),
        b"\0\x08".to_vec(),
        b"\0\x0a\0\x09short".to_vec(),
    ] {
        let packet = query(
            &wire("first.gtm.example.com"),
            1,
            &opt(1232, false, &options),
        );
        assert_eq!(ask(&world, &packet, 0), Outcome::Punt, "{options:?}");
    }
    let mut packet = query(&wire("first.gtm.example.com"), 1, &opt(1232, false, b""));
    let version = packet.len() - 5;
    packet[version] = 1;
    assert_eq!(ask(&world, &packet, 0), Outcome::Punt);
}

#[test]
fn a_packet_looked_at_in_a_batch_is_answered_as_one_alone() {
    let world = snapshot();
    let good = good();
    let packets: Vec<&[u8]> = good.iter().map(Vec::as_slice).collect();
    let mut looked: Vec<_> = packets
        .iter()
        .map(|packet| look(&world, packet, somebody().sender))
        .collect();
    world.fetch(&packets, &mut looked);
    for (packet, looked) in packets.iter().zip(&looked) {
        let (mut one, mut other) = ([0; 1232], [0; 1232]);
        let alone = answer(&world, packet, &somebody(), &mut one);
        assert_eq!(
            finish(
                &world,
                packet,
                looked,
                &somebody(),
                &Granted::default(),
                &mut other
            ),
            alone
        );
        assert_eq!(one, other);
    }
}
