use std::collections::HashSet;

use kubewarden_policy_sdk::settings::Validatable;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, Default, Debug)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Namespaces that may run privileged containers.
    allowed_namespaces: Vec<String>,
}

impl Settings {
    pub fn allows(&self, namespace: &str) -> bool {
        self.allowed_namespaces.iter().any(|name| name == namespace)
    }
}

impl Validatable for Settings {
    fn validate(&self) -> Result<(), String> {
        let mut seen = HashSet::new();
        for name in &self.allowed_namespaces {
            if name.is_empty() {
                return Err("allowed_namespaces holds an empty name".to_string());
            }
            if !seen.insert(name) {
                return Err(format!("allowed_namespaces names {name} twice"));
            }
        }
        Ok(())
    }
}
