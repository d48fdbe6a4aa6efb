//! What clients over TCP are promised, and what they may not take.

#![allow(clippy::unwrap_used, reason = "a test may fail")]

mod stub;

use std::io::{ErrorKind, Read, Write};
use std::net::Shutdown;
use std::time::{Duration, Instant};

use gtm_plane::plane::Proto;
use gtm_plane::stats::Dropped;
use gtm_plane::tcp::Limits;
use stub::{
    BIG, FAULT, LARGE, PATIENCE, PUNT, ask, framed, hear, plane, query, tcp, tcp_from, udp, until,
};

fn limits() -> Limits {
    Limits {
        idle: PATIENCE,
        ..Limits::default()
    }
}

#[test]
fn a_connection_answers_one_query_after_another() {
    let (plane, at) = plane("127.0.0.1", 1, limits());
    let mut client = tcp(at);
    for number in 0..50 {
        client.write_all(&framed(&query(number, b'x', 20))).unwrap();
        let expected = [&query(number, b'x', 20)[..], &[127, 0, 0, 1, 1]].concat();
        assert_eq!(hear(&client).unwrap(), expected);
    }
    let counts = plane.counters(0, Proto::Tcp).counts;
    assert!((0..50).all(|tally| counts.at(tally) == 1));
    assert!(plane.counters(0, Proto::Tcp).durations.iter().sum::<u64>() > 0);
}

#[test]
fn ipv6_clients_are_answered() {
    let (_plane, at) = plane("::1", 1, limits());
    let mut client = tcp(at);
    client.write_all(&framed(&query(1, b'x', 13))).unwrap();
    assert_eq!(hear(&client).unwrap().len(), 13 + 16 + 1);
}

#[test]
fn pipelined_queries_are_all_answered_however_they_are_cut() {
    let (_plane, at) = plane("127.0.0.1", 1, limits());
    let sizes = [13, 600, 14, 40_000, 65_000, 15, 13];
    let all: Vec<u8> = (0_u8..)
        .zip(sizes)
        .flat_map(|(number, size)| framed(&query(number, b'x', size)))
        .collect();
    for piece in [1_usize, 2, 3, 1000, 16_384, 16_385, all.len()] {
        let mut client = tcp(at);
        let (small, rest) = all.split_at(if piece < 1000 { 600 } else { 0 });
        for part in small.chunks(piece).chain(rest.chunks(piece.max(1000))) {
            client.write_all(part).unwrap();
        }
        for (number, size) in (0_u8..).zip(sizes) {
            let answer = hear(&client).unwrap();
            assert_eq!(
                (answer[0], answer.len()),
                (number, size + 5),
                "in pieces of {piece}"
            );
        }
    }
}

/// A sequence of numbers that looks random.
fn chance(seed: u64) -> impl FnMut(usize) -> usize {
    let mut state = seed.wrapping_mul(2).wrapping_add(1);
    move |below| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % below
    }
}

#[test]
fn whatever_comes_is_answered_in_order_up_to_what_no_client_would_send() {
    let (_plane, at) = plane("127.0.0.1", 1, limits());
    for seed in 0..150 {
        let mut below = chance(seed);
        let (mut sent, mut expected, mut over) = (Vec::new(), Vec::new(), false);
        for _ in 0..below(40) {
            let length = if below(8) == 0 {
                below(30_000)
            } else {
                below(60)
            };
            let message: Vec<u8> = (0..length).map(|_| below(50) as u8).collect();
            sent.extend(framed(&message));
            over = over || length < 13;
            if !over {
                expected.push([&message[..], &[127, 0, 0, 1, 1]].concat());
            }
        }
        let client = tcp(at);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                let mut rest = &sent[..];
                while !rest.is_empty() {
                    let (piece, left) = rest.split_at(1 + below(rest.len().min(4000)));
                    rest = left;
                    if (&client).write_all(piece).is_err() {
                        break; // it was closed, as it had to be
                    }
                }
                let _ = client.shutdown(Shutdown::Write);
            });
            for (number, answer) in expected.iter().enumerate() {
                let heard = hear(&client);
                if over && heard.is_none() {
                    break; // a reset overtakes answers that are under way
                }
                assert_eq!(
                    heard.as_ref(),
                    Some(answer),
                    "seed {seed}, message {number}"
                );
            }
            assert!(hear(&client).is_none(), "seed {seed}");
        });
    }
}

