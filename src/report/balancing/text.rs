//! The report of a run of `balance` as text.

use std::{collections::BTreeSet, fmt};

use super::{
    BalanceReport, KeptReport, Lifecycle, PoolChange, PortReport, RouteReport, Shown, Takeover,
};
use crate::{
    balance::{
        instance::{EMPTY, LeftOut, LeftOutKind},
        view::RoutingKind,
    },
    model::{escape::escape_line, id::Id},
    report::Output,
};

/// How many lines of a kind are shown; the rest is counted.
const SHOWN: usize = 10;

impl BalanceReport {
    /// Prints it: data to stdout, the rest to stderr.
    pub(crate) fn print(&self, out: &Output) {
        match &self.shown {
            Some(Shown::File(text)) => out.file(text.as_bytes()),
            Some(Shown::View(view)) => out.object(view),
            Some(Shown::Diff(lines)) if !out.is_json() => {
                for line in lines {
                    out.text(&format!("{}\n", escape_line(line)));
                }
                self.print_lines(out);
            }
            Some(Shown::Diff(_)) | None if out.is_json() => out.object(self),
            Some(Shown::Diff(_)) | None => self.print_lines(out),
        }
        out.warnings(&self.all_warnings());
        for hint in self.hints() {
            out.line(&format!("hint: {hint}"));
        }
    }

    fn print_lines(&self, out: &Output) {
        let details = self.details().into_iter().filter(|_| out.is_verbose());
        for line in self.lines().into_iter().chain(details) {
            out.line(&line);
        }
    }

    /// A line for each port and route that changed.
    pub(super) fn lines(&self) -> Vec<String> {
        if !self.changed {
            return vec![self.unchanged()];
        }
        let end = self.end();
        let ports = self.ports.iter().filter(|port| port.is_changed());
        let mut lines = first_of(ports.map(|port| format!("local: {port}{end}")).collect());
        let routes = self.routes.iter().filter(|route| route.is_changed());
        lines.extend(first_of(
            routes.map(|route| format!("{route}{end}")).collect(),
        ));
        if lines.is_empty() {
            lines.push(self.all_as_before());
        }
        lines
    }

    /// All ports and routes that are open.
    fn details(&self) -> Vec<String> {
        let is_open = |state: Lifecycle| state != Lifecycle::Closed;
        let ports = self.ports.iter().filter(|port| is_open(port.state));
        let routes = self.routes.iter().filter(|route| is_open(route.state));
        let ports = ports.map(|port| format!("  local: {port}"));
        ports
            .chain(routes.map(|route| format!("  {route}")))
            .collect()
    }

    /// The warnings, those that other fields give first.
    pub(crate) fn all_warnings(&self) -> Vec<String> {
        let names_federation = self.federations().len() > 1;
        let kinds = [
            LeftOutKind::Port,
            LeftOutKind::Instance,
            LeftOutKind::Name,
            LeftOutKind::Route,
        ];
        let left_out = kinds.into_iter().flat_map(|kind| {
            let of_kind = self.left_out.iter().filter(|left| left.kind == kind);
            first_of(
                of_kind
                    .map(|left| left_out(left, names_federation))
                    .collect(),
            )
        });
        let kept = self.kept.iter().map(kept);
        left_out
            .chain(kept)
            .chain(self.warnings.iter().cloned())
            .collect()
    }

    fn federations(&self) -> BTreeSet<&Id> {
        let left_out = self
            .left_out
            .iter()
            .filter_map(|left| left.federation.as_ref());
        let names = self.ports.iter().flat_map(|port| &port.names);
        let routes = self
            .routes
            .iter()
            .filter_map(|route| route.federation.as_ref());
        left_out
            .chain(names.map(|name| &name.federation))
            .chain(routes)
            .collect()
    }

    fn unchanged(&self) -> String {
        let count = |count: usize, what: &str| match count {
            1 => format!("1 {what}"),
            count => format!("{count} {what}s"),
        };
        let ports = count(self.ports.len(), "local port");
        let routes = count(self.routes.len(), "route");
        match (self.ports.is_empty(), self.routes.is_empty()) {
            (_, true) => format!("balance: unchanged ({ports})"),
            (true, false) => format!("balance: unchanged ({routes})"),
            (false, false) => format!("balance: unchanged ({ports}, {routes})"),
        }
    }

