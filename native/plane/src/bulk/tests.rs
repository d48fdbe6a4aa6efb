//! What is read of a name is kept, found again, and judged.

use super::*;

const APEX: &[u8] = b"\x01z\0";

fn filled(rows: &[(&[u8], u16, u32, &[u8])]) -> Bulk {
    let mut bulk = Bulk::default();
    for (line, (name, kind, ttl, data)) in rows.iter().enumerate() {
        assert!(bulk.add(name, *kind, *ttl, line as u32 + 1, data));
    }
    bulk
}

#[test]
fn records_of_a_type_are_one_set_with_the_least_ttl() {
    let name: &[u8] = b"\x01a\x01z\0";
    let rows: [(&[u8], u16, u32, &[u8]); 3] = [
        (name, TXT, 9, b"\x01x"),
        (name, A, 60, b"1111"),
        (name, A, 30, b"2222"),
    ];
    let bulk = filled(&rows);
    let sets = bulk.sets(name).unwrap_or_default();
    let found: Vec<_> = sets
        .iter()
        .map(|set| (set.kind, set.ttl, set.data.len()))
        .collect();
    assert_eq!(found, [(A, 30, 2), (TXT, 9, 1)]);
    assert_eq!((bulk.len(), bulk.records()), (1, 3));
}

#[test]
fn what_is_taken_is_gone_and_may_come_again() {
    let name: &[u8] = b"\x01a\x01z\0";
    let mut bulk = filled(&[(name, A, 60, b"1111")]);
    assert_eq!(bulk.take(name).len(), 1);
    assert!(!bulk.stands(name) && bulk.sets(name).is_none());
    assert!(bulk.add(name, A, 60, 2, b"2222"));
    assert_eq!(bulk.take(name).first().map(|record| record.line), Some(2));
    assert!(bulk.take(b"\x01b\x01z\0").is_empty());
}

#[test]
fn names_between_stand_without_records() {
    let mut bulk = filled(&[(b"\x01a\x01b\x01c\x01z\0", A, 60, b"1111")]);
    bulk.settle(APEX);
    assert_eq!(bulk.sets(b"\x01c\x01z\0"), Some(Vec::new()));
    assert!(bulk.stands(b"\x01b\x01c\x01z\0") && !bulk.stands(APEX));
    assert_eq!((bulk.len(), bulk.records()), (3, 1));
}

#[test]
fn odd_are_aliases_and_what_is_written_twice() {
    let rows: [(&[u8], u16, u32, &[u8]); 5] = [
        (b"\x01a\x01z\0", A, 60, b"1111"),
        (b"\x01b\x01z\0", A, 60, b"1111"),
        (b"\x01b\x01z\0", TXT, 60, b"1111"),
        (b"\x01b\x01z\0", A, 30, b"1111"),
        (b"\x01c\x01z\0", CNAME, 60, APEX),
    ];
    assert_eq!(filled(&rows).odd(), [b"\x01b\x01z\0", b"\x01c\x01z\0"]);
}

#[test]
fn thousands_of_names_are_found_again() {
    let mut bulk = Bulk::default();
    let name = |number: u32| [&[4], &number.to_be_bytes()[..], APEX].concat();
    for number in 0..5000 {
        assert!(bulk.add(&name(number), A, 60, 1, b"1111"));
    }
    assert!((0..5000).all(|number| bulk.stands(&name(number))));
    assert!(!bulk.stands(&name(5000)));
    assert_eq!(bulk.within(APEX).len(), 5000);
}
