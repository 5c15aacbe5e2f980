//! The audit of a federation's wall in etcd, with this node's own credentials.

use std::collections::BTreeSet;

use crate::{
    edge::{files, registry::Session},
    fleet::{self, Needs, WallFinding},
    model::{
        certificate::CertificateFacts,
        id::Id,
        permission::{AccessTry, KeyPermission},
        settings::Credentials,
    },
    node::{Node, manifests},
    report::{Code, Failure},
};

/// Tries what the credentials of a federation must be able to do and what must be denied to them, and reads their roles.
/// Nothing is written.
///
/// # Errors
/// When etcd does not answer, does not know the credentials, or knows no users at all.
pub(crate) fn audit(node: &Node, federation: &Id) -> Result<Vec<WallFinding>, Failure> {
    let mut session = node.session();
    if !session.requires_users(federation)? {
        return Err(without_users());
    }
    let own = sharing(node, federation);
    let tries = fleet::tries(&own, &others(node, &own), needs(node, &own));
    let attempts: Vec<AccessTry> = tries.iter().map(|tried| tried.attempt.clone()).collect();
    let answers = session.try_access(federation, &attempts);
    let mut findings = fleet::beyond(&permissions(node, &mut session, federation), &own);
    for (tried, answer) in tries.iter().zip(answers) {
        findings.push(tried.ended(answer?));
    }
    Ok(findings)
}

fn without_users() -> Failure {
    let message =
        "etcd asks nobody for a user: whoever reaches it reads and writes every federation";
    Failure::new(Code::AtFault, message)
        .hint("the end of what `reconf access FEDERATION` prints enables authentication")
}

/// The federations of this node that are reached with the same credentials.
fn sharing(node: &Node, federation: &Id) -> BTreeSet<Id> {
    let registry = &node.settings.registry;
    let wanted = registry.credentials_of(federation);
    let all = node.settings.federations.iter().chain([federation]);
    all.filter(|other| registry.credentials_of(other) == wanted)
        .cloned()
        .collect()
}

/// The other federations that this node has heard of.
fn others(node: &Node, own: &BTreeSet<Id>) -> BTreeSet<Id> {
    let settings = &node.settings;
    let stored = node.datastores().unwrap_or_default();
    let named = settings.federations.iter().chain(stored.keys());
    let named = named.chain(settings.registry.federations.keys());
    named.filter(|id| !own.contains(*id)).cloned().collect()
}

/// What this node needs besides rendering. A manifest that cannot be read announces nothing.
pub(super) fn needs(node: &Node, own: &BTreeSet<Id>) -> Needs {
    let ids = manifests::ids(node).unwrap_or_default();
    let manifests = manifests::load(node, &ids);
    let mut readable = manifests
        .values()
        .filter_map(|manifest| manifest.as_ref().ok());
    Needs {
        announces: readable
            .any(|manifest| own.contains(&manifest.federation) && !manifest.provides.is_empty()),
        takes_slots: node.settings.listen.max_parallel.is_some(),
    }
}

/// The user of credentials; of a certificate its common name, where etcd looks at that.
fn user(credentials: &Credentials) -> Option<String> {
    let certified = || {
        let pem = files::read_text(credentials.cert.as_deref()?).ok()??;
        CertificateFacts::parse(&pem)?.common_name
    };
    credentials.user.clone().or_else(certified)
}

/// What the roles of the node's user permit; nothing where etcd does not say.
fn permissions(node: &Node, session: &mut Session, federation: &Id) -> Vec<KeyPermission> {
    let user = user(node.settings.registry.credentials_of(federation));
    let found = user.and_then(|user| session.permissions(federation, &user).ok());
    found.unwrap_or_default()
}
