//! Whose state this is, by the machine-id: a copied state says what the original announced, which is the original's to
//! withdraw (design.md section 2).

use super::{Node, intents, states};
use crate::{
    edge::{clock, files, machine, net, registry::Session, state},
    model::{
        node_state::{NodeState, Ownership},
        service_state::ServiceState,
    },
    report::Failure,
};

/// The host of a machine that has no other address.
const LOOPBACK: &str = "127.0.0.1";

impl Node {
    /// What this machine keeps of itself.
    pub(crate) fn state(&self) -> Result<NodeState, Failure> {
        Ok(state::load_stamp(&self.paths.node_state())?.unwrap_or_default())
    }

    /// Makes the state this machine's before a command writes. Of a copied one, what the original announced is dropped.
    pub(crate) fn claim_state(&self) -> Result<(), Failure> {
        let Some(machine_id) = machine::machine_id(&self.paths.machine_id()) else {
            return Ok(());
        };
        match self.state()?.ownership(Some(&machine_id)) {
            Ownership::This => Ok(()),
            Ownership::Unclaimed => self.edit_state(|state| {
                state.machine_id = Some(machine_id.clone());
                self.use_host(state, None);
            }),
            Ownership::Another => self.drop_copied_state(&machine_id),
        }
    }

    /// For a command that only looks: says so if the state is another machine's, and takes nothing of that for this
    /// machine's. What cannot be read is not judged.
    pub(crate) fn look_at_owner(&mut self) {
        self.is_copied = self.has_copied_state();
        if self.is_copied {
            let file = self.paths.node_state();
            self.out.warning(&format!(
                "the state of this node is another machine's, by the machine-id in `{}`: the next command that writes drops what that machine announced",
                file.display()
            ));
        }
    }

    /// Whether the state is another machine's. What cannot be read is not judged.
    pub(crate) fn has_copied_state(&self) -> bool {
        let machine_id = machine::machine_id(&self.paths.machine_id());
        let state = self.state().unwrap_or_default();
        state.ownership(machine_id.as_deref()) == Ownership::Another
    }

    /// Remembers the address that this call uses, and when the registry was last read, if it was.
    pub(crate) fn remember(&self, session: &Session, was_read: bool) -> Result<(), Failure> {
        let found = match self.settings.host {
            Some(_) => None,
            None => session.local_address().map(|address| address.to_string()),
        };
        self.edit_state(|state| {
            self.use_host(state, found.as_deref());
            let now = clock::now();
            let read = state.read.as_deref().and_then(clock::parse_rfc3339);
            if was_read && NodeState::is_read_outdated(read, now) {
                state.read = Some(clock::rfc3339(now));
            }
        })
    }

    /// A person took a key for this machine: from now on its name is this machine's.
    pub(crate) fn take_by_hand(&self) -> Result<(), Failure> {
        self.edit_state(|state| state.copied = false)
    }

    /// The address that is given, else the one that was `found` on the way to the registry, else a guess.
    fn use_host(&self, state: &mut NodeState, found: Option<&str>) {
        match self.settings.host.as_deref().or(found) {
            Some(host) => state.use_host(host, false),
            None if state.known_host().is_none() => {
                let guess = net::default_route_address().map(|address| address.to_string());
                state.use_host(guess.as_deref().unwrap_or(LOOPBACK), true);
            }
            None => {}
        }
    }

    /// Changes what this machine keeps of itself. An unchanged one is not written, and the time of the last read alone is
    /// worth neither a sync nor a failure.
    fn edit_state(&self, change: impl Fn(&mut NodeState)) -> Result<(), Failure> {
        let mut wanted = self.state()?;
        let before = wanted.clone();
        change(&mut wanted);
        if wanted == before {
            return Ok(());
        }
        let is_read_alone = wanted
            == NodeState {
                read: wanted.read.clone(),
                ..before
            };
        let written = self.write_state(&change, is_read_alone);
        if is_read_alone { Ok(()) } else { written }
    }

    fn write_state(
        &self,
        change: impl Fn(&mut NodeState),
        may_be_lost: bool,
    ) -> Result<(), Failure> {
        let _lock = self.state_lock()?;
        let mut state = self.state()?;
        change(&mut state);
        self.save_state(&state, may_be_lost)
    }

    fn save_state(&self, state: &NodeState, may_be_lost: bool) -> Result<(), Failure> {
        let durability = if may_be_lost {
            state::Durability::MayBeLost
        } else {
            state::Durability::Durable
        };
        state::save_stamp(&self.paths, &self.paths.node_state(), state, durability)?;
        Ok(())
    }

    /// Drops what the states say of announcements. `node.json` is written last, so that a call that dies repeats it.
    fn drop_copied_state(&self, machine_id: &str) -> Result<(), Failure> {
        let _lock = self.state_lock()?;
        if self.state()?.ownership(Some(machine_id)) != Ownership::Another {
            return Ok(());
        }
        let ids = states::all(self)?;
        let edits = ids
            .iter()
            .map(|id| (id, ServiceState::forget_announcements));
        for edited in states::edit_all_locked(self, edits.collect()) {
            edited?;
        }
        intents::forget_all(self)?;
        // What is balanced is found out anew; HAProxy and its file are left to the next run.
        files::remove_with_leftovers(&self.paths.balance_state())?;
        let mut state = NodeState {
            machine_id: Some(machine_id.to_owned()),
            copied: true,
            ..NodeState::default()
        };
        self.use_host(&mut state, None);
        self.save_state(&state, false)?;
        self.out.warning(
            "the state of this node was another machine's, by its machine-id: what that machine announced was dropped from it, and nothing was withdrawn",
        );
        Ok(())
    }
}
