//! What every command does while the registry is away, the disk fails, or it is killed itself.

mod away;
mod crossed;
mod disk;
mod endpoints;
mod killed;
mod node;
mod restore;
