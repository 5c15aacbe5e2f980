//! Joins what is said: flags beat variables beat `config.json` beat defaults.

use std::{
    collections::BTreeMap,
    ffi::OsString,
    path::{Path, PathBuf},
    time::Duration,
};

use super::{
    Location, OnUnreachable, Origin, RegistrySettings, RenderSettings, Settings, address, endpoint,
    file::{self, Stated},
    flags::{self, Flags, Knob},
    refusal::{Refusal, SettingsError},
    registry_file::SHORTEST_TIMEOUT,
};
use crate::model::{fields, format::Format, id::Id};

const TIMEOUT: Duration = Duration::from_secs(2);
pub(super) const DIRECTORY: &str = "/etc/services.d";
const MODE: u32 = 0o640;

/// Keeps where values come from that only the file can say.
pub(super) trait Filed {
    /// The value, once its origin is kept.
    fn filed<T>(&mut self, key: &'static str, value: Option<T>) -> Option<T>;
}

/// The sources of one call, and what each key was taken from.
struct Merge<'f, V> {
    flags: &'f Flags,
    variable: V,
    origins: BTreeMap<&'static str, Origin>,
}

impl Settings {
    /// The settings of one call; `file` is the path and the text of `config.json`, if there is one.
    ///
    /// # Errors
    /// The first flag or variable that is wrong, or every problem of the file.
    pub fn load(
        flags: &Flags,
        variable: impl Fn(&'static str) -> Option<OsString>,
        file: Option<(&str, &str)>,
    ) -> Result<Self, SettingsError> {
        let stated = match file {
            Some((path, text)) => file::parse(path, text).map_err(SettingsError::File)?,
            None => Stated::default(),
        };
        let merge = Merge {
            flags,
            variable,
            origins: BTreeMap::new(),
        };
        merge.settings(stated)
    }
}

impl<V: Fn(&'static str) -> Option<OsString>> Merge<'_, V> {
    fn settings(mut self, stated: Stated) -> Result<Settings, SettingsError> {
        self.said("root", flags::ROOT, None, path)?;
        self.said("config", flags::CONFIG, None, path)?;
        let (root, config) = flags::config_path(self.flags, &self.variable)?;
        let region = self.said("region", flags::REGION, stated.region, id)?;
        let region = region.unwrap_or_else(Id::default_scope);
        let home = stated.federation.clone();
        let federation = self.said("federation", flags::FEDERATION, stated.federation, id)?;
        let federation = federation.unwrap_or_else(Id::default_scope);
        let regions = self.filed("regions", stated.regions);
        let federations = self.filed("federations", stated.federations);
        Ok(Settings {
            registry: self.registry(&root, stated.registry)?,
            node: self.said("node", flags::NODE, stated.node, id)?,
            host: self.said("host", flags::HOST, stated.host, host)?,
            regions: regions.unwrap_or_else(|| vec![region.clone()]),
            region,
            federations: federations.unwrap_or_else(|| vec![federation.clone()]),
            home: home.unwrap_or_else(|| federation.clone()),
            federation,
            render: self.render(&root, stated.render),
            ttl: self.filed("announce.ttl", stated.ttl),
            listen: stated.listen.settled(&mut self),
            root,
            config,
            origins: self.origins,
        })
    }

    fn registry(
        &mut self,
        root: &Path,
        stated: file::StatedRegistry,
    ) -> Result<RegistrySettings, SettingsError> {
        let credentials = stated.credentials;
        self.filed("registry.ca", stated.ca.as_ref());
        self.filed("registry.cert", credentials.cert.as_ref());
        self.filed("registry.key", credentials.key.as_ref());
        self.filed("registry.user", credentials.user.as_ref());
        self.filed("registry.password_file", credentials.password_file.as_ref());
        let of_federations = Some(&stated.federations).filter(|map| !map.is_empty());
        self.filed("registry.federations", of_federations);
        let embedded = || Location::Directory(root.join("var/lib/reconf/registry"));
        let location = self.said(
            "registry",
            flags::REGISTRY,
            stated.location,
            endpoint::parse,
        )?;
        let timeout = self.said("registry.timeout", flags::TIMEOUT, stated.timeout, timeout)?;
        Ok(RegistrySettings {
            location: location.unwrap_or_else(embedded),
            ca: stated.ca,
            credentials,
            federations: stated.federations,
            timeout: timeout.unwrap_or(TIMEOUT),
        })
    }

    fn render(&mut self, root: &Path, stated: file::StatedRender) -> RenderSettings {
        let directory = self.filed("render.directory", stated.directory);
        let directory = directory.unwrap_or_else(|| PathBuf::from(DIRECTORY));
        let formats = self.filed("render.formats", stated.formats);
        let on_unreachable = self.filed("render.on_unreachable", stated.on_unreachable);
        RenderSettings {
            directory: below(root, &directory),
            mode: self.filed("render.mode", stated.mode).unwrap_or(MODE),
            owner: self.filed("render.owner", stated.owner),
            group: self.filed("render.group", stated.group),
            formats: formats.unwrap_or_else(|| vec![Format::Shell]),
            on_unreachable: on_unreachable.unwrap_or(OnUnreachable::LastKnown),
        }
    }

    /// The value of a key that a flag and a variable can say.
    fn said<T>(
        &mut self,
        key: &'static str,
        knob: Knob,
        file: Option<T>,
        parse: impl FnOnce(&str) -> Result<T, Refusal>,
    ) -> Result<Option<T>, SettingsError> {
        let Some((value, origin)) = knob.parsed(self.flags, &self.variable, parse)? else {
            return Ok(self.filed(key, file));
        };
        self.origins.insert(key, origin);
        Ok(Some(value))
    }
}

impl<V> Filed for Merge<'_, V> {
    fn filed<T>(&mut self, key: &'static str, value: Option<T>) -> Option<T> {
        let origin = match value {
            Some(_) => Origin::File,
            None => Origin::Default,
        };
        self.origins.insert(key, origin);
        value
    }
}

/// An absolute path below another root.
/// `path` as it is when everything is below `root`.
pub(super) fn below(root: &Path, path: &Path) -> PathBuf {
    root.join(path.strip_prefix("/").unwrap_or(path))
}

fn path(text: &str) -> Result<PathBuf, Refusal> {
    match text {
        "" => Err(Refusal::new("is empty")),
        text => Ok(PathBuf::from(text)),
    }
}

fn id(text: &str) -> Result<Id, Refusal> {
    Id::parse(text).map_err(|reason| Refusal::new(reason.to_string()))
}

fn host(text: &str) -> Result<String, Refusal> {
    address::host(text).map_err(Refusal::new)
}

fn timeout(text: &str) -> Result<Duration, Refusal> {
    fields::time::parse(text, SHORTEST_TIMEOUT).map_err(Refusal::new)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(
        flags: &Flags,
        variables: &[(&str, &str)],
        file: Option<&str>,
    ) -> Result<Settings, SettingsError> {
        let variable = |name: &'static str| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).into())
        };
        Settings::load(flags, variable, file.map(|text| ("config.json", text)))
    }

