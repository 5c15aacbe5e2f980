//! `reconf apply`: balances where this node does; renders, runs the command for what changed, and announces, with one read
//! of the registry.

use crate::{
    cli::ApplyArgs,
    edge::registry::{Logins, Session},
    model::id::Id,
    node::{Node, last_known::Learn, manifests, templates},
    operations::{
        announce::{AnnounceOptions, Announcer, add_reads},
        balance::{self, BalanceOptions},
        inputs::{self, Inputs},
        machine::AskedBy,
        remove::orphan_warnings,
        render::{Batch, RenderOptions, Results, dry_run, refuse_nested_on_change, run_on_change},
        withdraw,
    },
    report::{Ended, Failure, Tally},
};

/// `reconf apply`. A service that cannot be rendered is not announced; if the command fails, none is.
pub(super) fn run(node: &Node, args: &ApplyArgs) -> Ended {
    if args.on_change.is_some() {
        refuse_nested_on_change()?;
    }
    let ids = manifests::select(node, &args.services)?;
    templates::warn_of_unknown(node);
    if args.services.all {
        node.out.warnings(&orphan_warnings(node));
    }
    let (logins, mut tally) = (Logins::default(), Tally::default());
    balance(node, &logins, args, &mut tally);
    let mut session = node.session_sharing(&logins);
    let (inputs, results) = render(node, &mut session, &ids, args)?;
    let mut rendered = Vec::new();
    for (id, result) in results {
        if result.is_ok() {
            rendered.push(id.clone());
        }
        tally.report(&node.out, &id, result.map(|outcome| outcome.report));
    }
    if let Some(command) = &args.on_change {
        match run_on_change(node, &mut session, &ids, command, args.on_change_timeout) {
            Ok(applied) => node.out.applied(&applied),
            Err(failure) => {
                let failure = failure.note("nothing was announced");
                tally.fail(&node.out, None, &failure);
                return Ok(tally.code(args.detailed_exitcode));
            }
        }
    }
    announce(node, &mut session, &inputs, &rendered, args, &mut tally);
    if args.services.all && !args.dry_run {
        node.out.warnings(&withdraw::make_up(node, &mut session)?);
    }
    Ok(tally.code(args.detailed_exitcode))
}

/// Balances before the services' locks are taken, with a read and a limit of its own: a port is open before a conf names it.
/// If that fails, the rest goes on.
fn balance(node: &Node, logins: &Logins, args: &ApplyArgs, tally: &mut Tally) {
    let options = BalanceOptions {
        dry_run: args.dry_run,
        ..BalanceOptions::default()
    };
    let run = || {
        if !balance::is_wanted(node)? {
            return Ok(None);
        }
        balance::run(node, &mut node.session_sharing(logins), options).map(Some)
    };
    match run() {
        Ok(Some(report)) => {
            report.print(&node.out);
            tally.done(report.changed);
        }
        Ok(None) => {}
        Err(failure) => tally.fail(&node.out, None, &failure),
    }
}

/// Reads what rendering and announcing take, and writes the confs, or finds out what would be written.
fn render(
    node: &Node,
    session: &mut Session,
    ids: &[Id],
    args: &ApplyArgs,
) -> Result<(Inputs, Results), Failure> {
    if args.dry_run {
        let manifests = manifests::load(node, ids);
        let mut reads = inputs::read_set(node, &manifests)?;
        add_reads(node, &mut reads, &manifests)?;
        let inputs = Inputs::read(node, session, manifests, reads, Learn::Forget)?;
        let results = dry_run(node, session, &inputs, ids)?;
        return Ok((inputs, results));
    }
    let options = RenderOptions {
        awaits: args.on_change.is_some(),
        ..RenderOptions::default()
    };
    let batch = Batch::lock(node, ids)?;
    let mut reads = batch.read_set(node)?;
    add_reads(node, &mut reads, batch.manifests())?;
    batch.write(node, session, reads, options)
}

/// Announces the services that were rendered.
fn announce(
    node: &Node,
    session: &mut Session,
    inputs: &Inputs,
    rendered: &[Id],
    args: &ApplyArgs,
    tally: &mut Tally,
) {
    let options = AnnounceOptions {
        ttl: args.ttl.or(node.settings.ttl),
        keep_withdrawn: true,
        asked: AskedBy::Run,
        dry_run: args.dry_run,
    };
    let manifest = |id: &Id| (id.clone(), inputs.manifest(id).cloned());
    let manifests = rendered.iter().map(manifest).collect();
    let mut announcer = Announcer::new(node, session, options);
    let mut is_announced = false;
    for (id, report) in announcer.services(manifests, &inputs.snapshots) {
        is_announced |= report.as_ref().is_ok_and(|r| !r.announcements.is_empty());
        tally.report(&node.out, &id, report);
    }
    if is_announced && !args.dry_run && node.settings.is_registry_of_this_machine() {
        node.out
            .line("note: announced on this machine only: the registry is the embedded one");
    }
}
