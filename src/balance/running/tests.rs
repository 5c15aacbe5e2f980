//! Answers of HAProxy, as its releases give them.

use super::*;

const INFO: &str = "Name: HAProxy\nVersion: 2.6.12\nPid: 3078\nUptime: 0d 0h00m01s\nnode: vm\n\
    description: reconf 0123456789abcdef\nStopping: 0\n\n";

/// As 2.6 and 3.0 answer.
const SERVERS: &str = "1
# be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state srv_uweight srv_iweight srv_time_since_last_change srv_check_status srv_check_result srv_check_health srv_check_state srv_agent_state bk_f_forced_id srv_f_forced_id srv_fqdn srv_port srvrecord srv_use_ssl srv_check_port srv_check_addr srv_agent_addr srv_agent_port
2 local:21100 1 us:api:a 127.0.0.1 0 0 1 1 700 8 2 0 6 0 0 0 - 8080 - 0 0 - - 0
2 local:21100 2 us:api:b fd00::1 2 1 1 1 1 1 0 2 6 0 0 0 - 8081 - 0 0 - - 0
2 local:21100 3 us:api:c - 0 32 1 1 1 1 0 2 6 0 0 0 api.example.com 8082 - 0 0 - - 0
4 b:1 1 x 127.0.0.1 2 8 1 1 1 1 0 2 0 0 0 0 - 22 - 0 0 - - 0

";

const STAT: &str = "# pxname,svname,qcur,qmax,scur,smax,slim,stot,bin,bout,dreq,dresp,ereq,econ,eresp,wretr,wredis,status,weight,act,bck,chkfail,
local:21100,FRONTEND,,,0,0,9983,0,0,0,0,0,0,,,,,OPEN,,,,,
local:21100,us:api:a,0,0,0,0,,0,0,0,,0,,0,0,0,0,DOWN,1,1,0,1,
local:21100,us:api:b,0,0,4,0,,0,0,0,,0,,0,0,0,0,MAINT,1,0,1,0,
local:21100,us:api:c,0,0,0,0,,0,0,0,,0,,0,0,0,0,MAINT (resolution),1,1,0,0,
local:21100,BACKEND,0,0,0,0,999,0,0,0,0,0,,0,0,0,0,UP,1,1,1,,
external,FRONTEND,,,0,0,9983,0,0,0,0,0,0,,,,,STOP,,,,,
b:1,x,0,0,0,0,,0,0,0,,0,,0,0,0,0,DRAIN,1,1,0,,
b:1,BACKEND,0,0,0,0,999,0,0,0,0,0,,0,0,0,0,UP,1,1,0,,

";

fn running() -> Running {
    Running::parse(&[INFO, SERVERS, STAT].concat()).unwrap()
}

#[test]
fn what_haproxy_says_of_itself_is_read() {
    let running = running();
    assert_eq!(running.pid, 3078);
    assert!(SERVERS.starts_with(&running.header));
    assert!(running.header.ends_with("srv_agent_port\n"));
    assert!(running.runs("0123456789abcdef"));
    assert!(!running.runs("") && !running.runs("0123456789abcde0"));
    let frontends: Vec<_> = running.frontends.iter().collect();
    assert_eq!(frontends, ["local:21100"]);
    let seen: Vec<_> = running
        .servers
        .iter()
        .map(|(id, server)| {
            let address = server.address.map(|address| address.to_string());
            let down = server.down.map(|time| time.as_secs());
            format!(
                "{id} {}:{} {:?} {:?} {down:?} {} {}",
                address.unwrap_or_default(),
                server.port,
                server.host,
                server.admin,
                server.backup,
                server.connections
            )
        })
        .collect();
    assert_eq!(
        seen,
        [
            "b:1/x 127.0.0.1:22 None Drain None false 0",
            "local:21100/us:api:a 127.0.0.1:8080 None Ready Some(700) false 0",
            "local:21100/us:api:b fd00::1:8081 None Maintenance None true 4",
            "local:21100/us:api:c :8082 Some(\"api.example.com\") Ready None false 0",
        ]
    );
    for (id, server) in &running.servers {
        assert_eq!(ServerId::parse(&id.to_string()).as_ref(), Some(id));
        assert!(SERVERS.contains(&format!("\n{}\n", server.line)));
    }
}

#[test]
fn a_restored_state_may_have_a_negative_age() {
    let restored = SERVERS.replace(" 0 0 1 1 700 ", " 0 0 1 1 -1 ");
    let running = Running::parse(&[INFO, &restored, STAT].concat()).unwrap();
    let server = &running.servers[&ServerId::new("local:21100", "us:api:a")];
    assert_eq!(server.down, Some(Duration::ZERO));
    assert!(server.line.contains(" -1 "));
}

