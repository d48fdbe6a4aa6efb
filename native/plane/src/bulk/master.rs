//! Ordinary lines of a master file (RFC 1035 section 5.1): plain names, A, AAAA, TXT and CNAME.
//!
//! What a line is must be beyond doubt: whatever is not, gtm/zonefile/master.py reads, which is the
//! reference for all of them.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::{A, AAAA, Bulk, CNAME, TXT};

const MAX_TTL: u32 = i32::MAX as u32; // RFC 2181 section 8
const MAX_LABEL: usize = 63; // octets (RFC 1035 section 2.3.4)
const MAX_TEXT_NAME: usize = 254; // characters of a plain name of 255 octets
const MAX_STRING: usize = 255; // octets of a character string (RFC 1035 section 3.3)

/// What lines before have to say to one that leaves something out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct State {
    /// The zone's name in text, lower case, with its last dot.
    pub zone: String,
    /// Where relative names are; None if it is no plain name.
    pub origin: Option<String>,
    /// Of $TTL.
    pub ttl: Option<u32>,
    /// The TTL that was written last.
    pub last_ttl: u32,
    /// The name that the last entry began with; None if it is none that is plain, in the zone.
    pub owner: Option<String>,
}

/// Reads a file line by line.
#[derive(Debug)]
pub struct Scanner {
    text: Vec<u8>,
    at: usize,
    line: u32, // of `at`, from 1
}

impl Scanner {
    /// Begins at the first line.
    pub fn new(text: Vec<u8>) -> Self {
        Self {
            text,
            at: 0,
            line: 1,
        }
    }

    /// The number of the line that comes next.
    pub fn line(&self) -> u32 {
        self.line
    }

    /// Reads ordinary lines into `bulk`, up to one that is not.
    pub fn scan(&mut self, state: &mut State, bulk: &mut Bulk) {
        while let Some(line) = self.peek() {
            if !ordinary(line, self.line, state, bulk) {
                return;
            }
            self.pass();
        }
    }

    /// The next line as it stands, with its end; None behind the last.
    pub fn take_line(&mut self) -> Option<&[u8]> {
        let begin = self.at;
        self.peek()?;
        self.pass();
        self.text.get(begin..self.at)
    }

    /// Lines that another reader found in what it took: they count as it counts them.
    pub fn count_from(&mut self, line: u32) {
        self.line = line;
    }

    fn peek(&self) -> Option<&[u8]> {
        let rest = self.text.get(self.at..).filter(|rest| !rest.is_empty())?;
        rest.split(|octet| *octet == b'\n').next()
    }

    fn pass(&mut self) {
        let length = self.peek().map_or(0, <[u8]>::len);
        self.at = (self.at + length + 1).min(self.text.len());
        self.line += 1;
    }
}

/// Whether the line is ordinary; if so it is read.
fn ordinary(line: &[u8], number: u32, state: &mut State, bulk: &mut Bulk) -> bool {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    if !line
        .iter()
        .all(|octet| matches!(octet, b'\t' | 0x20..=0x7e))
    {
        return false;
    }
    let mut words = Words { rest: line };
    match words.rest.trim_ascii_start().first() {
        None | Some(b';') => return true, // says nothing
        Some(_) => {}
    }
    entry(&mut words, number, state, bulk).is_some()
}

fn entry(words: &mut Words<'_>, number: u32, state: &mut State, bulk: &mut Bulk) -> Option<()> {
    let owner = match words.rest.first()? {
        b' ' | b'\t' => state.owner.clone()?,
        _ => owner(words.next()?, state)?,
    };
    let (mut ttl, mut last_ttl) = (state.ttl, state.last_ttl);
    let mut word = words.next()?;
    while word.eq_ignore_ascii_case(b"IN") || word.first()?.is_ascii_digit() {
        if word.first()?.is_ascii_digit() {
            last_ttl = seconds(word)?;
            ttl = Some(last_ttl);
        }
        word = words.next()?;
    }
    let (kind, data) = data(word, words, state)?;
    if !words.at_end() {
        return None;
    }
    let name = wire(owner.as_bytes())?;
    let ttl = ttl.unwrap_or(last_ttl);
    if !bulk.add(&name, kind, ttl, number, &data) {
        return None;
    }
    state.last_ttl = last_ttl;
    state.owner = Some(owner);
    Some(())
}

