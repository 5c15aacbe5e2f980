//! What may be done with keys of the registry: what to try, and what etcd's roles permit.

/// What is done with keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Operation {
    /// They are read.
    Read,
    /// They are written or deleted.
    Write,
}

impl Operation {
    /// Its name, which is etcd's.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
        }
    }
}

/// Keys that belong together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum KeySet {
    /// Every key of the registry.
    All,
    /// Every key with this prefix.
    Prefix(String),
    /// One key.
    One(String),
}

/// An operation to try without doing it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AccessTry {
    /// What to try.
    pub operation: Operation,
    /// With which keys; a write has one.
    pub keys: KeySet,
}

/// What a role permits: keys from `start` until before `end`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct KeyPermission {
    /// The role.
    pub role: String,
    /// Whether it permits reading.
    pub reads: bool,
    /// Whether it permits writing.
    pub writes: bool,
    /// The first key.
    pub start: Vec<u8>,
    /// Empty for one key alone, one zero byte for all keys from `start` on.
    pub end: Vec<u8>,
}

impl KeyPermission {
    /// Whether all of its keys have this prefix.
    pub(crate) fn is_within(&self, prefix: &str) -> bool {
        let prefix = prefix.as_bytes();
        if !self.start.starts_with(prefix) {
            return false;
        }
        let is_open = self.end == [0];
        let is_below_end = self.end.starts_with(prefix) || self.end <= after(prefix);
        self.end.is_empty() || !is_open && is_below_end
    }

    /// The keys as an operator writes them for `etcdctl`.
    pub(crate) fn keys(&self) -> String {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        if self.end.is_empty() {
            return text(&self.start);
        }
        if self.end == [0] {
            return match &self.start[..] {
                [] | [0] => "every key".to_owned(),
                start => format!("every key from {} on", text(start)),
            };
        }
        if self.end == after(&self.start) {
            return format!("{}*", text(&self.start));
        }
        format!("{} to {}", text(&self.start), text(&self.end))
    }
}

/// The first key after all those with a prefix.
fn after(prefix: &[u8]) -> Vec<u8> {
    let mut end = prefix.to_vec();
    while let Some(last) = end.pop() {
        if last < u8::MAX {
            end.push(last + 1);
            return end;
        }
    }
    vec![0]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn permission(start: &[u8], end: &[u8]) -> KeyPermission {
        KeyPermission {
            role: "r".to_owned(),
            reads: true,
            writes: false,
            start: start.to_vec(),
            end: end.to_vec(),
        }
    }

    #[test]
    fn a_permission_is_within_a_prefix_if_each_of_its_keys_is() {
        for (start, end, expected, shown) in [
            (&b"/r/f/"[..], &b"/r/f0"[..], true, "/r/f/*"),
            (b"/r/f/a/", b"/r/f/a0", true, "/r/f/a/*"),
            (b"/r/f/a", b"", true, "/r/f/a"),
            (b"/r/f/a", b"/r/f0", true, "/r/f/a to /r/f0"),
            (b"/r/f", b"/r/g", false, "/r/f*"),
            (b"/r/f/", b"/r/f1", false, "/r/f/ to /r/f1"),
            (b"/r/g/", b"/r/g0", false, "/r/g/*"),
            (b"/r/f/", b"\0", false, "every key from /r/f/ on"),
            (b"\0", b"\0", false, "every key"),
            (b"", b"\0", false, "every key"),
            (b"/r/g", b"", false, "/r/g"),
        ] {
            let permission = permission(start, end);
            assert_eq!(permission.is_within("/r/f/"), expected, "{permission:?}");
            assert_eq!(permission.keys(), shown);
        }
    }
}
