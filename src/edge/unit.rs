//! The processes of a systemd unit, found in its control group: no message to systemd, which may hang, and no program.

use std::{
    fs,
    path::Path,
    time::{Duration, SystemTime},
};

use super::{files::system_reason, process_identity};

/// Where control groups of system services are: in the unified hierarchy, and in that of systemd beside the old ones.
const GROUPS: [&str; 2] = [
    "sys/fs/cgroup/system.slice",
    "sys/fs/cgroup/systemd/system.slice",
];

/// Clock ticks a second, as `/proc` counts them (`USER_HZ`) whatever the kernel's own clock does.
const TICKS: u64 = 100;

/// The first process of a unit, which started all others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct UnitProcess {
    /// Its process id.
    pub pid: u32,
    /// When it was started.
    pub started: Option<SystemTime>,
    /// The environment that it was started with, or why that cannot be read.
    pub environment: Result<Vec<(String, Vec<u8>)>, String>,
}

/// The first process of a unit; `None` if it does not run.
pub(crate) fn first_process(root: &Path, unit: &str) -> Option<UnitProcess> {
    let groups = GROUPS.iter().map(|groups| root.join(groups).join(unit));
    let mut lists = groups.map(|group| fs::read_to_string(group.join("cgroup.procs")));
    let list = lists.find_map(Result::ok)?;
    let pids = list.lines().filter_map(|line| line.trim().parse().ok());
    let started = pids.filter_map(|pid: u32| Some((process_identity::ticks(pid)?, pid)));
    let (ticks, pid) = started.min()?;
    Some(UnitProcess {
        pid,
        started: started_at(ticks),
        environment: environment(pid),
    })
}

/// The time of a number of clock ticks after the boot.
fn started_at(ticks: u64) -> Option<SystemTime> {
    let statistics = fs::read_to_string("/proc/stat").ok()?;
    let mut lines = statistics.lines();
    let boot = lines.find_map(|line| line.strip_prefix("btime "))?;
    let seconds = boot.trim().parse::<u64>().ok()? + ticks / TICKS;
    Some(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds))
}

fn environment(pid: u32) -> Result<Vec<(String, Vec<u8>)>, String> {
    let bytes = fs::read(format!("/proc/{pid}/environ")).map_err(|error| system_reason(&error))?;
    let pair = |line: &[u8]| {
        let at = line.iter().position(|byte| *byte == b'=')?;
        let name = String::from_utf8(line[..at].to_vec()).ok()?;
        Some((name, line[at + 1..].to_vec()))
    };
    Ok(bytes.split(|byte| *byte == 0).filter_map(pair).collect())
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    #[test]
    fn the_first_process_of_a_unit_is_found_with_its_environment() {
        let root = tempfile::tempdir().unwrap();
        let unit = root.path().join(GROUPS[0]).join("reconf-app.service");
        fs::create_dir_all(&unit).unwrap();
        let mut sleep = Command::new("sleep");
        let mut child = sleep
            .arg("1000")
            .env_clear()
            .env("A", "x=y")
            .spawn()
            .unwrap();
        let procs = format!("{}\n4194305\n", child.id());
        fs::write(unit.join("cgroup.procs"), procs).unwrap();
        let found = first_process(root.path(), "reconf-app.service").unwrap();
        assert_eq!(found.pid, child.id());
        let started = found.started.unwrap();
        let distance = SystemTime::now()
            .duration_since(started)
            .unwrap_or_default();
        assert!(distance < Duration::from_secs(3600), "{distance:?}");
        assert_eq!(
            found.environment.unwrap(),
            [("A".to_owned(), b"x=y".to_vec())]
        );
        assert_eq!(first_process(root.path(), "reconf-other.service"), None);
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(first_process(root.path(), "reconf-app.service"), None);
    }
}
