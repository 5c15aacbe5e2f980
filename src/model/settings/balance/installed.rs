//! Settings of a HAProxy that runs as an earlier configuration set it up.

use std::path::{Path, PathBuf};

use super::BalanceSettings;
use crate::model::{
    balance_state::InstalledHaproxy,
    settings::{Settings, merge::below, origin::Origin},
};

impl Settings {
    /// How the configuration sets HAProxy up.
    pub(crate) fn haproxy(&self) -> InstalledHaproxy {
        let path = |path: &Path| -> PathBuf {
            let below = path.strip_prefix(&self.root).unwrap_or(path);
            Path::new("/").join(below)
        };
        let BalanceSettings {
            output,
            check,
            reload,
            socket,
            stop,
            ..
        } = self.balance.clone();
        InstalledHaproxy {
            output: path(&output),
            socket: path(&socket),
            check,
            reload,
            stop,
        }
    }

    /// The settings of balancing for a HAProxy that was set up so. Without any kind of balancer, commands that the
    /// configuration gives all the same replace those of then: one of these may have to be mended.
    pub(crate) fn balance_with(&self, haproxy: &InstalledHaproxy) -> BalanceSettings {
        let command = |key, given: &Vec<String>, former: &Vec<String>| {
            let is_given = !self.balance.is_on() && self.origins.get(key) == Origin::File;
            if is_given { given } else { former }.clone()
        };
        let own = self.balance.clone();
        BalanceSettings {
            output: below(&self.root, &haproxy.output),
            socket: below(&self.root, &haproxy.socket),
            check: command("balance.check", &own.check, &haproxy.check),
            reload: command("balance.reload", &own.reload, &haproxy.reload),
            stop: command("balance.stop", &own.stop, &haproxy.stop),
            ..own
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::settings::Flags;

    fn load(balance: &str) -> Settings {
        let flags = Flags {
            root: Some("/tmp/x".to_owned()),
            ..Flags::default()
        };
        let file = format!(r#"{{"balance": {balance}}}"#);
        Settings::load(&flags, |_| None, Some(("config.json", &file))).unwrap()
    }

    #[test]
    fn what_was_set_up_counts_below_the_root_but_for_commands_that_are_given_without_a_balancer() {
        let first = r#"{"local": true, "output": "/a.cfg", "socket": "/a.sock", "stop": ["a"], "reload": ["a", "b"]}"#;
        let first = load(first);
        let known = first.haproxy();
        assert_eq!(known.output, Path::new("/a.cfg"));
        assert!(known.is_whole());
        assert_eq!(first.balance_with(&known), first.balance);
        for (now, stop, reload) in [
            ("{}", "a", "a b"),
            (r#"{"stop": ["c"], "output": "/c.cfg"}"#, "c", "a b"),
            (r#"{"local": true, "stop": ["c"]}"#, "a", "a b"),
        ] {
            let with = load(now).balance_with(&known);
            assert_eq!(with.output, Path::new("/tmp/x/a.cfg"), "{now}");
            assert_eq!(with.socket, Path::new("/tmp/x/a.sock"), "{now}");
            assert_eq!(with.stop.join(" "), stop, "{now}");
            assert_eq!(with.reload.join(" "), reload, "{now}");
        }
    }

    #[test]
    fn what_cannot_have_been_set_up_is_not_used() {
        let known = load("{}").haproxy();
        let broken: [fn(&mut InstalledHaproxy); 5] = [
            |haproxy| haproxy.output = "a.cfg".into(),
            |haproxy| haproxy.socket = PathBuf::new(),
            |haproxy| haproxy.check.clear(),
            |haproxy| haproxy.reload.clear(),
            |haproxy| haproxy.stop.clear(),
        ];
        for change in broken {
            let mut changed = known.clone();
            change(&mut changed);
            assert!(known.is_whole() && !changed.is_whole(), "{changed:?}");
        }
    }
}
