//! What an API key and what a person may do, as events and rows keep it.

use std::ops::Not;

use registry_domain::people::{Extra, Rights, Role};
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

/// What a person may do.
#[derive(Serialize, Deserialize)]
pub(super) struct StoredRights {
    role: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    granted: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    withheld: Vec<String>,
}

impl StoredRights {
    pub(super) fn of(rights: &Rights) -> Self {
        let words = |extras: Vec<Extra>| extras.into_iter().map(|extra| extra.as_str().to_owned()).collect();
        Self {
            role: rights.role().as_str().to_owned(),
            granted: words(rights.granted().collect()),
            withheld: words(rights.withheld().collect()),
        }
    }

    pub(super) fn read(&self) -> Result<Rights, StoredError> {
        let extras = |field: &'static str, words: &[String]| {
            let extras = words.iter().map(|text| word(field, Extra::from_word(text)));
            extras.collect::<Result<Vec<_>, _>>()
        };
        let role = word("role", Role::from_word(&self.role))?;
        let (granted, withheld) = (extras("granted", &self.granted)?, extras("withheld", &self.withheld)?);
        word("withheld", Rights::new(role, granted, withheld).ok())
    }
}
