//! HAProxy as a neighbour: its runtime socket, its process, the commands that check and reload it, and the ports that it
//! wants and others may hold.

mod command;
mod holder;
mod pid;
mod ports;
mod socket;

pub(crate) use command::{Ran, run};
pub(crate) use holder::{Holder, holder};
pub(crate) use pid::{Master, master};
pub(crate) use ports::{Probe, probe};
pub(crate) use socket::{SocketError, ask};
