//! Addresses and host names, without ports.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::model::balancing::ends_in_number;

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
    if ends_in_number(host) && host.parse::<Ipv4Addr>().is_err() {
        return Err("is neither an address nor a host name");
    }
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_');
    if host.len() <= 253 && host.bytes().all(plain) && !host.starts_with('-') {
        Ok(host.to_owned())
    } else {
        Err("is neither an address nor a host name")
    }
}

/// As [`host`], for the address at which other machines reach this one.
pub(super) fn own_host(text: &str) -> Result<String, &'static str> {
    let host = host(text)?;
    match host.parse::<IpAddr>() {
        Ok(address) if address.is_unspecified() => {
            Err("stands for every address of a machine, and none reaches another machine there")
        }
        _ => Ok(host),
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
            ("10.0.0.5x", "10.0.0.5x"),
            ("0.0.0.0", "0.0.0.0"),
        ] {
            assert_eq!(host(text).as_deref(), Ok(plain));
        }
        for text in [
            "",
            "a:80",
            "[a]",
            "a/b",
            "u@h",
            "a b",
            "-x",
            "[::1",
            "é",
            "10.0.0.300",
            "10.0.0",
            "10.0.0.5.",
            "1",
            ".",
        ] {
            assert!(host(text).is_err(), "{text}");
        }
    }

    #[test]
    fn this_machine_is_not_every_address() {
        for text in ["0.0.0.0", "::", "[::]", "10.0.0.300"] {
            assert!(own_host(text).is_err(), "{text}");
        }
        for text in ["127.0.0.1", "::1", "web01"] {
            assert_eq!(own_host(text).as_deref(), Ok(text));
        }
    }
}
