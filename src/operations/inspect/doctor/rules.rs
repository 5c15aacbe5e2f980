//! When what was found is a warning or a fault. No I/O.

use std::{path::Path, time::SystemTime};

use crate::{
    edge::{clock, free_space::Room},
    model::certificate::{CertificateFacts, DAY, Validity},
    report::Diagnosis,
};

/// With less room than this, writes fail soon.
const LEAST_BYTES: u64 = 4 * 1024 * 1024;
const LEAST_FILES: u64 = 64;

/// Room of which less than 5 % is left is not short before less than this is left.
const FEW_BYTES: u64 = 1024 * 1024 * 1024;
const FEW_FILES: u64 = 10_000;

/// A certificate, by its end.
pub(super) fn certificate(path: &Path, facts: &CertificateFacts, now: SystemTime) -> Diagnosis {
    let (subject, path) = ("certificate", path.display());
    let end = clock::rfc3339(facts.ends);
    match facts.validity(now) {
        Validity::Valid => Diagnosis::ok(subject, format!("{path} is valid until {end}")),
        Validity::EndsSoon(left) => {
            let days = left.as_secs() / DAY;
            let found = format!("{path} ends in {days} days, on {end}");
            Diagnosis::warning(subject, found, "renew it")
        }
        Validity::Ended => Diagnosis::fault(subject, format!("{path} ended on {end}"), "renew it"),
    }
}

/// A file with a key or a password, by its mode.
pub(super) fn secret(path: &Path, mode: u32) -> Diagnosis {
    let (subject, path) = ("secret", path.display());
    let mend = format!("`chmod 0600 {path}`, and take another secret");
    let everybody = |may: &str| format!("{path}: everybody can {may} it (mode {mode:04o})");
    if mode & 0o002 != 0 {
        return Diagnosis::fault(subject, everybody("write"), mend);
    }
    if mode & 0o004 != 0 {
        return Diagnosis::warning(subject, everybody("read"), mend);
    }
    Diagnosis::ok(subject, format!("{path} is closed to others"))
}

/// The room of a file system.
pub(super) fn room(folder: &Path, room: Room) -> Diagnosis {
    let (subject, folder) = ("room", folder.display());
    if room.is_read_only {
        let found = format!("{folder}: the file system is read-only: nothing can be written");
        return Diagnosis::fault(
            subject,
            found,
            "`dmesg` says why, if nobody meant it; mount it read-write",
        );
    }
    let mend = "make room: nothing can be written without";
    let counts_files = room.all_files > 0;
    if room.bytes < LEAST_BYTES || counts_files && room.files < LEAST_FILES {
        let found = format!(
            "{folder}: {} KiB and {} files are left",
            room.bytes / 1024,
            room.files
        );
        return Diagnosis::fault(subject, found, mend);
    }
    let is_short = |free: u64, all: u64, few: u64| free < few && free < all / 20;
    if is_short(room.bytes, room.all_bytes, FEW_BYTES) {
        let found = format!(
            "{folder}: less than 5 % is left ({} MiB)",
            room.bytes / 1024 / 1024
        );
        return Diagnosis::warning(subject, found, mend);
    }
    if counts_files && is_short(room.files, room.all_files, FEW_FILES) {
        let found = format!(
            "{folder}: less than 5 % of its files are left ({})",
            room.files
        );
        return Diagnosis::warning(subject, found, mend);
    }
    Diagnosis::ok(subject, format!("{folder}: enough"))
}

/// A port that programs of this machine connect to, by the range from which the kernel takes those of outgoing connections.
pub(super) fn local_port(
    subject: String,
    port: u16,
    range: Option<(u16, u16)>,
) -> Option<Diagnosis> {
    let (first, last) = range?;
    (first..=last).contains(&port).then(|| {
        Diagnosis::warning(
            subject,
            format!("`local_port` {port} is among {first} to {last}: any outgoing connection can take it"),
            "choose a lower one, or change net.ipv4.ip_local_port_range",
        )
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::report::Condition;

    #[test]
    fn a_certificate_is_warned_of_14_days_before_its_end() {
        let ends = SystemTime::UNIX_EPOCH + Duration::from_secs(100 * DAY);
        let facts = CertificateFacts {
            ends,
            common_name: None,
        };
        for (day, expected, found) in [
            (0, Condition::Ok, "/c is valid until 1970-04-11T00:00:00Z"),
            (86, Condition::Ok, "/c is valid until 1970-04-11T00:00:00Z"),
            (
                87,
                Condition::Warning,
                "/c ends in 13 days, on 1970-04-11T00:00:00Z",
            ),
            (
                100,
                Condition::Warning,
                "/c ends in 0 days, on 1970-04-11T00:00:00Z",
            ),
            (101, Condition::Fault, "/c ended on 1970-04-11T00:00:00Z"),
        ] {
            let now = SystemTime::UNIX_EPOCH + Duration::from_secs(day * DAY);
            let row = certificate(Path::new("/c"), &facts, now);
            assert_eq!(
                (row.condition, row.found.as_str()),
                (expected, found),
                "{day}"
            );
        }
    }

    #[test]
    fn room_is_judged_by_what_is_left_of_bytes_and_files() {
        const MIB: u64 = 1024 * 1024;
        for (bytes, all_bytes, files, all_files, expected) in [
            (100 * MIB, 1000 * MIB, 1000, 1000, Condition::Ok),
            (100 * MIB, 1000 * MIB, 0, 0, Condition::Ok),
            (49 * MIB, 1000 * MIB, 1000, 1000, Condition::Warning),
            (2000 * MIB, 100_000 * MIB, 1000, 1000, Condition::Ok),
            (500 * MIB, 1000 * MIB, 20_000, 1_000_000, Condition::Ok),
            (500 * MIB, 1000 * MIB, 400, 10_000, Condition::Warning),
            (3 * MIB, 1000 * MIB, 1000, 1000, Condition::Fault),
            (500 * MIB, 1000 * MIB, 3, 1000, Condition::Fault),
        ] {
            let found = Room {
                bytes,
                all_bytes,
                files,
                all_files,
                is_read_only: false,
            };
            assert_eq!(
                room(Path::new("/r"), found).condition,
                expected,
                "{found:?}"
            );
            let found = Room {
                is_read_only: true,
                ..found
            };
            assert_eq!(room(Path::new("/r"), found).condition, Condition::Fault);
        }
    }

    #[test]
    fn a_secret_that_others_read_is_one_no_more() {
        for (mode, expected) in [
            (0o600, Condition::Ok),
            (0o640, Condition::Ok),
            (0o644, Condition::Warning),
            (0o666, Condition::Fault),
            (0o602, Condition::Fault),
        ] {
            let row = secret(Path::new("/s"), mode);
            assert_eq!(row.condition, expected, "{mode:o}");
        }
    }

    #[test]
    fn a_local_port_is_outside_of_the_range_of_outgoing_connections() {
        let is_warned = |port, range| local_port("api".to_owned(), port, range).is_some();
        let range = Some((32768, 60999));
        for (port, range, expected) in [
            (21100, range, false),
            (32767, range, false),
            (32768, range, true),
            (60999, range, true),
            (61000, range, false),
            (40000, None, false),
        ] {
            assert_eq!(is_warned(port, range), expected, "{port}");
        }
    }
}