    /// What is said where no port and no route changed, but something else did.
    fn all_as_before(&self) -> String {
        let path = &self.path;
        match (self.how, self.dry) {
            (Takeover::Stop, false) => {
                format!("balance: nothing is left to balance: stopped HAProxy, removed {path}")
            }
            (Takeover::Stop, true) => {
                format!("balance: nothing is left to balance: would stop HAProxy, remove {path}")
            }
            (Takeover::Unchanged, false) => format!("balance: wrote {path}"),
            (Takeover::Unchanged, true) => format!("balance: would write {path}"),
            (Takeover::Socket | Takeover::Reload, _) => {
                format!("balance: all ports and routes as before{}", self.end())
            }
        }
    }

    /// How HAProxy took it over, or would.
    fn end(&self) -> &'static str {
        match (self.how, self.dry) {
            (Takeover::Unchanged | Takeover::Stop, _) => "",
            (Takeover::Socket, false) => ", without a reload",
            (Takeover::Reload, false) => ", with a reload",
            (Takeover::Socket, true) => "; nothing was written, it takes no reload",
            (Takeover::Reload, true) => "; nothing was written, it takes a reload",
        }
    }
}

impl PoolChange {
    /// Such as ` (1 new, 1 moved)`.
    fn text(self, state: Lifecycle) -> String {
        let counts = [
            (self.new, "new"),
            (self.moved, "moved"),
            (self.gone, "gone"),
        ];
        let counts = counts.into_iter().filter(|(count, _)| *count > 0);
        let words: Vec<String> = match state {
            Lifecycle::Opened => vec!["opened".to_owned()],
            Lifecycle::Open | Lifecycle::Closed => counts
                .map(|(count, word)| format!("{count} {word}"))
                .collect(),
        };
        if words.is_empty() {
            return String::new();
        }
        format!(" ({})", words.join(", "))
    }
}

impl PortReport {
    fn is_changed(&self) -> bool {
        self.state != Lifecycle::Open || !self.change.is_none()
    }
}

impl fmt::Display for PortReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.state == Lifecycle::Closed {
            return write!(f, "port {} is closed", self.port);
        }
        let names: BTreeSet<&str> = self
            .names
            .iter()
            .map(|served| served.name.as_str())
            .collect();
        let names: Vec<&str> = names.into_iter().collect();
        let (at, names) = (self.addresses.join(", "), names.join(", "));
        let names = if names.is_empty() {
            "(serves no name any more)"
        } else {
            &names
        };
        let (instances, change) = (instances(self.instances), self.change.text(self.state));
        write!(f, "{at} {names} -> {instances}{change}")
    }
}

impl RouteReport {
    fn is_changed(&self) -> bool {
        self.state != Lifecycle::Open || !self.change.is_none()
    }
}

impl fmt::Display for RouteReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.id.kind {
            RoutingKind::Internal => "internal",
            RoutingKind::External => "external",
        };
        let host = self.id.host.as_deref().unwrap_or("*");
        let path = if self.id.path.is_empty() {
            "/"
        } else {
            &self.id.path
        };
        if self.state == Lifecycle::Closed {
            return write!(f, "{kind}: {host}{path} is not routed any more");
        }
        let (instances, change) = (instances(self.instances), self.change.text(self.state));
        write!(f, "{kind}: {host}{path} -> {instances}{change}")
    }
}

fn instances(count: usize) -> String {
    match count {
        0 => "no instance".to_owned(),
        1 => "1 instance".to_owned(),
        count => format!("{count} instances"),
    }
}

fn left_out(left: &LeftOut, names_federation: bool) -> String {
    let LeftOut { id, detail, .. } = left;
    let federation = left.federation.as_ref().filter(|_| names_federation);
    let of = federation.map(|federation| format!(" of federation `{federation}`"));
    let of = of.unwrap_or_default();
    match left.kind {
        LeftOutKind::Port => format!("{id}{of} is not opened: {detail}"),
        LeftOutKind::Instance => format!("{id}{of} is left out: {detail}"),
        LeftOutKind::Name if left.reason == EMPTY => format!("{id}{of} reaches nothing: {detail}"),
        LeftOutKind::Name => format!("{id}{of} stays direct: {detail}"),
        LeftOutKind::Route => format!("`{id}`{of} is not routed: {detail}"),
    }
}

fn kept(report: &KeptReport) -> String {
    let KeptReport {
        service, kept, of, ..
    } = report;
    let instances = if *of == 1 { "instance" } else { "instances" };
    let are = if *kept == 1 { "is" } else { "are" };
    format!(
        "{kept} of {of} {instances} of `{service}` expired and {are} kept in rotation, judged by health checks"
    )
}

/// The first lines of many, and how many more there are.
fn first_of(mut lines: Vec<String>) -> Vec<String> {
    let more = lines.len().saturating_sub(SHOWN);
    if more > 1 {
        lines.truncate(SHOWN);
        lines.push(format!("… and {more} more (`--output json` lists all)"));
    }
    lines
}
