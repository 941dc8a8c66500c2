//! Schemas against the readers: what is read is valid, what is refused is not, and both know the same keys.

use super::text;
use crate::cli::Schema;
use crate::evidence::event::{RungKind, TargetKind, Verdict};
use jsonschema::Validator;
use pretty_assertions::assert_eq;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use tcpspec_core::case::{self, Capability, embedded_files};
use tcpspec_core::state::State;
use tcpspec_core::verdict::FindingCode;
use tcpspec_core::{ledger, profile};

fn schema(of: Schema) -> Value {
    serde_json::from_str(&text(of)).expect("a schema is JSON")
}

fn validator(of: Schema) -> Validator {
    let schema = schema(of);
    assert!(jsonschema::draft7::meta::is_valid(&schema), "{of:?}");
    jsonschema::draft7::new(&schema).expect("a schema")
}

/// What is wrong with a document: the innermost things, with their places.
fn problems(validator: &Validator, document: &Value) -> Vec<String> {
    validator.iter_errors(document).map(|error| format!("{}: {error}", error.instance_path())).collect()
}

fn yaml(text: &str) -> Value {
    serde_yaml::from_str(text).expect("YAML")
}

/// The schema that a file of the tree has.
fn schema_of(file: &str) -> Option<Schema> {
    match file.split('/').collect::<Vec<_>>()[..] {
        ["cases", "profiles", _] => Some(Schema::Profile),
        ["cases", "ledger", _] => Some(Schema::Ledger),
        ["cases", "requirements" | "fixtures", _] => None,
        ["cases", _, name] if name.ends_with(".yaml") => Some(Schema::Case),
        _ => None,
    }
}

#[test]
fn files_of_the_tree_are_valid() {
    let [case, profile, ledger] = [Schema::Case, Schema::Profile, Schema::Ledger].map(validator);
    let mut seen = [0; 3];
    for (file, text) in embedded_files() {
        let (number, validator) = match schema_of(file) {
            Some(Schema::Case) => (0, &case),
            Some(Schema::Profile) => (1, &profile),
            Some(Schema::Ledger) => (2, &ledger),
            Some(Schema::Record) | None => continue,
        };
        seen[number] += 1;
        let document = yaml(text);
        assert_eq!(problems(validator, &document), Vec::<String>::new(), "{file}");
    }
    assert!(seen[0] > 60 && seen[1..] == [3, 2], "{seen:?}");
}

/// The keys of `properties` at a place of a schema.
fn properties(schema: &Value, place: &str) -> BTreeSet<String> {
    let at = schema.pointer(place).unwrap_or_else(|| panic!("nothing at {place}"));
    assert_eq!(at["additionalProperties"], json!(false), "{place}");
    at["properties"].as_object().expect("properties").keys().cloned().collect()
}

fn set<T: ToString>(names: impl IntoIterator<Item = T>) -> BTreeSet<String> {
    names.into_iter().map(|name| name.to_string()).collect()
}

#[test]
fn keys_of_a_case_are_those_that_are_read() {
    let schema = schema(Schema::Case);
    let mut verbs = BTreeSet::new();
    for (part, keys) in case::keys() {
        let definition = match part {
            "case" => "case",
            "given" => "start",
            verb => {
                verbs.insert(format!("#/definitions/step-{verb}"));
                &format!("step-{verb}")
            }
        };
        assert_eq!(properties(&schema, &format!("/definitions/{definition}")), set(keys), "{part}");
    }
    // Every verb may be a step, and `expect` has a form of its own beside.
    verbs.insert("#/definitions/step-expect-all".into());
    let steps = schema["definitions"]["step"]["anyOf"].as_array().expect("verbs").iter();
    assert_eq!(set(steps.map(|step| step["$ref"].as_str().expect("a reference"))), verbs);
}

#[test]
fn keys_of_profiles_and_ledgers_are_those_that_are_read() {
    let [common, device] = profile::keys();
    assert_eq!(properties(&schema(Schema::Profile), ""), set(common.iter().chain(device)));
    assert_eq!(properties(&schema(Schema::Ledger), "/properties/entries/items"), set(ledger::KEYS));
}

