//! The search tree of a MaxMind DB file, walked from the lowest address up (see gtm/geo/tree.py).

use std::collections::HashMap;

use super::Address;
use super::ranges::{Ranges, UNKNOWN};

/// How many times the nodes a walk may visit: writers may share equal subtrees, but a file whose
/// tree unfolds to many times its size was made to keep us busy.
const MAX_UNFOLDING: u64 = 4;

/// The records of a tree, two for each node, of 24, 28 or 32 bits each; None for other sizes.
///
/// The middle octet of a node of 28-bit records holds the top four bits of the left one and of the
/// right one. Octets behind the last whole node are left out.
pub fn unpacked(tree: &[u8], record_size: u32) -> Option<Vec<u32>> {
    let pair = |node: &[u8]| match *node {
        [a, b, c, d, e, f] => [[0, a, b, c], [0, d, e, f]],
        [a, b, c, middle, d, e, f] => [[middle >> 4, a, b, c], [middle & 15, d, e, f]],
        [a, b, c, d, e, f, g, h] => [[a, b, c, d], [e, f, g, h]],
        _ => [[0; 4]; 2],
    };
    let size = match record_size {
        24 | 28 | 32 => record_size as usize / 4,
        _ => return None,
    };
    let nodes = tree.chunks_exact(size);
    Some(nodes.flat_map(pair).map(u32::from_be_bytes).collect())
}

/// A search tree: node n has its left record at 2n and its right one behind it. A record below
/// `nodes` is a node, equal to it means that nothing is known, above it points to data.
#[derive(Clone, Copy, Debug)]
pub struct Tree<'a> {
    /// Two records for each node.
    pub records: &'a [u32],
    /// How many nodes there are.
    pub nodes: u32,
    /// A node that is not entered: nothing is known of what is below it.
    pub alias: Option<u32>,
}

/// What a tree says of one family; the values of `ranges` are indices of `data`.
#[derive(Debug, PartialEq, Eq)]
pub struct Reached<A> {
    /// All addresses.
    pub ranges: Ranges<A>,
    /// The records that point to data, each once, in the order in which they are met.
    pub data: Vec<u32>,
}

/// Why a tree can't be walked: it is cyclic, too deep, shared out of measure, or cut short.
#[derive(Debug, PartialEq, Eq)]
pub struct Cyclic;

struct Waiting<A> {
    record: u32,
    first: A,
    depth: u32, // of the record, from the family's root
}

impl Tree<'_> {
    /// What is below `root`, the node or record where a family begins.
    pub fn reached<A: Address>(&self, root: u32) -> Result<Reached<A>, Cyclic> {
        let mut numbers: HashMap<u32, i32> = HashMap::new();
        let mut data = Vec::new();
        let mut ranges = Ranges::with_room(self.nodes as usize / 2);
        let mut latest = None;
        self.walk(root, |record, first: A| {
            if latest == Some(record) {
                return;
            }
            latest = Some(record);
            let value = match record <= self.nodes {
                true => UNKNOWN,
                false => *numbers.entry(record).or_insert_with(|| {
                    data.push(record);
                    data.len() as i32 - 1
                }),
            };
            ranges.add(first, value);
        })?;
        ranges.starts.shrink_to_fit();
        ranges.values.shrink_to_fit();
        Ok(Reached { ranges, data })
    }

    /// Tells what ends each path, with its first address, from the lowest up.
    fn walk<A: Address>(&self, root: u32, mut ends: impl FnMut(u32, A)) -> Result<(), Cyclic> {
        let mut steps = MAX_UNFOLDING * u64::from(self.nodes) + u64::from(A::BITS);
        let mut waiting = vec![Waiting {
            record: root,
            first: A::ZERO,
            depth: 0,
        }];
        while let Some(Waiting {
            mut record,
            mut first,
            mut depth,
        }) = waiting.pop()
        {
            while record < self.nodes && Some(record) != self.alias {
                steps -= 1;
                if depth == A::BITS || steps == 0 {
                    return Err(Cyclic);
                }
                depth += 1;
                let [left, right] = self.children(record)?;
                let half = A::bit(A::BITS - depth);
                record = left;
                if left >= self.nodes {
                    ends(left, first);
                    record = right;
                    first = first.plus(half);
                } else {
                    waiting.push(Waiting {
                        record: right,
                        first: first.plus(half),
                        depth,
                    });
                }
            }
            ends(record, first);
        }
        Ok(())
    }

    fn children(&self, node: u32) -> Result<[u32; 2], Cyclic> {
        let at = 2 * node as usize;
        let pair = self.records.get(at..at + 2).and_then(<[u32]>::first_chunk);
        pair.copied().ok_or(Cyclic)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reached(records: &[u32], alias: Option<u32>) -> Result<Reached<u32>, Cyclic> {
        let nodes = records.len() as u32 / 2;
        Tree {
            records,
            nodes,
            alias,
        }
        .reached(0)
    }

    #[test]
    fn records_of_each_size_are_unpacked() {
        let tree = [1, 2, 3, 0x45, 6, 7, 8, 9];
        assert_eq!(unpacked(&tree[..6], 24), Some(vec![0x010203, 0x450607]));
        assert_eq!(unpacked(&tree, 28), Some(vec![0x4010203, 0x5060708]));
        assert_eq!(unpacked(&tree, 32), Some(vec![0x01020345, 0x06070809]));
        assert_eq!(unpacked(&tree, 20), None);
    }

    #[test]
    fn ranges_are_numbered_by_the_data_that_they_lead_to() {
        let found = reached(&[1, 20, 2, 30], None);
        let ranges = Ranges {
            starts: vec![0, 1 << 30, 1 << 31],
            values: vec![-1, 0, 1],
        };
        let data = vec![30, 20];
        assert_eq!(found, Ok(Reached { ranges, data }));
    }

    #[test]
    fn an_alias_is_not_entered() {
        let found = reached(&[1, 20, 40, 30], Some(1));
        assert_eq!(found.map(|found| found.data), Ok(vec![20]));
    }

    #[test]
    fn a_circle_is_refused() {
        assert_eq!(reached(&[0, 0], None), Err(Cyclic));
        assert_eq!(reached(&[1, 9, 0, 9], None), Err(Cyclic));
    }

    #[test]
    fn a_tree_cut_short_is_refused() {
        let tree = Tree {
            records: &[1, 9],
            nodes: 2,
            alias: None,
        };
        assert_eq!(tree.reached::<u32>(0), Err(Cyclic));
    }
}
