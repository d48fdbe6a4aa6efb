//! Nanoseconds per answer, without sockets: `cargo run --release --example answering [NAMES]`.
//!
//! Least of some rounds, each of a million packets that were made before, in random order.
//!
//! With the beginning of a line that it prints behind NAMES it answers 16,384 of those packets once,
//! for valgrind to count: `--tool=callgrind --toggle-collect='*counted*'` tells their instructions.

use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

use gtm_plane::Answers;
use gtm_plane::answer::{Circumstances, Outcome, answer};
use gtm_plane::conduct::Conduct;
use gtm_plane::limit::{Limiter, Rate, Verdict};

use gtm_plane::areas::{AreaTable, PrefixTable, Starts};
use gtm_plane::chain::{Chain, Secure};
use gtm_plane::draw::mix;
use gtm_plane::names::{Builder, Entry, Names, Steered, View, Zone};
use gtm_plane::plans::{Pick, Plan, Plans, Rendered};
use gtm_plane::row::Row;
use gtm_plane::shared::Shared;
use gtm_plane::snapshot::Snapshot;

const APEX: &[u8] = b"\x03gtm\x07example\x03com\0";
const PREFIXES: u32 = 370_000;
const AREAS: u32 = 500;
const PACKETS: usize = 1 << 20;
const COUNTED: usize = 1 << 14;
const SLOTS: u64 = 1 << 16;
const ROUNDS: usize = 5;
const BATCH: usize = 8; // as many as gtm_plane's UDP workers take together

fn main() {
    let count = std::env::args().nth(1).and_then(|text| text.parse().ok());
    let count = count.unwrap_or(1000);
    let began = Instant::now();
    let world = snapshot(count);
    let megabytes = world.names.memory() as f64 / 1e6;
    println!(
        "{count} names of each kind: {megabytes:.0} MB, made in {:.2?}",
        began.elapsed()
    );
    measure("fixed", &world, count, |name| query(b's', name, None));
    measure("steered", &world, count, |name| query(b'd', name, None));
    measure("steered, client subnet", &world, count, |name| {
        query(b'd', name, Some(mix(name ^ 77) as u32))
    });
    for (what, pick, every) in [
        ("weighted", Pick::Draw, 1),
        ("sticky", Pick::Hash, 1),
        ("spilled", Pick::Draw, 2),
    ] {
        let world = Snapshot {
            names: world.names.clone(),
            plans: large(count, pick, every),
            rows: world.rows.clone(),
            signed: Shared::default(),
            epoch: 2,
        };
        measure(what, &world, count, |name| query(b'd', name, None));
        let what = format!("{what}, client subnet");
        measure(&what, &world, count, |name| {
            query(b'd', name, Some(mix(name ^ 77) as u32))
        });
    }
    measure("no such name", &world, count, |name| {
        query(b'n', name, None)
    });
    measure("fixed, client cookie", &world, count, |name| {
        with_cookie(query(b's', name, None))
    });
    if std::env::args().nth(2).is_none() {
        limits();
    }
    let mut world = world;
    world.names = Arc::new(names(count, true));
    world.signed = (0..count).map(|_| row(signed)).collect();
    for (what, kind) in [("fixed", b's'), ("steered", b'd'), ("no such name", b'n')] {
        measure(&format!("{what}, signed"), &world, count, |name| {
            secure_query(kind, name)
        });
    }
}

/// What judging a sender takes, with one bucket or many.
fn limits() {
    for (what, senders) in [("one network", 1), ("30,000 networks", 30_000)] {
        let Some(mut limiter) = Limiter::new(&rate(), 1, Arc::default()) else {
            return;
        };
        let mut now = 1e9;
        let one = least(|| {
            for at in 0..PACKETS as u64 {
                now += 1e-6;
                let sender = (mix(at) % senders) as u32;
                let sender = (sender << 8).to_be_bytes().into();
                assert_eq!(limiter.judge(sender, now, 1), Verdict::Full);
            }
        });
        println!("rate limit, {what}: {one:.1} ns");
    }
}

