//! `tcpspec schema`: what a run writes is what its schema says. The templates for pipelines keep the schemas of the
//! services that read them (`templates/`).

use crate::KNOWN;
use crate::program::{Folder, QUICK, tcpspec};
use jsonschema::Validator;
use pretty_assertions::assert_eq;
use serde_json::{Value, json};

fn problems(validator: &Validator, document: &Value) -> Vec<String> {
    validator.iter_errors(document).map(|error| format!("{}: {error}", error.instance_path())).collect()
}

#[test]
fn every_line_that_runs_write_is_as_the_schema_says() {
    let schema = tcpspec(&["schema", "record"]);
    assert_eq!(schema.code(), Some(0), "{schema:?}");
    let schema: Value = serde_json::from_str(&schema.out).expect("JSON");
    let validator = jsonschema::draft7::new(&schema).expect("a schema");
    let folder = Folder::new();
    let runs: [&[&str]; 3] =
        [&["--target", "smoltcp"], &["--ledger", "none", QUICK, KNOWN], &["--shard", "1/2", QUICK, KNOWN]];
    let mut lines = 0;
    for (number, arguments) in runs.iter().enumerate() {
        let out = folder.path().join(number.to_string());
        tcpspec(&[&["--out", &out.display().to_string()], *arguments].concat());
        let stream = std::fs::read_to_string(out.join("run.jsonl")).expect("a run");
        for line in stream.lines() {
            let event: Value = serde_json::from_str(line).expect("JSON");
            assert_eq!(problems(&validator, &event), Vec::<String>::new(), "{line}");
            lines += 1;
        }
    }
    assert!(lines > 4_000, "{lines}");
}

#[test]
fn schemas_have_names_that_are_told_to_whoever_misspells_them() {
    for name in ["case", "profile", "ledger", "record"] {
        let schema: Value = serde_json::from_str(&tcpspec(&["schema", name]).out).expect("JSON");
        assert_eq!(schema["$schema"], json!("http://json-schema.org/draft-07/schema#"), "{name}");
    }
    let wrong = tcpspec(&["schema", "profil"]);
    assert_eq!(wrong.code(), Some(2));
    assert!(wrong.err.contains("[possible values: case, profile, ledger, record]"), "{}", wrong.err);
}

#[test]
fn templates_are_what_the_services_read() {
    let templates = [
        ("github-workflow.yaml", include_str!("templates/github-workflow.json"), "/jobs/conformance/steps"),
        ("gitlab-template.yaml", include_str!("templates/gitlab-ci.json"), "/tcp-conformance/script"),
    ];
    for (name, schema, needed) in templates {
        let validator =
            jsonschema::validator_for(&serde_json::from_str(schema).expect("JSON")).expect("a schema");
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../ci/").to_owned() + name;
        let template = std::fs::read_to_string(file).expect("a template");
        let mut template: Value = serde_yaml::from_str(&template).expect("YAML");
        assert_eq!(problems(&validator, &template), Vec::<String>::new(), "{name}");
        *template.pointer_mut(needed).expect("it is there") = json!({"not": "so"});
        assert!(!validator.is_valid(&template), "{name}");
    }
}
