//! Names on the wire, as far as this crate looks into them.

/// A name, its parent, and so on up to the root (RFC 1035 section 3.1).
pub fn ancestors(name: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = Some(name);
    std::iter::from_fn(move || {
        let here = rest?;
        let label = usize::from(*here.first()?);
        rest = if label == 0 {
            None
        } else {
            here.get(1 + label..)
        };
        Some(here)
    })
}

#[cfg(test)]
mod tests {
    use super::ancestors;

    #[test]
    fn a_name_is_followed_up_to_the_root() {
        let found: Vec<&[u8]> = ancestors(b"\x01a\x02bc\0").collect();
        assert_eq!(found, [&b"\x01a\x02bc\0"[..], b"\x02bc\0", b"\0"]);
    }

    #[test]
    fn what_is_no_name_ends() {
        assert_eq!(ancestors(b"\x05a").count(), 1);
        assert_eq!(ancestors(b"").count(), 0);
    }
}
