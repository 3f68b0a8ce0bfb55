//! What operations answer: recorded from a service that ran, by `cargo xtask openapi --examples`.

use std::collections::BTreeMap;

use serde_json::Value;
use utoipa::openapi::{OpenApi, RefOr};

use crate::operation::operations_of;

/// By operation and status.
const RECORDED: &str = include_str!("examples.json");

/// Shows them in the document.
pub fn show(document: &mut OpenApi) {
    let recorded: BTreeMap<String, Value> = serde_json::from_str(RECORDED).expect("the examples are JSON");
    for item in document.paths.paths.values_mut() {
        for operation in operations_of(item) {
            let id = operation.operation_id.clone().unwrap_or_default();
            for (status, response) in &mut operation.responses.responses {
                let RefOr::T(response) = response else { continue };
                let example = recorded.get(&format!("{id} {status}"));
                if let (Some(RefOr::T(content)), Some(example)) =
                    (response.content.get_mut("application/json"), example)
                {
                    content.example = Some(example.clone());
                }
            }
        }
    }
}
