//! A signed zone, `s.example.com`: in the place of signatures there are words.

use gtm_plane::chain::{Chain, Secure};
use gtm_plane::names::{Builder, Cut, Entry, Referral, Steered, View, Zone};
use gtm_plane::plans::Rendered;
use gtm_plane::row::Row;

use super::{
    DENIED, EU, FAILED, FIXED, NONEXISTENT, REFERRED, SOA, US, fixed, record, records, rest, wire,
};

/// Names with NSEC records, in canonical order.
const CHAIN: [&str; 9] = [
    "s.example.com",
    "alias.s.example.com",
    "*.alias.s.example.com",
    "bare.s.example.com",
    "steered.s.example.com",
    "sub.s.example.com",
    "*.wild.s.example.com",
    "www.s.example.com",
    "z.www.s.example.com",
];
/// The first of the zone's rows.
const ROW: u32 = 2;

/// A record with which the zone denies: it says who owns it.
pub fn nsec(owner: &str) -> Vec<u8> {
    rest(47, owner.as_bytes())
}

/// A signature: it says of what.
pub fn signature(what: &str) -> Vec<u8> {
    rest(46, format!("signed: {what:.<160}").as_bytes())
}

/// An answer of one record, and its signature.
fn signed(rrtype: u16, data: &[u8], tally: u32) -> Rendered {
    let pointer = &b"\xc0\x0c"[..];
    let body = [
        records(rrtype, &[data]),
        [pointer, &signature("it")].concat(),
    ]
    .concat();
    Rendered {
        size: body.len() as u16,
        body: body.into(),
        records: 2,
        ..fixed(rrtype, &[data], tally)
    }
}

/// The zone's rows: its service has an address in the first region alone; and the same signed.
pub fn rows() -> [(Row, Row); 1] {
    let address = [10, 0, 0, 9];
    let plain = [
        Some(fixed(1, &[&address], US)),
        None,
        Some(fixed(1, &[&address], EU)),
        None,
    ];
    let own = [
        Some(signed(1, &address, US)),
        None,
        Some(signed(1, &address, EU)),
        None,
    ];
    let row = |regions: &[Option<Rendered>]| Row::of(regions).unwrap_or_default();
    [(row(&plain), row(&own))]
}

/// Adds it; its service is of a group, whose areas are in a table.
pub fn add(builder: &mut Builder, areas: u32, group: u32) {
    let apex = wire("s.example.com");
    let zone = builder.zone(Zone {
        apex: apex.clone().into(),
        soa: SOA.into(),
        nonexistent: NONEXISTENT,
        failed: FAILED,
        other: DENIED,
    });
    let mut chain = Chain::below(apex.len());
    let mut proofs = Vec::new();
    for owner in CHAIN {
        let records = [nsec(owner), signature(owner)];
        let number = builder.proof(&wire(owner), &records).unwrap_or_default();
        assert!(chain.add(builder.proofs(), number));
        proofs.push(number);
    }
    let lacking = [nsec("lacking"), signature("lacking")];
    let name = wire("steered.s.example.com");
    let lacking = builder.proof(&name, &lacking).unwrap_or_default();
    let [at_apex, _, _, bare, _, sub, wild, www, below] = proofs[..] else {
        panic!("another chain");
    };
    let signatures = vec![signature("soa").into()];
    builder.secure(zone, Secure { signatures, chain });
    let mut node = |name: &str, proof, has_address: bool| {
        let (plain, own) = views(proof, has_address);
        builder.signed(&wire(name), zone, plain, own);
    };
    node("s.example.com", at_apex, false);
    node("www.s.example.com", www, true);
    node("z.www.s.example.com", below, true);
    node("wild.s.example.com", sub, false); // nothing is there: covered by the one before
    node("*.wild.s.example.com", wild, true);
    for (name, target) in [("alias", "a.alias"), ("*.alias", "a.wild")] {
        let target = wire(&format!("{target}.s.example.com"));
        let plain = View {
            entries: vec![],
            other: Some(Entry::Leading(fixed(5, &[&target], DENIED))),
        };
        let own = View {
            entries: vec![],
            other: Some(Entry::Leading(signed(5, &target, DENIED))),
        };
        builder.signed(&wire(&format!("{name}.s.example.com")), zone, plain, own);
    }
    let number = builder.steered(service(areas, group));
    let (mut plain, mut own) = views(at_apex, false);
    plain.entries.push((
        1,
        Entry::Steered {
            steered: number,
            row: ROW,
            denied: DENIED,
        },
    ));
    own.entries.push((
        1,
        Entry::Signed {
            steered: number,
            row: ROW,
            denied: DENIED,
            proof: lacking,
        },
    ));
    builder.signed(&name, zone, plain, own);
    let ds = rest(43, b"digest");
    let proof = builder.proof(&wire("sub.s.example.com"), &[ds, signature("ds")]);
    cut(
        builder,
        zone,
        "sub.s.example.com",
        proof,
        [
            Entry::Fixed(fixed(43, &[b"digest"], REFERRED)),
            Entry::Fixed(signed(43, b"digest", REFERRED)),
        ],
    );
    let tally = REFERRED;
    cut(
        builder,
        zone,
        "bare.s.example.com",
        Some(bare),
        [
            Entry::Denied { tally },
            Entry::Proven { tally, proof: bare },
        ],
    );
}

/// A name with an address or without: for all, and for those that want signatures.
fn views(proof: u32, has_address: bool) -> (View, View) {
    let tally = DENIED;
    let (mut plain, mut own) = (View::default(), View::default());
    plain.other = Some(Entry::Denied { tally });
    own.other = Some(Entry::Proven { tally, proof });
    if has_address {
        let address = [192, 0, 2, 99];
        plain
            .entries
            .push((1, Entry::Fixed(fixed(1, &[&address], FIXED))));
        own.entries
            .push((1, Entry::Fixed(signed(1, &address, FIXED))));
    }
    (plain, own)
}

fn service(areas: u32, group: u32) -> Steered {
    Steered {
        areas,
        group,
        salt: 1,
        ttl: 30,
        prefix4: 24,
        prefix6: 56,
        hashed: false,
    }
}

fn cut(builder: &mut Builder, zone: u32, name: &str, proof: Option<u32>, ds: [Entry; 2]) {
    let [plain, own] = ds.map(|entry| View {
        entries: vec![(43, entry)],
        other: None,
    });
    let referral = Referral {
        servers: vec![record(name, 2, &wire(&format!("ns.{name}")))],
        glue: vec![record(&format!("ns.{name}"), 1, &[192, 0, 2, 1])],
        tally: REFERRED,
    };
    builder.cut(
        &wire(name),
        Cut {
            zone,
            referral,
            proof,
        },
        plain,
        Some(own),
    );
    builder.closed(&wire(&format!("ns.{name}")));
}
