//! The location of a registry: etcd's URLs, or `dir:PATH`. Messages mask the password of a URL.

use std::path::PathBuf;

use super::{address, effective::Location, refusal::SettingRefusal};
use crate::model::secret;

/// Parses the value of `--registry` and its variable: URLs separated by commas, or `dir:PATH`.
pub(super) fn parse(text: &str) -> Result<Location, SettingRefusal> {
    if text.starts_with("dir:") {
        // A comma is part of the path.
        return location(&[text]).map_err(|(_, refusal)| refusal);
    }
    let parts: Vec<&str> = text.split(',').map(str::trim).collect();
    location(&parts).map_err(|(_, refusal)| refusal)
}

/// Parses a list of URLs, or of one `dir:PATH`; the error has the index of the bad element.
pub(super) fn location(texts: &[&str]) -> Result<Location, (usize, SettingRefusal)> {
    if let [only] = texts
        && let Some(path) = only.strip_prefix("dir:")
    {
        return match path {
            "" => Err((
                0,
                SettingRefusal::new("has no path").hint("write `dir:PATH`"),
            )),
            path => Ok(Location::Directory(PathBuf::from(path))),
        };
    }
    let mut urls: Vec<String> = Vec::new();
    for (index, text) in texts.iter().enumerate() {
        let url = endpoint(text).map_err(|refusal| (index, refusal))?;
        if urls
            .first()
            .is_some_and(|first| scheme(first) != scheme(&url))
        {
            let refusal = SettingRefusal::new("mixes `http` and `https`").hint(
                "credentials sent over `http` are not encrypted; use `https` for all endpoints",
            );
            return Err((index, refusal));
        }
        if !urls.contains(&url) {
            urls.push(url);
        }
    }
    if urls.is_empty() {
        return Err((0, SettingRefusal::new("is empty")));
    }
    Ok(Location::Etcd(urls))
}

/// Parses one URL of scheme, host and port.
fn endpoint(text: &str) -> Result<String, SettingRefusal> {
    let shown = secret::mask_passwords(text);
    let refuse = |reason: &str| SettingRefusal::new(format!("{reason} in `{shown}`"));
    if text.is_empty() {
        return Err(SettingRefusal::new("has an empty element").hint("is there a comma too many?"));
    }
    let Some((scheme, rest)) = text.split_once("://") else {
        return Err(schemeless(text));
    };
    if !matches!(scheme, "http" | "https") {
        return Err(refuse("needs `http` or `https`"));
    }
    if rest.contains('@') {
        let hint = "set `registry.user` and `registry.password_file` in config.json";
        return Err(refuse("contains a user").hint(hint));
    }
    let authority = rest.strip_suffix('/').unwrap_or(rest);
    if authority.contains(['/', '?', '#']) {
        let refusal = refuse("contains more than a host and a port");
        return Err(refusal.hint("write `SCHEME://HOST:PORT`"));
    }
    let Some((host, port)) = authority.rsplit_once(':').filter(|(_, p)| is_number(p)) else {
        let hint = format!("etcd's port is 2379: `{scheme}://{authority}:2379`");
        return Err(refuse("has no port").hint(hint));
    };
    if port.parse::<u16>().is_err() || port.bytes().all(|b| b == b'0') {
        return Err(refuse("needs a port from 1 to 65535"));
    }
    if host.contains(':') && !(host.starts_with('[') && host.ends_with(']')) {
        let refusal = refuse("needs brackets around the IPv6 address");
        return Err(refusal.hint(format!("`{scheme}://[{host}]:{port}`")));
    }
    match address::host(host) {
        Ok(_) => Ok(format!("{scheme}://{authority}")),
        Err(reason) => Err(SettingRefusal::new(format!(
            "has a host in `{shown}` that {reason}"
        ))),
    }
}

/// A text without a scheme may contain a password, so the message repeats only a plain address.
fn schemeless(text: &str) -> SettingRefusal {
    match text.rsplit_once(':') {
        Some((host, port)) if is_number(port) && address::host(host).is_ok() => {
            SettingRefusal::new(format!("has no scheme in `{text}`"))
                .hint(format!("write `http://{text}`"))
        }
        _ => SettingRefusal::new("is neither a URL nor `dir:PATH`")
            .hint("write `http://HOST:2379`, `https://HOST:2379` or `dir:PATH`"),
    }
}

fn scheme(url: &str) -> Option<&str> {
    url.split(':').next()
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn etcd(urls: &[&str]) -> Location {
        Location::Etcd(urls.iter().map(|url| (*url).to_owned()).collect())
    }

    #[test]
    fn urls_and_folders_are_understood() {
        let cases = [
            ("http://a:1", etcd(&["http://a:1"])),
            (
                "https://a:1/, https://[::1]:2379",
                etcd(&["https://a:1", "https://[::1]:2379"]),
            ),
            ("http://a:1,http://a:1/", etcd(&["http://a:1"])),
            ("dir:x,y", Location::Directory("x,y".into())),
            ("dir:/var/x", Location::Directory("/var/x".into())),
        ];
        for (text, location) in cases {
            assert_eq!(parse(text), Ok(location), "{text}");
        }
    }

    #[test]
    fn everything_else_is_refused_with_its_reason() {
        let cases = [
            ("", "has an empty element"),
            ("http://a:1,", "has an empty element"),
            ("dir:", "has no path"),
            ("etcd1:2379", "has no scheme in `etcd1:2379`"),
            ("root:pw@etcd1:2379", "is neither a URL nor `dir:PATH`"),
            (
                "ftp://u:pw@a:1",
                "needs `http` or `https` in `ftp://u:***@a:1`",
            ),
            ("http://u:p/w@a:1", "contains a user in `http://u:***@a:1`"),
            ("http://a", "has no port in `http://a`"),
            (
                "http://a:1/v3",
                "contains more than a host and a port in `http://a:1/v3`",
            ),
            ("http://a:0", "needs a port from 1 to 65535 in `http://a:0`"),
            (
                "http://a:65536",
                "needs a port from 1 to 65535 in `http://a:65536`",
            ),
            (
                "http://::1:2379",
                "needs brackets around the IPv6 address in `http://::1:2379`",
            ),
            ("http://:2379", "has a host in `http://:2379` that is empty"),
            ("http://a:1,https://b:1", "mixes `http` and `https`"),
            ("http://a:1,dir:/x", "is neither a URL nor `dir:PATH`"),
        ];
        for (text, reason) in cases {
            assert_eq!(parse(text).unwrap_err().reason, reason, "{text}");
        }
    }
}
