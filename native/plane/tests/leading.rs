//! Where CNAMEs lead inside a zone, and what ANY and RRSIG are told, octet for octet.

#![allow(clippy::panic, reason = "a test fails loudly")]

mod made;

use gtm_plane::answer::{Circumstances, Outcome, answer};
use made::signed::{nsec, signature};
use made::*;

const DO: u16 = 4096;

/// Flags behind QR and their like, section counts, all that follows the question, and the counter.
fn ask(name: &str, rrtype: u16, tail: &[u8]) -> (u8, [u8; 3], Vec<u8>, u32) {
    let packet = query(&wire(name), rrtype, tail);
    let by = Circumstances {
        udp: false,
        ..somebody()
    };
    let (message, tally) = said(&snapshot(), &packet, &by);
    let behind = message[12 + wire(name).len() + 4..].to_vec();
    let counts = [message[7], message[9], message[11]];
    (message[3] & 15 | message[2] & 4, counts, behind, tally)
}

/// A record owned by labels before what is at a place of the question.
fn owned(front: &str, place: usize, rest: Vec<u8>) -> Vec<u8> {
    let mut owner = wire(front);
    owner.pop();
    owner.extend([0xC0, place as u8]);
    [owner, rest].concat()
}

fn alias(front: &str, place: usize, target: &str) -> Vec<u8> {
    owned(front, place, rest(5, &wire(target)))
}

const AA: u8 = 4;

#[test]
fn an_answer_goes_on_at_each_name_that_a_cname_leads_to() {
    let found = ask("again.gtm.example.com", 1, b"");
    let all = [
        alias("", 12, "chain.gtm.example.com"),
        alias("chain", 18, "WWW.gtm.example.com"),
        owned("www", 18, rest(1, &[192, 0, 2, 99])),
    ];
    assert_eq!(found, (AA, [3, 0, 0], all.concat(), FIXED));
}

#[test]
fn a_cname_asked_for_is_all_that_is_given() {
    let found = ask("chain.gtm.example.com", 5, b"");
    let all = alias("", 12, "WWW.gtm.example.com");
    assert_eq!(found, (AA, [1, 0, 0], all.clone(), DENIED));
    let found = ask("chain.gtm.example.com", 255, b"");
    assert_eq!(found, (AA, [1, 0, 0], all, DENIED));
}

#[test]
fn a_cname_to_a_service_is_steered_with_its_scope() {
    let client = opt(DO, false, &subnet(1, 25, &[192, 0, 2, 0]));
    let (flags, counts, behind, tally) = ask("to-service.gtm.example.com", 1, &client);
    assert_eq!((flags, counts, tally), (AA, [4, 0, 1], EU));
    let front = alias("", 12, "first.gtm.example.com");
    let next = owned("first", 23, rest(1, &[10, 1, 0, 1]));
    assert!(behind.starts_with(&[front, next].concat()));
    assert!(behind.ends_with(&[0, 1, 25, 26, 192, 0, 2, 0]));
}

#[test]
fn what_is_denied_or_delegated_at_the_end_says_so_behind_the_cname() {
    let soa = || owned("", 23, SOA.to_vec());
    let front = alias("", 12, "a.nothing.gtm.example.com");
    let found = ask("to-nothing.gtm.example.com", 1, b"");
    let all = [front, soa()].concat();
    assert_eq!(found, (AA | 3, [1, 1, 0], all, NONEXISTENT));
    let found = ask("to-service.gtm.example.com", 15, b"");
    let all = [alias("", 12, "first.gtm.example.com"), soa()].concat();
    assert_eq!(found, (AA, [1, 1, 0], all, DENIED));
    let (flags, counts, behind, tally) = ask("to-cut.gtm.example.com", 1, b"");
    assert_eq!((flags, counts, tally), (AA, [1, 2, 2], REFERRED));
    assert!(behind.starts_with(&alias("", 12, "x.sub.gtm.example.com")));
}

