//! Templates whose files do not say what the view says.

use super::{BUILT_IN, CandidateError, output, render, whole};

/// Why the file of a template is refused.
#[track_caller]
fn refused(template: &str) -> Vec<String> {
    match render("mine.hbs", template, whole(), output(), &[]) {
        Ok(_) => panic!("it is accepted"),
        Err(CandidateError::Differs { template, problems }) => {
            assert_eq!(template, "mine.hbs");
            problems.iter().map(ToString::to_string).collect()
        }
        Err(error @ CandidateError::Template { .. }) => vec![error.to_string()],
    }
}

/// What is replaced in the built-in template (`""`: added at its end), by what, and why the file is refused.
const CHANGES: [(&str, &str, &[&str]); 11] = [
    (
        "# Written by reconf from the registry.\n",
        "",
        &["its first line is not `# Written by reconf from the registry.`"],
    ),
    ("", "# cut off", &["its last line does not end"]),
    (
        "listen {{pool}}\n",
        "listen x{{pool}}\n",
        &[
            "section `local:21100` is missing",
            "section `local:28080` is missing",
        ],
    ),
    (
        "frontend {{kind}}\n",
        "frontend {{kind}}-x\n",
        &[
            "section `internal` is missing",
            "section `external` is missing",
        ],
    ),
    (
        "listen {{pool}}\n",
        "listen {{pool}}\nlisten {{pool}}\n",
        &[
            "section `local:21100` is there twice",
            "section `local:28080` is there twice",
        ],
    ),
    (
        "  bind {{endpoint this ../port}}\n",
        "",
        &[
            "`local:21100` does not bind `127.0.0.1:21100`",
            "`local:21100` does not bind `[::1]:21100`",
            "`local:28080` does not bind `127.0.0.1:28080`",
        ],
    ),
    (
        "  bind {{this}}\n",
        "  bind :8000\n",
        &[
            "`:8000` is bound twice: in `external` and in `internal`",
            "`external` does not bind `:8080`",
        ],
    ),
    (
        "",
        "\nlisten mine\n  bind 127.0.0.1:28080 tfo\n",
        &["`127.0.0.1:28080` is bound twice: in `local:28080` and in `mine`"],
    ),
    (
        "{{#if backup}} backup{{/if}}",
        "",
        &[
            "server `west:api:api03` of `http:default:api` has another address, port or `backup` than in the view",
            "server `west:api:api03` of `local:21100` has another address, port or `backup` than in the view",
        ],
    ),
    (
        "  server {{name}} ",
        "{{#if backup}}  #{{/if}}  server {{name}} ",
        &[
            "server `west:api:api03` is missing in `http:default:api`",
            "server `west:api:api03` is missing in `local:21100`",
        ],
    ),
    (
        "  mode {{mode}}\n",
        "  mode {{mode}}\n  server one 10.0.0.1:1\n  server one 10.0.0.1:1\n",
        &[
            "server `one` is in `local:21100` twice",
            "server `one` of `local:21100` is not in the view",
            "server `one` is in `local:28080` twice",
            "server `one` of `local:28080` is not in the view",
        ],
    ),
];

#[test]
fn a_template_that_says_something_else_than_the_view_is_refused() {
    for (from, to, expected) in CHANGES {
        assert!(BUILT_IN.contains(from), "{from}");
        let template = match from {
            "" => format!("{BUILT_IN}{to}"),
            from => BUILT_IN.replace(from, to),
        };
        assert_eq!(refused(&template), expected, "{from} -> {to}");
    }
}

#[test]
fn a_template_that_cannot_be_filled_is_refused_with_its_place() {
    let cases = [
        ("{{#if}", "template `mine.hbs`, line 1, column"),
        (
            "\n{{nothing}}\n",
            "template `mine.hbs`, line 2, column 1: `nothing` does not exist",
        ),
        ("{{endpoint node}}", "`endpoint` takes 2, not 1 values"),
        ("{{endpoint nothing 1}}", "`nothing` does not exist"),
        (
            "{{#with (pool_named node)}}{{/with}}",
            "`pool_named` knows nothing of \"web01\"",
        ),
        ("{{shout node}}", "unknown helper `shout`"),
    ];
    for (template, expected) in cases {
        let found = refused(template);
        assert!(found[0].contains(expected), "{template}: {found:?}");
    }
}
