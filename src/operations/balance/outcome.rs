//! What a run reports.

use std::collections::{BTreeMap, BTreeSet};

use super::Show;
use crate::{
    balance::{
        file::{self, Candidate, ParsedFile},
        file_changes::{line_changes, server_changes},
        plan::BalancePlan,
        view::{RoutingKind, View},
    },
    edge::{files, haproxy},
    model::settings::BalanceSettings,
    report::{BalanceReport, Failure, PoolChange, RouteId, Shown, Takeover, ViewChanges},
};

/// What HAProxy served before a run.
#[derive(Debug, Default)]
pub(super) struct ServedBefore {
    text: String,
    file: ParsedFile,
    routes: BTreeSet<RouteId>,
}

impl ServedBefore {
    /// What its file says, and the maps that this names.
    pub(super) fn by(settings: &BalanceSettings, output: Option<&[u8]>) -> Result<Self, Failure> {
        let text = String::from_utf8_lossy(output.unwrap_or_default()).into_owned();
        let mut routes = BTreeSet::new();
        for map in haproxy::maps(&settings.output) {
            let name = map.display().to_string();
            let kind = RoutingKind::ALL
                .into_iter()
                .find(|kind| name.contains(&format!(".{kind}.")));
            if let Some(kind) = kind.filter(|_| text.contains(&name))
                && let Some(content) = files::read_own(&map)?
            {
                let content = String::from_utf8_lossy(&content);
                routes.extend(content.lines().filter_map(|line| route(kind, line)));
            }
        }
        Ok(Self {
            file: file::parse(&text),
            text,
            routes,
        })
    }

    fn changes(&self, view: &View, after: &ParsedFile) -> ViewChanges {
        let ports = |file: &ParsedFile| -> BTreeSet<u16> {
            let names = file.sections.keys();
            let ports = names.filter_map(|name| name.strip_prefix("local:")?.parse().ok());
            ports.collect()
        };
        let (before, now) = (ports(&self.file), ports(after));
        let routes: BTreeSet<RouteId> = routes(view).collect();
        let pools = server_changes(&self.file, after).into_iter();
        let pools = pools.map(|(pool, changes)| {
            let change = PoolChange {
                new: changes.new,
                moved: changes.moved,
                gone: changes.gone,
            };
            (pool, change)
        });
        ViewChanges {
            pools: pools.collect::<BTreeMap<_, _>>(),
            opened: now.difference(&before).copied().collect(),
            closed: before.difference(&now).copied().collect(),
            routed: routes.difference(&self.routes).cloned().collect(),
            unrouted: self.routes.difference(&routes).cloned().collect(),
        }
    }

    /// The report of a run that ends in this file.
    pub(super) fn report(
        &self,
        plan: &BalancePlan,
        candidate: &Candidate,
        how: Takeover,
        show: Show,
    ) -> BalanceReport {
        let text = String::from_utf8_lossy(&candidate.bytes).into_owned();
        let shown = match show {
            Show::Nothing => None,
            Show::Diff => Some(Shown::Diff(line_changes(&self.text, &text))),
            Show::View => Some(Shown::View(Box::new(candidate.view.clone()))),
            Show::File => Some(Shown::File(text.clone())),
        };
        BalanceReport {
            changed: how != Takeover::Unchanged || text != self.text,
            how,
            shown,
            left_out: plan.left_out.clone(),
            ..BalanceReport::new(plan, &self.changes(&candidate.view, &candidate.parsed))
        }
    }

    /// The report of a run after which nothing is served.
    pub(super) fn report_of_end(
        &self,
        plan: &BalancePlan,
        how: Takeover,
        show: Show,
    ) -> BalanceReport {
        let shown = match show {
            Show::Nothing => None,
            Show::Diff => Some(Shown::Diff(line_changes(&self.text, ""))),
            Show::View => Some(Shown::View(Box::new(plan.view.clone()))),
            Show::File => Some(Shown::File(String::new())),
        };
        BalanceReport {
            changed: how != Takeover::Unchanged,
            how,
            shown,
            left_out: plan.left_out.clone(),
            ..BalanceReport::new(plan, &self.changes(&plan.view, &ParsedFile::default()))
        }
    }
}

fn routes(view: &View) -> impl Iterator<Item = RouteId> {
    view.frontends.iter().flat_map(|frontend| {
        frontend.routes.iter().map(|route| RouteId {
            kind: frontend.kind,
            host: route.host.clone(),
            path: route.path.clone(),
        })
    })
}

/// The route of a line `<host><path>/ <pool>` of a map.
fn route(kind: RoutingKind, line: &str) -> Option<RouteId> {
    let (key, _pool) = line.split_once(' ')?;
    let (host, path) = key.split_at(key.find('/')?);
    Some(RouteId {
        kind,
        host: (host != "*").then(|| host.to_owned()),
        path: path.strip_suffix('/')?.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_a_map_is_a_route() {
        for (line, host, path) in [
            ("www.example.com/ b", Some("www.example.com"), ""),
            ("*/some-mount/ b", None, "/some-mount"),
            ("a.b/x/y/ b", Some("a.b"), "/x/y"),
        ] {
            let expected = RouteId {
                kind: RoutingKind::Internal,
                host: host.map(str::to_owned),
                path: path.to_owned(),
            };
            assert_eq!(route(RoutingKind::Internal, line), Some(expected), "{line}");
        }
        assert_eq!(route(RoutingKind::Internal, ""), None);
    }
}
