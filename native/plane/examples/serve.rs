//! A plane with a few names and no Python: `cargo run --release --example serve PORT`.
//!
//! Serves A records of h0.example. to h9.example. on 127.0.0.1, and says for each second what was
//! answered.

use std::net::{TcpListener, UdpSocket};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use gtm_plane::names::{Builder, Entry, Zone};
use gtm_plane::plane::{Listening, Plane, Proto};
use gtm_plane::plans::{Pick, Rendered};
use gtm_plane::shared::Shared;
use gtm_plane::snapshot::Snapshot;
use gtm_plane::tcp::Limits;

/// Counters: three, then one for each name.
const TALLIES: usize = 16;

fn main() -> std::io::Result<()> {
    let port = std::env::args().nth(1).and_then(|text| text.parse().ok());
    let at = ("127.0.0.1", port.unwrap_or(5300));
    let listening = Listening {
        udp: vec![UdpSocket::bind(at)?.into()],
        tcp: TcpListener::bind(at)?.into(),
        wildcard: false,
    };
    let plane = Plane::start(vec![listening], snapshot(), TALLIES, Limits::default())?;
    let mut before = [0; 2];
    loop {
        thread::sleep(Duration::from_secs(1));
        let sum = |proto| plane.counters(0, proto).counts.sum();
        let now = [sum(Proto::Udp), sum(Proto::Tcp)];
        if now != before {
            println!("udp {} tcp {}", now[0] - before[0], now[1] - before[1]);
        }
        before = now;
    }
}

fn snapshot() -> Arc<Snapshot> {
    let mut builder = Builder::new(Vec::new(), 0);
    let zone = builder.zone(Zone {
        apex: (*b"\x07example\0").into(),
        soa:
            (*b"\0\x06\0\x01\0\0\0\x3c\0\x16\0\0\0\0\0\x01\0\0\0\x02\0\0\0\x03\0\0\0\x04\0\0\0\x3c")
                .into(),
        nonexistent: 1,
        failed: 2,
        other: 0,
    });
    builder.node(
        b"\x07example\0",
        zone,
        Vec::new(),
        Some(Entry::Denied { tally: 1 }),
    );
    for number in 0..10 {
        let name = [b"\x02h", &[b'0' + number][..], b"\x07example\0"].concat();
        let record = [
            &b"\xc0\x0c\0\x01\0\x01\0\0\0\x1e\0\x04\xc0\0\x02"[..],
            &[number],
        ]
        .concat();
        let answer = Rendered {
            size: record.len() as u16,
            body: record.into(),
            starts: [0].into(),
            pick: Pick::Random,
            records: 1,
            alias: false,
            tally: 3 + u32::from(number),
        };
        let entries = vec![(1, Entry::Fixed(answer))];
        builder.node(&name, zone, entries, Some(Entry::Denied { tally: 1 }));
    }
    Arc::new(Snapshot {
        epoch: 1,
        names: Arc::new(builder.finish()),
        plans: Shared::default(),
        rows: Shared::default(),
        signed: Shared::default(),
    })
}
