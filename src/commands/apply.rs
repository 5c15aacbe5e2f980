//! `reconf apply`: renders and announces, with one read of the registry.

use crate::{
    cli::ApplyArgs,
    node::{Node, manifests},
    operations::{
        announce::{AnnounceOptions, Announcer, add_reads},
        render::{Batch, RenderOptions},
    },
    report::{Ended, Tally},
};

/// `reconf apply`. A service that cannot be rendered is not announced.
pub(super) fn run(node: &Node, args: &ApplyArgs) -> Ended {
    let ids = manifests::select(node, &args.services)?;
    let options = AnnounceOptions {
        ttl: args.ttl.or(node.settings.ttl),
        keep_withdrawn: true,
        dry_run: false,
    };
    let mut session = node.session();
    let batch = Batch::lock(node, &ids)?;
    let mut reads = batch.read_set(node)?;
    add_reads(node, &mut reads, batch.manifests())?;
    let (inputs, rendered) = batch.write(node, &mut session, reads, RenderOptions::default())?;
    let mut announcer = Announcer::new(node, &mut session, options);
    let mut tally = Tally::default();
    for (id, result) in rendered {
        let is_rendered = result.is_ok();
        tally.report(&node.out, &id, result.map(|outcome| outcome.report));
        if is_rendered {
            let manifest = inputs.manifest(&id);
            let report = manifest.and_then(|m| announcer.service(m, &inputs.snapshots));
            tally.report(&node.out, &id, report);
        }
    }
    Ok(tally.code(false))
}