fn rate() -> Rate {
    Rate {
        per_second: 1_000_000,
        burst: 2.0,
        ..Rate::default()
    }
}

fn with_cookie(mut packet: Vec<u8>) -> Vec<u8> {
    packet[11] = 1;
    packet.extend([0, 0, 41, 0x10, 0, 0, 0, 0, 0, 0, 12]);
    packet.extend([0, 10, 0, 8, 1, 2, 3, 4, 5, 6, 7, 8]);
    packet
}

fn measure(what: &str, world: &Snapshot, count: u64, make: impl Fn(u64) -> Vec<u8>) {
    let wanted = std::env::args().nth(2);
    if wanted.as_ref().is_some_and(|wanted| wanted != what) {
        return;
    }
    let amount = if wanted.is_some() { COUNTED } else { PACKETS };
    let made = (0..amount as u64).map(|at| make(mix(at) % count));
    let made: Vec<Vec<u8>> = made.collect();
    let flat = made.concat(); // one behind another, as they come from a socket
    let mut rest = flat.as_slice();
    let take = |packet: &Vec<u8>| rest.split_off(..packet.len()).unwrap_or_default();
    let packets: Vec<&[u8]> = made.iter().map(take).collect();
    let by = Circumstances {
        sender: [192, 0, 2, 1].into(),
        random: 0x1234_5678,
        now: 1e9,
        udp: true,
    };
    if wanted.is_some() {
        let mut limiter = Limiter::new(&rate(), 1, Arc::default());
        println!("{what}: {} answers", packets.len());
        return counted(world, &packets, &by, limiter.as_mut());
    }
    let mut out = [0; 1232];
    let mut one = |packet: &&[u8]| check(answer(world, packet, &by, &mut out));
    let alone = least(|| packets.iter().for_each(&mut one));
    let mut out = [0; 1232];
    let conduct = Conduct {
        identity: None,
        secrets: [[7; 16]].into(),
    };
    let batched = least(|| {
        let (batches, _) = packets.as_chunks::<BATCH>();
        for batch in batches {
            let mut looked = batch.map(|packet| world.look(packet, by.sender));
            world.fetch(batch, &mut looked);
            for (packet, looked) in batch.iter().zip(&looked) {
                let granted = world.grant(packet, looked, &conduct, by.sender, by.now);
                check(world.finish(packet, looked, &by, &granted, &mut out));
            }
        }
    });
    println!("{what}: {alone:.0} ns, {batched:.0} ns in batches of {BATCH}");
}

/// What a worker does with batches of packets, but for their socket.
#[inline(never)]
fn counted(world: &Snapshot, packets: &[&[u8]], by: &Circumstances, limiter: Option<&mut Limiter>) {
    let (mut out, mut limiter) = ([0; 1232], limiter);
    let conduct = Conduct {
        identity: None,
        secrets: [[7; 16]].into(),
    };
    let (batches, _) = packets.as_chunks::<BATCH>();
    for batch in batches {
        let mut looked = batch.map(|packet| world.look(packet, by.sender));
        world.fetch(batch, &mut looked);
        let buckets = limiter
            .as_ref()
            .map(|limiter| batch.map(|_| limiter.approach(by.sender)));
        for (number, (packet, looked)) in batch.iter().zip(&looked).enumerate() {
            let granted = world.grant(packet, looked, &conduct, by.sender, by.now);
            if let Some(limiter) = &mut limiter
                && let Some(buckets) = buckets
                && !granted.known
                && limiter.judge_at(buckets[number], by.sender, by.now, by.random) != Verdict::Full
            {
                continue;
            }
            check(world.finish(packet, looked, by, &granted, &mut out));
        }
    }
}

fn check(outcome: Outcome) {
    assert!(matches!(black_box(outcome), Outcome::Answer { .. }));
}

fn least(mut round: impl FnMut()) -> f64 {
    let time = |_| {
        let began = on_cpu();
        round();
        (on_cpu() - began) / PACKETS as f64
    };
    (0..ROUNDS).map(time).fold(f64::MAX, f64::min)
}

