//! `reconf access`: the roles and users of a federation in etcd, and the proof of the wall that they make.

use crate::{
    cli::AccessArgs,
    fleet::{AccessScript, UserLogin, roles, script},
    model::{id::Id, settings::Location},
    node::Node,
    operations::inspect::access,
    report::{Code, Ended, Failure, WallRow},
};

/// `reconf access`.
pub(super) fn run(node: &Node, args: &AccessArgs) -> Ended {
    let Location::Etcd(urls) = &node.settings.registry.location else {
        let message =
            "the embedded registry has no users and no roles: its files belong to this machine";
        return Err(Failure::new(Code::Configuration, message)
            .hint("name the endpoints of etcd in config.json, or with --registry"));
    };
    if args.audit {
        return audit(node, &args.federation);
    }
    let has_limit = node.settings.listen.max_parallel.is_some();
    let roles = roles(&args.federation, has_limit);
    if node.out.is_json() {
        for role in &roles {
            node.out.object(role);
        }
        return Ok(None);
    }
    let ca = node.settings.registry.ca.as_deref();
    node.out.text(&script(&AccessScript {
        federation: &args.federation,
        roles: &roles,
        login: if args.certificates {
            UserLogin::Certificate
        } else {
            UserLogin::Password
        },
        endpoints: Some(urls.join(",")),
        ca: ca.map(|path| path.display().to_string()),
    }));
    Ok(None)
}

fn audit(node: &Node, federation: &Id) -> Ended {
    if !node.settings.federations.contains(federation) {
        let message = format!(
            "`{federation}` is no federation of this node, which has no credentials for it"
        );
        return Err(Failure::new(Code::NotPermitted, message)
            .hint("audit it on a node that has it in \"federations\" in config.json"));
    }
    let findings = access::audit(node, federation)?;
    let rows: Vec<WallRow> = findings.iter().map(WallRow).collect();
    node.out.rows(None, &rows);
    let faults = findings.iter().filter(|finding| !finding.ok);
    let beyond = faults.clone().filter(|finding| finding.permitted).count();
    let (message, hint) = match (beyond, faults.count()) {
        (0, 0) => return Ok(None),
        (0, _) => (
            format!("the credentials of this node may not do all that it needs in `{federation}`"),
            format!("give its user one of the roles that `reconf access {federation}` makes"),
        ),
        _ => (
            "the credentials of this node reach beyond its federations".to_owned(),
            "take the role from its user: `etcdctl user revoke-role USER ROLE`".to_owned(),
        ),
    };
    Err(Failure::new(Code::AtFault, message).hint(hint))
}
