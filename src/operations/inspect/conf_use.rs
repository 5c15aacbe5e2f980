//! What the conf of a service has of a variable, for `why`.

use std::collections::BTreeMap;

use crate::{
    edge::{clock, files},
    model::{id::Id, name::Name},
    node::{Node, states},
    render::shell,
    report::{ConfHas, ConfUse, Failure},
};

/// The conf of a service as it is, and as it was applied last.
pub(super) struct ServiceConf {
    path: String,
    present: ConfContent,
    applied: ConfContent,
    is_pending: bool,
    applied_at: Option<String>,
}

/// What can be read of a conf.
enum ConfContent {
    Absent,
    /// Why it cannot be read.
    Unreadable(String),
    Variables(BTreeMap<String, String>),
}

impl ServiceConf {
    /// Reads both. One that cannot be read is reported with each variable.
    pub(super) fn read(node: &Node, id: &Id) -> Result<Self, Failure> {
        let (present, applied) = (node.paths.conf(id), node.paths.applied_conf(id));
        Ok(Self {
            path: present.display().to_string(),
            present: ConfContent::of(files::read_own(&present)),
            is_pending: states::load(node, id)?.pending,
            applied_at: files::modified(&applied).map(clock::rfc3339),
            applied: ConfContent::of(files::read_own(&applied)),
        })
    }

    /// How it compares with the value that a variable is to have. `shown` is what may be shown of another value.
    pub(super) fn compare(
        &self,
        variable: &Name,
        value: Option<&str>,
        shown: impl Fn(&str) -> String,
    ) -> ConfUse {
        let found = self.present.get(variable);
        let is_applied = || !self.is_pending || self.applied.get(variable) == value;
        let has = match (&self.present, found, value) {
            (ConfContent::Unreadable(_), ..) => ConfHas::Unreadable,
            (ConfContent::Absent, ..) => ConfHas::NoConf,
            (_, None, None) => ConfHas::Nothing,
            (_, None, Some(_)) => ConfHas::Missing,
            (_, Some(_), None) => ConfHas::Extra,
            (_, found, value) if found != value => ConfHas::Other,
            _ if is_applied() => ConfHas::Applied,
            _ => ConfHas::Pending,
        };
        ConfUse {
            path: self.path.clone(),
            applied: self.applied_at.clone().filter(|_| has == ConfHas::Applied),
            has,
            other: found.filter(|_| found != value).map(shown),
            error: match &self.present {
                ConfContent::Unreadable(why) => Some(why.clone()),
                ConfContent::Absent | ConfContent::Variables(_) => None,
            },
        }
    }
}

impl ConfContent {
    fn of(read: Result<Option<Vec<u8>>, files::FileError>) -> Self {
        let bytes = match read {
            Ok(Some(bytes)) => bytes,
            Ok(None) => return Self::Absent,
            Err(error) => return Self::Unreadable(error.to_string()),
        };
        match shell::parse(&bytes) {
            Ok(pairs) => {
                let text = |value: Vec<u8>| String::from_utf8_lossy(&value).into_owned();
                let pairs = pairs.into_iter();
                Self::Variables(pairs.map(|(name, value)| (name, text(value))).collect())
            }
            Err(error) => Self::Unreadable(error.to_string()),
        }
    }

    fn get(&self, variable: &Name) -> Option<&str> {
        match self {
            Self::Variables(variables) => variables.get(variable.as_str()).map(String::as_str),
            Self::Absent | Self::Unreadable(_) => None,
        }
    }
}
