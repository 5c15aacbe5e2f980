//! Follows a federation in etcd: lists at a revision, watches from the next one, and lists again after every gap. Watch
//! errors alone do not show all gaps: a watch stays silent after a compaction, and waits for ever for a revision that a
//! restored server does not have.

use std::{sync::Arc, time::Duration};

use etcd_client::{Client, EventType, WatchOptions, WatchResponse, WatchResponseStream};
use tokio::{task::JoinSet, time};

use crate::{
    edge::clock,
    model::{id::Id, settings::RegistrySettings},
};

use super::{
    super::{
        budget::Deadline,
        watch::{KeyChange, WatchEvent},
        {Range, Reading, RegistryError},
    },
    connector::Connector,
    logins::Logins,
    operations,
    race::{self, RaceWinner},
    reason::Permission,
};

/// The backoff between attempts doubles from the first to the second.
const BACKOFF_MIN: Duration = Duration::from_millis(100);
const BACKOFF_MAX: Duration = Duration::from_secs(5);

/// The longest time that an attempt may take, unless the timeout is longer.
const PATIENCE_MAX: Duration = Duration::from_secs(16);

/// A watch that lasted this long was stable: the next attempt follows at once.
const STABLE_AFTER: Duration = Duration::from_secs(1);

/// Why a watch ended.
enum WatchEnd {
    /// Changes may have been missed.
    Gap,
    /// The registry cannot be watched.
    Failed(RegistryError),
}

/// Sends events until the future is dropped.
pub(in crate::edge::registry) async fn follow(
    settings: &RegistrySettings,
    logins: Option<&Logins>,
    federation: &Id,
    ranges: &[Range],
    on_event: &(dyn Fn(WatchEvent) + Send + Sync),
) {
    let (mut attempts, mut connected) = (0, true);
    loop {
        let start = clock::instant();
        let limit = patience(settings.timeout, attempts);
        let end = match list(settings, logins, limit, federation, ranges).await {
            Ok((connector, won)) => {
                (connected, attempts) = (true, attempts.max(1));
                let (client, reading) = (won.client, won.value);
                let position = (reading.revision, reading.cluster);
                on_event(WatchEvent::Snapshot {
                    federation: federation.clone(),
                    reading,
                });
                let timeout = settings.timeout;
                let end = watch(client, timeout, federation, ranges, position, on_event).await;
                connector.forget(won.endpoint);
                end
            }
            Err(error) => WatchEnd::Failed(error),
        };
        if let WatchEnd::Failed(error) = end
            && connected
        {
            connected = false;
            let federation = federation.clone();
            on_event(WatchEvent::Disconnected { federation, error });
        }
        let stable = connected && start.elapsed() > STABLE_AFTER;
        attempts = if stable { 0 } else { attempts + 1 };
        time::sleep(backoff(attempts)).await;
    }
}

/// How long an attempt may take. It grows with the failures: a server that checks the passwords of a whole fleet at once would
/// else be busy for ever with logins whose clients have given up.
fn patience(timeout: Duration, attempts: u32) -> Duration {
    let doubled = timeout.saturating_mul(2_u32.saturating_pow(attempts));
    doubled.min(PATIENCE_MAX.max(timeout))
}

/// The wait before an attempt, with jitter so that nodes do not retry together.
fn backoff(attempts: u32) -> Duration {
    let Some(doublings) = attempts.checked_sub(1) else {
        return Duration::ZERO;
    };
    let whole = BACKOFF_MIN
        .saturating_mul(2_u32.saturating_pow(doublings))
        .min(BACKOFF_MAX);
    whole / 2 + clock::share_of(whole / 2)
}

/// Lists the ranges at the endpoint that answers first. Certificates and passwords are read again each time.
async fn list(
    settings: &RegistrySettings,
    logins: Option<&Logins>,
    limit: Duration,
    federation: &Id,
    ranges: &[Range],
) -> Result<(Arc<Connector>, RaceWinner<Reading>), RegistryError> {
    let credentials = settings.credentials_of(federation);
    let connector = Connector::watching(settings, credentials, logins)?;
    let deadline = Deadline::after(limit);
    let (classifier, wanted) = (Arc::clone(&connector), Arc::new(ranges.to_vec()));
    let federation = federation.clone();
    let won = race::race(&connector, None, &[], deadline, move |endpoint, client| {
        let (classifier, wanted) = (Arc::clone(&classifier), Arc::clone(&wanted));
        let federation = federation.clone();
        async move {
            let read = operations::read(&client, &wanted).await;
            read.map_err(|error| {
                classifier.classify(endpoint, &federation, Permission::Read, &error)
            })
        }
    })
    .await?;
    Ok((connector, won))
}

