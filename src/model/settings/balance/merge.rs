//! The settings of balancing, with defaults for what the file does not set.

use std::{
    collections::BTreeSet,
    net::{IpAddr, Ipv4Addr},
    path::{Path, PathBuf},
    time::Duration,
};

use super::{
    BalanceSettings, ExtraLines, LocalBalancer, RoutingBalancer,
    file::{ExplicitBalance, ExplicitExtra, ExplicitLocal, ExplicitRouting},
    values::LONGEST_SOCKET,
};
use crate::model::settings::{
    merge::below,
    origin::Origins,
    refusal::{SettingRefusal, SettingsError},
};

const OUTPUT: &str = "/etc/haproxy/reconf.cfg";
const SOCKET: &str = "/run/reconf-haproxy/admin.sock";
const TEMPLATE: &str = "haproxy.cfg.hbs";
const CHECK: [&str; 4] = ["haproxy", "-c", "-f", "{file}"];
const RELOAD: [&str; 3] = ["systemctl", "reload-or-restart", "reconf-haproxy"];
const STOP: [&str; 4] = ["systemctl", "disable", "--now", "reconf-haproxy"];
const DRAIN: Duration = Duration::from_secs(5 * 60);
const CLOSE_AFTER: Duration = Duration::from_secs(60 * 60);

/// The keys of a balancer that routes, and where it is bound by default.
pub(super) struct RoutingKeys {
    pub(super) kind: &'static str,
    pub(super) bind: &'static str,
    pub(super) https: &'static str,
    pub(super) domain: &'static str,
    pub(super) names: &'static str,
    default_bind: &'static str,
}

pub(super) const INTERNAL: RoutingKeys = RoutingKeys {
    kind: "balance.internal",
    bind: "balance.internal.bind",
    https: "balance.internal.https",
    domain: "balance.internal.domain",
    names: "balance.internal.names",
    default_bind: ":8000",
};
pub(super) const EXTERNAL: RoutingKeys = RoutingKeys {
    kind: "balance.external",
    bind: "balance.external.bind",
    https: "balance.external.https",
    domain: "balance.external.domain",
    names: "balance.external.names",
    default_bind: ":80",
};

impl RoutingKeys {
    /// A balancer for which nothing is set.
    pub(super) fn default_balancer(&self) -> RoutingBalancer {
        RoutingBalancer {
            bind: vec![self.default_bind.to_owned()],
            domain: None,
            https: false,
            names: None,
        }
    }
}

impl Default for LocalBalancer {
    fn default() -> Self {
        Self {
            addresses: vec![IpAddr::V4(Ipv4Addr::LOCALHOST)],
            names: BTreeSet::new(),
        }
    }
}

impl ExplicitBalance {
    /// The settings, with defaults for what is not set; records the origin of each.
    ///
    /// # Errors
    /// HAProxy cannot have a socket so deep below `root`.
    pub(in crate::model::settings) fn into_settings(
        self,
        origins: &mut Origins,
        root: &Path,
    ) -> Result<BalanceSettings, SettingsError> {
        let path = |path: Option<PathBuf>, default| {
            below(root, &path.unwrap_or_else(|| PathBuf::from(default)))
        };
        let settings = BalanceSettings {
            local: local(self.local, origins),
            internal: routing(self.internal, &INTERNAL, origins),
            external: routing(self.external, &EXTERNAL, origins),
            output: path(origins.file_value("balance.output", self.output), OUTPUT),
            check: command(origins.file_value("balance.check", self.check), &CHECK),
            reload: command(origins.file_value("balance.reload", self.reload), &RELOAD),
            socket: path(origins.file_value("balance.socket", self.socket), SOCKET),
            template: origins
                .file_value("balance.template", self.template)
                .unwrap_or_else(|| TEMPLATE.to_owned()),
            drain: origins
                .file_value("balance.drain", self.drain)
                .unwrap_or(DRAIN),
            close_after: origins
                .file_value("balance.close_after", self.close_after)
                .unwrap_or(CLOSE_AFTER),
            stop: command(origins.file_value("balance.stop", self.stop), &STOP),
            stats: origins.file_value("balance.stats", self.stats),
            extra: extra(self.extra, origins),
        };
        if settings.is_on() && settings.socket.as_os_str().len() > LONGEST_SOCKET {
            let reason = format!(
                "would be `{}`; HAProxy takes {LONGEST_SOCKET} bytes",
                settings.socket.display()
            );
            let refusal = SettingRefusal::new(reason).of("balance.socket");
            return Err(SettingsError::Variable(
                refusal.hint("use a shorter `--root`"),
            ));
        }
        Ok(settings)
    }
}

fn local(explicit: Option<ExplicitLocal>, origins: &mut Origins) -> Option<LocalBalancer> {
    let explicit = origins.file_value("balance.local", explicit);
    let given = explicit.is_some();
    let explicit = explicit.unwrap_or_default();
    let addresses = origins.file_value("balance.local.address", explicit.addresses);
    let names = origins.file_value("balance.local.names", explicit.names);
    let default = LocalBalancer::default();
    given.then(|| LocalBalancer {
        addresses: addresses.unwrap_or(default.addresses),
        names: names.unwrap_or(default.names),
    })
}

fn routing(
    explicit: Option<ExplicitRouting>,
    keys: &RoutingKeys,
    origins: &mut Origins,
) -> Option<RoutingBalancer> {
    let explicit = origins.file_value(keys.kind, explicit);
    let given = explicit.is_some();
    let explicit = explicit.unwrap_or_default();
    let bind = origins.file_value(keys.bind, explicit.bind);
    let https = origins.file_value(keys.https, explicit.https);
    let domain = origins.file_value(keys.domain, explicit.domain);
    let names = origins.file_value(keys.names, explicit.names);
    let default = keys.default_balancer();
    given.then(|| RoutingBalancer {
        bind: bind.unwrap_or(default.bind),
        domain,
        https: https.unwrap_or(default.https),
        names,
    })
}

fn extra(explicit: ExplicitExtra, origins: &mut Origins) -> ExtraLines {
    let mut lines = |key, lines| origins.file_value(key, lines).unwrap_or_default();
    ExtraLines {
        global: lines("balance.extra.global", explicit.global),
        defaults: lines("balance.extra.defaults", explicit.defaults),
        frontend: lines("balance.extra.frontend", explicit.frontend),
        backend: lines("balance.extra.backend", explicit.backend),
    }
}

fn command(words: Option<Vec<String>>, default: &[&str]) -> Vec<String> {
    words.unwrap_or_else(|| default.iter().map(|word| (*word).to_owned()).collect())
}
