//! What is answered from: names, which only a load changes, and beside them what verdicts move.

use std::sync::Arc;

use crate::names::Names;
use crate::plans::Plans;
use crate::row::Row;
use crate::shared::Shared;

/// Everything needed to answer, frozen. The next one shares all that did not change with it.
pub struct Snapshot {
    /// Its number.
    pub epoch: u64,
    /// Names, zones, area tables, and the answers that nothing steers.
    pub names: Arc<Names>,
    /// By group of services that are decided alike: a plan for each area.
    pub plans: Shared<Plans>,
    /// By service number and type (A at twice the number, AAAA behind it): what each region answers.
    pub rows: Shared<Row>,
    /// The same as clients get it that set the DO bit, in signed zones; none if no zone is signed.
    pub signed: Shared<Row>,
}

impl Snapshot {
    /// What each region answers, with signatures or without.
    #[inline]
    pub fn rows(&self, signed: bool) -> &Shared<Row> {
        if signed { &self.signed } else { &self.rows }
    }
}
