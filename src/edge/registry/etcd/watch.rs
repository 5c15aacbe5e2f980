//! Following a federation in etcd: list at a revision, watch from the next one, and list again whenever that chain
//! breaks. What the watch itself says is not enough: it falls silent for ever after a compaction, and waits for ever for
//! a revision that a restored server does not have.

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
    access::EtcdAccess,
    operations,
    race::{self, Won},
};

/// The waits before it is tried again double from the first to the longest.
const FIRST: Duration = Duration::from_millis(100);
const LONGEST: Duration = Duration::from_secs(5);

/// A watch that lasted this long was a good one: the next try comes at once.
const GOOD: Duration = Duration::from_secs(1);

/// How a watch ended.
enum Broken {
    /// Nothing is wrong, but what was seen is not all there was.
    Gap,
    /// The registry refuses to be watched.
    Refused(RegistryError),
}

/// Follows until it is dropped.
pub(in crate::edge::registry) async fn follow(
    settings: &RegistrySettings,
    federation: &Id,
    ranges: &[Range],
    tell: &(dyn Fn(WatchEvent) + Send + Sync),
) {
    let (mut tries, mut lost) = (0, false);
    loop {
        let start = clock::instant();
        let ended = match list(settings, federation, ranges).await {
            Ok(won) => {
                (lost, tries) = (false, tries.max(1));
                let (client, reading) = (won.client, won.value);
                let seen = (reading.revision, reading.cluster);
                let federation = federation.clone();
                tell(WatchEvent::Snapshot {
                    federation: federation.clone(),
                    reading,
                });
                watch(client, settings.timeout, &federation, ranges, seen, tell).await
            }
            Err(error) => Broken::Refused(error),
        };
        if let Broken::Refused(error) = ended
            && !lost
        {
            lost = true;
            let federation = federation.clone();
            tell(WatchEvent::Disconnected { federation, error });
        }
        tries = if !lost && start.elapsed() > GOOD {
            0
        } else {
            tries + 1
        };
        time::sleep(pause(tries)).await;
    }
}

/// How long is waited before that try; no two nodes wait equally long.
fn pause(tries: u32) -> Duration {
    let Some(doublings) = tries.checked_sub(1) else {
        return Duration::ZERO;
    };
    let whole = FIRST
        .saturating_mul(2_u32.saturating_pow(doublings))
        .min(LONGEST);
    whole / 2 + clock::share_of(whole / 2)
}

/// Lists the ranges at the endpoint that answers first. Certificates and passwords are read anew each time.
async fn list(
    settings: &RegistrySettings,
    federation: &Id,
    ranges: &[Range],
) -> Result<Won<Reading>, RegistryError> {
    let own = settings.federations.get(federation);
    let credentials = own.unwrap_or(&settings.credentials);
    let access = EtcdAccess::watching(settings, credentials)?;
    let deadline = Deadline::after(settings.timeout);
    let (judge, wanted) = (Arc::clone(&access), Arc::new(ranges.to_vec()));
    let federation = federation.clone();
    race::race(&access, None, &[], deadline, move |endpoint, client| {
        let (judge, wanted) = (Arc::clone(&judge), Arc::clone(&wanted));
        let federation = federation.clone();
        async move {
            let read = operations::read(&client, &wanted).await;
            read.map_err(|error| judge.failure(endpoint, &federation, &error))
        }
    })
    .await
}

/// Tells every change after the revision that was `seen` in that cluster, until the chain breaks.
async fn watch(
    client: Client,
    timeout: Duration,
    federation: &Id,
    ranges: &[Range],
    (revision, cluster): (i64, u64),
    tell: &(dyn Fn(WatchEvent) + Send + Sync),
) -> Broken {
    let opened = time::timeout(timeout, open(client, ranges, revision + 1)).await;
    let Ok(Some((mut responses, _requests))) = opened else {
        return Broken::Gap;
    };
    // An endpoint that goes away in the middle is found out by the connection's own questions.
    while let Ok(Some(response)) = responses.message().await {
        if response.canceled() {
            return canceled(federation, &response);
        }
        let restored = response
            .header()
            .is_none_or(|header| header.cluster_id() != cluster || header.revision() < revision);
        if restored {
            return Broken::Gap;
        }
        for seen in changes(federation, &response) {
            tell(seen);
        }
    }
    Broken::Gap
}

/// Opens one stream for all ranges; the second part has to be kept.
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
        // The stream ends with its sender.
        std::future::pending::<()>().await;
    });
    Some((responses, kept))
}

fn canceled(federation: &Id, response: &WatchResponse) -> Broken {
    let reason = response.cancel_reason();
    let place = "its watch".to_owned();
    match reason.strip_prefix("etcdserver: ").unwrap_or(reason) {
        _ if response.compact_revision() > 0 => Broken::Gap,
        reason if reason.contains("permission denied") => Broken::Refused(RegistryError::Denied {
            federation: federation.clone(),
            place,
            reason: reason.to_owned(),
        }),
        "" | "no leader" => Broken::Gap,
        reason => Broken::Refused(RegistryError::Refused {
            place,
            reason: reason.to_owned(),
        }),
    }
}

/// The changes of a response, one by one for each revision.
fn changes(federation: &Id, response: &WatchResponse) -> Vec<WatchEvent> {
    let mut told: Vec<(i64, Vec<KeyChange>)> = Vec::new();
    for event in response.events() {
        let Some(found) = event.kv() else { continue };
        let revision = found.mod_revision();
        let moved = match event.event_type() {
            EventType::Put => KeyChange::Put(operations::entry(found.clone())),
            EventType::Delete => KeyChange::Deleted(operations::text(found.key())),
        };
        match told.last_mut() {
            Some((at, group)) if *at == revision => group.push(moved),
            _ => told.push((revision, vec![moved])),
        }
    }
    let seen = told
        .into_iter()
        .map(|(revision, changes)| WatchEvent::Changes {
            federation: federation.clone(),
            changes,
            revision,
        });
    seen.collect()
}
