//! Masks secrets in texts. Rather masks too much than too little.

use std::ops::Range;

/// The end of a URL's scheme, plain and with the escapes that JSON allows.
const SCHEME_ENDS: [&str; 2] = ["://", r":\/\/"];

/// The text with every password before an `@` in it replaced by `***`: that of a URL, a token that stands for user and
/// password, and `user:password@…` without a scheme.
pub(crate) fn mask_passwords(text: &str) -> String {
    mask(text, &passwords(text))
}

/// The text with each part replaced by `***`; the parts are in order and do not overlap.
pub(crate) fn mask(text: &str, parts: &[Range<usize>]) -> String {
    let mut masked = String::with_capacity(text.len());
    let mut from = 0;
    for part in parts {
        masked.push_str(&text[from..part.start]);
        masked.push_str("***");
        from = part.end;
    }
    masked.push_str(&text[from..]);
    masked
}

/// The byte ranges of the passwords in `text`, in order.
fn passwords(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(start) = next_authority(text, from) {
        add_schemeless(text, from..start, &mut found);
        let end = start + length(&text[start..]);
        if let Some(password) = password(&text[start..end]) {
            found.push(start + password.start..start + password.end);
        }
        from = end;
    }
    add_schemeless(text, from..text.len(), &mut found);
    found
}

/// Adds what is between the first colon and the last `@` of each word in a part of the text that has no URL.
fn add_schemeless(text: &str, part: Range<usize>, found: &mut Vec<Range<usize>>) {
    let mut start = part.start;
    for word in text[part].split_inclusive(char::is_whitespace) {
        if let (Some(colon), Some(at)) = (word.find(':'), word.rfind('@'))
            && colon < at
        {
            found.push(start + colon + 1..start + at);
        }
        start += word.len();
    }
}

fn next_authority(text: &str, from: usize) -> Option<usize> {
    let rest = &text[from..];
    let ends = SCHEME_ENDS.iter();
    ends.filter_map(|end| rest.find(end).map(|at| from + at + end.len()))
        .min()
}

/// The length of the URL in bytes; quotes inside a password do not end it.
fn length(rest: &str) -> usize {
    let mut escaped = false;
    for (at, c) in rest.char_indices() {
        let after = &rest[at + c.len_utf8()..];
        let closes = c == '"' && !escaped && !after.starts_with(char::is_alphanumeric);
        let separates = matches!(c, ',' | ';' | '|') && begins_url(after);
        if c.is_whitespace() || closes || separates {
            return at;
        }
        escaped = c == '\\' && !escaped;
    }
    rest.len()
}

fn begins_url(text: &str) -> bool {
    let in_scheme = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '.' | '-');
    let rest = text.trim_start_matches(in_scheme);
    rest.len() < text.len() && SCHEME_ENDS.iter().any(|end| rest.starts_with(end))
}

/// The password in a URL without its scheme. It may contain an unescaped `@`, `/` or `?`, so it ends at the last `@`. What
/// has no colon is a token, or a user's name.
fn password(url: &str) -> Option<Range<usize>> {
    let authority = url.split(['/', '?', '#']).next().unwrap_or_default();
    let token = authority.rfind('@').map(|at| 0..at);
    let colon = url.find(':').unwrap_or(url.len());
    if url.starts_with('[') || url[..colon].contains(['/', '?', '#', '@']) || colon == url.len() {
        return token;
    }
    let after = &url[colon + 1..];
    let behind_digits = after.trim_start_matches(|c: char| c.is_ascii_digit());
    if behind_digits.len() < after.len() && behind_digits.starts_with(['/', '?', '#']) {
        return None; // `host:8080/a@b`: a port.
    }
    let end = url.rfind('@').filter(|at| *at > colon)?;
    Some(colon + 1..end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_password_is_masked_and_nothing_else() {
        let cases = [
            (
                "mysql://user:pw@host:3306/db",
                "mysql://user:***@host:3306/db",
            ),
            ("redis://:pw@host", "redis://:***@host"),
            ("a://u:p@w@h b://u:p/w?x@h", "a://u:***@h b://u:***@h"),
            (
                "http://u:p@h:1,http://v:q@i:2",
                "http://u:***@h:1,http://v:***@i:2",
            ),
            (
                r#""mysql:\/\/u:p\"w@h","x@y""#,
                r#""mysql:\/\/u:***@h","x@y""#,
            ),
            (r#"amqp://u:p"w@h"#, "amqp://u:***@h"),
            ("`http://u:p'w`@h`", "`http://u:***@h`"),
            ("http://u:@h", "http://u:***@h"),
            ("https://t0ken@h:8080/x", "https://***@h:8080/x"),
            ("https://t0ken@h", "https://***@h"),
            ("root:pw@tcp(h:3306)/db", "root:***@tcp(h:3306)/db"),
            ("no: a:p@h, http://h b:q@i", "no: a:***@h, http://h b:***@i"),
        ];
        for (text, masked) in cases {
            assert_eq!(mask_passwords(text), masked);
        }
        for plain in [
            "api@web01: hello",
            "http://host:8080/a@b",
            "http://host/a:b@c",
            "http://[::1]:2379/x@y",
            "me@host: hello",
            "http://{HOST}:{PORT}/x",
        ] {
            assert_eq!(mask_passwords(plain), plain);
        }
    }
}
