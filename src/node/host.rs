//! The node's address: given, or found on the way to the registry and remembered.

use serde::{Deserialize, Serialize};

use super::Node;
use crate::{
    edge::{
        net,
        registry::{Range, Session},
        state::{self, Durability},
    },
    model::{key, settings::Origin},
    report::Failure,
};

/// The content of `node.json`: the last `host` that was found on the way to the registry.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct LastHost {
    host: String,
}

/// The node's address.
pub(crate) struct Host {
    pub(crate) address: String,
    /// How it was found; `None` if it was given.
    pub(crate) origin: Option<Origin>,
}

impl Host {
    fn found(address: String, how: &str) -> Self {
        Self {
            address,
            origin: Some(Origin::Detected(how.to_owned())),
        }
    }
}

impl Node {
    /// The node's address: as configured, else from the way to the registry, else the last one found so, else that of
    /// the default route.
    pub(crate) fn host(&self, session: &Session) -> Result<Host, Failure> {
        if let Some(host) = &self.settings.host {
            let address = host.clone();
            return Ok(Host {
                address,
                origin: None,
            });
        }
        if let Some(address) = session.local_address() {
            let how = "the address towards the registry";
            return Ok(Host::found(address.to_string(), how));
        }
        if let Some(last) = state::load::<LastHost>(&self.paths.last_host_file())? {
            let how = "the address last used towards the registry";
            return Ok(Host::found(last.host, how));
        }
        Ok(match net::default_route_address() {
            Some(address) => Host::found(address.to_string(), "the address of the default route"),
            None => Host::found("127.0.0.1".to_owned(), "this host has no route"),
        })
    }

    /// The node's address as an announce would find it now: it tries to reach the registry.
    pub(crate) fn host_now(&self) -> Result<Host, Failure> {
        let mut session = self.session();
        self.reach(&mut session);
        self.host(&session)
    }

    /// Tries to reach the registry, to learn the local address. The answer itself does not matter.
    pub(crate) fn reach(&self, session: &mut Session) {
        let nothing = Range::Key(key::federation_prefix(&self.settings.federation));
        session.read(&[(self.settings.federation.clone(), vec![nothing])]);
    }

    /// Remembers the address towards the registry, for runs that cannot reach it.
    pub(crate) fn remember_host(&self, session: &Session) -> Result<(), Failure> {
        if self.settings.host.is_some() {
            return Ok(());
        }
        let Some(address) = session.local_address() else {
            return Ok(());
        };
        let host = address.to_string();
        let _lock = self.state_lock()?;
        let path = self.paths.last_host_file();
        state::save(&self.paths, &path, &LastHost { host }, Durability::Durable)?;
        Ok(())
    }
}
