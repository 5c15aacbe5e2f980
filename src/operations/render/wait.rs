//! `--wait`: renders again what the registry may still make possible, when it changes (section 7).

use std::{
    sync::mpsc::{Receiver, Sender, channel},
    time::Duration,
};

use super::{RenderOptions, Results, batch};
use crate::{
    edge::{
        clock,
        registry::{Range, Watch, WatchEvent},
    },
    model::{id::Id, settings::RegistrySettings},
    node::{Node, manifests},
    operations::inputs,
    report::Failure,
};

/// The longest time between two attempts: the watch does not see a new manifest or datastore.
const RETRY_INTERVAL: Duration = Duration::from_secs(5);

/// The services that wait for the registry, with the failure of each.
pub(crate) fn waiting(results: &Results) -> impl Iterator<Item = (&Id, &Failure)> {
    let failures = results.iter().filter_map(|(id, result)| {
        let failure = result.as_ref().err()?;
        Some((id, failure))
    });
    failures.filter(|(_, failure)| failure.code.depends_on_registry())
}

/// Renders the services that wait for the registry again, until none does or `limit` is over. No lock is held between
/// two attempts, and each has the whole `--timeout`.
pub(crate) fn retry(
    node: &Node,
    mut results: Results,
    options: RenderOptions,
    limit: Duration,
) -> Results {
    let start = clock::instant();
    let mut changes = Changes::new();
    loop {
        let ids: Vec<Id> = waiting(&results).map(|(id, _)| id.clone()).collect();
        let left = limit.saturating_sub(start.elapsed());
        if ids.is_empty() || left.is_zero() {
            return results;
        }
        let pause = left.min(RETRY_INTERVAL);
        let _either = changes.wait(&node.settings.registry, ranges(node, &ids), pause);
        replace(&mut results, attempt(node, &ids, options));
    }
}

/// Renders these services; a failure of the whole attempt is that of each.
fn attempt(node: &Node, ids: &[Id], options: RenderOptions) -> Results {
    let rendered = batch::render(node, &mut node.session(), ids, options);
    let failed = |failure: Failure| {
        let failed = ids.iter().map(|id| (id.clone(), Err(failure.clone())));
        failed.collect()
    };
    rendered.map_or_else(failed, |(_inputs, results)| results)
}

/// Puts each new result in the place of the service's earlier one.
fn replace(results: &mut Results, newer: Results) {
    for (id, result) in newer {
        if let Some((_, earlier)) = results.iter_mut().find(|(other, _)| *other == id) {
            *earlier = result;
        }
    }
}

/// What these services need of the registry. Without a node name there is nothing to watch, and the attempt reports it.
fn ranges(node: &Node, ids: &[Id]) -> Vec<(Id, Vec<Range>)> {
    let reads = inputs::read_set(node, &manifests::load(node, ids));
    reads.map(|reads| reads.requests()).unwrap_or_default()
}

/// A watch of the registry, as something to wait for.
struct Changes {
    ranges: Vec<(Id, Vec<Range>)>,
    watch: Option<Watch>,
    sender: Sender<()>,
    receiver: Receiver<()>,
}

impl Changes {
    /// Watches nothing yet.
    fn new() -> Self {
        let (sender, receiver) = channel();
        Self {
            ranges: Vec::new(),
            watch: None,
            sender,
            receiver,
        }
    }

    /// Waits until one of these ranges may have changed since they were first waited for, `limit` at most; returns
    /// whether that happened. What cannot be watched takes the whole `limit`.
    fn wait(
        &mut self,
        settings: &RegistrySettings,
        ranges: Vec<(Id, Vec<Range>)>,
        limit: Duration,
    ) -> bool {
        if self.watch.is_none() || ranges != self.ranges {
            let sender = self.sender.clone();
            let on_event = move |event| {
                if !matches!(event, WatchEvent::Disconnected { .. }) {
                    // The receiver outlives the watch.
                    let _ended = sender.send(());
                }
            };
            self.watch = Watch::start(settings, None, ranges.clone(), on_event).ok();
            self.ranges = ranges;
        }
        let has_changed = self.receiver.recv_timeout(limit).is_ok();
        while self.receiver.try_recv().is_ok() {}
        has_changed
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeMap, thread};

    use super::*;
    use crate::{
        edge::registry::{Commit, Session},
        model::{
            settings::{Credentials, Location},
            transaction::Change,
        },
        report::Code,
    };

    /// Longer than any change takes.
    const LONG: Duration = Duration::from_secs(60);

    #[test]
    fn only_what_the_registry_may_change_waits() {
        let codes = [
            (Code::Unmet, true),
            (Code::Unreachable, true),
            (Code::TryAgain, false),
            (Code::Data, false),
            (Code::NotPermitted, false),
            (Code::Configuration, false),
        ];
        for (code, waits) in codes {
            let id = Id::parse("www").unwrap();
            let results: Results = vec![(id, Err(Failure::new(code, "it failed")))];
            assert_eq!(waiting(&results).count(), usize::from(waits), "{code:?}");
        }
    }

    #[test]
    fn a_change_of_a_watched_range_ends_the_wait() {
        let folder = tempfile::tempdir().unwrap();
        let settings = RegistrySettings {
            location: Location::Directory(folder.path().to_owned()),
            ca: None,
            credentials: Credentials::default(),
            federations: BTreeMap::new(),
            timeout: Duration::from_secs(20),
        };
        let federation = Id::parse("f").unwrap();
        let ranges = || {
            let range = Range::Prefix("/reconf/v1/f/provides/".to_owned());
            vec![(federation.clone(), vec![range])]
        };
        let mut changes = Changes::new();
        // The first event is the content at the start.
        assert!(changes.wait(&settings, ranges(), LONG));
        let (other, own) = (settings.clone(), federation.clone());
        let writer = thread::spawn(move || {
            let put = Change::Put {
                key: "/reconf/v1/f/provides/API_URL/default/api@api01".to_owned(),
                value: b"{}".to_vec(),
                lease: 0,
            };
            Session::new(&other).commit(&own, &[], &[put])
        });
        assert!(changes.wait(&settings, ranges(), LONG));
        let written = writer.join().unwrap().unwrap();
        assert!(matches!(written, Commit::Done { .. }));
    }
}
