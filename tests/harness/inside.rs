//! What the tests inside the library share with those of the binary: all of the harness that needs no binary.

#![allow(
    dead_code,
    clippy::disallowed_methods,
    reason = "tests touch the outside, and each crate uses a part of the harness"
)]

pub(crate) mod backend;
pub(crate) mod black_hole;
pub(crate) mod certificates;
pub(crate) mod etcd;
pub(crate) mod mutants;
pub(crate) mod ports;
pub(crate) mod seed;
pub(crate) mod values;
pub(crate) mod wait;
