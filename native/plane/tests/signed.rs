//! What those get that want signatures, of a signed zone and of others, octet for octet.

mod made;

use gtm_plane::answer::{Circumstances, answer};
use made::signed::{nsec, signature};
use made::*;

const NOERROR: [u8; 2] = [0x85, 0x10];
const NXDOMAIN: [u8; 2] = [0x85, 0x13];
const REFERRAL: [u8; 2] = [0x81, 0x10];
/// Our OPT record, with DO.
const OPT: &[u8] = &[0, 0, 41, 4, 208, 0, 0, 0x80, 0, 0, 0];

/// Asked with DO; tells flags, the counts of the sections, what is in them, and the counter.
fn ask(name: &str, rrtype: u16) -> ([u8; 2], [u8; 3], Vec<u8>, u32) {
    ask_by(name, rrtype, &opt(4096, true, b""), &somebody())
}

fn ask_by(
    name: &str,
    rrtype: u16,
    opt: &[u8],
    by: &Circumstances,
) -> ([u8; 2], [u8; 3], Vec<u8>, u32) {
    let packet = query(&wire(name), rrtype, opt);
    let (message, tally) = said(&snapshot(), &packet, by);
    let behind = message[12 + wire(name).len() + 4..].to_vec();
    let end = behind.strip_suffix(OPT).map(<[u8]>::to_vec);
    let flags = [message[2], message[3]];
    (
        flags,
        [message[7], message[9], message[11]],
        end.unwrap_or(behind),
        tally,
    )
}

/// Records owned by what is at a place of the question, or by a name that ends there.
fn owned(front: &str, place: usize, records: &[Vec<u8>]) -> Vec<u8> {
    let mut owner = wire(front);
    owner.pop();
    owner.extend([0xC0, place as u8]);
    records
        .iter()
        .flat_map(|rest| [&owner[..], rest].concat())
        .collect()
}

fn soa(place: usize) -> Vec<u8> {
    owned("", place, &[SOA.to_vec(), signature("soa")])
}

fn proof(front: &str, place: usize, owner: &str) -> Vec<u8> {
    owned(front, place, &[nsec(owner), signature(owner)])
}

fn addresses(data: [u8; 4]) -> Vec<u8> {
    [records(1, &[&data]), owned("", 12, &[signature("it")])].concat()
}

#[test]
fn a_name_gets_its_records_with_their_signatures_if_it_wants_them() {
    let signed = addresses([192, 0, 2, 99]);
    assert_eq!(
        ask("WWW.s.example.com", 1),
        (NOERROR, [2, 0, 1], signed, FIXED)
    );
    let plain = records(1, &[&[192, 0, 2, 99]]);
    let found = ask_by("www.s.example.com", 1, b"", &somebody());
    assert_eq!(found, (NOERROR, [1, 0, 0], plain.clone(), FIXED));
    assert_eq!(
        ask("www.gtm.example.com", 1),
        (NOERROR, [1, 0, 1], plain, FIXED)
    );
}

#[test]
fn a_steered_name_gets_the_signed_answer_of_its_region() {
    let by = |last: u8| Circumstances {
        sender: [10, 0, 0, last].into(),
        ..somebody()
    };
    let wanted = (NOERROR, [2, 0, 1], addresses([10, 0, 0, 9]), US);
    let want = opt(4096, true, b"");
    assert_eq!(ask_by("steered.s.example.com", 1, &want, &by(1)), wanted);
    let denied = [soa(12 + 8), proof("", 12, "lacking")].concat();
    let found = ask("steered.s.example.com", 1); // somebody's region has no address
    assert_eq!(found, (NOERROR, [0, 4, 1], denied, DENIED));
    let plain = records(1, &[&[10, 0, 0, 9]]);
    let found = ask_by("steered.s.example.com", 1, b"", &by(1));
    assert_eq!(found, (NOERROR, [1, 0, 0], plain, US));
}

#[test]
fn a_type_that_is_not_there_is_denied_by_the_names_own_record() {
    let denied = [soa(12 + 4), proof("", 12, "www.s.example.com")].concat();
    assert_eq!(
        ask("www.s.example.com", 15),
        (NOERROR, [0, 4, 1], denied, DENIED)
    );
    let between = [soa(12 + 5), proof("sub", 12 + 5, "sub.s.example.com")].concat();
    assert_eq!(
        ask("wild.s.example.com", 1),
        (NOERROR, [0, 4, 1], between, DENIED)
    );
    let plain = owned("", 12 + 4, &[SOA.to_vec()]);
    assert_eq!(
        ask("www.gtm.example.com", 15),
        (NOERROR, [0, 1, 1], plain, DENIED)
    );
}

#[test]
fn a_name_that_is_not_there_is_denied_with_its_wildcard() {
    let both = [
        soa(12 + 4),
        proof("bare", 12 + 4, "bare.s.example.com"),
        proof("", 12 + 4, "s.example.com"),
    ];
    let wanted = (NXDOMAIN, [0, 6, 1], both.concat(), NONEXISTENT);
    assert_eq!(ask("no1.s.example.com", 1), wanted);
    let one = [soa(12 + 8), proof("", 12 + 4, "www.s.example.com")];
    let wanted = (NXDOMAIN, [0, 4, 1], one.concat(), NONEXISTENT);
    assert_eq!(ask("abc.www.s.example.com", 43), wanted);
}