fn words(schema: &Value, place: &str) -> BTreeSet<String> {
    let words =
        schema.pointer(place).and_then(Value::as_array).unwrap_or_else(|| panic!("nothing at {place}"));
    set(words.iter().map(|word| word.as_str().expect("a word")))
}

#[test]
fn closed_vocabularies_are_those_of_the_code() {
    let case = schema(Schema::Case);
    assert_eq!(words(&case, "/definitions/state/enum"), set(State::ALL.map(State::name)));
    let needs = words(&case, "/definitions/case/properties/needs/items/enum");
    assert_eq!(needs, set(Capability::all()));
    let features = profile::FEATURES.map(|(name, _)| name);
    assert_eq!(words(&schema(Schema::Profile), "/properties/claims/items/enum"), set(features));
    let findings = words(&schema(Schema::Ledger), "/properties/entries/items/properties/finding/enum");
    assert_eq!(findings, set(FindingCode::ALL.iter().map(|code| code.code())));
}

#[test]
fn lines_of_a_run_are_valid() {
    let validator = validator(Schema::Record);
    let lines = crate::evidence::tests::lines();
    for line in &lines {
        let line: Value = serde_json::from_str(line).expect("JSON");
        assert_eq!(problems(&validator, &line), Vec::<String>::new());
    }
    assert_eq!(lines.len(), 6);
    // Every word that can stand there.
    let mut trial: Value = serde_json::from_str(&lines[3]).expect("JSON");
    for verdict in Verdict::ALL {
        trial["verdict"] = json!(verdict);
        assert_eq!(problems(&validator, &trial), Vec::<String>::new());
    }
    for kind in [RungKind::Sent, RungKind::Received, RungKind::AtTarget, RungKind::Nothing, RungKind::Remark]
    {
        trial["story"]["ladder"][0]["kind"] = json!(kind);
        assert_eq!(problems(&validator, &trial), Vec::<String>::new());
    }
    let mut header: Value = serde_json::from_str(&lines[0]).expect("JSON");
    for kind in [TargetKind::Kernel, TargetKind::Simulated, TargetKind::Device] {
        header["target"]["kind"] = json!(kind);
        assert_eq!(problems(&validator, &header), Vec::<String>::new());
    }
    for (place, wrong) in
        [("/verdict", json!("passed")), ("/took_us", json!("1")), ("/requirements/0", json!("MUST-1"))]
    {
        let mut trial = trial.clone();
        *trial.pointer_mut(place).expect("a place") = wrong;
        assert!(!validator.is_valid(&trial), "{place}");
    }
    trial["verdit"] = json!("pass");
    assert!(!validator.is_valid(&trial));
}

/// A document with one thing changed: a place and what stands there, `null` for nothing.
fn changed(document: &Value, place: &str, value: Value) -> Value {
    let mut changed = document.clone();
    let (parent, key) = place.rsplit_once('/').expect("a place");
    let parent = changed.pointer_mut(parent).unwrap_or_else(|| panic!("nothing at {parent}"));
    match (parent, value) {
        (Value::Object(map), Value::Null) => drop(map.remove(key)),
        (Value::Object(map), value) => drop(map.insert(key.to_owned(), value)),
        (Value::Array(list), value) => list[key.parse::<usize>().expect("a number")] = value,
        (other, _) => panic!("{place} is in {other}"),
    }
    changed
}

