//! What sockets alone cost: each datagram goes back as a response, `cargo run --release --example
//! echo PORT`. The plane can't be cheaper than this.

use std::net::UdpSocket;
use std::os::fd::AsFd;

use gtm_plane::sys::batch::Batch;

fn main() -> std::io::Result<()> {
    let port = std::env::args().nth(1).and_then(|text| text.parse().ok());
    let socket = UdpSocket::bind(("127.0.0.1", port.unwrap_or(5301)))?;
    let mut batch = Batch::new(false);
    loop {
        let count = batch.receive(socket.as_fd())?;
        for number in 0..count {
            let (packet, out) = batch.exchange(number);
            let length = packet.len().min(out.len());
            out[..length].copy_from_slice(&packet[..length]);
            if let Some(flags) = out.get_mut(2) {
                *flags |= 0x80;
            }
            batch.reply(number, length);
        }
        batch.send(socket.as_fd());
    }
}
