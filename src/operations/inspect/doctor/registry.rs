//! The registry: the member at each endpoint, and what this node may do in each federation.

use std::collections::BTreeSet;

use crate::{
    edge::{
        files,
        registry::{EtcdMember, MemberAnswer, Range, RegistryError, Session},
    },
    fleet::{self, Expected, WallTry},
    model::{id::Id, key, permission::AccessTry, settings::Location},
    node::Node,
    operations::inspect::access,
    report::{Diagnosis, Failure},
};

/// What a row of a member is about.
const ENDPOINT: &str = "endpoint";

pub(super) fn look(node: &Node, session: &mut Session) -> Vec<Diagnosis> {
    match &node.settings.registry.location {
        Location::Directory(folder) => {
            let whose = if node.settings.is_registry_of_this_machine() {
                "this machine only"
            } else {
                "all that name this folder"
            };
            let found = format!("dir:{}: for {whose}", folder.display());
            let mut rows = vec![Diagnosis::ok("registry", found)];
            rows.extend(
                node.settings
                    .federations
                    .iter()
                    .map(|id| embedded(node, session, id)),
            );
            rows
        }
        Location::Etcd(_) => {
            let mut rows = members(node, session);
            session.renew_budget();
            let federations = node.settings.federations.iter();
            rows.extend(federations.map(|id| federation(node, session, id)));
            rows
        }
    }
}

/// The file of a federation is read, and must be replaceable.
fn embedded(node: &Node, session: &mut Session, federation: &Id) -> Diagnosis {
    let subject = format!("federation {federation}");
    let all = Range::Prefix(key::federation_prefix(federation));
    let read = session.read(&[(federation.clone(), vec![all])]).pop();
    if let Some(Err(error)) = read {
        let failure = Failure::from(error);
        let is_closed = super::is_closed(&failure);
        return Diagnosis::failure(subject, &failure, is_closed);
    }
    let Location::Directory(folder) = &node.settings.registry.location else {
        return Diagnosis::ok(subject, "read");
    };
    match files::look(folder) {
        Ok(Some(seen)) if !seen.is_writable => {
            let found = format!("the caller cannot write `{}`", folder.display());
            Diagnosis::unknown(subject, found)
        }
        Err(error) => Diagnosis::unknown(subject, error.to_string()),
        Ok(Some(_)) => Diagnosis::ok(subject, "may be read and written"),
        Ok(None) => Diagnosis::ok(subject, "nothing is announced yet"),
    }
}

/// One row an endpoint. While one of them answers, the others are no fault.
fn members(node: &Node, session: &mut Session) -> Vec<Diagnosis> {
    let answers = match session.members(&node.settings.federation) {
        Ok(answers) => answers,
        Err(error) => return vec![Diagnosis::failure("registry", &error.into(), false)],
    };
    let has_answer = answers.iter().any(|(_, answer)| answer.is_ok());
    answers
        .iter()
        .map(|answer| member(answer, has_answer))
        .collect()
}

fn member((url, answer): &MemberAnswer, has_answer: bool) -> Diagnosis {
    match answer {
        Ok(member) => healthy(url, member),
        Err(RegistryError::Unreachable { endpoints }) => {
            let reasons = endpoints.iter().map(|(_, reason)| reason.as_str());
            let reason = reasons.collect::<Vec<_>>().join(", ");
            let found = format!("{url}: {reason}");
            let mend = "look at that member, its certificate and the way to it";
            if has_answer {
                Diagnosis::warning(ENDPOINT, found, mend)
            } else {
                Diagnosis::fault(ENDPOINT, found, mend)
            }
        }
        // A member that denies a read answers.
        Err(RegistryError::Denied { .. }) => Diagnosis::ok(ENDPOINT, format!("{url} answers")),
        Err(error) => Diagnosis::failure(ENDPOINT, &error.clone().into(), false),
    }
}

fn healthy(url: &str, member: &EtcdMember) -> Diagnosis {
    let tls = if url.starts_with("https:") {
        "TLS"
    } else {
        "no TLS"
    };
    let found = format!("{url}: etcd {}, {tls}", member.version);
    if !member.errors.is_empty() {
        return Diagnosis::fault(
            ENDPOINT,
            format!("{found}, reports {}", member.errors.join(", ")),
            "docs/operations.md says how to make room",
        );
    }
    if member.is_learner {
        let mend = "`etcdctl member promote` makes it answer";
        return Diagnosis::warning(ENDPOINT, format!("{found}, only learns"), mend);
    }
    Diagnosis::ok(ENDPOINT, format!("{found}, healthy"))
}

/// What the node's credentials may do in a federation, tried without writing.
fn federation(node: &Node, session: &mut Session, federation: &Id) -> Diagnosis {
    let subject = format!("federation {federation}");
    let own = BTreeSet::from([federation.clone()]);
    let tries = fleet::own_tries(federation, access::needs(node, &own));
    let attempts: Vec<AccessTry> = tries.iter().map(|tried| tried.attempt.clone()).collect();
    let mut denied = Vec::new();
    for (tried, answer) in tries.iter().zip(session.try_access(federation, &attempts)) {
        match answer {
            Ok(true) => {}
            Ok(false) => denied.push(tried),
            Err(error) => {
                let failure = Failure::from(error);
                return Diagnosis::failure(subject, &failure, super::is_closed(&failure));
            }
        }
    }
    judged(subject, federation, &denied)
}

fn judged(subject: String, federation: &Id, denied: &[&WallTry]) -> Diagnosis {
    let names = |expected: fn(Expected) -> bool| {
        let denied = denied.iter().filter(|tried| expected(tried.expected));
        let names = denied.map(|tried| {
            let finding = tried.ended(false);
            format!("{} {}", finding.operation.name(), finding.keys)
        });
        names.collect::<Vec<_>>().join(", ")
    };
    let needed = names(|expected| expected == Expected::Permitted);
    if !needed.is_empty() {
        return Diagnosis::fault(
            subject,
            format!("denied: {needed}"),
            format!("`reconf access {federation}` prints the roles that are needed"),
        );
    }
    let other = names(|expected| expected == Expected::Either);
    let found = if other.is_empty() {
        "may be read and written".to_owned()
    } else {
        format!("all that this node needs is permitted; denied: {other}")
    };
    Diagnosis::ok(subject, found)
}
