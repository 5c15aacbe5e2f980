//! Values that no service announces: Chef's `node['configuration']` (design.md section 2).

use std::collections::BTreeMap;

use super::{id::Id, name::Name};

/// NAME -> value.
pub type Values = BTreeMap<Name, String>;

/// The datastores of one federation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Datastores {
    /// Values for every region that has none of its own.
    pub common: Values,
    /// Values of one region.
    pub regions: BTreeMap<Id, Values>,
}
