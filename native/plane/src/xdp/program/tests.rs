#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail")]

use super::*;
use std::os::fd::AsFd;

const STATION: [u8; 6] = [0x02, 0xFE, 0x80, 0x01, 0x02, 0xFF];
const BEGIN: u64 = 1 << 20; // where the frame is said to be

/// Runs a program as the kernel does; true if it takes the frame.
fn takes(code: &[[u8; 8]], frame: &[u8]) -> bool {
    let mut registers = [0_u64; 11];
    let mut place = 0;
    loop {
        let [operation, both, low, high, a, b, c, d] = code[place];
        let (to, from) = (usize::from(both & 15), usize::from(both >> 4));
        let offset = i64::from(i16::from_le_bytes([low, high]));
        let immediate = i32::from_le_bytes([a, b, c, d]);
        place += 1;
        let mut jumps = false;
        match operation {
            MOVE => registers[to] = immediate as u64,
            MOVE_REGISTER => registers[to] = registers[from],
            ADD => registers[to] = registers[to].wrapping_add(immediate as u64),
            AND => registers[to] &= immediate as u64,
            LOAD8 => registers[to] = load(frame, registers[from], offset, 1),
            LOAD16 => registers[to] = load(frame, registers[from], offset, 2),
            LOAD32 => registers[to] = load(frame, registers[from], offset, 4),
            LOAD_MAP => place += 1,
            JUMP => jumps = true,
            JUMP_NOT_EQUAL => jumps = registers[to] as u32 != immediate as u32,
            JUMP_GREATER => jumps = registers[to] > registers[from],
            CALL => {
                assert_eq!((registers[2], registers[3]), (3, XDP_PASS as u64));
                return true;
            }
            EXIT => {
                assert_eq!(registers[0], XDP_PASS as u64);
                return false;
            }
            other => panic!("{other:#x}"),
        }
        if jumps {
            place = (place as i64 + offset) as usize;
        }
    }
}

/// The context is at 0, as the first register says at the start; its queue is number 3.
fn load(frame: &[u8], from: u64, offset: i64, count: usize) -> u64 {
    if from == 0 {
        return match offset as i16 {
            DATA => BEGIN,
            DATA_END => BEGIN + frame.len() as u64,
            _ => 3,
        };
    }
    let place = (from - BEGIN) as usize + offset as usize;
    let mut octets = [0; 8];
    octets[..count].copy_from_slice(&frame[place..place + count]);
    u64::from_le_bytes(octets)
}

fn rules(listened: &[&str]) -> Vec<Rule> {
    let addresses = listened.iter().map(|text| text.parse().unwrap());
    addresses
        .map(|at: std::net::SocketAddr| Rule::of(at.ip(), at.port()))
        .collect()
}

fn compiled(listened: &[&str]) -> Vec<[u8; 8]> {
    let any = std::fs::File::open("/dev/null").unwrap();
    program(STATION, &rules(listened), any.as_fd())
}

/// A frame to an address and port.
fn frame(to: &str) -> Vec<u8> {
    let to: std::net::SocketAddr = to.parse().unwrap();
    let mut frame = STATION.to_vec();
    frame.extend([2; 6]);
    match to.ip() {
        IpAddr::V4(address) => {
            frame.extend([8, 0, 0x45, 0, 0, 30, 0, 0, 0x40, 0, 9, 17, 0, 0]);
            frame.extend([192, 0, 2, 1]);
            frame.extend(address.octets());
        }
        IpAddr::V6(address) => {
            frame.extend([0x86, 0xDD, 0x6F, 0xFF, 0, 0, 0, 10, 17, 64]);
            frame.extend([0x20; 16]);
            frame.extend(address.octets());
        }
    }
    frame.extend([0, 53]);
    frame.extend(to.port().to_be_bytes());
    frame.extend([0, 10, 0, 0, 1, 2]);
    frame
}

#[test]
fn what_is_listened_on_is_taken_and_nothing_else() {
    let all = [
        "192.0.2.53:53",
        "192.0.2.53:54",
        "198.51.100.200:53",
        "255.1.2.254:65535",
        "[2001:db8::53]:53",
        "[2001:db8::53:53]:53",
        "[fe80::ff]:53",
    ];
    for listened in [&all[..1], &all[1..4], &all[..], &all[4..5], &all[5..]] {
        let code = compiled(listened);
        for to in all {
            let expected = listened.contains(&to);
            assert_eq!(takes(&code, &frame(to)), expected, "{listened:?} {to}");
        }
    }
}

#[test]
fn a_wildcard_takes_every_address_of_its_family() {
    let code = compiled(&["0.0.0.0:53"]);
    assert!(takes(&code, &frame("192.0.2.53:53")));
    assert!(!takes(&code, &frame("192.0.2.53:5353")));
    assert!(!takes(&code, &frame("[2001:db8::53]:53")));
    let code = compiled(&["[::]:53"]);
    assert!(takes(&code, &frame("[2001:db8::53]:53")));
    assert!(!takes(&code, &frame("192.0.2.53:53")));
}

#[test]
fn what_is_not_plainly_for_us_is_the_kernels() {
    let code = compiled(&["0.0.0.0:53", "[::]:53"]);
    type Change = fn(&mut Vec<u8>);
    let four: [(&str, Change); 8] = [
        ("for another station", |frame| frame[5] ^= 1),
        ("for everybody", |frame| frame[..6].fill(0xFF)),
        ("tagged", |frame| frame[12..14].copy_from_slice(&[0x81, 0])),
        ("with options", |frame| frame[14] = 0x46),
        ("with more fragments", |frame| frame[20] |= 0x20),
        ("a later fragment", |frame| frame[21] = 1),
        ("TCP", |frame| frame[23] = 6),
        ("too long", |frame| frame.resize(1515, 0)),
    ];
    for (what, change) in four {
        let mut frame = frame("192.0.2.53:53");
        change(&mut frame);
        assert!(!takes(&code, &frame), "{what}");
    }
    let mut options = frame("[2001:db8::53]:53");
    options[20] = 60;
    assert!(!takes(&code, &options), "extension headers");
    let mut longest = frame("192.0.2.53:53");
    longest.resize(1514, 0);
    assert!(takes(&code, &longest));
}

#[test]
fn no_frame_is_read_beyond_its_end() {
    let code = compiled(&["192.0.2.53:53", "[2001:db8::53]:53"]);
    for to in ["192.0.2.53:53", "[2001:db8::53]:53"] {
        let frame = frame(to);
        for length in 0..frame.len() - 2 {
            assert!(!takes(&code, &frame[..length]), "{to} {length}"); // else it panics
        }
    }
}

#[test]
fn a_program_for_many_addresses_has_its_jumps_right() {
    let listened: Vec<String> = (0..200)
        .map(|each| format!("[2001:db8::{each}]:53"))
        .collect();
    let borrowed: Vec<&str> = listened.iter().map(String::as_str).collect();
    let code = compiled(&borrowed);
    for to in &listened {
        assert!(takes(&code, &frame(to)));
    }
    assert!(!takes(&code, &frame("[2001:db8::201]:53")));
}
