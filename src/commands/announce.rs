//! `reconf announce`: publishes what services provide.

use crate::{
    cli::AnnounceArgs,
    node::{Node, manifests},
    operations::{
        announce::{AnnounceOptions, Announcer, add_reads},
        machine::AskedBy,
        read_set::ReadSet,
        withdraw,
    },
    report::{Ended, Tally},
};

/// `reconf announce`.
pub(super) fn run(node: &Node, args: &AnnounceArgs) -> Ended {
    let ids = manifests::select(node, &args.services)?;
    let options = AnnounceOptions {
        ttl: args.ttl.or(node.settings.ttl),
        keep_withdrawn: args.keep_withdrawn || (args.services.all && !args.held),
        asked: if args.keep_withdrawn || args.services.all {
            AskedBy::Run
        } else {
            AskedBy::Hand
        },
        dry_run: args.dry_run,
    };
    let manifests = manifests::load(node, &ids);
    let mut session = node.session();
    let mut reads = ReadSet::default();
    add_reads(node, &mut reads, &manifests)?;
    let snapshots = reads.read(&mut session);
    if !options.dry_run {
        node.remember(&session, snapshots.was_read())?;
    }
    let reports = Announcer::new(node, &mut session, options).services(manifests, &snapshots);
    let mut tally = Tally::default();
    for (id, report) in reports {
        tally.report(&node.out, &id, report);
    }
    if args.services.all && !options.dry_run {
        node.out.warnings(&withdraw::make_up(node, &mut session)?);
    }
    Ok(tally.code(false))
}
