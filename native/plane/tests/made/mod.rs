//! A small world to ask questions of: one zone with a bit of everything.
#![allow(
    dead_code,
    clippy::panic,
    reason = "each test file uses a part of it, and fails loudly"
)]

pub mod signed;

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use gtm_plane::answer::{Circumstances, Outcome, answer};
use gtm_plane::areas::{AreaTable, PrefixTable, Starts};
use gtm_plane::names::{Builder, Cut, Entry, Names, Record, Referral, Steered, View, Zone};
use gtm_plane::plans::{NOBODY, Pick, Plan, Plans, Rendered};
use gtm_plane::row::Row;
use gtm_plane::snapshot::Snapshot;

/// Counters.
pub const REFUSED: u32 = 1;
pub const NONEXISTENT: u32 = 2;
pub const FAILED: u32 = 3;
pub const DENIED: u32 = 4;
pub const FIXED: u32 = 5;
pub const REFERRED: u32 = 6;
pub const US: u32 = 7;
pub const EU: u32 = 8;
pub const ALIAS: u32 = 9;

/// An Extended DNS Error option, whole.
pub const FALLBACK: &[u8] = b"\0\x0f\0\x06\0\0down";
/// The SOA of negative answers, from its type on.
pub const SOA: &[u8] =
    b"\0\x06\0\x01\0\0\0\x3c\0\x16\0\0\0\0\0\x01\0\0\0\x02\0\0\0\x03\0\0\0\x04\0\0\0\x3c";

/// Names whose CNAMEs lead on, and where to.
pub const LEADING: [(&str, &str); 9] = [
    ("chain.gtm.example.com", "WWW.gtm.example.com"),
    ("again.gtm.example.com", "chain.gtm.example.com"),
    ("to-service.gtm.example.com", "first.gtm.example.com"),
    ("to-nothing.gtm.example.com", "a.nothing.gtm.example.com"),
    ("to-cut.gtm.example.com", "x.sub.gtm.example.com"),
    ("to-shut.gtm.example.com", "shut.gtm.example.com"),
    ("here.gtm.example.com", "there.gtm.example.com"),
    ("there.gtm.example.com", "here.gtm.example.com"),
    ("*.wild.gtm.example.com", "x.dev.gtm.example.com"),
];
/// The row of a service that is a host name inside the zone in its second region.
const INNER: u32 = 3;

/// A name on the wire; a trailing dot is not needed.
pub fn wire(name: &str) -> Vec<u8> {
    let mut made = Vec::new();
    for label in name.split('.').filter(|label| !label.is_empty()) {
        made.push(label.len() as u8);
        made.extend(label.as_bytes());
    }
    made.push(0);
    made
}

/// A record from its type to its data.
pub fn rest(rrtype: u16, data: &[u8]) -> Vec<u8> {
    let mut made = rrtype.to_be_bytes().to_vec();
    made.extend([0, 1, 0, 0, 0, 30]);
    made.extend((data.len() as u16).to_be_bytes());
    made.extend(data);
    made
}

/// Records owned by the question's name.
pub fn records(rrtype: u16, data: &[&[u8]]) -> Vec<u8> {
    let one = |data: &&[u8]| [b"\xc0\x0c".to_vec(), rest(rrtype, data)].concat();
    data.iter().flat_map(one).collect()
}

/// An answer that is always the same.
pub fn fixed(rrtype: u16, data: &[&[u8]], tally: u32) -> Rendered {
    let body = records(rrtype, data);
    Rendered {
        size: body.len() as u16,
        body: body.into(),
        starts: [0].into(),
        pick: Pick::Random,
        records: data.len() as u16,
        alias: rrtype == 5,
        tally,
    }
}

/// An answer of all addresses, from any of them on.
pub fn rotated(data: &[&[u8]], tally: u32) -> Rendered {
    let (once, stride) = (records(1, data), 16);
    Rendered {
        size: once.len() as u16,
        body: once.repeat(2).into(),
        starts: (0..data.len() as u32).map(|place| place * stride).collect(),
        ..fixed(1, data, tally)
    }
}

fn whole(values: u32) -> PrefixTable {
    let first = [vec![0], vec![1; 65536]].concat();
    PrefixTable::of(Starts::V6(vec![0]), vec![values], first)
}

