//! What the sockets are tested with: a plane whose answers tell what it was asked and how.

#![allow(dead_code, reason = "each test file uses a part")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail")]

use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::sync::Arc;
use std::time::Duration;

use gtm_plane::Answers;
use gtm_plane::answer::{Circumstances, Outcome};
use gtm_plane::conduct::Granted;
use gtm_plane::plane::{Listening, Plane};
use gtm_plane::tcp::Limits;
use socket2::{Domain, Socket, Type};

/// How long a test waits for what has to come.
pub const PATIENCE: Duration = Duration::from_secs(20);
/// Octets of the answer to `BIG` over TCP.
pub const LARGE: usize = 60_000;
/// Tallies that the stub has.
pub const TALLIES: usize = 256;

pub const PUNT: u8 = b'P';
pub const BIG: u8 = b'B';
pub const FAULT: u8 = b'F';

/// Answers a query with itself, its sender's address, and the stub's number.
pub struct Stub(pub u8);

impl Answers for Stub {
    type Looked = ();

    fn look(&self, _: &[u8], _: IpAddr) {}

    fn finish(
        &self,
        packet: &[u8],
        (): &(),
        by: &Circumstances,
        _: &Granted<'_>,
        out: &mut [u8],
    ) -> Outcome {
        match packet.get(12) {
            None => return Outcome::Silence,
            Some(&PUNT) => return Outcome::Punt,
            Some(&FAULT) => panic!("a fault for a test"),
            Some(_) => {}
        }
        let mut answer = packet.to_vec();
        match by.sender {
            IpAddr::V4(sender) => answer.extend(sender.octets()),
            IpAddr::V6(sender) => answer.extend(sender.octets()),
        }
        answer.push(self.0);
        if packet[12] == BIG && !by.udp {
            answer.resize(LARGE, 0);
        }
        out[..answer.len()].copy_from_slice(&answer);
        Outcome::Answer {
            length: answer.len(),
            tally: u32::from(packet[0]),
        }
    }
}

/// A query with a number, of some kind, and that long.
pub fn query(number: u8, kind: u8, length: usize) -> Vec<u8> {
    let mut packet = vec![0; length.max(13)];
    packet[0] = number;
    packet[12] = kind;
    packet
}

/// A query as it goes over TCP.
pub fn framed(packet: &[u8]) -> Vec<u8> {
    [&(packet.len() as u16).to_be_bytes(), packet].concat()
}

/// Binds so many UDP sockets and a TCP one to an address, on a port of the system's choice.
pub fn listening(host: &str, workers: usize) -> (Listening, SocketAddr) {
    loop {
        let tcp = TcpListener::bind((host, 0)).unwrap();
        let at = tcp.local_addr().unwrap();
        let udp: Result<Vec<_>, _> = (0..workers).map(|_| reuse_port(at)).collect();
        if let Ok(udp) = udp {
            let listening = Listening {
                udp: udp.into_iter().map(Into::into).collect(),
                tcp: tcp.into(),
                wildcard: at.ip().is_unspecified(),
            };
            return (listening, at);
        }
    }
}

fn reuse_port(at: SocketAddr) -> std::io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(at), Type::DGRAM, None)?;
    socket.set_reuse_port(true)?;
    if at.is_ipv6() {
        socket.set_only_v6(true)?;
    }
    socket.bind(&at.into())?;
    Ok(socket)
}

/// A plane with one listener.
pub fn plane(host: &str, workers: usize, limits: Limits) -> (Plane<Stub>, SocketAddr) {
    let (listening, at) = listening(host, workers);
    let plane = Plane::start(vec![listening], Arc::new(Stub(1)), TALLIES, limits).unwrap();
    (plane, at)
}

/// A UDP client, which hears the one that it asks only.
pub fn udp(at: SocketAddr) -> UdpSocket {
    let host = if at.is_ipv4() {
        "127.0.0.1:0"
    } else {
        "[::1]:0"
    };
    let client = UdpSocket::bind(host).unwrap();
    client.set_read_timeout(Some(PATIENCE)).unwrap();
    client.connect(at).unwrap();
    client
}

/// Asks over UDP.
pub fn ask(client: &UdpSocket, packet: &[u8]) -> Vec<u8> {
    client.send(packet).unwrap();
    let mut answer = vec![0; 65535];
    let length = client.recv(&mut answer).unwrap();
    answer.truncate(length);
    answer
}

/// A TCP client.
pub fn tcp(at: SocketAddr) -> TcpStream {
    let client = TcpStream::connect(at).unwrap();
    client.set_read_timeout(Some(PATIENCE)).unwrap();
    client.set_write_timeout(Some(PATIENCE)).unwrap();
    client.set_nodelay(true).unwrap();
    client
}

/// A TCP client with an address of its own.
pub fn tcp_from(host: &str, at: SocketAddr) -> TcpStream {
    let from: SocketAddr = format!("{host}:0").parse().unwrap();
    let socket = Socket::new(Domain::for_address(at), Type::STREAM, None).unwrap();
    socket.bind(&from.into()).unwrap();
    socket.connect(&at.into()).unwrap();
    let client = TcpStream::from(socket);
    client.set_read_timeout(Some(PATIENCE)).unwrap();
    client
}

/// Reads one answer; None if the connection has ended.
pub fn hear(mut client: &TcpStream) -> Option<Vec<u8>> {
    use std::io::Read;
    let mut length = [0; 2];
    client.read_exact(&mut length).ok()?;
    let mut answer = vec![0; u16::from_be_bytes(length).into()];
    client.read_exact(&mut answer).ok()?;
    Some(answer)
}

/// Looks until something holds.
pub fn until(what: &str, holds: impl Fn() -> bool) {
    let begun = std::time::Instant::now();
    while !holds() {
        assert!(begun.elapsed() < PATIENCE, "{what}");
        std::thread::yield_now();
    }
}
