//! A row of `ls`: a value of a name, or who withdrew it, and who uses it.

use std::{collections::BTreeSet, time::SystemTime};

use serde::Serialize;

use crate::{
    fleet::KeyUser,
    model::{
        announcement::Tombstone, datastores::StoredValue, id::Id, key::Key, name::Name,
        secret::mask_passwords, snapshot::LiveEntry,
    },
    report::{age::age_of, output::Row},
};

/// What stands for what a row does not have.
const NOTHING: &str = "-";

/// One value of a name, or one provider that announces it no more.
#[derive(Serialize)]
pub(crate) struct LsRow<'a> {
    /// The name.
    pub name: &'a Name,
    /// Nothing for a datastore that is common to all regions.
    pub region: Option<&'a Id>,
    /// `service@node`, or `datastores`.
    pub provider: String,
    /// Nothing where it is not announced any more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    withdrawn: Option<&'a Tombstone>,
    /// Whether it has expired, and somebody uses it still.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    expired: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    public: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    since: Option<&'a str>,
    /// The revision of its key.
    #[serde(skip_serializing_if = "Option::is_none")]
    revision: Option<i64>,
    /// The id of the lease that it hangs on, as `etcdctl` shows it.
    #[serde(skip_serializing_if = "Option::is_none")]
    lease: Option<String>,
    /// Who uses it; only where names are given.
    #[serde(skip_serializing_if = "Option::is_none")]
    users: Option<Vec<UserOfKey<'a>>>,
    #[serde(skip)]
    now: SystemTime,
}

/// A user of an announcement.
#[derive(Serialize)]
struct UserOfKey<'a> {
    node: &'a Id,
    /// Nothing for the node's balancer.
    service: Option<&'a Id>,
    variable: &'a Name,
    revision: i64,
}

impl<'a> LsRow<'a> {
    /// The row of an announcement.
    pub(crate) fn announced(
        key: &'a Key,
        live: &'a LiveEntry,
        show_values: bool,
        now: SystemTime,
    ) -> Self {
        let value = &live.announcement.value;
        Self {
            value: Some(if show_values {
                value.clone()
            } else {
                mask_passwords(value)
            }),
            public: Some(live.announcement.public),
            since: Some(&live.announcement.since),
            revision: Some(live.revision),
            lease: (live.lease != 0).then(|| format!("{:016x}", live.lease)),
            now,
            ..Self::of(&key.name, Some(&key.region), key.provider())
        }
    }

    /// The row of a withdrawal.
    pub(crate) fn withdrawn(key: &'a Key, tombstone: &'a Tombstone) -> Self {
        Self {
            withdrawn: Some(tombstone),
            ..Self::of(&key.name, Some(&key.region), key.provider())
        }
    }

    /// The row of what has expired.
    pub(crate) fn expired(key: &'a Key) -> Self {
        Self {
            expired: true,
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

    /// The same with those who use it.
    #[must_use]
    pub(crate) fn with_users(mut self, users: Option<&'a BTreeSet<KeyUser>>) -> Self {
        let users = users.into_iter().flatten().map(|user| UserOfKey {
            node: &user.node,
            service: user.service.as_ref(),
            variable: &user.variable,
            revision: user.revision,
        });
        self.users = Some(users.collect());
        self
    }

    /// The users, for people: name, provider, node, user, variable and revision.
    pub(crate) fn user_cells(&self) -> Vec<[String; 6]> {
        let users = self.users.iter().flatten();
        let cells = users.map(|user| {
            let service = user.service.map_or("its balancer", Id::as_str);
            [
                self.name.to_string(),
                self.provider.clone(),
                user.node.to_string(),
                service.to_owned(),
                user.variable.to_string(),
                self.used_revision(user.revision),
            ]
        });
        cells.collect()
    }

    /// A user of an older value than the present one may have another value. One on the provider's own node has taken it
    /// from the manifest, before it was announced.
    fn used_revision(&self, used: i64) -> String {
        match self.revision {
            _ if used == 0 => "own node".to_owned(),
            Some(revision) if revision != used => format!("{used}, now {revision}"),
            _ => used.to_string(),
        }
    }

    fn of(name: &'a Name, region: Option<&'a Id>, provider: String) -> Self {
        Self {
            name,
            region,
            provider,
            value: None,
            withdrawn: None,
            expired: false,
            public: None,
            since: None,
            revision: None,
            lease: None,
            users: None,
            now: SystemTime::UNIX_EPOCH,
        }
    }

    /// The value, or why there is none.
    fn shown_value(&self) -> String {
        let gone = || match self.withdrawn {
            Some(tombstone) => format!("({tombstone})"),
            None if self.expired => "(expired)".to_owned(),
            None => String::new(),
        };
        self.value.clone().unwrap_or_else(gone)
    }
}

impl Row<7> for LsRow<'_> {
    fn cells(&self) -> [String; 7] {
        let region = self.region.map_or("*", Id::as_str).to_owned();
        let age = self.since.and_then(|since| age_of(self.now, since));
        let yes = |is: bool| if is { "yes" } else { "no" }.to_owned();
        let public = self.public.map(yes);
        let lease = self.public.map(|_| yes(self.lease.is_some()));
        [
            self.name.to_string(),
            region,
            self.provider.clone(),
            age.unwrap_or_else(|| NOTHING.to_owned()),
            lease.unwrap_or_else(|| NOTHING.to_owned()),
            public.unwrap_or_else(|| NOTHING.to_owned()),
            self.shown_value(),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_of_another_revision_may_have_another_value_unless_it_is_its_own_nodes() {
        let name = Name::parse("API_URL").unwrap();
        let row = |revision| LsRow {
            revision,
            ..LsRow::of(&name, None, "api@api01".to_owned())
        };
        for (revision, used, expected) in [
            (Some(4), 4, "4"),
            (Some(5), 4, "4, now 5"),
            (Some(5), 0, "own node"),
            (None, 4, "4"),
        ] {
            assert_eq!(row(revision).used_revision(used), expected);
        }
    }
}
