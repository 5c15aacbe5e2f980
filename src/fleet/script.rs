//! The `etcdctl` commands that make roles and their users, as a script for `sh` that is read first. Names and prefixes are
//! those of ids, so nothing in it needs quotes but what the settings name.

use super::roles::Role;
use crate::model::{id::Id, key};

/// How users log in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum UserLogin {
    /// With a password.
    Password,
    /// With a client certificate alone, whose common name is the user.
    Certificate,
}

/// What a script is about.
pub(crate) struct AccessScript<'a> {
    /// The federation.
    pub federation: &'a Id,
    /// Its roles.
    pub roles: &'a [Role],
    /// How their users log in.
    pub login: UserLogin,
    /// Where etcd is, separated by commas, if this node knows.
    pub endpoints: Option<String>,
    /// The authority's certificate, if this node has one.
    pub ca: Option<String>,
}

/// Makes a role unless it is there.
const ROLE: &str = r#"role() { etcdctl role get "$1" >/dev/null 2>&1 || etcdctl role add "$1"; }
"#;

/// Makes a user with a password, unless it is there. The commands are read from standard input themselves, so the password
/// has to come from a file.
const USER: &str = r#"
# Users, one for each role, with a password each. The arguments of a process are seen by every user of this machine, so
# passwords are in files: NAME.password in the folder $PASSWORDS (else this one), made here (mode 0600) unless they are
# there. Copy each to the nodes of its role: "registry": {"user": NAME, "password_file": FILE} in their config.json. A user
# that is there keeps its password.
umask 077
PASSWORDS=${PASSWORDS:-.}
mkdir -p "$PASSWORDS"
user() {
  etcdctl user get "$1" >/dev/null 2>&1 || {
    file=$PASSWORDS/$1.password
    [ -s "$file" ] || head -c 24 /dev/urandom | base64 | tr '+/' '-_' >"$file"
    [ -s "$file" ] || { echo "there is no password in $file" >&2; exit 1; }
    etcdctl user add "$1" --interactive=false <"$file"
  }
  etcdctl user grant-role "$1" "$1"
}
"#;

/// Makes a user without a password, unless it is there.
const CERTIFIED: &str = r#"
# Users, one for each role, without passwords: they log in with a client certificate whose common name (CN) is the user.
# etcd looks at that if it runs with --client-cert-auth.
user() {
  etcdctl user get "$1" >/dev/null 2>&1 || etcdctl user add "$1" --no-password
  etcdctl user grant-role "$1" "$1"
}
"#;

/// What is left to the reader.
const LAST: &str = "
# Last, once for the whole cluster: without authentication etcd asks nobody who they are, and there is no wall. From then on
# it refuses every client without a user, those that have nothing to do with reconf too. The first command asks for a
# password.
# etcdctl user add root
# etcdctl user grant-role root root
# etcdctl auth enable
# Then on a node: reconf access FEDERATION --audit
";

/// The script.
pub(crate) fn script(access: &AccessScript<'_>) -> String {
    let mut text = head(access);
    text += ROLE;
    for role in access.roles {
        text += &of_role(role);
    }
    text += &limit(access);
    text += match access.login {
        UserLogin::Password => USER,
        UserLogin::Certificate => CERTIFIED,
    };
    for role in access.roles {
        text += &format!("user {}\n", role.name);
    }
    text + &LAST.replace("FEDERATION", access.federation.as_str())
}

fn head(access: &AccessScript<'_>) -> String {
    let mut text = format!(
        "# Roles and users of federation `{}` in etcd. Read this, then give it to `sh`; it can be run again.
# What no argument should show is taken from the environment: ETCDCTL_USER=root:PASSWORD once authentication is on, and
# ETCDCTL_ENDPOINTS, ETCDCTL_CACERT, ETCDCTL_CERT, ETCDCTL_KEY.
set -eu
export ETCDCTL_API=3
",
        access.federation
    );
    let variables = [
        ("ETCDCTL_ENDPOINTS", &access.endpoints),
        ("ETCDCTL_CACERT", &access.ca),
    ];
    for (name, value) in variables {
        if let Some(value) = value {
            let value = quoted(value);
            text += &format!("[ -n \"${{{name}:-}}\" ] || export {name}={value}\n");
        }
    }
    text + "\n"
}

fn of_role(role: &Role) -> String {
    let name = &role.name;
    let mut text = format!("\nrole {name}\n");
    let reads = role.read.iter().map(|prefix| ("read", prefix, ""));
    let writes = role.write.iter();
    let writes = writes.map(|(prefix, what)| ("write", prefix, *what));
    for (operation, prefix, what) in reads.chain(writes) {
        let comment = if what.is_empty() {
            String::new()
        } else {
            format!("  # {what}")
        };
        text += &format!("{}{comment}\n", grant(name, operation, prefix));
    }
    text
}

/// What is to be done for nodes that only render and limit their provisions, unless it is done already.
fn limit(access: &AccessScript<'_>) -> String {
    let slots = key::slots_prefix(access.federation);
    let lacks_slots = |role: &&Role| role.write.iter().all(|(prefix, _)| *prefix != slots);
    let lines = access.roles.iter().filter(lacks_slots).map(|role| {
        let grant = grant(&role.name, "write", &slots);
        format!("# If `listen.max_parallel` is set on its nodes:\n# {grant}\n")
    });
    lines.collect()
}

fn grant(role: &str, operation: &str, prefix: &str) -> String {
    format!("etcdctl role grant-permission {role} --prefix=true {operation} {prefix}")
}

/// A value as one word of a shell.
fn quoted(value: &str) -> String {
    format!("'{}'", value.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fleet::roles;

    fn text(login: UserLogin, ca: Option<&str>) -> String {
        let federation = Id::parse("-f").unwrap();
        script(&AccessScript {
            federation: &federation,
            roles: &roles(&federation, false),
            login,
            endpoints: None,
            ca: ca.map(str::to_owned),
        })
    }

    #[test]
    fn every_prefix_is_granted_to_its_role_and_ends_in_a_slash() {
        let text = text(UserLogin::Password, None);
        let grants = text
            .lines()
            .filter(|line| line.starts_with("etcdctl role grant-permission"));
        let grants: Vec<&str> = grants
            .map(|line| line.split("  #").next().unwrap_or_default())
            .collect();
        assert_eq!(grants.len(), 6 + 3, "{text}");
        let is_prefix = |line: &&str| line.contains(" --prefix=true ") && line.ends_with('/');
        assert!(grants.iter().all(is_prefix), "{grants:?}");
    }

    #[test]
    fn nothing_enables_authentication_by_itself() {
        for login in [UserLogin::Password, UserLogin::Certificate] {
            let text = text(login, None);
            let commands = text.lines().filter(|line| !line.starts_with('#'));
            let commands: Vec<&str> = commands.collect();
            assert!(
                !commands.iter().any(|line| line.contains("auth ")),
                "{text}"
            );
            assert!(text.contains("\n# etcdctl auth enable\n"), "{text}");
        }
    }

    #[test]
    fn a_path_of_the_settings_stays_one_word() {
        let text = text(UserLogin::Certificate, Some("/a b/it's.pem"));
        assert!(
            text.contains(r"export ETCDCTL_CACERT='/a b/it'\''s.pem'"),
            "{text}"
        );
    }
}
