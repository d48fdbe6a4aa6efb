//! Draws are those of gtm/dns/draw.py, bit for bit: the numbers here were computed by it.

use gtm_plane::draw::{mix, network_draw, pick, seed_of, window_draw};

/// Address, salt, seed.
const SEEDS: [(u128, u64, u64); 8] = [
    (0x0, 0x0, 0xe220a8397b1dcdaf),
    (
        0xffffffffffffffffffffffffffffffff,
        0x4164d8399f767c45,
        0xd41812e3588ce861,
    ),
    (0xc0000201, 0x5bc8fbbcbde5c099, 0xb9be791eaf7f9952),
    (0xffffffff, 0xb0c11fdecb91ce37, 0xac605c4589bada62),
    (
        0xa6eb8c9ebd69fe29d76d4330f1446bea,
        0x87b0b125ec1d7da0,
        0x5de14f345779208f,
    ),
    (
        0xc6a5387777330bdbd7210dff076ce2ef,
        0x3fc1ea36f17fd374,
        0x8c37608854f48bfe,
    ),
    (
        0x2827688de6a16a3b0d464138a6233255,
        0x5f2dd97f1cfb10f6,
        0x39466176fb08767f,
    ),
    (
        0x617959ce3f1f65a8de5271007814e8a2,
        0x1a1afe878b33e968,
        0x10a589ef33cbe9a5,
    ),
];

/// Seed, Unix time, TTL, draw.
const WINDOWS: [(u64, f64, u32, u64); 20] = [
    (0x0, 0.0, 30, 0x0),
    (0x0, 59.99999999999999, 30, 0xe220a8397b1dcdaf),
    (0xffffffff, 1000000000.0, 30, 0xa25ef35ec05e9777),
    (
        0xffffffffffffffff,
        1763743940.123,
        4294967295,
        0xe4d971771b652c20,
    ),
    (0x7, -1.5, 30, 0xa371d08fdb2bd8bf),
    (0x80000000, 15.0, 30, 0x25493cc63225736c),
    (0x80000000, 14.999999999999998, 30, 0x25493cc63225736c),
    (0x80000000, 1000000000.1, 1, 0x7d6a1b5d7812a386),
    (
        0x3fd4235992edcf45,
        1013114189.5889022,
        10,
        0x6569a26bfb618e5a,
    ),
    (
        0x478c281d687c966c,
        1182075663.7777786,
        300,
        0xfb5c003ca30bc4d4,
    ),
    (
        0xc30d8b7628dbd25e,
        1797146991.4312043,
        7,
        0xbb96e780eb514ec5,
    ),
    (
        0x9e115e4b9e30691c,
        1444835686.1375215,
        7,
        0x9ff4f5061fe5cb6a,
    ),
    (
        0xf8eb18b900745130,
        1871404744.7242823,
        10,
        0xdca33eb0d0088f8e,
    ),
    (
        0x3729c619c60a3cab,
        1960127100.2174997,
        7,
        0x1449b0c21935beec,
    ),
    (
        0x2a9eba0cdf561d80,
        1289305167.7469265,
        10,
        0xfb0c2cdc795c9334,
    ),
    (
        0xe049548e8a0a8c96,
        1677830477.2505922,
        10,
        0xa3239ab63dc1dab1,
    ),
    (
        0xf0e3cd972e81d66d,
        1968556774.337902,
        10,
        0x1a69eaee390a1334,
    ),
    (
        0xf7108e96f770c226,
        1893741677.5764785,
        30,
        0xa51376d4abf008ae,
    ),
    (0x5c76f18a0585a01c, 1414906711.622745, 7, 0x96015e7770934aab),
    (
        0x10acff0043892dfc,
        1331854487.2206383,
        1,
        0xb6a041ec41494760,
    ),
];

/// Bits, address, length, salt, draw.
const NETWORKS: [(u8, u128, u8, u64, u64); 8] = [
    (32, 0x98921396, 24, 0xb52a43abad8d194a, 0xe8b49cb906221e2e),
    (32, 0x568068b9, 0, 0x4f59672710e6d8e6, 0xf667c52b3ca286bf),
    (32, 0x5af84e6b, 32, 0x4e5a3a26d18a669a, 0x5a661c43eb79a329),
    (32, 0x7b121dc5, 17, 0x50d7d13fb2489191, 0x6ad1e1abc30f782b),
    (
        128,
        0xb465325278f845f57b3120df2f4d4c86,
        56,
        0xe979cf32d1634b4,
        0x1b4715b4b0e67558,
    ),
    (
        128,
        0x5da8467f06313fff9a01fe8419521fe,
        0,
        0xbff29101f3001cee,
        0xeb618d7c216e1b20,
    ),
    (
        128,
        0x4a012e8677fd139d84a1d3a5b8e8fb2,
        128,
        0xc9a937a68c8f95ef,
        0x44f6fa3eb3c07788,
    ),
    (
        128,
        0x9419cf4d60597bdc5dbe44096b384309,
        65,
        0x252f615d75b1e24,
        0xa20129d13ddab515,
    ),
];

#[test]
fn seeds_are_those_of_the_reference() {
    for (address, salt, seed) in SEEDS {
        assert_eq!(seed_of(address, salt), seed, "{address:x} {salt:x}");
    }
}

#[test]
fn windows_are_those_of_the_reference() {
    for (seed, now, ttl, draw) in WINDOWS {
        assert_eq!(window_draw(seed, now, ttl), draw, "{seed:x} {now} {ttl}");
    }
}

#[test]
fn networks_are_those_of_the_reference() {
    for (bits, address, length, salt, draw) in NETWORKS {
        assert_eq!(
            network_draw(bits, address, length, salt),
            draw,
            "{address:x}/{length}"
        );
    }
}

#[test]
fn every_slot_is_picked_about_as_often() {
    let mut counts = [0_u32; 7];
    for number in 0..70_000 {
        counts[pick(mix(number), 7)] += 1;
    }
    assert!(
        counts.iter().all(|count| (9_500..10_500).contains(count)),
        "{counts:?}"
    );
}

#[test]
fn nonsense_does_no_harm() {
    for now in [f64::NAN, f64::INFINITY, f64::MIN, 0.0] {
        for ttl in [0, 1, u32::MAX] {
            window_draw(u64::MAX, now, ttl);
        }
    }
    network_draw(32, 1, 255, 0);
    network_draw(255, u128::MAX, 0, 0);
    assert_eq!(pick(u64::MAX, 0), 0);
}
