//! What is said to each kind of question, octet for octet.

mod made;

use gtm_plane::answer::{Circumstances, Outcome, answer};
use made::*;

/// A response: flags, counts, question as asked, and what follows it.
fn response(flags: [u8; 2], counts: [u8; 3], asked: &[u8], behind: &[&[u8]]) -> Vec<u8> {
    let [answers, authority, additional] = counts;
    let head = [
        0xAB, 0xCD, flags[0], flags[1], 0, 1, 0, answers, 0, authority, 0, additional,
    ];
    [&head, asked, &behind.concat()].concat()
}

fn asked(name: &[u8], rrtype: u16) -> Vec<u8> {
    query(name, rrtype, b"")[12..].to_vec()
}

fn check(name: &str, rrtype: u16, flags: [u8; 2], counts: [u8; 3], behind: &[u8], tally: u32) {
    let name = wire(name);
    let got = said(&snapshot(), &query(&name, rrtype, b""), &somebody());
    let wanted = response(flags, counts, &asked(&name, rrtype), &[behind]);
    assert_eq!((got.0, got.1), (wanted, tally));
}

fn outcome(name: &str, rrtype: u16) -> Outcome {
    let packet = query(&wire(name), rrtype, b"");
    answer(&snapshot(), &packet, &somebody(), &mut [0; 1232])
}

fn denial(pointer: u8) -> Vec<u8> {
    [&[0xC0, pointer], SOA].concat()
}

#[test]
fn a_fixed_name_gets_its_records_in_the_case_as_asked() {
    let behind = records(1, &[&[192, 0, 2, 99]]);
    check(
        "wWw.GTM.exAmple.com",
        1,
        [0x85, 0x10],
        [1, 0, 0],
        &behind,
        FIXED,
    );
    check(
        "www.gtm.example.com",
        257,
        [0x85, 0x10],
        [1, 0, 0],
        &behind,
        FIXED,
    );
}

#[test]
fn a_type_that_is_not_there_is_denied_with_the_zones_soa() {
    check(
        "www.gtm.example.com",
        15,
        [0x85, 0x10],
        [0, 1, 0],
        &denial(16),
        DENIED,
    );
    check(
        "gtm.example.com",
        15,
        [0x85, 0x10],
        [0, 1, 0],
        &denial(12),
        DENIED,
    );
}

#[test]
fn a_name_that_does_not_exist_is_denied() {
    check(
        "a.nope.gtm.example.com",
        1,
        [0x85, 0x13],
        [0, 1, 0],
        &denial(19),
        NONEXISTENT,
    );
    check(
        "x.www.gtm.example.com",
        1,
        [0x85, 0x13],
        [0, 1, 0],
        &denial(18),
        NONEXISTENT,
    );
}

#[test]
fn the_wildcard_of_the_closest_encloser_stands_in() {
    let behind = records(1, &[&[192, 0, 2, 99]]);
    check(
        "x.y.dev.gtm.example.com",
        1,
        [0x85, 0x10],
        [1, 0, 0],
        &behind,
        FIXED,
    );
    check(
        "x.DEV.gtm.example.com",
        15,
        [0x85, 0x10],
        [0, 1, 0],
        &denial(18),
        DENIED,
    );
    check(
        "x.*.dev.gtm.example.com",
        1,
        [0x85, 0x13],
        [0, 1, 0],
        &denial(20),
        NONEXISTENT,
    );
}

#[test]
fn at_and_below_a_cut_there_are_referrals_compressed_against_the_question() {
    let server = |owner: &[u8], target: &str| [owner, &rest(2, &wire(target))].concat();
    let glue = |owner: &[u8], last| [owner, &rest(1, &[192, 0, 2, last])].concat();
    let at = [
        server(b"\xc0\x0c", "ns.sub.gtm.example.com"),
        server(b"\xc0\x0c", "ns1.gtm.example.com"),
        glue(b"\x02ns\xc0\x0c", 1),
        glue(b"\x03ns1\xc0\x10", 2),
    ];
    check(
        "SUB.gtm.example.com",
        1,
        [0x81, 0x10],
        [0, 2, 2],
        &at.concat(),
        REFERRED,
    );
    let below = [
        server(b"\xc0\x0f", "ns.sub.gtm.example.com"),
        server(b"\xc0\x0f", "ns1.gtm.example.com"),
        glue(b"\xc0\x0c", 1),
        glue(b"\x03ns1\xc0\x13", 2),
    ];
    check(
        "nS.sub.gtm.example.com",
        1,
        [0x81, 0x10],
        [0, 2, 2],
        &below.concat(),
        REFERRED,
    );
}

