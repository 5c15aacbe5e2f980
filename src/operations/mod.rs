//! Crash-safe procedures that several verbs and the listener share: read, plan, record, write, in the order that makes
//! each safe to cut off anywhere. They return what happened, and print warnings alone.

pub(crate) mod announce;
pub(crate) mod balance;
mod batch;
mod commit;
pub(crate) mod exec;
pub(crate) mod inputs;
pub(crate) mod inspect;
mod local_offers;
pub(crate) mod machine;
pub(crate) mod read_set;
mod record;
pub(crate) mod remove;
pub(crate) mod render;
pub(crate) mod retire;
pub(crate) mod withdraw;
mod written;
