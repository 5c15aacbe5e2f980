//! The node's settings (design.md section 4): flags override variables, variables `config.json`, that the defaults.

mod address;
mod balance;
mod directory;
mod effective;
mod endpoint;
mod file;
mod flags;
mod listen;
mod merge;
mod origin;
mod refusal;
mod registry_file;
mod rows;

#[cfg(test)]
pub(crate) use balance::LocalBalancer;
pub(crate) use balance::{BalanceSettings, ExtraLines, RoutingBalancer};
pub(crate) use directory::conf_directory;
pub(crate) use effective::{Credentials, Location, OnUnreachable, RegistrySettings, Settings};
pub(crate) use flags::{Flags, config_path};
pub(crate) use origin::Origin;
pub(crate) use refusal::SettingsError;
