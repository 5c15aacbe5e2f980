//! Durations as people write them: `5s`, `10m`, `1h 30m`.

use std::time::Duration;

use crate::model::{
    document_reader::DocumentReader,
    json::{JsonNode, JsonValue},
};

/// Clock arithmetic does not overflow below this.
const LONGEST: Duration = Duration::from_secs(10 * 365 * 24 * 60 * 60);

/// Parses a duration of at least `least` and at most ten years.
///
/// # Errors
/// A clause such as `must be 1s or more`.
pub(crate) fn parse(text: &str, least: Duration) -> Result<Duration, String> {
    match humantime::parse_duration(text) {
        Ok(duration) if duration < least => {
            let least = humantime::format_duration(least);
            Err(format!("must be {least} or more"))
        }
        Ok(duration) if duration > LONGEST => Err("must be at most ten years".to_owned()),
        Ok(duration) => Ok(duration),
        Err(_) if is_number(text) => Err(format!("needs a unit, such as `{text}s`")),
        Err(_) => Err("must be a duration such as `5s` or `10m`".to_owned()),
    }
}

fn is_number(text: &str) -> bool {
    (1..=9).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit())
}

impl DocumentReader<'_> {
    /// A duration in a string, at least `least`.
    pub(in crate::model) fn duration(
        &mut self,
        label: &str,
        node: &JsonNode,
        least: Duration,
    ) -> Option<Duration> {
        if !matches!(node.value, JsonValue::Text(_)) {
            self.report_mismatch(label, node, "a duration such as `\"5s\"`");
            return None;
        }
        let text = self.string(label, node)?;
        match parse(text, least) {
            Ok(duration) => Some(duration),
            Err(reason) => {
                self.report(node.start, format!("`{label}` {reason}"));
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_bounded_and_need_a_unit() {
        let least = Duration::from_secs(1);
        let unit = Err("must be a duration such as `5s` or `10m`");
        for (text, expected) in [
            ("1s", Ok(least)),
            ("1h 30m", Ok(Duration::from_secs(5400))),
            ("999ms", Err("must be 1s or more")),
            ("11years", Err("must be at most ten years")),
            ("5", Err("needs a unit, such as `5s`")),
            ("-5s", unit),
            ("", unit),
        ] {
            assert_eq!(
                parse(text, least),
                expected.map_err(str::to_owned),
                "{text}"
            );
        }
    }
}
