//! What clients over UDP are promised.

#![allow(clippy::unwrap_used, reason = "a test may fail")]

mod stub;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::thread;
use std::time::Duration;

use gtm_plane::Answers;
use gtm_plane::answer::{Circumstances, Outcome};
use gtm_plane::conduct::Granted;
use gtm_plane::plane::{Plane, Proto};
use gtm_plane::stats::Dropped;
use gtm_plane::tcp::Limits;
use stub::{FAULT, PATIENCE, PUNT, Stub, TALLIES, ask, plane, query, udp, until};

#[test]
fn a_query_over_ipv4_is_answered() {
    let (_plane, at) = plane("127.0.0.1", 1, Limits::default());
    let question = query(1, b'x', 40);
    let expected = [&question[..], &[127, 0, 0, 1, 1]].concat();
    assert_eq!(ask(&udp(at), &question), expected);
}

#[test]
fn a_query_over_ipv6_is_answered() {
    let (_plane, at) = plane("::1", 1, Limits::default());
    let answer = ask(&udp(at), &query(1, b'x', 13));
    assert_eq!(answer[13..28], [0; 15]);
    assert_eq!(answer[28..], [1, 1]);
}

#[test]
fn on_a_wildcard_the_reply_leaves_from_the_address_that_was_asked() {
    let (plane, at) = plane("0.0.0.0", 1, Limits::default());
    for host in ["127.0.0.1", "127.0.0.77", "127.3.2.1"] {
        // connected: an answer from another address would not be heard
        let client = udp(format!("{host}:{}", at.port()).parse().unwrap());
        ask(&client, &query(1, b'x', 13));
        client.send(&query(2, PUNT, 13)).unwrap();
        let punt = plane.next_punt(PATIENCE).unwrap();
        plane.reply(&punt, Some(b"by the book"));
        let mut answer = [0; 64];
        assert_eq!(client.recv(&mut answer).unwrap(), 11);
    }
}

#[test]
fn on_an_ipv6_wildcard_clients_are_answered_too() {
    let (_plane, at) = plane("::", 1, Limits::default());
    let client = udp(format!("[::1]:{}", at.port()).parse().unwrap());
    for number in 0..3 {
        assert_eq!(ask(&client, &query(number, b'x', 13))[0], number);
    }
}

#[test]
fn every_query_of_a_burst_gets_its_own_answer() {
    let (plane, at) = plane("127.0.0.1", 1, Limits::default());
    let client = udp(at);
    let mut buffer = [0; 2048];
    for round in 0..20 {
        let mut open: Vec<_> = (0..100_u8).collect();
        for number in &open {
            client
                .send(&query(*number, b'x', 20 + usize::from(*number)))
                .unwrap();
        }
        while !open.is_empty() {
            let length = client.recv(&mut buffer).unwrap();
            let number = buffer[0];
            assert_eq!(length, 20 + usize::from(number) + 5, "round {round}");
            assert!(open.contains(&number), "answered twice");
            open.retain(|each| *each != number);
        }
    }
    let totals = plane.counters(0, Proto::Udp);
    assert!((0..100).all(|tally| totals.counts.at(tally) == 20));
    assert!(totals.durations.iter().sum::<u64>() > 0);
}

#[test]
fn answers_of_all_workers_are_counted_together() {
    let (plane, at) = plane("127.0.0.1", 3, Limits::default());
    for number in 0..30 {
        ask(&udp(at), &query(number, b'x', 13));
    }
    let counts = plane.counters(0, Proto::Udp).counts;
    assert!((0..30).all(|tally| counts.at(tally) == 1));
    assert_eq!(plane.counters(0, Proto::Tcp).counts.sum(), 0);
}

#[test]
fn what_is_no_query_gets_no_answer_and_is_counted() {
    let (plane, at) = plane("127.0.0.1", 1, Limits::default());
    let client = udp(at);
    client.send(&[]).unwrap();
    client.send(&[1, 2, 3]).unwrap();
    assert_eq!(ask(&client, &query(9, b'x', 13))[0], 9);
    let dropped = plane.counters(0, Proto::Udp).dropped;
    assert_eq!(dropped[Dropped::NotAQuery as usize], 2);
}

#[test]
fn a_datagram_that_is_too_long_is_answered_as_far_as_it_was_read() {
    let (_plane, at) = plane("127.0.0.1", 1, Limits::default());
    let client = udp(at);
    client.send(&query(1, PUNT, 9000)).unwrap();
    assert_eq!(_plane.next_punt(PATIENCE).unwrap().packet.len(), 4096);
}

#[test]
fn a_fault_costs_its_batch_alone() {
    let (plane, at) = plane("127.0.0.1", 1, Limits::default());
    let client = udp(at);
    client.send(&query(1, FAULT, 13)).unwrap();
    until("the fault is counted", || {
        plane.counters(0, Proto::Udp).dropped[Dropped::Fault as usize] == 1
    });
    assert_eq!(ask(&client, &query(2, b'x', 13))[0], 2);
}

#[test]
fn a_punt_is_answered_from_the_socket_that_was_asked() {
    let (plane, at) = plane("127.0.0.1", 2, Limits::default());
    for number in 0..8 {
        let client = udp(at);
        client.send(&query(number, PUNT, 30)).unwrap();
        let punt = plane.next_punt(PATIENCE).unwrap();
        assert_eq!(*punt.packet, *query(number, PUNT, 30));
        assert_eq!(punt.sender, client.local_addr().unwrap().ip());
        assert!(punt.udp);
        assert_eq!(punt.listener, 0);
        plane.reply(&punt, Some(&[number; 3]));
        let mut answer = [0; 64];
        let length = client.recv(&mut answer).unwrap();
        assert_eq!(answer[..length], [number; 3]);
    }
}

