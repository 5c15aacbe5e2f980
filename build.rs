//! Links the stack unwinder statically. Loading `libgcc_s.so.1` at each start takes 0.09 ms, 11 % of `exec` and 9 % of
//! an idle `render`. If the compiler has no static unwinder, nothing changes.
//!
//! Lays the functions that reconf's commands run side by side in a release: `link/hot.ld`, which `script/order` writes.
//!
//! Sets `RECONF_VERSION`, what `reconf --version` prints: the version, and the commit if it is known.

#![expect(
    clippy::disallowed_methods,
    reason = "a build script is all about the outside"
)]

use std::{
    env,
    path::{Path, PathBuf},
    process::Command,
};

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=link");
    link_static_unwinder();
    order_functions();
    set_version();
}

fn link_static_unwinder() {
    if is_for_glibc() && has_static_unwinder() {
        // `link/libgcc_s.so` is found before the system's.
        println!("cargo::rustc-link-search=native={}/link", root());
    }
}

/// With its functions side by side a render takes 5 MiB instead of 8, and four fifths of the processor's time. Only the
/// linkers that compilers come with are known to take such a script.
fn order_functions() {
    let is_release = env::var("PROFILE").is_ok_and(|profile| profile == "release");
    let flags = env::var("CARGO_ENCODED_RUSTFLAGS").unwrap_or_default();
    let is_own_linker = env::var_os("RUSTC_LINKER").is_some() || flags.contains("link");
    if is_for_glibc() && is_release && !is_own_linker {
        println!("cargo::rustc-link-arg-bins=-T{}/link/hot.ld", root());
    }
}

fn is_for_glibc() -> bool {
    let target = |key: &str| env::var(format!("CARGO_CFG_TARGET_{key}")).unwrap_or_default();
    target("OS") == "linux" && target("ENV") == "gnu"
}

fn root() -> String {
    env::var("CARGO_MANIFEST_DIR").unwrap_or_default()
}

/// Whether the linking compiler has `libgcc_eh.a`; one that has not prints the bare name. Only checked for native builds,
/// since the name of a cross compiler is not known here.
fn has_static_unwinder() -> bool {
    let native = env::var_os("HOST") == env::var_os("TARGET");
    let output = Command::new("cc")
        .arg("-print-file-name=libgcc_eh.a")
        .output();
    native
        && output.is_ok_and(|output| {
            let path = String::from_utf8_lossy(&output.stdout).trim().to_owned();
            Path::new(&path).is_absolute()
        })
}

/// The commit is that of the checkout; in a tarball, which has no `.git`, it is `RECONF_COMMIT` of the build, if set.
fn set_version() {
    println!("cargo::rerun-if-env-changed=RECONF_COMMIT");
    let version = env::var("CARGO_PKG_VERSION").unwrap_or_default();
    let given = || env::var("RECONF_COMMIT").ok().filter(|c| !c.is_empty());
    let version = match checked_out_commit().or_else(given) {
        Some(commit) => format!("{version} ({commit})"),
        None => version,
    };
    println!("cargo::rustc-env=RECONF_VERSION={version}");
}

/// The commit of the checkout. Files that tell when it changes are watched; a missing one would rebuild at every call.
fn checked_out_commit() -> Option<String> {
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR")?);
    // Without this, git would find the repository that a tarball happens to be unpacked in.
    if !root.join(".git").exists() {
        return None;
    }
    let path = |name: &str| Some(root.join(git(&root, &["rev-parse", "--git-path", name])?));
    let mut watched = vec![path("HEAD")?];
    if let Some(reference) = git(&root, &["symbolic-ref", "--quiet", "HEAD"]) {
        let loose = path(&reference)?;
        // A packed reference becomes a file of its own with the next commit: until then its folder is watched.
        match (loose.is_file(), loose.ancestors().find(|at| at.is_dir())) {
            (false, Some(folder)) => watched.extend([path("packed-refs")?, folder.to_path_buf()]),
            _ => watched.push(loose),
        }
    }
    for path in watched.iter().filter(|path| path.exists()) {
        println!("cargo::rerun-if-changed={}", path.display());
    }
    git(&root, &["rev-parse", "--short=12", "HEAD"])
}

/// What git prints; nothing where there is no git, or none that may read this repository.
fn git(root: &Path, arguments: &[&str]) -> Option<String> {
    let mut git = Command::new("git");
    let output = git.arg("-C").arg(root).args(arguments).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output
        .status
        .success()
        .then(|| text.trim().to_owned())
        .filter(|text| !text.is_empty())
}
