//! The rows of `ls`: a value of a name, or who withdrew it.

use serde::Serialize;

use super::output::Row;
use crate::model::{
    announcement::Tombstone, datastores::StoredValue, id::Id, key::Key, name::Name,
    secret::mask_passwords, snapshot::LiveEntry,
};

/// One value of a name, or one provider from which it was withdrawn by hand.
#[derive(Serialize)]
pub(crate) struct LsRow<'a> {
    /// The name.
    pub name: &'a Name,
    /// Nothing for a datastore that is common to all regions.
    pub region: Option<&'a Id>,
    /// `service@node`, or `datastores`.
    pub provider: String,
    /// Nothing where it is withdrawn.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    withdrawn: Option<&'a Tombstone>,
    #[serde(skip_serializing_if = "Option::is_none")]
    public: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    since: Option<&'a str>,
}

impl<'a> LsRow<'a> {
    /// The row of an announcement.
    pub(crate) fn announced(key: &'a Key, live: &'a LiveEntry, show_values: bool) -> Self {
        let value = &live.announcement.value;
        Self {
            value: Some(if show_values {
                value.clone()
            } else {
                mask_passwords(value)
            }),
            public: Some(live.announcement.public),
            since: Some(&live.announcement.since),
            ..Self::of(&key.name, Some(&key.region), key.provider())
        }
    }

    /// The row of a withdrawal by hand.
    pub(crate) fn withdrawn(key: &'a Key, tombstone: &'a Tombstone) -> Self {
        Self {
            withdrawn: Some(tombstone),
            ..Self::of(&key.name, Some(&key.region), key.provider())
        }
    }

    /// The row of a datastore. Its value may be nothing but a secret, so all of it is masked.
    pub(crate) fn stored(
        name: &'a Name,
        region: Option<&'a Id>,
        value: &StoredValue,
        show_values: bool,
    ) -> Self {
        let value = match value {
            StoredValue::Unusable { kind, .. } => format!("unusable: {kind}"),
            StoredValue::Text(text) if show_values => text.clone(),
            StoredValue::Text(_) => "***".to_owned(),
        };
        Self {
            value: Some(value),
            ..Self::of(name, region, "datastores".to_owned())
        }
    }

    fn of(name: &'a Name, region: Option<&'a Id>, provider: String) -> Self {
        Self {
            name,
            region,
            provider,
            value: None,
            withdrawn: None,
            public: None,
            since: None,
        }
    }
}

impl Row<4> for LsRow<'_> {
    fn cells(&self) -> [String; 4] {
        let region = self.region.map_or("*", Id::as_str).to_owned();
        let withdrawn = || {
            let by_whom = self.withdrawn?.by_whom();
            Some(format!("(withdrawn {by_whom})"))
        };
        let value = self.value.clone().or_else(withdrawn).unwrap_or_default();
        [self.name.to_string(), region, self.provider.clone(), value]
    }
}
