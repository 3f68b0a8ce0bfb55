//! What may be sent, as strictly as it is read: one of some words, several of them, and no field that nobody knows.
//!
//! Answers stay open: they may gain fields and words.

use std::collections::BTreeSet;

use registry_documents::EventData;
use registry_domain::Channel;
use registry_domain::alerts::{Severity, Subject};
use registry_domain::destinations::DestinationKind;
use registry_domain::exports::ExportFormat;
use registry_domain::jobs::{ActionKind, Existing, RowState};
use registry_domain::merchant::{AlertLevel, LinkStanding, Milestone, NextActor, QuarantineReason, Stage, Warning};
use registry_domain::people::{Extra, Role};
use registry_domain::review::{ReviewStatus, Verification};
use registry_domain::tenant::{AuditOutcome, Scope};
use registry_domain::views;
use registry_imports::{Encoding, Format, Separator};
use registry_journal::port::DeliveryState;
use registry_tables::Column;
use serde_json::{Value, json};
use utoipa::openapi::path::{Operation, Parameter, ParameterBuilder, ParameterIn, ParameterStyle};
use utoipa::openapi::schema::{AdditionalProperties, Array, ArrayItems};
use utoipa::openapi::{ArrayBuilder, ObjectBuilder, OpenApi, RefOr, Schema, Type};

use crate::operation::operations_of;
use crate::routes::merchants::list::SORTS;
use crate::routes::plans::import::COLUMNS;
use crate::routes::quarantine::list as quarantine;
use crate::routes::unclaimed::list as unclaimed;

/// What a parameter may say.
#[derive(Clone, Copy)]
enum Choice {
    /// One of some words.
    One(&'static [&'static str]),
    /// Several of some words, separated by commas.
    Some(&'static [&'static str]),
    /// Several texts, separated by commas.
    Texts,
}

/// Parameters of queries, each with the operation that has it; without one, all that have it.
const PARAMETERS: &[(Option<&str>, &str, Choice)] = &[
    (None, "status", Choice::Some(ReviewStatus::WORDS)),
    (None, "stage", Choice::Some(Stage::WORDS)),
    (None, "next_actor", Choice::Some(NextActor::WORDS)),
    (None, "verification", Choice::Some(Verification::WORDS)),
    (None, "link", Choice::Some(LinkStanding::WORDS)),
    (None, "alert", Choice::Some(AlertLevel::WORDS)),
    (None, "warning", Choice::Some(Warning::WORDS)),
    (None, "milestone", Choice::Some(Milestone::WORDS)),
    (None, "member_code", Choice::Texts),
    (None, "tag", Choice::Texts),
    (None, "metadata", Choice::Texts),
    (None, "types", Choice::Some(EventData::TYPES)),
    (None, "action", Choice::Texts),
    (None, "reason", Choice::Some(QuarantineReason::WORDS)),
    (None, "severity", Choice::Some(Severity::WORDS)),
    (None, "rule", Choice::One(Subject::WORDS)),
    (None, "encoding", Choice::One(Encoding::WORDS)),
    (None, "separator", Choice::One(Separator::WORDS)),
    (None, "format", Choice::One(Format::WORDS)),
    (None, "channel", Choice::One(Channel::WORDS)),
    (None, "outcome", Choice::One(AuditOutcome::WORDS)),
    (None, "include", Choice::Some(&["wait"])),
    (
        Some("list_alerts"),
        "state",
        Choice::Some(&["open", "acknowledged", "snoozed"]),
    ),
    (Some("list_deliveries"), "state", Choice::One(DeliveryState::WORDS)),
    (Some("list_plan_rows"), "state", Choice::One(&["refused", "waiting"])),
    (Some("export_plan_rows"), "state", Choice::One(&["refused", "waiting"])),
    (Some("list_job_rows"), "state", Choice::One(RowState::WORDS)),
    (Some("export_job_rows"), "state", Choice::One(RowState::WORDS)),
    (Some("list_quarantine"), "state", Choice::One(quarantine::STATES)),
    (
        Some("list_unclaimed_merchants"),
        "state",
        Choice::One(unclaimed::STATES),
    ),
    (Some("list_merchants"), "sort", Choice::One(SORTS)),
    (
        Some("list_merchant_events"),
        "sort",
        Choice::One(&["version", "-version"]),
    ),
    (
        Some("list_merchant_callbacks"),
        "sort",
        Choice::One(&["version", "-version"]),
    ),
];

