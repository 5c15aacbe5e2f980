//! The environment and the user of this process.

use std::ffi::OsString;

/// The value of a variable; bytes that are not UTF-8 are replaced.
pub(crate) fn variable(name: &str) -> Option<String> {
    raw_variable(name).map(|value| value.to_string_lossy().into_owned())
}

/// The value of a variable, unchanged.
pub(crate) fn raw_variable(name: &str) -> Option<OsString> {
    std::env::var_os(name)
}

/// All variables, unchanged.
pub(crate) fn variables() -> impl Iterator<Item = (OsString, OsString)> {
    std::env::vars_os()
}
