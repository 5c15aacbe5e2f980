//! Every name that a manifest may set can be sourced by four shells, as root too: its value arrives, nothing runs, and
//! the rest of the conf is read.

use std::{
    collections::BTreeSet,
    fs,
    path::Path,
    process::{Command, Stdio},
};

use super::{Rendered, reader::SHELLS, rendered, values};
use crate::{
    harness::values::CANARY,
    model::{format::Format, name::Name},
};

/// Names that design.md lists, and a few of each pattern.
const RESERVED: &str = "UID EUID GID EGID USERNAME PPID GROUPS SHELLOPTS BASHOPTS BASH_VERSION BASH_X FUNCNAME \
    DIRSTACK LINENO RANDOM SRANDOM SECONDS EPOCHSECONDS EPOCHREALTIME HISTCMD HISTSIZE SAVEHIST OPTIND OPTARG LINES \
    COLUMNS SHLVL IFS PWD OLDPWD _ ERRNO TTYIDLE KEYTIMEOUT MAILCHECK ARGV0 ZSH_VERSION ZSH_X path cdpath argv status \
    pipestatus signals RECONF_ROOT RECONF_X";

/// Names that the manuals of the four shells give a meaning, beside those that the shells list themselves.
const DOCUMENTED: &str = "ARGC BASH BASHPID BASH_ENV BAUD CDPATH CHILD_MAX COMPREPLY COMP_CWORD COMP_KEY COMP_LINE \
    COMP_POINT COMP_TYPE COMP_WORDBREAKS COMP_WORDS COPROC CORRECT_IGNORE CORRECT_IGNORE_FILE CPUTYPE DIRSTACKSIZE \
    EMACS ENV EXECIGNORE FCEDIT FIGNORE FPATH FUNCNEST GLOBIGNORE HISTCHARS HISTCONTROL HISTFILE HISTFILESIZE \
    HISTIGNORE HISTTIMEFORMAT HOME HOST HOSTFILE HOSTNAME HOSTTYPE IGNOREEOF INPUTRC INSIDE_EMACS KEYBOARD_HACK LANG \
    LC_ALL LC_COLLATE LC_CTYPE LC_MESSAGES LC_NUMERIC LC_TIME LISTMAX LOGCHECK LOGNAME MACHTYPE MAIL MAILPATH MANPATH \
    MAPFILE MATCH MBEGIN MEND MODULE_PATH NULLCMD OPTERR OSTYPE PATH PERIOD PIPESTATUS POSIXLY_CORRECT POSTEDIT \
    PROMPT PROMPT2 PROMPT3 PROMPT4 PROMPT_COMMAND PROMPT_DIRTRIM PROMPT_EOL_MARK PS0 PS1 PS2 PS3 PS4 PSVAR \
    READLINE_LINE READLINE_POINT READNULLCMD REPLY REPORTMEMORY REPORTTIME RPROMPT RPROMPT2 RPS1 RPS2 SHELL SPROMPT \
    STTY TERM TERMINFO TERMINFO_DIRS TIMEFMT TIMEFORMAT TMOUT TMPDIR TMPPREFIX TMPSUFFIX TRY_BLOCK_ERROR \
    TRY_BLOCK_INTERRUPT TTY TZ VENDOR WATCH WATCHFMT WORDCHARS ZDOTDIR ZLE_LINE_ABORTED ZLE_REMOVE_SUFFIX_CHARS \
    ZLE_RPROMPT_INDENT ZLE_SPACE_SUFFIX_CHARS aliases builtins commands dirstack dis_aliases errnos fignore fpath \
    funcstack functions galiases histchars history jobtexts keymaps langinfo mailpath manpath mapfile match mbegin \
    mend module_path modules nameddirs options parameters prompt psvar reply reswords saliases sysparams termcap \
    terminfo userdirs usergroups watch widgets zsh_eval_context";

/// Values that an arithmetic, array, one-character or comment-character variable would not keep, or would run.
const VALUES: [&str; 4] = ["x y", "a[$(touch canary)]", "!^e", "-1:é\n'"];

