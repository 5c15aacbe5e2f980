//! The addresses that the balancer itself binds. A local port there would be bound twice, and a server there would send
//! each connection back to the balancer, until that has no descriptor left.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::{IpAddr, Ipv4Addr, SocketAddr},
};

use super::{
    file::{BoundAddress, bound_addresses},
    instance::{Instance, LeftOut, left_out},
    routes,
    wants::LocalWants,
};
use crate::model::{id::Id, settings::BalanceSettings};

/// What the frontends and the statistics page bind, and which key of `config.json` says so.
pub(super) struct OwnBinds(Vec<(SocketAddr, String)>);

impl OwnBinds {
    pub(super) fn of(settings: &BalanceSettings) -> Self {
        let balancers = routes::balancers(settings);
        let frontends = balancers.flat_map(|(kind, balancer)| {
            let binds = balancer.bind.iter();
            binds.map(move |bind| (bind, format!("balance.{kind}.bind")))
        });
        let stats = settings.stats.iter();
        let stats = stats.map(|bind| (bind, "balance.stats".to_owned()));
        let binds = frontends.chain(stats).flat_map(|(bind, key)| {
            let addresses = bound_addresses(bind).into_iter();
            addresses.filter_map(move |address| match address {
                BoundAddress::Socket(address) => Some((address, key.clone())),
                BoundAddress::Other(_) => None,
            })
        });
        Self(binds.collect())
    }

    /// The ports that no local port can have, with those that others hold.
    pub(super) fn taken(
        &self,
        wants: &LocalWants,
        others: &BTreeMap<u16, String>,
    ) -> BTreeMap<u16, String> {
        let is_in_the_way = |bound: &SocketAddr| {
            let mut addresses = wants.addresses.iter();
            addresses.any(|address| overlaps(bound.ip(), *address))
        };
        let own = self.0.iter().filter(|(bound, _)| is_in_the_way(bound));
        let own = own.map(|(bound, key)| (bound.port(), format!("`{key}` has it")));
        others.clone().into_iter().chain(own).collect()
    }

    /// Takes the instances out that lead back to the balancer of `node`.
    pub(super) fn drop_loops(
        &self,
        node: &Id,
        wants: &LocalWants,
        taken: &BTreeMap<u16, String>,
        instances: &mut Vec<Instance>,
    ) -> Vec<LeftOut> {
        let ports = local_ports(wants, taken, instances);
        let leads_back = |instance: &Instance| {
            let ip = ip(&instance.host);
            let is_local = ports.contains(&instance.port)
                && wants.addresses.iter().any(|bound| Some(*bound) == ip);
            let is_bound = |bound: &SocketAddr| {
                let is_here = || {
                    instance.key.node == *node
                        || ip.is_some_and(|ip| ip.is_loopback() || wants.addresses.contains(&ip))
                };
                bound.port() == instance.port
                    && (Some(bound.ip()) == ip || bound.ip().is_unspecified() && is_here())
            };
            is_local || self.0.iter().any(|(bound, _)| is_bound(bound))
        };
        let loops = instances.extract_if(.., |instance| leads_back(instance));
        loops
            .map(|instance| left_out(&instance.key, LEADS_BACK))
            .collect()
    }
}

/// Why an instance cannot be a server here.
const LEADS_BACK: (&str, &str) = ("loop", "its address is this balancer's own");

/// The local ports that may be open.
fn local_ports(
    wants: &LocalWants,
    taken: &BTreeMap<u16, String>,
    instances: &[Instance],
) -> BTreeSet<u16> {
    let claimed = instances.iter().filter_map(|instance| {
        let is_wanted = wants.required.contains(&instance.served_name());
        instance.local_port.filter(|_| is_wanted)
    });
    let ports = claimed.chain(wants.used.keys().copied());
    ports
        .filter(|port| !wants.own.contains(port) && !taken.contains_key(port))
        .collect()
}

fn ip(host: &str) -> Option<IpAddr> {
    if host == "localhost" {
        return Some(Ipv4Addr::LOCALHOST.into());
    }
    host.parse().ok().map(|ip: IpAddr| ip.to_canonical())
}

fn overlaps(one: IpAddr, other: IpAddr) -> bool {
    one == other || one.is_unspecified() || other.is_unspecified()
}

#[cfg(test)]
mod tests {
    use crate::balance::world::{World, reasons, shown};

    #[test]
    fn an_instance_at_an_open_port_of_the_balancer_is_left_out() {
        let mut world = World::new();
        world.requires("API");
        world.announce("f/east/api@a1", "API", |_| ());
        for host in ["127.0.0.1", "localhost", "::ffff:127.0.0.1"] {
            world.announce("f/east/api@a2", "API", |a| {
                a.host = host.to_owned();
                a.port = Some(21100);
            });
            let plan = world.look();
            assert_eq!(shown(&plan), ["21100 API -> east:api:a1"], "{host}");
            assert_eq!(reasons(&plan), ["API of api@a2: loop"], "{host}");
        }
        // The program itself answers there.
        world.manifest("api", r#""local_port": 21100, "command": true"#);
        assert!(reasons(&world.look()).is_empty());
    }

    #[test]
    fn a_port_that_nothing_opens_leads_to_a_program() {
        let mut world = World::new();
        world.requires("API");
        world.announce("f/east/api@a1", "API", |a| a.host = "127.0.0.1".to_owned());
        assert_eq!(shown(&world.look()), ["21100 API -> east:api:a1"]);
    }

    #[test]
    fn an_instance_of_this_node_at_a_frontends_port_is_left_out() {
        let mut world = World::routing();
        for (node, host) in [
            ("web01", "10.0.0.9"),
            ("a1", "127.0.0.1"),
            ("a2", "10.0.0.8"),
        ] {
            world.announce(&format!("f/east/www@{node}"), "WWW", |a| {
                a.pattern += "/shop";
                a.host = host.to_owned();
                a.port = Some(80);
            });
        }
        let plan = world.look();
        assert_eq!(shown(&plan), ["internal */shop -> east:www:a2"]);
        let expected = ["WWW of www@a1: loop", "WWW of www@web01: loop"];
        assert_eq!(reasons(&plan), expected);
    }

    #[test]
    fn a_local_port_that_a_frontend_or_the_statistics_have_is_left_out() {
        let mut world = World::routing();
        world.settings.local = World::new().settings.local;
        world.settings.stats = Some("127.0.0.1:21200".to_owned());
        world.requires("API WEB OK");
        for (name, port) in [("API", 80), ("WEB", 21200), ("OK", 21300)] {
            world.announce("f/east/api@a1", name, |a| {
                a.local_port = Some(port);
                a.pattern = "tcp://{HOST}:{PORT}".to_owned();
            });
        }
        let plan = world.look();
        assert_eq!(shown(&plan), ["21300 OK -> east:api:a1"]);
        let details = plan.left_out.iter().map(|left| left.detail.as_str());
        let expected = [
            "`balance.stats` has it; WEB stays direct",
            "`balance.internal.bind` has it; API stays direct",
        ];
        assert_eq!(details.collect::<Vec<_>>(), expected);
    }
}