#[test]
fn names_of_no_zone_are_refused_without_a_client_subnet() {
    check("example.com", 1, [0x81, 0x15], [0, 0, 0], b"", REFUSED);
    let name = wire("example.org");
    let packet = query(&name, 1, &opt(4096, true, &subnet(1, 24, &[192, 0, 2])));
    let wanted = response(
        [0x81, 0x15],
        [0, 0, 1],
        &asked(&name, 1),
        &[&opt(1232, true, &[0, 15, 0, 2, 0, 20])], // Not Authoritative (RFC 8914 section 4.21)
    );
    assert_eq!(said(&snapshot(), &packet, &somebody()).0, wanted);
}

#[test]
fn a_steered_name_gets_its_areas_region_from_any_record_on() {
    let name = wire("first.gtm.example.com");
    for (random, order) in [(0, [1, 2, 3]), (0x5556, [2, 3, 1]), (0xFFFF, [3, 1, 2])] {
        let by = Circumstances {
            random,
            ..somebody()
        };
        let data = order.map(|last| [10, 1, 0, last]);
        let data: Vec<&[u8]> = data.iter().map(|data| data.as_slice()).collect();
        let wanted = response(
            [0x85, 0x10],
            [3, 0, 0],
            &asked(&name, 1),
            &[&records(1, &data)],
        );
        let got = said(&snapshot(), &query(&name, 1, b""), &by);
        assert_eq!(got, (wanted, EU));
    }
}

#[test]
fn a_region_without_the_type_gives_nodata() {
    check(
        "first.gtm.example.com",
        28,
        [0x85, 0x10],
        [0, 1, 0],
        &denial(18),
        DENIED,
    );
}

#[test]
fn the_client_subnet_decides_and_gets_its_scope() {
    let name = wire("first.gtm.example.com");
    let ask = |options: &[u8], scope: u8, tally: u32| {
        let (message, counted) = said(
            &snapshot(),
            &query(&name, 1, &opt(4096, false, options)),
            &{
                let sender = [192, 0, 2, 1].into();
                Circumstances {
                    sender,
                    ..somebody()
                }
            },
        );
        let mut expected = options.to_vec();
        expected[7] = scope;
        assert_eq!(counted, tally);
        assert!(message.ends_with(&opt(1232, false, &expected)));
    };
    ask(&subnet(1, 24, &[198, 51, 100]), 8, US);
    ask(&subnet(1, 25, &[192, 0, 2, 0]), 26, EU); // decisions there go by networks of 26 bits
    ask(&subnet(2, 7, &[0x20]), 7, US);
    ask(&subnet(1, 0, b""), 0, EU); // the sender's
    ask(&subnet(0, 0, b""), 0, EU);
}

#[test]
fn other_options_are_ignored_beside_a_client_subnet() {
    let name = wire("first.gtm.example.com");
    let client = subnet(1, 24, &[198, 51, 100]);
    let cookie = b"\0\x0a\0\x0812345678";
    for options in [
        [client.as_slice(), cookie].concat(),
        [cookie.as_slice(), &client].concat(),
    ] {
        let (message, tally) = said(
            &snapshot(),
            &query(&name, 1, &opt(4096, true, &options)),
            &somebody(),
        );
        let mut expected = client.clone();
        expected[7] = 8;
        assert_eq!(tally, US);
        assert!(message.ends_with(&opt(1232, true, &expected)));
    }
}

