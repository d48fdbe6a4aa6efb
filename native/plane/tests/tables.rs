//! Look-ups agree with what is plainly right: an ordered map for names, a search from end to end
//! for areas.

mod made;

use std::collections::BTreeMap;

use gtm_plane::areas::{Client, PrefixTable, Starts};
use gtm_plane::draw::mix;
use gtm_plane::names::{Builder, Cut, Entry, Record, Referral, View, Zone};
use made::*;

/// A random name of up to four short labels below the zone, in lower case.
fn below(number: u64) -> String {
    let mut name = String::new();
    for level in 0..1 + mix(number) % 4 {
        let random = mix(number ^ (level + 1) << 40);
        let label = ["a", "b", "aa", "*", "long-label-number-one", "x-y"][(random % 6) as usize];
        name = format!("{label}.{name}");
    }
    format!("{name}gtm.example.com")
}

/// The same name in random case.
fn in_some_case(name: &str, number: u64) -> String {
    let flip = |(at, letter): (usize, char)| match mix(number) >> (at % 64) & 1 {
        0 => letter,
        _ => letter.to_ascii_uppercase(),
    };
    name.chars().enumerate().map(flip).collect()
}

#[derive(Clone, Copy, PartialEq)]
enum What {
    Node(u32),
    Cut(u32),
    Closed,
}

/// What RFC 1034 section 4.3.2 says to a name, or None for the reference responder.
fn plainly(names: &BTreeMap<String, What>, name: &str) -> Option<u32> {
    let above: Vec<&str> = (0..name.len())
        .filter(|at| *at == 0 || name.as_bytes()[at - 1] == b'.')
        .map(|at| &name[at..])
        .filter(|one| one.ends_with("gtm.example.com"))
        .collect();
    let cuts = above.iter().rev().filter_map(|one| match names.get(*one) {
        Some(What::Cut(tally)) => Some(*tally),
        _ => None,
    });
    if let Some(tally) = cuts.into_iter().next() {
        return Some(tally);
    }
    let (encloser, what) = above
        .iter()
        .find_map(|one| names.get(*one).map(|what| (*one, *what)))?;
    match what {
        What::Node(tally) if encloser == name => return Some(tally),
        What::Node(_) => {}
        _ => return None,
    }
    match names.get(&format!("*.{encloser}")) {
        Some(What::Node(tally)) => Some(*tally),
        Some(_) => None,
        None => Some(NONEXISTENT),
    }
}

#[test]
fn names_are_found_as_in_an_ordered_map() {
    for round in 0..40 {
        let mut names = BTreeMap::from([("gtm.example.com".to_owned(), What::Node(1000))]);
        for number in 0..40 {
            let random = mix(round << 20 | number);
            let what = match random % 8 {
                0 => What::Cut(2000 + number as u32),
                1 => What::Closed,
                _ => What::Node(1001 + number as u32),
            };
            names.entry(below(random)).or_insert(what);
        }
        // no zone has nodes below cuts, and none below what the reference responder answers
        let all = names.clone();
        names.retain(|name, what| {
            let above = all
                .iter()
                .filter(|(one, _)| name.ends_with(&format!(".{one}")));
            !matches!(what, What::Node(_))
                || above
                    .into_iter()
                    .all(|(_, what)| matches!(what, What::Node(_)))
        });
        let mut world = snapshot();
        let mut builder = Builder::new(Vec::new(), REFUSED);
        let zone = builder.zone(Zone {
            apex: wire("gtm.example.com").into(),
            soa: SOA.into(),
            nonexistent: NONEXISTENT,
            failed: FAILED,
            other: 0,
        });
        for (name, what) in &names {
            match *what {
                What::Node(tally) => {
                    let entries = vec![(1, Entry::Fixed(fixed(1, &[&[10, 0, 0, 1]], tally)))];
                    builder.node(&wire(name), zone, entries, Some(Entry::Denied { tally }));
                }
                What::Closed => builder.closed(&wire(name)),
                What::Cut(tally) => {
                    let server = Record {
                        owner: wire(name).into(),
                        rest: rest(2, &wire("ns.example.net")).into(),
                    };
                    let referral = Referral {
                        servers: vec![server],
                        glue: Vec::new(),
                        tally,
                    };
                    let cut = Cut {
                        zone,
                        referral,
                        proof: None,
                    };
                    builder.cut(&wire(name), cut, View::default(), None);
                }
            }
        }
        world.names = builder.finish().into();
        for number in 0..500 {
            let name = below(mix(number + (round << 32)));
            let asked = wire(&in_some_case(&name, number));
            for rrtype in [1, 15] {
                let packet = query(&asked, rrtype, b"");
                let outcome =
                    gtm_plane::answer::answer(&world, &packet, &somebody(), &mut [0; 512]);
                let tally = match outcome {
                    gtm_plane::answer::Outcome::Answer { tally, .. } => Some(tally),
                    _ => None,
                };
                assert_eq!(tally, plainly(&names, &name), "{name}");
            }
        }
    }
}

