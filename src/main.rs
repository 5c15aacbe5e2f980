//! The `reconf` binary.

fn main() {}
