//! Values of `balance`: addresses, names, commands, paths, and lines of HAProxy's file.

use std::{collections::BTreeSet, net::IpAddr, path::PathBuf, time::Duration};

use crate::model::{
    document_reader::DocumentReader,
    json::{JsonNode, JsonValue},
    name::Name,
    settings::address,
};

/// What `check` has where the path of a candidate belongs.
const CANDIDATE: &str = "{file}";

/// The longest path of a socket: HAProxy appends some bytes to it while it starts, and the kernel takes 108.
pub(super) const LONGEST_SOCKET: usize = 97;

/// One IP address, or a list of at least one, without duplicates.
pub(super) fn addresses(
    reader: &mut DocumentReader<'_>,
    label: &str,
    node: &JsonNode,
) -> Option<Vec<IpAddr>> {
    let JsonValue::List(list) = &node.value else {
        return Some(vec![ip_address(reader, label, node)?]);
    };
    reject_empty(reader, label, node, list.is_empty())?;
    let element = format!("{label}[]");
    let mut addresses = Vec::new();
    for node in list {
        let address = ip_address(reader, &element, node)?;
        if !addresses.contains(&address) {
            addresses.push(address);
        }
    }
    Some(addresses)
}

/// An address at which a program of this machine can be reached.
fn ip_address(reader: &mut DocumentReader<'_>, label: &str, node: &JsonNode) -> Option<IpAddr> {
    let parsed = address::host(reader.string(label, node)?);
    let reason = match parsed.map(|host| host.parse::<IpAddr>()) {
        Ok(Ok(address)) if address.is_unspecified() => "stands for every address; confs need one",
        Ok(Ok(address)) => return Some(address),
        Ok(Err(_)) => "is not an IP address",
        Err(reason) => reason,
    };
    reader.report(node.start, format!("`{label}` {reason}"));
    None
}

pub(super) fn names(
    reader: &mut DocumentReader<'_>,
    label: &str,
    node: &JsonNode,
) -> Option<BTreeSet<Name>> {
    let list = reader.list(label, node)?;
    let element = format!("{label}[]");
    let mut names = BTreeSet::new();
    for node in list {
        match Name::parse(reader.string(&element, node)?) {
            Ok(name) => names.insert(name),
            Err(reason) => {
                reader.report(node.start, format!("`{element}` {reason}"));
                return None;
            }
        };
    }
    Some(names)
}

/// A domain below which services get host names, in lower case.
pub(super) fn domain(
    reader: &mut DocumentReader<'_>,
    label: &str,
    node: &JsonNode,
) -> Option<String> {
    let domain = address::host(reader.string(label, node)?);
    match domain {
        Ok(domain) if domain.parse::<IpAddr>().is_err() && !domain.starts_with('.') => {
            Some(domain.to_ascii_lowercase())
        }
        _ => {
            reader.report(
                node.start,
                format!("`{label}` is not a domain such as `int.example.com`"),
            );
            None
        }
    }
}

pub(super) fn check(
    reader: &mut DocumentReader<'_>,
    label: &str,
    node: &JsonNode,
) -> Option<Vec<String>> {
    let words = reader.command_line(label, node)?;
    if words.iter().any(|word| word.contains(CANDIDATE)) {
        return Some(words);
    }
    reader
        .report(
            node.start,
            format!("`{label}` does not say where the file's path belongs"),
        )
        .hint("add `\"{file}\"`, such as `[\"haproxy\", \"-c\", \"-f\", \"{file}\"]`");
    None
}

pub(super) fn absolute_path(
    reader: &mut DocumentReader<'_>,
    label: &str,
    node: &JsonNode,
) -> Option<PathBuf> {
    let path = reader.path(label, node)?;
    if path.is_absolute() {
        return Some(path);
    }
    reader.report(node.start, format!("`{label}` must be an absolute path"));
    None
}

pub(super) fn socket(
    reader: &mut DocumentReader<'_>,
    label: &str,
    node: &JsonNode,
) -> Option<PathBuf> {
    let path = absolute_path(reader, label, node)?;
    if path.as_os_str().len() <= LONGEST_SOCKET {
        return Some(path);
    }
    let message = format!("`{label}` is too long: HAProxy takes {LONGEST_SOCKET} bytes");
    reader.report(node.start, message);
    None
}

/// The name of a file in a folder that is known.
pub(super) fn file_name(
    reader: &mut DocumentReader<'_>,
    label: &str,
    node: &JsonNode,
) -> Option<String> {
    let name = reader.non_empty(label, node)?;
    if !name.contains('/') && !name.starts_with('.') {
        return Some(name);
    }
    let message = format!("`{label}` must be the name of a file in `/etc/reconf/templates`");
    reader.report(node.start, message);
    None
}

pub(super) fn duration(
    reader: &mut DocumentReader<'_>,
    label: &str,
    node: &JsonNode,
) -> Option<Duration> {
    reader.duration(label, node, Duration::ZERO)
}

/// What becomes a line of HAProxy's file, or a part of one.
pub(super) fn line(
    reader: &mut DocumentReader<'_>,
    label: &str,
    node: &JsonNode,
) -> Option<String> {
    let line = reader.non_empty(label, node)?;
    if !line.contains(char::is_control) {
        return Some(line);
    }
    let message = format!("`{label}` contains a line break or another control character");
    reader.report(node.start, message);
    None
}

pub(super) fn lines(
    reader: &mut DocumentReader<'_>,
    label: &str,
    node: &JsonNode,
) -> Option<Vec<String>> {
    let list = reader.list(label, node)?;
    let element = format!("{label}[]");
    let lines = list.iter().map(|node| line(reader, &element, node));
    lines.collect()
}

pub(super) fn reject_empty(
    reader: &mut DocumentReader<'_>,
    label: &str,
    node: &JsonNode,
    is_empty: bool,
) -> Option<()> {
    if is_empty {
        reader.report(node.start, format!("`{label}` is empty"));
        return None;
    }
    Some(())
}