/// Sends every change after the given revision of that cluster, until the watch ends.
async fn watch(
    client: Client,
    timeout: Duration,
    federation: &Id,
    ranges: &[Range],
    (revision, cluster): (i64, u64),
    on_event: &(dyn Fn(WatchEvent) + Send + Sync),
) -> WatchEnd {
    let opened = time::timeout(timeout, open(client, ranges, revision + 1)).await;
    let Ok(Some((mut responses, _requests))) = opened else {
        return WatchEnd::Gap;
    };
    // The connection's pings notice an endpoint that disappears.
    while let Ok(Some(response)) = responses.message().await {
        if response.canceled() {
            return canceled(federation, &response);
        }
        let restored = response
            .header()
            .is_none_or(|header| header.cluster_id() != cluster || header.revision() < revision);
        if restored {
            return WatchEnd::Gap;
        }
        for event in changes(federation, &response) {
            on_event(event);
        }
    }
    WatchEnd::Gap
}

/// Opens one stream for all ranges; the caller keeps the second value as long as the stream.
async fn open(
    mut client: Client,
    ranges: &[Range],
    revision: i64,
) -> Option<(WatchResponseStream, JoinSet<()>)> {
    let request = move |range: &Range| {
        let options = WatchOptions::new().with_start_revision(revision);
        match range {
            Range::Key(key) => (key.clone(), options),
            Range::Prefix(prefix) => (prefix.clone(), options.with_prefix()),
        }
    };
    let mut requests: Vec<_> = ranges.iter().map(request).collect();
    let (key, options) = requests.pop()?;
    let stream = client.watch(key, Some(options)).await.ok()?;
    let (mut sender, responses) = stream.split();
    let mut kept = JoinSet::new();
    kept.spawn(async move {
        for (key, options) in requests {
            if sender.watch(key, Some(options)).await.is_err() {
                return;
            }
        }
        // Dropping the sender would end the stream.
        std::future::pending::<()>().await;
    });
    Some((responses, kept))
}

fn canceled(federation: &Id, response: &WatchResponse) -> WatchEnd {
    let reason = response.cancel_reason();
    let place = "its watch".to_owned();
    match reason.strip_prefix("etcdserver: ").unwrap_or(reason) {
        _ if response.compact_revision() > 0 => WatchEnd::Gap,
        reason if reason.contains("permission denied") => WatchEnd::Failed(RegistryError::Denied {
            federation: federation.clone(),
            place,
            reason: reason.to_owned(),
        }),
        "" | "no leader" => WatchEnd::Gap,
        reason => WatchEnd::Failed(RegistryError::Refused {
            place,
            reason: reason.to_owned(),
        }),
    }
}

/// The changes of a response, one event per revision.
fn changes(federation: &Id, response: &WatchResponse) -> Vec<WatchEvent> {
    let mut groups: Vec<(i64, Vec<KeyChange>)> = Vec::new();
    for event in response.events() {
        let Some(found) = event.kv() else { continue };
        let revision = found.mod_revision();
        let change = match event.event_type() {
            EventType::Put => KeyChange::Put(operations::entry(found.clone())),
            EventType::Delete => KeyChange::Deleted(operations::text(found.key())),
        };
        match groups.last_mut() {
            Some((at, group)) if *at == revision => group.push(change),
            _ => groups.push((revision, vec![change])),
        }
    }
    let events = groups
        .into_iter()
        .map(|(revision, changes)| WatchEvent::Changes {
            federation: federation.clone(),
            changes,
            revision,
        });
    events.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_attempt_after_failures_may_take_longer() {
        for (timeout, attempts, seconds) in [
            (2, 0, 2),
            (2, 1, 4),
            (2, 3, 16),
            (2, u32::MAX, 16),
            (60, 3, 60),
        ] {
            let limit = patience(Duration::from_secs(timeout), attempts);
            assert_eq!(limit.as_secs(), seconds, "{timeout} {attempts}");
        }
    }
}
