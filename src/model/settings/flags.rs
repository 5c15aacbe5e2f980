//! Global flags, and the environment variables that replace them.

use std::{ffi::OsString, path::PathBuf};

use super::{
    origin::Origin,
    refusal::{SettingRefusal, SettingsError},
};
use crate::model::paths::Paths;

/// The global flags, as they were typed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Flags {
    /// `--root`.
    pub root: Option<String>,
    /// `--config`.
    pub config: Option<String>,
    /// `--registry`.
    pub registry: Option<String>,
    /// `--federation`.
    pub federation: Option<String>,
    /// `--region`.
    pub region: Option<String>,
    /// `--node`.
    pub node: Option<String>,
    /// `--host`.
    pub host: Option<String>,
    /// `--timeout`.
    pub timeout: Option<String>,
}

/// A setting that a flag and a variable can set.
#[derive(Clone, Copy)]
pub(super) struct Setting {
    pub(super) flag: &'static str,
    pub(super) variable: &'static str,
    typed: fn(&Flags) -> Option<&String>,
}

const fn setting(
    flag: &'static str,
    variable: &'static str,
    typed: fn(&Flags) -> Option<&String>,
) -> Setting {
    Setting {
        flag,
        variable,
        typed,
    }
}

pub(super) const ROOT: Setting = setting("--root", "RECONF_ROOT", |f| f.root.as_ref());
pub(super) const CONFIG: Setting = setting("--config", "RECONF_CONFIG", |f| f.config.as_ref());
pub(super) const REGISTRY: Setting =
    setting("--registry", "RECONF_REGISTRY", |f| f.registry.as_ref());
pub(super) const FEDERATION: Setting = setting("--federation", "RECONF_FEDERATION", |f| {
    f.federation.as_ref()
});
pub(super) const REGION: Setting = setting("--region", "RECONF_REGION", |f| f.region.as_ref());
pub(super) const NODE: Setting = setting("--node", "RECONF_NODE", |f| f.node.as_ref());
pub(super) const HOST: Setting = setting("--host", "RECONF_HOST", |f| f.host.as_ref());
pub(super) const TIMEOUT: Setting = setting("--timeout", "RECONF_TIMEOUT", |f| f.timeout.as_ref());

impl Setting {
    /// The text of the flag or else of the variable, with its origin; an empty variable counts as unset.
    fn text(
        &self,
        flags: &Flags,
        variable: &impl Fn(&'static str) -> Option<OsString>,
    ) -> Result<Option<(String, Origin)>, SettingsError> {
        if let Some(text) = (self.typed)(flags) {
            return Ok(Some((text.clone(), Origin::Flag(self.flag))));
        }
        let Some(text) = variable(self.variable).filter(|text| !text.is_empty()) else {
            return Ok(None);
        };
        match text.into_string() {
            Ok(text) => Ok(Some((text, Origin::Variable(self.variable)))),
            Err(_) => Err(SettingsError::Variable(
                SettingRefusal::new("is not UTF-8").of(self.variable),
            )),
        }
    }

    /// The parsed value of the flag or else of the variable, with its origin. A bad flag is a usage error, a bad variable
    /// a configuration error.
    pub(super) fn value<T>(
        &self,
        flags: &Flags,
        variable: &impl Fn(&'static str) -> Option<OsString>,
        parse: impl FnOnce(&str) -> Result<T, SettingRefusal>,
    ) -> Result<Option<(T, Origin)>, SettingsError> {
        let Some((text, origin)) = self.text(flags, variable)? else {
            return Ok(None);
        };
        match parse(&text) {
            Ok(value) => Ok(Some((value, origin))),
            Err(refusal) => Err(match origin {
                Origin::Flag(flag) => SettingsError::Usage(refusal.of(flag)),
                _ => SettingsError::Variable(refusal.of(self.variable)),
            }),
        }
    }
}

/// The root, and the path of `config.json`, which is below the root unless a flag or a variable sets it.
///
/// # Errors
/// A variable that sets either of them and is not UTF-8.
pub(crate) fn config_path(
    flags: &Flags,
    variable: impl Fn(&'static str) -> Option<OsString>,
) -> Result<(PathBuf, PathBuf), SettingsError> {
    let path = |setting: Setting| {
        let set = setting.text(flags, &variable)?;
        Ok(set.map(|(text, _)| PathBuf::from(text)))
    };
    let root = path(ROOT)?.unwrap_or_else(|| PathBuf::from("/"));
    let config = path(CONFIG)?.unwrap_or_else(|| Paths::default_config(&root));
    Ok((root, config))
}
