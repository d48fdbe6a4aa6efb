#![allow(clippy::unwrap_used, reason = "a test may fail")]

use super::*;

/// A frame from 192.0.2.1:4000 to 192.0.2.53:53.
fn frame4(carried: &[u8]) -> Vec<u8> {
    let mut frame = vec![1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 0x08, 0x00];
    let total = (28 + carried.len() as u16).to_be_bytes();
    frame.extend([0x45, 0, total[0], total[1], 7, 7, 0, 0, 9, 17, 0, 0]);
    frame.extend([192, 0, 2, 1, 192, 0, 2, 53]);
    check4(&mut frame);
    udp(&mut frame, carried);
    frame
}

/// A frame from [2001:db8::1]:4000 to [2001:db8::53]:53.
fn frame6(carried: &[u8]) -> Vec<u8> {
    let mut frame = vec![1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 0x86, 0xDD];
    let payload = (8 + carried.len() as u16).to_be_bytes();
    frame.extend([0x60, 1, 2, 3, payload[0], payload[1], 17, 9]);
    for host in [0x01, 0x53] {
        let mut address = [0; 16];
        address[..4].copy_from_slice(&[0x20, 0x01, 0x0D, 0xB8]);
        address[15] = host;
        frame.extend(address);
    }
    udp(&mut frame, carried);
    frame
}

fn udp(frame: &mut Vec<u8>, carried: &[u8]) {
    let length = (8 + carried.len() as u16).to_be_bytes();
    frame.extend([0x0F, 0xA0, 0, 53, length[0], length[1], 0, 0]);
    frame.extend(carried);
}

fn check4(frame: &mut [u8]) {
    frame[24..26].fill(0);
    let check = !slow_sum(&frame[14..34]);
    frame[24..26].copy_from_slice(&check.to_be_bytes());
}

/// RFC 1071, pair by pair.
fn slow_sum(octets: &[u8]) -> u16 {
    let mut sum = 0_u32;
    for pair in octets.chunks(2) {
        sum += u32::from(pair[0]) << 8 | u32::from(*pair.get(1).unwrap_or(&0));
        if sum > 0xFFFF {
            sum -= 0xFFFF;
        }
    }
    sum as u16
}

fn answered(question: &[u8], carried: &[u8]) -> Vec<u8> {
    let head = read(question).unwrap().head;
    let mut out = vec![0xEE; LONGEST_HEAD + carried.len() + 9];
    out[head..head + carried.len()].copy_from_slice(carried);
    let length = address(question, &mut out, carried.len()).unwrap();
    out.truncate(length);
    out
}

#[test]
fn a_query_is_found_in_its_frame() {
    let frame = frame4(b"query over 4");
    let found = read(&frame).unwrap();
    assert_eq!(&frame[found.head..found.end], b"query over 4");
    assert_eq!(found.sender, "192.0.2.1".parse::<IpAddr>().unwrap());
    let frame = frame6(b"query over 6");
    let found = read(&frame).unwrap();
    assert_eq!(&frame[found.head..found.end], b"query over 6");
    assert_eq!(found.sender, "2001:db8::1".parse::<IpAddr>().unwrap());
}

#[test]
fn padding_behind_a_datagram_is_no_part_of_it() {
    let mut frame = frame4(b"short");
    frame.resize(64, 0xAA);
    let found = read(&frame).unwrap();
    assert_eq!(&frame[found.head..found.end], b"short");
}

#[test]
fn an_answer_goes_back_the_way_that_the_query_came() {
    for question in [frame4(b"query"), frame6(b"query")] {
        let answer = answered(&question, b"an answer");
        assert_eq!(answer[..6], question[6..12]);
        assert_eq!(answer[6..12], question[..6]);
        let found = read(&answer).unwrap();
        assert_eq!(&answer[found.head..found.end], b"an answer");
        let ports = found.head - 8;
        assert_eq!(answer[ports..ports + 4], [0, 53, 0x0F, 0xA0]);
        let back = answered(&answer, b"query");
        assert_eq!(read(&back).unwrap().sender, read(&question).unwrap().sender);
    }
}

#[test]
fn checksums_are_those_of_the_slow_way() {
    for length in (0..70).chain([511, 512, 1231, 1232]) {
        let carried: Vec<u8> = (0..length).map(|each| (each * 37 + 200) as u8).collect();
        let answer = answered(&frame4(b"query"), &carried);
        assert_eq!(slow_sum(&answer[14..34]), 0xFFFF, "IPv4, {length}");
        let udp = [&answer[26..34], &[0, 17], &answer[38..40], &answer[34..]].concat();
        assert_eq!(slow_sum(&udp), 0xFFFF, "UDP over IPv4, {length}");
        let answer = answered(&frame6(b"query"), &carried);
        let udp = [&answer[22..54], &[0, 17], &answer[58..60], &answer[54..]].concat();
        assert_eq!(slow_sum(&udp), 0xFFFF, "UDP over IPv6, {length}");
    }
}

#[test]
fn a_checksum_that_comes_to_nothing_is_written_as_all_ones() {
    let found = (0..=u16::MAX).any(|filler| {
        let answer = answered(&frame6(b"query"), &filler.to_be_bytes());
        assert_ne!(answer[60..62], [0, 0]);
        answer[60..62] == [0xFF, 0xFF]
    });
    assert!(found);
}

#[test]
fn what_nobody_should_answer_is_not_read() {
    type Change = fn(&mut Vec<u8>);
    let changes: [(&str, Change); 9] = [
        ("another protocol", |frame| frame[23] = 6),
        ("a fragment", |frame| frame[20] = 0x20),
        ("options", |frame| frame[14] = 0x46),
        ("longer than its frame", |frame| frame[17] += 1),
        ("a datagram longer than its packet", |frame| frame[39] += 1),
        ("a datagram shorter than its header", |frame| frame[39] = 7),
        ("a port that nobody has", |frame| frame[34..36].fill(0)),
        ("from a group", |frame| frame[26] = 224),
        ("from loopback", |frame| frame[26] = 127),
    ];
    for (what, change) in changes {
        let mut frame = frame4(b"query");
        change(&mut frame);
        check4(&mut frame);
        assert_eq!(read(&frame), None, "{what}");
    }
    let mut frame = frame4(b"query");
    frame[24] ^= 1;
    assert_eq!(read(&frame), None, "a header that was damaged");
    let mut frame = frame6(b"query");
    frame[22] = 0xFF;
    assert_eq!(read(&frame), None, "from a group of IPv6");
    frame[22..38].fill(0);
    assert_eq!(read(&frame), None, "from nobody");
}

#[test]
fn no_frame_and_no_part_of_one_does_harm() {
    let mut random = 1_u64;
    for round in 0..200_000 {
        let mut frame = if round % 2 == 0 {
            frame4(b"a query")
        } else {
            frame6(b"a query")
        };
        for _ in 0..round % 5 {
            random = random.wrapping_mul(6364136223846793005).wrapping_add(1);
            let place = (random >> 33) as usize % frame.len();
            frame[place] = (random >> 25) as u8;
        }
        frame.truncate((random >> 40) as usize % (frame.len() + 1));
        if let Some(found) = read(&frame) {
            assert!(found.head <= found.end && found.end <= frame.len());
            let mut out = [0; 100];
            address(&frame, &mut out, 30).unwrap();
        }
        let mut out = [0; 50];
        address(&frame, &mut out, 30);
    }
}