#[test]
fn wrong_cases_are_refused_at_the_thing_that_is_wrong() {
    let validator = validator(Schema::Case);
    let right = yaml(
        "about: x\ncases:\n  one:\n    title: t\n    requirements: [MUST-1]\n    effect: e\n    faults: [f]\n    given: \
         ESTABLISHED\n    steps:\n    - {send: FIN ACK, as: fin, data: 10}\n    - {expect: ACK, ack: fin.end, within: \
         1s}\n    then: CLOSE-WAIT\n",
    );
    assert_eq!(problems(&validator, &right), Vec::<String>::new());
    let wrong = [
        ("/about", Value::Null),
        ("/case", json!({})),
        ("/cases/One", right["cases"]["one"].clone()),
        ("/cases/one/title", Value::Null),
        ("/cases/one/titel", json!("t")),
        ("/cases/one/requirements", json!([])),
        ("/cases/one/requirements", json!("MUST-1")),
        ("/cases/one/faults", Value::Null),
        ("/cases/one/families", json!(["v5"])),
        ("/cases/one/needs", json!(["ecko"])),
        ("/cases/one/slow", json!("perhaps")),
        ("/cases/one/given", json!("ESTABLISHD")),
        ("/cases/one/given", json!({"state": "ESTABLISHED", "irs": [1]})),
        ("/cases/one/given", json!({"state": "ESTABLISHED", "iss": 1})),
        ("/cases/one/then", json!("CLOSE_WAIT")),
        ("/cases/one/steps/0", json!({"sent": "FIN"})),
        ("/cases/one/steps/0", json!({"send": "FIN ACC"})),
        ("/cases/one/steps/0", json!({"send": "FIN", "expect": "ACK"})),
        ("/cases/one/steps/0", json!({"send": "FIN", "within": "1s"})),
        ("/cases/one/steps/1", json!({"expect": "ACK", "within": 1})),
        ("/cases/one/steps/1", json!({"expect": {"all-of": [{"expect": "ACK"}]}})),
        ("/cases/one/steps/1", json!({"silence": "1"})),
        ("/cases/one/steps/1", json!({"icmp": "port-unreachable"})),
        ("/cases/one/steps/1", json!({"probe": "dead"})),
        ("/cases/one/steps/1", json!({"repeat": 3})),
        ("/cases/one/steps/1", json!({"measure": "time-wait", "is": "2 * MSL", "tolerance": 5})),
    ];
    for (place, value) in wrong {
        assert!(!validator.is_valid(&changed(&right, place, value.clone())), "{place}: {value}");
    }
}

#[test]
fn wrong_profiles_and_ledgers_are_refused() {
    let (profile, ledger) = (validator(Schema::Profile), validator(Schema::Ledger));
    let device = yaml(tcpspec_core::profile::EXAMPLE_DEVICE.1);
    let wrong = [
        ("/name", Value::Null),
        ("/kind", json!("board")),
        ("/kind", json!("kernel")),
        ("/interface", Value::Null),
        ("/vlan", json!(0)),
        ("/address", json!({})),
        ("/claims/0", json!("sacks")),
        ("/timers/msl", json!(30)),
        ("/timers/mls", json!("30s")),
        ("/services/echo", json!(70_000)),
        ("/reset", json!("reboot")),
        ("/tolerance/relative", json!(0.05)),
        ("/ports/target", json!("10000")),
    ];
    for (place, value) in wrong {
        assert!(!profile.is_valid(&changed(&device, place, value.clone())), "{place}: {value}");
    }
    let right =
        json!({"entries": [{"case": "a/b/*", "finding": "wrong-field", "reason": "r", "source": "s"}]});
    assert_eq!(problems(&ledger, &right), Vec::<String>::new());
    let wrong = [
        ("/entries", Value::Null),
        ("/entries/0/reason", json!("")),
        ("/entries/0/source", Value::Null),
        ("/entries/0/finding", json!("wrong-fields")),
        ("/entries/0/when", json!(">= 6.5")),
        ("/entries/0/expires", json!("tomorrow")),
        ("/entries/0/case", json!("a b")),
        ("/entries/0/issue", json!("FW-1")),
    ];
    for (place, value) in wrong {
        assert!(!ledger.is_valid(&changed(&right, place, value.clone())), "{place}: {value}");
    }
}

#[test]
fn every_key_is_described() {
    fn look(place: &str, schema: &Value, missing: &mut Vec<String>) {
        match schema {
            Value::Object(map) => {
                if let Some(Value::Object(properties)) = map.get("properties") {
                    for (key, property) in properties {
                        let is_told =
                            ["description", "$ref", "const"].iter().any(|word| property.get(word).is_some());
                        if !is_told && property.as_object().is_some_and(|property| !property.is_empty()) {
                            missing.push(format!("{place}/{key}"));
                        }
                    }
                }
                map.iter().for_each(|(key, value)| look(&format!("{place}/{key}"), value, missing));
            }
            Value::Array(list) => list.iter().for_each(|value| look(place, value, missing)),
            _ => {}
        }
    }
    for of in [Schema::Case, Schema::Profile, Schema::Ledger, Schema::Record] {
        let mut missing = Vec::new();
        look("", &schema(of), &mut missing);
        assert_eq!(missing, Vec::<String>::new(), "{of:?}");
    }
}
