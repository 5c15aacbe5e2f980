//! Where a conf cannot be read, and why.

use std::fmt;

/// A conf that the format's reader does not accept.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub(crate) struct ConfError {
    /// From 1.
    pub line: usize,
    /// In characters, from 1.
    pub column: usize,
    /// One lower-case clause.
    pub message: String,
}

impl ConfError {
    /// An error at a byte offset of the conf.
    pub(super) fn at(conf: &[u8], offset: usize, message: impl fmt::Display) -> Self {
        let before = conf.get(..offset).unwrap_or(conf);
        let line_start = before
            .iter()
            .rposition(|&b| b == b'\n')
            .map_or(0, |newline| newline + 1);
        // Continuation bytes of UTF-8 do not start a character.
        let characters = |bytes: &[u8]| bytes.iter().filter(|&&b| b & 0xC0 != 0x80).count();
        Self {
            line: before.split(|&b| b == b'\n').count(),
            column: characters(&before[line_start..]) + 1,
            message: message.to_string(),
        }
    }
}
