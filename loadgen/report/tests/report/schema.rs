//! Reports keep to the schema beside the sources.
//!
//! The validator here knows the keywords that the schema uses and fails on any other.

use std::collections::BTreeSet;

use loadgen_report::{Broker, Connections, Interval, Report, Run, SCHEMA, Stage};
use serde_json::Value;

use crate::simulated;

fn schema() -> Value {
    serde_json::from_str(include_str!("../../schema.json")).expect("the schema is JSON")
}

fn faults(report: &Value) -> Vec<String> {
    let schema = schema();
    let mut faults = Vec::new();
    validate(&schema, &schema, report, "", &mut faults);
    faults
}

/// Appends what is wrong with `value`, which stands at `place`.
fn validate(root: &Value, rule: &Value, value: &Value, place: &str, faults: &mut Vec<String>) {
    let rules = rule.as_object().expect("a rule is an object");
    for (keyword, rule) in rules {
        let right = match keyword.as_str() {
            "$schema" | "$defs" | "title" | "description" | "contentEncoding" => true,
            "$ref" => {
                let pointer = rule.as_str().and_then(|text| text.strip_prefix('#'));
                let target = pointer.and_then(|pointer| root.pointer(pointer));
                validate(
                    root,
                    target.expect("references lead somewhere"),
                    value,
                    place,
                    faults,
                );
                true
            }
            "anyOf" => list(rule).iter().any(|rule| {
                let mut faults = Vec::new();
                validate(root, rule, value, place, &mut faults);
                faults.is_empty()
            }),
            "const" => rule == value,
            "enum" => list(rule).contains(value),
            "minimum" => value.is_null() || value.as_f64() >= rule.as_f64(),
            "type" if rule.is_array() => list(rule).iter().any(|name| is_of_type(value, name)),
            "type" => is_of_type(value, rule),
            "required" => {
                let missing = list(rule).iter().filter(|name| value[text(name)].is_null());
                faults.extend(missing.map(|name| format!("{place}: no {}", text(name))));
                true
            }
            "properties" => {
                for (name, rule) in rule.as_object().expect("properties have names") {
                    if let Some(value) = value.get(name) {
                        validate(root, rule, value, &format!("{place}/{name}"), faults);
                    }
                }
                true
            }
            "items" => {
                for (index, value) in list(value).iter().enumerate() {
                    validate(root, rule, value, &format!("{place}/{index}"), faults);
                }
                true
            }
            unknown => unreachable!("the validator does not know {unknown}"),
        };
        if !right {
            faults.push(format!("{place}: {keyword} {rule}, not {value}"));
        }
    }
}

fn is_of_type(value: &Value, name: &Value) -> bool {
    match text(name) {
        "array" => value.is_array(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_u64() || value.is_i64(),
        "null" => value.is_null(),
        "number" => value.is_number(),
        "object" => value.is_object(),
        "string" => value.is_string(),
        unknown => unreachable!("there is no type {unknown}"),
    }
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn text(value: &Value) -> &str {
    value.as_str().expect("names are strings")
}

/// The names of all properties of `value` and of what stands in it.
fn names(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(object) => {
            found.extend(object.keys().cloned());
            object.values().for_each(|value| names(value, found));
        }
        Value::Array(values) => values.iter().for_each(|value| names(value, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// The names of all properties that the schema describes.
fn described(rule: &Value, found: &mut BTreeSet<String>) {
    match rule {
        Value::Object(object) => {
            if let Some(Value::Object(properties)) = object.get("properties") {
                found.extend(properties.keys().cloned());
            }
            object.values().for_each(|value| described(value, found));
        }
        Value::Array(values) => values.iter().for_each(|value| described(value, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[test]
fn a_full_report_and_an_empty_one_keep_to_the_schema() {
    let mut empty = Report::new(Run::default());
    empty.stages.push(Stage {
        broker: Some(Broker::default()),
        intervals: vec![Interval::default()],
        connections: Connections::default(),
        ..Stage::default()
    });
    for report in [simulated::report(), empty] {
        let value = serde_json::to_value(&report).unwrap();
        assert_eq!(faults(&value), Vec::<String>::new());
    }
}

#[test]
fn the_schema_describes_exactly_what_is_written() {
    let (mut written, mut promised) = (BTreeSet::new(), BTreeSet::new());
    names(
        &serde_json::to_value(simulated::report()).unwrap(),
        &mut written,
    );
    described(&schema(), &mut promised);
    assert_eq!(written, promised);
}

#[test]
fn what_breaks_the_schema_is_found() {
    let good = serde_json::to_value(simulated::report()).unwrap();
    let broken = |pointer: &str, value: Value| {
        let mut report = good.clone();
        *report.pointer_mut(pointer).expect("the report has this") = value;
        faults(&report)
    };
    assert_eq!(broken("/schema", "other".into()).len(), 1);
    assert_eq!(broken("/verdict", "fine".into()).len(), 1);
    assert_eq!(broken("/stages/2/messages/sent", (-1).into()).len(), 1);
    assert_eq!(broken("/stages/2/latency/sent/p50_ns", "1".into()).len(), 1);
    assert_eq!(broken("/checks/lost", Value::Null).len(), 2);
}

#[test]
fn a_report_reads_back_as_it_was_with_new_fields_passed_over() {
    let report = simulated::report();
    let text = report.to_json();
    assert!(Report::from_json(&text).unwrap() == report);
    let newer = text.replacen("\"run\": {", "\"run\": {\n    \"colour\": \"blue\",", 1);
    assert!(newer != text);
    assert!(Report::from_json(&newer).unwrap() == report);
}

#[test]
fn another_schema_is_refused_by_name() {
    let text = simulated::report()
        .to_json()
        .replacen(SCHEMA, "skein.loadgen/2", 1);
    let error = Report::from_json(&text).unwrap_err().to_string();
    let expected =
        "the report has schema \"skein.loadgen/2\", this version reads \"skein.loadgen/1\"";
    assert_eq!(error, expected);
    let error = Report::from_json("{}").unwrap_err().to_string();
    assert!(
        error.starts_with("not a report of loadgen: missing field `schema`"),
        "{error}"
    );
}
