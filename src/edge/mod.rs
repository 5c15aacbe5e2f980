//! The only code that touches the outside: registry, files, locks, processes, clock, process environment.
//! Imports only `model`; decides nothing about services.

#![expect(
    clippy::disallowed_methods,
    reason = "the rest of the crate reaches the outside through this module alone"
)]

pub mod clock;
pub mod conf_file;
pub mod exec;
pub mod files;
pub mod folder_watch;
pub mod locks;
pub mod net;
pub mod probe;
pub mod process_environment;
pub mod registry;
pub mod running;
pub mod service_manager;
pub mod shell_command;
pub mod signals;
pub mod state;
pub mod stdio;
pub mod supervisor;
pub mod tasks;
pub mod users;
