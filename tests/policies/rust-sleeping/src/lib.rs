//! Accepts after a nap: as long as the settings say, or the object's annotation. What Kubewarden's sleeping policy
//! does, in naps of 100 ms as there, so that a deadline finds the guest between two of them.

use std::{thread, time::Duration};

use kubewarden_policy_sdk::settings::Validatable;
use kubewarden_policy_sdk::wapc_guest::{CallResult, register_function};
use kubewarden_policy_sdk::{accept_request, protocol_version_guest, validate_settings};
use serde::{Deserialize, Serialize};
use serde_json::Value;

const NAP_MS: u64 = 100;
const ANNOTATION: &str = "/request/object/metadata/annotations/kubewarden.sleep_duration_milliseconds";

#[derive(Serialize, Deserialize, Default, Debug)]
#[serde(default, rename_all = "camelCase")]
struct Settings {
    sleep_milliseconds: u64,
}

impl Validatable for Settings {
    fn validate(&self) -> Result<(), String> {
        match self.sleep_milliseconds {
            0 => Err("sleepMilliseconds must be greater than 0".to_string()),
            _ => Ok(()),
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
    let review: Value = serde_json::from_slice(payload)?;
    let settings: Settings = serde_json::from_value(review["settings"].clone())?;
    let wanted = match review.pointer(ANNOTATION).and_then(Value::as_str) {
        Some(text) => text.parse()?,
        None => settings.sleep_milliseconds,
    };
    for _ in 0..wanted / NAP_MS {
        thread::sleep(Duration::from_millis(NAP_MS));
    }
    accept_request()
}
