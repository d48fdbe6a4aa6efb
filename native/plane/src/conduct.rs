//! How the server answers whatever zone is asked (see gtm/dns/conduct.py): NSID and DNS cookies.

use std::net::IpAddr;

use crate::siphash::siphash24;
use crate::wire::Query;

/// Octets of a client cookie (RFC 7873 section 4).
pub const CLIENT: usize = 8;
/// Octets of a client cookie and one of ours (RFC 9018 section 4).
pub const COOKIE: usize = CLIENT + SERVER;

const SERVER: usize = 16; // version, three reserved, timestamp, hash
const VERSION: u8 = 1;
const KEEP: i32 = 1800; // seconds that a cookie is given back as it came (RFC 9018 section 4.3)
const PAST: i32 = 3600; // seconds that it holds
const FUTURE: i32 = 300; // seconds that clocks may differ

/// Words of the server that responses need.
#[derive(Clone, Debug, Default)]
pub struct Conduct {
    /// What NSID answers (RFC 5001).
    pub identity: Option<Box<[u8]>>,
    /// Cookies are made with the first, and taken from all; with none they are ignored.
    pub secrets: Box<[[u8; 16]]>,
}

/// What a response says to wishes of a query.
#[derive(Clone, Copy, Debug, Default)]
pub struct Granted<'a> {
    /// The data of an NSID option.
    pub identity: Option<&'a [u8]>,
    /// The data of a COOKIE option.
    pub cookie: Option<[u8; COOKIE]>,
    /// Whether the client has shown a cookie of ours: nobody forged its address.
    pub known: bool,
    /// Whether the answer is to be truncated.
    pub cut: bool,
}

impl Conduct {
    /// Answers the wishes of a query by its sender at a Unix time.
    #[inline]
    pub fn grant(&self, packet: &[u8], query: &Query, sender: IpAddr, now: f64) -> Granted<'_> {
        match query.edns {
            Some(edns) if edns.nsid || edns.cookie.is_some() => {
                let mut granted = Granted::default();
                if edns.nsid {
                    granted.identity = self.identity.as_deref();
                }
                if let Some((at, length)) = edns.cookie
                    && let Some(shown) = packet.get(at..at + usize::from(length))
                    && let Some((cookie, known)) = self.greet(shown, sender, now as u64 as u32)
                {
                    granted.cookie = Some(cookie);
                    granted.known = known;
                }
                granted
            }
            _ => Granted::default(),
        }
    }

    /// The cookies to answer with, and whether the client has shown one of ours.
    ///
    /// An invalid one is taken as none (RFC 7873 section 5.2.4 leaves that to the server).
    fn greet(&self, shown: &[u8], sender: IpAddr, clock: u32) -> Option<([u8; COOKIE], bool)> {
        let (client, server) = shown.split_first_chunk::<CLIENT>()?;
        let signer = self.signer(client, server, sender, clock);
        if signer == Some(0) && age(server, clock)? <= KEEP {
            return Some((*shown.first_chunk()?, true));
        }
        let [a, b, c, d] = clock.to_be_bytes();
        let made = [VERSION, 0, 0, 0, a, b, c, d];
        let digest = digest(self.secrets.first()?, client, &made, sender);
        let mut cookie = [0; COOKIE];
        cookie[..8].copy_from_slice(client);
        cookie[8..16].copy_from_slice(&made);
        cookie[16..].copy_from_slice(&digest);
        Some((cookie, signer.is_some()))
    }

    /// Which of the secrets made a cookie that holds.
    fn signer(&self, client: &[u8; 8], shown: &[u8], sender: IpAddr, clock: u32) -> Option<usize> {
        let shown: &[u8; SERVER] = shown.try_into().ok()?;
        let age = age(shown, clock)?;
        if shown[0] != VERSION || !(-FUTURE..=PAST).contains(&age) {
            return None;
        }
        let (made, told) = shown.split_first_chunk::<8>()?;
        let is_of = |secret| same(&digest(secret, client, made, sender), told);
        self.secrets.iter().position(is_of)
    }
}

/// Seconds since a cookie was made; its clock wraps in 2106 (RFC 1982 arithmetic).
fn age(server: &[u8], clock: u32) -> Option<i32> {
    let made = server.get(4..8)?.first_chunk::<4>()?;
    Some(clock.wrapping_sub(u32::from_be_bytes(*made)) as i32)
}

