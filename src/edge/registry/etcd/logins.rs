//! Logged-in clients that sessions and watches share, since etcd makes each check of a password slow on purpose. Their
//! connections belong to a thread of their own, so none ends with the session or watch that opened it.

use std::{
    io,
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
};

use etcd_client::{Client, ConnectOptions, Error};
use tokio::{
    runtime::{Builder, Handle},
    sync::{Mutex as AsyncMutex, oneshot},
    task::JoinSet,
};

use crate::model::settings::Credentials;

/// One login for each set of credentials and endpoint, for all who share this. Its clones share the same.
#[derive(Clone, Default)]
pub(crate) struct Logins {
    shared: Arc<Mutex<Shared>>,
}

#[derive(Default)]
struct Shared {
    connections: Option<Connections>,
    logins: Vec<(LoginKey, Login)>,
}

/// The user and endpoint of a login.
#[derive(Clone, PartialEq)]
pub(super) struct LoginKey {
    pub(super) url: String,
    pub(super) ca: Option<PathBuf>,
    pub(super) credentials: Credentials,
}

/// A logged-in client; whoever holds the lock without one is logging in.
type Login = Arc<AsyncMutex<Option<Client>>>;

/// The thread of the connections; it ends when this is dropped.
struct Connections {
    handle: Handle,
    _stop: oneshot::Sender<()>,
}

impl Logins {
    /// The logged-in client of that key; without one, logs in once for all who ask meanwhile.
    pub(super) async fn client(
        &self,
        key: &LoginKey,
        options: ConnectOptions,
    ) -> Result<Client, Error> {
        let (handle, login) = {
            let mut shared = self.lock();
            (shared.handle()?, shared.login(key))
        };
        let url = key.url.clone();
        // Only that thread holds the lock: a session's event loop stands still between two calls, and would keep it.
        let mut running = JoinSet::new();
        running.spawn_on(async move { log_in(&login, url, options).await }, &handle);
        match running.join_next().await {
            Some(Ok(end)) => end,
            Some(Err(error)) => Err(Error::IoError(io::Error::other(error))),
            None => Err(Error::IoError(io::ErrorKind::Interrupted.into())),
        }
    }

    /// Drops the client, so that the next call logs in anew. Calls in flight on it go on.
    pub(super) fn forget(&self, key: &LoginKey) {
        self.lock().logins.retain(|(known, _)| known != key);
    }

    /// As [`Self::forget`], for all clients: the settings name another registry.
    pub(crate) fn forget_all(&self) {
        self.lock().logins.clear();
    }

    fn lock(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shared {
    fn handle(&mut self) -> io::Result<Handle> {
        let connections = match self.connections.take() {
            Some(connections) => connections,
            None => Connections::start()?,
        };
        let handle = connections.handle.clone();
        self.connections = Some(connections);
        Ok(handle)
    }

    fn login(&mut self, key: &LoginKey) -> Login {
        if let Some((_, login)) = self.logins.iter().find(|(known, _)| known == key) {
            return Arc::clone(login);
        }
        let login = Login::default();
        self.logins.push((key.clone(), Arc::clone(&login)));
        login
    }
}

impl Connections {
    fn start() -> io::Result<Self> {
        let (stop, stopped) = oneshot::channel();
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let handle = runtime.handle().clone();
        let work = move || {
            // Nothing is ever sent: this returns when the sender is dropped.
            let _dropped = runtime.block_on(stopped);
            runtime.shutdown_background();
        };
        thread::Builder::new()
            .name("logins".to_owned())
            .spawn(work)?;
        Ok(Self {
            handle,
            _stop: stop,
        })
    }
}

async fn log_in(login: &Login, url: String, options: ConnectOptions) -> Result<Client, Error> {
    let mut known = login.lock().await;
    if let Some(client) = &*known {
        return Ok(client.clone());
    }
    let client = Client::connect([url], Some(options)).await?;
    *known = Some(client.clone());
    Ok(client)
}
