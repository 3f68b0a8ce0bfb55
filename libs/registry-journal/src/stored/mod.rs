//! Events as they are written: a type, data that may be read by anybody who may read the log, and personal data that
//! is sealed. The domain's events convert here, by exhaustive `match`, and nowhere else.
//!
//! Once a release is tagged these shapes are frozen: a new meaning is a new type, never an edit.

mod alerts;
mod columns;
mod destinations;
mod jobs;
mod mappings;
mod merchant;
mod merchant_state;
mod moment;
mod observation;
mod personal;
#[cfg(test)]
mod released;
mod scopes;
mod settings;
mod tenant;
mod tenant_state;
#[cfg(test)]
mod tests;
mod views;

pub use columns::MerchantColumns;
pub use merchant_state::{merchant_from_json, merchant_to_json};
pub use personal::Personal;
pub use tenant_state::{tenant_from_json, tenant_to_json};

pub(crate) use merchant::from_domain as from_merchant;
pub(crate) use tenant::from_domain as from_tenant;
pub(crate) use tenant::merchant_of as merchant_accessed;

use serde_json::error::Category;

use crate::record::StreamEvent;

/// The type of the event after which a merchant has no key.
pub const MERCHANT_ERASED: &str = "merchant.erased";

/// Whether events of a type tell of alerts: then it is worth opening them, for whoever looks for those.
pub fn is_of_alerts(event_type: &str) -> bool {
    alerts::OF_MERCHANT.has(event_type) || alerts::OF_TENANT.has(event_type)
}

/// A text in storage that cannot be turned back into a fact.
#[derive(Debug, thiserror::Error)]
pub enum StoredError {
    /// The data is not of the shape that its type has.
    #[error("the data of a {event_type} event does not have its shape")]
    Data {
        /// The type.
        event_type: String,
        /// Why.
        #[source]
        source: Misshapen,
    },
    /// The opened personal part is not of its shape.
    #[error("the personal part does not have its shape")]
    Personal(#[source] Misshapen),
    /// No version of the registry wrote such a type.
    #[error("unknown event type {0}")]
    UnknownType(String),
    /// A value breaks a rule that held when it was written.
    #[error("{field} holds a value that breaks its rule")]
    Value {
        /// Where.
        field: &'static str,
    },
    /// The state of a row is not of its shape.
    #[error("the state of a {row} row does not have its shape")]
    State {
        /// Of what.
        row: &'static str,
        /// Why.
        #[source]
        source: Misshapen,
    },
}

/// Where a text stops being what it should be. Not what stands there: that may be somebody's name.
#[derive(Debug, thiserror::Error)]
#[error("{what} at line {line}, column {column}")]
pub struct Misshapen {
    what: &'static str,
    line: usize,
    column: usize,
}

impl From<serde_json::Error> for Misshapen {
    fn from(error: serde_json::Error) -> Self {
        Self {
            what: match error.classify() {
                Category::Io => "unreadable",
                Category::Syntax => "no JSON",
                Category::Data => "an unexpected value",
                Category::Eof => "an early end",
            },
            line: error.line(),
            column: error.column(),
        }
    }
}

/// An event in its stored shape, not sealed yet.
#[derive(Debug)]
pub struct Stored {
    /// Dotted type.
    pub event_type: &'static str,
    /// JSON without anything personal.
    pub data: String,
    /// What is to be sealed.
    pub personal: Option<Personal>,
}

/// The stored shape of a fact.
pub fn from_domain(event: &StreamEvent) -> Stored {
    match event {
        StreamEvent::Merchant(event) => from_merchant(event),
        StreamEvent::Tenant(event) => from_tenant(event),
    }
}

/// The fact of a stored shape. Without its personal part (erased, or the reader has no key) the personal fields are
/// empty.
pub fn into_domain(event_type: &str, data: &str, personal: Option<Personal>) -> Result<StreamEvent, StoredError> {
    let personal = personal.unwrap_or_default();
    match merchant::into_domain(event_type, data, personal)? {
        Ok(event) => Ok(StreamEvent::Merchant(event)),
        Err(personal) => match tenant::into_domain(event_type, data, *personal)? {
            Some(event) => Ok(StreamEvent::Tenant(event)),
            None => Err(StoredError::UnknownType(event_type.to_owned())),
        },
    }
}

/// Writing our own shapes cannot fail: string keys, no maps with other keys, no numbers out of range.
fn to_json<T: serde::Serialize>(value: &T) -> String {
    serde_json::to_string(value).expect("a stored shape is valid JSON")
}

fn read<'a, T: serde::Deserialize<'a>>(event_type: &str, data: &'a str) -> Result<T, StoredError> {
    serde_json::from_str(data).map_err(|source| StoredError::Data {
        event_type: event_type.to_owned(),
        source: source.into(),
    })
}

/// The value of a stored word.
fn word<T>(field: &'static str, value: Option<T>) -> Result<T, StoredError> {
    value.ok_or(StoredError::Value { field })
}
