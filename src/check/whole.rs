//! A repository as a whole: every rule, and the matrix.

use super::{
    cycles::cycles,
    diagnostic::{CheckRule, Diagnostic, Severity, sort},
    files::{AnnouncedNames, CheckedFiles},
    form::{bad_config, foreign},
    formats::{fixed, stored},
    items::Items,
    keys::keys,
    matrix::{MatrixRow, matrix},
    missing::missing,
    needs::needs,
    ports::ports,
    provided::{several, unused},
    repository::Repository,
};

/// What is wrong with a repository, and where its services get what they need.
#[derive(Debug)]
pub(crate) struct Checked {
    /// What is wrong, in the order of files and lines.
    pub found: Vec<Diagnostic>,
    /// Every requirement in every federation and region.
    pub matrix: Vec<MatrixRow>,
}

/// Checks the files of a repository by themselves and together, with what is announced now.
pub(crate) fn check_repository(
    files: &CheckedFiles,
    items: &Items<'_>,
    announced: &AnnouncedNames,
) -> Checked {
    let mut found = bad_config(files);
    found.extend(foreign(files, items));
    found.extend(encrypted(items));
    found.extend(keys(items));
    found.extend(fixed(files, items));
    let matrix = match Repository::new(files, items, announced) {
        Ok(repository) => {
            let needs = needs(&repository);
            found.extend(missing(&repository, files.datastores.as_ref(), &needs));
            found.extend(stored(files, &needs));
            found.extend(cycles(&needs));
            found.extend(several(&repository));
            found.extend(unused(&repository));
            let is_balanced =
                |files: &CheckedFiles| files.settings()?.balance.local.as_ref().map(drop);
            if is_balanced(files).is_some() {
                found.extend(ports(&repository));
            }
            matrix(&repository, &needs)
        }
        Err(problems) => {
            found.extend(Diagnostic::of_problems(
                CheckRule::Datastores,
                None,
                &problems,
            ));
            Vec::new()
        }
    };
    sort(&mut found);
    Checked { found, matrix }
}

/// What is wrong with the manifests themselves. One that is encrypted is a warning, in place of its problems.
fn encrypted(items: &Items<'_>) -> Vec<Diagnostic> {
    let is_encrypted = |found: &Diagnostic| {
        let mut encrypted = items.encrypted.iter();
        encrypted.any(|item| Some(&item.id) == found.service.as_ref())
    };
    let own = items
        .found
        .iter()
        .filter(|found| !is_encrypted(found))
        .cloned();
    let warnings = items.encrypted.iter().map(|item| {
        let message = format!("`{}` is encrypted: it is not checked", item.id);
        let found = Diagnostic {
            severity: Severity::Warning,
            ..Diagnostic::error(CheckRule::Encrypted, item.file.place(0), message)
        };
        found.service(&item.id).hint(
            "check it decrypted: `knife data bag show BAG ITEM --secret-file FILE --format json`",
        )
    });
    own.chain(warnings).collect()
}
