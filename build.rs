//! Links what unwinds the stack into the program instead of loading it from `libgcc_s.so.1` at each start, which is a
//! tenth of all the time that `exec` takes. Where the compiler has no static one, nothing changes.

#![expect(
    clippy::disallowed_methods,
    reason = "a build script is all about the outside"
)]

use std::{env, path::Path, process::Command};

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=link");
    let target = |key: &str| env::var(format!("CARGO_CFG_TARGET_{key}")).unwrap_or_default();
    if target("OS") == "linux" && target("ENV") == "gnu" && has_static_unwinder() {
        // `link/libgcc_s.so` is found before the system's.
        let root = env::var("CARGO_MANIFEST_DIR").unwrap_or_default();
        println!("cargo::rustc-link-search=native={root}/link");
    }
}

/// Whether the compiler that links knows where `libgcc_eh.a` is; one that does not repeats the bare name. Only asked
/// for this machine's own programs: a cross compiler is not known here.
fn has_static_unwinder() -> bool {
    let native = env::var_os("HOST") == env::var_os("TARGET");
    let asked = Command::new("cc")
        .arg("-print-file-name=libgcc_eh.a")
        .output();
    native
        && asked.is_ok_and(|told| {
            let path = String::from_utf8_lossy(&told.stdout).trim().to_owned();
            Path::new(&path).is_absolute()
        })
}
