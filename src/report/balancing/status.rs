//! What `listen status` shows of balancing.

use crate::{model::listening::Balancing, report::words::counted};

/// The rows, without their key.
pub(crate) fn balancing_rows(balancing: &Balancing) -> Vec<String> {
    let mut rows = vec![state(balancing)];
    rows.extend(balancing.off.iter().map(|off| format!("local: {off}")));
    if let Some(reason) = &balancing.error {
        let since = balancing.failing_since.as_deref().unwrap_or("now");
        let count = balancing.failures;
        rows.push(format!(
            "failing since {since} ({count} in a row): {reason}"
        ));
    }
    rows.extend(balancing.warnings.iter().cloned());
    rows
}

fn state(balancing: &Balancing) -> String {
    let mut text = format!(
        "{}, {}",
        counted(balancing.ports, "local port"),
        counted(balancing.routes, "route")
    );
    if let Some((at, how)) = balancing.changed.as_ref().zip(balancing.how.as_ref()) {
        text.push_str(&format!("; changed {at} ({how})"));
    }
    if balancing.behind {
        text.push_str("; a change is about to be carried out");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_state_comes_first_then_what_is_wrong() {
        let mut balancing = Balancing {
            ports: 1,
            routes: 2,
            ..Balancing::default()
        };
        assert_eq!(balancing_rows(&balancing), ["1 local port, 2 routes"]);
        balancing.changed = Some("12:00".to_owned());
        balancing.how = Some("reload".to_owned());
        balancing.off = Some("off since 11:00: HAProxy update".to_owned());
        balancing.behind = true;
        balancing.failing_since = Some("12:01".to_owned());
        balancing.failures = 3;
        balancing.error = Some("HAProxy does not answer".to_owned());
        balancing.warnings = vec!["127.0.0.1:21200 is not opened: …".to_owned()];
        let rows = [
            "1 local port, 2 routes; changed 12:00 (reload); a change is about to be carried out",
            "local: off since 11:00: HAProxy update",
            "failing since 12:01 (3 in a row): HAProxy does not answer",
            "127.0.0.1:21200 is not opened: …",
        ];
        assert_eq!(balancing_rows(&balancing), rows);
    }
}
