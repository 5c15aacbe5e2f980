//! What a certificate (PEM) says of itself: until when it is valid, and its common name, which etcd takes for a user. Its
//! signature is not checked.

use std::time::{Duration, SystemTime};

/// The lines around a certificate in a file.
const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
const END: &str = "-----END CERTIFICATE-----";

/// The tags of DER that are distinguished.
mod tag {
    pub(super) const UTC_TIME: u8 = 0x17;
    pub(super) const GENERALIZED_TIME: u8 = 0x18;
    /// The version, which the oldest certificates leave out.
    pub(super) const VERSION: u8 = 0xa0;
}

/// The object identifier of a common name, 2.5.4.3.
const COMMON_NAME: [u8; 3] = [0x55, 0x04, 0x03];

/// The seconds of a day.
pub(crate) const DAY: u64 = 24 * 60 * 60;

/// How long before its end a certificate is warned of (section 6).
const RENEWAL: Duration = Duration::from_secs(14 * DAY);

/// How a certificate is by its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Validity {
    /// It does not end soon.
    Valid,
    /// It ends within 14 days, after this time.
    EndsSoon(Duration),
    /// It has ended.
    Ended,
}

/// The first certificate of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CertificateFacts {
    /// When it ends.
    pub ends: SystemTime,
    /// The common name of its subject.
    pub common_name: Option<String>,
}

impl CertificateFacts {
    /// Parses the first certificate of a PEM file; `None` if there is none, or if it is damaged.
    pub(crate) fn parse(pem: &str) -> Option<Self> {
        let (_, rest) = pem.split_once(BEGIN)?;
        let (body, _) = rest.split_once(END)?;
        let der = base64(body)?;
        let (_, certificate, _) = element(&der)?;
        let (_, signed, _) = element(certificate)?;
        let (first, _, after_version) = element(signed)?;
        let mut rest = if first == tag::VERSION {
            after_version
        } else {
            signed
        };
        // Serial number, algorithm, issuer.
        for _ in 0..3 {
            (_, _, rest) = element(rest)?;
        }
        let (_, validity, rest) = element(rest)?;
        let (_, _, end) = element(validity)?;
        let (kind, end, _) = element(end)?;
        let (_, subject, _) = element(rest)?;
        Some(Self {
            ends: time(kind, std::str::from_utf8(end).ok()?)?,
            common_name: common_name(subject),
        })
    }

    /// How it is at a time. It is valid at its end still.
    pub(crate) fn validity(&self, now: SystemTime) -> Validity {
        match self.ends.duration_since(now) {
            Ok(left) if left < RENEWAL => Validity::EndsSoon(left),
            Ok(_) => Validity::Valid,
            Err(_) => Validity::Ended,
        }
    }
}

/// The tag and content of the first element, and what follows it.
fn element(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&tag, rest) = bytes.split_first()?;
    let (&first, mut rest) = rest.split_first()?;
    let mut length = usize::from(first);
    if first & 0x80 != 0 {
        let (digits, after) = rest.split_at_checked(usize::from(first & 0x7f))?;
        if digits.len() > 4 {
            return None;
        }
        length = digits
            .iter()
            .fold(0, |length, digit| length << 8 | usize::from(*digit));
        rest = after;
    }
    let (content, rest) = rest.split_at_checked(length)?;
    Some((tag, content, rest))
}

/// The last common name of a subject, as etcd takes it.
fn common_name(mut subject: &[u8]) -> Option<String> {
    let mut found = None;
    while let Some((_, set, rest)) = element(subject) {
        subject = rest;
        let Some((_, pair, _)) = element(set) else {
            continue;
        };
        if let Some((_, id, value)) = element(pair)
            && id == COMMON_NAME
            && let Some((_, name, _)) = element(value)
        {
            found = String::from_utf8(name.to_vec()).ok();
        }
    }
    found
}

/// A time in the two forms of a certificate, both in UTC: `YYMMDDhhmmssZ` and `YYYYMMDDhhmmssZ`.
fn time(kind: u8, text: &str) -> Option<SystemTime> {
    let text = match kind {
        tag::UTC_TIME if text.starts_with(['5', '6', '7', '8', '9']) => format!("19{text}"),
        tag::UTC_TIME => format!("20{text}"),
        tag::GENERALIZED_TIME => text.to_owned(),
        _ => return None,
    };
    let number = |from: usize, to: usize| text.get(from..to)?.parse::<u64>().ok();
    let days = days_since_epoch(number(0, 4)?, number(4, 6)?, number(6, 8)?)?;
    let seconds = number(8, 10)? * 3600 + number(10, 12)? * 60 + number(12, 14)?;
    SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(days * DAY + seconds))
}

