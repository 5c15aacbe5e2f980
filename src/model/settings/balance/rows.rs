//! The settings of balancing as `reconf config` lists them. What a kind that is not given would do is listed too.

use super::{
    BalanceSettings, LocalBalancer, RoutingBalancer,
    merge::{EXTERNAL, INTERNAL, RoutingKeys},
};
use crate::model::settings::rows::SettingRow;

impl BalanceSettings {
    /// Every key with its value.
    pub(in crate::model::settings) fn rows(&self) -> Vec<SettingRow> {
        let rows = [
            local(self.local.as_ref()),
            routing(self.internal.as_ref(), &INTERNAL),
            routing(self.external.as_ref(), &EXTERNAL),
            self.haproxy(),
            self.extra(),
        ];
        rows.into_iter().flatten().collect()
    }

    fn haproxy(&self) -> Vec<SettingRow> {
        let time = |time| Some(humantime::format_duration(time).to_string());
        vec![
            ("balance.output", Some(self.output.display().to_string())),
            ("balance.check", Some(self.check.join(" "))),
            ("balance.reload", Some(self.reload.join(" "))),
            ("balance.socket", Some(self.socket.display().to_string())),
            ("balance.template", Some(self.template.clone())),
            ("balance.drain", time(self.drain)),
            ("balance.close_after", time(self.close_after)),
            ("balance.stop", Some(self.stop.join(" "))),
            ("balance.stats", self.stats.clone()),
        ]
    }

    fn extra(&self) -> Vec<SettingRow> {
        let lines = |lines: &[String]| (!lines.is_empty()).then(|| lines.join("; "));
        let extra = &self.extra;
        vec![
            ("balance.extra.global", lines(&extra.global)),
            ("balance.extra.defaults", lines(&extra.defaults)),
            ("balance.extra.frontend", lines(&extra.frontend)),
            ("balance.extra.backend", lines(&extra.backend)),
        ]
    }
}

fn local(given: Option<&LocalBalancer>) -> Vec<SettingRow> {
    let balancer = given.cloned().unwrap_or_default();
    vec![
        ("balance.local", given.map(|_| "true".to_owned())),
        ("balance.local.address", list(&balancer.addresses)),
        ("balance.local.names", list(&balancer.names)),
    ]
}

fn routing(given: Option<&RoutingBalancer>, keys: &RoutingKeys) -> Vec<SettingRow> {
    let balancer = given.cloned().unwrap_or_else(|| keys.default_balancer());
    vec![
        (keys.kind, given.map(|_| "true".to_owned())),
        (keys.bind, list(&balancer.bind)),
        (keys.https, Some(balancer.https.to_string())),
        (keys.domain, balancer.domain),
        (keys.names, balancer.names.as_ref().and_then(list)),
    ]
}

fn list<'i, T: ToString + 'i>(items: impl IntoIterator<Item = &'i T>) -> Option<String> {
    let items: Vec<String> = items.into_iter().map(ToString::to_string).collect();
    (!items.is_empty()).then(|| items.join(","))
}
