//! Steps 4 to 6: the file that HAProxy is to run, checked by HAProxy itself before it takes the place of the old one.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    time::Duration,
};

use crate::{
    balance::{
        file::{self, Candidate, CandidateError, Certificate},
        view::View,
    },
    edge::{
        files::{self, Access},
        haproxy::{self, found_files},
    },
    model::settings::BalanceSettings,
    node::Node,
    report::{Code, Failure},
};

/// How long HAProxy may check a file.
const CHECK_LIMIT: Duration = Duration::from_secs(60);

/// How much of what it prints is shown.
const SHOWN_LINES: usize = 10;

/// Renders the file and parses it back.
pub(super) fn render(node: &Node, view: View) -> Result<Candidate, Failure> {
    let (name, text) = template(node)?;
    render_with(node, view, &name, &text)
}

/// Renders the file of the built-in template, whatever replaces it.
pub(super) fn render_built_in(node: &Node, view: View) -> Result<Candidate, Failure> {
    render_with(node, view, BUILT_IN_NAME, file::BUILT_IN)
}

fn render_with(node: &Node, view: View, name: &str, text: &str) -> Result<Candidate, Failure> {
    let settings = &node.settings.balance;
    let binds = view.frontends.iter().flat_map(|frontend| &frontend.binds);
    let binds: Vec<String> = binds.chain(&view.stats).cloned().collect();
    let certificates = found_files(&file::certificate_paths(&binds));
    let certificates = certificates.into_iter().map(|found| Certificate {
        path: found.path,
        size: found.size,
        modified: found.modified,
    });
    let certificates: Vec<Certificate> = certificates.collect();
    file::render(name, text, view, &settings.output, &certificates).map_err(not_rendered)
}

/// The name and the text of the template.
fn template(node: &Node) -> Result<(String, String), Failure> {
    let name = &node.settings.balance.template;
    let path = node.paths.templates().join(name);
    let own = node.assumed.read(&path, Code::Data)?;
    match own {
        Some(text) => Ok((path.display().to_string(), text)),
        None if *name == BUILT_IN_NAME => Ok((name.clone(), file::BUILT_IN.to_owned())),
        None => {
            let message = format!("there is no template `{}`", path.display());
            Err(Failure::new(Code::NoInput, message)
                .note("nothing was changed")
                .hint("`balance.template` in config.json names it"))
        }
    }
}

/// The name of the built-in template, which a file with this name replaces.
const BUILT_IN_NAME: &str = "haproxy.cfg.hbs";

fn not_rendered(error: CandidateError) -> Failure {
    let failure = Failure::new(Code::Data, error.to_string())
        .note("nothing was changed")
        .hint("`reconf balance --view` prints what a template sees");
    match error {
        CandidateError::Template { .. } => failure,
        CandidateError::Differs { problems, .. } => {
            failure.facts(problems.iter().take(SHOWN_LINES).map(ToString::to_string))
        }
    }
}

/// Refuses to replace a file that somebody else wrote.
pub(super) fn refuse_foreign(output: &Path, present: Option<&[u8]>) -> Result<(), Failure> {
    if present.is_none_or(is_ours) {
        return Ok(());
    }
    let message = format!("`{}` was not written by reconf", output.display());
    Err(Failure::new(Code::CannotWrite, message)
        .facts([format!("its first line is not `{}`", file::HEADER)])
        .note("nothing was changed")
        .hint("move it away, or give another `balance.output` in config.json"))
}

/// Whether reconf wrote it.
pub(super) fn is_ours(bytes: &[u8]) -> bool {
    let rest = bytes.strip_prefix(file::HEADER.as_bytes());
    rest.is_some_and(|rest| rest.starts_with(b"\n"))
}

/// Writes the files of routes that the file names.
pub(super) fn write_maps(candidate: &Candidate) -> Result<(), Failure> {
    for (path, content) in &candidate.maps {
        files::write(path, content, &Access::READABLE)?;
    }
    Ok(())
}

/// Has HAProxy check the file beside its maps, which are in place then.
pub(super) fn check_beside(
    settings: &BalanceSettings,
    candidate: &Candidate,
) -> Result<(), Failure> {
    if let Some(folder) = settings.output.parent() {
        files::make_dir(folder, Access::READABLE.for_folder().mode)?;
    }
    write_maps(candidate)?;
    let path = candidate_path(settings);
    files::write(&path, &candidate.bytes, &Access::READABLE)?;
    let checked = check(settings, &path);
    files::remove_with_leftovers(&path)?;
    checked
}

/// Puts a file in place that was checked before.
pub(super) fn put(settings: &BalanceSettings, bytes: &[u8]) -> Result<(), Failure> {
    files::write(&settings.output, bytes, &Access::READABLE)?;
    Ok(())
}

/// Removes the candidate of a run that was killed.
pub(super) fn remove_leftover(settings: &BalanceSettings) -> Result<(), Failure> {
    files::remove_with_leftovers(&candidate_path(settings))?;
    Ok(())
}

/// Removes what reconf has written for a HAProxy that has been stopped.
pub(super) fn remove_all(settings: &BalanceSettings) -> Result<(), Failure> {
    let output = files::read_own(&settings.output)?;
    if output.as_deref().is_some_and(is_ours) {
        files::remove_with_leftovers(&settings.output)?;
    }
    remove_leftover(settings)?;
    haproxy::remove_other_maps(&settings.output, &BTreeSet::new());
    Ok(())
}

/// Removes the maps that the file does not name.
pub(super) fn remove_old_maps(settings: &BalanceSettings, candidate: &Candidate) {
    let kept: BTreeSet<PathBuf> = candidate
        .maps
        .iter()
        .map(|(path, _)| path.clone())
        .collect();
    haproxy::remove_other_maps(&settings.output, &kept);
}

/// A fixed name beside the file, under `balance.lock`.
fn candidate_path(settings: &BalanceSettings) -> PathBuf {
    let mut path = settings.output.clone().into_os_string();
    path.push(".candidate");
    path.into()
}

fn check(settings: &BalanceSettings, path: &Path) -> Result<(), Failure> {
    let shown = path.display().to_string();
    let words = settings.check.iter();
    let words: Vec<String> = words.map(|word| word.replace("{file}", &shown)).collect();
    let ran = haproxy::run(&words, CHECK_LIMIT);
    let Some(reason) = ran.failure else {
        return Ok(());
    };
    let printed = ran.output.lines().filter(|line| !line.trim().is_empty());
    // Its notices say where it is installed.
    let printed = printed.filter(|line| !line.starts_with("[NOTICE]"));
    let printed = printed.take(SHOWN_LINES).map(str::to_owned);
    Err(Failure::new(
        Code::CannotWrite,
        "the new configuration did not pass HAProxy's check",
    )
    .facts([reason].into_iter().chain(printed))
    .note("nothing was changed: HAProxy goes on with the old configuration")
    .hint("`reconf balance --stdout` prints the new one"))
}
