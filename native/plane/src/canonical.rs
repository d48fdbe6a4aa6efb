//! The canonical order of names (RFC 4034 section 6.1): by labels from the right, each as octets
//! without case, an absent label first.

use std::cmp::Ordering;

const LABELS: usize = 128; // more than a name of 255 octets has
const OCTETS: u32 = 16; // of a key

/// Compares names on the wire.
pub fn compare(one: &[u8], other: &[u8]) -> Ordering {
    let (ones, others) = (Labels::of(one, one.len()), Labels::of(other, other.len()));
    for (one, other) in ones.outwards(one).zip(others.outwards(other)) {
        let (one, other) = (one.iter().map(lower), other.iter().map(lower));
        let order = one.cmp(other);
        if order.is_ne() {
            return order;
        }
    }
    ones.count.cmp(&others.count)
}

/// Orders names below one apex as far as their first octets go: of two names with different keys,
/// the one with the lower key comes first. `apex` is the length of the apex's name.
///
/// A key is made of the labels below the apex, from there on. Each ends with a 0, which sorts below
/// all else as 0 and 1 inside a label are written as two octets, 1 and one more than it was.
pub fn key(name: &[u8], apex: usize) -> u128 {
    let labels = Labels::of(name, name.len().saturating_sub(apex));
    let (mut key, mut room) = (0, OCTETS);
    let mut push = |octet: u8| {
        if room > 0 {
            key = key << 8 | u128::from(octet);
            room -= 1;
        }
        room > 0
    };
    'labels: for label in labels.outwards(name) {
        for octet in label.iter().map(lower) {
            let has_room = match octet {
                0 | 1 => push(1) && push(octet + 1),
                _ => push(octet),
            };
            if !has_room {
                break 'labels;
            }
        }
        push(0);
    }
    key.checked_shl(8 * room).unwrap_or(0)
}

/// Where the labels of a name begin.
struct Labels {
    starts: [u8; LABELS],
    count: usize,
}

impl Labels {
    /// Those that begin before `end`, the root's left out.
    fn of(name: &[u8], end: usize) -> Self {
        let (mut starts, mut count, mut at) = ([0; LABELS], 0, 0);
        while at < end
            && let Some(&length) = name.get(at)
            && length != 0
            && let (Some(start), Ok(place)) = (starts.get_mut(count), u8::try_from(at))
        {
            *start = place;
            count += 1;
            at += 1 + length as usize;
        }
        Self { starts, count }
    }

    /// The labels of the name from right to left.
    fn outwards<'a>(&'a self, name: &'a [u8]) -> impl Iterator<Item = &'a [u8]> {
        let starts = self.starts.get(..self.count).unwrap_or_default();
        starts.iter().rev().map(|start| {
            let rest = name.get(*start as usize..).unwrap_or_default();
            let (length, rest) = rest.split_first().unwrap_or((&0, &[]));
            rest.get(..*length as usize).unwrap_or(rest)
        })
    }
}

#[inline]
fn lower(octet: &u8) -> u8 {
    octet.to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 4034 section 6.1, the example.
    const ORDERED: [&[u8]; 9] = [
        b"\x07example\0",
        b"\x01a\x07example\0",
        b"\x08yljkjljk\x01a\x07example\0",
        b"\x01Z\x01a\x07example\0",
        b"\x04zABC\x01a\x07EXAMPLE\0",
        b"\x01z\x07example\0",
        b"\x01\x01\x01z\x07example\0",
        b"\x01*\x01z\x07example\0",
        b"\x01\xc8\x01z\x07example\0",
    ];

    #[test]
    fn names_are_in_the_order_of_the_rfc() {
        for (place, one) in ORDERED.iter().enumerate() {
            for (other_place, other) in ORDERED.iter().enumerate() {
                assert_eq!(compare(one, other), place.cmp(&other_place));
            }
        }
    }

    #[test]
    fn keys_never_contradict_that_order() {
        let odd: [&[u8]; 7] = [
            b"\x01\0\x07example\0",
            b"\x02\0\0\x07example\0",
            b"\x01b\x01\0\x07example\0",
            b"\x03a\0a\x07example\0",
            b"\x01b\x01a\x07example\0",
            b"\x11abcdefghijklmnopq\x07example\0",
            b"\x11abcdefghijklmnopr\x07example\0",
        ];
        let all: Vec<&[u8]> = ORDERED.iter().chain(&odd).copied().collect();
        for one in &all {
            for other in &all {
                let order = key(one, 9).cmp(&key(other, 9));
                assert!(order.is_eq() || order == compare(one, other));
            }
        }
        assert_eq!(key(ORDERED[0], 9), 0);
    }

    #[test]
    fn what_is_no_name_is_ordered_somehow() {
        assert_eq!(compare(b"", b""), Ordering::Equal);
        assert_eq!(compare(b"\x3fa", b"\x05"), Ordering::Greater);
        assert_eq!(
            key(b"\x3fab", 1),
            u128::from_be_bytes(*b"ab\0\0\0\0\0\0\0\0\0\0\0\0\0\0")
        );
    }
}