#[test]
fn several_regions_are_joined_and_an_alias_comes_alone() {
    let name = wire("joined.gtm.example.com");
    let elsewhere = Circumstances {
        sender: [198, 51, 100, 1].into(),
        ..somebody()
    };
    let both: [&[u8]; 5] = [
        &[10, 0, 0, 1],
        &[10, 0, 0, 2],
        &[10, 1, 0, 1],
        &[10, 1, 0, 2],
        &[10, 1, 0, 3],
    ];
    let wanted = response(
        [0x85, 0x10],
        [5, 0, 0],
        &asked(&name, 1),
        &[&records(1, &both)],
    );
    assert_eq!(
        said(&snapshot(), &query(&name, 1, b""), &elsewhere),
        (wanted, US)
    );
    let alias = records(5, &[&wire("cdn.example.net")]);
    let wanted = response([0x85, 0x10], [1, 0, 0], &asked(&name, 1), &[&alias]);
    assert_eq!(
        said(&snapshot(), &query(&name, 1, b""), &somebody()),
        (wanted, ALIAS)
    );
    let second = Circumstances {
        random: 0x8000_0000,
        ..somebody()
    };
    let tail = opt(512, false, b"");
    let said_then = opt(1232, false, FALLBACK);
    let wanted = response(
        [0x85, 0x10],
        [0, 1, 1],
        &asked(&name, 1),
        &[&denial(19), &said_then],
    );
    assert_eq!(
        said(&snapshot(), &query(&name, 1, &tail), &second),
        (wanted, DENIED)
    );
}

#[test]
fn a_plan_without_width_fails_and_says_why() {
    let name = wire("failing.gtm.example.com");
    let elsewhere = Circumstances {
        sender: [198, 51, 100, 1].into(),
        ..somebody()
    };
    let tail = opt(512, false, b"");
    let end = opt(1232, false, FALLBACK);
    let wanted = response([0x81, 0x12], [0, 0, 1], &asked(&name, 1), &[&end]);
    assert_eq!(
        said(&snapshot(), &query(&name, 1, &tail), &elsewhere),
        (wanted, FAILED)
    );
    let wanted = response([0x81, 0x12], [0, 0, 0], &asked(&name, 1), &[]);
    assert_eq!(
        said(&snapshot(), &query(&name, 1, b""), &elsewhere),
        (wanted, FAILED)
    );
}

#[test]
fn what_does_not_fit_is_truncated_by_what_the_client_takes() {
    let name = wire("www.gtm.example.com");
    let by = |udp| Circumstances { udp, ..somebody() };
    let ask = |tail: &[u8], udp| said(&snapshot(), &query(&name, 16, tail), &by(udp));
    let cut = response([0x87, 0x10], [0, 0, 0], &asked(&name, 16), &[]);
    assert_eq!(ask(b"", true), (cut, FIXED));
    let end = opt(1232, false, b"");
    let cut = response([0x87, 0x10], [0, 0, 1], &asked(&name, 16), &[&end]);
    assert_eq!(ask(&opt(4096, false, b""), true), (cut, FIXED));
    assert_eq!(ask(b"", false).0.len(), 12 + 25 + 5 * (12 + 256));
    let packet = query(&name, 16, b"");
    let small = answer(&snapshot(), &packet, &by(true), &mut [0; 30]);
    assert_eq!(small, Outcome::Punt);
}

#[test]
fn what_is_not_ordinary_is_for_the_reference_responder() {
    for (name, rrtype) in [
        ("www.gtm.example.com", 41),
        ("www.gtm.example.com", 249),
        ("www.gtm.example.com", 252),
        ("none.gtm.example.com", 254),
        ("sub.gtm.example.com", 250),
        ("to-shut.gtm.example.com", 1),
        ("shut.gtm.example.com", 1),
        ("below.shut.gtm.example.com", 1),
    ] {
        assert_eq!(outcome(name, rrtype), Outcome::Punt, "{name} {rrtype}");
    }
    assert_eq!(
        answer(&snapshot(), b"short", &somebody(), &mut []),
        Outcome::Silence
    );
    let mut packet = query(&wire("www.gtm.example.com"), 1, b"");
    packet[2] |= 0x80;
    assert_eq!(
        answer(&snapshot(), &packet, &somebody(), &mut [0; 512]),
        Outcome::Silence
    );
}

#[test]
fn answers_are_counted_by_area() {
    let world = snapshot();
    let packet = query(&wire("joined.gtm.example.com"), 1, b"");
    said(&world, &packet, &somebody());
    let asked = world.names.areas[0].asked.as_ref().map(|asked| {
        asked
            .iter()
            .map(|count| count.load(std::sync::atomic::Ordering::Relaxed))
            .collect::<Vec<_>>()
    });
    assert_eq!(asked, Some(vec![0, 1, 0]));
}
