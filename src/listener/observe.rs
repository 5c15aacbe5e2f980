//! What a listener of this node does, as its files and its lock say: for whoever only looks.

use super::{store, survivor};
use crate::{
    edge::{clock, locks, state},
    model::{balance_state::BalanceState, paths::Paths, switch::StoredSwitch},
    report::{Failure, ListenerStatus},
};

/// The listener of this node by its files and its lock.
pub(crate) fn observe(
    paths: &Paths,
    config_error: Option<String>,
) -> Result<ListenerStatus, Failure> {
    let running = store::is_running(paths)?;
    let switch: StoredSwitch = store::switch(paths)?;
    let balance: Option<BalanceState> = state::load(&paths.balance_state())?;
    let off = balance.and_then(|balance| balance.off_at(clock::now()));
    Ok(ListenerStatus {
        running,
        on: store::is_on(&switch),
        switch,
        listening: state::load(&paths.status_file())?.filter(|_| running),
        provisioning: locks::is_own_held(&paths.provision_lock())?
            || survivor::running(paths).is_some(),
        stamp: store::stamp(paths)?,
        balance_off: off.filter(|_| !running).map(|off| off.to_string()),
        config_error,
    })
}