    /// As the configuration would say it.
    fn value(value: Option<String>) -> String {
        value.unwrap_or_else(|| "null".to_owned())
    }

    fn row(settings: &Settings, key: &str) -> (String, Origin) {
        let rows = settings.rows();
        let (_, value, origin) = rows.into_iter().find(|(known, ..)| *known == key).unwrap();
        (self::value(value), origin)
    }

    #[test]
    fn without_a_word_everything_is_default() {
        let settings = load(&Flags::default(), &[("RECONF_NODE", "")], None).unwrap();
        let rows: Vec<String> = settings
            .rows()
            .into_iter()
            .map(|(key, row, _)| format!("{key} {}", value(row)))
            .collect();
        assert_eq!(
            rows.join("\n"),
            "root /\nconfig /etc/reconf/config.json\nregistry dir:/var/lib/reconf/registry\n\
            registry.ca null\nregistry.cert null\nregistry.key null\nregistry.user null\nregistry.password_file null\n\
            registry.timeout 2s\nregistry.federations null\nnode null\nhost null\nregion default\nregions default\n\
            federation default\nfederations default\nrender.directory /etc/services.d\nrender.mode 0640\n\
            render.owner null\nrender.group null\nrender.formats shell\nrender.on_unreachable last-known\n\
            announce.ttl null\nlisten.command null\nlisten.debounce 2s\nlisten.debounce_max 30s\n\
            listen.min_interval 1m\nlisten.splay 0s\nlisten.max_parallel null\nlisten.busy_lock null"
        );
        assert!(
            settings
                .rows()
                .iter()
                .all(|(_, _, origin)| *origin == Origin::Default)
        );
        assert_eq!(settings.origins.len(), rows.len());
    }

