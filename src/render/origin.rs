//! Whether reconf wrote a file: nothing else is removed.

use super::{json, readback, shell};
use crate::{
    model::{format::Format, id::Id},
    render::conf::Rendered,
};

/// Whether reconf wrote `bytes` as the conf of a service: they begin with its header, or are as only reconf writes them.
/// A custom template may leave out the header, so a file with the variables of a `known` shell conf counts as well.
pub(crate) fn is_ours(format: Format, service: &Id, bytes: &[u8], known: &[Vec<u8>]) -> bool {
    let header = format!("# Written by reconf from the manifest of {service};");
    if bytes.starts_with(header.as_bytes()) {
        return true;
    }
    if format == Format::Shell {
        return known.iter().any(|conf| conf == bytes);
    }
    let Ok(pairs) = readback::read(format, &Rendered::File(bytes.to_vec())) else {
        return false;
    };
    let is_known = known
        .iter()
        .any(|conf| shell::parse(conf).is_ok_and(|known| sorted(&known) == sorted(&pairs)));
    is_known || (format == Format::Json && json::is_canonical(bytes))
}

fn sorted(pairs: &[(String, Vec<u8>)]) -> Vec<&(String, Vec<u8>)> {
    let mut sorted: Vec<_> = pairs.iter().collect();
    sorted.sort();
    sorted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_ours_by_its_header_its_form_or_its_variables() {
        let conf =
            "# Written by reconf from the manifest of api; 1 variable follows.\nexport A='x'\n";
        let other = "# 1 variable, by a custom template.\nexport A='x'\n";
        let json = "{\n  \"A\": \"y\"\n}\n";
        for (format, text, known, expected) in [
            (Format::Shell, conf, "", true),
            (Format::Shell, &conf.replace("api", "api2"), "", false),
            (Format::Shell, &conf.replace("reconf", "hand"), "", false),
            (Format::Shell, other, "", false),
            (Format::Shell, other, other, true),
            (Format::Shell, "", "", false),
            (
                Format::Docker,
                "# Written by reconf from the manifest of api; 0\n",
                "",
                true,
            ),
            (Format::Docker, "A=x\n", other, true),
            (Format::Docker, "A=y\n", other, false),
            (Format::Docker, "A=x\n", "", false),
            (Format::Json, json, "", true),
            (Format::Json, "{\"A\": \"y\"}\n", "", false),
            (Format::Json, "{\"A\": \"x\"}\n", conf, true),
            (Format::Json, "{\"A\": 1}\n", conf, false),
        ] {
            let known = Some(known).filter(|known| !known.is_empty());
            let known: Vec<Vec<u8>> = known
                .map(|known| known.as_bytes().to_vec())
                .into_iter()
                .collect();
            let ours = is_ours(format, &Id::parse("api").unwrap(), text.as_bytes(), &known);
            assert_eq!(ours, expected, "{format:?} {text}");
        }
    }
}
