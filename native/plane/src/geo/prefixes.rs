//! Ranges cut into the fewest aligned prefixes: what an area is found by (gtm/steering/areas.py).

use super::Address;
use super::ranges::Ranges;

const TOPS: usize = 1 << 16; // values of an address's first 16 bits

/// Aligned prefixes over all addresses, in order.
#[derive(Debug, PartialEq, Eq)]
pub struct Prefixes<A> {
    /// First addresses.
    pub starts: Vec<A>,
    /// `area << 8 | length` of each.
    pub values: Vec<u32>,
    /// For each value of an address's first 16 bits, and one more, how many begin below it.
    pub first: Vec<u32>,
}

/// The ranges' values turned into areas, merged, and cut. None if a value has no area, or an area
/// a number of more than 24 bits.
pub fn prefixes<A: Address>(ranges: &Ranges<A>, area_of: &[u32]) -> Option<Prefixes<A>> {
    let mut found = Cut {
        starts: Vec::with_capacity(ranges.starts.len()),
        values: Vec::with_capacity(ranges.starts.len()),
    };
    let mut run: Option<(A, u32)> = None;
    for (&start, &value) in ranges.starts.iter().zip(&ranges.values) {
        let area = *area_of.get(usize::try_from(value).ok()?)?;
        match run {
            Some((_, current)) if current == area => {}
            Some((begin, current)) => {
                found.run(begin, start.minus(A::bit(0)), current)?;
                run = Some((start, area));
            }
            None => run = Some((start, area)),
        }
    }
    let (begin, current) = run?;
    found.run(begin, A::LAST, current)?;
    let first = index(&found.starts);
    Some(Prefixes {
        starts: found.starts,
        values: found.values,
        first,
    })
}

struct Cut<A> {
    starts: Vec<A>,
    values: Vec<u32>,
}

impl<A: Address> Cut<A> {
    /// The fewest aligned prefixes that make up the addresses from `first` to `last`.
    fn run(&mut self, mut first: A, last: A, area: u32) -> Option<()> {
        let value = area.checked_mul(1 << 8)?;
        loop {
            let rest = last.minus(first); // one less than there are
            let fits = match rest == A::LAST {
                true => A::BITS,
                false => rest.plus(A::bit(0)).log2(),
            };
            let size = first.trailing_zeros().min(fits);
            self.starts.push(first);
            self.values.push(value | (A::BITS - size));
            let end = first.plus(A::bit(size).minus(A::bit(0)));
            if end >= last {
                return Some(());
            }
            first = end.plus(A::bit(0));
        }
    }
}

fn index<A: Address>(starts: &[A]) -> Vec<u32> {
    let mut first = vec![0; TOPS + 1];
    for start in starts {
        if let Some(count) = first.get_mut(start.top() + 1) {
            *count += 1;
        }
    }
    let mut below = 0;
    for count in &mut first {
        below += *count;
        *count = below;
    }
    first
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut<A: Address>(rows: &[(A, i32)], area_of: &[u32]) -> Option<Vec<(A, u32)>> {
        let ranges = Ranges {
            starts: rows.iter().map(|row| row.0).collect(),
            values: rows.iter().map(|row| row.1).collect(),
        };
        let found = prefixes(&ranges, area_of)?;
        Some(found.starts.into_iter().zip(found.values).collect())
    }

    #[test]
    fn one_area_is_one_prefix_of_length_0() {
        assert_eq!(cut(&[(0_u32, 0), (9, 1)], &[3, 3]), Some(vec![(0, 3 << 8)]));
        assert_eq!(cut(&[(0_u128, 0)], &[0]), Some(vec![(0, 0)]));
    }

    #[test]
    fn runs_are_cut_where_they_are_aligned() {
        let area = 1 << 8;
        let found = cut(&[(0_u32, 0), (1 << 31, 1), ((1 << 31) + 3, 0)], &[0, 1]);
        let expected = [
            (0, 1),
            (1 << 31, area | 31),
            ((1 << 31) + 2, area | 32),
            ((1 << 31) + 3, 32),
            ((1 << 31) + 4, 30),
        ];
        assert_eq!(
            found.map(|found| found[..5].to_vec()),
            Some(expected.to_vec())
        );
    }

    #[test]
    fn prefixes_are_counted_below_each_top() {
        let ranges = Ranges {
            starts: vec![0_u32, 1 << 16],
            values: vec![0, 1],
        };
        let first = prefixes(&ranges, &[0, 1]).map(|found| found.first);
        let first = first.unwrap_or_default();
        assert_eq!(first.len(), 65537);
        assert_eq!(first[..4], [0, 1, 2, 3]);
        assert_eq!(first.last(), Some(&17));
    }

    #[test]
    fn what_has_no_area_is_refused() {
        assert_eq!(cut(&[(0_u32, 1)], &[0]), None);
        assert_eq!(cut(&[(0_u32, -1)], &[0]), None);
        assert_eq!(cut(&[(0_u32, 0)], &[1 << 24]), None);
        assert_eq!(cut::<u32>(&[], &[]), None);
    }
}
