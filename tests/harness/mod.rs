//! What the tests stand on. Knows the binary's path and the paths of a root, nothing of what reconf should do.

pub(crate) mod backend;
pub(crate) mod black_hole;
pub(crate) mod certificates;
pub(crate) mod client;
pub(crate) mod diff;
pub(crate) mod etcd;
pub(crate) mod fleet;
pub(crate) mod golden;
pub(crate) mod haproxy;
pub(crate) mod intruder;
pub(crate) mod lab;
pub(crate) mod mutants;
pub(crate) mod not_run;
pub(crate) mod ports;
pub(crate) mod process;
pub(crate) mod proxy;
pub(crate) mod registry;
pub(crate) mod scenario;
pub(crate) mod seed;
pub(crate) mod shells;
pub(crate) mod socket_proxy;
pub(crate) mod strace;
pub(crate) mod tree;
pub(crate) mod user;
pub(crate) mod values;
pub(crate) mod wait;
