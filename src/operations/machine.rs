//! What another machine announces is left to it: one with the same node name, or the one whose name this node had
//! (design.md sections 2 and 5).

use std::collections::BTreeMap;

use super::read_set::Snapshots;
use crate::{
    announce::Machine,
    edge::registry::Session,
    model::{id::Id, key::Key, service_state::ServiceState},
    node::Node,
    report::{Code, Failure},
};

/// Who asked for a change of announcements.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AskedBy {
    /// A person who named the service: it takes what another machine of this name announces.
    Hand,
    /// Everything else leaves that alone.
    Run,
    /// A removal leaves also what its state does not record.
    Removal,
}

/// The keys of other machines among those that a call is about.
pub(crate) struct OtherMachines {
    machine: Machine,
    /// The keys of this node's name that another machine announces, with its host.
    pub(crate) twins: BTreeMap<Key, String>,
    /// The keys of another node name that another machine announces or announced, with its host.
    pub(crate) former: BTreeMap<Key, String>,
}

/// This machine among others of its name, as it is compared for who `asked`.
pub(crate) fn this(node: &Node, session: &Session, asked: AskedBy) -> Result<Machine, Failure> {
    let state = node.state()?;
    Ok(Machine {
        node: node.id()?,
        host: node.host(session)?.address,
        last_host: state.known_host().map(str::to_owned),
        copied: state.copied || asked == AskedBy::Removal,
    })
}

impl OtherMachines {
    /// Those among the keys of a service that are announced or withdrawn.
    pub(crate) fn among<'a>(
        machine: Machine,
        keys: impl Iterator<Item = &'a Key> + Clone,
        state: &ServiceState,
        snapshots: &Snapshots,
    ) -> Self {
        let (mut twins, mut former) = (BTreeMap::new(), BTreeMap::new());
        for key in keys {
            let snapshot = snapshots.of(&key.federation).snapshot();
            former.append(&mut machine.of_other_nodes([key].into_iter(), state, snapshot));
            if let Some(snapshot) = snapshot {
                twins.append(&mut machine.held_by_others([key].into_iter(), state, snapshot));
            }
        }
        Self {
            machine,
            twins,
            former,
        }
    }

    /// Refuses a service of which another machine announces something, unless a person asked for it.
    pub(crate) fn refuse_twins(
        &self,
        service: &Id,
        asked: AskedBy,
        verb: &str,
    ) -> Result<(), Failure> {
        let Some((key, host)) = self
            .twins
            .first_key_value()
            .filter(|_| asked != AskedBy::Hand)
        else {
            return Ok(());
        };
        let provider = key.provider();
        let message = format!("another machine, at `{host}`, announces `{provider}`");
        let facts = self.twins.iter();
        let facts = facts.map(|(key, host)| format!("{} of {provider}   {host}", key.name));
        let this = format!("this machine is at {}", self.machine.host);
        Err(Failure::new(Code::TryAgain, message)
            .facts(facts.chain([this]))
            .note(format!("nothing of `{service}` was changed in the registry"))
            .hint(match asked {
                AskedBy::Removal => "give one of them another node name".to_owned(),
                AskedBy::Hand | AskedBy::Run => format!(
                    "give one of them another node name; `reconf {verb} {service}` does it for this one all the same"
                ),
            }))
    }

    /// What a person should know of keys of another node name.
    pub(crate) fn warnings(&self) -> Vec<String> {
        let Machine { node, host, .. } = &self.machine;
        let left = |(key, other): (&Key, &String)| {
            let (name, provider) = (&key.name, key.provider());
            format!(
                "left `{name}` of `{provider}` to the machine at `{other}`: this one is `{node}` at `{host}`; if that machine is gone, `reconf retire {}` withdraws it",
                key.node
            )
        };
        self.former.iter().map(left).collect()
    }

    /// Records that keys were taken by hand.
    pub(crate) fn taken(&self, node: &Node) -> Result<(), Failure> {
        if self.machine.copied && !self.twins.is_empty() {
            node.take_by_hand()?;
        }
        Ok(())
    }
}
