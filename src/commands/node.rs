//! What a command knows of the node that it runs on.

use std::{collections::BTreeMap, path::Path};

use serde::{Deserialize, Serialize};

use super::assumed::Assumed;
use crate::{
    cli::Global,
    edge::{
        clock, files, locks, net, process_environment,
        registry::{Range, Session},
        state::{self, Durability},
    },
    model::{
        datastores::Datastores,
        facts::Facts,
        id::Id,
        key,
        places::Places,
        settings::{Flags, Origin, Settings, config_path},
    },
    report::{Code, Failure, Teller},
};

/// A node: its settings, where its files are, and how this call reports.
pub(crate) struct Node {
    pub(crate) settings: Settings,
    pub(crate) places: Places,
    pub(crate) tell: Teller,
    /// What is taken instead of files on the disk.
    pub(crate) assumed: Assumed,
}

/// The last `host` that was found on the way to the registry: the content of `node.json`.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Last {
    host: String,
}

/// The node's address, and how it was found if nobody gave it.
pub(crate) struct Host {
    pub(crate) address: String,
    pub(crate) origin: Option<Origin>,
}

impl Node {
    /// Reads the node's configuration.
    pub(crate) fn load(global: &Global, assumed: Assumed) -> Result<Self, Failure> {
        let settings = settings(global, &assumed)?;
        Ok(Self {
            places: Places::new(&settings.root, &settings.render.directory),
            tell: Teller::new(global),
            settings,
            assumed,
        })
    }

    /// Prepares the use of the registry; touches nothing.
    pub(crate) fn session(&self) -> Session {
        Session::new(&self.settings.registry)
    }

    /// The node's name.
    pub(crate) fn id(&self) -> Result<Id, Failure> {
        if let Some(id) = &self.settings.node {
            return Ok(id.clone());
        }
        let name = net::host_name().unwrap_or_default();
        Id::parse(&name).map_err(|reason| {
            Failure::new(
                Code::Configuration,
                format!("this host's name `{name}` {reason}"),
            )
            .hint("set `node` in config.json, or RECONF_NODE")
        })
    }

    /// The node's address: as configured, else from the way to the registry, else the last one found so, else that of
    /// the default route.
    pub(crate) fn host(&self, session: &Session) -> Result<Host, Failure> {
        let found = |address: String, how: &str| Host {
            address,
            origin: Some(Origin::Found(how.to_owned())),
        };
        if let Some(host) = &self.settings.host {
            let address = host.clone();
            return Ok(Host {
                address,
                origin: None,
            });
        }
        if let Some(address) = session.local_address() {
            return Ok(found(
                address.to_string(),
                "the address towards the registry",
            ));
        }
        if let Some(last) = state::load::<Last>(&self.places.node())? {
            return Ok(found(
                last.host,
                "the address last used towards the registry",
            ));
        }
        Ok(match net::default_route_address() {
            Some(address) => found(address.to_string(), "the address of the default route"),
            None => found("127.0.0.1".to_owned(), "this host has no route"),
        })
    }

    /// The node's address, as an announce would find it now: with a try to reach the registry.
    pub(crate) fn host_now(&self) -> Result<Host, Failure> {
        let mut session = self.session();
        self.reach(&mut session);
        self.host(&session)
    }

    /// Tries to reach the registry: only the way there matters, not the answer.
    pub(crate) fn reach(&self, session: &mut Session) {
        let nothing = Range::Key(key::federation_prefix(&self.settings.federation));
        session.read(&[(self.settings.federation.clone(), vec![nothing])]);
    }

    /// What `provides` patterns can use.
    pub(crate) fn facts(&self, session: &Session) -> Result<Facts, Failure> {
        Ok(Facts {
            node: self.id()?,
            region: self.settings.region.clone(),
            host: self.host(session)?.address,
        })
    }

    /// Remembers the address towards the registry, for the time when the registry does not answer.
    pub(crate) fn remember_host(&self, session: &Session) -> Result<(), Failure> {
        if self.settings.host.is_some() {
            return Ok(());
        }
        let Some(address) = session.local_address() else {
            return Ok(());
        };
        let host = address.to_string();
        let _lock = self.state_lock()?;
        state::save(
            &self.places,
            &self.places.node(),
            &Last { host },
            Durability::Durable,
        )?;
        Ok(())
    }

    /// The lock of every read-modify-write of a state file. It is held for that only, so it is waited for in full.
    pub(crate) fn state_lock(&self) -> Result<locks::Lock, Failure> {
        self.make_lock_folder()?;
        let wait = self.settings.registry.timeout;
        Ok(locks::exclusive(
            &self.places.state_lock(),
            &files::Access::PRIVATE,
            wait,
        )?)
    }

    /// Makes the folder of the locks that do not survive a reboot.
    pub(crate) fn make_lock_folder(&self) -> Result<(), Failure> {
        let folder = self.places.locks();
        Ok(files::make_dir(&folder, self.places.folder_mode(&folder))?)
    }

    /// The datastores of every federation that has any.
    pub(crate) fn datastores(&self) -> Result<BTreeMap<Id, Datastores>, Failure> {
        let path = self.places.configuration();
        let Some(text) = self.assumed.read(&path, Code::Configuration)? else {
            return Ok(BTreeMap::new());
        };
        let path = path.display().to_string();
        Datastores::parse(&path, &text, &self.settings.home)
            .map_err(|problems| Failure::problems(Code::Configuration, &problems))
    }

    /// Now, as records say it.
    pub(crate) fn now() -> String {
        clock::rfc3339(clock::now())
    }
}

/// Flags beat variables beat `config.json` beat defaults.
fn settings(global: &Global, assumed: &Assumed) -> Result<Settings, Failure> {
    let flags = Flags {
        root: global.root.clone(),
        config: global.config.clone(),
        registry: global.registry.clone(),
        federation: global.federation.clone(),
        region: global.region.clone(),
        node: global.node.clone(),
        host: global.host.clone(),
        timeout: global.timeout.clone(),
    };
    let variable = process_environment::raw_variable;
    let (_, path) = config_path(&flags, variable)?;
    let text = assumed.read(&path, Code::Configuration)?;
    if text.is_none() {
        refuse_missing(&flags, &path)?;
    }
    let shown = path.display().to_string();
    let file = text.as_deref().map(|text| (shown.as_str(), text));
    Ok(Settings::load(&flags, variable, file)?)
}

/// Refuses to run with defaults where somebody named a `config.json` that is not there.
pub(super) fn refuse_missing(flags: &Flags, config: &Path) -> Result<(), Failure> {
    if flags.config.is_none() && process_environment::raw_variable("RECONF_CONFIG").is_none() {
        return Ok(());
    }
    let message = format!("there is no `{}`", config.display());
    Err(Failure::new(Code::Configuration, message)
        .hint("leave out --config and RECONF_CONFIG to run with defaults"))
}

/// A text file; `None` if there is none. One that is there and is no text fails with the code of what it should be.
pub(crate) fn read_text(path: &Path, bad: Code) -> Result<Option<String>, Failure> {
    let bytes = match files::read(path) {
        Ok(Some(bytes)) => bytes,
        Ok(None) => return Ok(None),
        Err(error) if error.kind == files::Kind::CannotRead => {
            return Err(Failure::new(bad, error.to_string()));
        }
        Err(error) => return Err(error.into()),
    };
    let text = String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        let message = format!("`{}` is not UTF-8: byte {} is not", path.display(), at + 1);
        Failure::new(bad, message)
    })?;
    Ok(Some(text))
}
