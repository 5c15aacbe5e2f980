//! Addresses and host names, without ports.

use std::net::Ipv6Addr;

/// Parses an IP address or a host name, and removes the brackets of an IPv6 address. The error is a clause.
pub(super) fn host(text: &str) -> Result<String, &'static str> {
    let bracketed = text
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'));
    let host = bracketed.unwrap_or(text);
    if bracketed.is_some() || host.contains(':') {
        return match host.parse::<Ipv6Addr>() {
            Ok(_) => Ok(host.to_owned()),
            Err(_) => Err("is not an IP address; leave out the port"),
        };
    }
    if host.is_empty() {
        return Err("is empty");
    }
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_');
    if host.len() <= 253 && host.bytes().all(plain) && !host.starts_with('-') {
        Ok(host.to_owned())
    } else {
        Err("is neither an address nor a host name")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_names_are_hosts_and_nothing_else_is() {
        for (text, plain) in [
            ("10.0.0.5", "10.0.0.5"),
            ("[fe80::1]", "fe80::1"),
            ("::1", "::1"),
            ("web-1.a_b", "web-1.a_b"),
        ] {
            assert_eq!(host(text).as_deref(), Ok(plain));
        }
        for text in ["", "a:80", "[a]", "a/b", "u@h", "a b", "-x", "[::1", "é"] {
            assert!(host(text).is_err(), "{text}");
        }
    }
}
