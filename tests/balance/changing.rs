//! A balanced fleet that changes at random.

use std::{
    collections::BTreeMap,
    net::{Ipv4Addr, SocketAddr},
};

use serde_json::{Value, json};

use crate::harness::{
    backend::{Backend, Protocol},
    client::Client,
    fleet::Fleet,
    lab::{Instance, Lab},
    ports::fixed_port,
    seed::Dice,
};

/// Two regions: the second one's instances are backups.
const REGIONS: &[&str] = &["east", "west"];

/// A node that balances `API_URL` and some others, and the instances of these.
pub(super) struct Changing {
    pub(super) lab: Lab,
    mode: &'static str,
    regions: &'static [&'static str],
    port: u16,
    dice: Dice,
    live: Vec<Live>,
    /// Other names whose ports are open.
    others: BTreeMap<usize, Live>,
    other_ports: Vec<u16>,
    is_flipped: bool,
    made: usize,
    ways: BTreeMap<String, usize>,
    /// Another reload command.
    reload: Option<Value>,
    /// A line for `global` of HAProxy's file.
    global: Option<&'static str>,
}

struct Live {
    instance: Instance,
    backend: Backend,
}

/// What happens to the fleet between two runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Change {
    Add,
    Move,
    Remove,
    /// The other region becomes the node's own.
    Flip,
    /// Another port opens or closes.
    Other,
}

pub(super) const ALL: [Change; 5] = [
    Change::Add,
    Change::Move,
    Change::Remove,
    Change::Flip,
    Change::Other,
];

impl Changing {
    /// Three instances of one region, with HAProxy running.
    pub(super) fn new(mode: &'static str) -> Self {
        Self::of(mode, &REGIONS[..1])
    }

    /// The same with instances of two regions: those of the second are backups.
    pub(super) fn in_two_regions(mode: &'static str) -> Self {
        Self::of(mode, REGIONS)
    }

    fn of(mode: &'static str, regions: &'static [&'static str]) -> Self {
        let lab = Lab::new(Fleet::embedded(), &json!({}));
        lab.requires(&["API_URL"]);
        let mut changing = Self {
            lab,
            mode,
            regions,
            port: fixed_port(),
            dice: Dice::new(),
            live: Vec::new(),
            others: BTreeMap::new(),
            other_ports: (0..4).map(|_| fixed_port()).collect(),
            is_flipped: false,
            made: 0,
            ways: BTreeMap::new(),
            reload: None,
            global: None,
        };
        changing.configure();
        for _ in 0..3 {
            changing.add();
        }
        changing.run();
        changing
    }

    /// Where clients send.
    pub(super) fn address(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.port).into()
    }

    fn configure(&self) {
        let mut regions = self.regions.to_vec();
        if self.is_flipped {
            regions.reverse();
        }
        let others: Vec<_> = (0..self.other_ports.len()).map(other_name).collect();
        let mut balance = json!({
            "local": {"names": others}, "close_after": "0s",
        });
        if let Some(reload) = &self.reload {
            balance["reload"] = reload.clone();
        }
        if let Some(line) = self.global {
            balance["extra"] = json!({"global": [line]});
        }
        let config = json!({"regions": regions, "region": regions[0], "balance": balance});
        self.lab.configure(&config);
    }

    /// Has the node reload HAProxy by another command.
    pub(super) fn reload_by(&mut self, command: Value) {
        self.reload = Some(command);
        self.configure();
    }

    /// Puts a line into `global` of HAProxy's file.
    pub(super) fn put_in_global(&mut self, line: &'static str) {
        self.global = Some(line);
        self.configure();
    }

    /// One random change and the run that follows it. An instance that was taken out ends once none of these clients can be
    /// waiting for it.
    pub(super) fn change(&mut self, kinds: &[Change], clients: &[Client]) {
        let ending = self.alter(kinds);
        self.run();
        if let Some(ending) = ending {
            clients.iter().for_each(Client::each_is_answered);
            ending.stop();
        }
    }

