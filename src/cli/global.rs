//! The global options, which every command accepts.
#![expect(clippy::doc_markdown, reason = "clap shows these comments as they are")]

use clap::{Args, ValueEnum};

/// The global options. The help of a command only names them; `reconf help options` describes them.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct Global {
    /// Directory that stands for `/` [env: RECONF_ROOT] [default: /]
    #[arg(long, global = true, hide = true, value_name = "DIR")]
    pub root: Option<String>,
    /// Configuration file of this node [env: RECONF_CONFIG] [default: <root>/etc/reconf/config.json]
    #[arg(long, global = true, hide = true, value_name = "FILE")]
    pub config: Option<String>,
    /// etcd endpoints (`http://HOST:PORT,…` or `https://HOST:PORT,…`) or a directory (`dir:PATH`)
    /// [env: RECONF_REGISTRY] [default: dir:<root>/var/lib/reconf/registry]
    #[arg(long, global = true, hide = true, value_name = "REGISTRY")]
    pub registry: Option<String>,
    /// Federation of this node [env: RECONF_FEDERATION] [default: default]
    #[arg(long, global = true, hide = true, value_name = "NAME")]
    pub federation: Option<String>,
    /// Region of this node [env: RECONF_REGION] [default: default]
    #[arg(long, global = true, hide = true, value_name = "NAME")]
    pub region: Option<String>,
    /// Name of this node [env: RECONF_NODE] [default: host name]
    #[arg(long, global = true, hide = true, value_name = "NAME")]
    pub node: Option<String>,
    /// Address of this node [env: RECONF_HOST] [default: the local address of the route to the registry]
    #[arg(long, global = true, hide = true, value_name = "ADDRESS")]
    pub host: Option<String>,
    /// Limit for all registry work of a command, and for each wait for a lock [env: RECONF_TIMEOUT] [default: 2s]
    #[arg(long, global = true, hide = true, value_name = "DURATION")]
    pub timeout: Option<String>,
    /// Output format: human (text), or json (one JSON object per line)
    #[arg(long, global = true, hide = true, hide_possible_values = true)]
    #[arg(value_enum, default_value_t, value_name = "FORMAT")]
    pub output: OutputFormat,
    /// Print data, warnings and errors only
    #[arg(short, long, global = true, hide = true, conflicts_with = "verbose")]
    pub quiet: bool,
    /// Print where each value comes from
    #[arg(short, long, global = true, hide = true)]
    pub verbose: bool,
}

/// Output format.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum OutputFormat {
    /// Human-readable text.
    #[default]
    Human,
    /// One JSON object per line, sorted by service id.
    Json,
}
