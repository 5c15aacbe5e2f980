//! `reconf withdraw`: what services on this node, or on another one, provide is taken back (design.md section 5).
//!
//! A service whose manifest is there is *held* from then on: only `announce ID` announces it again. One whose manifest
//! is gone was cleared away: it is taken back as its manifest would have, and forgotten.

mod target;
mod wait;

use std::collections::BTreeMap;

use super::{
    Ended, Tally,
    commit::{Subject, Tombstones, carry_out},
    node::Node,
    reading::{Readings, Wanted},
    record, states,
};
use crate::{
    announce,
    cli::{self, Global},
    edge::{
        files,
        registry::{Change, MAX_OPERATIONS, Session},
    },
    model::{
        announcement::By,
        id::Id,
        key::{Key, Kind},
        snapshot::Snapshot,
    },
    report::{Code, Failure, Withdrawn},
};
use target::Target;

/// How often a change that others got ahead of is planned anew.
const TRIES: usize = 3;

/// `reconf withdraw`.
pub(super) fn run(node: &Node, global: &Global, args: &cli::Withdraw) -> Ended {
    let mut session = node.session();
    let mut tally = Tally::default();
    let (targets, readings) = match global.node {
        Some(_) => target::on_other(node, &mut session, &args.services)?,
        None => target::here(node, &mut session, &args.services)?,
    };
    let mut tombstones = Tombstones::default();
    let mut taken_back = Vec::new();
    for (id, target) in targets {
        let result = target.and_then(|target| {
            let withdrawn = take_back(node, &mut session, &mut tombstones, &target, &readings)?;
            Ok((target, withdrawn))
        });
        match result {
            Ok((target, withdrawn)) => {
                node.tell.outcome(&withdrawn);
                tally.done(withdrawn.changed);
                taken_back.push(target);
            }
            Err(failure) => tally.fail(node, Some(&id), &failure),
        }
    }
    if let Some(limit) = args.wait {
        wait::until_unused(node, &taken_back, limit, &mut tally);
    }
    Ok(tally.code(false))
}

/// Takes back what a service provides; tried again while others change it at the same time.
fn take_back(
    node: &Node,
    session: &mut Session,
    tombstones: &mut Tombstones,
    target: &Target,
    readings: &Readings,
) -> Result<Withdrawn, Failure> {
    if target.holds {
        states::edit(node, &target.service, |state| state.held = true)?;
    }
    if let Some(done) = attempt(node, session, tombstones, target, readings)? {
        return Ok(done);
    }
    for _ in 1..TRIES {
        let mut wanted = Wanted::default();
        target.want(&mut wanted);
        let readings = wanted.read(session);
        if let Some(done) = attempt(node, session, tombstones, target, &readings)? {
            return Ok(done);
        }
    }
    let message = format!(
        "others change what `{}` announces at the same time",
        target.service
    );
    Err(Failure::new(Code::TryAgain, message)
        .facts([format!("{TRIES} tries were overtaken")])
        .hint("withdraw it again"))
}

fn attempt(
    node: &Node,
    session: &mut Session,
    tombstones: &mut Tombstones,
    target: &Target,
    readings: &Readings,
) -> Result<Option<Withdrawn>, Failure> {
    let mut told = Withdrawn {
        service: target.service.clone(),
        changed: false,
        withdrawn: Vec::new(),
        held: target.holds,
        warnings: Vec::new(),
    };
    for federation in target.federations() {
        let snapshot = match readings.of(&federation) {
            Some(Ok(snapshot)) => snapshot,
            Some(Err(unread)) if unread.away && target.owes_nothing(node, &federation)? => {
                let reason = unread.failure.in_short();
                told.warnings.push(format!(
                    "`{}` is taken as still withdrawn: {reason}",
                    target.service
                ));
                continue;
            }
            Some(Err(unread)) => {
                return Err(owed(
                    node,
                    target,
                    &federation,
                    unread.away,
                    &unread.failure,
                )?);
            }
            None => return Ok(None),
        };
        let leaving = target.leaving(&federation);
        let plan = announce::plan(&BTreeMap::new(), 0, &leaving, snapshot);
        let recorded = target.recorded;
        let subject = Subject {
            service: &target.service,
            federation: &federation,
            recorded,
        };
        if carry_out(node, session, tombstones, subject, &plan, None)?.is_none() {
            return Ok(None);
        }
        for withdrawal in &plan.withdrawals {
            told.changed = true;
            told.withdrawn.push(withdrawal.key.path(Kind::Provides));
        }
        told.changed |= clear(session, target, &federation, snapshot)?;
    }
    if target.forgotten {
        forget(node, &target.service)?;
    }
    Ok(Some(told))
}

/// What cannot be told now is owed from now on, if the registry is only away.
fn owed(
    node: &Node,
    target: &Target,
    federation: &Id,
    away: bool,
    failure: &Failure,
) -> Result<Failure, Failure> {
    if !away || !target.recorded {
        return Ok(failure.clone());
    }
    let leaving = target.leaving(federation);
    let withdrawals = leaving.iter().map(|(key, by): (&Key, &By)| (key, *by));
    record::owe(node, &target.service, std::iter::empty(), withdrawals, 0)?;
    let service = &target.service;
    Ok(failure
        .clone()
        .note("what is owed is kept in the state of this node")
        .hint(format!("`reconf withdraw {service}` makes up for it")))
}

/// Clears what nodes say of themselves and that is no longer so.
fn clear(
    session: &mut Session,
    target: &Target,
    federation: &Id,
    snapshot: &Snapshot,
) -> Result<bool, Failure> {
    let stale = snapshot.others.keys().filter(|key| target.clears(key));
    let changes: Vec<Change> = stale
        .map(|key| Change::Delete { key: key.clone() })
        .collect();
    for changes in changes.chunks(MAX_OPERATIONS) {
        session.commit(federation, &[], changes)?;
    }
    Ok(!changes.is_empty())
}

/// Forgets a service whose manifest is gone.
fn forget(node: &Node, service: &Id) -> Result<(), Failure> {
    let _lock = node.state_lock()?;
    files::remove(&node.places.service_state(service))?;
    files::remove(&node.places.applied(service))?;
    Ok(())
}
