//! Where a datagram came from and which address was asked: where its answer goes, and from where.

use std::mem::size_of;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Octets of control messages that are kept: one IPV6_PKTINFO has 40.
pub(crate) const CONTROL: usize = 48;

/// Octets before a control message's data: length, level, kind.
const HEAD: usize = size_of::<libc::cmsghdr>();
const LEVEL: usize = HEAD - 8;
/// Octets of the data of IP_PKTINFO: interface, local address, destination (ip(7)).
const DATA4: usize = 12;
/// Octets of the data of IPV6_PKTINFO: address, interface (RFC 3542 section 6.1).
const DATA6: usize = 20;

/// A datagram's sender and destination, as the kernel tells them and wants to be told.
#[repr(C, align(8))]
#[derive(Clone, Copy, Debug)]
pub struct Origin {
    pub(crate) control: [u8; CONTROL],
    pub(crate) controls: usize, // octets of `control`
    pub(crate) name: libc::sockaddr_in6,
    pub(crate) named: libc::socklen_t, // octets of `name`
}

impl Origin {
    /// The sender's address; IPv4 that came over an IPv6 socket is IPv4.
    #[inline]
    pub fn sender(&self) -> IpAddr {
        if libc::c_int::from(self.name.sin6_family) == libc::AF_INET6 {
            return IpAddr::V6(Ipv6Addr::from(self.name.sin6_addr.s6_addr)).to_canonical();
        }
        // a sockaddr_in has its address where a sockaddr_in6 has its flow
        IpAddr::V4(Ipv4Addr::from(self.name.sin6_flowinfo.to_ne_bytes()))
    }

    /// Makes of the control message, of which the kernel wrote so many octets, the one that has an
    /// answer leave from the address that was asked.
    ///
    /// The interface stays open, as the way back may be another; but for link-local addresses,
    /// which mean nothing without theirs.
    pub(crate) fn settle(&mut self, told: usize) {
        self.controls = 0;
        let kind = (self.number(LEVEL), self.number(LEVEL + 4));
        let data = &mut self.control[HEAD..];
        if kind == (libc::IPPROTO_IP, libc::IP_PKTINFO) && told >= HEAD + DATA4 {
            data[..4].fill(0);
        } else if kind == (libc::IPPROTO_IPV6, libc::IPV6_PKTINFO) && told >= HEAD + DATA6 {
            let link_local = data[0] == 0xFE && data[1] & 0xC0 == 0x80;
            if !link_local {
                data[16..20].fill(0);
            }
        } else {
            return;
        }
        self.controls = told.min(CONTROL);
    }

    fn number(&self, at: usize) -> i32 {
        let octets = self.control[at..].first_chunk();
        octets.map_or(0, |octets| i32::from_ne_bytes(*octets))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOCAL4: [u8; 12] = [7, 0, 0, 0, 192, 0, 2, 53, 192, 0, 2, 53];

    fn origin(level: i32, kind: i32, data: &[u8]) -> (Origin, usize) {
        let name = libc::sockaddr_in6 {
            sin6_family: libc::AF_INET as libc::sa_family_t,
            sin6_port: 53,
            sin6_flowinfo: u32::from_ne_bytes([198, 51, 100, 1]),
            sin6_addr: libc::in6_addr { s6_addr: [0; 16] },
            sin6_scope_id: 0,
        };
        let mut control = [0; CONTROL];
        control[LEVEL..LEVEL + 4].copy_from_slice(&level.to_ne_bytes());
        control[LEVEL + 4..HEAD].copy_from_slice(&kind.to_ne_bytes());
        control[HEAD..HEAD + data.len()].copy_from_slice(data);
        let made = Origin {
            control,
            controls: 0,
            name,
            named: 16,
        };
        (made, HEAD + data.len())
    }

    #[test]
    fn the_sender_of_ipv4_and_of_ipv4_over_ipv6_is_ipv4() {
        let (mut found, _) = origin(0, 0, &[]);
        assert_eq!(found.sender(), IpAddr::from([198, 51, 100, 1]));
        found.name.sin6_family = libc::AF_INET6 as libc::sa_family_t;
        found.name.sin6_addr.s6_addr = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 192, 0, 2, 1];
        assert_eq!(found.sender(), IpAddr::from([192, 0, 2, 1]));
        found.name.sin6_addr.s6_addr[0] = 0x20;
        assert!(found.sender().is_ipv6());
    }

    #[test]
    fn an_ipv4_answer_leaves_from_the_address_asked_by_any_interface() {
        let (mut found, told) = origin(libc::IPPROTO_IP, libc::IP_PKTINFO, &LOCAL4);
        found.settle(told);
        assert_eq!(found.controls, told);
        assert_eq!(found.control[HEAD..HEAD + 8], [0, 0, 0, 0, 192, 0, 2, 53]);
    }

    #[test]
    fn an_ipv6_answer_keeps_the_interface_of_link_local_addresses_alone() {
        for (first, interface) in [([0x20, 0x01], 0), ([0xFE, 0x80], 9), ([0xFE, 0xC0], 0)] {
            let mut data = [0; DATA6];
            data[..2].copy_from_slice(&first);
            data[16] = 9;
            let (mut found, told) = origin(libc::IPPROTO_IPV6, libc::IPV6_PKTINFO, &data);
            found.settle(told);
            assert_eq!(found.controls, told);
            assert_eq!(found.control[HEAD + 16], interface);
        }
    }

    #[test]
    fn a_destination_that_was_not_told_sets_no_source() {
        for (level, kind, short) in [
            (libc::IPPROTO_IP, libc::IP_TTL, 0),
            (libc::IPPROTO_IP, libc::IP_PKTINFO, 1),
            (libc::IPPROTO_IPV6, libc::IPV6_PKTINFO, 1),
        ] {
            let (mut found, told) = origin(level, kind, &LOCAL4);
            found.settle(told - short);
            assert_eq!(found.controls, 0);
        }
    }
}
