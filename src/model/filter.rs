//! What a value goes through before it fills a hole.

/// A filter of a hole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Filter {
    /// The value as it is.
    None,
    /// `url`: every byte but the unreserved ones of RFC 3986 (section 2.3) percent-encoded, so that a password with `@` or
    /// `/` can stand in a URL.
    Url,
}

impl Filter {
    /// Parses a filter's name.
    ///
    /// # Errors
    /// A clause for any name but `url`.
    pub(crate) fn parse(name: &str) -> Result<Self, String> {
        match name {
            "url" => Ok(Self::Url),
            _ => Err("the only filter is `url`; write `{{` for a literal brace".to_owned()),
        }
    }

    /// What a hole has of it behind its name.
    pub(crate) const fn suffix(self) -> &'static str {
        match self {
            Self::None => "",
            Self::Url => "|url",
        }
    }

    /// The value that fills the hole.
    pub(crate) fn apply(self, value: &str) -> String {
        match self {
            Self::None => value.to_owned(),
            Self::Url => percent_encoded(value),
        }
    }
}

fn percent_encoded(value: &str) -> String {
    let mut encoded = String::with_capacity(value.len());
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_but_unreserved_characters_are_percent_encoded() {
        for (value, expected) in [
            ("", ""),
            ("aZ09-._~", "aZ09-._~"),
            ("p@ss/w:rd?#", "p%40ss%2Fw%3Ard%3F%23"),
            ("100% +&=", "100%25%20%2B%26%3D"),
            ("é\n{}", "%C3%A9%0A%7B%7D"),
        ] {
            assert_eq!(Filter::Url.apply(value), expected);
            assert_eq!(Filter::None.apply(value), value);
        }
    }
}
