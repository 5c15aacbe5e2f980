//! What this machine did not let a test try: `script/test` ends with that list, so that it is not taken for passed.

use std::{fs::OpenOptions, io::Write as _, path::Path};

/// The list that `script/test` shows.
pub(crate) const LIST: &str = concat!(env!("CARGO_TARGET_TMPDIR"), "/not-run.txt");

/// Adds a line to a list: what was not tried, and why.
pub(crate) fn record(list: &Path, what: &str) {
    let mut file = OpenOptions::new()
        .create(true)
        .append(true)
        .open(list)
        .expect("the list can be opened");
    file.write_all(format!("{what}\n").as_bytes())
        .expect("the list can be written");
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn every_record_is_a_line_of_the_list() {
        let folder = tempfile::tempdir().unwrap();
        let list = folder.path().join(Path::new(LIST).file_name().unwrap());
        record(&list, "full disk: no tmpfs may be mounted here");
        record(&list, "docker: not installed");
        assert_eq!(
            fs::read_to_string(&list).unwrap(),
            "full disk: no tmpfs may be mounted here\ndocker: not installed\n"
        );
    }
}