/// The days from 1 January 1970 to a day of the Gregorian calendar. Years are counted from March, so that a leap day is the
/// last of its year.
fn days_since_epoch(year: u64, month: u64, day: u64) -> Option<u64> {
    let is_early = month <= 2;
    let year = year.checked_sub(u64::from(is_early))?;
    let month = if is_early { month + 9 } else { month - 3 };
    let before = year * 365 + year / 4 - year / 100 + year / 400;
    (before + (153 * month + 2) / 5 + day).checked_sub(719_469)
}

/// The bytes of a base64 text; blanks and line ends do not count.
fn base64(text: &str) -> Option<Vec<u8>> {
    let (mut bytes, mut bits, mut count) = (Vec::new(), 0_u32, 0);
    for byte in text.bytes().filter(|byte| !byte.is_ascii_whitespace()) {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            b'=' => break,
            _ => return None,
        };
        bits = bits << 6 | u32::from(value);
        count += 6;
        if count >= 8 {
            count -= 8;
            let [.., last] = (bits >> count).to_be_bytes();
            bytes.push(last);
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, DnType, KeyPair, date_time_ymd};

    use super::*;

    fn made(name: Option<&str>, (year, month, day): (i32, u8, u8)) -> String {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.not_after = date_time_ymd(year, month, day);
        params.distinguished_name.remove(DnType::CommonName);
        params
            .distinguished_name
            .push(DnType::OrganizationName, "Example");
        if let Some(name) = name {
            params.distinguished_name.push(DnType::CommonName, name);
        }
        let key = KeyPair::generate().unwrap();
        params.self_signed(&key).unwrap().pem()
    }

    #[test]
    fn its_end_and_its_name_are_read() {
        for (name, date, seconds) in [
            (Some("reconf-seatgeek"), (2026, 11, 26), 1_795_651_200),
            (None, (2028, 2, 29), 1_835_395_200),
            (Some("é"), (2049, 12, 31), 2_524_521_600),
            // From 2050 on the year has four digits.
            (Some("x"), (2100, 3, 1), 4_107_542_400),
            (Some("x"), (1970, 1, 2), 86_400),
        ] {
            let found = CertificateFacts::parse(&made(name, date)).unwrap();
            let ends = found.ends.duration_since(SystemTime::UNIX_EPOCH).unwrap();
            assert_eq!(
                (ends.as_secs(), found.common_name.as_deref()),
                (seconds, name)
            );
        }
    }

    #[test]
    fn it_is_warned_of_14_days_before_its_end_and_valid_at_it() {
        let ends = SystemTime::UNIX_EPOCH + RENEWAL * 2;
        let (second, common_name) = (Duration::from_secs(1), None);
        let facts = CertificateFacts { ends, common_name };
        for (now, expected) in [
            (ends - RENEWAL, Validity::Valid),
            (ends - second, Validity::EndsSoon(second)),
            (ends, Validity::EndsSoon(Duration::ZERO)),
            (ends + second, Validity::Ended),
        ] {
            assert_eq!(facts.validity(now), expected, "{now:?}");
        }
        let soon = facts.validity(ends - RENEWAL + second);
        assert!(matches!(soon, Validity::EndsSoon(_)), "{soon:?}");
    }

    #[test]
    fn a_file_without_a_whole_certificate_says_nothing() {
        let pem = made(Some("x"), (2030, 1, 1));
        let lines: Vec<&str> = pem.lines().collect();
        let cut = format!("{}\n{}\n{END}\n", lines[0], lines[1]);
        let garbled = pem.replacen(lines[1], "!!", 1);
        for text in ["", "no certificate", BEGIN, &cut, &garbled] {
            assert_eq!(CertificateFacts::parse(text), None, "{text}");
        }
        // A key before it, and a chain behind it.
        let chain =
            format!("-----BEGIN PRIVATE KEY-----\nAA==\n-----END PRIVATE KEY-----\n{pem}{cut}");
        assert_eq!(
            CertificateFacts::parse(&chain),
            CertificateFacts::parse(&pem)
        );
    }
}
