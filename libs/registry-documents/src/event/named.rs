//! The schema of events in the form that generators read: one with a name for each type, told apart by `type`.

use std::collections::BTreeMap;

use utoipa::openapi::schema::{AllOfBuilder, Discriminator, Object, OneOf, OneOfBuilder};
use utoipa::openapi::{Ref, RefOr, Schema};

/// What the schema of all types together is called.
const EVENT: &str = "Event";

/// What the schema of all types, and of what each tells, is called.
const EVENT_DATA: &str = "EventData";

/// What the schema of what every event has is called.
const EVENT_BASE: &str = "EventBase";

const TYPE: &str = "type";

/// What stands behind a type in the name of the schema of its events, and in that of what it tells.
const EVENT_ENDING: &str = "Event";
const FACT_ENDING: &str = "Fact";

/// Puts schemas for each type beside those for all, which then are one of them.
///
/// # Panics
/// If what is derived of events is not what it is known to be: what every event has, and one of what the types tell.
pub fn name_events(schemas: &mut BTreeMap<String, RefOr<Schema>>) {
    let (Some(RefOr::T(event)), Some(RefOr::T(data))) = (schemas.get(EVENT), schemas.get(EVENT_DATA)) else {
        return;
    };
    let named = named(event, data).expect("events are what every one has, and one of what the types tell");
    schemas.extend(named.into_iter().map(|(name, schema)| (name, RefOr::T(schema))));
}

/// The schemas by their names.
fn named(event: &Schema, data: &Schema) -> Option<Vec<(String, Schema)>> {
    let (Schema::AllOf(event), Schema::OneOf(OneOf { items: types, .. })) = (event, data) else {
        return None;
    };
    let base = event.items.iter().find_map(|item| match item {
        RefOr::T(Schema::Object(object)) => Some(object),
        RefOr::T(_) | RefOr::Ref(_) => None,
    })?;
    let mut base = base.clone();
    base.description = Some("What every event has.".to_owned());
    let mut named = vec![(EVENT_BASE.to_owned(), Schema::Object(base))];
    let mut types_told = Vec::with_capacity(types.len());
    for one in types {
        let RefOr::T(Schema::Object(told)) = one else {
            return None;
        };
        let event_type = type_of(told)?;
        let (event_name, fact_name) = (name_of(event_type), named_with(event_type, FACT_ENDING));
        let of_type = AllOfBuilder::new()
            .description(Some(format!("An event of the type `{event_type}`.")))
            .item(Ref::from_schema_name(EVENT_BASE))
            .item(Ref::from_schema_name(&fact_name))
            .build();
        named.push((event_name, Schema::AllOf(of_type)));
        named.push((fact_name, Schema::Object(told.clone())));
        types_told.push(event_type);
    }
    let about = event.description.as_deref();
    named.push((EVENT.to_owned(), one_of(&types_told, EVENT_ENDING, about)));
    let about = Some("The type of an event, and what that type tells.");
    named.push((EVENT_DATA.to_owned(), one_of(&types_told, FACT_ENDING, about)));
    Some(named)
}

/// One of those of each type, told apart by it.
fn one_of(types: &[&str], ending: &str, about: Option<&str>) -> Schema {
    let mut all = OneOfBuilder::new().description(about);
    let mut mapping = Vec::with_capacity(types.len());
    for event_type in types {
        let place = Ref::from_schema_name(named_with(event_type, ending));
        mapping.push(((*event_type).to_owned(), place.ref_location.clone()));
        all = all.item(place);
    }
    let all = all.discriminator(Some(Discriminator::with_mapping(TYPE, mapping)));
    Schema::OneOf(all.build())
}

fn type_of(told: &Object) -> Option<&str> {
    let RefOr::T(Schema::Object(word)) = told.properties.get(TYPE)? else {
        return None;
    };
    word.enum_values.as_ref()?.first()?.as_str()
}

/// What the schema of the events of a type is called: that of `review.changed` is `ReviewChangedEvent`.
pub fn name_of(event_type: &str) -> String {
    named_with(event_type, EVENT_ENDING)
}

pub(crate) fn named_with(event_type: &str, ending: &str) -> String {
    let words = event_type.split(['.', '_']).map(|word| {
        let (first, rest) = word.split_at(word.len().min(1));
        first.to_ascii_uppercase() + rest
    });
    words.collect::<String>() + ending
}

#[cfg(test)]
mod tests {
    use utoipa::PartialSchema;

    use super::*;
    use crate::event::{EventData, PublicEvent};

    #[test]
    fn each_type_has_a_schema_of_its_own() {
        let (RefOr::T(event), RefOr::T(data)) = (PublicEvent::schema(), EventData::schema()) else {
            panic!("these are schemas");
        };
        let named = named(&event, &data).expect("it is as it is known to be");
        let of = |wanted: &str| {
            let found = named.iter().find(|(name, _)| name == wanted).expect("there is one");
            serde_json::to_value(&found.1).expect("a schema is valid JSON")
        };
        for (all, one) in [
            ("Event", "MerchantDetailsChangedEvent"),
            ("EventData", "MerchantDetailsChangedFact"),
        ] {
            let all = of(all);
            assert_eq!(all["discriminator"]["propertyName"], "type");
            assert_eq!(
                all["discriminator"]["mapping"]["merchant.details_changed"],
                format!("#/components/schemas/{one}")
            );
            assert_eq!(all["oneOf"].as_array().map(Vec::len), Some(EventData::TYPES.len()));
        }
        assert!(of("EventBase")["properties"]["seq"].is_object());
        let changed = of("ReviewChangedEvent");
        assert_eq!(changed["allOf"][0]["$ref"], "#/components/schemas/EventBase");
        assert_eq!(changed["allOf"][1]["$ref"], "#/components/schemas/ReviewChangedFact");
        let told = &of("ReviewChangedFact")["properties"];
        assert_eq!(told["type"]["enum"], serde_json::json!(["review.changed"]));
        assert!(told["data"]["$ref"].is_string());
    }
}
