//! The settings as `reconf config` lists them: key, value in the notation of `config.json`, origin.

use std::{path::PathBuf, time::Duration};

use super::{
    effective::{Location, Settings},
    listen::ListenSettings,
    origin::Origin,
};
use crate::model::id::Id;

/// A key and its value; `None`: it has none.
pub(super) type SettingRow = (&'static str, Option<String>);

impl Settings {
    /// Every key with its value and origin, in the order of design.md section 4; no value is a secret.
    pub(crate) fn rows(&self) -> Vec<(&'static str, Option<String>, Origin)> {
        let values = [
            self.paths(),
            self.reach(),
            self.scope(),
            self.confs(),
            self.listen.rows(),
            self.balance.rows(),
        ];
        values
            .into_iter()
            .flatten()
            .map(|(key, value)| (key, value, self.origins.get(key)))
            .collect()
    }

    fn paths(&self) -> Vec<SettingRow> {
        vec![
            ("root", Some(self.root.display().to_string())),
            ("config", Some(self.config.display().to_string())),
        ]
    }

    fn reach(&self) -> Vec<SettingRow> {
        let registry = &self.registry;
        let location = match &registry.location {
            Location::Etcd(urls) => urls.join(","),
            Location::Directory(path) => format!("dir:{}", path.display()),
        };
        let timeout = humantime::format_duration(registry.timeout).to_string();
        let credentials = &registry.credentials;
        vec![
            ("registry", Some(location)),
            ("registry.ca", path(registry.ca.as_ref())),
            ("registry.cert", path(credentials.cert.as_ref())),
            ("registry.key", path(credentials.key.as_ref())),
            ("registry.user", text(credentials.user.as_ref())),
            (
                "registry.password_file",
                path(credentials.password_file.as_ref()),
            ),
            ("registry.timeout", Some(timeout)),
            ("registry.federations", ids(registry.federations.keys())),
        ]
    }

    fn scope(&self) -> Vec<SettingRow> {
        vec![
            ("node", text(self.node.as_ref())),
            ("host", text(self.host.as_ref())),
            ("region", Some(self.region.to_string())),
            ("regions", ids(&self.regions)),
            ("federation", Some(self.federation.to_string())),
            ("federations", ids(&self.federations)),
        ]
    }

    fn confs(&self) -> Vec<SettingRow> {
        let render = &self.render;
        let formats: Vec<&str> = render.formats.iter().map(|format| format.name()).collect();
        let ttl = self.ttl.map(humantime::format_duration);
        vec![
            (
                "render.directory",
                Some(render.directory.display().to_string()),
            ),
            ("render.mode", Some(format!("{:04o}", render.mode))),
            ("render.owner", text(render.owner.as_ref())),
            ("render.group", text(render.group.as_ref())),
            ("render.formats", Some(formats.join(","))),
            (
                "render.on_unreachable",
                Some(render.on_unreachable.name().to_owned()),
            ),
            ("announce.ttl", text(ttl.as_ref())),
        ]
    }
}

impl ListenSettings {
    fn rows(&self) -> Vec<SettingRow> {
        let time = |time: Duration| Some(humantime::format_duration(time).to_string());
        let words = |words: &Vec<String>| words.join(" ");
        let lock = self.busy_lock.as_ref().map(|path| path.display());
        vec![
            ("listen.command", self.command.as_ref().map(words)),
            ("listen.debounce", time(self.debounce)),
            ("listen.debounce_max", time(self.debounce_max)),
            ("listen.min_interval", time(self.min_interval)),
            ("listen.splay", time(self.splay)),
            (
                "listen.max_parallel",
                self.max_parallel.map(|most| most.to_string()),
            ),
            ("listen.busy_lock", lock.map(|path| path.to_string())),
        ]
    }
}

fn text(value: Option<&impl ToString>) -> Option<String> {
    value.map(ToString::to_string)
}

fn path(value: Option<&PathBuf>) -> Option<String> {
    value.map(|path| path.display().to_string())
}

fn ids<'i>(ids: impl IntoIterator<Item = &'i Id>) -> Option<String> {
    let ids: Vec<&str> = ids.into_iter().map(Id::as_str).collect();
    (!ids.is_empty()).then(|| ids.join(","))
}
