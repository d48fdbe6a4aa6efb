//! SipHash-2-4 (Aumasson and Bernstein, 2012): a keyed hash that is safe for short input.

/// The hash of `data`, as eight octets, least significant first.
pub fn siphash24(key: &[u8; 16], data: &[u8]) -> [u8; 8] {
    let (words, rest) = data.as_chunks::<8>();
    let mut last = [0; 8];
    for (place, octet) in last.iter_mut().zip(rest) {
        *place = *octet;
    }
    last[7] = data.len() as u8;
    let (keys, _) = key.as_chunks::<8>();
    let [low, high] = [0, 1].map(|half| keys.get(half).map_or(0, |each| u64::from_le_bytes(*each)));
    let mut state = State([
        low ^ 0x736F_6D65_7073_6575,
        high ^ 0x646F_7261_6E64_6F6D,
        low ^ 0x6C79_6765_6E65_7261,
        high ^ 0x7465_6462_7974_6573,
    ]);
    for word in words.iter().chain([&last]) {
        state.compress(u64::from_le_bytes(*word));
    }
    state.0[2] ^= 0xFF;
    state.rounds(4);
    let [a, b, c, d] = state.0;
    (a ^ b ^ c ^ d).to_le_bytes()
}

struct State([u64; 4]);

impl State {
    #[inline]
    fn compress(&mut self, word: u64) {
        self.0[3] ^= word;
        self.rounds(2);
        self.0[0] ^= word;
    }

    #[inline]
    fn rounds(&mut self, count: usize) {
        let [mut a, mut b, mut c, mut d] = self.0;
        for _ in 0..count {
            a = a.wrapping_add(b);
            b = b.rotate_left(13) ^ a;
            a = a.rotate_left(32);
            c = c.wrapping_add(d);
            d = d.rotate_left(16) ^ c;
            a = a.wrapping_add(d);
            d = d.rotate_left(21) ^ a;
            c = c.wrapping_add(b);
            b = b.rotate_left(17) ^ c;
            c = c.rotate_left(32);
        }
        self.0 = [a, b, c, d];
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_the_hash_of_its_paper() {
        let key = std::array::from_fn(|at| at as u8);
        let data: [u8; 15] = std::array::from_fn(|at| at as u8);
        assert_eq!(
            siphash24(&key, &data),
            0xa129_ca61_49be_45e5_u64.to_le_bytes()
        );
    }
}
