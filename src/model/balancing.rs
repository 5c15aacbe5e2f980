//! What a manifest says of how its service is balanced, and what its announcements repeat of that (design.md section 12).

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    net::Ipv4Addr,
    time::Duration,
};

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};

use super::{fields::duration, id::Id, name::Name};

/// The shortest and the longest time from one health request to the next; HAProxy refuses a file with a longer one.
const SHORTEST_INTERVAL: Duration = Duration::from_millis(100);
const LONGEST_INTERVAL: Duration = Duration::from_secs(24 * 60 * 60);

/// The longest path of a health request, the longest host name (RFC 1123), and the longest label of one.
const LONGEST_PATH: usize = 1_000;
const LONGEST_HOST: usize = 253;
const LONGEST_LABEL: usize = 63;

/// How the connections to the instances of a port are balanced.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, JsonSchema, Serialize, Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Mode {
    /// Each connection; no byte is changed.
    #[default]
    Tcp,
    /// Each HTTP/1.1 request.
    Http,
}

impl Mode {
    /// Every choice, with its name in manifests.
    pub(crate) const ALL: [(&'static str, Self); 2] = [("tcp", Self::Tcp), ("http", Self::Http)];
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Tcp => "tcp",
            Self::Http => "http",
        })
    }
}

/// What every balancer asks an instance; without it a balancer connects only.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct HealthRequest {
    /// The path of an HTTP request, which is answered with 2xx or 3xx; as [`health_path`] takes it.
    #[serde(deserialize_with = "path")]
    pub path: String,
    /// The time from one request to the next, as [`interval`] takes it; `None`: that of the balancer.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        serialize_with = "written_duration",
        deserialize_with = "optional_interval"
    )]
    pub interval: Option<Duration>,
}

impl HealthRequest {
    /// As announcements have it.
    pub(crate) fn to_value(&self) -> Value {
        let mut object = Map::from_iter([("path".to_owned(), Value::from(&self.path[..]))]);
        if let Some(interval) = self.interval {
            let text = humantime::format_duration(interval).to_string();
            object.insert("interval".to_owned(), Value::from(text));
        }
        Value::Object(object)
    }
}

/// What an announcement says of how it is balanced, with every part well-formed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct BalancingTerms {
    pub mode: Mode,
    pub health: Option<HealthRequest>,
    /// In lower case, without duplicates.
    pub hosts: Vec<String>,
}

/// A field of an announcement that is malformed: its name, and what is wrong, as a clause.
pub(crate) type MalformedTerm = (&'static str, &'static str);

impl BalancingTerms {
    /// Reads the fields of an announcement; whoever announces may write anything there.
    ///
    /// # Errors
    /// Which of them is malformed.
    pub(crate) fn read(
        mode: Option<&Value>,
        health: Option<&Value>,
        hosts: Option<&Value>,
    ) -> Result<Self, MalformedTerm> {
        let named = |text: &str| Mode::ALL.iter().find(|(name, _)| *name == text);
        let mode = match mode.map(|mode| mode.as_str().and_then(named)) {
            None => Mode::default(),
            Some(Some((_, mode))) => *mode,
            Some(None) => return Err(("mode", "its `mode` is neither `tcp` nor `http`")),
        };
        let health = match health {
            None => None,
            Some(Value::Object(object)) => Some(health_request(object)?),
            Some(_) => return Err(("health", "its `health` is no object")),
        };
        Ok(Self {
            mode,
            health,
            hosts: hosts.map(read_hosts).transpose()?.unwrap_or_default(),
        })
    }
}

/// Names by port and federation.
pub(crate) type PortNames = BTreeMap<u16, BTreeMap<Id, BTreeSet<Name>>>;

/// The ports of local balancers that confs of this node have, as written or as applied, or that a running task started
/// with: the names, by federation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct PortsInUse {
    /// The names that have each port.
    pub ports: PortNames,
    /// Whether the record of some service could not be read: it may use any port that is open.
    pub may_lack: bool,
    /// Whether some are those of replaced confs alone, which a running task may have: nothing tells when it ends.
    pub awaits_tasks: bool,
}