#[test]
fn the_last_queries_of_a_client_that_ends_its_side_are_answered() {
    let (plane, at) = plane("127.0.0.1", 1, limits());
    let mut client = tcp(at);
    let queries = [framed(&query(1, b'x', 13)), framed(&query(2, PUNT, 13))].concat();
    client.write_all(&queries).unwrap();
    client.shutdown(Shutdown::Write).unwrap();
    assert_eq!(hear(&client).unwrap()[0], 1);
    let punt = plane.next_punt(PATIENCE).unwrap();
    plane.reply(&punt, Some(b"by the book"));
    assert_eq!(hear(&client).unwrap(), b"by the book");
    assert_eq!(client.read(&mut [0]).unwrap(), 0);
}

#[test]
fn a_client_that_does_not_read_is_not_read_from_and_harms_nobody() {
    let (plane, at) = plane("127.0.0.1", 1, limits());
    let mut slow = tcp(at);
    let many = 2000_u32; // more octets of answers than the kernel holds
    for _ in 0..many {
        slow.write_all(&framed(&query(1, BIG, 13))).unwrap();
    }
    let mut other = tcp(at);
    for number in 0..100 {
        other.write_all(&framed(&query(2, b'x', 13))).unwrap();
        assert!(hear(&other).is_some(), "{number}");
    }
    assert!(plane.counters(0, Proto::Tcp).counts.at(1) < u64::from(many));
    for number in 0..many {
        assert_eq!(
            hear(&slow).map(|answer| answer.len()),
            Some(LARGE),
            "{number}"
        );
    }
}

#[test]
fn a_client_that_does_not_read_is_cut_off() {
    let limits = Limits {
        idle: Duration::from_millis(200),
        ..limits()
    };
    let (_plane, at) = plane("127.0.0.1", 1, limits);
    let mut slow = tcp(at);
    let begun = Instant::now();
    let ended = std::iter::repeat_with(|| slow.write_all(&framed(&query(1, BIG, 13))))
        .take_while(|_| begun.elapsed() < PATIENCE)
        .find_map(Result::err);
    let ended = ended.map(|error| error.kind());
    assert!(
        matches!(
            ended,
            Some(ErrorKind::ConnectionReset | ErrorKind::BrokenPipe)
        ),
        "{ended:?}"
    );
}

#[test]
fn an_idle_connection_is_closed() {
    let limits = Limits {
        idle: Duration::from_millis(50),
        ..limits()
    };
    let (_plane, at) = plane("127.0.0.1", 1, limits);
    let mut client = tcp(at);
    client.write_all(&framed(&query(1, b'x', 13))).unwrap();
    assert!(hear(&client).is_some());
    assert_eq!(client.read(&mut [0]).unwrap(), 0);
}

#[test]
fn a_query_that_comes_octet_by_octet_must_be_whole_in_time() {
    let limits = Limits {
        idle: Duration::from_millis(200),
        ..limits()
    };
    let (_plane, at) = plane("127.0.0.1", 1, limits);
    let mut client = tcp(at);
    client
        .set_read_timeout(Some(Duration::from_millis(10)))
        .unwrap();
    let query = framed(&query(1, b'x', 4000));
    let closed = query.iter().position(|octet| {
        let written = client.write_all(&[*octet]);
        written.is_err() || matches!(client.read(&mut [0]), Ok(0))
    });
    assert!(closed.is_some_and(|octets| octets < 1000), "{closed:?}");
}

#[test]
fn what_no_client_would_send_ends_the_connection() {
    let (plane, at) = plane("127.0.0.1", 1, limits());
    for nonsense in [&[0, 0][..], &[0, 3, 1, 2, 3]] {
        let mut client = tcp(at);
        let good = framed(&query(1, b'x', 13));
        client.write_all(&[&good[..], nonsense].concat()).unwrap();
        assert!(hear(&client).is_some(), "what came before is answered");
        assert!(hear(&client).is_none());
    }
    let dropped = plane.counters(0, Proto::Tcp).dropped;
    assert_eq!(dropped[Dropped::NotAQuery as usize], 2);
}

