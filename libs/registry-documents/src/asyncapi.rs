//! The contract with subscribers as a document: `AsyncAPI` 3, made from the types that are published.

use serde_json::{Map, Value, json};
use utoipa::{PartialSchema, ToSchema};

use crate::document::MerchantDocument;
use crate::event::{PublicEvent, name_events, name_of, named_with};
use crate::message::{
    CE_CAUSATION_ID, CE_CORRELATION_ID, CE_ID, CE_PARTITION_KEY, CE_SEQUENCE, CE_SOURCE, CE_SPEC_VERSION, CE_SUBJECT,
    CE_TIME, CE_TYPE, CONTENT_TYPE, MESSAGE_ID, REGISTRY_HASH, REGISTRY_PREV_SEQ, REGISTRY_SEQ, TRACE_PARENT,
};

/// The types that are published, and when each is.
const PUBLISHED: [(&str, &str); 27] = [
    ("merchant.registered", "You registered a shop."),
    ("merchant.details_changed", "You changed what you keep about a shop."),
    ("merchant.archived", "You put a shop away."),
    ("merchant.restored", "You took a shop back."),
    ("merchant.erased", "The personal data of a shop was destroyed."),
    ("link.requested", "A registration URL was asked for."),
    ("link.issued", "Paymint issued a registration URL."),
    (
        "link.issue_failed",
        "A registration URL was not issued, or it is not known whether it was.",
    ),
    ("link.revoked", "You took a registration link back."),
    (
        "link.opened",
        "A shop looked at the page behind its link: once a day, and only where its browser says that somebody looks.",
    ),
    ("link.continued", "A shop went on from its page to Paymint."),
    ("merchant.returned", "A shop came back from Paymint."),
    ("callback.received", "Paymint sent a callback, whatever came of it."),
    ("callback.discarded", "You gave up a callback that could not be used."),
    (
        "status.observed",
        "Paymint was asked about a shop, and its answer was news.",
    ),
    ("review.changed", "The review moved, or its message changed."),
    ("business.changed", "Paymint has other business details than before."),
    ("upstream.unlinked", "Paymint says that a shop is no longer linked."),
    ("upstream.relinked", "Paymint says that a shop is linked again."),
    ("confirmation.requested", "A doubtful claim waits for Paymint's word."),
    ("confirmation.resolved", "The doubtful claims of a shop were settled."),
    ("payment.approved", "A payment-approval callback came in."),
    ("note.added", "Somebody wrote a note."),
    (
        "alert.raised",
        "A shop waits too long by one of your rules, or longer than before.",
    ),
    ("alert.acknowledged", "Somebody took note of an alert."),
    ("alert.snoozed", "Somebody put an alert to sleep, or woke it."),
    (
        "alert.resolved",
        "An alert has ended: the shop moved on, or the rule changed.",
    ),
];

const DESCRIPTION: &str = "\
What the Submerchant Registry publishes to NATS. Each tenant has a JetStream stream `SMR_<TENANT>` with the subjects \
`smr.v1.<tenant>.>` and a key-value bucket `smr_<tenant>_merchants` with the current document of every merchant.

Every event of a merchant is in the stream exactly once and in the order of the tenant's log, as long as the server \
keeps its data; what it loses is published again, in order. So handle an event by its id once, and pass over a \
merchant's event whose `ce-sequence` you have seen. `Registry-Prev-Seq` names the event published before: if it is not \
the last one you saw, you missed something; the REST feed `/v1/events` has it. `Registry-Hash` is the hash of the log up \
to the event, of sealed bytes: keep it with `Registry-Seq`, and `registry verify --expect <seq>:<hash>` proves later that \
nobody wrote that log anew. Messages of earlier versions have none.

A consumer that filters by types or by one merchant sees no gap by `Registry-Prev-Seq`: it names events that were never for it. \
`JetStream` brings it every stored message that fits. Of one merchant with all its types `ce-sequence` has no gaps. Messages are kept \
for 90 days: whoever was away for longer begins with the bucket again, or reads the feed. Events of the tenant itself, such as keys, \
people and jobs, are in the feed only.

Event types, fields and words are open lists: new ones may come within `v1`, none goes away. Pass over what you do not \
know. Business numbers are masked; personal fields are null once the personal data was destroyed.";