/// Nanoseconds that this process has run.
fn on_cpu() -> f64 {
    let text = std::fs::read_to_string("/proc/self/schedstat").unwrap_or_default();
    let first = text
        .split(' ')
        .next()
        .and_then(|number| number.parse().ok());
    first.unwrap_or(0.0)
}

// --- the world --------------------------------------------------------------------------

fn wire(kind: u8, number: u64) -> Vec<u8> {
    let label = format!("{}{number:07}", kind as char);
    [
        &[label.len() as u8],
        label.as_bytes(),
        b"\x03gtm\x07example\x03com\0",
    ]
    .concat()
}

fn query(kind: u8, number: u64, client: Option<u32>) -> Vec<u8> {
    let edns = u8::from(client.is_some());
    let mut made = vec![0xAB, 0xCD, 1, 0, 0, 1, 0, 0, 0, 0, 0, edns];
    made.extend(wire(kind, number));
    made.extend([0, 1, 0, 1]);
    if let Some(client) = client {
        let [one, two, three, _] = client.to_be_bytes();
        made.extend([0, 0, 41, 0x10, 0, 0, 0, 0, 0, 0, 11]);
        made.extend([0, 8, 0, 7, 0, 1, 24, 0, one, two, three]);
    }
    made
}

/// With the DO bit.
fn secure_query(kind: u8, number: u64) -> Vec<u8> {
    let mut made = query(kind, number, None);
    if let Some(edns) = made.get_mut(11) {
        *edns = 1;
    }
    made.extend([0, 0, 41, 0x10, 0, 0, 0, 0x80, 0, 0, 0]);
    made
}

/// A record of so many octets of data.
fn record(rrtype: u8, size: u8) -> Vec<u8> {
    let head = [0, rrtype, 0, 1, 0, 0, 0, 60, 0, size];
    [&head[..], &vec![7; usize::from(size)]].concat()
}

/// An address, with a signature as long as those of ECDSA P-256.
fn signed(_: u16) -> Rendered {
    let plain = rendered(1);
    let body = [&plain.body[..], &[0xC0, 12], &record(46, 99)].concat();
    Rendered {
        size: body.len() as u16,
        body: body.into(),
        records: 2,
        ..plain
    }
}

fn rendered(addresses: u16) -> Rendered {
    let record = |at: u16| [0xC0, 12, 0, 1, 0, 1, 0, 0, 0, 30, 0, 4, 10, 0, 0, at as u8];
    let once: Vec<u8> = (0..addresses).flat_map(record).collect();
    Rendered {
        size: once.len() as u16,
        body: if addresses > 1 { once.repeat(2) } else { once }.into(),
        starts: (0..u32::from(addresses)).map(|at| at * 16).collect(),
        pick: Pick::Random,
        records: addresses,
        alias: false,
        tally: 1,
    }
}

fn names(count: u64, is_signed: bool) -> Names {
    let mut builder = Builder::new(Vec::new(), 0);
    let zone = builder.zone(Zone {
        apex: APEX.into(),
        soa: [0; 60].into(),
        nonexistent: 2,
        failed: 3,
        other: 4,
    });
    let table = builder.areas(Arc::new(areas()));
    let denied = || Some(Entry::Denied { tally: 4 });
    let proofs = if is_signed {
        secured(&mut builder, zone, count)
    } else {
        0
    };
    let node = |builder: &mut Builder, name: &[u8], entry: Option<(Entry, Entry)>| {
        let (plain, own) = entry.unzip();
        let view = |entry: Option<Entry>, other| View {
            entries: entry.into_iter().map(|entry| (1, entry)).collect(),
            other,
        };
        let proven = Entry::Proven { tally: 4, proof: 0 };
        match is_signed {
            true => builder.signed(name, zone, view(plain, denied()), view(own, Some(proven))),
            false => builder.node(name, zone, view(plain, None).entries, denied()),
        }
    };
    node(&mut builder, APEX, None);
    for number in 0..count {
        let both = (Entry::Fixed(rendered(1)), Entry::Fixed(signed(1)));
        node(&mut builder, &wire(b's', number), Some(both));
    }
    for number in 0..count {
        let steered = builder.steered(Steered {
            areas: table,
            group: number as u32,
            salt: mix(number),
            ttl: 30,
            prefix4: 24,
            prefix6: 56,
            hashed: false,
        });
        let row = number as u32;
        let entry = Entry::Steered {
            steered,
            row,
            denied: 4,
        };
        let own = Entry::Signed {
            steered,
            row,
            denied: 4,
            proof: proofs,
        };
        node(&mut builder, &wire(b'd', number), Some((entry, own)));
    }
    builder.finish()
}

