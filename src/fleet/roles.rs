//! The roles of a federation in etcd: what nodes need that announce, and what nodes need that only render (section 13).

use serde::Serialize;

use crate::model::{
    id::Id,
    key::{self, Kind},
};

/// A role, with the prefixes that it permits. Users of it have its name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Role {
    /// Its name.
    #[serde(rename = "role")]
    pub name: String,
    /// What it may read.
    pub read: Vec<String>,
    /// What it may write, each with what is there.
    #[serde(serialize_with = "prefixes")]
    pub write: Vec<(String, &'static str)>,
}

/// How the name of the role of nodes that only render ends. No id has its first character, so no other federation shares it.
const ONLY_RENDERS: &str = "@render";

/// The roles of a federation: of nodes that announce, and of those that only render. These take slots only where provisions
/// are limited; `retire`, which clears them up, is for the others.
pub(crate) fn roles(federation: &Id, has_limit: bool) -> [Role; 2] {
    let render = [
        (key::applied_prefix(federation), "what nodes run with"),
        (
            key::nodes_prefix(federation),
            "what nodes say of themselves",
        ),
    ];
    let announce = [
        (
            key::all_names_prefix(federation, Kind::Provides),
            "announcements",
        ),
        (
            key::all_names_prefix(federation, Kind::Withdrawn),
            "withdrawals",
        ),
    ];
    let slots = (
        key::slots_prefix(federation),
        "the limit of `listen.max_parallel`",
    );
    let role = |name: String, write: Vec<(String, &'static str)>| Role {
        name,
        read: vec![key::federation_prefix(federation)],
        write,
    };
    let limited = has_limit.then(|| slots.clone());
    let of_render = render.iter().cloned().chain(limited).collect();
    let of_all = announce.into_iter().chain(render).chain([slots]).collect();
    [
        role(format!("reconf-{federation}"), of_all),
        role(format!("reconf-{federation}{ONLY_RENDERS}"), of_render),
    ]
}

fn prefixes<S: serde::Serializer>(
    write: &[(String, &'static str)],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(write.iter().map(|(prefix, _)| prefix))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The writable folders of both roles.
    fn folders(has_limit: bool) -> [String; 2] {
        let federation = Id::parse("f").unwrap();
        roles(&federation, has_limit).map(|role| {
            assert_eq!(role.read, ["/reconf/v1/f/"]);
            let folder = |(prefix, _): &(String, _)| {
                let folder = prefix.strip_prefix("/reconf/v1/f/").unwrap();
                folder.strip_suffix('/').unwrap().to_owned()
            };
            let folders: Vec<String> = role.write.iter().map(folder).collect();
            format!("{}: {}", role.name, folders.join(" "))
        })
    }

    #[test]
    fn a_role_writes_what_its_nodes_write_and_nothing_else() {
        let all = "reconf-f: provides withdrawn applied nodes slots";
        assert_eq!(folders(false), [all, "reconf-f@render: applied nodes"]);
        assert_eq!(folders(true), [all, "reconf-f@render: applied nodes slots"]);
    }

    #[test]
    fn no_two_federations_share_a_role() {
        let roles_of = |name| roles(&Id::parse(name).unwrap(), false).map(|role| role.name);
        for (one, other) in [("a", "a-render"), ("a", "a.render"), ("a", "a_render")] {
            let (one, other) = (roles_of(one), roles_of(other));
            assert!(
                one.iter().all(|role| !other.contains(role)),
                "{one:?} {other:?}"
            );
        }
        let [_, render] = roles_of("a");
        let own = render.strip_prefix("reconf-").unwrap();
        assert!(Id::parse(own).is_err(), "{own} may be a federation");
    }

    #[test]
    fn json_has_the_prefixes_alone() {
        let [_, render] = roles(&Id::parse("f").unwrap(), false);
        let json = serde_json::to_string(&render).unwrap();
        assert_eq!(
            json,
            r#"{"role":"reconf-f@render","read":["/reconf/v1/f/"],"write":["/reconf/v1/f/applied/","/reconf/v1/f/nodes/"]}"#
        );
    }
}