#[test]
fn one_client_may_have_so_many_connections() {
    let limits = Limits {
        per_client: 2,
        ..limits()
    };
    let (plane, at) = plane("127.0.0.1", 1, limits);
    let first = [tcp(at), tcp(at)];
    let third = tcp(at);
    assert!(hear(&third).is_none());
    let mut other = tcp_from("127.0.0.2", at);
    other.write_all(&framed(&query(1, b'x', 13))).unwrap();
    assert!(hear(&other).is_some());
    for mut client in first {
        client.write_all(&framed(&query(1, b'x', 13))).unwrap();
        assert!(hear(&client).is_some());
    }
    let lost = || plane.counters(0, Proto::Tcp).dropped[Dropped::TooManyOfOneClient as usize];
    assert_eq!(lost(), 1);
    until("those that ended no longer count", || {
        let mut again = tcp(at);
        again.write_all(&framed(&query(1, b'x', 13))).is_ok() && hear(&again).is_some()
    });
}

#[test]
fn for_one_connection_more_the_longest_idle_is_closed() {
    let limits = Limits {
        connections: 3,
        ..limits()
    };
    let (plane, at) = plane("127.0.0.1", 1, limits);
    let asks = |mut client: &std::net::TcpStream| {
        client.write_all(&framed(&query(1, b'x', 13))).unwrap();
        hear(client).is_some()
    };
    let clients = [tcp(at), tcp(at), tcp(at)];
    assert!(clients.iter().all(asks));
    assert!(asks(&clients[0]), "now the second is the longest idle");
    let more = tcp(at);
    assert!(asks(&more));
    assert!(hear(&clients[1]).is_none());
    assert!(asks(&clients[0]) && asks(&clients[2]) && asks(&more));
    let dropped = plane.counters(0, Proto::Tcp).dropped;
    assert_eq!(dropped[Dropped::TooManyConnections as usize], 1);
}

#[test]
fn punts_are_answered_when_their_answer_comes_and_hold_up_nothing() {
    let (plane, at) = plane("127.0.0.1", 1, limits());
    let mut client = tcp(at);
    for (number, kind) in [(1, PUNT), (2, b'x'), (3, PUNT)] {
        client.write_all(&framed(&query(number, kind, 13))).unwrap();
    }
    assert_eq!(hear(&client).unwrap()[0], 2);
    let first = plane.next_punt(PATIENCE).unwrap();
    let second = plane.next_punt(PATIENCE).unwrap();
    assert!(!first.udp);
    assert_eq!((first.packet[0], second.packet[0]), (1, 3));
    plane.reply(&second, Some(&[3]));
    assert_eq!(hear(&client).unwrap(), [3]);
    plane.reply(&first, Some(&[1]));
    assert_eq!(hear(&client).unwrap(), [1]);
}

#[test]
fn the_answer_to_a_punt_never_reaches_another_connection() {
    let (plane, at) = plane("127.0.0.1", 1, limits());
    let mut client = tcp(at);
    client.write_all(&framed(&query(1, PUNT, 13))).unwrap();
    let punt = plane.next_punt(PATIENCE).unwrap();
    client.write_all(&[0, 0]).unwrap(); // has it closed
    assert!(hear(&client).is_none());
    let mut next = tcp(at); // takes its place
    next.write_all(&framed(&query(2, b'x', 13))).unwrap();
    assert_eq!(hear(&next).unwrap()[0], 2);
    plane.reply(&punt, Some(&[1]));
    next.write_all(&framed(&query(3, b'x', 13))).unwrap();
    assert_eq!(hear(&next).unwrap()[0], 3);
}

