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
}