/// The chain of a signed zone; gives the number of one proof of it.
fn secured(builder: &mut Builder, zone: u32, count: u64) -> u32 {
    let mut chain = Chain::below(APEX.len());
    let names = (0..count).map(|number| wire(b'd', number));
    let names = names.chain((0..count).map(|number| wire(b's', number)));
    for name in std::iter::once(APEX.to_vec()).chain(names) {
        let proof = builder.proof(&name, &[record(47, 32), record(46, 99)]);
        assert!(proof.is_some_and(|proof| chain.add(builder.proofs(), proof)));
    }
    let signatures = vec![record(46, 99).into()];
    builder.secure(zone, Secure { signatures, chain });
    1
}

fn areas() -> AreaTable {
    let mut starts: Vec<u32> = (1..u64::from(PREFIXES))
        .map(|at| mix(at) as u32 & !0xFF)
        .collect();
    starts.push(0);
    starts.sort_unstable();
    starts.dedup();
    let place = |top: u64| starts.partition_point(|start| u64::from(*start) <= top << 16) as u32;
    let first = (0..=65536).map(place).collect();
    let value = |at: u32| (mix(u64::from(at)) as u32 % AREAS) << 8 | 24;
    let values = (0..starts.len() as u32).map(value).collect();
    AreaTable {
        v4: PrefixTable::of(Starts::V4(starts), values, first),
        v6: PrefixTable::of(Starts::V6(vec![0]), vec![0], vec![1; 65537]),
        hashed: vec![false; AREAS as usize],
        asked: None,
    }
}

fn snapshot(count: u64) -> Snapshot {
    let plan = |slot| Plan {
        pick: Pick::First,
        width: 1,
        fallback: None,
        slots: [slot].into(),
    };
    let by_area: Vec<u32> = (0..AREAS).map(|area| area % 4).collect();
    let plans = Plans::of((0..4).map(plan).collect(), &by_area).unwrap_or_default();
    Snapshot {
        epoch: 1,
        names: Arc::new(names(count, false)),
        plans: (0..count).map(|_| plans.clone()).collect(),
        rows: (0..count).map(|_| row(rendered)).collect(),
        signed: Shared::default(),
    }
}

fn row(answer: impl Fn(u16) -> Rendered) -> Row {
    let regions: Vec<_> = (0..4).map(|_| Some(answer(2))).collect();
    Row::of(&regions).unwrap_or_default()
}

/// Plans with large tables of slots, of which there are a few, for one in `every` so many areas; the
/// others get one region.
fn large(count: u64, pick: Pick, every: u32) -> Shared<Plans> {
    let slots: Vec<u16> = (0..SLOTS).map(|slot| mix(slot) as u16 % 4).collect();
    let slots: Arc<[u16]> = slots.into();
    let plan = |number: u32| {
        let is_large = number.is_multiple_of(every);
        Plan {
            pick: if is_large { pick } else { Pick::First },
            width: 1,
            fallback: None,
            slots: if is_large { slots.clone() } else { [0].into() },
        }
    };
    let by_area: Vec<u32> = (0..AREAS).map(|area| area % 4).collect();
    let group = |_| Plans::of((0..4).map(plan).collect(), &by_area).unwrap_or_default();
    let groups: Vec<Plans> = (0..64).map(group).collect();
    (0..count)
        .map(|at| groups[at as usize % 64].clone())
        .collect()
}