    /// One random change; gives the instance that is to end once a run has followed.
    pub(super) fn alter(&mut self, kinds: &[Change]) -> Option<Backend> {
        match kinds[self.dice.roll(kinds.len())] {
            Change::Add if self.live.len() < 8 => self.add(),
            Change::Remove if self.live.len() > 2 => Some(self.remove_after(0)),
            Change::Add | Change::Remove | Change::Move => Some(self.relocate_after(0)),
            Change::Flip => self.flip(),
            Change::Other => self.toggle(),
        }
    }

    /// Runs `reconf balance` and counts how HAProxy took it over.
    pub(super) fn run(&mut self) {
        let report = self.lab.balances();
        let how = report["how"].as_str().unwrap().to_owned();
        *self.ways.entry(how).or_default() += 1;
        self.lab.runs_its_file();
    }

    /// How often HAProxy took over changes, by the way in which it did.
    pub(super) fn ways(&self) -> &BTreeMap<String, usize> {
        &self.ways
    }

    pub(super) fn add(&mut self) -> Option<Backend> {
        self.made += 1;
        let region = self.regions[self.dice.roll(self.regions.len())];
        let live = self.start(&format!("n{}", self.made), region, self.port);
        self.lab.announce(&live.instance);
        self.live.push(live);
        None
    }

    /// Withdraws an instance, but not one of the first `kept`.
    pub(super) fn remove_after(&mut self, kept: usize) -> Backend {
        let at = kept + self.dice.roll(self.live.len() - kept);
        let live = self.live.swap_remove(at);
        self.lab.withdraw(&live.instance);
        live.backend
    }

    /// An instance starts somewhere else, but not one of the first `kept`.
    pub(super) fn relocate_after(&mut self, kept: usize) -> Backend {
        let at = kept + self.dice.roll(self.live.len() - kept);
        let (node, region) = {
            let old = &self.live[at].instance;
            (old.node.clone(), old.region.clone())
        };
        let new = self.start(&node, &region, self.port);
        self.lab.announce(&new.instance);
        std::mem::replace(&mut self.live[at], new).backend
    }

    /// An instance that stays announced, as HAProxy names it, and its program, which is to end.
    pub(super) fn kill_one(&mut self) -> (String, Backend) {
        (self.first_server(), self.live.swap_remove(0).backend)
    }

    /// An instance, as HAProxy names it.
    pub(super) fn first_server(&self) -> String {
        format!("local:{}/{}", self.port, self.live[0].instance.server())
    }

    /// How many instances there are.
    pub(super) fn size(&self) -> usize {
        self.live.len()
    }

    fn flip(&mut self) -> Option<Backend> {
        self.is_flipped = !self.is_flipped;
        self.configure();
        None
    }

    pub(super) fn toggle(&mut self) -> Option<Backend> {
        let at = self.dice.roll(self.other_ports.len());
        if let Some(live) = self.others.remove(&at) {
            self.lab.withdraw(&live.instance);
            return Some(live.backend);
        }
        let mut live = self.start(&format!("o{at}"), self.regions[0], self.other_ports[at]);
        live.instance = live.instance.providing("other", &[&other_name(at)]);
        self.lab.announce(&live.instance);
        self.others.insert(at, live);
        None
    }

    /// A new instance at an address of its own.
    fn start(&mut self, node: &str, region: &str, local_port: u16) -> Live {
        let protocol = if self.mode == "http" {
            Protocol::Http
        } else {
            Protocol::Lines
        };
        let host = Ipv4Addr::new(127, 0, 1, u8::try_from(self.dice.roll(200) + 1).unwrap());
        let backend = Backend::start(node, &format!("{host}:0"), protocol);
        let mut instance = Instance::of(node, backend.address(), local_port);
        region.clone_into(&mut instance.region);
        let instance = instance.with("mode", self.mode);
        Live { instance, backend }
    }
}

fn other_name(at: usize) -> String {
    format!("OTHER{at}_URL")
}