/// 192.0.2.0/24 is area 1, with scope 24; all else area 0.
pub fn areas(hashed: bool) -> AreaTable {
    let starts: Vec<u32> = vec![0, 0xC000_0200, 0xC000_0300];
    let first = (0..=65536u64)
        .map(|top| starts.partition_point(|start| u64::from(*start) < top << 16) as u32)
        .map(|place| place.max(1))
        .collect();
    AreaTable {
        v4: PrefixTable::of(Starts::V4(starts), vec![8, 1 << 8 | 24, 8], first),
        v6: whole(2 << 8 | 7),
        hashed: vec![false, hashed, false],
        asked: Some((0..3).map(|_| AtomicU64::new(0)).collect()),
    }
}

/// A plan.
pub fn plan(pick: Pick, width: u16, slots: &[u16], fallback: Option<u8>) -> Plan {
    Plan {
        pick,
        width,
        fallback,
        slots: slots.into(),
    }
}

fn record(owner: &str, rrtype: u16, data: &[u8]) -> Record {
    Record {
        owner: wire(owner).into(),
        rest: rest(rrtype, data).into(),
    }
}

/// The names, with services of four groups (`first`, `joined`, `failing`, `hashed`).
pub fn names() -> Names {
    let mut builder = Builder::new(vec![FALLBACK.into()], REFUSED);
    let zone = builder.zone(Zone {
        apex: wire("gtm.example.com").into(),
        soa: SOA.into(),
        nonexistent: NONEXISTENT,
        failed: FAILED,
        other: DENIED,
    });
    let table = builder.areas(Arc::new(areas(true)));
    let denied = || Some(Entry::Denied { tally: DENIED });
    let node = |builder: &mut Builder, name: &str, entries, other| {
        builder.node(&wire(name), zone, entries, other);
    };
    let ns = wire("ns1.gtm.example.com");
    let apex = vec![(2, Entry::Fixed(fixed(2, &[&ns], FIXED)))];
    node(&mut builder, "gtm.example.com", apex, denied());
    let www = || Entry::Fixed(fixed(1, &[&[192, 0, 2, 99]], FIXED));
    let text = [b"\xff".as_slice(), &[b'x'; 255]].concat();
    let big = Entry::Fixed(fixed(16, &[text.as_slice(); 5], FIXED));
    let entries = vec![(1, www()), (16, big), (257, www())];
    node(&mut builder, "www.gtm.example.com", entries, denied());
    for (name, target) in LEADING {
        let alias = fixed(5, &[&wire(target)], DENIED);
        let entries = vec![(5, Entry::Fixed(alias.clone()))];
        node(&mut builder, name, entries, Some(Entry::Leading(alias)));
    }
    for number in 0..12 {
        let target = wire(&format!("l{}.gtm.example.com", number + 1));
        let other = Some(Entry::Leading(fixed(5, &[&target], DENIED)));
        node(
            &mut builder,
            &format!("l{number}.gtm.example.com"),
            vec![],
            other,
        );
    }
    node(&mut builder, "wild.gtm.example.com", vec![], denied());
    node(&mut builder, "dev.gtm.example.com", vec![], denied());
    node(
        &mut builder,
        "*.dev.gtm.example.com",
        vec![(1, www())],
        denied(),
    );
    for (group, name) in ["first", "joined", "failing", "hashed", "drawn"]
        .iter()
        .enumerate()
    {
        let steered = builder.steered(Steered {
            areas: table,
            group: group as u32,
            salt: 0x1234_5678_9ABC_DEF0,
            ttl: 30,
            prefix4: 26,
            prefix6: 56,
            hashed: false,
        });
        let entry = |row| Entry::Steered {
            steered,
            row,
            denied: DENIED,
        };
        let name = format!("{name}.gtm.example.com");
        node(
            &mut builder,
            &name,
            vec![(1, entry(0)), (28, entry(1))],
            denied(),
        );
    }
    let steered = builder.steered(Steered {
        areas: table,
        group: 0,
        salt: 0,
        ttl: 30,
        prefix4: 24,
        prefix6: 56,
        hashed: false,
    });
    let entry = || Entry::Steered {
        steered,
        row: INNER,
        denied: DENIED,
    };
    node(
        &mut builder,
        "inner.gtm.example.com",
        vec![(1, entry())],
        Some(entry()),
    );
    builder.cut(
        &wire("sub.gtm.example.com"),
        Cut {
            zone,
            referral: Referral {
                servers: vec![
                    record("sub.gtm.example.com", 2, &wire("ns.sub.gtm.example.com")),
                    record("sub.gtm.example.com", 2, &wire("ns1.gtm.example.com")),
                ],
                glue: vec![
                    record("ns.sub.gtm.example.com", 1, &[192, 0, 2, 1]),
                    record("ns1.gtm.example.com", 1, &[192, 0, 2, 2]),
                ],
                tally: REFERRED,
            },
            proof: None,
        },
        View {
            entries: vec![(43, Entry::Denied { tally: REFERRED })],
            other: None,
        },
        None,
    );
    builder.closed(&wire("ns.sub.gtm.example.com"));
    builder.closed(&wire("shut.gtm.example.com"));
    signed::add(&mut builder, table, 0);
    builder.finish()
}