#[test]
fn a_flood_of_punts_costs_punts_and_no_answer() {
    let limits = Limits {
        punts: 8,
        ..Limits::default()
    };
    let (plane, at) = plane("127.0.0.1", 1, limits);
    let client = udp(at);
    for number in 0..100 {
        client.send(&query(1, PUNT, 13)).unwrap();
        assert_eq!(ask(&client, &query(number, b'x', 13))[0], number);
    }
    let dropped = plane.counters(0, Proto::Udp).dropped;
    assert_eq!(dropped[Dropped::PuntQueueFull as usize], 92);
    for _ in 0..8 {
        assert!(plane.next_punt(Duration::ZERO).is_some());
    }
    assert!(plane.next_punt(Duration::ZERO).is_none());
}

#[test]
fn whoever_waits_for_punts_is_told_of_each() {
    let (plane, at) = plane("127.0.0.1", 2, Limits::default());
    let heard = AtomicUsize::new(0);
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while let Some(punt) = plane.next_punt(PATIENCE) {
                    plane.reply(&punt, Some(&punt.packet));
                }
                heard.fetch_add(1, SeqCst);
            });
        }
        let client = udp(at);
        for number in 0..200 {
            assert_eq!(ask(&client, &query(number, PUNT, 13))[0], number);
        }
        plane.stop();
    });
    assert_eq!(heard.load(SeqCst), 2, "both are told that the plane stops");
}

/// Tells whether a thread frees it that has other things to do.
struct Heavy {
    epoch: u32,
    freed_elsewhere: Arc<AtomicBool>,
}

impl Answers for Heavy {
    type Looked = ();

    fn look(&self, _: &[u8], _: std::net::IpAddr) {}

    fn finish(
        &self,
        packet: &[u8],
        (): &(),
        _: &Circumstances,
        _: &Granted<'_>,
        out: &mut [u8],
    ) -> Outcome {
        out[..4].copy_from_slice(&self.epoch.to_be_bytes());
        let tally = if packet.is_empty() { 0 } else { self.epoch };
        Outcome::Answer { length: 4, tally }
    }
}

impl Drop for Heavy {
    fn drop(&mut self) {
        let thread = thread::current();
        if thread.name() != Some("gtm-free") {
            self.freed_elsewhere.store(true, SeqCst);
        }
    }
}

#[test]
fn publishing_loses_no_answer_and_what_was_replaced_is_freed_by_its_own_thread() {
    const EPOCHS: u32 = 3000;
    let freed_elsewhere = Arc::new(AtomicBool::new(false));
    let heavy = |epoch| {
        let freed_elsewhere = Arc::clone(&freed_elsewhere);
        Arc::new(Heavy {
            epoch,
            freed_elsewhere,
        })
    };
    let (listening, at) = stub::listening("127.0.0.1", 2);
    let plane = Plane::start(vec![listening], heavy(0), 1, Limits::default()).unwrap();
    thread::scope(|scope| {
        let clients: Vec<_> = (0..2)
            .map(|_| {
                scope.spawn(|| {
                    let client = udp(at);
                    let (mut before, mut answers) = (0, 0_u64);
                    while before < EPOCHS {
                        let answer = ask(&client, b"?");
                        let epoch = u32::from_be_bytes(answer.try_into().unwrap());
                        assert!(epoch >= before, "answered from an older snapshot again");
                        before = epoch;
                        answers += 1;
                    }
                    answers
                })
            })
            .collect();
        for epoch in 1..=EPOCHS {
            plane.publish(heavy(epoch), epoch as usize + 1);
        }
        let asked: u64 = clients.into_iter().map(|each| each.join().unwrap()).sum();
        let counts = plane.counters(0, Proto::Udp).counts;
        assert_eq!(counts.sum(), asked);
    });
    until("all but the last are freed", || plane.replaced() == 0);
    assert!(!freed_elsewhere.load(SeqCst));
}

#[test]
fn a_plane_that_is_stopped_answers_no_more_and_leaves_the_port_free() {
    let (plane, at) = plane("127.0.0.1", 2, Limits::default());
    ask(&udp(at), &query(1, b'x', 13));
    plane.stop();
    plane.stop();
    assert!(plane.next_punt(PATIENCE).is_none());
    std::net::UdpSocket::bind(at).unwrap();
    std::net::TcpListener::bind(at).unwrap();
}

#[test]
fn two_listeners_are_counted_apart() {
    let (first, at) = stub::listening("127.0.0.1", 1);
    let (second, other) = stub::listening("::1", 1);
    let listeners = vec![first, second];
    let plane = Plane::start(listeners, Arc::new(Stub(7)), TALLIES, Limits::default()).unwrap();
    ask(&udp(at), &query(3, b'x', 13));
    ask(&udp(other), &query(4, b'x', 13));
    let counts = |listener| plane.counters(listener, Proto::Udp).counts;
    assert_eq!((counts(0).at(3), counts(0).at(4)), (1, 0));
    assert_eq!((counts(1).at(3), counts(1).at(4)), (0, 1));
}
