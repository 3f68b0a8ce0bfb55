//! What a form sends.

use axum::extract::{FromRequest, RawForm, Request};

use crate::answer;
use crate::api::Trouble;
use crate::query::Query;

/// The fields of a form, as they were typed.
#[derive(Debug, Clone, Default)]
pub struct Form {
    fields: Query,
}

impl Form {
    /// The fields of a text as a browser sends it.
    pub fn of(raw: &str) -> Self {
        Self {
            fields: Query::read(Some(raw)),
        }
    }

    /// The value of a field without blanks around it; empty if it is not there.
    pub fn get(&self, name: &str) -> &str {
        self.fields.get(name).map(str::trim).unwrap_or_default()
    }

    /// The value of a field to the letter: blanks may belong to a password.
    pub fn whole(&self, name: &str) -> &str {
        self.fields.get(name).unwrap_or_default()
    }

    /// The value of a field, if something was typed.
    pub fn typed(&self, name: &str) -> Option<&str> {
        Some(self.get(name)).filter(|text| !text.is_empty())
    }

    /// The values of a field that may stand several times, each a word.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.fields.words(name)
    }

    /// Whether a box is ticked.
    pub fn ticked(&self, name: &str) -> bool {
        self.fields.get(name).is_some()
    }
}

impl<S: Send + Sync> FromRequest<S> for Form {
    type Rejection = axum::response::Response;

    async fn from_request(request: Request, state: &S) -> Result<Self, Self::Rejection> {
        let sent = RawForm::from_request(request, state)
            .await
            .map_err(|_| answer::plain(&Trouble::Form))?;
        let raw = std::str::from_utf8(&sent.0).map_err(|_| answer::plain(&Trouble::Form))?;
        Ok(Self::of(raw))
    }
}
