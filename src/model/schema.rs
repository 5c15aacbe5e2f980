//! JSON Schemas of the files that people write. The parsers are written by hand, for the sake of their messages, so the
//! schemas are too; tests hold both together.

/// The schema of a manifest.
pub(crate) const MANIFEST: &str = include_str!("../../schemas/manifest.json");

/// The schema of `config.json`.
pub(crate) const CONFIG: &str = include_str!("../../schemas/config.json");

/// The schema of `configuration.json`.
pub(crate) const CONFIGURATION: &str = include_str!("../../schemas/configuration.json");

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::model::{
        configuration::Configuration,
        id::Id,
        manifest::{MANIFEST_KEYS, Manifest},
        name::Name,
        settings::{Flags, Settings, SettingsError},
    };

    /// What the parser of a schema says of a document.
    fn refusal(schema: &str, document: &Value) -> String {
        let (text, id) = (document.to_string(), Id::default_scope());
        let problems = match schema {
            MANIFEST => Manifest::parse("m.json", &text, &id, &id).err(),
            CONFIG => match Settings::load(&Flags::default(), |_| None, Some(("c.json", &text))) {
                Err(SettingsError::File(problems)) => Some(problems),
                _ => None,
            },
            _ => Configuration::parse("d.json", &text, &id).err(),
        };
        problems.map_or_else(String::new, |problems| {
            format!("{problems}\n{}", problems.excerpts())
        })
    }

    /// The schema that stands at a place or is referred to there, without the alternative `null`.
    fn followed<'s>(root: &'s Value, schema: &'s Value) -> Vec<&'s Value> {
        let inner = ["anyOf", "allOf"]
            .iter()
            .filter_map(|key| schema[key].as_array());
        let inner = inner.flatten().flat_map(|inner| followed(root, inner));
        let target = schema["$ref"]
            .as_str()
            .and_then(|path| root.pointer(&path[1..]));
        let target = target.into_iter().flat_map(|target| followed(root, target));
        [schema].into_iter().chain(inner).chain(target).collect()
    }

    /// Every object and every choice of words that a schema has, with the path to it; any key of an open object is `A`.
    fn places<'s>(root: &'s Value, at: &'s Value, path: &str) -> Vec<(String, &'s Value)> {
        let mut found = Vec::new();
        for schema in followed(root, at) {
            if schema["properties"].is_object() || schema["enum"].is_array() {
                found.push((path.to_owned(), schema));
            }
            let properties = schema["properties"].as_object().into_iter().flatten();
            let any = schema["additionalProperties"].as_object();
            let any = any.map(|_| ("A", &schema["additionalProperties"]));
            let items = schema["items"]
                .as_object()
                .map(|_| ("[]", &schema["items"]));
            for (key, inner) in properties
                .map(|(key, inner)| (key.as_str(), inner))
                .chain(any)
                .chain(items)
            {
                found.extend(places(root, inner, &format!("{path}/{key}")));
            }
        }
        found
    }

    /// A document with nothing but a value at this path.
    fn document(path: &str, value: Value) -> Value {
        let keys: Vec<&str> = path.split('/').skip(1).collect();
        let mut document = keys.into_iter().rfold(value, |inner, key| match key {
            "[]" => json!([inner]),
            key => json!({key: inner}),
        });
        if document.get("id").is_none() {
            document["id"] = json!("default");
        }
        document
    }

    #[test]
    fn closed_objects_have_the_keys_of_the_parsers() {
        let mut compared = 0;
        for schema in [MANIFEST, CONFIG] {
            let root: Value = serde_json::from_str(schema).unwrap();
            for (path, object) in places(&root, &root, "") {
                if object["additionalProperties"] != json!(false) {
                    continue;
                }
                let mut document = document(&path, json!({"zzzzzzzz": 1}));
                if schema == CONFIG {
                    document.as_object_mut().unwrap().remove("id");
                }
                let said = refusal(schema, &document);
                let known = said.split_once("known keys: ").map(|(_, rest)| rest);
                let known = known.and_then(|rest| rest.lines().next()).unwrap_or(&said);
                let mut known: Vec<&str> = known.split(", ").collect();
                known.sort_unstable();
                let keys: Vec<&String> = object["properties"].as_object().unwrap().keys().collect();
                assert_eq!(known, keys, "{path}");
                compared += 1;
            }
        }
        assert!(compared >= 15, "{compared}");
    }

    #[test]
    fn words_to_choose_from_are_those_of_the_parsers() {
        let mut compared = 0;
        for schema in [MANIFEST, CONFIG] {
            let root: Value = serde_json::from_str(schema).unwrap();
            let choices = places(&root, &root, "");
            for (path, choice) in choices
                .iter()
                .filter(|(_, schema)| schema["enum"].is_array())
            {
                let said = refusal(schema, &document(path, json!("zzzzzzzz")));
                for word in choice["enum"].as_array().unwrap() {
                    let word = word.as_str().unwrap();
                    assert!(said.contains(&format!("`{word}`")), "{path} {word}: {said}");
                }
                let list = said.split("must be one of ").nth(1).unwrap_or_default();
                let count = list.lines().next().unwrap_or_default().matches('`').count() / 2;
                assert_eq!(
                    count,
                    choice["enum"].as_array().unwrap().len(),
                    "{path}: {said}"
                );
                compared += 1;
            }
        }
        assert!(compared >= 5, "{compared}");
    }

    #[test]
    fn the_keys_of_a_manifest_and_the_names_that_shells_own_are_those_of_the_parser() {
        let root: Value = serde_json::from_str(MANIFEST).unwrap();
        let mut keys = MANIFEST_KEYS.to_vec();
        keys.sort_unstable();
        let described: Vec<&String> = root["properties"].as_object().unwrap().keys().collect();
        assert_eq!(described, keys);
        let any_of = root
            .pointer("/definitions/variable/allOf/1/anyOf/1/not/anyOf")
            .unwrap();
        let listed = any_of[0]["enum"].as_array().unwrap();
        let listed: Vec<&str> = listed.iter().map(|name| name.as_str().unwrap()).collect();
        assert_eq!(listed, Name::reserved());
    }
}
