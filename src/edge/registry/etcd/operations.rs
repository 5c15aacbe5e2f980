//! Single etcd calls to one endpoint, without timeouts and without a retry elsewhere.

use std::collections::BTreeSet;

use etcd_client::{
    Client, Compare, CompareOp, Error, GetOptions, KeyValue, LeaseGrantOptions, PutOptions, Txn,
    TxnOp, TxnOpResponse,
};
use tokio::task::JoinSet;

use crate::model::snapshot::Entry;

use super::{
    super::{Change, Commit, Grant, Lease, MAX_OPERATIONS, Range, Reading, Renewal, Transaction},
    reason,
};

/// The largest response accepted, in bytes; tonic's default is 4 MiB, and etcd sends whatever its keys hold.
const MAX_RESPONSE: usize = 1 << 30;

/// The most keys of a range in one answer: the next ones are read at the same revision.
const PAGE: i64 = 1000;

/// How often a read is attempted if its revision is compacted between two of its transactions.
const READ_ATTEMPTS: usize = 3;

/// Reads all ranges at one revision: that of the first transaction, to which the others are pinned.
pub(super) async fn read(client: &Client, ranges: &[Range]) -> Result<Reading, Error> {
    for _ in 1..READ_ATTEMPTS {
        match read_once(client, ranges).await {
            Err(error) if reason::is_compacted(&error) => {}
            end => return end,
        }
    }
    read_once(client, ranges).await
}

async fn read_once(client: &Client, ranges: &[Range]) -> Result<Reading, Error> {
    let mut keys = client.kv_client().max_decoding_message_size(MAX_RESPONSE);
    let mut reading = Reading::default();
    let mut entries: Vec<Vec<Entry>> = vec![Vec::new(); ranges.len()];
    let mut pages: Vec<Page<'_>> = ranges.iter().enumerate().map(Page::first).collect();
    loop {
        let rest = pages.split_off(pages.len().min(MAX_OPERATIONS));
        let gets: Vec<TxnOp> = pages
            .iter()
            .map(|page| page.get(reading.revision))
            .collect();
        let answer = keys.txn(Txn::new().and_then(gets)).await?;
        if let Some(header) = answer.header().filter(|_| reading.revision == 0) {
            (reading.revision, reading.cluster) = (header.revision(), header.cluster_id());
        }
        let mut next = Vec::new();
        for (page, response) in pages.into_iter().zip(answer.op_responses()) {
            if let TxnOpResponse::Get(mut found) = response {
                let has_more = found.more();
                let found = found.take_kvs();
                let last = found.last().filter(|_| has_more);
                next.extend(last.map(|last| page.after(last.key())));
                entries[page.at].extend(found.into_iter().map(entry));
            }
        }
        next.extend(rest);
        pages = next;
        if pages.is_empty() {
            reading.entries = entries.into_iter().flatten().collect();
            return Ok(reading);
        }
    }
}

/// Some keys of a range: etcd answers in one piece, which is bounded neither by it nor by its clients.
struct Page<'a> {
    /// Which range it is of.
    at: usize,
    range: &'a Range,
    /// Its first key; `None`: that of the range.
    from: Option<Vec<u8>>,
}

