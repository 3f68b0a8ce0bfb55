//! What an API key may do, as events and rows keep it.

use std::ops::Not;

use registry_domain::tenant::Scope;
use serde::{Deserialize, Serialize};

use super::{StoredError, word};

/// The scopes of a key. `personal:read` is kept by its absence: keys from before there was such a word could read
/// everything of the merchants, and go on doing so.
#[derive(Serialize, Deserialize)]
pub(super) struct StoredScopes {
    scopes: Vec<String>,
    #[serde(default, skip_serializing_if = "Not::not")]
    masked: bool,
}

impl StoredScopes {
    pub(super) fn of(scopes: &[Scope]) -> Self {
        let named = scopes.iter().filter(|scope| **scope != Scope::PersonalRead);
        Self {
            scopes: named.map(|scope| scope.as_str().to_owned()).collect(),
            masked: !scopes.contains(&Scope::PersonalRead),
        }
    }

    pub(super) fn read(&self) -> Result<Vec<Scope>, StoredError> {
        let named = self.scopes.iter().map(|scope| word("scopes", Scope::from_word(scope)));
        let mut scopes = named.collect::<Result<Vec<_>, _>>()?;
        scopes.extend((!self.masked).then_some(Scope::PersonalRead));
        Ok(Scope::in_order(scopes))
    }
}
