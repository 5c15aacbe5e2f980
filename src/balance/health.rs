//! What HAProxy's checks say of the servers of a pool, from `show stat`.

use std::{collections::BTreeMap, time::Duration};

/// What HAProxy is asked.
pub(crate) const STATISTICS: &str = "show stat";

/// A server of a pool, as HAProxy sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ServerHealth {
    /// HAProxy's own word, such as `UP`, `DOWN`, `MAINT` or `no check`.
    pub status: String,
    /// For how long it has been so.
    pub since: Option<Duration>,
    /// What its last check found, where the server is down.
    pub why: Option<String>,
    /// Whether it serves only while no other does.
    pub is_backup: bool,
}

/// The servers of a pool, by name; `None` if that is not what HAProxy answers.
pub(crate) fn servers(answer: &str, pool: &str) -> Option<BTreeMap<String, ServerHealth>> {
    let mut lines = answer.lines().filter(|line| !line.is_empty());
    let header = fields(lines.next()?.strip_prefix("# ")?);
    let column = |name: &str| header.iter().position(|column| column == name);
    let (section, server) = (column("pxname")?, column("svname")?);
    let status = column("status")?;
    let (changed, backup) = (column("lastchg"), column("bck"));
    let reasons = [column("last_chk"), column("check_desc")];
    let mut servers = BTreeMap::new();
    for row in lines.map(fields) {
        let get = |at: Option<usize>| row.get(at?).map(String::as_str).filter(|t| !t.is_empty());
        let name = get(Some(server)).unwrap_or_default();
        if get(Some(section)) != Some(pool) || matches!(name, "FRONTEND" | "BACKEND") {
            continue;
        }
        let status = get(Some(status)).unwrap_or_default().to_owned();
        let is_down = status.starts_with("DOWN");
        let why = reasons.into_iter().find_map(get).filter(|_| is_down);
        let seconds = get(changed).and_then(|seconds| seconds.parse().ok());
        let health = ServerHealth {
            status,
            since: seconds.map(Duration::from_secs),
            why: why.map(str::to_lowercase),
            is_backup: get(backup) == Some("1"),
        };
        servers.insert(name.to_owned(), health);
    }
    Some(servers)
}

/// The fields of a line; one in double quotes may have commas.
fn fields(line: &str) -> Vec<String> {
    let mut fields = vec![String::new()];
    let mut is_quoted = false;
    for c in line.chars() {
        match (c, fields.last_mut()) {
            ('"', _) => is_quoted = !is_quoted,
            (',', _) if !is_quoted => fields.push(String::new()),
            (c, Some(field)) => field.push(c),
            (_, None) => {}
        }
    }
    fields
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As 2.6 answers, with fewer columns.
    const ANSWER: &str = "# pxname,svname,status,bck,lastchg,check_status,last_chk,check_desc,\n\
        local:1,FRONTEND,OPEN,,,,,,\n\
        local:1,us:api:a,UP,0,7200,L4OK,,Layer4 check passed,\n\
        local:1,us:api:b,DOWN,0,121,L4CON,\"Connection refused, at \"\"all\"\"\",Layer4 connection problem,\n\
        local:1,us:api:c,DOWN 1/2,1,3,L4TOUT,,Layer4 timeout,\n\
        local:1,us:api:d,MAINT,0,,,x,,\n\
        local:1,BACKEND,UP,,7200,,,,\n\
        local:10,us:api:a,UP,0,1,,,,\n\n";

    #[test]
    fn the_servers_of_a_pool_have_their_state_and_those_that_are_down_a_reason() {
        let servers = servers(ANSWER, "local:1").unwrap();
        let health = |status: &str, since, why: Option<&str>, is_backup| ServerHealth {
            status: status.to_owned(),
            since: Option::map(since, Duration::from_secs),
            why: why.map(str::to_owned),
            is_backup,
        };
        let expected = [
            ("us:api:a", health("UP", Some(7200), None, false)),
            (
                "us:api:b",
                health("DOWN", Some(121), Some("connection refused, at all"), false),
            ),
            (
                "us:api:c",
                health("DOWN 1/2", Some(3), Some("layer4 timeout"), true),
            ),
            ("us:api:d", health("MAINT", None, None, false)),
        ];
        let expected = expected.map(|(name, health)| (name.to_owned(), health));
        assert_eq!(servers, expected.into());
        assert_eq!(super::servers(ANSWER, "none"), Some(BTreeMap::new()));
        for answer in ["", "Permission denied\n", "# pxname,svname\n"] {
            assert_eq!(super::servers(answer, "local:1"), None, "{answer}");
        }
    }
}
