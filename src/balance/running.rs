//! What a running HAProxy says of itself on its runtime socket. Columns are found by their names: their number differs
//! between 2.2, 2.6 and 3.0.

mod table;

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    net::IpAddr,
    time::Duration,
};

pub(crate) use table::UnreadableAnswer;

use super::plan::ServerAddress;
use table::{Columns, TableRow, number};

/// A server of a pool.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ServerId {
    /// The section that has it.
    pub pool: String,
    /// `<region>:<service>:<node>`.
    pub server: String,
}

impl ServerId {
    pub(crate) fn new(pool: &str, server: &str) -> Self {
        Self {
            pool: pool.to_owned(),
            server: server.to_owned(),
        }
    }

    /// The server of that text, as [`fmt::Display`] writes it.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (pool, server) = text.split_once('/')?;
        Some(Self::new(pool, server))
    }
}

impl fmt::Display for ServerId {
    /// As HAProxy's commands say it, and `balance.json`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.pool, self.server)
    }
}

/// What a running HAProxy says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Running {
    /// The worker's process id: another one after each reload.
    pub pid: u32,
    /// The shape in its description: which file it runs.
    pub shape: Option<String>,
    /// Whether it is about to end: it accepts no more connections soon.
    pub is_stopping: bool,
    /// What stands above the servers' lines in `show servers state`.
    pub header: String,
    /// The servers of all pools.
    pub servers: BTreeMap<ServerId, RunningServer>,
    /// The sections that accept connections.
    pub frontends: BTreeSet<String>,
}

/// A server as HAProxy has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RunningServer {
    /// `None` for a host name that is not resolved yet.
    pub address: Option<IpAddr>,
    pub port: u16,
    /// The host name that HAProxy resolves, if it has one.
    pub host: Option<String>,
    /// Whether it takes new connections, as far as commands decide that.
    pub admin: Admin,
    /// How long its checks have found it down; `None` while they do not.
    pub down: Option<Duration>,
    /// Whether it serves only while no other does.
    pub backup: bool,
    /// Connections, or requests under way in HTTP pools.
    pub connections: u64,
    /// Its line of `show servers state`.
    pub line: String,
}

/// What commands have said of a server. By whom is not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Admin {
    /// It takes connections, if its checks pass.
    Ready,
    /// It takes those of clients that it has already.
    Drain,
    /// It takes none.
    Maintenance,
}

/// What HAProxy is asked, with one connection: so that one worker answers all of it.
pub(crate) const QUESTION: &str = "show info;show servers state;show stat";

/// What it is asked for its [`WorkerIdentity`].
pub(crate) const WHO: &str = "show info";

/// Which process answers, and which file it runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct WorkerIdentity {
    /// The worker's process id.
    pub pid: u32,
    /// The shape in its description.
    pub shape: Option<String>,
    /// Whether it is about to end.
    pub is_stopping: bool,
}

/// What its description begins with, before the shape.
const DESCRIPTION: &str = "reconf ";

impl WorkerIdentity {
    /// Reads the answer to [`WHO`].
    ///
    /// # Errors
    /// [`UnreadableAnswer`], if that is not what HAProxy answers.
    pub(crate) fn parse(answer: &str) -> Result<Self, UnreadableAnswer> {
        let info = |name: &str| {
            let mut lines = answer.lines();
            lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
        };
        info("Name").ok_or_else(|| UnreadableAnswer::foreign(answer))?;
        let pid = info("Pid").ok_or(UnreadableAnswer::Missing("Pid"))?;
        let shape = info("description").and_then(|text| text.strip_prefix(DESCRIPTION));
        Ok(Self {
            pid: number("Pid", pid.trim())?,
            shape: shape.map(|shape| shape.trim().to_owned()),
            is_stopping: info("Stopping").is_some_and(|text| text.trim() == "1"),
        })
    }
}

impl Running {
    /// Reads the answer to [`QUESTION`].
    ///
    /// # Errors
    /// [`UnreadableAnswer`], if that is not what HAProxy answers.
    pub(crate) fn parse(answer: &str) -> Result<Self, UnreadableAnswer> {
        // An empty line ends each part.
        let mut parts = answer.split("\n\n").map(|part| part.trim_matches('\n'));
        let mut part = || parts.find(|part| !part.is_empty());
        let info = part().ok_or(UnreadableAnswer::Incomplete)?;
        let WorkerIdentity {
            pid,
            shape,
            is_stopping,
        } = WorkerIdentity::parse(info)?;
        let table = part().ok_or(UnreadableAnswer::Incomplete)?;
        let statistics = part().ok_or(UnreadableAnswer::Incomplete)?;
        let mut running = Self {
            pid,
            shape,
            is_stopping,
            header: header(table),
            servers: servers(table)?,
            frontends: BTreeSet::new(),
        };
        running.add_statistics(statistics)?;
        Ok(running)
    }

