//! Wrong pages fail at their line, and right ones pass.

use super::*;

const SAMPLE: &str = "\
Text, and `$ false` in it.

```console
$ mkdir -p etc/reconf && cd etc/reconf && pwd
[..]/etc/reconf
$ cat > a.json <<END
> {\"id\":
>
> 1}
> END
$ cat a.json
{\"id\":

1}
```

```sh
$ rm -rf nothing
```

```console
$ pwd; printf 'no newline'
[..]/etc/[..]
no newline
$ (exit 75)
$ echo $?
75
$ echo to stderr >&2
to stderr
```
";

#[test]
fn only_console_blocks_are_read() {
    let steps = steps(SAMPLE);
    let lines: Vec<_> = steps.iter().map(|step| step.line).collect();
    assert_eq!(lines, [4, 6, 11, 22, 25, 26, 28]);
    assert_eq!(steps[1].command, "cat > a.json <<END\n{\"id\":\n\n1}\nEND");
    assert_eq!(steps[4].output, "");
}

#[test]
fn a_page_ends_where_a_program_is_missing() {
    let text = "```console\n$ a\n```\n```console sh no-such-program\n$ b\n```\n";
    let steps = steps(text);
    assert_eq!(steps.len(), 2);
    assert_eq!(first_missing(&steps), Some((1, "no-such-program")));
    assert_eq!(first_missing(&steps[..1]), None);
}

#[test]
fn correct_output_passes() {
    assert_eq!(replay(&steps(SAMPLE)), Ok(()));
}

#[test]
fn wrong_output_fails_at_its_line() {
    for (right, wrong, line) in [
        ("\n75\n", "\n76\n", "26:"),
        ("\n75\n", "\n", "26:"),
        ("$ (exit 75)\n", "$ (exit 75)\nmore\n", "25:"),
        ("[..]/etc/[..]", "[..]/var/[..]", "22:"),
        ("to stderr\n```", "```", "28:"),
    ] {
        let difference = replay(&steps(&SAMPLE.replacen(right, wrong, 1))).unwrap_err();
        assert!(difference.starts_with(line), "{wrong:?}: {difference}");
    }
}

#[test]
fn the_examples_and_the_binary_are_available() {
    let text = "```console\n$ ls examples/data_bags/service && command -v reconf\napi.json\napp-www.json\n[..]reconf\n```";
    assert_eq!(replay(&steps(text)), Ok(()));
}

#[test]
fn a_placeholder_matches_any_text_within_its_line() {
    assert!(line_matches("a [..] c [..]", "a b c "));
    assert!(line_matches("[..]", ""));
    assert!(!line_matches("a [..] c", "a b d"));
    assert!(!line_matches("a[..]a", "b a"));
}
