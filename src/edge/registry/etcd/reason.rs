//! Classifies errors of the etcd client, with reasons that an operator can act on. Only this module knows etcd's codes and
//! messages.

use std::{error::Error as _, io, path::Path};

use etcd_client::Error;

use crate::model::{id::Id, key::federation_prefix, secret::mask_passwords};

use super::super::RegistryError;

/// The gRPC codes that are distinguished (grpc.io, "Status codes").
mod code {
    pub(super) const CANCELLED: i32 = 1;
    pub(super) const INVALID_ARGUMENT: i32 = 3;
    pub(super) const NOT_FOUND: i32 = 5;
    pub(super) const PERMISSION_DENIED: i32 = 7;
    pub(super) const RESOURCE_EXHAUSTED: i32 = 8;
    pub(super) const FAILED_PRECONDITION: i32 = 9;
    pub(super) const OUT_OF_RANGE: i32 = 11;
    pub(super) const UNAUTHENTICATED: i32 = 16;
}

/// Why a server that has not answered yet hangs up, over TLS and without.
const TLS_CAUSES: &str =
    "it has just stopped, speaks http only, or asks for another client certificate";
const PLAIN_CAUSES: &str = "it has just stopped, or speaks https only";

/// What etcd says of logins while authentication is off.
const NO_USERS: &str = "authentication is not enabled";

/// What an endpoint's error means for the call.
#[derive(Debug)]
pub(super) enum EndpointError {
    /// The endpoint is unavailable; another one may answer.
    Unavailable {
        /// Whether the request may have been executed.
        executed: Executed,
        /// The reason.
        reason: String,
    },
    /// The registry has answered; every other endpoint would answer the same.
    Final(RegistryError),
}

impl EndpointError {
    /// Whether another client, connected and logged in anew, may fare better.
    pub(super) fn is_about_client(&self) -> bool {
        match self {
            Self::Unavailable { .. } => true,
            Self::Final(error) => matches!(error, RegistryError::Credentials { .. }),
        }
    }
}

/// Whether a request was executed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Executed {
    /// Certainly not.
    No,
    /// It may have been.
    Unknown,
}

/// The endpoint and the subject of a call.
pub(super) struct CallContext<'a> {
    pub(super) url: &'a str,
    pub(super) federation: &'a Id,
    /// Whether the endpoint has answered before: then it speaks this protocol, and accepts the certificate.
    pub(super) has_answered: bool,
    /// What was asked for.
    pub(super) access: Permission,
    /// The user that logged in.
    pub(super) user: Option<&'a str>,
    /// The client certificate that was presented.
    pub(super) certificate: Option<&'a Path>,
}

/// What a call does with keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Permission {
    Read,
    Write,
}

/// Why a call was denied: who asked for what.
fn denial(context: &CallContext<'_>, reason: &str) -> RegistryError {
    let verb = match context.access {
        Permission::Read => "read",
        Permission::Write => "write",
    };
    let prefix = federation_prefix(context.federation);
    let who = match (context.user, context.certificate) {
        (Some(user), _) => format!("user `{user}`"),
        (None, Some(file)) => format!("certificate `{}`", file.display()),
        (None, None) => "a client without a user".to_owned(),
    };
    RegistryError::Denied {
        federation: context.federation.clone(),
        place: mask_passwords(context.url),
        reason: format!("{reason}: {who} may not {verb} `{prefix}`"),
    }
}

/// Distinguishes the transport's errors from those of etcd.
pub(super) fn translate(context: &CallContext<'_>, error: &Error) -> EndpointError {
    let Error::GRpcStatus(status) = error else {
        return unavailable(Executed::Unknown, root_cause(error));
    };
    if status.source().is_some() {
        return transport(context, error);
    }
    let message = status.message();
    let reason = message
        .strip_prefix("etcdserver: ")
        .unwrap_or(message)
        .to_owned();
    let url = mask_passwords(context.url);
    match i32::from(status.code()) {
        code::CANCELLED => transport(context, error),
        code::PERMISSION_DENIED => EndpointError::Final(denial(context, &reason)),
        code::UNAUTHENTICATED => credentials(url, reason),
        code::INVALID_ARGUMENT | code::FAILED_PRECONDITION if is_about_login(&reason) => {
            credentials(url, reason)
        }
        code::RESOURCE_EXHAUSTED if reason.contains("database space exceeded") => {
            EndpointError::Final(RegistryError::Full { place: url, reason })
        }
        code::INVALID_ARGUMENT | code::RESOURCE_EXHAUSTED if is_about_size(&reason) => {
            EndpointError::Final(RegistryError::TooLarge { place: url, reason })
        }
        code::INVALID_ARGUMENT
        | code::NOT_FOUND
        | code::RESOURCE_EXHAUSTED
        | code::FAILED_PRECONDITION
        | code::OUT_OF_RANGE => EndpointError::Final(RegistryError::Refused { place: url, reason }),
        _ if reason == "no leader" => {
            unavailable(Executed::No, "no leader (quorum lost)".to_owned())
        }
        _ if message.starts_with("etcdserver: ") => unavailable(Executed::Unknown, reason),
        _ => unavailable(
            Executed::Unknown,
            format!("does not answer as etcd does: {reason}"),
        ),
    }
}

/// etcd has no separate code for these.
fn is_about_login(reason: &str) -> bool {
    [
        "authentication",
        "user name is empty",
        "user name not found",
    ]
    .iter()
    .any(|word| reason.contains(word))
}

