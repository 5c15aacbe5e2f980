//! The `reconf` binary: hands the arguments to the library and ends with its code.

use std::{ffi::OsString, process::ExitCode};

fn main() -> ExitCode {
    #[expect(clippy::disallowed_methods, reason = "`main` reads the arguments")]
    let arguments: Vec<OsString> = std::env::args_os().collect();
    reconf::run(&arguments)
}