/// The world.
pub fn snapshot() -> Snapshot {
    let of = |plans: Vec<Plan>| Plans::of(plans, &[0, 1, 0]).unwrap_or_default();
    let plans = [
        of(vec![
            plan(Pick::First, 1, &[0], None),
            plan(Pick::First, 1, &[1], None),
        ]),
        of(vec![
            plan(Pick::First, 3, &[0, 1, 2], None),
            plan(Pick::Random, 2, &[2, 0, 3, NOBODY], Some(0)),
        ]),
        of(vec![
            plan(Pick::First, 0, &[], Some(0)),
            plan(Pick::First, 1, &[0], Some(0)),
        ]),
        of(vec![
            plan(Pick::Hash, 1, &[0, 1], None),
            plan(Pick::Hash, 1, &[0, 1], None),
        ]),
        of(vec![
            plan(Pick::Draw, 1, &[0, 1], None),
            plan(Pick::Draw, 1, &[0, 1], None),
        ]),
    ];
    let us = rotated(&[&[10, 0, 0, 1], &[10, 0, 0, 2]], US);
    let eu = rotated(&[&[10, 1, 0, 1], &[10, 1, 0, 2], &[10, 1, 0, 3]], EU);
    let alias = fixed(5, &[&wire("cdn.example.net")], ALIAS);
    let both = [
        Row::of(&[Some(us), Some(eu), Some(alias.clone()), None]).unwrap_or_default(),
        Row::of(&[None, None, Some(alias), None]).unwrap_or_default(),
    ];
    let inner = fixed(5, &[&wire("chain.gtm.example.com")], ALIAS);
    let inner = Row::of(&[None, Some(inner), None, None]).unwrap_or_default();
    let both = both.map(|row| (row.clone(), row));
    let rows = both.into_iter().chain(signed::rows());
    let rows = rows.chain([(inner.clone(), inner)]);
    let (rows, signed): (Vec<Row>, Vec<Row>) = rows.unzip();
    Snapshot {
        epoch: 1,
        names: Arc::new(names()),
        plans: plans.into_iter().collect(),
        rows: rows.into_iter().collect(),
        signed: signed.into_iter().collect(),
    }
}

/// An OPT record with these options.
pub fn opt(size: u16, dnssec_ok: bool, options: &[u8]) -> Vec<u8> {
    let mut made = vec![0, 0, 41];
    made.extend(size.to_be_bytes());
    made.extend([0, 0, if dnssec_ok { 0x80 } else { 0 }, 0]);
    made.extend((options.len() as u16).to_be_bytes());
    made.extend(options);
    made
}

/// A client subnet option.
pub fn subnet(family: u8, source: u8, address: &[u8]) -> Vec<u8> {
    let mut made = vec![0, 8, 0, 4 + address.len() as u8, 0, family, source, 0];
    made.extend(address);
    made
}

/// A query, with what stands behind its question.
pub fn query(name: &[u8], rrtype: u16, tail: &[u8]) -> Vec<u8> {
    let mut made = vec![
        0xAB,
        0xCD,
        1,
        0x10,
        0,
        1,
        0,
        0,
        0,
        0,
        0,
        u8::from(!tail.is_empty()),
    ];
    made.extend(name);
    made.extend(rrtype.to_be_bytes());
    made.extend([0, 1]);
    made.extend(tail);
    made
}

/// Asked by 192.0.2.1 over UDP.
pub fn somebody() -> Circumstances {
    Circumstances {
        sender: IpAddr::from([192, 0, 2, 1]),
        random: 0,
        now: 1e9,
        udp: true,
    }
}

/// An answer, and its counter; panics if there is none.
pub fn said(snapshot: &Snapshot, packet: &[u8], by: &Circumstances) -> (Vec<u8>, u32) {
    let mut out = vec![0; 65535];
    match answer(snapshot, packet, by, &mut out) {
        Outcome::Answer { length, tally } => (out[..length].to_vec(), tally),
        other => panic!("{other:?} instead of an answer"),
    }
}
