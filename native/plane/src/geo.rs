//! Number crunching for the control side: geo databases and area tables over millions of ranges.
//!
//! Pure functions over flat arrays. gtm/geo and gtm/steering have the same in Python, which is the
//! reference, and what runs where this is not built; tests hold both to the same results.

pub mod prefixes;
pub mod ranges;
pub mod tree;

/// An address of one family as a number.
pub trait Address: Copy + Ord {
    /// How many bits it has.
    const BITS: u32;
    /// The lowest.
    const ZERO: Self;
    /// The highest.
    const LAST: Self;
    /// The address whose only set bit has this weight; 0 where there is no such bit.
    fn bit(weight: u32) -> Self;
    /// The address so many behind this one; it must exist.
    fn plus(self, other: Self) -> Self;
    /// How many addresses lie from `from` to this one, without this one.
    fn minus(self, from: Self) -> Self;
    /// How often 2 divides it; all bits for 0.
    fn trailing_zeros(self) -> u32;
    /// The weight of its highest set bit; 0 for 0.
    fn log2(self) -> u32;
    /// Its first 16 bits.
    fn top(self) -> usize;
}

macro_rules! address {
    ($number:ty) => {
        impl Address for $number {
            const BITS: u32 = <$number>::BITS;
            const ZERO: Self = 0;
            const LAST: Self = <$number>::MAX;

            fn bit(weight: u32) -> Self {
                (1 as $number).checked_shl(weight).unwrap_or(0)
            }

            fn plus(self, other: Self) -> Self {
                self.wrapping_add(other)
            }

            fn minus(self, from: Self) -> Self {
                self.wrapping_sub(from)
            }

            fn trailing_zeros(self) -> u32 {
                <$number>::trailing_zeros(self)
            }

            fn log2(self) -> u32 {
                self.checked_ilog2().unwrap_or(0)
            }

            fn top(self) -> usize {
                (self >> (<$number>::BITS - 16)) as usize
            }
        }
    };
}

address!(u32);
address!(u128);