/// Fields of bodies, and of what stands in a list of them, which are one of some words.
const FIELDS: &[(&str, &str, &[&str])] = &[
    ("AlertRuleBody", "severity", Severity::WORDS),
    ("ApiKeyRequest", "scopes", Scope::WORDS),
    ("EventDestinationPatch", "least_severity", Severity::WORDS),
    ("EventDestinationPatch", "rules", Subject::WORDS),
    ("EventDestinationRequest", "kind", DestinationKind::WORDS),
    ("EventDestinationRequest", "least_severity", Severity::WORDS),
    ("EventDestinationRequest", "rules", Subject::WORDS),
    ("ExportRequest", "columns", Column::WORDS),
    ("ExportRequest", "format", ExportFormat::WORDS),
    ("PersonPatch", "granted", Extra::WORDS),
    ("PersonPatch", "role", Role::WORDS),
    ("PersonToInvite", "granted", Extra::WORDS),
    ("PersonToInvite", "role", Role::WORDS),
    ("PlanRequest", "action", ActionKind::WORDS),
    ("PlanRequest", "columns", COLUMNS),
    ("PlanRequest", "encoding", Encoding::WORDS),
    ("PlanRequest", "existing", Existing::WORDS),
    ("PlanRequest", "separator", Separator::WORDS),
    ("RedriveFilter", "reasons", QuarantineReason::WORDS),
    ("Resolution", "action", &["bind", "discard"]),
    ("ViewPatch", "columns", views::Column::WORDS),
    ("ViewRequest", "columns", views::Column::WORDS),
];

/// Schemas of bodies that stand in answers too, where they may gain fields.
const OF_BOTH: &[&str] = &["OwnDay"];

/// Says in the document what is refused.
pub fn close(document: &mut OpenApi) {
    for item in document.paths.paths.values_mut() {
        for operation in operations_of(item) {
            close_parameters(operation);
        }
    }
    let bodies = of_bodies(document);
    let Some(components) = document.components.as_mut() else {
        return;
    };
    for (name, field, words) in FIELDS {
        if let Some(RefOr::T(Schema::Object(schema))) = components.schemas.get_mut(*name)
            && let Some(RefOr::T(field)) = schema.properties.get_mut(*field)
        {
            choose(field, words);
        }
    }
    for name in bodies.iter().filter(|name| !OF_BOTH.contains(&name.as_str())) {
        if let Some(RefOr::T(Schema::Object(schema))) = components.schemas.get_mut(name)
            && schema.additional_properties.is_none()
        {
            schema.additional_properties = Some(Box::new(AdditionalProperties::FreeForm(false)));
        }
    }
}

fn close_parameters(operation: &mut Operation) {
    let id = operation.operation_id.as_deref();
    for parameter in operation.parameters.iter_mut().flatten() {
        let RefOr::T(parameter) = parameter else { continue };
        let mut fitting = PARAMETERS.iter();
        let fitting = fitting.find(|(of, name, _)| parameter.name == *name && of.is_none_or(|of| id == Some(of)));
        if let (Some((.., choice)), ParameterIn::Query) = (fitting, &parameter.parameter_in) {
            close_parameter(parameter, *choice);
        }
    }
}