/// The document.
pub fn asyncapi() -> Value {
    let mut channels = Map::new();
    let mut operations = Map::new();
    let mut messages = Map::new();
    for (event_type, summary) in PUBLISHED {
        channels.insert(event_type.to_owned(), channel(event_type));
        operations.insert(event_type.to_owned(), operation(event_type, summary));
        messages.insert(event_type.to_owned(), message(event_type, summary));
    }
    channels.insert("documents".to_owned(), documents_channel());
    operations.insert("documents".to_owned(), documents_operation());
    messages.insert("document".to_owned(), document_message());
    json!({
        "asyncapi": "3.0.0",
        "info": {
            "title": "Submerchant Registry",
            "version": "1.0.0",
            "description": DESCRIPTION,
        },
        "defaultContentType": "application/json",
        "servers": {
            "nats": {
                "host": "nats.example:4222",
                "protocol": "nats",
                "description": "NATS with JetStream, 2.14 or newer. Whoever runs the installation says where it is, and hands out \
                    credentials that may read what is of one tenant. Set the inbox prefix that they name.",
                "security": [{ "$ref": "#/components/securitySchemes/credentials" }],
            },
        },
        "channels": channels,
        "operations": operations,
        "components": {
            "messages": messages,
            "messageTraits": { "event": { "headers": headers() } },
            "parameters": parameters(),
            "schemas": schemas(),
            "securitySchemes": {
                "credentials": {
                    "type": "asymmetricEncryption",
                    "description": "A credentials file (`.creds`): a signed JWT that says what may be read, and the nkey that proves \
                        whose it is.",
                },
            },
        },
    })
}

/// Messages as they are published, by their types.
const EXAMPLES: &str = include_str!("asyncapi/examples.json");

fn channel(event_type: &str) -> Value {
    let address = match event_type {
        "review.changed" => "smr.v1.{tenant}.merchant.review.{status}.{merchant_id}".to_owned(),
        _ => format!("smr.v1.{{tenant}}.merchant.{event_type}.{{merchant_id}}"),
    };
    let named: Map<String, Value> = ["tenant", "status", "merchant_id"]
        .into_iter()
        .filter(|name| address.contains(&format!("{{{name}}}")))
        .map(|name| (name.to_owned(), reference("parameters", name)))
        .collect();
    json!({
        "address": address,
        "parameters": named,
        "messages": { event_type: reference("messages", event_type) },
    })
}

fn operation(event_type: &str, summary: &str) -> Value {
    json!({
        "action": "send",
        "summary": summary,
        "channel": { "$ref": format!("#/channels/{event_type}") },
        "messages": [{ "$ref": format!("#/channels/{event_type}/messages/{event_type}") }],
    })
}

fn message(event_type: &str, summary: &str) -> Value {
    let examples: Value = serde_json::from_str(EXAMPLES).expect("the examples are JSON");
    json!({
        "name": format!("kr.submerchant.merchant.{event_type}.v1"),
        "summary": summary,
        "contentType": "application/json",
        "traits": [reference("messageTraits", "event")],
        "payload": reference("schemas", &payload_name(event_type)),
        "examples": [examples[event_type]],
    })
}

/// `ReviewChangedMessage` of `review.changed`.
fn payload_name(event_type: &str) -> String {
    named_with(event_type, "Message")
}

/// The event, of a merchant, and the merchant as of it.
fn payload(event_type: &str) -> Value {
    let event = json!({
        "allOf": [
            reference("schemas", &name_of(event_type)),
            { "type": "object", "properties": { "merchant_id": { "type": "string" } } },
        ],
    });
    json!({
        "type": "object",
        "description": format!("An event of the type `{event_type}`, and the merchant as of it."),
        "required": ["event", "merchant"],
        "properties": { "event": event, "merchant": reference("schemas", "Merchant") },
    })
}

fn documents_channel() -> Value {
    json!({
        "address": "$KV.smr_{tenant}_merchants.{merchant_id}",
        "description": "The key-value bucket: the current document of every merchant under its id. The key of an erased \
            merchant is deleted.",
        "parameters": {
            "tenant": reference("parameters", "tenant"),
            "merchant_id": reference("parameters", "merchant_id"),
        },
        "messages": { "document": reference("messages", "document") },
    })
}

