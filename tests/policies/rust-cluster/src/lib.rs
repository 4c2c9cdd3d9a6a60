//! Lists all objects of the request's kind, and refuses a RoleBinding that gives a role to somebody who has it already by
//! another one; of another kind, what has the name of an object that there is.

use kubewarden_policy_sdk::wapc_guest::{CallResult, host_call, register_function};
use kubewarden_policy_sdk::{accept_request, protocol_version_guest, reject_request, validate_settings};
use serde::{Deserialize, Serialize};
use serde_json::json;

#[derive(Deserialize)]
struct Review {
    request: Request,
}

#[derive(Deserialize)]
struct Request {
    object: Object,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Object {
    #[serde(default)]
    api_version: String,
    #[serde(default)]
    kind: String,
    metadata: Metadata,
    #[serde(default)]
    role_ref: Name,
    #[serde(default)]
    subjects: Vec<Name>,
}

#[derive(Deserialize)]
struct Metadata {
    name: String,
}

#[derive(Deserialize, Default)]
struct Name {
    name: String,
}

#[derive(Deserialize)]
struct List {
    items: Vec<Object>,
}

#[derive(Serialize, Deserialize, Default, Debug)]
struct Settings {}

impl kubewarden_policy_sdk::settings::Validatable for Settings {
    fn validate(&self) -> Result<(), String> {
        Ok(())
    }
}

#[unsafe(no_mangle)]
pub extern "C" fn wapc_init() {
    register_function("validate", validate);
    register_function("validate_settings", validate_settings::<Settings>);
    register_function("protocol_version", protocol_version_guest);
}

fn validate(payload: &[u8]) -> CallResult {
    let Review { request: Request { object } } = serde_json::from_slice(payload)?;
    let what = json!({"api_version": object.api_version, "kind": object.kind});
    let answer = host_call("kubewarden", "kubernetes", "list_resources_all", &serde_json::to_vec(&what)?)?;
    let List { items } = serde_json::from_slice(&answer)?;
    let same = items.iter().filter(|item| is_same(item, &object)).count();
    if same == 0 {
        return accept_request();
    }
    reject_request(Some(format!("{same} of {}", items.len())), None, None, None)
}

fn is_same(item: &Object, object: &Object) -> bool {
    if object.subjects.is_empty() {
        return item.metadata.name == object.metadata.name;
    }
    item.role_ref.name == object.role_ref.name
        && item.subjects.iter().any(|one| object.subjects.iter().any(|other| one.name == other.name))
}
