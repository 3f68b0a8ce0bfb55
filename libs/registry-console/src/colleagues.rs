//! The names of a tenant's people, by whom something was done that a page tells of.

use std::collections::BTreeMap;

use registry_documents::ActorDocument;

use crate::console::Console;
use crate::documents::{Person, Rows};
use crate::door::SignedIn;
use crate::parts::short_id;
use crate::words::Words;

/// Where the API tells of them.
pub const PEOPLE: &str = "/v1/people";

/// Names by ids.
#[derive(Debug, Clone, Default)]
pub struct Colleagues(BTreeMap<String, String>);

impl Colleagues {
    /// All of them. Where they cannot be told, a page shows somebody instead of nothing.
    pub async fn read(console: &Console, who: &SignedIn) -> Self {
        let people = console.api().get::<Rows<Person>>(who, PEOPLE).await;
        people.map(|people| Self::of(&people.data)).unwrap_or_default()
    }

    /// These.
    pub fn of(people: &[Person]) -> Self {
        Self(people.iter().map(|it| (it.id.clone(), it.name.clone())).collect())
    }

    /// The name of one of them.
    pub fn name(&self, id: Option<&str>) -> Option<&str> {
        self.0.get(id?).map(String::as_str)
    }

    /// Who did something: by name, and else what they are and the end of their id.
    pub fn who(&self, actor: &ActorDocument, words: &Words) -> String {
        let id = actor.id.as_deref();
        match (self.name(id), id) {
            (Some(name), _) => name.to_owned(),
            (None, Some(id)) => format!("{} {}", words.actor(&actor.kind), short_id(id)),
            (None, None) => words.actor(&actor.kind).to_owned(),
        }
    }
}