    /// Whether it runs the file with this shape.
    pub(crate) fn runs(&self, shape: &str) -> bool {
        !shape.is_empty() && self.shape.as_deref() == Some(shape)
    }

    /// The servers that checks have found down for so long, in every pool that has them.
    pub(crate) fn down_for(&self, time: Duration) -> BTreeSet<ServerAddress> {
        let address = |id: &ServerId, server: &RunningServer| {
            let ip = server.address.map(|address| address.to_string());
            Some(ServerAddress {
                name: id.server.clone(),
                host: server.host.clone().or(ip)?,
                port: server.port,
            })
        };
        let servers = self.servers.iter().filter_map(|(id, server)| {
            let is_down = server.down.is_some_and(|down| down >= time);
            Some((address(id, server)?, is_down))
        });
        let (down, up): (Vec<_>, Vec<_>) = servers.partition(|(_, is_down)| *is_down);
        let up: BTreeSet<_> = up.into_iter().map(|(address, _)| address).collect();
        let down = down.into_iter().map(|(address, _)| address);
        down.filter(|address| !up.contains(address)).collect()
    }

    /// What `show stat` alone tells. The columns in use come before those that may be quoted.
    fn add_statistics(&mut self, text: &str) -> Result<(), UnreadableAnswer> {
        let mut lines = text.lines();
        let columns = Columns::of(lines.next(), ',', text)?;
        columns.demand(["pxname", "svname", "status", "bck", "scur"])?;
        for line in lines {
            let row = columns.row(line);
            // A text that is quoted can go on in the next line.
            let (Some(section), Some(name)) = (row.get("pxname"), row.get("svname")) else {
                continue;
            };
            if name == "FRONTEND" && row.get("status") == Some("OPEN") {
                self.frontends.insert(section.to_owned());
            }
            if let Some(server) = self.servers.get_mut(&ServerId::new(section, name)) {
                server.backup = row.get("bck") == Some("1");
                server.connections = row.number("scur").unwrap_or_default();
            }
        }
        Ok(())
    }
}

/// The version of the table, and the names of its columns.
fn header(text: &str) -> String {
    let lines = text.lines().filter(|line| !line.is_empty());
    let lines = lines.take_while(|line| line.starts_with('#') || !line.contains(' '));
    lines.flat_map(|line| [line, "\n"]).collect()
}

/// One row that cannot be read is an error too: its server would be taken for a new one, and added and enabled again.
fn servers(text: &str) -> Result<BTreeMap<ServerId, RunningServer>, UnreadableAnswer> {
    let mut lines = text.lines().skip_while(|line| !line.starts_with("# "));
    let columns = Columns::of(lines.next(), ' ', text)?;
    let rows = lines.filter(|line| !line.is_empty());
    rows.map(|line| server(&columns.row(line), line)).collect()
}

fn server(row: &TableRow<'_>, line: &str) -> Result<(ServerId, RunningServer), UnreadableAnswer> {
    let id = ServerId::new(row.field("be_name")?, row.field("srv_name")?);
    let admin: u32 = row.number("srv_admin_state")?;
    let state: u32 = row.number("srv_op_state")?;
    // Can be -1 at first, as seen with 2.6: the age of a restored state is counted from the system's clock, but shown by
    // HAProxy's own, which lags where its start was held up.
    let since: i64 = row.number("srv_time_since_last_change")?;
    let since = Duration::from_secs(u64::try_from(since).unwrap_or_default());
    let host = row.get("srv_fqdn").filter(|host| *host != "-");
    let server = RunningServer {
        address: row.get("srv_addr").and_then(|address| address.parse().ok()),
        // 0 for a template's own line with a negative offset: `10.0.0.1:-100` is printed as 4294967196.
        port: u16::try_from(row.number::<u32>("srv_port")?).unwrap_or_default(),
        host: host.map(str::to_owned),
        admin: Admin::of(admin),
        down: (admin == 0 && state == STOPPED).then_some(since),
        backup: false,
        connections: 0,
        line: line.to_owned(),
    };
    Ok((id, server))
}

/// `srv_op_state` of a server whose checks fail (`SRV_ST_STOPPED`).
const STOPPED: u32 = 0;

impl Admin {
    /// From the bits of `srv_admin_state`: 1 is maintenance by command, 4 by the file, 8 is draining by command; the
    /// others follow from another server or from a host name.
    fn of(bits: u32) -> Self {
        if bits & (1 | 4) != 0 {
            Self::Maintenance
        } else if bits & 8 != 0 {
            Self::Drain
        } else {
            Self::Ready
        }
    }
}

#[cfg(test)]
mod tests;