fn health_request(object: &Map<String, Value>) -> Result<HealthRequest, MalformedTerm> {
    let request = HealthRequest::deserialize(object);
    request.map_err(|_| {
        let clause = "its `health` has a path or an interval that no balancer can use";
        ("health", clause)
    })
}

fn read_hosts(hosts: &Value) -> Result<Vec<String>, MalformedTerm> {
    const MALFORMED: MalformedTerm = ("hosts", "its `hosts` are no list of host names");
    let mut names = Vec::new();
    for host in hosts.as_array().ok_or(MALFORMED)? {
        let name = host_name(host.as_str().ok_or(MALFORMED)?).map_err(|_| MALFORMED)?;
        if !names.contains(&name) {
            names.push(name);
        }
    }
    Ok(names)
}

/// A host name as clients send it, in lower case. The error is a clause.
pub(crate) fn host_name(text: &str) -> Result<String, &'static str> {
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
    let is_label = |label: &str| {
        (1..=LONGEST_LABEL).contains(&label.len())
            && label.bytes().all(plain)
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let is_name =
        text.len() <= LONGEST_HOST && text.split('.').all(is_label) && !ends_in_number(text);
    if is_name || text.parse::<Ipv4Addr>().is_ok() {
        Ok(text.to_ascii_lowercase())
    } else {
        Err("is not a host name such as `www.example.com`")
    }
}

/// Whether a text ends in a decimal, octal or hexadecimal number, and so is an address for every resolver, such as
/// `0x7f000001` and `127.1` (`inet_aton(3)`); no top-level domain looks so.
pub(crate) fn ends_in_number(host: &str) -> bool {
    let host = host.strip_suffix('.').unwrap_or(host);
    let last = host.rsplit('.').next().unwrap_or_default();
    let hexadecimal = last.strip_prefix("0x").or(last.strip_prefix("0X"));
    match hexadecimal {
        Some(digits) => digits.bytes().all(|b| b.is_ascii_hexdigit()),
        None => last.bytes().all(|b| b.is_ascii_digit()),
    }
}

/// The path of a health request, perhaps with a query. Nothing in it means anything to HAProxy. The error is a clause.
pub(crate) fn health_path(text: &str) -> Result<&str, &'static str> {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"/._~%?=&+,:@-".contains(&b);
    if !text.starts_with('/') {
        Err("must start with `/`")
    } else if !text.bytes().all(plain) {
        Err("may contain letters, digits and `/ . _ ~ % ? = & + , : @ -` only")
    } else if text.split('%').skip(1).any(|after| !is_encoded(after)) {
        Err("has a `%` without two hexadecimal digits")
    } else if text.len() > LONGEST_PATH {
        Err("is longer than 1,000 bytes")
    } else {
        Ok(text)
    }
}

/// Whether what follows a `%` is a byte.
fn is_encoded(after: &str) -> bool {
    let digits = after.bytes().take(2).filter(u8::is_ascii_hexdigit);
    digits.count() == 2
}

/// The time from one health request to the next. The error is a clause.
pub(crate) fn interval(text: &str) -> Result<Duration, String> {
    let interval = duration::parse(text, SHORTEST_INTERVAL)?;
    if interval <= LONGEST_INTERVAL {
        return Ok(interval);
    }
    Err("must be at most a day".to_owned())
}

fn path<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    super::parsed::parsed(deserializer, |text| health_path(text).map(str::to_owned))
}

fn optional_interval<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Duration>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    let parsed = text.map(|text| interval(&text)).transpose();
    parsed.map_err(serde::de::Error::custom)
}

#[expect(clippy::ref_option, reason = "serde passes it so")]
fn written_duration<S: Serializer>(
    duration: &Option<Duration>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let text = duration.map(|duration| humantime::format_duration(duration).to_string());
    text.serialize(serializer)
}

#[cfg(test)]
mod tests;
