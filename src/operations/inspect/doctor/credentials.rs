//! The files of the node's credentials: certificates and their ends, keys and passwords and who can read them.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use super::{is_closed, rules};
use crate::{
    edge::{clock, files},
    model::{certificate::CertificateFacts, settings::Credentials},
    node::Node,
    report::{Diagnosis, Failure},
};

pub(super) fn look(node: &Node) -> Vec<Diagnosis> {
    let registry = &node.settings.registry;
    if registry.is_embedded() {
        return Vec::new();
    }
    let all: Vec<&Credentials> = [&registry.credentials]
        .into_iter()
        .chain(registry.federations.values())
        .collect();
    let files = |of: fn(&Credentials) -> &Option<PathBuf>| -> BTreeSet<&Path> {
        let files = all
            .iter()
            .filter_map(|credentials| of(credentials).as_deref());
        files.collect()
    };
    let own = files(|credentials| &credentials.cert).into_iter();
    let certificates = own.chain(registry.ca.as_deref());
    let secrets = files(|credentials| &credentials.key).into_iter();
    let secrets = secrets.chain(files(|credentials| &credentials.password_file));
    let mut rows: Vec<Diagnosis> = certificates.map(certificate).collect();
    rows.extend(secrets.map(secret));
    rows
}

/// A certificate, and when it ends.
fn certificate(path: &Path) -> Diagnosis {
    let subject = "certificate";
    let pem = match files::read_text(path) {
        Ok(Some(pem)) => pem,
        Ok(None) => return missing(subject, path),
        Err(error) => {
            let failure = Failure::from(error);
            return Diagnosis::failure(subject, &failure, is_closed(&failure));
        }
    };
    if let Some(facts) = CertificateFacts::parse(&pem) {
        return rules::certificate(path, &facts, clock::now());
    }
    let found = format!("{} holds no certificate", path.display());
    Diagnosis::fault(subject, found, "put a PEM file there")
}

/// A file that its owner alone should read.
fn secret(path: &Path) -> Diagnosis {
    match files::look(path) {
        Ok(Some(seen)) => rules::secret(path, seen.access.mode),
        Ok(None) => missing("secret", path),
        Err(error) => Diagnosis::unknown("secret", error.to_string()),
    }
}

fn missing(subject: &str, path: &Path) -> Diagnosis {
    let found = format!("there is no {}", path.display());
    Diagnosis::fault(
        subject,
        found,
        "put it there, or correct `registry` in config.json",
    )
}
