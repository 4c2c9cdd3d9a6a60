//! Replaces a forbidden resource by the default one in documents that are no AdmissionReview: what Kubewarden's
//! raw-mutation policy does.

use kubewarden_policy_sdk::settings::Validatable;
use kubewarden_policy_sdk::wapc_guest::{CallResult, register_function};
use kubewarden_policy_sdk::{accept_request, mutate_request, protocol_version_guest, reject_request, validate_settings};
use serde::{Deserialize, Serialize};

#[derive(Deserialize)]
struct Review {
    request: Request,
    settings: Settings,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Request {
    user: String,
    action: String,
    resource: String,
}

#[derive(Serialize, Deserialize, Default, Debug)]
#[serde(default, rename_all = "camelCase")]
struct Settings {
    forbidden_resources: Vec<String>,
    default_resource: String,
}

impl Validatable for Settings {
    fn validate(&self) -> Result<(), String> {
        if self.default_resource.is_empty() {
            return Err("defaultResource cannot be empty".to_string());
        }
        if self.forbidden_resources.contains(&self.default_resource) {
            return Err("defaultResource cannot be forbidden".to_string());
        }
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
    let Review { mut request, settings } = match serde_json::from_slice(payload) {
        Ok(review) => review,
        Err(why) => return reject_request(Some(why.to_string()), Some(400), None, None),
    };
    if !settings.forbidden_resources.contains(&request.resource) {
        return accept_request();
    }
    request.resource = settings.default_resource;
    mutate_request(serde_json::to_value(request)?)
}
