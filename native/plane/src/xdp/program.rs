//! The program that the kernel runs on each frame: DNS to our sockets, all else to the kernel.
//!
//! It is put together here, instruction by instruction (RFC 9669), so that nobody needs a compiler
//! for it. What is not plainly for us, the kernel gets: TCP, ARP, ICMP, fragments, IP options and
//! IPv6 extension headers, tagged frames, frames for another station, and long ones.

use std::net::IpAddr;
use std::os::fd::{AsRawFd, BorrowedFd};

/// Octets of the longest frame that is taken; what is longer is no ordinary query.
pub(crate) const LONGEST: i32 = 1514;

/// What is taken from the kernel: datagrams to this port, and to this address if there is one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Whether IPv6 is meant.
    pub ipv6: bool,
    /// None takes every address of that family, as a wildcard listener does.
    pub address: Option<IpAddr>,
    /// The port of UDP.
    pub port: u16,
}

impl Rule {
    /// What a listener on this address and port would get.
    pub fn of(address: IpAddr, port: u16) -> Self {
        Self {
            ipv6: address.is_ipv6(),
            address: (!address.is_unspecified()).then_some(address),
            port,
        }
    }
}

/// The length of the headers: Ethernet; IPv4 without options, or IPv6; UDP.
const HEADS4: i32 = 14 + 20 + 8;
const HEADS6: i32 = 14 + 40 + 8;

// Registers: R1 is what the program is called with, R6 keeps it; R2 and R3 are where the frame
// begins and ends, R4 and R5 are for anything.
const R0: u8 = 0;
const R1: u8 = 1;
const R2: u8 = 2;
const R3: u8 = 3;
const R4: u8 = 4;
const R5: u8 = 5;
const R6: u8 = 6;

// Opcodes (RFC 9669 section 3): class, source and operation.
const MOVE: u8 = 0xB7; // dst = immediate
const MOVE_REGISTER: u8 = 0xBF; // dst = src
const ADD: u8 = 0x07; // dst += immediate
const AND: u8 = 0x57; // dst &= immediate
const LOAD8: u8 = 0x71; // dst = the octet at src + offset
const LOAD16: u8 = 0x69;
const LOAD32: u8 = 0x61;
const LOAD_MAP: u8 = 0x18; // dst = the map of that descriptor; takes two instructions
const MAP_DESCRIPTOR: u8 = 1; // what src says of it
const JUMP: u8 = 0x05;
const JUMP_NOT_EQUAL: u8 = 0x56; // 32 bits of dst are not the immediate
const JUMP_GREATER: u8 = 0x2D; // dst > src
const CALL: u8 = 0x85;
const EXIT: u8 = 0x95;

// struct xdp_md of linux/bpf.h
const DATA: i16 = 0;
const DATA_END: i16 = 4;
const RX_QUEUE_INDEX: i16 = 16;

/// bpf_redirect_map, by its number.
const REDIRECT_MAP: i32 = 51;
/// Has the kernel go on with the frame.
const XDP_PASS: i32 = 2;

/// Where a jump leads whose distance is not known yet.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Label {
    Pass,
    Take,
    Ipv6,
    NextRule(usize),
}

#[derive(Default)]
struct Assembler {
    code: Vec<[u8; 8]>,
    jumps: Vec<(usize, Label)>,
    places: Vec<(Label, usize)>,
}

/// The program, for an interface with this hardware address; `sockets` is a map of type XSKMAP.
pub(crate) fn program(station: [u8; 6], rules: &[Rule], sockets: BorrowedFd<'_>) -> Vec<[u8; 8]> {
    let mut asm = Assembler::default();
    asm.put(MOVE_REGISTER, R6, R1, 0, 0);
    asm.put(LOAD32, R2, R1, DATA, 0);
    asm.put(LOAD32, R3, R1, DATA_END, 0);
    asm.bounded(HEADS4);
    // a frame that is longer than LONGEST: begin + LONGEST < end
    asm.put(MOVE_REGISTER, R4, R2, 0, 0);
    asm.put(ADD, R4, 0, 0, LONGEST);
    asm.jump(JUMP_GREATER, R3, R4, 0, Label::Pass);
    let [a, b, c, d, e, f] = station;
    asm.expect(LOAD32, 0, i32::from_ne_bytes([a, b, c, d]), Label::Pass);
    asm.expect(LOAD16, 4, short([e, f]), Label::Pass);

    asm.expect(LOAD16, 12, short([0x08, 0x00]), Label::Ipv6); // the EtherType of IPv4
    asm.expect(LOAD8, 14, 0x45, Label::Pass); // version 4, no options
    asm.put(LOAD16, R4, R2, 20, 0);
    asm.put(AND, R4, 0, 0, short([0x3F, 0xFF])); // more fragments, or not the first
    asm.jump(JUMP_NOT_EQUAL, R4, 0, 0, Label::Pass);
    asm.expect(LOAD8, 23, libc::IPPROTO_UDP, Label::Pass);
    asm.rules(rules.iter().filter(|rule| !rule.ipv6), 30, 36, 0);

    asm.place(Label::Ipv6);
    asm.expect(LOAD16, 12, short([0x86, 0xDD]), Label::Pass); // the EtherType of IPv6
    asm.bounded(HEADS6);
    asm.expect(LOAD8, 20, libc::IPPROTO_UDP, Label::Pass);
    let behind = rules.len(); // numbers of labels that IPv4 has not used
    asm.rules(rules.iter().filter(|rule| rule.ipv6), 38, 56, behind);

    asm.place(Label::Take);
    asm.put(LOAD32, R2, R6, RX_QUEUE_INDEX, 0);
    asm.put(LOAD_MAP, R1, MAP_DESCRIPTOR, 0, sockets.as_raw_fd());
    asm.put(0, 0, 0, 0, 0);
    asm.put(MOVE, R3, 0, 0, XDP_PASS); // what to do where the queue has no socket
    asm.put(CALL, 0, 0, 0, REDIRECT_MAP);
    asm.put(EXIT, 0, 0, 0, 0);
    asm.place(Label::Pass);
    asm.put(MOVE, R0, 0, 0, XDP_PASS);
    asm.put(EXIT, 0, 0, 0, 0);
    asm.finish()
}

