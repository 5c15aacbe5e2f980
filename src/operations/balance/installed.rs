//! Which HAProxy a run is about: the one that is in use, as it was set up, or the one that the configuration describes.

use super::haproxy::{self, Haproxy};
use crate::{
    model::{balance_state::InstalledHaproxy, settings::BalanceSettings},
    node::{Node, balance_state},
    report::Failure,
};

/// What a run is about.
pub(super) struct Installed {
    /// The settings of balancing, for this HAProxy.
    pub(super) settings: BalanceSettings,
    /// How it is set up.
    pub(super) haproxy: InstalledHaproxy,
    /// The former one, which has been stopped: its files are to go.
    pub(super) former: Option<BalanceSettings>,
    /// What a person is to know of it, as one lower-case clause.
    pub(super) warning: Option<String>,
}

impl Installed {
    /// Finds it. A HAProxy at another place than the configuration says goes on as long as it runs, so that no port closes;
    /// without any kind of balancer, it is to be ended as it was set up.
    pub(super) fn find(node: &Node) -> Result<Self, Failure> {
        let own = node.settings.haproxy();
        let known = balance_state::load_or_lost(node)?.0.haproxy;
        let Some(known) = known.filter(InstalledHaproxy::is_whole) else {
            return Ok(Self::new(node.settings.balance.clone(), own));
        };
        let former = node.settings.balance_with(&known);
        if !node.settings.balance.is_on() {
            return Ok(Self::new(former, known));
        }
        if known.is_where(&own) {
            return Ok(Self::new(node.settings.balance.clone(), own));
        }
        if let Haproxy::Running(_) = haproxy::ask(&former)? {
            let warning = goes_on(&former);
            return Ok(Self {
                warning: Some(warning),
                ..Self::new(former, known)
            });
        }
        Ok(Self {
            former: Some(former),
            ..Self::new(node.settings.balance.clone(), own)
        })
    }

    fn new(settings: BalanceSettings, haproxy: InstalledHaproxy) -> Self {
        Self {
            settings,
            haproxy,
            former: None,
            warning: None,
        }
    }
}

fn goes_on(former: &BalanceSettings) -> String {
    format!(
        "HAProxy goes on with {} and {}, as it was started: `balance.output` and `balance.socket` of config.json count once it has been stopped (`{}`)",
        former.output.display(),
        former.socket.display(),
        former.stop.join(" ")
    )
}