    #[test]
    fn flags_beat_variables_beat_the_file() {
        let file = r#"{"node": "file", "host": "10.0.0.1", "region": "file", "registry": {"timeout": "9s"}, "federation": null}"#;
        let flags = Flags {
            node: Some("flag".to_owned()),
            ..Flags::default()
        };
        let variables = [("RECONF_NODE", "variable"), ("RECONF_REGION", "variable")];
        let settings = load(&flags, &variables, Some(file)).unwrap();
        assert_eq!(
            row(&settings, "node"),
            ("flag".to_owned(), Origin::Flag("--node"))
        );
        assert_eq!(
            row(&settings, "region"),
            ("variable".to_owned(), Origin::Variable("RECONF_REGION"))
        );
        assert_eq!(
            row(&settings, "regions"),
            ("variable".to_owned(), Origin::Default)
        );
        assert_eq!(
            row(&settings, "host"),
            ("10.0.0.1".to_owned(), Origin::File)
        );
        assert_eq!(
            row(&settings, "registry.timeout"),
            ("9s".to_owned(), Origin::File)
        );
        assert_eq!(
            row(&settings, "federation"),
            ("default".to_owned(), Origin::Default)
        );
    }

    #[test]
    fn places_are_below_the_root() {
        let flags = Flags {
            root: Some("/tmp/x".to_owned()),
            ..Flags::default()
        };
        let file = r#"{"render": {"directory": "/srv/confs"}}"#;
        let settings = load(&flags, &[], Some(file)).unwrap();
        assert_eq!(settings.config, Path::new("/tmp/x/etc/reconf/config.json"));
        assert_eq!(settings.render.directory, Path::new("/tmp/x/srv/confs"));
        let registry = Location::Directory("/tmp/x/var/lib/reconf/registry".into());
        assert_eq!(settings.registry.location, registry);
        let given = load(
            &flags,
            &[("RECONF_REGISTRY", "dir:here"), ("RECONF_CONFIG", "c.json")],
            None,
        )
        .unwrap();
        assert_eq!(given.registry.location, Location::Directory("here".into()));
        assert_eq!(given.config, Path::new("c.json"));
    }

    #[test]
    fn the_whole_example_of_the_contract_is_understood() {
        let file = include_str!("../../../tests/golden/settings/whole.json");
        let settings = load(&Flags::default(), &[], Some(file)).unwrap();
        let urls = ["https://etcd1:2379", "https://etcd2:2379"].map(str::to_owned);
        assert_eq!(settings.registry.location, Location::Etcd(urls.to_vec()));
        let pivotly = &settings.registry.federations[&Id::parse("pivotly").unwrap()];
        assert_eq!(pivotly.user.as_deref(), Some("pivotly"));
        assert_eq!(pivotly.cert, None);
        assert_eq!(settings.render.formats, [Format::Shell, Format::Systemd]);
        assert_eq!(settings.render.mode, 0o600);
        assert_eq!(settings.ttl, Some(Duration::from_secs(90)));
        assert_eq!(
            row(&settings, "regions"),
            ("us-east-1,us-west-2".to_owned(), Origin::File)
        );
        assert_eq!(row(&settings, "registry.federations").0, "pivotly");
    }

    #[test]
    fn a_wrong_flag_is_bad_usage_and_a_wrong_variable_bad_configuration() {
        let flags = Flags {
            timeout: Some("5".to_owned()),
            ..Flags::default()
        };
        let error = load(&flags, &[], None).unwrap_err();
        assert!(matches!(error, SettingsError::Usage(_)));
        assert_eq!(
            error.to_string(),
            "`--timeout` must be a duration such as `5s` or `10m`"
        );
        for (name, value) in [
            ("RECONF_TIMEOUT", "0s"),
            ("RECONF_NODE", "a/b"),
            ("RECONF_HOST", "a:1"),
            ("RECONF_REGISTRY", "http://u:secret@h:1"),
        ] {
            let error = load(&Flags::default(), &[(name, value)], None).unwrap_err();
            assert!(matches!(error, SettingsError::Variable(_)), "{name}");
            let message = error.to_string();
            assert!(
                message.starts_with(&format!("`{name}` ")) && !message.contains("secret"),
                "{message}"
            );
        }
        let empty = Flags {
            root: Some(String::new()),
            ..Flags::default()
        };
        assert!(matches!(
            load(&empty, &[], None),
            Err(SettingsError::Usage(_))
        ));
    }
}
