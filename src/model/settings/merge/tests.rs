//! Which source a setting is from, by table.

use std::net::IpAddr;

use super::*;
use crate::model::settings::origin::Origin;

fn load(
    flags: &Flags,
    variables: &[(&str, &str)],
    file: Option<&str>,
) -> Result<Settings, SettingsError> {
    let variable = |name: &'static str| {
        let found = variables.iter().find(|(known, _)| *known == name);
        found.map(|(_, value)| (*value).into())
    };
    Settings::load(flags, variable, file.map(|text| ("config.json", text)))
}

/// In the notation of `config.json`.
fn value(value: Option<String>) -> String {
    value.unwrap_or_else(|| "null".to_owned())
}

fn row(settings: &Settings, key: &str) -> (String, Origin) {
    let rows = settings.rows();
    let (_, value, origin) = rows.into_iter().find(|(known, ..)| *known == key).unwrap();
    (self::value(value), origin)
}

#[test]
fn a_fleet_that_shares_an_etcd_is_spread_unless_it_says_otherwise() {
    let etcd = [("RECONF_REGISTRY", "http://h:2379")];
    let set = Some(r#"{"listen": {"splay": "0s"}}"#);
    for (variables, file, seconds) in [
        (&etcd[..], None, 10),
        (&etcd[..], set, 0),
        (&[][..], None, 0),
    ] {
        let settings = load(&Flags::default(), variables, file).unwrap();
        let splay = settings.listen.splay;
        assert_eq!(splay.as_secs(), seconds, "{variables:?} {file:?}");
    }
}

#[test]
fn without_any_source_everything_is_default() {
    let settings = load(&Flags::default(), &[("RECONF_NODE", "")], None).unwrap();
    let rows: Vec<String> = settings
        .rows()
        .into_iter()
        .map(|(key, row, _)| format!("{key} {}", value(row)))
        .collect();
    assert_eq!(
        rows.join("\n"),
        "root /\nconfig /etc/reconf/config.json\nregistry dir:/var/lib/reconf/registry\n\
        registry.ca null\nregistry.cert null\nregistry.key null\nregistry.user null\nregistry.password_file null\n\
        registry.timeout 2s\nregistry.federations null\nnode null\nhost null\nregion default\nregions default\n\
        federation default\nfederations default\nrender.directory /etc/services.d\nrender.mode 0640\n\
        render.owner null\nrender.group null\nrender.formats shell\nrender.on_unreachable last-known\n\
        announce.ttl null\nlisten.command null\nlisten.debounce 2s\nlisten.debounce_max 30s\n\
        listen.min_interval 1m\nlisten.splay 0s\nlisten.max_parallel null\nlisten.busy_lock null\n\
        balance.local null\nbalance.local.address 127.0.0.1\nbalance.local.names null\n\
        balance.internal null\nbalance.internal.bind :8000\nbalance.internal.https false\n\
        balance.internal.domain null\nbalance.internal.names null\n\
        balance.external null\nbalance.external.bind :80\nbalance.external.https false\n\
        balance.external.domain null\nbalance.external.names null\nbalance.output /etc/haproxy/reconf.cfg\n\
        balance.check haproxy -c -f {file}\nbalance.reload systemctl reload-or-restart reconf-haproxy\n\
        balance.socket /run/reconf-haproxy/admin.sock\nbalance.template haproxy.cfg.hbs\nbalance.drain 5m\n\
        balance.close_after 1h\nbalance.stop systemctl disable --now reconf-haproxy\nbalance.stats null\n\
        balance.extra.global null\nbalance.extra.defaults null\nbalance.extra.frontend null\n\
        balance.extra.backend null"
    );
    assert!(
        settings
            .rows()
            .iter()
            .all(|(_, _, origin)| *origin == Origin::Default)
    );
    assert_eq!(settings.origins.len(), rows.len());
}

#[test]
fn flags_override_variables_and_these_the_file() {
    let file = r#"{"node": "file", "host": "10.0.0.1", "region": "file", "registry": {"timeout": "9s"}, "federation": null}"#;
    let flags = Flags {
        node: Some("flag".to_owned()),
        ..Flags::default()
    };
    let variables = [("RECONF_NODE", "variable"), ("RECONF_REGION", "variable")];
    let settings = load(&flags, &variables, Some(file)).unwrap();
    assert_eq!(
        row(&settings, "node"),
        ("flag".to_owned(), Origin::Flag("--node"))
    );
    assert_eq!(
        row(&settings, "region"),
        ("variable".to_owned(), Origin::Variable("RECONF_REGION"))
    );
    assert_eq!(
        row(&settings, "regions"),
        ("variable".to_owned(), Origin::Default)
    );
    assert_eq!(
        row(&settings, "host"),
        ("10.0.0.1".to_owned(), Origin::File)
    );
    assert_eq!(
        row(&settings, "registry.timeout"),
        ("9s".to_owned(), Origin::File)
    );
    assert_eq!(
        row(&settings, "federation"),
        ("default".to_owned(), Origin::Default)
    );
}

#[test]
fn paths_are_below_the_root() {
    let flags = Flags {
        root: Some("/tmp/x".to_owned()),
        ..Flags::default()
    };
    let file = r#"{"render": {"directory": "/srv/confs"}, "balance": {"socket": "/srv/s.sock"}}"#;
    let settings = load(&flags, &[], Some(file)).unwrap();
    assert_eq!(settings.config, Path::new("/tmp/x/etc/reconf/config.json"));
    assert_eq!(settings.render.directory, Path::new("/tmp/x/srv/confs"));
    assert_eq!(settings.balance.socket, Path::new("/tmp/x/srv/s.sock"));
    let output = Path::new("/tmp/x/etc/haproxy/reconf.cfg");
    assert_eq!(settings.balance.output, output);
    let registry = Location::Directory("/tmp/x/var/lib/reconf/registry".into());
    assert_eq!(settings.registry.location, registry);
    let given = load(
        &flags,
        &[("RECONF_REGISTRY", "dir:here"), ("RECONF_CONFIG", "c.json")],
        None,
    )
    .unwrap();
    assert_eq!(given.registry.location, Location::Directory("here".into()));
    assert_eq!(given.config, Path::new("c.json"));
}

#[test]
fn the_whole_example_of_the_contract_is_understood() {
    let file = include_str!("../../../../tests/golden/settings/whole.json");
    let settings = load(&Flags::default(), &[], Some(file)).unwrap();
    let urls = ["https://etcd1:2379", "https://etcd2:2379"].map(str::to_owned);
    assert_eq!(settings.registry.location, Location::Etcd(urls.to_vec()));
    let pivotly = &settings.registry.federations[&Id::parse("pivotly").unwrap()];
    assert_eq!(pivotly.user.as_deref(), Some("pivotly"));
    assert_eq!(pivotly.cert, None);
    assert_eq!(settings.render.formats, [Format::Shell, Format::Systemd]);
    assert_eq!(settings.render.mode, 0o600);
    assert_eq!(settings.ttl, Some(Duration::from_secs(90)));
    assert_eq!(
        row(&settings, "regions"),
        ("us-east-1,us-west-2".to_owned(), Origin::File)
    );
    assert_eq!(row(&settings, "registry.federations").0, "pivotly");
    let balance = &settings.balance;
    let local = balance.local.as_ref().unwrap();
    assert_eq!(local.addresses[1], "fd00::1".parse::<IpAddr>().unwrap());
    assert_eq!(
        balance.internal.as_ref().unwrap().domain.as_deref(),
        Some("int.example.com")
    );
    assert!(balance.external.as_ref().unwrap().https);
    assert_eq!(balance.close_after, Duration::ZERO);
}

#[test]
fn a_wrong_flag_is_bad_usage_and_a_wrong_variable_bad_configuration() {
    let flags = Flags {
        timeout: Some("5".to_owned()),
        ..Flags::default()
    };
    let error = load(&flags, &[], None).unwrap_err();
    assert!(matches!(error, SettingsError::Usage(_)));
    assert_eq!(error.to_string(), "`--timeout` needs a unit, such as `5s`");
    for (name, value) in [
        ("RECONF_TIMEOUT", "0s"),
        ("RECONF_NODE", "a/b"),
        ("RECONF_HOST", "a:1"),
        ("RECONF_REGISTRY", "http://u:secret@h:1"),
    ] {
        let error = load(&Flags::default(), &[(name, value)], None).unwrap_err();
        assert!(matches!(error, SettingsError::Variable(_)), "{name}");
        let message = error.to_string();
        assert!(
            message.starts_with(&format!("`{name}` ")) && !message.contains("secret"),
            "{message}"
        );
    }
    let empty = Flags {
        root: Some(String::new()),
        ..Flags::default()
    };
    assert!(matches!(
        load(&empty, &[], None),
        Err(SettingsError::Usage(_))
    ));
}

#[test]
fn a_kind_of_balancer_is_given_by_true_or_by_an_object_and_by_nothing_else() {
    for (text, kinds) in [
        ("{}", [false; 3]),
        (r#"{"balance": null}"#, [false; 3]),
        (
            r#"{"balance": {"local": null, "external": false}}"#,
            [false; 3],
        ),
        (r#"{"balance": {"local": true}}"#, [true, false, false]),
        (r#"{"balance": {"internal": {}}}"#, [false, true, false]),
        (
            r#"{"balance": {"local": {"address": "::1"}, "external": true}}"#,
            [true, false, true],
        ),
    ] {
        let balance = load(&Flags::default(), &[], Some(text)).unwrap().balance;
        let given = [
            balance.local.is_some(),
            balance.internal.is_some(),
            balance.external.is_some(),
        ];
        assert_eq!(given, kinds, "{text}");
        assert_eq!(balance.is_on(), kinds.contains(&true), "{text}");
    }
}

#[test]
fn a_root_is_too_deep_for_the_socket_only_where_there_is_a_balancer() {
    let flags = Flags {
        root: Some(format!("/{}", "r".repeat(80))),
        ..Flags::default()
    };
    assert!(load(&flags, &[], None).is_ok());
    let error = load(&flags, &[], Some(r#"{"balance": {"local": true}}"#)).unwrap_err();
    assert!(matches!(error, SettingsError::Variable(_)));
    let message = error.to_string();
    assert!(
        message.starts_with("`balance.socket` would be `/r"),
        "{message}"
    );
}
