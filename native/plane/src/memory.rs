//! What a snapshot takes in memory, for operators and measurements.
//!
//! Octets that were asked for; what the allocator adds is not counted. What snapshots share is
//! counted in each.

use std::collections::HashSet;
use std::mem::size_of_val;

use crate::areas::AreaTable;
use crate::names::{Names, Record};
use crate::plans::Plans;
use crate::row::Row;
use crate::shared::Shared;
use crate::snapshot::Snapshot;

impl Snapshot {
    /// Octets of its tables.
    pub fn memory(&self) -> usize {
        let names = self.names.memory() + others(&self.names);
        let rows = each(&self.rows).map(row).sum::<usize>();
        names + plans(&self.plans) + rows + self.signed_rows()
    }

    /// Those of signed zones; the others are those that all get.
    fn signed_rows(&self) -> usize {
        let signed = each(&self.signed).zip(each(&self.rows));
        let own = signed.map(|(signed, plain)| match signed.is(plain) {
            true => size_of_val(signed),
            false => row(signed),
        });
        own.sum()
    }
}

/// What names refer to.
fn others(names: &Names) -> usize {
    let areas: usize = names.areas.iter().map(|table| area_table(table)).sum();
    let records = names
        .cuts
        .iter()
        .flat_map(|cut| cut.referral.servers.iter().chain(&cut.referral.glue));
    let referrals: usize = records.map(record).sum();
    let chains = names.secure.iter().flatten();
    let chains: usize = chains.map(|secure| secure.chain.memory()).sum();
    let denials = chains + names.proofs.memory();
    areas + referrals + denials + size_of_val(&names.services[..]) + size_of_val(&names.cuts[..])
}

fn record(record: &Record) -> usize {
    size_of_val(record) + record.owner.len() + record.rest.len()
}

fn area_table(table: &AreaTable) -> usize {
    let asked = table
        .asked
        .as_ref()
        .map_or(0, |asked| size_of_val(&asked[..]));
    table.v4.memory() + table.v6.memory() + table.hashed.len() + asked
}

/// All plans; what groups or plans share is counted once.
fn plans(groups: &Shared<Plans>) -> usize {
    let (mut groups_seen, mut seen) = (HashSet::new(), HashSet::new());
    let mut octets = 0;
    for group in each(groups) {
        octets += size_of_val(group);
        if !groups_seen.insert(group.key()) {
            continue;
        }
        octets += group.memory();
        let new = group
            .plans()
            .iter()
            .filter(|plan| seen.insert(plan.slots.as_ptr()));
        octets += new.map(|plan| size_of_val(&plan.slots[..])).sum::<usize>();
    }
    octets
}

fn row(row: &Row) -> usize {
    size_of_val(row) + row.memory()
}

fn each<T>(values: &Shared<T>) -> impl Iterator<Item = &T> {
    (0..values.len()).filter_map(|number| values.at(number))
}
