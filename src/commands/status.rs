//! `reconf status`: this node at a glance, or with `--fleet` every node of the federation.

use crate::{
    cli::{Global, StatusArgs},
    edge::clock,
    fleet::FleetStatus,
    listener,
    model::id::Id,
    node::{self, AssumedFiles, Node, balance_state, manifests},
    operations::inspect::{
        fleet_status,
        node_status::{NodeLook, all_services, is_known},
    },
    report::{
        BalancerStatus, Code, Ended, Failure, FleetReport, ListenerLine, ListenerStatus,
        NodeReport, Output,
    },
};

/// `reconf status`. Returns the exit code.
pub(super) fn run(global: &Global, args: &StatusArgs) -> u8 {
    let out = &Output::new(global);
    let ended = if args.fleet {
        fleet(global, out, args.all)
    } else {
        return this_node(global, out, args);
    };
    super::finish(out, ended)
}

fn load(global: &Global, out: &Output) -> Result<Node, Failure> {
    let mut node = Node::load(global, AssumedFiles::default(), out.clone())?;
    node.look_at_owner();
    Ok(node)
}

fn fleet(global: &Global, out: &Output, all: bool) -> Ended {
    let node = load(global, out)?;
    let (federation, now) = (&node.settings.federation, clock::now());
    let snapshot = fleet_status::read(&node, federation)?;
    let status = FleetStatus::of(federation, &snapshot);
    let report = FleetReport {
        federation,
        is_alone: node.settings.is_registry_of_this_machine(),
        status: &status,
        all,
        now,
    };
    report.print(out);
    Ok(status.is_behind(now).then_some(Code::AtFault))
}

fn this_node(global: &Global, out: &Output, args: &StatusArgs) -> u8 {
    if args.monitor && out.is_json() {
        let message = "`--monitor` prints a line for monitors, and no JSON";
        let refused = Failure::new(Code::Usage, message)
            .hint("without `--monitor`, `--output json` has everything");
        return super::finish(out, Err(refused));
    }
    let report = observe(global, out, &args.ids);
    match report {
        Ok(report) if args.monitor => report.print_for_monitor(out),
        Ok(report) => {
            report.print(out);
            out.exit(report.code())
        }
        Err(failure) if args.monitor && failure.code != Code::Usage => {
            out.text(&format!("RECONF UNKNOWN - {}\n", failure.in_short()));
            3
        }
        Err(failure) => super::finish(out, Err(unknowable(failure))),
    }
}

/// A template or a state that is no text or no regular file: for a monitor a damaged one, whatever a command that writes
/// would exit with.
fn unknowable(mut failure: Failure) -> Failure {
    if matches!(failure.code, Code::Data | Code::CannotWrite) {
        failure.code = Code::Configuration;
    }
    failure
}

fn observe(global: &Global, out: &Output, ids: &[Id]) -> Result<NodeReport, Failure> {
    let node = match load(global, out) {
        Ok(node) => node,
        Err(failure) if failure.code == Code::Configuration => {
            return without_settings(global, &failure);
        }
        Err(failure) => return Err(failure),
    };
    let listener = listener::observe(&node.paths, None)?;
    // Commands that write need it, whatever they write.
    let _readable = node.state()?;
    if let Some(unknown) = ids.iter().find(|id| !is_known(&node, id)) {
        return Err(manifests::missing(&node, unknown));
    }
    let mut report = of_services(&node, ids, &listener)?;
    if ids.is_empty() {
        let listening = listener.listening.as_ref();
        let balancing = listening.and_then(|listening| listening.balance.as_ref());
        let state = balance_state::load(&node)?;
        report.balancer =
            BalancerStatus::of(&node.settings.balance, &state, balancing, clock::now());
        let is_expected = node.settings.listen.command.is_some();
        report.listener = Some(ListenerLine::of(&listener, is_expected));
    }
    Ok(report)
}

/// The services that were named, or all, and the registry. A `configuration.json` that cannot be used is a line.
fn of_services(node: &Node, ids: &[Id], listener: &ListenerStatus) -> Result<NodeReport, Failure> {
    let ids = if ids.is_empty() {
        all_services(node)?
    } else {
        ids.to_vec()
    };
    let mut report = NodeReport::default();
    match NodeLook::read(node, &mut node.session(), &ids) {
        Ok(look) => {
            report.services = look.services(node, &ids, listener.listening.as_ref())?;
            report.registry = look.registry(node);
        }
        Err(failure) if failure.code == Code::Configuration => {
            report.config_error = Some(failure.in_short());
        }
        Err(failure) => return Err(failure),
    }
    Ok(report)
}

/// What can be said where `config.json` cannot be used.
fn without_settings(global: &Global, failure: &Failure) -> Result<NodeReport, Failure> {
    let paths = node::paths_without_settings(global)?;
    let listener = listener::observe(&paths, None)?;
    Ok(NodeReport {
        config_error: Some(failure.in_short()),
        listener: Some(ListenerLine::of(&listener, false)),
        ..NodeReport::default()
    })
}
