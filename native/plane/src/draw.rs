//! Draws without dice, bit for bit those of gtm/dns/draw.py.
//!
//! All numbers are unsigned 64-bit; a draw is spread evenly over them.

const GOLDEN: u64 = 0x9E37_79B9_7F4A_7C15; // steps that never line up
const EXACT: f64 = 4_503_599_627_370_496.0; // 2^52: seconds below it, and their windows, are exact
const WINDOW: f64 = 4_294_967_296.0; // 2^32: a seed's low half says where its windows begin

/// Spreads a number over all 64-bit numbers (the finisher of Steele's SplitMix64).
#[inline]
pub fn mix(number: u64) -> u64 {
    let number = (number ^ (number >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    number ^ (number >> 31)
}

/// What an asker's draws come from: its address as a number, and the app's salt.
#[inline]
pub fn seed_of(address: u128, salt: u64) -> u64 {
    let (high, low) = ((address >> 64) as u64, address as u64);
    mix((mix(low.wrapping_add(salt)) ^ high).wrapping_add(GOLDEN))
}

/// The draw of an asker for its window of `ttl` seconds around `now` (Unix seconds).
#[inline]
pub fn window_draw(seed: u64, now: f64, ttl: u32) -> u64 {
    // Python divides the exact product and rounds once; so does this, as 2^32 is a power of two
    let shift = ((seed & 0xFFFF_FFFF) * u64::from(ttl)) as f64 / WINDOW;
    let window = window(now + shift, f64::from(ttl)) as u64;
    mix(seed.wrapping_add(window.wrapping_mul(GOLDEN)))
}

/// Which window of `ttl` seconds a time is in, begun from 0: the floor of the exact quotient.
///
/// The rounded quotient is that, or one more where it is rounded up to a whole number. All whole
/// numbers here are exact, as is their product.
#[inline]
fn window(time: f64, ttl: f64) -> i64 {
    if !(0.0..EXACT).contains(&time) || ttl < 1.0 {
        return floor_division(time, ttl) as i64;
    }
    let window = (time / ttl) as i64;
    window - i64::from(window as f64 * ttl > time)
}

/// The draw of a client network: its prefix of `length` out of `bits`, whatever is behind it.
#[inline]
pub fn network_draw(bits: u8, address: u128, length: u8, salt: u64) -> u64 {
    let behind = u32::from(bits.saturating_sub(length));
    let network = address.checked_shr(behind).unwrap_or(0);
    seed_of(network.checked_shl(behind).unwrap_or(0), salt)
}

/// Which of `count` a draw picks.
#[inline]
pub fn pick(draw: u64, count: usize) -> usize {
    // counts are those of slots and records, far below 2^32
    (((draw >> 32) * count as u64) >> 32) as usize
}

/// Which of `count` 16 random bits pick.
#[inline]
pub fn pick16(random: u32, count: usize) -> usize {
    ((u64::from(random & 0xFFFF) * count as u64) >> 16) as usize
}

/// Python's `//` of floats, which is not the floor of the quotient: that may round up to the next
/// whole number, where this stays below it.
#[cold]
fn floor_division(dividend: f64, divisor: f64) -> f64 {
    let remainder = dividend % divisor;
    let mut quotient = (dividend - remainder) / divisor;
    if remainder != 0.0 && (divisor < 0.0) != (remainder < 0.0) {
        quotient -= 1.0;
    }
    let floor = quotient.floor();
    if quotient - floor > 0.5 {
        floor + 1.0
    } else {
        floor
    }
}