/// The name in text that an entry begins with; None unless it is plain, and in the zone.
fn owner(word: &[u8], state: &State) -> Option<String> {
    let name = match word {
        b"@" => state.origin.clone()?,
        _ => absolute(word, state)?.to_ascii_lowercase(),
    };
    let above = name.strip_suffix(state.zone.as_str())?;
    (above.is_empty() || above.ends_with('.')).then_some(name)
}

/// A plain name in text with its last dot, in the case that it has.
fn absolute(word: &[u8], state: &State) -> Option<String> {
    let text = std::str::from_utf8(word).ok()?;
    let name = match text.ends_with('.') {
        true => text.to_owned(),
        false => format!("{text}.{}", state.origin.as_deref()?),
    };
    (name.len() <= MAX_TEXT_NAME && wire(name.as_bytes()).is_some()).then_some(name)
}

/// A plain name on the wire, in the case that it has; None for one that is not plain.
fn wire(name: &[u8]) -> Option<Vec<u8>> {
    let mut found = Vec::with_capacity(name.len() + 1);
    for label in name.strip_suffix(b".")?.split(|octet| *octet == b'.') {
        let plain = |octet: &u8| octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'_');
        if label.is_empty() || label.len() > MAX_LABEL || !label.iter().all(plain) {
            return None;
        }
        found.push(label.len() as u8);
        found.extend(label);
    }
    found.push(0);
    Some(found)
}

/// A plain name of text, as it is in tables; None for one that is not plain.
pub fn key(name: &str) -> Option<Vec<u8>> {
    wire(name.to_ascii_lowercase().as_bytes())
}

/// A TTL in plain seconds.
fn seconds(word: &[u8]) -> Option<u32> {
    if word.len() > 10 || !word.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let number = std::str::from_utf8(word).ok()?.parse().ok()?;
    (number <= MAX_TTL).then_some(number)
}

fn data(kind: &[u8], words: &mut Words<'_>, state: &State) -> Option<(u16, Vec<u8>)> {
    if kind.eq_ignore_ascii_case(b"TXT") {
        return Some((TXT, strings(words)?));
    }
    let word = words.next()?;
    let text = std::str::from_utf8(word).ok()?;
    if kind.eq_ignore_ascii_case(b"A") {
        Some((A, text.parse::<Ipv4Addr>().ok()?.octets().to_vec()))
    } else if kind.eq_ignore_ascii_case(b"AAAA") && !text.contains('.') {
        Some((AAAA, text.parse::<Ipv6Addr>().ok()?.octets().to_vec()))
    } else if kind.eq_ignore_ascii_case(b"CNAME") {
        Some((CNAME, wire(absolute(word, state)?.as_bytes())?))
    } else {
        None
    }
}

/// One or more character strings, in quotes or plain, without escapes.
fn strings(words: &mut Words<'_>) -> Option<Vec<u8>> {
    let mut data = Vec::new();
    while !words.at_end() {
        let string = match words.quoted() {
            true => words.string()?,
            false => words.next()?,
        };
        data.push(
            u8::try_from(string.len())
                .ok()
                .filter(|_| string.len() <= MAX_STRING)?,
        );
        data.extend(string);
    }
    (!data.is_empty()).then_some(data)
}

/// What is left of a line, word by word.
struct Words<'a> {
    rest: &'a [u8],
}

