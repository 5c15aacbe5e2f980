//! HAProxy as a neighbour: its runtime socket, its process, the commands that check and reload it, and the ports that it
//! wants and others may hold.

mod certificates;
mod command;
mod holder;
mod maps;
mod old_workers;
mod pid;
mod ports;
mod socket;
mod sockets;
mod workers;

pub(crate) use certificates::found_files;
pub(crate) use command::run;
pub(crate) use holder::{PortHolder, holder};
pub(crate) use maps::{maps, remove_other_maps};
pub(crate) use old_workers::old_connections;
pub(crate) use pid::{Master, master};
pub(crate) use ports::{BindProbe, probe};
pub(crate) use socket::{SocketError, ask};
pub(crate) use workers::{Succession, succession};
