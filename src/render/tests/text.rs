//! The text of each format, and the replacements of templates that are refused.

use crate::{
    model::{format::Format, id::Id, sample},
    render::{Conf, RenderError, Rendered, Template, difference::Difference, render},
};

const HEADER: &str = "# Written by reconf from the manifest of app-www; 2 variables follow.\n";

fn rendered(
    format: Format,
    pairs: &[(&str, &str)],
    template: Option<&str>,
) -> Result<String, RenderError> {
    let environment = sample::environment(pairs);
    let service = Id::parse("app-www").unwrap();
    let conf = Conf {
        service: &service,
        environment: &environment,
    };
    let template = template.map(|text| Template {
        name: "mine.hbs".to_owned(),
        text: text.to_owned(),
    });
    render(format, &conf, template.as_ref()).map(|rendered| match rendered {
        Rendered::File(bytes) => String::from_utf8(bytes).unwrap(),
        Rendered::Directory(files) => format!("{files:?}"),
    })
}

#[test]
fn each_format_has_its_text() {
    let pairs = [("URL", "http://h/?a=1&b='2'"), ("A", "$x\\\n\"y")];
    let check = |format, expected: &str| {
        assert_eq!(
            rendered(format, &pairs, None).unwrap(),
            expected,
            "{format}"
        );
    };
    let shell = "export A='$x\\\n\"y'\nexport URL='http://h/?a=1&b='\\''2'\\'''\n";
    check(Format::Shell, &format!("{HEADER}{shell}"));
    let systemd = "A=\"\\$x\\\\\n\\\"y\"\nURL=\"http://h/?a=1&b='2'\"\n";
    check(Format::Systemd, &format!("{HEADER}{systemd}"));
    let pairs = [("URL", "http://h/?a=1&b='2'"), ("A", "$x\\y \"z")];
    let dotenv = "A='$x\\y \"z'\nURL=\"http://h/?a=1&b='2'\"\n";
    let written = rendered(Format::Dotenv, &pairs, None);
    assert_eq!(written, Ok(format!("{HEADER}{dotenv}")));
    let json = r#"{
  "A": "$x\\\n\"y",
  "URL": "http://h/?a=1&b='2'"
}
"#;
    check(Format::Json, json);
    let one = HEADER.replace("2 variables follow", "1 variable follows");
    let docker = rendered(Format::Docker, &pairs[..1], None);
    assert_eq!(docker, Ok(format!("{one}URL=http://h/?a=1&b='2'\n")));
}

#[test]
fn an_empty_environment_is_a_conf_too() {
    let empty = HEADER.replace('2', "0");
    for format in [
        Format::Shell,
        Format::Systemd,
        Format::Docker,
        Format::Dotenv,
    ] {
        assert_eq!(rendered(format, &[], None).as_ref(), Ok(&empty));
    }
}

#[test]
fn a_replacement_may_change_comments_and_order() {
    let template = "# 2 variables for {{service}}\n\n# B is {{env.B}}\n\
                    export B={{shell env.B}}\nexport A={{shell env.A}}\n";
    let text = rendered(Format::Shell, &[("A", "1"), ("B", "2")], Some(template));
    let expected = "# 2 variables for app-www\n\n# B is 2\nexport B='2'\nexport A='1'\n";
    assert_eq!(text.as_deref(), Ok(expected));
}

fn differences(format: Format, template: &str) -> Vec<Difference> {
    match rendered(format, &[("A", "it's"), ("B", "b")], Some(template)) {
        Err(RenderError::Different { differences, .. }) => differences,
        other => panic!("{template}: {other:?}"),
    }
}

#[test]
fn a_replacement_that_says_something_else_is_never_written() {
    let [a, b, c] = ["A", "B", "C"].map(str::to_owned);
    let dropped = [Difference::Dropped(b)];
    let one = "# 1 variable\nexport A={{shell env.A}}\n";
    assert_eq!(differences(Format::Shell, one), dropped);
    assert_eq!(differences(Format::Docker, "A={{env.A}}\n"), dropped);
    let all = "{{#each variables}}\n{{name}}={{systemd value}}\n{{/each}}\n";
    let more = differences(Format::Systemd, &format!("{all}C=1"));
    assert_eq!(more, [Difference::Added(c)]);
    let twice = differences(Format::Systemd, &format!("{all}A=it\\'s\n"));
    assert_eq!(twice, [Difference::Added(a.clone())]);
    let bare = "A={{env.A}}x\nB={{dotenv env.B}}\n";
    assert_eq!(
        differences(Format::Dotenv, bare),
        [Difference::Changed(a.clone())]
    );
}

#[test]
fn a_replacement_without_quoting_is_never_written() {
    let template = "# 1 variable\nexport A='{{env.A}}'\n";
    let error = rendered(
        Format::Shell,
        &[("A", "x'; touch /pwned; :'")],
        Some(template),
    );
    let Err(RenderError::Unreadable { source, .. }) = error else {
        panic!("{error:?}");
    };
    assert_eq!((source.line, source.column), (2, 13));
}

fn failure(template: &str) -> (Option<usize>, Option<usize>, String) {
    match rendered(Format::Shell, &[("A", "1")], Some(template)) {
        Err(RenderError::Template {
            template,
            line,
            column,
            message,
        }) => {
            assert_eq!(template, "mine.hbs");
            (line, column, message)
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn template_errors_have_their_place() {
    let missing = (Some(2), Some(1), "`env.NONE` does not exist".to_owned());
    assert_eq!(failure("#\n{{env.NONE}}"), missing);
    assert_eq!(failure("#\n{{shell env.NONE}}"), missing);
    let helper = "unknown helper `quote`".to_owned();
    assert_eq!(failure("{{quote env.A}}"), (Some(1), Some(1), helper));
    assert_eq!(failure("#\n#\n{{#each variables}}").0, Some(3));
    let kinds = "`shell` accepts strings and numbers only";
    assert_eq!(failure("{{shell variables}}").2, kinds);
}

#[test]
fn formats_that_are_built_in_code_take_no_template() {
    for format in [Format::Json, Format::Envdir] {
        let refused = rendered(format, &[], Some(""));
        assert_eq!(refused, Err(RenderError::BuiltIn(format)));
    }
}
