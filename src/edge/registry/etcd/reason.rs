//! What an error of the etcd client means, in words that a person can act on. The one place that knows etcd's codes and
//! messages.

use std::{error::Error as _, io, path::Path};

use etcd_client::Error;

use crate::model::{id::Id, secret::mask_passwords};

use super::super::RegistryError;

/// gRPC's codes, as far as they are told apart (grpc.io, "Status codes").
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

/// What an endpoint's failure means for the call.
#[derive(Debug)]
pub(super) enum CallError {
    /// The endpoint is of no use; another one may be.
    Away {
        /// Whether it may have done what was asked.
        taken: Taken,
        /// Why, in plain words.
        reason: String,
    },
    /// The registry has answered; no other endpoint would say anything else.
    Final(RegistryError),
}

/// Whether a request may have been carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Taken {
    /// It surely was not.
    No,
    /// It may have been.
    Perhaps,
}

/// Who was asked, and for what.
pub(super) struct Place<'a> {
    pub(super) url: &'a str,
    pub(super) federation: &'a Id,
    /// The client certificate that was shown.
    pub(super) certificate: Option<&'a Path>,
}

/// Tells the transport's errors from etcd's own.
pub(super) fn translate(place: &Place<'_>, error: &Error) -> CallError {
    let Error::GRpcStatus(status) = error else {
        return away(Taken::Perhaps, innermost(error));
    };
    if status.source().is_some() {
        return transport(place, error);
    }
    let said = status.message();
    let reason = said.strip_prefix("etcdserver: ").unwrap_or(said).to_owned();
    let url = mask_passwords(place.url);
    match i32::from(status.code()) {
        code::CANCELLED => transport(place, error),
        code::PERMISSION_DENIED => CallError::Final(RegistryError::Denied {
            federation: place.federation.clone(),
            place: url,
            reason,
        }),
        code::UNAUTHENTICATED => credentials(url, reason),
        code::INVALID_ARGUMENT | code::FAILED_PRECONDITION if is_about_login(&reason) => {
            credentials(url, reason)
        }
        code::INVALID_ARGUMENT | code::RESOURCE_EXHAUSTED if is_about_size(&reason) => {
            CallError::Final(RegistryError::TooLarge { place: url, reason })
        }
        code::INVALID_ARGUMENT
        | code::NOT_FOUND
        | code::RESOURCE_EXHAUSTED
        | code::FAILED_PRECONDITION
        | code::OUT_OF_RANGE => CallError::Final(RegistryError::Refused { place: url, reason }),
        _ if reason == "no leader" => away(Taken::No, "no leader (quorum lost)".to_owned()),
        _ if said.starts_with("etcdserver: ") => away(Taken::Perhaps, reason),
        _ => away(
            Taken::Perhaps,
            format!("does not answer as etcd does: {reason}"),
        ),
    }
}

/// etcd has no code of its own for these.
fn is_about_login(reason: &str) -> bool {
    [
        "authentication",
        "user name is empty",
        "user name not found",
    ]
    .iter()
    .any(|word| reason.contains(word))
}

/// What etcd itself says, and what its transport says of more than that. Other exhausted resources are the server's.
fn is_about_size(reason: &str) -> bool {
    ["request is too large", "received message larger than max"]
        .iter()
        .any(|word| reason.contains(word))
}

fn credentials(endpoint: String, reason: String) -> CallError {
    CallError::Final(RegistryError::Credentials { endpoint, reason })
}

fn away(taken: Taken, reason: String) -> CallError {
    CallError::Away { taken, reason }
}

/// An error that this side made: nothing there, or nothing that is understood.
fn transport(place: &Place<'_>, error: &Error) -> CallError {
    let text = innermost(error);
    let tls = place.url.starts_with("https://");
    let says = |words: &[&str]| words.iter().any(|word| text.contains(word));
    if let Some(kind) = io_kind(error)
        && let Some(reason) = connecting(kind)
    {
        return away(Taken::No, reason.to_owned());
    }
    if says(&["failed to lookup address", "dns error"]) {
        return away(Taken::No, "unknown host name".to_owned());
    }
    if !tls {
        return away(
            Taken::Perhaps,
            format!("connection lost ({text}); does it speak https only?"),
        );
    }
    let reason = if says(&["UnknownIssuer"]) {
        "its certificate is signed by an unknown authority".to_owned()
    } else if says(&["NotValidForName"]) {
        "its certificate is for another name".to_owned()
    } else if says(&["Expired", "NotValidYet"]) {
        "its certificate is not valid at this time".to_owned()
    } else if says(&["InvalidContentType", "handshake eof"]) {
        "does not speak TLS".to_owned()
    } else if says(&["received fatal alert"]) || is_cancelled(error) {
        match place.certificate {
            Some(file) => format!(
                "does not accept the client certificate `{}`",
                file.display()
            ),
            None => "asks for a client certificate".to_owned(),
        }
    } else {
        // A server that misses a certificate, or understands no TLS, may hang up before its reason is read.
        let asks = "does it speak http only, or ask for another client certificate?";
        return away(Taken::Perhaps, format!("connection lost ({text}); {asks}"));
    };
    away(Taken::No, reason)
}

/// Errors of connecting itself: nothing was sent.
fn connecting(kind: io::ErrorKind) -> Option<&'static str> {
    match kind {
        io::ErrorKind::ConnectionRefused => Some("connection refused"),
        io::ErrorKind::HostUnreachable => Some("no route to host"),
        io::ErrorKind::NetworkUnreachable => Some("network is unreachable"),
        io::ErrorKind::AddrNotAvailable => Some("no local address to reach it from"),
        _ => None,
    }
}

/// The kind of the system error at the bottom, if there is one.
fn io_kind(error: &Error) -> Option<io::ErrorKind> {
    causes(error)
        .filter_map(|cause| cause.downcast_ref::<io::Error>())
        .map(io::Error::kind)
        .last()
}

/// What the cause at the bottom says; the ones above only say that there is one.
pub(super) fn innermost(error: &Error) -> String {
    let text = causes(error)
        .last()
        .map_or_else(|| error.to_string(), ToString::to_string);
    mask_passwords(&text)
}

/// The causes from the outside in. The client's own error does not tell its source.
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

/// The revision that was asked for is gone.
pub(super) fn is_compacted(error: &Error) -> bool {
    code_of(error) == Some(code::OUT_OF_RANGE) && error.to_string().contains("compacted")
}

/// A lease of that id exists.
pub(super) fn is_lease_there(error: &Error) -> bool {
    code_of(error) == Some(code::FAILED_PRECONDITION)
        && error.to_string().contains("already exists")
}

/// There is no such lease.
pub(super) fn is_not_found(error: &Error) -> bool {
    code_of(error) == Some(code::NOT_FOUND)
}
