//! The address space of one family cut into consecutive ranges (see gtm/geo/networks.py).

use std::collections::HashMap;

use super::Address;

/// The value of a range of which nothing is known.
pub const UNKNOWN: i32 = -1;

/// Consecutive ranges over all addresses: first addresses, ascending from 0, and values beside
/// them. No two neighbours have one value.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Ranges<A> {
    /// Where each range begins; it ends where the next one does.
    pub starts: Vec<A>,
    /// What holds there.
    pub values: Vec<i32>,
}

impl<A: Address> Ranges<A> {
    /// None yet, with room for so many.
    pub fn with_room(count: usize) -> Self {
        Self {
            starts: Vec::with_capacity(count),
            values: Vec::with_capacity(count),
        }
    }

    /// Begins a range at `first`, which is above all before; merged where the value goes on.
    pub fn add(&mut self, first: A, value: i32) {
        if self.values.last() != Some(&value) {
            self.starts.push(first);
            self.values.push(value);
        }
    }

    /// First addresses with their values, in order.
    fn iter(&self) -> impl Iterator<Item = (A, i32)> {
        self.starts.iter().copied().zip(self.values.iter().copied())
    }
}

/// The ranges with another value for each of theirs; UNKNOWN stays. None if `meaning` lacks one.
pub fn selected<A: Address>(ranges: &Ranges<A>, meaning: &[i32]) -> Option<Ranges<A>> {
    let mut found = Ranges::with_room(ranges.starts.len());
    for (first, value) in ranges.iter() {
        let value = match value {
            UNKNOWN => UNKNOWN,
            other => *meaning.get(usize::try_from(other).ok()?)?,
        };
        found.add(first, value);
    }
    Some(found)
}

/// Numbers of pairs, in the order in which they were met.
#[derive(Debug, Default)]
pub struct Pairs {
    /// The pairs by number.
    pub list: Vec<(i32, i32)>,
    numbers: HashMap<(i32, i32), i32>,
}

impl Pairs {
    /// Those that are numbered already.
    pub fn known(list: Vec<(i32, i32)>) -> Self {
        let numbers = list.iter().copied().zip(0..).collect();
        Self { list, numbers }
    }

    fn number(&mut self, pair: (i32, i32)) -> i32 {
        let next = self.list.len() as i32;
        *self.numbers.entry(pair).or_insert_with(|| {
            self.list.push(pair);
            next
        })
    }
}

/// Both together: ranges whose values number the pairs of theirs.
pub fn crossed<A: Address>(one: &Ranges<A>, two: &Ranges<A>, pairs: &mut Pairs) -> Ranges<A> {
    let mut found = Ranges::with_room(one.starts.len() + two.starts.len());
    for (first, value, other) in together(one, two) {
        found.add(first, pairs.number((value, other)));
    }
    found
}

/// `upper` wherever it knows a value, else `lower`.
pub fn fill<A: Address>(upper: &Ranges<A>, lower: &Ranges<A>) -> Ranges<A> {
    let mut found = Ranges::with_room(upper.starts.len() + lower.starts.len());
    for (first, value, below) in together(upper, lower) {
        found.add(first, if value == UNKNOWN { below } else { value });
    }
    found
}

/// Wherever either begins a range: the address, and the values of both from there on.
fn together<A: Address>(one: &Ranges<A>, two: &Ranges<A>) -> impl Iterator<Item = (A, i32, i32)> {
    let (mut ours, mut theirs) = (one.iter().peekable(), two.iter().peekable());
    let (mut value, mut other) = (UNKNOWN, UNKNOWN);
    std::iter::from_fn(move || {
        let at = match (ours.peek(), theirs.peek()) {
            (Some(our), Some(their)) => our.0.min(their.0),
            (Some(next), None) | (None, Some(next)) => next.0,
            (None, None) => return None,
        };
        if let Some(next) = ours.next_if(|next| next.0 == at) {
            value = next.1;
        }
        if let Some(next) = theirs.next_if(|next| next.0 == at) {
            other = next.1;
        }
        Some((at, value, other))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ranges(rows: &[(u32, i32)]) -> Ranges<u32> {
        Ranges {
            starts: rows.iter().map(|row| row.0).collect(),
            values: rows.iter().map(|row| row.1).collect(),
        }
    }

    #[test]
    fn selected_merges_neighbours_that_become_alike() {
        let found = selected(&ranges(&[(0, -1), (4, 0), (8, 1), (9, 2)]), &[7, 7, -1]);
        assert_eq!(found, Some(ranges(&[(0, -1), (4, 7), (9, -1)])));
    }

    #[test]
    fn selected_refuses_a_value_without_meaning() {
        assert_eq!(selected(&ranges(&[(0, 1)]), &[7]), None);
        assert_eq!(selected(&ranges(&[(0, -2)]), &[7]), None);
    }

    #[test]
    fn crossed_numbers_pairs_as_they_come() {
        let mut pairs = Pairs::known(vec![(5, 5)]);
        let found = crossed(
            &ranges(&[(0, 5), (4, 6)]),
            &ranges(&[(0, 5), (2, 1)]),
            &mut pairs,
        );
        assert_eq!(found, ranges(&[(0, 0), (2, 1), (4, 2)]));
        assert_eq!(pairs.list, [(5, 5), (5, 1), (6, 1)]);
    }

    #[test]
    fn fill_takes_the_lower_where_the_upper_knows_nothing() {
        let upper = ranges(&[(0, -1), (4, 3), (8, -1)]);
        let found = fill(&upper, &ranges(&[(0, 1), (6, 2), (9, 1)]));
        assert_eq!(found, ranges(&[(0, 1), (4, 3), (8, 2), (9, 1)]));
    }
}
