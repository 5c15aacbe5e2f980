//! The only code that touches the outside: registry, files, locks, processes, clock, process environment.
//! Imports only `model`; decides nothing about services.

#![expect(
    clippy::disallowed_methods,
    reason = "the rest of the crate reaches the outside through this module alone"
)]

pub(crate) mod caller;
pub(crate) mod children;
pub(crate) mod clock;
pub(crate) mod conf_file;
pub(crate) mod exec;
pub(crate) mod files;
pub(crate) mod folder_watch;
pub(crate) mod free_space;
pub(crate) mod haproxy;
pub(crate) mod lock_holders;
pub(crate) mod locks;
pub(crate) mod machine;
pub(crate) mod memory;
pub(crate) mod net;
pub(crate) mod open_files;
pub(crate) mod probe;
pub(crate) mod process;
pub(crate) mod process_environment;
pub(crate) mod process_identity;
pub(crate) mod registry;
pub(crate) mod service_manager;
pub(crate) mod shell_command;
pub(crate) mod signals;
pub(crate) mod state;
pub(crate) mod stdio;
pub(crate) mod supervisor;
pub(crate) mod tasks;
pub(crate) mod unit;
pub(crate) mod users;