#[test]
fn an_answer_of_many_messages_goes_in_between_others() {
    let (plane, at) = plane("127.0.0.1", 1, limits());
    let mut client = tcp(at);
    client.write_all(&framed(&query(1, PUNT, 13))).unwrap();
    let punt = plane.next_punt(PATIENCE).unwrap();
    assert!(plane.reply_part(&punt, &[1, 1], PATIENCE));
    assert_eq!(hear(&client).unwrap(), [1, 1]);
    client.write_all(&framed(&query(2, b'x', 13))).unwrap();
    assert_eq!(hear(&client).unwrap()[0], 2);
    assert!(plane.reply_part(&punt, &[1, 2], PATIENCE));
    plane.reply(&punt, Some(&[1, 3]));
    assert_eq!(hear(&client).unwrap(), [1, 2]);
    assert_eq!(hear(&client).unwrap(), [1, 3]);
}

#[test]
fn who_sends_many_messages_waits_for_a_client_that_does_not_read() {
    let (plane, at) = plane("127.0.0.1", 1, limits());
    let mut client = tcp(at);
    client.write_all(&framed(&query(1, PUNT, 13))).unwrap();
    let punt = plane.next_punt(PATIENCE).unwrap();
    let part = vec![7; 60_000];
    let mut sent = 0;
    while plane.reply_part(&punt, &part, Duration::from_millis(50)) {
        sent += 1;
        assert!(sent < 10_000, "it is never full");
    }
    for _ in 0..sent {
        assert_eq!(hear(&client).unwrap(), part);
    }
    assert!(plane.reply_part(&punt, &part, PATIENCE));
    drop(client);
    while plane.reply_part(&punt, &part, PATIENCE) {}
}

#[test]
fn silence_for_a_punt_ends_the_connection() {
    let (plane, at) = plane("127.0.0.1", 1, limits());
    let mut client = tcp(at);
    client.write_all(&framed(&query(1, PUNT, 13))).unwrap();
    let punt = plane.next_punt(PATIENCE).unwrap();
    plane.reply(&punt, None);
    assert!(hear(&client).is_none());
}

#[test]
fn one_client_fills_no_queue_with_its_punts() {
    let (plane, at) = plane("127.0.0.1", 1, limits());
    let mut client = tcp(at);
    let many: Vec<u8> = (0..100)
        .flat_map(|number| framed(&query(number, PUNT, 13)))
        .collect();
    client.write_all(&many).unwrap();
    let mut other = tcp(at);
    other.write_all(&framed(&query(1, b'x', 13))).unwrap();
    assert!(hear(&other).is_some());
    let mut waiting = Vec::new();
    for _ in 0..32 {
        waiting.push(plane.next_punt(PATIENCE).unwrap());
    }
    assert!(plane.next_punt(Duration::ZERO).is_none());
    for punt in &waiting {
        plane.reply(punt, Some(&punt.packet[..1]));
    }
    for number in 32..100 {
        let punt = plane.next_punt(PATIENCE).unwrap();
        assert_eq!(punt.packet[0], number);
        plane.reply(&punt, Some(&punt.packet[..1]));
    }
    for number in 0..100 {
        assert_eq!(hear(&client).unwrap(), [number]);
    }
}

#[test]
fn a_fault_costs_one_connection() {
    let (plane, at) = plane("127.0.0.1", 1, limits());
    let mut other = tcp(at);
    other.write_all(&framed(&query(1, b'x', 13))).unwrap();
    assert!(hear(&other).is_some());
    let mut client = tcp(at);
    client.write_all(&framed(&query(1, FAULT, 13))).unwrap();
    assert!(hear(&client).is_none());
    other.write_all(&framed(&query(2, b'x', 13))).unwrap();
    assert!(hear(&other).is_some());
    let dropped = plane.counters(0, Proto::Tcp).dropped;
    assert_eq!(dropped[Dropped::Fault as usize], 1);
}

#[test]
fn stopping_ends_connections_and_threads() {
    let (plane, at) = plane("127.0.0.1", 1, limits());
    let client = tcp(at);
    ask(&udp(at), &query(1, b'x', 13));
    plane.stop();
    assert!(hear(&client).is_none());
    assert!(std::net::TcpStream::connect(at).is_err());
}