#[test]
fn what_a_wildcard_stands_in_for_is_told_not_to_be_there() {
    let cover = proof("*", 12 + 4, "*.wild.s.example.com");
    let answered = [addresses([192, 0, 2, 99]), cover].concat();
    assert_eq!(
        ask("one.wild.s.example.com", 1),
        (NOERROR, [2, 2, 1], answered, FIXED)
    );
    let denied = [soa(12 + 9), proof("*", 12 + 4, "*.wild.s.example.com")].concat();
    assert_eq!(
        ask("one.wild.s.example.com", 15),
        (NOERROR, [0, 4, 1], denied, DENIED)
    );
    let below = [
        soa(12 + 9),
        proof("*", 12 + 4, "*.wild.s.example.com"),
        proof("sub", 12 + 9, "sub.s.example.com"),
    ];
    let found = ask("!2!.wild.s.example.com", 15); // before the wildcard
    assert_eq!(found, (NOERROR, [0, 6, 1], below.concat(), DENIED));
}

#[test]
fn a_delegation_is_told_to_be_signed_or_not() {
    let server = |place: usize| owned("", place, &[rest(2, &wire("ns.sub.s.example.com"))]);
    let glue = owned("ns", 12 + 2, &[rest(1, &[192, 0, 2, 1])]);
    let ds = owned("", 12 + 2, &[rest(43, b"digest"), signature("ds")]);
    let signed = [server(12 + 2), ds, glue].concat();
    assert_eq!(
        ask("a.sub.s.example.com", 1),
        (REFERRAL, [0, 3, 2], signed, REFERRED)
    );
    let found = ask("bare.s.example.com", 1);
    let none = proof("", 12, "bare.s.example.com");
    assert_eq!((found.0, found.1, found.3), (REFERRAL, [0, 3, 2], REFERRED));
    assert!(found.2.windows(none.len()).any(|window| window == none));
    let found = ask("ns.sub.s.example.com", 43); // below the cut
    assert_eq!((found.0, found.1, found.3), (REFERRAL, [0, 3, 2], REFERRED));
}

#[test]
fn a_delegations_ds_is_answered_by_the_zone_that_delegates() {
    let ds = [records(43, &[b"digest"]), owned("", 12, &[signature("it")])].concat();
    assert_eq!(
        ask("sub.s.example.com", 43),
        (NOERROR, [2, 0, 1], ds, REFERRED)
    );
    let none = [soa(12 + 5), proof("", 12, "bare.s.example.com")].concat();
    assert_eq!(
        ask("bare.s.example.com", 43),
        (NOERROR, [0, 4, 1], none, REFERRED)
    );
    let plain = owned("", 12 + 4, &[SOA.to_vec()]);
    let found = ask_by("sub.gtm.example.com", 43, b"", &somebody());
    assert_eq!(found, (NOERROR, [0, 1, 0], plain, REFERRED));
}

#[test]
fn the_record_that_denies_is_answered_if_it_is_asked_for() {
    let signed = proof("", 12, "www.s.example.com");
    assert_eq!(
        ask("www.s.example.com", 47),
        (NOERROR, [2, 0, 1], signed, DENIED)
    );
    let alone = owned("", 12, &[nsec("www.s.example.com")]);
    let found = ask_by("www.s.example.com", 47, b"", &somebody());
    assert_eq!(found, (NOERROR, [1, 0, 0], alone, DENIED));
    let own = "*.wild.s.example.com";
    let wild = [
        owned("", 12, &[nsec(own), signature(own)]),
        proof("*", 12 + 4, own),
    ];
    let found = ask("one.wild.s.example.com", 47);
    assert_eq!(found, (NOERROR, [2, 2, 1], wild.concat(), DENIED));
    let between = [soa(12 + 5), proof("sub", 12 + 5, "sub.s.example.com")].concat();
    assert_eq!(
        ask("wild.s.example.com", 47),
        (NOERROR, [0, 4, 1], between, DENIED)
    );
}

#[test]
fn proofs_that_do_not_fit_are_not_sent_in_part() {
    let whole = ask("no1.s.example.com", 1);
    assert!(whole.2.len() > 512);
    let packet = query(&wire("no1.s.example.com"), 1, &opt(512, true, b""));
    let (message, _) = said(&snapshot(), &packet, &somebody());
    assert_eq!((message[2], message[7], message[9]), (0x87, 0, 0));
    assert_eq!(message.len(), packet.len());
}

#[test]
fn what_is_rare_in_a_signed_zone_is_answered_too() {
    let both = addresses([192, 0, 2, 99]);
    let all = (NOERROR, [2, 0, 1], both, DENIED);
    assert_eq!(ask("www.s.example.com", 255), all);
    let one = owned("", 12, &[signature("it")]);
    let all = (NOERROR, [1, 0, 1], one, DENIED);
    assert_eq!(ask("www.s.example.com", 46), all);
    let none = [soa(12), proof("", 12, "s.example.com")].concat();
    let all = (NOERROR, [0, 4, 1], none, DENIED);
    assert_eq!(ask("s.example.com", 43), all);
}

#[test]
fn what_is_looked_up_ahead_changes_no_answer() {
    let world = snapshot();
    for name in [
        "www", "steered", "no1", "one.wild", "a.sub", "bare", "wild", "WWW",
    ] {
        for (rrtype, wants) in [(1, true), (15, true), (43, true), (47, true), (1, false)] {
            let packet = query(
                &wire(&format!("{name}.s.example.com")),
                rrtype,
                &opt(4096, wants, b""),
            );
            let by = somebody();
            let mut looked = gtm_plane::answer::look(&world, &packet, by.sender);
            looked.reach(&world);
            looked.gather(&world, &packet);
            looked.approach(&world);
            looked.search(&world);
            looked.settle(&world);
            let (mut one, mut other) = ([0; 1232], [0; 1232]);
            let none = gtm_plane::conduct::Granted::default();
            let ahead = gtm_plane::answer::finish(&world, &packet, &looked, &by, &none, &mut one);
            assert_eq!(ahead, answer(&world, &packet, &by, &mut other));
            assert_eq!(one, other);
        }
    }
}
