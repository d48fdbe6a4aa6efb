//! Behind balancers, which say with PROXY headers whom queries are from; and how long one lasts.

#![allow(clippy::unwrap_used, reason = "a test may fail")]

mod stub;

use std::io::Write;
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::sync::Arc;
use std::time::Duration;

use gtm_plane::plane::{Plane, Proto};
use gtm_plane::proxy::Balancers;
use gtm_plane::stats::Dropped;
use gtm_plane::tcp::Limits;
use stub::{
    PATIENCE, PUNT, Stub, TALLIES, framed, hear, listening, plane, query, tcp, tcp_from, until,
};

const BALANCER: &str = "127.0.0.9";
const CLIENT: [u8; 4] = [198, 51, 100, 9];

fn behind(host: &str, limits: Limits) -> (Plane<Stub>, SocketAddr) {
    let (listening, at) = listening(host, 1);
    let balancers = Balancers::new(vec![(BALANCER.parse().unwrap(), 32)]).unwrap();
    let first = Arc::new(Stub(1));
    let plane = Plane::start_behind(vec![listening], first, TALLIES, limits, balancers).unwrap();
    (plane, at)
}

/// On behalf of a client.
fn header(client: [u8; 4]) -> Vec<u8> {
    let fixed = b"\r\n\r\n\0\r\nQUIT\n\x21\x12\0\x0c";
    [&fixed[..], &client, &[192, 0, 2, 53, 0x9C, 0x40, 0, 53]].concat()
}

fn local() -> Vec<u8> {
    b"\r\n\r\n\0\r\nQUIT\n\x20\0\0\0".to_vec()
}

fn udp_from(host: &str, at: SocketAddr) -> UdpSocket {
    let client = UdpSocket::bind((host, 0)).unwrap();
    client.set_read_timeout(Some(PATIENCE)).unwrap();
    client
        .connect((IpAddr::from([127, 0, 0, 1]), at.port()))
        .unwrap();
    client
}

/// What a stub says to a query of a client.
fn answer(question: &[u8], client: [u8; 4]) -> Vec<u8> {
    [question, &client, &[1]].concat()
}

fn heard(client: &UdpSocket) -> Vec<u8> {
    let mut answer = [0; 4096];
    let length = client.recv(&mut answer).unwrap();
    answer[..length].to_vec()
}

#[test]
fn a_datagram_is_its_clients_and_the_balancer_gets_the_answer() {
    for host in ["127.0.0.1", "0.0.0.0"] {
        let (plane, at) = behind(host, Limits::default());
        let balancer = udp_from(BALANCER, at);
        let question = query(3, b'x', 700);
        balancer
            .send(&[header(CLIENT), question.clone()].concat())
            .unwrap();
        assert_eq!(heard(&balancer), answer(&question, CLIENT));
        balancer
            .send(&[local(), question.clone()].concat())
            .unwrap();
        assert_eq!(heard(&balancer), answer(&question, [127, 0, 0, 9]));
        let other = udp_from("127.0.0.8", at);
        other.send(&question).unwrap();
        assert_eq!(heard(&other), answer(&question, [127, 0, 0, 8]));
        drop(plane);
    }
}

#[test]
fn in_a_burst_each_datagram_is_its_own_clients() {
    let (_plane, at) = behind("127.0.0.1", Limits::default());
    let balancer = udp_from(BALANCER, at);
    for round in 0..5_u8 {
        for number in 0..60_u8 {
            let client = [10, 0, round, number];
            let sent = [
                header(client),
                query(number, b'x', 13 + usize::from(number)),
            ]
            .concat();
            balancer.send(&sent).unwrap();
        }
        for _ in 0..60 {
            let said = heard(&balancer);
            let number = said[0];
            let question = query(number, b'x', 13 + usize::from(number));
            assert_eq!(said, answer(&question, [10, 0, round, number]));
        }
    }
}

#[test]
fn a_punt_is_the_clients_too() {
    let (plane, at) = behind("127.0.0.1", Limits::default());
    let balancer = udp_from(BALANCER, at);
    balancer
        .send(&[header(CLIENT), query(1, PUNT, 13)].concat())
        .unwrap();
    let punt = plane.next_punt(PATIENCE).unwrap();
    assert_eq!(punt.sender, IpAddr::from(CLIENT));
    assert_eq!(*punt.packet, query(1, PUNT, 13)[..]);
    plane.reply(&punt, Some(b"by the book"));
    assert_eq!(heard(&balancer), b"by the book");
}

