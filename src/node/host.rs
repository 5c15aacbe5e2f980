//! The node's address: given, or found on the way to the registry and remembered.

use std::time::Duration;

use super::Node;
use crate::{
    edge::{
        net,
        registry::{Range, Session},
    },
    model::{
        key,
        settings::{Origin, RegistrySettings},
    },
    report::Failure,
};

/// How long a registry may take for an answer of which only the local address matters.
const ANSWER_LIMIT: Duration = Duration::from_millis(500);

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
        if let Some(last) = self.state()?.known_host() {
            let how = "the address last used towards the registry";
            return Ok(Host::found(last.to_owned(), how));
        }
        Ok(match net::default_route_address() {
            Some(address) => Host::found(address.to_string(), "the address of the default route"),
            None => Host::found("127.0.0.1".to_owned(), "this host has no route"),
        })
    }

    /// The node's address as an announce would find it now: it tries to reach the registry. One that does not answer soon
    /// counts as away.
    pub(crate) fn host_now(&self) -> Result<Host, Failure> {
        let registry = &self.settings.registry;
        let mut session = Session::new(&RegistrySettings {
            timeout: registry.timeout.min(ANSWER_LIMIT),
            ..registry.clone()
        });
        self.reach(&mut session);
        self.host(&session)
    }

    /// Tries to reach the registry, to learn the local address. The answer itself does not matter.
    pub(crate) fn reach(&self, session: &mut Session) {
        let nothing = Range::Key(key::federation_prefix(&self.settings.federation));
        session.read(&[(self.settings.federation.clone(), vec![nothing])]);
    }
}
