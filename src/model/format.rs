//! The formats of confs.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The largest shell conf that `exec` reads, in bytes (design.md section 7).
pub(crate) const LONGEST_CONF: u64 = 4 * 1024 * 1024;

/// What helps where a format cannot carry a value.
pub(crate) const OTHER_VALUE: &str = "change the value, or leave the format out of `formats`";

/// A format of the conf (design.md section 7).
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    clap::ValueEnum,
)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Format {
    /// `export NAME='value'`: for dash, bash, busybox, zsh, and for `reconf exec`.
    Shell,
    /// systemd's `EnvironmentFile=`.
    Systemd,
    /// `docker run --env-file`.
    Docker,
    /// `.env` files of python-dotenv and similar libraries.
    Dotenv,
    /// One JSON object.
    Json,
    /// A directory with one file per variable, for envdir and chpst.
    Envdir,
}

impl Format {
    /// Every format, in the order in which they are written.
    pub(crate) const ALL: [Self; 6] = [
        Self::Shell,
        Self::Systemd,
        Self::Docker,
        Self::Dotenv,
        Self::Json,
        Self::Envdir,
    ];

    /// The formats that a template writes.
    pub(crate) const WITH_TEMPLATE: [Self; 4] =
        [Self::Shell, Self::Systemd, Self::Docker, Self::Dotenv];

    /// The format's name in configuration and flags.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Shell => "shell",
            Self::Systemd => "systemd",
            Self::Docker => "docker",
            Self::Dotenv => "dotenv",
            Self::Json => "json",
            Self::Envdir => "envdir",
        }
    }

    /// The extension of the file's name: `conf` for shell, else the format's name.
    pub(crate) const fn extension(self) -> &'static str {
        match self {
            Self::Shell => "conf",
            other => other.name(),
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