impl<'a> Page<'a> {
    fn first((at, range): (usize, &'a Range)) -> Self {
        let from = None;
        Self { at, range, from }
    }

    /// The page after a key.
    fn after(&self, key: &[u8]) -> Self {
        Self {
            from: Some([key, &[0]].concat()),
            ..*self
        }
    }

    /// Gets it at a revision; 0 is the newest.
    fn get(&self, revision: i64) -> TxnOp {
        let options = GetOptions::new().with_revision(revision);
        let prefix = match self.range {
            Range::Key(key) => return TxnOp::get(key.as_str(), Some(options)),
            Range::Prefix(prefix) => prefix,
        };
        let options = options.with_limit(PAGE);
        match &self.from {
            None => TxnOp::get(prefix.as_str(), Some(options.with_prefix())),
            Some(from) => {
                let options = options.with_range(after_prefix(prefix));
                TxnOp::get(from.as_slice(), Some(options))
            }
        }
    }
}

/// The first key after all those with a prefix, which ends in `/`.
fn after_prefix(prefix: &str) -> Vec<u8> {
    let mut end = prefix.as_bytes().to_vec();
    if let Some(last) = end.last_mut() {
        *last = last.saturating_add(1);
    }
    end
}

pub(super) fn entry(found: KeyValue) -> Entry {
    let (revision, lease) = (found.mod_revision(), found.lease());
    let (key, value) = found.into_key_value();
    Entry {
        key: text(&key),
        value,
        revision,
        lease,
    }
}

/// A key as text, which those of reconf always are.
pub(super) fn text(key: &[u8]) -> String {
    String::from_utf8_lossy(key).into_owned()
}

/// The cheapest read that only a member with a quorum answers.
pub(super) async fn probe(client: Client, key: String) -> Result<(), Error> {
    let options = GetOptions::new().with_count_only();
    client.kv_client().get(key, Some(options)).await.map(drop)
}

/// If a precondition does not hold, etcd says what the keys of all of them have.
fn compile(transaction: &Transaction) -> Txn {
    let preconditions = transaction.preconditions.iter();
    let compares: Vec<Compare> = preconditions
        .clone()
        .map(|check| Compare::mod_revision(check.key.as_str(), CompareOp::Equal, check.revision))
        .collect();
    let present: Vec<TxnOp> = preconditions
        .map(|check| TxnOp::get(&check.key[..], Some(GetOptions::new().with_keys_only())))
        .collect();
    let operations: Vec<TxnOp> = transaction.changes.iter().map(operation).collect();
    let conditional = Txn::new().when(compares).and_then(operations);
    conditional.or_else(present)
}

fn operation(change: &Change) -> TxnOp {
    match change {
        Change::Put { key, value, lease } => {
            let options = PutOptions::new().with_lease(*lease);
            TxnOp::put(key.as_str(), value.as_slice(), Some(options))
        }
        Change::Delete { key } => TxnOp::delete(key.as_str(), None),
    }
}

pub(super) async fn commit(client: Client, transaction: Transaction) -> Result<Commit, Error> {
    let answer = match client.kv_client().txn(compile(&transaction)).await {
        // A lease has ended since it was granted: the only thing that a transaction does not find.
        Err(error) if reason::is_not_found(&error) => {
            let changed = BTreeSet::new();
            return Ok(Commit::Conflict { changed });
        }
        answer => answer?,
    };
    if answer.succeeded() {
        let revision = answer
            .header()
            .map_or(0, etcd_client::ResponseHeader::revision);
        return Ok(Commit::Done { revision });
    }
    let present = answer.op_responses().into_iter();
    let present = present.filter_map(|response| match response {
        TxnOpResponse::Get(found) => Some(found.kvs().first().map_or(0, KeyValue::mod_revision)),
        _ => None,
    });
    let checked = transaction.preconditions.into_iter().zip(present);
    let changed = checked.filter(|(check, present)| check.revision != *present);
    Ok(Commit::Conflict {
        changed: changed.map(|(check, _)| check.key).collect(),
    })
}

pub(super) async fn grant(client: Client, lease: Lease) -> Result<Grant, Error> {
    let options = LeaseGrantOptions::new().with_id(lease.id);
    let ttl = i64::try_from(lease.seconds()).unwrap_or(i64::MAX);
    match client.lease_client().grant(ttl, Some(options)).await {
        Ok(answer) => Ok(Grant::Granted {
            seconds: answer.ttl().unsigned_abs(),
        }),
        // An earlier attempt may have been executed without an answer.
        Err(error) if reason::is_lease_there(&error) => {
            let seconds = lease.seconds();
            let is_ours = keep_alive(client, lease.id).await? == Renewal::Renewed { seconds };
            Ok(if is_ours {
                Grant::Granted { seconds }
            } else {
                Grant::Taken
            })
        }
        Err(error) => Err(error),
    }
}

/// Renews a lease. The client hides the TTL in the answer, so that is asked for at the same time.
pub(super) async fn keep_alive(client: Client, id: i64) -> Result<Renewal, Error> {
    let mut asking = client.lease_client();
    let mut asked = JoinSet::new();
    asked.spawn(async move { asking.time_to_live(id, None).await });
    match client.lease_client().keep_alive(id).await {
        Ok(_) => {}
        Err(Error::LeaseKeepAliveError(_)) => return Ok(Renewal::Ended),
        Err(error) if reason::is_not_found(&error) => return Ok(Renewal::Ended),
        Err(error) => return Err(error),
    }
    for answer in asked.join_all().await {
        match u64::try_from(answer?.granted_ttl()) {
            Ok(seconds) if seconds > 0 => return Ok(Renewal::Renewed { seconds }),
            _ => {}
        }
    }
    Ok(Renewal::Ended)
}
