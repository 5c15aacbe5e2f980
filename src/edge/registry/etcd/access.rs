//! How one identity connects: certificates, user and password, read from their files once. Nothing that TLS needs is made
//! for plain http.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use etcd_client::{Certificate, Client, ConnectOptions, Error, Identity, TlsOptions};

use crate::{
    edge::files::system_reason,
    model::{
        id::Id,
        secret::mask_passwords,
        settings::{Credentials, Location, RegistrySettings},
    },
};

use super::{
    super::RegistryError,
    reason::{self, CallError},
};

/// How often a connection that is silent is asked whether it is still there: only so is a frozen peer found out. etcd
/// ends connections that ask more often than every 5 s.
const KEEP_ALIVE: Duration = Duration::from_secs(10);

/// How long the answer to that may take.
const KEEP_ALIVE_ANSWER: Duration = Duration::from_secs(5);

/// The endpoints as one identity sees them.
pub(super) struct EtcdAccess {
    urls: Arc<Vec<String>>,
    plain: ConnectOptions,
    tls: Option<ConnectOptions>,
    certificate: Option<PathBuf>,
}

impl EtcdAccess {
    /// Reads what the identity needs, for calls.
    pub(super) fn load(
        urls: &Arc<Vec<String>>,
        ca: Option<&Path>,
        credentials: &Credentials,
    ) -> Result<Self, RegistryError> {
        Self::with(ConnectOptions::new(), urls, ca, credentials)
    }

    fn with(
        options: ConnectOptions,
        urls: &Arc<Vec<String>>,
        ca: Option<&Path>,
        credentials: &Credentials,
    ) -> Result<Self, RegistryError> {
        let mut plain = options.with_require_leader(true);
        if let Some((user, password)) = login(credentials)? {
            plain = plain.with_user(user, password);
        }
        let tls = if urls.iter().any(|url| is_tls(url)) {
            Some(plain.clone().with_tls(tls(ca, credentials)?))
        } else {
            None
        };
        Ok(Self {
            urls: Arc::clone(urls),
            plain,
            tls,
            certificate: credentials.cert.clone(),
        })
    }

    /// As [`EtcdAccess::load`], for a watch of these settings' endpoints; a registry that is none of etcd has none. A
    /// connection that only calls use is not asked whether it is there: between two calls nobody would hear the answer.
    pub(super) fn watching(
        settings: &RegistrySettings,
        credentials: &Credentials,
    ) -> Result<Arc<Self>, RegistryError> {
        let urls = match &settings.location {
            Location::Etcd(urls) => urls.clone(),
            Location::Directory(_) => Vec::new(),
        };
        let options = ConnectOptions::new().with_keep_alive(KEEP_ALIVE, KEEP_ALIVE_ANSWER);
        let ca = settings.ca.as_deref();
        let access = Self::with(options, &Arc::new(urls), ca, credentials)?;
        Ok(Arc::new(access))
    }

    pub(super) fn endpoints(&self) -> usize {
        self.urls.len()
    }

    pub(super) fn url(&self, endpoint: usize) -> &str {
        &self.urls[endpoint]
    }

    /// A client for one endpoint; without a user this sends nothing yet.
    pub(super) async fn connect(&self, endpoint: usize) -> Result<Client, CallError> {
        let url = self.url(endpoint);
        let options = self
            .tls
            .as_ref()
            .filter(|_| is_tls(url))
            .unwrap_or(&self.plain);
        Client::connect([url], Some(options.clone()))
            .await
            .map_err(|error| match error {
                Error::TransportError(_) | Error::InvalidUri(_) | Error::InvalidArgs(_) => {
                    CallError::Final(RegistryError::Configuration(format!(
                        "`{}` cannot be used with these settings: {}",
                        mask_passwords(url),
                        reason::innermost(&error)
                    )))
                }
                other => self.failure(endpoint, &Id::default_scope(), &other),
            })
    }

    /// What an error of that endpoint means.
    pub(super) fn failure(&self, endpoint: usize, federation: &Id, error: &Error) -> CallError {
        let place = reason::Place {
            url: self.url(endpoint),
            federation,
            certificate: self.certificate.as_deref(),
        };
        reason::translate(&place, error)
    }
}

fn is_tls(url: &str) -> bool {
    url.starts_with("https://")
}

/// User and password, if there are any.
fn login(credentials: &Credentials) -> Result<Option<(String, String)>, RegistryError> {
    let (user, file) = match (&credentials.user, &credentials.password_file) {
        (None, None) => return Ok(None),
        (Some(user), Some(file)) => (user.clone(), file),
        (Some(user), None) => {
            return Err(RegistryError::Configuration(format!(
                "the registry's user `{user}` has no `password_file`"
            )));
        }
        (None, Some(file)) => {
            return Err(RegistryError::Configuration(format!(
                "the registry's `password_file` `{}` is given without a `user`",
                file.display()
            )));
        }
    };
    let text = String::from_utf8(content(file)?).map_err(|_| unusable(file, "it is not UTF-8"))?;
    let password = text.strip_suffix('\n').unwrap_or(&text).to_owned();
    if password.is_empty() {
        return Err(unusable(file, "it holds no password"));
    }
    Ok(Some((user, password)))
}

/// The system's authorities are read only if no other is named: that takes as long as a whole call.
fn tls(ca: Option<&Path>, credentials: &Credentials) -> Result<TlsOptions, RegistryError> {
    let options = match ca {
        Some(file) => TlsOptions::new().ca_certificate(Certificate::from_pem(pem(
            file,
            "-----BEGIN CERTIFICATE-----",
        )?)),
        None => TlsOptions::new().with_enabled_roots(),
    };
    match (&credentials.cert, &credentials.key) {
        (None, None) => Ok(options),
        (Some(cert), Some(key)) => Ok(options.identity(Identity::from_pem(
            pem(cert, "-----BEGIN CERTIFICATE-----")?,
            pem(key, "PRIVATE KEY-----")?,
        ))),
        (Some(file), None) | (None, Some(file)) => Err(unusable(
            file,
            "the registry's `cert` and `key` are needed together",
        )),
    }
}

/// A file that holds something of that kind: without the look, an authority without certificates would trust nobody.
fn pem(file: &Path, kind: &str) -> Result<Vec<u8>, RegistryError> {
    let bytes = content(file)?;
    if bytes
        .windows(kind.len())
        .any(|part| part == kind.as_bytes())
    {
        Ok(bytes)
    } else {
        Err(unusable(file, &format!("it has no `{kind}`")))
    }
}

fn content(file: &Path) -> Result<Vec<u8>, RegistryError> {
    fs::read(file).map_err(|error| unusable(file, &system_reason(&error)))
}

fn unusable(file: &Path, why: &str) -> RegistryError {
    RegistryError::Configuration(format!("cannot use `{}`: {why}", file.display()))
}
