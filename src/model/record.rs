//! Reads the registry's records. Whoever may write in a federation may write anything there, so a record that no
//! environment could carry, or that contradicts its key, is unreadable: it is reported, and never used (section 5).

use serde::de::DeserializeOwned;

use super::{
    announcement::{Announcement, Tombstone},
    key::Key,
};

/// The longest text of an announcement in bytes: what the kernel takes as `NAME=value`, without its final NUL.
const LONGEST: usize = 131_071;

/// Why a record cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum RecordError {
    /// Its key has another form than those that reconf writes.
    #[error("its key is none that reconf writes")]
    Key,
    /// It is not JSON, or not an object.
    #[error("it is no JSON object")]
    NoObject,
    /// A field is missing or has the wrong type.
    #[error("a field is missing or has the wrong type")]
    Fields,
    /// Its service or node are not those of its key.
    #[error("its service or node contradicts its key")]
    Contradiction,
    /// A text contains a NUL.
    #[error("it contains a NUL, which no environment can carry")]
    Nul,
    /// A text is too long.
    #[error("it has more than 131,071 bytes, which no environment can carry")]
    TooLong,
}

/// The announcement at `key`.
///
/// # Errors
/// Why it is unreadable.
pub(super) fn announcement(key: &Key, value: &[u8]) -> Result<Announcement, RecordError> {
    let announcement: Announcement = object(value)?;
    check(key, &announcement)?;
    // Equal texts, kept once.
    Ok(Announcement {
        service: key.service.clone(),
        node: key.node.clone(),
        ..announcement
    })
}

/// A tombstone.
///
/// # Errors
/// Why it is unreadable.
pub(super) fn tombstone(value: &[u8]) -> Result<Tombstone, RecordError> {
    let tombstone: Tombstone = object(value)?;
    texts([tombstone.at.as_str()])?;
    Ok(tombstone)
}

/// Checks an announcement of `key`.
///
/// # Errors
/// Why nothing may use it.
pub(super) fn check(key: &Key, announcement: &Announcement) -> Result<(), RecordError> {
    let Announcement {
        value,
        pattern,
        host,
        since,
        service,
        node,
        ..
    } = announcement;
    if (service, node) != (&key.service, &key.node) {
        return Err(RecordError::Contradiction);
    }
    texts([value, pattern, host, since].map(String::as_str))
}

fn texts<const N: usize>(texts: [&str; N]) -> Result<(), RecordError> {
    if texts.iter().any(|text| text.contains('\0')) {
        Err(RecordError::Nul)
    } else if texts.iter().any(|text| text.len() > LONGEST) {
        Err(RecordError::TooLong)
    } else {
        Ok(())
    }
}

/// A JSON object with these fields. An array of their values would be accepted as well otherwise.
fn object<T: DeserializeOwned>(value: &[u8]) -> Result<T, RecordError> {
    if !value.trim_ascii_start().starts_with(b"{") {
        return Err(RecordError::NoObject);
    }
    serde_json::from_slice(value).map_err(|error| {
        if error.is_data() {
            RecordError::Fields
        } else {
            RecordError::NoObject
        }
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::model::sample;

    /// An announcement of `api@api01` with other fields.
    fn with(fields: Value) -> Value {
        let mut value = serde_json::to_value(sample::announcement("x")).unwrap();
        let Value::Object(fields) = fields else {
            return fields;
        };
        value.as_object_mut().unwrap().extend(fields);
        value
    }

    #[test]
    fn an_announcement_that_no_environment_could_carry_is_unreadable() {
        let key = sample::key("f", "API_URL");
        let (longest, longer) = ("x".repeat(131_071), "x".repeat(131_072));
        let array = ["v", "v", "h", "null", "null", "api", "api01", "false", "s"];
        for (value, expected) in [
            (json!({}), Ok(())),
            (json!({"value": "\u{1b}[2J\n\u{202e}"}), Ok(())),
            (json!({"later": "field"}), Ok(())),
            (json!({"value": longest}), Ok(())),
            (json!({"value": longer}), Err(RecordError::TooLong)),
            (json!({"pattern": longer}), Err(RecordError::TooLong)),
            (json!({"host": longer}), Err(RecordError::TooLong)),
            (json!({"value": "a\0b"}), Err(RecordError::Nul)),
            (json!({"since": "\0"}), Err(RecordError::Nul)),
            (json!({"service": "www"}), Err(RecordError::Contradiction)),
            (json!({"node": "api02"}), Err(RecordError::Contradiction)),
            (json!({"service": "../x"}), Err(RecordError::Fields)),
            (json!({"port": 65_536}), Err(RecordError::Fields)),
            (json!({"value": null}), Err(RecordError::Fields)),
            (json!(array), Err(RecordError::NoObject)),
            (json!("text"), Err(RecordError::NoObject)),
        ] {
            let bytes = serde_json::to_vec(&with(value.clone())).unwrap();
            let read = announcement(&key, &bytes).map(drop);
            let shown: String = value.to_string().chars().take(60).collect();
            assert_eq!(read, expected, "{shown}");
        }
        for text in ["", "{", "nul", r#"{"value": "a"#] {
            let read = announcement(&key, text.as_bytes());
            assert_eq!(read, Err(RecordError::NoObject), "{text}");
        }
    }

    #[test]
    fn a_tombstone_is_an_object_as_well() {
        let long = format!(r#"{{"by": "hand", "at": "{}"}}"#, "x".repeat(131_072));
        for (text, expected) in [
            (r#" {"by": "hand", "at": "now", "later": 1}"#, Ok(())),
            (r#"["hand", "now"]"#, Err(RecordError::NoObject)),
            (r#"{"by": "hand"}"#, Err(RecordError::Fields)),
            (r#"{"by": "hand", "at": "\u0000"}"#, Err(RecordError::Nul)),
            (&long, Err(RecordError::TooLong)),
        ] {
            let read = tombstone(text.as_bytes()).map(drop);
            assert_eq!(read, expected, "{text:.60}");
        }
    }
}
