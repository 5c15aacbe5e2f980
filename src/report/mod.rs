//! Failures and outcomes as text, JSON and exit codes.

mod access;
mod age;
mod announcing;
mod balancing;
mod causes;
mod checking;
mod code;
mod diagnosis;
mod failure;
mod fleet_status;
mod journal;
mod listener_status;
mod listing;
mod node_parts;
mod node_status;
mod outcome;
mod output;
mod removing;
mod resolving;
mod retiring;
mod service_status;
mod table;
mod tally;
#[cfg(test)]
mod tests;
mod this_machine;
mod why;
mod words;

pub(crate) use access::WallRow;
pub(crate) use announcing::{AnnounceReport, HeldBy, WithdrawReport};
pub(crate) use balancing::{BalanceReport, PoolChange, RouteId, Shown, Takeover, ViewChanges};
pub(crate) use code::Code;
pub(crate) use diagnosis::{Condition, Diagnosis};
pub(crate) use failure::Failure;
pub(crate) use fleet_status::FleetReport;
pub(crate) use journal::{Journal, LastError};
pub(crate) use listener_status::{ListenerStatus, summary};
pub(crate) use listing::{ListedUsers, LsReport};
pub(crate) use node_parts::{
    BalancerStatus, CertificateStatus, ListenerLine, RegistryReach, RegistryStatus,
};
pub(crate) use node_status::NodeReport;
pub(crate) use outcome::{AppliedReport, RenderReport, VariableReport};
pub(crate) use output::{Output, Row};
pub(crate) use removing::RemoveReport;
pub(crate) use resolving::{
    left_over, no_such_names, no_such_variables, unmet, unmet_in_other_federation, unread,
    unreadable, waiting_line, warnings,
};
pub(crate) use retiring::RetireReport;
pub(crate) use service_status::{CheckStatus, ManifestStatus, ServiceStatus};
pub(crate) use tally::{Ended, Tally};
pub(crate) use this_machine::begin_answer;
pub(crate) use why::{
    BalancedPort, BalancedServer, ConfHas, ConfUse, NotTakenRow, ReasonContext, RunningHas,
    RunningUse, SetBy, TakenRow, WhyReport, datastore_rows, fallback_rows, not_taken,
    unreadable_row,
};
pub(crate) use words::counted;
