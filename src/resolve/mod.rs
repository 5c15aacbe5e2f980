//! Manifest and inputs -> environment, or every unmet requirement (design.md section 6). Pure: snapshot, last known
//! announcements and datastores come in as arguments. Knows nothing of files.

mod candidates;
mod explain;
mod input;
mod local_offers;
mod lookup;
mod observer;
mod pairs;
mod resolution;
#[cfg(test)]
mod tests;
mod trace;
mod traced;

pub(crate) use explain::{UnmetReason, explain};
pub(crate) use input::{RegistryState, ResolveInput};
pub(crate) use local_offers::LocalOffers;
pub(crate) use lookup::unannounced;
pub(crate) use observer::PassedOver;
pub(crate) use resolution::{Reference, Resolution, resolve};
pub(crate) use trace::trace;
pub(crate) use traced::{DatastoreUse, FallbackUnused, NameTrace, NotTaken, Trace, TraceOutcome};