#[test]
fn a_name_with_an_address_takes_less_than_150_octets() {
    let mut builder = Builder::new(Vec::new(), REFUSED);
    let zone = builder.zone(Zone {
        apex: wire("gtm.example.com").into(),
        soa: SOA.into(),
        nonexistent: NONEXISTENT,
        failed: FAILED,
        other: 0,
    });
    const COUNT: u32 = 100_000;
    for number in 0..COUNT {
        let entries = vec![(1, Entry::Fixed(fixed(1, &[&number.to_be_bytes()], FIXED)))];
        let name = wire(&format!("host-{number}.gtm.example.com"));
        builder.node(&name, zone, entries, Some(Entry::Denied { tally: DENIED }));
    }
    let mut world = snapshot();
    world.names = builder.finish().into();
    assert!(world.names.memory() < 150 * COUNT as usize);
    for number in 0..COUNT {
        let name = wire(&format!("HOST-{number}.gtm.example.com"));
        let (message, tally) = said(&world, &query(&name, 1, b""), &somebody());
        assert!(tally == FIXED && message.ends_with(&number.to_be_bytes()));
    }
}

/// A table over the addresses at which prefixes begin; the first is 0.
fn table<T: Copy + Ord>(starts: &[T], top: impl Fn(T) -> u64) -> (Vec<u32>, Vec<u32>) {
    let values = (0..starts.len() as u32).collect();
    let first = (0..=65536_u64)
        .map(|wanted| starts.partition_point(|start| top(*start) < wanted).max(1) as u32)
        .collect();
    (values, first)
}

fn linear<T: Ord>(starts: &[T], address: T) -> Option<u32> {
    starts
        .iter()
        .rposition(|start| *start <= address)
        .map(|place| place as u32)
}

fn ordered<T: Ord + Default>(mut starts: Vec<T>) -> Vec<T> {
    starts.push(T::default());
    starts.sort_unstable();
    starts.dedup();
    starts
}

fn random128(number: u64) -> u128 {
    u128::from(mix(number)) << 64 | u128::from(mix(!number))
}

#[test]
fn areas_are_found_as_by_a_search_from_end_to_end() {
    let some = |salt: u64| (0..2000_u64).map(move |number| mix(number << 8 | salt));
    // a quarter of the addresses share their upper 16 bits, so that searches there are long
    let crowd = |number: u64| {
        if number.is_multiple_of(4) {
            number % 0x10000
        } else {
            number
        }
    };
    let v4 = ordered(some(1).map(|number| crowd(number) as u32).collect());
    let (values, first) = table(&v4, |start| u64::from(start >> 16));
    let starts = Starts::V4(v4.clone());
    let found4 = PrefixTable::of(starts, values, first);
    for address in some(2)
        .map(|number| crowd(number) as u32)
        .chain(v4.iter().copied())
    {
        assert_eq!(found4.find(Client::V4(address)), linear(&v4, address));
    }
    let v6 = ordered(some(3).collect());
    let (values, first) = table(&v6, |start| start >> 48);
    let starts = Starts::V6(v6.clone());
    let found6 = PrefixTable::of(starts, values, first);
    let whole = ordered(some(4).map(random128).collect());
    let (values, first) = table(&whole, |start| (start >> 112) as u64);
    let starts = Starts::V6Whole(whole.clone());
    let found_whole = PrefixTable::of(starts, values, first);
    for address in some(5).map(random128).chain(whole.iter().copied()) {
        let client = Client::V6(address);
        assert_eq!(found6.find(client), linear(&v6, (address >> 64) as u64));
        assert_eq!(found_whole.find(client), linear(&whole, address));
        assert_eq!(found4.find(client), None);
    }
}