#[test]
fn a_circle_is_left_where_it_closes_and_a_long_chain_after_nine_names() {
    let found = ask("here.gtm.example.com", 1, b"");
    let all = [
        alias("", 12, "there.gtm.example.com"),
        alias("there", 17, "here.gtm.example.com"),
    ];
    assert_eq!(found, (AA, [2, 0, 0], all.concat(), DENIED));
    let (flags, counts, _, tally) = ask("l0.gtm.example.com", 1, b"");
    assert_eq!((flags, counts, tally), (AA, [9, 0, 0], DENIED));
    let (flags, counts, _, _) = ask("l4.gtm.example.com", 1, b"");
    assert_eq!((flags, counts), (AA | 3, [8, 1, 0]));
}

#[test]
fn a_regions_host_name_leads_on_and_is_what_is_counted() {
    let (flags, counts, behind, tally) = ask("inner.gtm.example.com", 1, b"");
    assert_eq!((flags, counts, tally), (AA, [3, 0, 0], ALIAS));
    assert!(behind.starts_with(&alias("", 12, "chain.gtm.example.com")));
    let (_, counts, _, tally) = ask("inner.gtm.example.com", 15, b"");
    assert_eq!((counts, tally), ([2, 1, 0], ALIAS));
    let (_, counts, _, _) = ask("inner.gtm.example.com", 5, b"");
    assert_eq!(counts, [1, 0, 0]);
}

#[test]
fn proofs_of_all_wildcards_of_a_chain_stand_behind_the_answers_each_once() {
    let found = ask("alias.s.example.com", 1, &opt(DO, true, b""));
    let signed = |records: [Vec<u8>; 2]| records.concat();
    let it = || signature("it");
    let proof = |front: &str, owner: &str, place| {
        signed([
            owned(front, place, nsec(owner)),
            owned(front, place, signature(owner)),
        ])
    };
    let all = [
        signed([alias("", 12, "a.alias.s.example.com"), owned("", 12, it())]),
        signed([alias("a", 12, "a.wild.s.example.com"), owned("a", 12, it())]),
        signed([
            owned("a.wild", 18, rest(1, &[192, 0, 2, 99])),
            owned("a.wild", 18, it()),
        ]),
        proof("*", "*.alias.s.example.com", 12),
        proof("*.wild", "*.wild.s.example.com", 18),
        opt(1232, true, b""),
    ];
    assert_eq!(found, (AA, [6, 4, 1], all.concat(), FIXED));
}

#[test]
fn any_is_told_one_rrset_and_rrsig_the_signatures_of_that() {
    let found = ask("www.s.example.com", 255, b"");
    let all = records(1, &[&[192, 0, 2, 99]]);
    assert_eq!(found, (AA, [1, 0, 0], all, DENIED));
    let found = ask("www.s.example.com", 46, b"");
    let all = owned("", 12, signature("it"));
    assert_eq!(found, (AA, [1, 0, 0], all.clone(), DENIED));
    let found = ask("steered.s.example.com", 46, b"");
    let (_, counts, _, _) = found;
    assert_eq!(counts, [0, 1, 0], "the client's region has nothing");
    let (_, counts, _, tally) = ask("first.gtm.example.com", 255, b"");
    assert_eq!((counts, tally), ([3, 0, 0], EU));
    let (_, counts, _, _) = ask("sub.gtm.example.com", 255, b"");
    assert_eq!(counts, [0, 2, 2]);
}

#[test]
fn the_root_and_types_of_later_date_are_answered() {
    let (flags, counts, _, tally) = ask("", 2, b"");
    assert_eq!((flags, counts, tally), (5, [0, 0, 0], REFUSED));
    for rrtype in [43, 128, 258, 65535] {
        let (flags, counts, _, _) = ask("gtm.example.com", rrtype, b"");
        assert_eq!((flags, counts), (AA, [0, 1, 0]), "{rrtype}");
    }
}

#[test]
fn a_chain_that_does_not_fit_is_truncated() {
    let packet = query(&wire("l0.gtm.example.com"), 1, b"");
    let mut out = [0; 1232];
    let said = answer(&snapshot(), &packet, &somebody(), &mut out);
    assert!(matches!(said, Outcome::Answer { .. }));
    let packet = query(&wire("alias.s.example.com"), 1, &opt(512, true, b""));
    let Outcome::Answer { length, .. } = answer(&snapshot(), &packet, &somebody(), &mut out) else {
        panic!("no answer");
    };
    assert_eq!(out[2] & 2, 2);
    assert_eq!(length, packet.len());
}
