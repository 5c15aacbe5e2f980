//! What the nodes of a federation run with, from their `applied/` records (section 5). Pure: snapshots come in as
//! arguments. Knows nothing of how records are read or written.

mod behind;
mod last;
mod published;
mod records;
mod remains;
mod roles;
mod script;
mod service_status;
mod status;
mod successors;
mod usage;
mod users;
mod wall;

pub(crate) use behind::{Currency, FleetUser, HeldProvider, OutdatedSource, OutdatedUse};
pub(crate) use last::users_of_last;
pub(crate) use published::{CommonConfiguration, change, node_change};
pub(crate) use records::{used_announcements, used_keys};
pub(crate) use remains::{Remains, nodes};
pub(crate) use roles::roles;
pub(crate) use script::{AccessScript, UserLogin, script};
pub(crate) use service_status::{
    AnnouncementStatus, ConfFacts, ConfStatus, RenderForecast, ServiceCondition,
};
pub(crate) use status::{FleetStatus, VersionGroup};
pub(crate) use successors::{Leaving, successors};
pub(crate) use usage::{KeyUser, Usage, usage};
pub(crate) use users::{is_balancer, users};
pub(crate) use wall::{Expected, Needs, WallFinding, WallTry, beyond, own_tries, tries};
