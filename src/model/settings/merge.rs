//! Merges the sources of settings: flags override variables, variables `config.json`, that the defaults.

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
    time::Duration,
};

use super::{
    address,
    effective::{Location, OnUnreachable, RegistrySettings, RenderSettings, Settings},
    endpoint,
    file::{self, Explicit, ExplicitRender},
    flags::{self, Flags, Setting},
    origin::Origins,
    refusal::{SettingRefusal, SettingsError},
    registry_file::{ExplicitRegistry, SHORTEST_TIMEOUT},
};
use crate::model::{fields, format::Format, id::Id, paths::Paths};

const TIMEOUT: Duration = Duration::from_secs(2);
pub(super) const DIRECTORY: &str = "/etc/services.d";
const MODE: u32 = 0o640;

/// The sources of one call, and the origins recorded so far.
struct Merge<'f, V> {
    flags: &'f Flags,
    variable: V,
    origins: Origins,
}

impl Settings {
    /// The settings of one call; `file` is the path and the text of `config.json`, if there is one.
    ///
    /// # Errors
    /// The first bad flag or variable, or every problem of the file.
    pub(crate) fn load(
        flags: &Flags,
        variable: impl Fn(&'static str) -> Option<OsString>,
        file: Option<(&str, &str)>,
    ) -> Result<Self, SettingsError> {
        let explicit = match file {
            Some((path, text)) => file::parse(path, text).map_err(SettingsError::File)?,
            None => Explicit::default(),
        };
        let merge = Merge {
            flags,
            variable,
            origins: Origins::default(),
        };
        merge.settings(explicit)
    }
}

impl<V: Fn(&'static str) -> Option<OsString>> Merge<'_, V> {
    fn settings(mut self, explicit: Explicit) -> Result<Settings, SettingsError> {
        self.resolve_setting("root", flags::ROOT, None, path)?;
        self.resolve_setting("config", flags::CONFIG, None, path)?;
        let (root, config) = flags::config_path(self.flags, &self.variable)?;
        let region = self.resolve_setting("region", flags::REGION, explicit.region, id)?;
        let region = region.unwrap_or_else(Id::default_scope);
        let home = explicit.federation.clone();
        let federation =
            self.resolve_setting("federation", flags::FEDERATION, explicit.federation, id)?;
        let federation = federation.unwrap_or_else(Id::default_scope);
        let regions = self.origins.file_value("regions", explicit.regions);
        let federations = self.origins.file_value("federations", explicit.federations);
        let registry = self.registry(&root, explicit.registry)?;
        Ok(Settings {
            node: self.resolve_setting("node", flags::NODE, explicit.node, id)?,
            host: self.resolve_setting("host", flags::HOST, explicit.host, host)?,
            regions: regions.unwrap_or_else(|| vec![region.clone()]),
            region,
            federations: federations.unwrap_or_else(|| vec![federation.clone()]),
            home: home.unwrap_or_else(|| federation.clone()),
            federation,
            render: self.render(&root, explicit.render),
            ttl: self.origins.file_value("announce.ttl", explicit.ttl),
            listen: explicit
                .listen
                .into_settings(&mut self.origins, default_splay(&registry.location)),
            balance: explicit.balance.into_settings(&mut self.origins, &root)?,
            registry,
            root,
            config,
            origins: self.origins,
        })
    }

    fn registry(
        &mut self,
        root: &Path,
        explicit: ExplicitRegistry,
    ) -> Result<RegistrySettings, SettingsError> {
        let credentials = explicit.credentials;
        self.origins.file_value("registry.ca", explicit.ca.as_ref());
        self.origins
            .file_value("registry.cert", credentials.cert.as_ref());
        self.origins
            .file_value("registry.key", credentials.key.as_ref());
        self.origins
            .file_value("registry.user", credentials.user.as_ref());
        self.origins
            .file_value("registry.password_file", credentials.password_file.as_ref());
        let of_federations = Some(&explicit.federations).filter(|map| !map.is_empty());
        self.origins
            .file_value("registry.federations", of_federations);
        let embedded = || Location::Directory(Paths::default_registry(root));
        let location = self.resolve_setting(
            "registry",
            flags::REGISTRY,
            explicit.location,
            endpoint::parse,
        )?;
        let timeout = self.resolve_setting(
            "registry.timeout",
            flags::TIMEOUT,
            explicit.timeout,
            timeout,
        )?;
        Ok(RegistrySettings {
            location: location.unwrap_or_else(embedded),
            ca: explicit.ca,
            credentials,
            federations: explicit.federations,
            timeout: timeout.unwrap_or(TIMEOUT),
        })
    }

    fn render(&mut self, root: &Path, explicit: ExplicitRender) -> RenderSettings {
        let directory = self
            .origins
            .file_value("render.directory", explicit.directory);
        let directory = directory.unwrap_or_else(|| PathBuf::from(DIRECTORY));
        let formats = self.origins.file_value("render.formats", explicit.formats);
        let on_unreachable = self
            .origins
            .file_value("render.on_unreachable", explicit.on_unreachable);
        RenderSettings {
            directory: below(root, &directory),
            mode: self
                .origins
                .file_value("render.mode", explicit.mode)
                .unwrap_or(MODE),
            owner: self.origins.file_value("render.owner", explicit.owner),
            group: self.origins.file_value("render.group", explicit.group),
            formats: formats.unwrap_or_else(|| vec![Format::Shell]),
            on_unreachable: on_unreachable.unwrap_or(OnUnreachable::LastKnown),
        }
    }

    /// The value of a key that a flag or a variable can set, and records its origin.
    fn resolve_setting<T>(
        &mut self,
        key: &'static str,
        setting: Setting,
        file: Option<T>,
        parse: impl FnOnce(&str) -> Result<T, SettingRefusal>,
    ) -> Result<Option<T>, SettingsError> {
        let Some((value, origin)) = setting.value(self.flags, &self.variable, parse)? else {
            return Ok(self.origins.file_value(key, file));
        };
        self.origins.record(key, origin);
        Ok(Some(value))
    }
}

/// Moves an absolute path below `root`.
pub(super) fn below(root: &Path, path: &Path) -> PathBuf {
    root.join(path.strip_prefix("/").unwrap_or(path))
}

fn path(text: &str) -> Result<PathBuf, SettingRefusal> {
    match text {
        "" => Err(SettingRefusal::new("is empty")),
        text => Ok(PathBuf::from(text)),
    }
}

fn id(text: &str) -> Result<Id, SettingRefusal> {
    Id::parse(text).map_err(|reason| SettingRefusal::new(reason.to_string()))
}

fn host(text: &str) -> Result<String, SettingRefusal> {
    address::own_host(text).map_err(SettingRefusal::new)
}

fn timeout(text: &str) -> Result<Duration, SettingRefusal> {
    fields::duration::parse(text, SHORTEST_TIMEOUT).map_err(SettingRefusal::new)
}

/// A fleet shares an etcd, and should not restart within one second. The nodes of an embedded registry are one machine.
fn default_splay(registry: &Location) -> Duration {
    match registry {
        Location::Etcd(_) => Duration::from_secs(10),
        Location::Directory(_) => Duration::ZERO,
    }
}

#[cfg(test)]
mod tests;
