//! Where the value of a reference comes from, if from anywhere.

use crate::model::{id::Id, name::Name};

/// Where the value of a reference comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum NeedSource<'r> {
    /// Services of the repository announce it.
    Services(Vec<&'r Id>),
    /// It is announced now.
    Announced,
    /// The region's datastore.
    Regional,
    /// The datastore of all regions.
    Common,
    /// A datastore that no environment can hold: what it is, and its line.
    Unusable(&'static str, usize),
    /// Services, but none provides all of these together, as the pattern needs it; and whether a service can do without.
    Apart(Vec<&'r Name>, bool),
    /// Nothing here; services of other federations provide it.
    Elsewhere,
    /// Nothing that is known.
    Nothing,
}

impl NeedSource<'_> {
    /// Whether there is a value.
    pub(super) fn is_value(&self) -> bool {
        !matches!(
            self,
            Self::Unusable(..) | Self::Apart(..) | Self::Elsewhere | Self::Nothing
        )
    }
}