fn may_be_set(name: &str) -> bool {
    Name::in_environment(name).is_ok()
}

#[test]
fn names_that_a_shell_owns_are_refused() {
    let taken: Vec<&str> = RESERVED
        .split_whitespace()
        .filter(|n| may_be_set(n))
        .collect();
    assert!(taken.is_empty(), "{taken:?}");
}

#[test]
fn every_other_name_is_sourced_by_four_shells_without_harm() {
    let mut names: BTreeSet<String> = DOCUMENTED.split_whitespace().map(str::to_owned).collect();
    names.extend(listed("zsh", &["-f", "-c", "print -l ${(k)parameters}"]));
    names.extend(listed("bash", &["-c", "compgen -v"]));
    names.extend(listed("dash", &["-c", "set"]));
    names.extend(listed("busybox", &["sh", "-c", "set"]));
    names.retain(|name| may_be_set(name));
    assert!(names.len() > 100, "{names:?}");
    let folder = tempfile::tempdir().expect("a folder");
    let cases = write_confs(folder.path(), &names);
    std::thread::scope(|scope| {
        for shell in SHELLS {
            scope.spawn(|| source_all(shell, folder.path(), &cases));
        }
    });
    assert!(!folder.path().join(CANARY).exists(), "a value ran as code");
}

/// The names that a shell knows by itself, in an empty environment.
fn listed(shell: &str, arguments: &[&str]) -> Vec<String> {
    let mut command = Command::new(shell);
    let output = command
        .args(arguments)
        .env_clear()
        .output()
        .expect("the shell runs");
    let text = String::from_utf8_lossy(&output.stdout);
    let names = text
        .lines()
        .map(|line| line.split('=').next().unwrap_or_default());
    names
        .filter(|name| Name::parse(name).is_ok())
        .map(str::to_owned)
        .collect()
}

/// A conf for each name and value, with a variable after it that is lost when the shell stops reading.
fn write_confs(folder: &Path, names: &BTreeSet<String>) -> Vec<(String, &'static str)> {
    let with_values = |name: &String| VALUES.map(|value| (name.clone(), value));
    let cases: Vec<_> = names.iter().flat_map(with_values).collect();
    for (number, (name, value)) in cases.iter().enumerate() {
        let after = ("zzz_after".to_owned(), "after".to_owned());
        let environment = values::environment([(name.clone(), (*value).to_owned()), after]);
        let Rendered::File(conf) = rendered(Format::Shell, &environment) else {
            panic!("a shell conf is a file");
        };
        fs::write(folder.join(number.to_string()), conf).expect("written");
    }
    cases
}

/// One process of the shell sources each conf in a subshell of its own, which says what it holds then.
fn source_all(shell: &[&str], folder: &Path, cases: &[(String, &'static str)]) {
    let mut script = String::new();
    for (number, (name, _)) in cases.iter().enumerate() {
        script += &format!(
            "(. ./{number} && printf '%s\\0%s\\0' \"${name}\" \"$zzz_after\"); printf '%s\\0' $?\n"
        );
    }
    let path = folder.join(format!("{}.sh", shell[0]));
    fs::write(&path, script).expect("written");
    let mut command = Command::new(shell[0]);
    command
        .args(&shell[1..])
        .arg(&path)
        .current_dir(folder)
        .env_clear()
        .stdin(Stdio::null());
    let output = command.output().expect("the shell runs");
    let printed: Vec<&[u8]> = output.stdout.split(|&b| b == 0).collect();
    for (case, printed) in cases.iter().zip(printed.chunks(3)) {
        let (name, value) = case;
        let expected = [value.as_bytes(), b"after", b"0"];
        let shown: Vec<_> = printed.iter().map(|s| String::from_utf8_lossy(s)).collect();
        assert!(
            printed == expected,
            "{}: {name} = {value:?} gives {shown:?}",
            shell[0]
        );
    }
    assert_eq!(printed.len(), cases.len() * 3 + 1, "{}", shell[0]);
}
