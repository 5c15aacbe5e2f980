//! The files of routes that frontends look up: `<output>.<kind>.<hash>.map`.

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
};

use super::shape::of_bytes;
use crate::balance::view::{Frontend, Route, RoutingKind, View};

/// What stands for any host; no host name has it.
const ANY_HOST: &str = "*";

/// Gives each frontend of a view its map's path, and returns the maps with their content.
pub(super) fn name_maps(view: &mut View, output: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let name = |frontend: &mut Frontend| {
        let content = content(&frontend.routes);
        frontend.map = path(output, frontend.kind, &of_bytes(content.as_bytes()));
        (frontend.map.clone(), content.into_bytes())
    };
    view.frontends.iter_mut().map(name).collect()
}

/// The path of a map beside `output`.
fn path(output: &Path, kind: RoutingKind, hash: &str) -> PathBuf {
    let mut path = OsString::from(output);
    path.push(format!(".{kind}.{hash}.map"));
    path.into()
}

/// A line each: what a request's `<host><path>/` begins with, and the pool. The final `/` makes `/some-mount` take
/// `/some-mount/x` and not `/some-mountain`.
fn content(routes: &[Route]) -> String {
    let line = |route: &Route| {
        let host = route.host.as_deref().unwrap_or(ANY_HOST);
        format!("{host}{}/ {}\n", route.path, route.pool)
    };
    let mut lines: Vec<String> = routes.iter().map(line).collect();
    lines.sort();
    lines.concat()
}