fn digest(secret: &[u8; 16], client: &[u8; 8], made: &[u8; 8], sender: IpAddr) -> [u8; 8] {
    let mut input = [0; 32];
    input[..8].copy_from_slice(client);
    input[8..16].copy_from_slice(made);
    match sender {
        IpAddr::V4(sender) => {
            input[16..20].copy_from_slice(&sender.octets());
            siphash24(secret, &input[..20])
        }
        IpAddr::V6(sender) => {
            input[16..].copy_from_slice(&sender.octets());
            siphash24(secret, &input)
        }
    }
}

/// Whether they are the same, found in a time that does not depend on them.
fn same(one: &[u8; 8], other: &[u8]) -> bool {
    let other = other
        .first_chunk()
        .map_or(0, |other| u64::from_ne_bytes(*other));
    u64::from_ne_bytes(*one) ^ other == 0 // eight octets are compared at once
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may fail")]
mod tests {
    use super::*;

    const SECRET: u128 = 0xe5e973e5a6b2a43f48e7dc849e37bfcf;
    const CLIENT: &[u8] = &0x2464c4abcf10c957_u64.to_be_bytes();

    fn server(cookie: u128) -> Vec<u8> {
        cookie.to_be_bytes().to_vec()
    }

    fn of(secrets: &[u128]) -> Conduct {
        Conduct {
            identity: None,
            secrets: secrets.iter().map(|each| each.to_be_bytes()).collect(),
        }
    }

    fn greeted(conduct: &Conduct, shown: &[u8], sender: IpAddr, clock: u32) -> (Vec<u8>, bool) {
        let (cookie, known) = conduct.greet(shown, sender, clock).unwrap();
        assert_eq!(cookie[..8], shown[..8]);
        (cookie[8..].to_vec(), known)
    }

    #[test]
    fn a_client_learns_the_cookie_of_rfc_9018_a_1_and_renews_it_as_in_a_2() {
        let sender = [198, 51, 100, 100].into();
        let (first, known) = greeted(&of(&[SECRET]), CLIENT, sender, 1_559_731_985);
        assert_eq!(first, server(0x010000005cf79f111f8130c3eee29480));
        assert!(!known);
        let shown = [CLIENT, &first].concat();
        let (second, known) = greeted(&of(&[SECRET]), &shown, sender, 1_559_734_385);
        assert_eq!(second, server(0x010000005cf7a871d4a564a1442aca77));
        assert!(known);
    }

    #[test]
    fn a_rolled_secret_is_taken_and_replaced_as_in_rfc_9018_a_4() {
        let secrets = [
            0x445536bcd2513298075a5d379663c962,
            0xdd3bdf9344b678b185a6f5cb60fca715,
        ];
        let sender = "2001:db8:220:1:59de:d0f4:8769:82b8".parse().unwrap();
        let mut shown = 0x22681ab97d52c298_u64.to_be_bytes().to_vec();
        shown.extend(server(0x010000005cf7c57926556bd0934c72f8));
        let (cookie, known) = greeted(&of(&secrets), &shown, sender, 1_559_741_961);
        assert_eq!(cookie, server(0x010000005cf7c609a6bb79d16625507a));
        assert!(known);
        let (_, known) = greeted(&of(&secrets[..1]), &shown, sender, 1_559_741_961);
        assert!(!known);
    }

    #[test]
    fn a_cookie_holds_for_an_hour_for_one_address_alone() {
        let (here, there) = ([192, 0, 2, 1].into(), [192, 0, 2, 2].into());
        let conduct = of(&[SECRET]);
        let (cookie, _) = greeted(&conduct, CLIENT, here, 1_000_000);
        let shown = [CLIENT, &cookie].concat();
        for (later, known, kept) in [
            (-301, false, false),
            (-300, true, true),
            (1800, true, true),
            (1801, true, false),
            (3600, true, false),
            (3601, false, false),
        ] {
            let clock = 1_000_000_u32.wrapping_add_signed(later);
            let (again, found) = greeted(&conduct, &shown, here, clock);
            assert_eq!((found, again == cookie), (known, kept), "{later}");
        }
        assert!(!greeted(&conduct, &shown, there, 1_000_000).1);
        assert_eq!(Conduct::default().greet(&shown, here, 0), None);
    }
}
