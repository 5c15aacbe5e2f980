//! This machine: its settings, its paths, and the files that it reads and keeps. Joins `edge` and `model`; knows no verb.

mod assumed;
pub(crate) mod balance_state;
mod configuration;
mod host;
mod intents;
pub(crate) mod last_known;
pub(crate) mod locks;
pub(crate) mod manifests;
mod owner;
pub(crate) mod states;
pub(crate) mod templates;

pub(crate) use assumed::AssumedFiles;
pub(crate) use configuration::{note_render, paths_without_settings, refuse_missing, settings_of};

use std::collections::BTreeMap;

use crate::{
    cli::Global,
    edge::{
        clock, net,
        registry::{Logins, Session},
    },
    model::{
        configuration::Configuration,
        datastores::Datastores,
        facts::Facts,
        id::Id,
        paths::Paths,
        settings::{BalanceSettings, Settings},
    },
    report::{Code, Failure, Output},
};

/// A node: its settings, where its files are, and where this call reports to.
pub(crate) struct Node {
    pub(crate) settings: Settings,
    pub(crate) paths: Paths,
    pub(crate) out: Output,
    /// Contents that replace files on the disk.
    pub(crate) assumed: AssumedFiles,
    /// Whether the state of this node is another machine's, and this command only looks.
    is_copied: bool,
    /// What several states are about to say.
    intents: intents::LastRead,
}

impl Node {
    /// Reads the node's configuration.
    pub(crate) fn load(
        global: &Global,
        assumed: AssumedFiles,
        out: Output,
    ) -> Result<Self, Failure> {
        let settings = configuration::settings(global, &assumed)?;
        Ok(Self {
            paths: Paths::new(&settings.root, &settings.render.directory),
            out,
            settings,
            assumed,
            is_copied: false,
            intents: intents::LastRead::default(),
        })
    }

    /// Refuses a flag or a variable that names another federation than `config.json`: it is for looking, and what was
    /// announced there would be withdrawn by the next call without it.
    pub(crate) fn refuse_other_federation(&self) -> Result<(), Failure> {
        configuration::refuse_other_federation(&self.settings)
    }

    /// The same node, with its configuration as it is now.
    pub(crate) fn reload(&self, global: &Global) -> Result<Self, Failure> {
        Self::load(global, AssumedFiles::default(), self.out.clone())
    }

    /// The same node, with other settings of balancing.
    pub(crate) fn with_balance(&self, balance: BalanceSettings) -> Self {
        Self {
            settings: Settings {
                balance,
                ..self.settings.clone()
            },
            paths: self.paths.clone(),
            out: self.out.clone(),
            assumed: self.assumed.clone(),
            is_copied: self.is_copied,
            intents: intents::LastRead::default(),
        }
    }

    /// A session with the registry; it connects with its first call.
    pub(crate) fn session(&self) -> Session {
        Session::new(&self.settings.registry)
    }

    /// The same, with logins that others share.
    pub(crate) fn session_sharing(&self, logins: &Logins) -> Session {
        Session::sharing(&self.settings.registry, logins)
    }

    /// The node's name.
    pub(crate) fn id(&self) -> Result<Id, Failure> {
        if let Some(id) = &self.settings.node {
            return Ok(id.clone());
        }
        let name = net::host_name().unwrap_or_default();
        Id::parse(&name).map_err(|reason| {
            let message = format!("this host's name `{name}` {reason}");
            Failure::new(Code::Configuration, message)
                .hint("set `node` in config.json, or RECONF_NODE")
        })
    }

    /// What `provides` patterns can use.
    pub(crate) fn facts(&self, session: &Session) -> Result<Facts, Failure> {
        Ok(Facts {
            node: self.id()?,
            region: self.settings.region.clone(),
            host: self.host(session)?.address,
        })
    }

    /// The datastores of every federation that has any.
    pub(crate) fn datastores(&self) -> Result<BTreeMap<Id, Datastores>, Failure> {
        Ok(self.configuration()?.datastores)
    }

    /// The datastores, and which version of them this node has.
    pub(crate) fn configuration(&self) -> Result<Configuration, Failure> {
        configuration::configuration(self)
    }

    /// The current time in RFC 3339, as records hold it.
    pub(crate) fn now() -> String {
        clock::rfc3339(clock::now())
    }
}
