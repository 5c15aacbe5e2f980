//! What may stand in HAProxy's file and maps: texts of announcements that need no escaping, whatever section has them.

use std::net::IpAddr;

use crate::model::balancing::host_name;

/// The longest path: HAProxy reads a map's line into a buffer of 16 KiB, and names need some of it.
const LONGEST_PATH: usize = 1024;

/// Characters of a path's segment (RFC 3986) that mean nothing to HAProxy, besides letters and digits: `'` quotes, `$` is
/// a variable, and `{` and `}` are holes.
const IN_SEGMENTS: &[u8] = b"-._~!&()*+,;=:@%";

/// The address of a server as it is written in one way, or a host name in lower case. An unspecified address leads each
/// machine to itself.
pub(super) fn server_host(text: &str) -> Option<String> {
    if let Ok(address) = text.parse::<IpAddr>() {
        return (!address.is_unspecified()).then(|| address.to_string());
    }
    host_name(text).ok()
}

/// The path of a route without a final `/`. Segments that a client would leave out make it one that no request has.
pub(super) fn route_path(text: &str) -> Option<String> {
    let path = text.strip_suffix('/').unwrap_or(text);
    if path.is_empty() {
        return Some(String::new());
    }
    let is_segment = |segment: &str| !matches!(segment, "" | "." | "..") && is_encoded(segment);
    let mut segments = path.strip_prefix('/')?.split('/');
    let is_path = path.len() <= LONGEST_PATH && segments.all(is_segment);
    is_path.then(|| path.to_owned())
}

/// Whether all characters are plain, and each `%` begins an encoded byte.
fn is_encoded(segment: &str) -> bool {
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || IN_SEGMENTS.contains(&b);
    let mut after_percents = segment.split('%').skip(1);
    let is_byte = |after: &str| {
        let digits = after.as_bytes().get(..2);
        digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
    };
    segment.bytes().all(is_plain) && after_percents.all(is_byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_written_in_one_way_or_refused() {
        let long = vec!["a".repeat(63); 4].join(".");
        for (text, expected) in [
            ("10.0.0.1", Some("10.0.0.1")),
            ("FE80::0:1", Some("fe80::1")),
            ("Api-1.Example.com", Some("api-1.example.com")),
            ("a_b", Some("a_b")),
            ("0.0.0.0", None),
            ("::", None),
            ("[fe80::1]", None),
            ("fe80::1%eth0", None),
            ("10.0.0.300", None),
            ("10.0.0", None),
            ("1", None),
            ("0x7f000001", None),
            ("10.0x1", None),
            ("", None),
            (".", None),
            ("a.", None),
            ("-a", None),
            ("a-.b", None),
            ("é", None),
            (&long, None),
            (&long[2..], Some(&long[2..])),
            (&"a".repeat(64), None),
        ] {
            assert_eq!(server_host(text).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn paths_have_segments_that_a_client_sends() {
        let long = format!("/{}", "a".repeat(LONGEST_PATH));
        for (text, expected) in [
            ("", Some("")),
            ("/", Some("")),
            ("/some-mount", Some("/some-mount")),
            ("/a/b/", Some("/a/b")),
            ("/a%20b;v=1,(2)@:~!*+&", Some("/a%20b;v=1,(2)@:~!*+&")),
            ("/%C3%A9", Some("/%C3%A9")),
            ("a", None),
            ("//", None),
            ("/a//b", None),
            ("/a/./b", None),
            ("/a/..", None),
            ("/a%2", None),
            ("/a%zz", None),
            ("/a%", None),
            ("/é", None),
            ("/a?b", None),
            (&long, None),
            (&long[..LONGEST_PATH], Some(&long[..LONGEST_PATH])),
        ] {
            assert_eq!(route_path(text).as_deref(), expected, "{text}");
        }
    }

    /// The bytes that HAProxy's parsers of files and maps give a meaning, and all that is not plain ASCII.
    #[test]
    fn no_byte_that_means_something_to_haproxy_passes() {
        let odd =
            (0_u8..=255).filter(|b| b" \t\"'\\#${}|<>^`[]".contains(b) || !(32..127).contains(b));
        for byte in odd {
            let character = char::from(byte);
            for text in [
                format!("{character}"),
                format!("a{character}b"),
                format!("a{character}"),
            ] {
                assert_eq!(server_host(&text), None, "{text:?}");
                let path = format!("/{text}");
                assert_eq!(route_path(&path), None, "{text:?}");
            }
        }
    }
}
