//! Gives every object the labels of the settings that it lacks; labels that are there keep their values.

use std::collections::BTreeMap;

use kubewarden_policy_sdk::settings::Validatable;
use kubewarden_policy_sdk::wapc_guest::{CallResult, register_function};
use kubewarden_policy_sdk::{accept_request, mutate_request, protocol_version_guest, reject_request, validate_settings};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// The part of the request this policy needs. The SDK's own type is for Kubernetes alone; this one takes any object.
#[derive(Deserialize)]
struct Review {
    request: Request,
    settings: Settings,
}

#[derive(Deserialize)]
struct Request {
    #[serde(default)]
    object: Value,
}

#[derive(Serialize, Deserialize, Default, Debug)]
#[serde(default, deny_unknown_fields)]
struct Settings {
    labels: BTreeMap<String, String>,
}

impl Validatable for Settings {
    fn validate(&self) -> Result<(), String> {
        match self.labels.values().find(|value| value.len() > 63) {
            Some(value) => Err(format!("label value {value} is longer than 63 bytes")),
            None => Ok(()),
        }
    }
}

#[unsafe(no_mangle)]
pub extern "C" fn wapc_init() {
    register_function("validate", validate);
    register_function("validate_settings", validate_settings::<Settings>);
    register_function("protocol_version", protocol_version_guest);
}

fn validate(payload: &[u8]) -> CallResult {
    let Review { request: Request { mut object }, settings } = serde_json::from_slice(payload)?;
    if object.is_null() {
        return accept_request();
    }
    match add_missing(&mut object, settings.labels) {
        None => reject_request(Some("metadata.labels is not an object".to_string()), Some(422), None, None),
        Some(0) => accept_request(),
        Some(_) => mutate_request(object),
    }
}

/// How many labels were added; nothing if the object has no place for labels.
fn add_missing(object: &mut Value, wanted: BTreeMap<String, String>) -> Option<usize> {
    let metadata = object.as_object_mut()?.entry("metadata").or_insert_with(|| json!({}));
    let present = metadata.get("labels").and_then(Value::as_object);
    let missing: Vec<_> =
        wanted.into_iter().filter(|(key, _)| present.is_none_or(|labels| !labels.contains_key(key))).collect();
    if missing.is_empty() {
        return Some(0);
    }

    let labels = metadata.as_object_mut()?.entry("labels").or_insert(Value::Null);
    if labels.is_null() {
        *labels = json!({});
    }
    let labels = labels.as_object_mut()?;
    let added = missing.len();
    labels.extend(missing.into_iter().map(|(key, value)| (key, Value::String(value))));
    Some(added)
}