fn documents_operation() -> Value {
    json!({
        "action": "send",
        "summary": "What a shop is like now; written behind its events, five seconds at most.",
        "channel": { "$ref": "#/channels/documents" },
        "messages": [{ "$ref": "#/channels/documents/messages/document" }],
    })
}

fn document_message() -> Value {
    json!({
        "name": "document",
        "summary": "A merchant as of its last event.",
        "contentType": "application/json",
        "payload": reference("schemas", "Merchant"),
    })
}

fn parameters() -> Value {
    json!({
        "tenant": { "description": "The tenant's short name.", "examples": ["acme"] },
        "merchant_id": { "description": "The merchant's id.", "examples": ["mer_0197f0a1b2c37d4e8f90a1b2c3d4e5f6"] },
        "status": {
            "description": "The new review status. Open list.",
            "examples": ["none", "drafting", "in_review", "documents_required", "rejected", "opened", "unknown"],
        },
    })
}

/// Headers are texts. All are in every message but the id of the event that led to it, which the first of a request
/// has not.
fn headers() -> Value {
    let described = [
        (MESSAGE_ID, "^evt_[0-9a-f]{32}$", "The event's id."),
        (REGISTRY_SEQ, "^[0-9]+$", "Position of the event in the tenant's log."),
        (
            REGISTRY_PREV_SEQ,
            "^[0-9]+$",
            "Position of the event published before; 0 for the first.",
        ),
        (
            REGISTRY_HASH,
            "^[0-9a-f]{64}$",
            "The hash of the event and of everything before it in the tenant's log.",
        ),
        (CONTENT_TYPE, "^application/json$", "Of the body."),
        (TRACE_PARENT, "^00-[0-9a-f]{32}-[0-9a-f]{16}-00$", "W3C trace context."),
        (CE_SPEC_VERSION, "^1\\.0$", "CloudEvents."),
        (CE_ID, "^evt_[0-9a-f]{32}$", "The event's id."),
        (
            CE_TYPE,
            "^kr\\.submerchant\\.merchant\\.[a-z_.]+\\.v1$",
            "The event's type and the version of the contract.",
        ),
        (
            CE_SOURCE,
            "^/tenants/[a-z0-9-]+/merchants/mer_[0-9a-f]{32}$",
            "The merchant as a path.",
        ),
        (CE_SUBJECT, "^mer_[0-9a-f]{32}$", "The merchant."),
        (CE_TIME, "Z$", "When the event was written down, RFC 3339 in UTC."),
        (
            CE_SEQUENCE,
            "^[0-9]{20}$",
            "The merchant's version, padded so that it sorts as text.",
        ),
        (CE_PARTITION_KEY, "^mer_[0-9a-f]{32}$", "The merchant."),
        (
            CE_CORRELATION_ID,
            "^req_[0-9a-f]{32}$",
            "The request that the event belongs to.",
        ),
        (CE_CAUSATION_ID, "^evt_[0-9a-f]{32}$", "The event that led to it."),
    ];
    let required: Vec<&str> = described
        .iter()
        .map(|(name, ..)| *name)
        .filter(|name| *name != CE_CAUSATION_ID)
        .collect();
    let properties: Map<String, Value> = described
        .iter()
        .map(|(name, pattern, description)| {
            let schema = json!({ "type": "string", "pattern": pattern, "description": description });
            ((*name).to_owned(), schema)
        })
        .collect();
    json!({ "type": "object", "required": required, "properties": properties })
}

fn schemas() -> Value {
    let mut schemas = vec![
        (PublicEvent::name().into_owned(), PublicEvent::schema()),
        (MerchantDocument::name().into_owned(), MerchantDocument::schema()),
    ];
    PublicEvent::schemas(&mut schemas);
    MerchantDocument::schemas(&mut schemas);
    let mut schemas = schemas.into_iter().collect();
    name_events(&mut schemas);
    let mut schemas = serde_json::to_value(schemas).expect("schemas are valid JSON");
    for (event_type, _) in PUBLISHED {
        schemas[payload_name(event_type)] = payload(event_type);
    }
    schemas
}

