//! The environment and the user of this process.

use std::ffi::OsString;

/// A variable's value; bytes that are no UTF-8 are replaced.
pub(crate) fn variable(name: &str) -> Option<String> {
    raw_variable(name).map(|value| value.to_string_lossy().into_owned())
}

/// A variable's value as it is.
pub(crate) fn raw_variable(name: &str) -> Option<OsString> {
    std::env::var_os(name)
}

/// All variables as they are.
pub(crate) fn variables() -> impl Iterator<Item = (OsString, OsString)> {
    std::env::vars_os()
}
