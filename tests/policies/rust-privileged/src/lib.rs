//! Refuses Pods with a privileged container of any sort, outside the namespaces that the settings name.

use k8s_openapi::api::core::v1::{Pod, PodSpec, SecurityContext};
use kubewarden_policy_sdk::request::ValidationRequest;
use kubewarden_policy_sdk::wapc_guest::{CallResult, register_function};
use kubewarden_policy_sdk::{accept_request, protocol_version_guest, reject_request, validate_settings};

mod settings;
use settings::Settings;

#[unsafe(no_mangle)]
pub extern "C" fn wapc_init() {
    register_function("validate", validate);
    register_function("validate_settings", validate_settings::<Settings>);
    register_function("protocol_version", protocol_version_guest);
}

fn validate(payload: &[u8]) -> CallResult {
    let review: ValidationRequest<Settings> = ValidationRequest::new(payload)?;
    if review.settings.allows(&review.request.namespace) || review.request.object.is_null() {
        return accept_request();
    }
    let pod: Pod = serde_json::from_value(review.request.object)?;
    let spec = pod.spec.unwrap_or_default();
    let names = privileged_containers(&spec);
    if names.is_empty() {
        return accept_request();
    }
    let message = format!("privileged containers are not allowed: {}", names.join(", "));
    reject_request(Some(message), None, None, None)
}

fn privileged_containers(spec: &PodSpec) -> Vec<&str> {
    let is_privileged = |context: &Option<SecurityContext>| context.as_ref().and_then(|c| c.privileged) == Some(true);

    let init = spec.init_containers.iter().flatten();
    let ephemeral = spec.ephemeral_containers.iter().flatten();
    init.chain(&spec.containers)
        .map(|c| (&c.name, &c.security_context))
        .chain(ephemeral.map(|c| (&c.name, &c.security_context)))
        .filter(|(_, context)| is_privileged(context))
        .map(|(name, _)| name.as_str())
        .collect()
}