#[test]
fn what_has_no_header_is_dropped_and_counted_once() {
    let (plane, at) = behind("127.0.0.1", Limits::default());
    let balancer = udp_from(BALANCER, at);
    let cut = &header(CLIENT)[..27];
    for bad in [&query(1, b'x', 40)[..], cut, b"x"] {
        balancer.send(bad).unwrap();
    }
    balancer
        .send(&[header(CLIENT), query(2, b'x', 13)].concat())
        .unwrap();
    assert_eq!(heard(&balancer)[0], 2);
    let dropped = plane.counters(0, Proto::Udp).dropped;
    assert_eq!(dropped[Dropped::BadHeader as usize], 3);
    assert_eq!(dropped.iter().sum::<u64>(), 3);
}

#[test]
fn a_connection_is_its_clients_however_its_octets_are_cut() {
    let (_plane, at) = behind("127.0.0.1", Limits::default());
    let question = query(1, b'x', 30);
    let sent = [header(CLIENT), framed(&question), framed(&question)].concat();
    for piece in [1, 5, sent.len()] {
        let mut balancer = tcp_from(BALANCER, at);
        balancer.set_nodelay(true).unwrap();
        for part in sent.chunks(piece) {
            balancer.write_all(part).unwrap();
        }
        assert_eq!(hear(&balancer).unwrap(), answer(&question, CLIENT));
        assert_eq!(hear(&balancer).unwrap(), answer(&question, CLIENT));
    }
}

#[test]
fn a_connection_without_a_header_ends() {
    let (plane, at) = behind("127.0.0.1", Limits::default());
    let mut balancer = tcp_from(BALANCER, at);
    balancer.write_all(&framed(&query(1, b'x', 30))).unwrap();
    assert!(hear(&balancer).is_none());
    let dropped = plane.counters(0, Proto::Tcp).dropped;
    assert_eq!(dropped[Dropped::BadHeader as usize], 1);
}

#[test]
fn connections_of_a_balancer_count_for_their_clients() {
    let limits = Limits {
        per_client: 1,
        idle: PATIENCE,
        ..Limits::default()
    };
    let (plane, at) = behind("127.0.0.1", limits);
    let connect = |client: [u8; 4]| {
        let mut balancer = tcp_from(BALANCER, at);
        let sent = [header(client), framed(&query(1, b'x', 13))].concat();
        balancer.write_all(&sent).unwrap();
        balancer
    };
    let first = connect(CLIENT);
    assert!(hear(&first).is_some());
    let other = connect([198, 51, 100, 10]);
    assert!(hear(&other).is_some());
    let mut again = connect(CLIENT);
    until("too many of one client", || {
        let dropped = plane.counters(0, Proto::Tcp).dropped;
        dropped[Dropped::TooManyOfOneClient as usize] == 1
    });
    let _ = again.write_all(&framed(&query(2, b'x', 13)));
    while hear(&again).is_some() {} // what was answered before it was known whose it is
    assert_eq!(plane.connections(0), (2, 3));
}

#[test]
fn no_connection_lasts_longer_than_it_may() {
    let limits = Limits {
        idle: PATIENCE,
        lifetime: Duration::from_millis(300),
        ..Limits::default()
    };
    let (plane, at) = plane("127.0.0.1", 1, limits);
    let mut client = tcp(at);
    let question = framed(&query(1, b'x', 13));
    while client.write_all(&question).is_ok() && hear(&client).is_some() {
        std::thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(plane.connections(0), (0, 1));
}

#[test]
fn addresses_of_one_ipv6_network_are_one_client() {
    let limits = Limits {
        per_client: 1,
        idle: PATIENCE,
        ..Limits::default()
    };
    let (plane, at) = behind("127.0.0.1", limits);
    let connect = |last: u8, network: u8| {
        let mut balancer = tcp_from(BALANCER, at);
        let fixed = b"\r\n\r\n\0\r\nQUIT\n\x21\x21\0\x24\x20\x01\x0d\xb8\0\0";
        let source = [&fixed[..], &[network, 0, 0, 0, 0, 0, 0, 0, 0, last]].concat();
        let sent = [source, vec![0; 20], framed(&query(1, b'x', 13))].concat();
        balancer.write_all(&sent).unwrap();
        assert!(hear(&balancer).is_some());
        balancer
    };
    let kept = [connect(1, 1), connect(1, 2)];
    let over = connect(2, 1);
    until("too many of one client", || {
        let dropped = plane.counters(0, Proto::Tcp).dropped;
        dropped[Dropped::TooManyOfOneClient as usize] == 1
    });
    assert!(hear(&over).is_none());
    drop(kept);
}
