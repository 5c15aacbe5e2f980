//! The readback check: a rendered conf must have exactly the resolved variables, whatever template made it.

use std::collections::BTreeMap;

use super::{
    conf::{Conf, Pairs, Rendered},
    conf_error::ConfError,
    difference::Difference,
    docker, dotenv, envdir,
    error::RenderError,
    json, shell, systemd,
};
use crate::model::format::{Format, LONGEST_CONF};

/// Reads `rendered` as the format's own reader does, and compares the variables.
pub(super) fn check(
    format: Format,
    conf: &Conf<'_>,
    rendered: &Rendered,
) -> Result<(), RenderError> {
    let service = conf.service.clone();
    if let (Format::Shell, Rendered::File(bytes)) = (format, rendered)
        && bytes.len() as u64 > LONGEST_CONF
    {
        return Err(RenderError::TooLarge { service });
    }
    let pairs = read(format, rendered).map_err(|source| RenderError::Unreadable {
        service: service.clone(),
        format,
        source,
    })?;
    let differences = differences(conf, pairs);
    if differences.is_empty() {
        return Ok(());
    }
    Err(RenderError::Different {
        service,
        format,
        differences,
    })
}

/// The variables of a rendered conf, as the format's own reader finds them.
pub(super) fn read(format: Format, rendered: &Rendered) -> Result<Pairs, ConfError> {
    match rendered {
        Rendered::Directory(directory) => Ok(envdir::parse(directory)),
        Rendered::File(conf) => match format {
            Format::Shell => shell::parse(conf),
            Format::Systemd => systemd::parse(conf),
            Format::Docker => docker::parse(conf),
            Format::Dotenv => dotenv::parse(conf),
            Format::Json | Format::Envdir => json::parse(conf),
        },
    }
}

fn differences(conf: &Conf<'_>, pairs: Pairs) -> Vec<Difference> {
    let resolved = conf.environment.iter();
    let mut missing: BTreeMap<&str, &[u8]> = resolved
        .map(|(name, variable)| (name.as_str(), variable.value.as_bytes()))
        .collect();
    let mut found = BTreeMap::new();
    for (name, value) in pairs {
        match missing.remove(name.as_str()) {
            Some(resolved) if resolved == value => {}
            Some(_) => {
                found.insert(name.clone(), Difference::Changed(name));
            }
            None => {
                found.insert(name.clone(), Difference::Added(name));
            }
        }
    }
    for name in missing.into_keys() {
        found.insert(name.to_owned(), Difference::Dropped(name.to_owned()));
    }
    found.into_values().collect()
}