fn reference(kind: &str, name: &str) -> Value {
    json!({ "$ref": format!("#/components/{kind}/{name}") })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::Path;

    use registry_domain::Seq;

    use super::*;
    use crate::event::tests::merchant_table;
    use crate::message::{Message, message_for};
    use crate::testing::{merchant_of, recorded, registered, slug};

    /// What is published for every event of a merchant, by its type.
    fn published() -> Vec<(&'static str, Message)> {
        let publish = |event, event_type| {
            let document = MerchantDocument::from_merchant(&merchant_of(&[registered("1178178260")])).masked();
            let message = message_for(&slug(), &recorded(1, event), &document, Seq::ZERO);
            (event_type, message.expect("an event of a merchant is published"))
        };
        let rows = merchant_table().into_iter();
        rows.map(|(event, event_type, ..)| publish(event, event_type)).collect()
    }

    /// A part of the document, with everything that it may point to.
    fn validator(pointer: &str) -> jsonschema::Validator {
        let mut schema = asyncapi();
        schema["$ref"] = json!(pointer);
        jsonschema::validator_for(&schema).expect("the document holds JSON schemas")
    }

    fn errors(validator: &jsonschema::Validator, instance: &Value) -> Vec<String> {
        validator.iter_errors(instance).map(|error| error.to_string()).collect()
    }

    #[test]
    fn what_is_published_is_as_the_contract_says() {
        let headers = validator("#/components/messageTraits/event/headers");
        for (event_type, message) in published() {
            let payload = validator(&format!("#/components/messages/{event_type}/payload"));
            let body: Value = serde_json::from_slice(&message.body).unwrap();
            assert_eq!(errors(&payload, &body), Vec::<String>::new(), "{event_type}: {body}");
            let sent: Map<String, Value> = message
                .headers
                .iter()
                .map(|(name, value)| ((*name).to_owned(), json!(value)))
                .collect();
            assert_eq!(
                errors(&headers, &Value::Object(sent)),
                Vec::<String>::new(),
                "{event_type}"
            );
        }
    }

    /// Written anew it lies beside what is built: the test says where.
    #[test]
    fn examples_are_what_is_published() {
        let mut examples = Map::new();
        for (event_type, message) in published() {
            let headers: Map<String, Value> = message
                .headers
                .iter()
                .map(|(name, value)| ((*name).to_owned(), json!(value)))
                .collect();
            let payload: Value = serde_json::from_slice(&message.body).unwrap();
            examples
                .entry(event_type)
                .or_insert_with(|| json!({ "headers": headers, "payload": payload }));
        }
        let text = serde_json::to_string_pretty(&examples).unwrap() + "\n";
        let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/asyncapi/examples.json");
        let new = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/asyncapi-examples.json");
        if text != EXAMPLES {
            fs::write(&new, text).unwrap();
            panic!(
                "put {} in place of {}, and run `cargo xtask openapi`",
                new.display(),
                kept.display()
            );
        }
    }

    #[test]
    fn the_contract_does_not_let_everything_through() {
        let payload = validator("#/components/messages/review.changed/payload");
        for (event_type, message) in published() {
            let body: Value = serde_json::from_slice(&message.body).unwrap();
            assert_eq!(payload.is_valid(&body), event_type == "review.changed", "{event_type}");
        }
        assert!(!payload.is_valid(&json!({ "event": {}, "merchant": {} })));
    }

    #[test]
    fn every_subject_is_an_address() {
        let document = asyncapi();
        for (event_type, message) in published() {
            let address = document["channels"][event_type]["address"].as_str().unwrap().split('.');
            let subject: Vec<&str> = message.subject.split('.').collect();
            assert_eq!(address.clone().count(), subject.len(), "{event_type}");
            let fits = |(wanted, found): (&str, &&str)| wanted.starts_with('{') || wanted == *found;
            assert!(address.zip(&subject).all(fits), "{}", message.subject);
        }
    }

    #[test]
    fn every_type_is_told() {
        let told: BTreeSet<_> = PUBLISHED.iter().map(|(event_type, _)| *event_type).collect();
        let seen: BTreeSet<_> = published().iter().map(|(event_type, _)| *event_type).collect();
        assert_eq!(told, seen);
    }

    #[test]
    fn the_committed_contract_is_this_one() {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../openapi/asyncapi.json");
        let committed: Value = serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap();
        assert!(
            committed == asyncapi(),
            "openapi/asyncapi.json is out of date: write it anew with `cargo run -p registry -- asyncapi`"
        );
    }
}