/// etcd has no users: authentication is off.
pub(super) fn is_authentication_off(error: &Error) -> bool {
    code_of(error) == Some(code::FAILED_PRECONDITION) && error.to_string().contains(NO_USERS)
}

/// A client with a user was refused, since authentication is off.
pub(super) fn is_without_users(error: &RegistryError) -> bool {
    matches!(error, RegistryError::Credentials { reason, .. } if reason.contains(NO_USERS))
}

/// etcd has answered, and does not accept a login.
pub(super) fn is_refused_login(error: &Error) -> bool {
    match error {
        Error::GRpcStatus(status) => status.source().is_none() && is_about_login(status.message()),
        _ => false,
    }
}

/// The messages of etcd and of its transport. Other exhausted resources are those of the server.
fn is_about_size(reason: &str) -> bool {
    ["request is too large", "received message larger than max"]
        .iter()
        .any(|word| reason.contains(word))
}

fn credentials(endpoint: String, reason: String) -> EndpointError {
    EndpointError::Final(RegistryError::Credentials { endpoint, reason })
}

fn unavailable(executed: Executed, reason: String) -> EndpointError {
    EndpointError::Unavailable { executed, reason }
}

/// An error of this side: the connection failed, or the peer does not speak etcd's protocol.
fn transport(context: &CallContext<'_>, error: &Error) -> EndpointError {
    let text = root_cause(error);
    let tls = context.url.starts_with("https://");
    if let Some(kind) = io_kind(error)
        && let Some(reason) = connecting(kind)
    {
        return unavailable(Executed::No, reason.to_owned());
    }
    let unknown_host = ["failed to lookup address", "dns error"];
    if unknown_host.iter().any(|words| text.contains(words)) {
        return unavailable(Executed::No, "unknown host name".to_owned());
    }
    if context.has_answered {
        return unavailable(Executed::Unknown, format!("connection lost ({text})"));
    }
    if tls && let Some(reason) = tls_reason(context, error, &text) {
        return unavailable(Executed::No, reason);
    }
    // A server that is killed looks like one that speaks another protocol or misses a certificate: all hang up.
    let causes = if tls { TLS_CAUSES } else { PLAIN_CAUSES };
    unavailable(Executed::Unknown, format!("hung up ({text}): {causes}"))
}

/// Why the TLS handshake failed, if it did: nothing was sent then.
fn tls_reason(context: &CallContext<'_>, error: &Error, text: &str) -> Option<String> {
    let says = |words: &[&str]| words.iter().any(|word| text.contains(word));
    let reason = if says(&["UnknownIssuer"]) {
        "its certificate is signed by an unknown authority"
    } else if says(&["NotValidForName", "not valid for name"]) {
        "its certificate is for another name"
    } else if says(&["Expired", "expired", "NotValidYet", "not valid yet"]) {
        "its certificate is not valid at this time"
    } else if says(&["InvalidContentType", "handshake eof"]) {
        "does not speak TLS"
    } else if says(&["received fatal alert"]) || is_cancelled(error) {
        return Some(match context.certificate {
            Some(file) => format!(
                "does not accept the client certificate `{}`",
                file.display()
            ),
            None => "asks for a client certificate".to_owned(),
        });
    } else {
        return None;
    };
    Some(reason.to_owned())
}

/// Errors of connecting: nothing was sent.
fn connecting(kind: io::ErrorKind) -> Option<&'static str> {
    match kind {
        io::ErrorKind::ConnectionRefused => Some("connection refused"),
        io::ErrorKind::HostUnreachable => Some("no route to host"),
        io::ErrorKind::NetworkUnreachable => Some("network is unreachable"),
        io::ErrorKind::AddrNotAvailable => Some("no local address to reach it from"),
        _ => None,
    }
}

/// The kind of the root system error, if there is one.
fn io_kind(error: &Error) -> Option<io::ErrorKind> {
    causes(error)
        .filter_map(|cause| cause.downcast_ref::<io::Error>())
        .map(io::Error::kind)
        .last()
}

/// The message of the root cause; those above it only say that there is one.
pub(super) fn root_cause(error: &Error) -> String {
    let text = causes(error)
        .last()
        .map_or_else(|| error.to_string(), ToString::to_string);
    mask_passwords(&text)
}

/// The causes from the outermost to the root. The client's own error type does not implement `source`.
fn causes(error: &Error) -> impl Iterator<Item = Cause<'_>> {
    let first: Option<Cause<'_>> = match error {
        Error::GRpcStatus(status) => Some(status),
        Error::TransportError(error) => Some(error),
        Error::IoError(error) => Some(error),
        _ => None,
    };
    std::iter::successors(first, |cause: &Cause<'_>| (*cause).source())
}

type Cause<'a> = &'a (dyn std::error::Error + 'static);

fn code_of(error: &Error) -> Option<i32> {
    match error {
        Error::GRpcStatus(status) => Some(status.code().into()),
        _ => None,
    }
}

fn is_cancelled(error: &Error) -> bool {
    code_of(error) == Some(code::CANCELLED)
}

/// The requested revision was compacted.
pub(super) fn is_compacted(error: &Error) -> bool {
    code_of(error) == Some(code::OUT_OF_RANGE) && error.to_string().contains("compacted")
}

/// A lease of that id exists already.
pub(super) fn is_lease_there(error: &Error) -> bool {
    code_of(error) == Some(code::FAILED_PRECONDITION)
        && error.to_string().contains("already exists")
}

/// There is no such lease.
pub(super) fn is_not_found(error: &Error) -> bool {
    code_of(error) == Some(code::NOT_FOUND)
}
