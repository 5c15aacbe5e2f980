//! What a service provides x a snapshot of the registry -> the changes that make them agree (design.md section 5).
//! Pure: snapshot, state and time come in as arguments. Knows nothing of connections, nor of the fate of a change.

mod desired;
mod lease;
mod machine;
mod outcome;
mod packet;
mod plan;
mod record;
#[cfg(test)]
mod tests;
mod transaction;
mod withdrawals;

pub(crate) use desired::Desired;
pub(crate) use lease::{ServiceLease, choose_lease};
pub(crate) use machine::Machine;
pub(crate) use outcome::{Outcome, Recorded, record_outcome};
pub(crate) use packet::{Packet, PacketLimits, pack};
pub(crate) use plan::{Plan, Withdrawal, plan};
pub(crate) use record::{Hold, Intent, forget_lease, record_owed, undo};
pub(crate) use transaction::{Update, removal, updates};
pub(crate) use withdrawals::{hold_found, record_held, withdrawals};
