//! Batches, with answers that cannot be sent among them.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

use std::net::UdpSocket;
use std::os::fd::AsFd;
use std::time::Duration;

use super::*;

#[test]
fn an_answer_that_cannot_be_sent_keeps_back_no_other() {
    let server = UdpSocket::bind("127.0.0.1:0").unwrap();
    let client = UdpSocket::bind("127.0.0.1:0").unwrap();
    client.connect(server.local_addr().unwrap()).unwrap();
    client
        .set_read_timeout(Some(Duration::from_secs(20)))
        .unwrap();
    let mut batch = Batch::new(false);
    for number in 0..4 {
        client.send(&[number]).unwrap();
    }
    let mut count = 0;
    while count < 4 {
        count = batch.receive(server.as_fd()).unwrap(); // loopback delivers at once
    }
    for number in 0..4 {
        batch.exchange(number).1[0] = number as u8;
        batch.reply(number, 1);
    }
    for nowhere in [0, 2] {
        batch.misdirect(nowhere); // to port 0
    }
    assert_eq!(batch.send(server.as_fd()), 2);
    for number in [1, 3] {
        let mut answer = [0; 8];
        assert_eq!(client.recv(&mut answer).unwrap(), 1);
        assert_eq!(answer[0], number);
    }
    assert_eq!(batch.send(server.as_fd()), 0, "nothing is sent twice");
}

#[test]
fn what_is_no_datagram_of_the_batch_is_empty_and_gets_no_answer() {
    let server = UdpSocket::bind("127.0.0.1:0").unwrap();
    let mut batch = Batch::new(true);
    assert!(batch.packet(0).is_empty() && batch.packet(usize::MAX).is_empty());
    assert!(batch.exchange(BATCH).1.is_empty());
    batch.reply(0, 5);
    batch.reply(BATCH, 5);
    assert_eq!(batch.send(server.as_fd()), 0);
}