/// Two octets as the machine loads them.
fn short(octets: [u8; 2]) -> i32 {
    i32::from(u16::from_ne_bytes(octets))
}

impl Assembler {
    fn put(&mut self, operation: u8, to: u8, from: u8, offset: i16, immediate: i32) {
        let registers = if cfg!(target_endian = "little") {
            from << 4 | to
        } else {
            to << 4 | from
        };
        let [low, high] = offset.to_ne_bytes();
        let [a, b, c, d] = immediate.to_ne_bytes();
        self.code
            .push([operation, registers, low, high, a, b, c, d]);
    }

    fn jump(&mut self, operation: u8, left: u8, right: u8, immediate: i32, label: Label) {
        self.jumps.push((self.code.len(), label));
        self.put(operation, left, right, 0, immediate);
    }

    fn place(&mut self, label: Label) {
        self.places.push((label, self.code.len()));
    }

    /// Lets shorter frames pass; the verifier wants this before it lets the program look at them.
    fn bounded(&mut self, octets: i32) {
        self.put(MOVE_REGISTER, R4, R2, 0, 0);
        self.put(ADD, R4, 0, 0, octets);
        self.jump(JUMP_GREATER, R4, R3, 0, Label::Pass);
    }

    /// Goes to `label` if something else stands at that offset of the frame.
    fn expect(&mut self, load: u8, offset: i16, value: i32, label: Label) {
        self.put(load, R4, R2, offset, 0);
        self.jump(JUMP_NOT_EQUAL, R4, 0, value, label);
    }

    /// Takes what a rule is for, and lets the rest pass.
    fn rules<'a>(
        &mut self,
        rules: impl Iterator<Item = &'a Rule>,
        address: i16,
        port: i16,
        number: usize,
    ) {
        self.put(LOAD16, R5, R2, port, 0);
        for (number, rule) in (number..).zip(rules) {
            let next = Label::NextRule(number);
            let wanted = short(rule.port.to_be_bytes());
            self.jump(JUMP_NOT_EQUAL, R5, 0, wanted, next);
            for (place, part) in (address..).step_by(4).zip(words(rule.address)) {
                self.expect(LOAD32, place, part, next);
            }
            self.jump(JUMP, 0, 0, 0, Label::Take);
            self.place(next);
        }
        self.jump(JUMP, 0, 0, 0, Label::Pass);
    }

    /// Puts the distances into the jumps.
    fn finish(mut self) -> Vec<[u8; 8]> {
        for (from, label) in self.jumps {
            let place = self.places.iter().find(|(each, _)| *each == label);
            if let (Some((_, to)), Some(instruction)) = (place, self.code.get_mut(from)) {
                let distance = (*to as i64 - from as i64 - 1) as i16;
                [instruction[2], instruction[3]] = distance.to_ne_bytes();
            }
        }
        self.code
    }
}

/// An address in words of four octets, as the machine loads them.
fn words(address: Option<IpAddr>) -> Vec<i32> {
    let octets = match address {
        None => Vec::new(),
        Some(IpAddr::V4(address)) => address.octets().to_vec(),
        Some(IpAddr::V6(address)) => address.octets().to_vec(),
    };
    let (words, _) = octets.as_chunks::<4>();
    words.iter().map(|word| i32::from_ne_bytes(*word)).collect()
}

#[cfg(all(test, target_endian = "little"))]
mod tests;
