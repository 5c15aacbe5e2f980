//! Runs that are cut off anywhere, persons who put servers away, and reloads: the next run in one piece ends in the servers
//! of the file.

use proptest::{collection::vec, prelude::*};

use super::{haproxy::Haproxy, *};
use crate::{balance::state_file, harness::seed, model::balance_state::BalanceState};

/// What happens to a node.
#[derive(Clone, Debug)]
enum Step {
    /// Another file is wanted: each server, if it is in it, with its port and whether it is a backup.
    Want(Vec<Option<(u16, bool)>>),
    /// A person puts a server away, if it is in rotation.
    PutAway(usize),
    /// A run, cut off after so many commands.
    Run(usize),
    /// A run in one piece.
    RunWhole,
    /// A reload for another reason.
    Reload,
}

const SERVERS: usize = 7;

fn step() -> impl Strategy<Value = Step> {
    let server = proptest::option::weighted(0.6, (1_u16..4, prop::bool::weighted(0.1)));
    prop_oneof![
        4 => vec(server, SERVERS).prop_map(Step::Want),
        1 => (0..SERVERS).prop_map(Step::PutAway),
        4 => (0_usize..14).prop_map(Step::Run),
        3 => Just(Step::RunWhole),
        1 => Just(Step::Reload),
    ]
}

struct Node {
    haproxy: Haproxy,
    file: ParsedFile,
    state: BalanceState,
    /// The servers that a person has put away.
    hands: BTreeSet<ServerId>,
}

impl Node {
    fn new() -> Self {
        let file = file_of("s", &[]);
        Self {
            haproxy: Haproxy::loading(&file, state_file::EMPTY),
            file,
            state: BalanceState::default(),
            hands: BTreeSet::new(),
        }
    }

    fn want(&mut self, servers: &[Option<(u16, bool)>]) {
        let servers = servers.iter().enumerate();
        let lines = servers.filter_map(|(at, server)| {
            let (port, backup) = (*server)?;
            let backup = if backup { " backup" } else { "" };
            Some(format!("p{}/s{at} 10.0.0.{at}:{port}{backup}", at % 2))
        });
        let lines: Vec<String> = lines.collect();
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        self.file = file_of("s", &lines);
    }

    fn put_away(&mut self, at: usize) {
        let id = ServerId::new(&format!("p{}", at % 2), &format!("s{at}"));
        let ours = Ours::of(&self.state);
        if let Some(server) = self.haproxy.servers.get_mut(&id)
            && server.admin == 0
            && !ours.has(&id)
        {
            server.admin = 1;
            self.hands.insert(id);
        }
    }

    fn reload(&mut self) {
        let ours = Ours::of(&self.state);
        let states = state_file::content(&self.haproxy.asked(), &self.file, Some(&ours));
        self.haproxy = Haproxy::loading(&self.file, &states);
        let servers = &self.haproxy.servers;
        self.hands.retain(|id| servers.contains_key(id));
        self.settle();
    }

    /// A run; whether it came to its end.
    fn run(&mut self, mut commands: usize) -> bool {
        let mut ours = Ours::of(&self.state);
        let running = self.haproxy.asked();
        let comparison = Comparison {
            file: &self.file,
            running: &running,
            ours: Some(&ours),
        };
        match comparison.changes() {
            NeededChanges::None => {}
            NeededChanges::Reload(cause) => {
                assert_eq!(cause, ReloadCause::Backup);
                self.reload();
                return true;
            }
            NeededChanges::Socket(SocketChanges { batches, noted }) => {
                ours.note(&noted);
                let noted = noted.iter().map(ToString::to_string);
                self.state.noted.extend(noted);
                for CommandBatch { line } in &batches {
                    let length = line.split(';').count();
                    self.haproxy.execute(line, commands.min(length));
                    let Some(left) = commands.checked_sub(length) else {
                        return false;
                    };
                    commands = left;
                }
            }
        }
        self.settle();
        true
    }

    fn settle(&mut self) {
        let ours = Ours::of(&self.state);
        let running = self.haproxy.asked();
        let comparison = Comparison {
            file: &self.file,
            running: &running,
            ours: Some(&ours),
        };
        assert_eq!(comparison.changes(), NeededChanges::None);
        let hands = self
            .hands
            .iter()
            .filter(|id| comparison.wanted(id).is_some());
        assert_eq!(comparison.by_hand(), hands.cloned().collect());
        self.state.parked = parked_after(&comparison, &self.state.parked, "now");
        self.state.noted.clear();
        for (id, server) in &self.haproxy.servers {
            let is_wanted = comparison.wanted(id).is_some();
            let is_away = !is_wanted || self.hands.contains(id);
            assert_eq!(server.admin, u32::from(is_away), "{id}");
            assert!(server.is_checked || !is_wanted, "{id}");
            let is_ours = self.state.parked.contains_key(&id.to_string());
            assert_eq!(is_ours, is_away && !self.hands.contains(id), "{id}");
        }
    }
}

#[test]
fn a_run_in_one_piece_ends_in_the_servers_of_the_file_whatever_was_before() {
    let mut runner = seed::runner();
    runner
        .run(&vec(step(), 1..60), |steps| {
            let mut node = Node::new();
            for step in steps.into_iter().chain([Step::RunWhole]) {
                match step {
                    Step::Want(servers) => node.want(&servers),
                    Step::PutAway(at) => node.put_away(at),
                    Step::Run(commands) => drop(node.run(commands)),
                    Step::RunWhole => assert!(node.run(usize::MAX)),
                    Step::Reload => node.reload(),
                }
            }
            Ok(())
        })
        .unwrap();
}