#[test]
fn a_server_is_down_for_good_where_every_pool_finds_it_down() {
    let a = ServerAddress {
        name: "us:api:a".to_owned(),
        host: "127.0.0.1".to_owned(),
        port: 8080,
    };
    let down = |running: &Running, seconds| running.down_for(Duration::from_secs(seconds));
    let mut running = running();
    assert_eq!(down(&running, 701), [].into());
    assert_eq!(down(&running, 700), [a].into());
    let a = running.servers[&ServerId::new("local:21100", "us:api:a")].clone();
    let up = RunningServer { down: None, ..a };
    running.servers.insert(ServerId::new("b:1", "us:api:a"), up);
    assert_eq!(down(&running, 700), [].into());
}

#[test]
fn columns_of_other_releases_are_found_by_name() {
    // 2.2 has fewer of them; one that is new may be anywhere.
    let short: Vec<String> = SERVERS
        .lines()
        .map(|line| {
            let cut = line
                .split(' ')
                .take(20 + usize::from(line.starts_with('#')));
            cut.collect::<Vec<_>>().join(" ")
        })
        .collect();
    let swapped = STAT.replace("# pxname,svname", "# new,pxname,svname");
    let swapped = swapped
        .replace("\nlocal", "\n,local")
        .replace("\nb:1", "\n,b:1");
    let swapped = swapped.replace("\nexternal", "\n,external");
    let answer = [INFO, &short.join("\n"), "\n\n", &swapped].concat();
    let mut other = Running::parse(&answer).unwrap();
    other.header.clone_from(&running().header);
    for (id, server) in &mut other.servers {
        server.line.clone_from(&running().servers[id].line);
    }
    assert_eq!(other, running());
}

fn error(answer: [&str; 3]) -> String {
    Running::parse(&answer.concat()).unwrap_err().to_string()
}

#[test]
fn what_is_no_answer_of_haproxy_is_an_error_that_shows_it() {
    let early = "its answer ends too early";
    assert_eq!(error(["", "", ""]), early);
    assert_eq!(error([INFO, "", STAT]), early);
    assert_eq!(error([INFO, SERVERS, ""]), early);
    assert_eq!(error(["", SERVERS, STAT]), "it answers `1`");
    let long = error([&"\u{e4}".repeat(100_000), "", ""]);
    assert!(long.len() < 300 && long.ends_with("\u{2026}`"), "{long}");
    for unknown in [
        [INFO, "Unknown command\n\n", STAT],
        [INFO, SERVERS, "Unknown command\n\n"],
    ] {
        assert_eq!(error(unknown), "it answers `Unknown command`");
    }
}

#[test]
fn a_value_that_cannot_be_read_is_an_error_that_names_it() {
    let row = "us:api:b fd00::1 2 1 1 1 1 1 0 2 6 0 0 0 - 8081 - 0 0 - - 0";
    for (from, to, shown) in [
        ("3078", "many", "`many` as `Pid`"),
        (" 2 1 1 1 1 1 ", " 2 x 1 1 1 1 ", "`x` as `srv_admin_state`"),
        (
            " 2 1 1 1 1 1 ",
            " 2 1 1 1 x 1 ",
            "`x` as `srv_time_since_last_change`",
        ),
        ("- 8081 ", "- http ", "`http` as `srv_port`"),
        (
            row,
            "us:api:b fd00::1 2 1",
            "no `srv_time_since_last_change`",
        ),
        (",scur,", ",current,", "no `scur`"),
        (",status,", ",state,", "no `status`"),
        (",bck,", ",backup,", "no `bck`"),
        ("\nPid: 3078", "", "no `Pid`"),
    ] {
        let answer = [INFO, SERVERS, STAT].map(|part| part.replace(from, to));
        let shown = format!("its answer has {shown}");
        assert_eq!(error(answer.each_ref().map(String::as_str)), shown);
    }
}

#[test]
fn a_port_that_a_template_makes_negative_is_none() {
    let offset = SERVERS.replace(" 8081 ", " 4294967196 ");
    let running = Running::parse(&[INFO, &offset, STAT].concat()).unwrap();
    let server = &running.servers[&ServerId::new("local:21100", "us:api:b")];
    assert_eq!(server.port, 0);
}

#[test]
fn a_haproxy_of_somebody_else_has_no_shape() {
    let foreign = INFO.replace("reconf ", "other ");
    let answer = [&foreign, SERVERS, "# pxname,svname,scur,status,bck\n"].concat();
    assert_eq!(Running::parse(&answer).unwrap().shape, None);
}