impl<'a> Words<'a> {
    /// The next word; None at the end of the line, or if there is more to it than plain characters.
    fn next(&mut self) -> Option<&'a [u8]> {
        self.rest = self.rest.trim_ascii_start();
        let end = self.rest.iter().position(|octet| b" \t;".contains(octet));
        let (word, rest) = self.rest.split_at_checked(end.unwrap_or(self.rest.len()))?;
        let plain = |octet: &u8| octet.is_ascii_alphanumeric() || b"-_.:=+/@,".contains(octet);
        if word.is_empty() || !word.iter().all(plain) {
            return None;
        }
        self.rest = rest;
        Some(word)
    }

    fn quoted(&mut self) -> bool {
        self.rest = self.rest.trim_ascii_start();
        self.rest.first() == Some(&b'"')
    }

    /// What is between two quotes; None if there are escapes, or no blank behind it.
    fn string(&mut self) -> Option<&'a [u8]> {
        let inner = self.rest.strip_prefix(b"\"")?;
        let end = inner.iter().position(|octet| b"\"\\".contains(octet))?;
        let rest = inner.get(end..)?.strip_prefix(b"\"")?;
        if rest.first().is_some_and(|octet| !b" \t".contains(octet)) {
            return None;
        }
        self.rest = rest;
        inner.get(..end)
    }

    /// Whether nothing is left but blanks and a comment.
    fn at_end(&self) -> bool {
        matches!(self.rest.trim_ascii_start().first(), None | Some(b';'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (Bulk, State, u32) {
        let mut state = State {
            zone: "z.example.".to_owned(),
            origin: Some("z.example.".to_owned()),
            last_ttl: 3600,
            ..State::default()
        };
        let mut bulk = Bulk::default();
        let mut scanner = Scanner::new(text.as_bytes().to_vec());
        scanner.scan(&mut state, &mut bulk);
        (bulk, state, scanner.line())
    }

    fn sets(bulk: &Bulk, name: &str) -> Vec<(u16, u32, Vec<u8>)> {
        let sets = bulk
            .sets(&key(name).unwrap_or_default())
            .unwrap_or_default();
        let set = |set: super::super::Set<'_>| (set.kind, set.ttl, set.data.concat());
        sets.into_iter().map(set).collect()
    }

    #[test]
    fn ordinary_lines_are_read() {
        let (bulk, state, line) = read(
            "; a comment\n\nHost 60 IN A 192.0.2.1 ; one\r\n\tin 30 aaaa 2001:db8::1\n\
             t.z.example. TXT \"a ;(\" b\n",
        );
        assert_eq!(line, 6);
        let v6 = [0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1].to_vec();
        let expected = [(A, 60, vec![192, 0, 2, 1]), (AAAA, 30, v6)];
        assert_eq!(sets(&bulk, "host.z.example."), expected);
        let text = b"\x04a ;(\x01b".to_vec();
        assert_eq!(sets(&bulk, "t.z.example."), [(TXT, 30, text)]);
        assert_eq!(state.owner.as_deref(), Some("t.z.example."));
    }

    #[test]
    fn reading_stops_at_what_is_not_ordinary() {
        for line in [
            "$TTL 60",
            "a MX 10 b",
            "a A 192.0.2.01",
            "a A 192.0.2.1 x",
            "a A (192.0.2.1)",
            "*.a A 192.0.2.1",
            "a.elsewhere. A 192.0.2.1",
            "notz.example. A 192.0.2.1",
            "a 1h A 192.0.2.1",
            "a 2147483648 A 192.0.2.1",
            "a\\.b A 192.0.2.1",
            "a TXT \"x\\\"\"",
            "a TXT \"x",
            "a TXT",
            "a",
            "  A 192.0.2.1",
            "a AAAA ::ffff:192.0.2.1",
            "ä A 192.0.2.1",
            "a A 192.0.2.1\x0b",
        ] {
            let (bulk, state, at) = read(&format!("{line}\nb A 192.0.2.9\n"));
            assert_eq!((bulk.len(), at), (0, 1), "{line}");
            assert_eq!(state.owner, None, "{line}");
        }
    }
}
