//! Connecting as one identity: certificates, user and password are read from their files once. TLS is set up only for
//! https.

use std::{
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use etcd_client::{Certificate, Client, ConnectOptions, Error, Identity, TlsOptions};

use crate::{
    edge::files,
    model::{
        id::Id,
        secret::mask_passwords,
        settings::{Credentials, Location, RegistrySettings},
    },
};

use super::{
    super::RegistryError,
    logins::{LoginKey, Logins},
    reason::{self, EndpointError, Permission},
};

/// How often an idle connection is pinged, which is the only way to notice a frozen peer. etcd closes connections that
/// ping more often than every 5 s.
const KEEP_ALIVE_INTERVAL: Duration = Duration::from_secs(10);

/// How long the answer to a ping may take.
const KEEP_ALIVE_TIMEOUT: Duration = Duration::from_secs(5);

/// Connects to the endpoints as one identity.
pub(super) struct Connector {
    urls: Arc<Vec<String>>,
    plain: ConnectOptions,
    tls: Option<ConnectOptions>,
    ca: Option<PathBuf>,
    credentials: Credentials,
    /// Where a client with a user is shared.
    logins: Option<Logins>,
    /// Which endpoints have answered so far.
    answered: Vec<AtomicBool>,
}

impl Connector {
    /// Reads the identity's files; the connections are for calls.
    pub(super) fn load(
        urls: &Arc<Vec<String>>,
        ca: Option<&Path>,
        credentials: &Credentials,
        logins: Option<&Logins>,
    ) -> Result<Self, RegistryError> {
        let logins = logins.filter(|_| credentials.user.is_some());
        let options = match logins {
            // A watch may use the same connection.
            Some(_) => pinging(),
            None => ConnectOptions::new(),
        };
        Self::with(options, urls, ca, credentials, logins)
    }

    fn with(
        options: ConnectOptions,
        urls: &Arc<Vec<String>>,
        ca: Option<&Path>,
        credentials: &Credentials,
        logins: Option<&Logins>,
    ) -> Result<Self, RegistryError> {
        let mut plain = options.with_require_leader(true);
        if let Some((user, password)) = login(credentials)? {
            // A login ends after minutes without a call, and with the server that keeps it in memory.
            plain = plain
                .with_user(user, password)
                .with_auto_token_refresh(true);
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
            ca: ca.map(Path::to_owned),
            credentials: credentials.clone(),
            logins: logins.cloned(),
            answered: urls.iter().map(|_| AtomicBool::new(false)).collect(),
        })
    }

    /// As [`Connector::load`], for watches, whose connections are pinged. Those that are for calls alone are not: between
    /// two calls nothing would receive the answer. A registry other than etcd has no endpoints.
    pub(super) fn watching(
        settings: &RegistrySettings,
        credentials: &Credentials,
        logins: Option<&Logins>,
    ) -> Result<Arc<Self>, RegistryError> {
        let urls = match &settings.location {
            Location::Etcd(urls) => urls.clone(),
            Location::Directory(_) => Vec::new(),
        };
        let ca = settings.ca.as_deref();
        let logins = logins.filter(|_| credentials.user.is_some());
        let connector = Self::with(pinging(), &Arc::new(urls), ca, credentials, logins)?;
        Ok(Arc::new(connector))
    }

    pub(super) fn endpoints(&self) -> usize {
        self.urls.len()
    }

    pub(super) fn url(&self, endpoint: usize) -> &str {
        &self.urls[endpoint]
    }

    /// Remembers that an endpoint has answered.
    pub(super) fn remember_answer(&self, endpoint: usize) {
        self.answered[endpoint].store(true, Ordering::Relaxed);
    }

    fn has_answered(&self, endpoint: usize) -> bool {
        self.answered[endpoint].load(Ordering::Relaxed)
    }

    /// Whether any endpoint has answered so far.
    pub(super) fn has_any_answered(&self) -> bool {
        (0..self.answered.len()).any(|endpoint| self.has_answered(endpoint))
    }

    /// A client for one endpoint; without a user, this sends nothing yet.
    pub(super) async fn connect(&self, endpoint: usize) -> Result<Client, EndpointError> {
        let url = self.url(endpoint);
        let options = self
            .tls
            .as_ref()
            .filter(|_| is_tls(url))
            .unwrap_or(&self.plain);
        let connected = match &self.logins {
            Some(logins) => {
                logins
                    .client(&self.login_key(endpoint), options.clone())
                    .await
            }
            None => Client::connect([url], Some(options.clone())).await,
        };
        connected.map_err(|error| match error {
            Error::TransportError(_) | Error::InvalidUri(_) | Error::InvalidArgs(_) => {
                EndpointError::Final(RegistryError::Configuration(format!(
                    "`{}` cannot be used with these settings: {}",
                    mask_passwords(url),
                    reason::root_cause(&error)
                )))
            }
            other => self.classify(endpoint, &Id::default_scope(), Permission::Read, &other),
        })
    }

    /// Connects anew the next time: a call to that endpoint failed in a way that this may mend.
    pub(super) fn forget(&self, endpoint: usize) {
        if let Some(logins) = &self.logins {
            logins.forget(&self.login_key(endpoint));
        }
    }

    /// As [`Self::forget`], for all endpoints.
    pub(super) fn forget_all(&self) {
        (0..self.endpoints()).for_each(|endpoint| self.forget(endpoint));
    }

    fn login_key(&self, endpoint: usize) -> LoginKey {
        LoginKey {
            url: self.url(endpoint).to_owned(),
            ca: self.ca.clone(),
            credentials: self.credentials.clone(),
        }
    }

    /// Classifies an error of that endpoint.
    pub(super) fn classify(
        &self,
        endpoint: usize,
        federation: &Id,
        access: Permission,
        error: &Error,
    ) -> EndpointError {
        let context = reason::CallContext {
            url: self.url(endpoint),
            federation,
            has_answered: self.has_answered(endpoint),
            access,
            user: self.credentials.user.as_deref(),
            certificate: self.credentials.cert.as_deref(),
        };
        reason::translate(&context, error)
    }
}

fn pinging() -> ConnectOptions {
    ConnectOptions::new().with_keep_alive(KEEP_ALIVE_INTERVAL, KEEP_ALIVE_TIMEOUT)
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
    if password.ends_with('\r') {
        // No login would tell it from a wrong password.
        return Err(unusable(
            file,
            "its line ends in CR and LF; save it with Unix line ends",
        ));
    }
    if password.is_empty() {
        return Err(unusable(file, "it holds no password"));
    }
    Ok(Some((user, password)))
}

/// Reads the system's authorities only if the settings name no other, since that takes as long as a whole call.
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

/// The content of a file with at least one PEM block of that kind; an authority file without certificates would reject
/// every server.
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
    files::read_named(file).map_err(|error| unusable(file, &error.reason))
}

fn unusable(file: &Path, why: &str) -> RegistryError {
    RegistryError::Configuration(format!("cannot use `{}`: {why}", file.display()))
}
