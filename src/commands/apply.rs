//! `reconf apply`: render and announce, with one read of the registry.

use super::{
    Ended, Tally,
    announce::{Announcing, How, want},
    node::Node,
    render::{Intent, tell, write_all},
    services,
};
use crate::cli;

/// `reconf apply`. A service that cannot be rendered is not announced.
pub(super) fn run(node: &Node, args: &cli::Apply) -> Ended {
    let ids = services::chosen(node, &args.services)?;
    let how = How {
        ttl: args.ttl.or(node.settings.ttl),
        keep_withdrawn: true,
        dry_run: false,
    };
    let mut session = node.session();
    let (view, rendered) = write_all(
        node,
        &mut session,
        &ids,
        Intent::default(),
        |wanted, manifests, this| {
            want(node, wanted, manifests, this);
        },
    )?;
    let mut announcing = Announcing::new(node, &mut session, how);
    let mut tally = Tally::default();
    for (id, result) in rendered {
        tell(node, &id, &result, false, &mut tally);
        if result.is_err() {
            continue;
        }
        let manifest = view.manifest(&id);
        match manifest.and_then(|manifest| announcing.service(manifest, &view.readings)) {
            Ok(announced) => {
                node.tell.outcome(&announced);
                tally.done(announced.changed);
            }
            Err(failure) => tally.fail(node, Some(&id), &failure),
        }
    }
    Ok(tally.code(false))
}
