//! What a form sends.

use std::sync::Arc;

use axum::extract::{FromRequest, Request};
use axum::response::Response;
use registry_web::RequestContext;
use registry_web::body;
use registry_web::room::Holder;

use crate::answer;
use crate::api::Trouble;
use crate::console::Console;
use crate::query::Query;

/// Most bytes of a form: what the API takes of Korean text, with each byte of it as three.
const FORM_BYTES_MAX: usize = 192 * 1024;

/// Most fields of a form: a box for each row of the longest page, and what stands beside them.
const FIELDS_MAX: usize = 600;

/// The fields of a form, as they were typed.
#[derive(Debug, Clone, Default)]
pub struct Form {
    fields: Query,
}

impl Form {
    /// The fields of a text as a browser sends it.
    pub fn of(raw: &str) -> Self {
        Self {
            fields: Query::read_up_to(Some(raw), FIELDS_MAX),
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

impl FromRequest<Arc<Console>> for Form {
    type Rejection = Response;

    async fn from_request(request: Request, console: &Arc<Console>) -> Result<Self, Response> {
        let context = request.extensions().get::<RequestContext>();
        let mut place = console
            .bodies()
            .enter(context.map_or(Holder::Unknown, RequestContext::holder));
        let sent = body::read(request.into_body(), FORM_BYTES_MAX, &mut place).await;
        let sent = sent.map_err(answer::unread)?;
        let raw = std::str::from_utf8(&sent).map_err(|_| answer::plain(&Trouble::Form))?;
        Ok(Self::of(raw))
    }
}
