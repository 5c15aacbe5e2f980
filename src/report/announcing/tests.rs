//! What is reported of an announcement that was taken back.

use super::*;
use crate::model::sample;

#[test]
fn what_was_taken_back_is_named_and_its_key_is_a_detail() {
    let service = Id::parse("api").unwrap();
    let key = sample::key("f", "API_URL");
    let mut report = AnnounceReport::new(&service);
    report.add(&key, true);
    report.withdrawn.push(key.path(Kind::Provides));
    let provider = key.provider();
    assert_eq!(
        report.line().unwrap(),
        format!("api: announced API_URL; withdrawn API_URL of {provider}")
    );
    let path = key.path(Kind::Provides);
    let expected = [format!("  announced {path}"), format!("  withdrawn {path}")];
    assert_eq!(report.details(), expected);

    let elsewhere = Key {
        region: Id::parse("east").unwrap(),
        ..key.clone()
    };
    report.withdrawn = vec![elsewhere.path(Kind::Provides)];
    assert_eq!(
        report.line().unwrap(),
        format!("api: announced API_URL; withdrawn API_URL of {provider} in region `east`")
    );

    let mut assumed = AnnounceReport::new(&service);
    assumed.add(&key, false);
    assert_eq!(assumed.line().unwrap(), "api: already announced API_URL");
    assumed.assumed = true;
    assert_eq!(
        assumed.line().unwrap(),
        "api: announced before, as this node recorded: API_URL"
    );
}