fn close_parameter(parameter: &mut Parameter, choice: Choice) {
    let text = ObjectBuilder::new().schema_type(Type::String);
    let schema = match choice {
        Choice::One(words) => Schema::Object(text.enum_values(Some(words.iter().copied())).build()),
        Choice::Some(words) => list(text.enum_values(Some(words.iter().copied()))),
        Choice::Texts => list(text),
    };
    let mut closed = ParameterBuilder::from(parameter.clone());
    if let Schema::Array(_) = schema {
        closed = closed.style(Some(ParameterStyle::Form)).explode(Some(false));
        if let Some(example) = json!(parameter)["example"].as_str() {
            closed = closed.example(Some(json!(example.split(',').collect::<Vec<_>>())));
        }
    }
    *parameter = closed.schema(Some(schema)).build();
}

fn list(item: ObjectBuilder) -> Schema {
    ArrayBuilder::new()
        .items(item.build())
        .min_items(Some(1))
        .build()
        .into()
}

/// One of some words, or a list of them. Where it may be null, null is one.
fn choose(schema: &mut Schema, words: &[&str]) {
    if let Schema::Object(text) = schema {
        let is_nullable = json!(text.schema_type).is_array();
        let values = words.iter().map(|word| json!(word));
        text.enum_values = Some(values.chain(is_nullable.then_some(Value::Null)).collect());
    } else if let Schema::Array(Array {
        items: ArrayItems::RefOrSchema(item),
        ..
    }) = schema
        && let RefOr::T(item) = item.as_mut()
    {
        choose(item, words);
    }
}

/// The names of all schemas that bodies lead to.
fn of_bodies(document: &OpenApi) -> BTreeSet<String> {
    let document = json!(document);
    let schemas = &document["components"]["schemas"];
    let paths = document["paths"]
        .as_object()
        .into_iter()
        .flat_map(|paths| paths.values());
    let operations = paths.filter_map(Value::as_object).flat_map(|path| path.values());
    let mut open: Vec<_> = operations
        .flat_map(|operation| named_in(&operation["requestBody"]))
        .collect();
    let mut names = BTreeSet::new();
    while let Some(name) = open.pop() {
        if names.insert(name.clone()) {
            open.extend(named_in(&schemas[&name]));
        }
    }
    names
}

/// The schemas to which a piece of the document refers.
fn named_in(piece: &Value) -> Vec<String> {
    let text = piece.to_string();
    let references = text.split("\"#/components/schemas/").skip(1);
    let names = references.filter_map(|rest| rest.split('"').next());
    names.map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_is_one_of_some_words_says_so() {
        let document = json!(crate::openapi());
        let operations = document["paths"].as_object().unwrap().values();
        let operations: Vec<_> = operations.flat_map(|path| path.as_object().unwrap().values()).collect();
        let parameters = |operation: &&Value, name: &str| {
            let parameters = operation["parameters"].as_array().into_iter().flatten();
            parameters
                .filter(|it| it["in"] == "query" && it["name"] == *name)
                .count()
        };
        for (of, name, _) in PARAMETERS {
            let mut with_it = operations
                .iter()
                .filter(|it| of.is_none_or(|of| it["operationId"] == *of));
            assert!(
                with_it.any(|operation| parameters(operation, name) > 0),
                "{of:?} {name}"
            );
        }
        for operation in &operations {
            for parameter in operation["parameters"].as_array().into_iter().flatten() {
                let said = parameter["description"].as_str().unwrap_or_default();
                let is_list = said.contains("separated by commas");
                assert_eq!(
                    parameter["schema"]["type"] == "array",
                    is_list || parameter["name"] == "include",
                    "{parameter}"
                );
            }
        }
        for (name, field, _) in FIELDS {
            let schema = &document["components"]["schemas"][name]["properties"][field];
            let words = [&schema["enum"], &schema["items"]["enum"]];
            assert!(words.iter().any(|words| words.is_array()), "{name} {field}");
        }
    }

    #[test]
    fn bodies_take_no_field_that_nobody_knows() {
        let document = crate::openapi();
        let schemas = &json!(document)["components"]["schemas"];
        let mut open = of_bodies(&document);
        open.retain(|name| schemas[name]["type"] == "object" && schemas[name]["additionalProperties"] != false);
        assert_eq!(open.into_iter().collect::<Vec<_>>(), OF_BOTH);
    }
}
