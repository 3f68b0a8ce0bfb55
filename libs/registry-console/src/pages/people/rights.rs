//! The part of a form that says what somebody may do.

use registry_people::Role;
use serde_json::{Value, json};

use crate::documents::Person;
use crate::door::SignedIn;
use crate::form::Form;
use crate::frame::Frame;

/// What can be granted or withheld singly: the name of its field, and its scope.
const EXTRAS: [(&str, &str); 2] = [("personal", "personal:read"), ("exports", "exports:create")];

/// A role to choose.
pub struct RoleChoice {
    /// Its word.
    pub word: &'static str,
    /// Its name.
    pub name: &'static str,
    /// What it is for.
    pub hint: &'static str,
    /// Whether it is chosen.
    pub is_on: bool,
    /// Whether it is more than the person who chooses has.
    pub is_beyond: bool,
}

/// Something to grant or to withhold.
pub struct ExtraChoice {
    /// The name of its field.
    pub field: &'static str,
    /// What it is.
    pub name: String,
    /// What can be said of it: a word, a name, whether it is said.
    pub answers: [(&'static str, &'static str, bool); 3],
}

/// What the part shows.
pub struct RightsForm {
    /// The roles.
    pub roles: Vec<RoleChoice>,
    /// What is granted or withheld beside them.
    pub extras: Vec<ExtraChoice>,
    /// What is wrong with it.
    pub wrong: Option<String>,
}

impl RightsForm {
    /// What somebody may do now.
    pub fn of(frame: &Frame, who: &SignedIn, person: &Person) -> Self {
        let said = |scope: &str| {
            if person.granted.iter().any(|word| word == scope) {
                "granted"
            } else if person.withheld.iter().any(|word| word == scope) {
                "withheld"
            } else {
                ""
            }
        };
        Self::new(frame, who, &person.role, |_, scope| said(scope).to_owned())
    }

    /// What was typed.
    pub fn typed(frame: &Frame, who: &SignedIn, typed: &Form) -> Self {
        Self::new(frame, who, typed.get("role"), |field, _| typed.get(field).to_owned())
    }

    fn new(frame: &Frame, who: &SignedIn, chosen: &str, said: impl Fn(&str, &str) -> String) -> Self {
        let words = &frame.words().people;
        let hint = |role: &Role| words.role_hints.iter().find(|(word, _)| *word == role.as_str());
        let role = |role: &Role| RoleChoice {
            word: role.as_str(),
            name: words
                .roles
                .iter()
                .find(|(word, _)| *word == role.as_str())
                .map_or(role.as_str(), |(_, name)| name),
            hint: hint(role).map_or("", |(_, hint)| hint),
            is_on: role.as_str() == chosen,
            is_beyond: !who.may_give(*role),
        };
        let extra = |(field, scope): (&'static str, &'static str)| {
            let said = said(field, scope);
            let answers = [
                ("", words.as_role),
                ("granted", words.grant),
                ("withheld", words.withhold),
            ];
            ExtraChoice {
                field,
                name: frame.words().scope(scope).to_owned(),
                answers: answers.map(|(word, name)| (word, name, word == said)),
            }
        };
        let wrong = ["role", "granted", "withheld"]
            .into_iter()
            .find_map(|name| frame.problem.as_ref()?.of_field(name));
        Self {
            roles: Role::ALL.iter().map(role).collect(),
            extras: EXTRAS.map(extra).into(),
            wrong: wrong.map(str::to_owned),
        }
    }
}

/// What was said, as the API takes it.
pub fn read(typed: &Form) -> Value {
    let that_are = |said: &str| {
        let chosen = EXTRAS.iter().filter(|(field, _)| typed.get(field) == said);
        chosen.map(|(_, scope)| *scope).collect::<Vec<_>>()
    };
    json!({ "role": typed.get("role"), "granted": that_are("granted"), "withheld": that_are("withheld") })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_to_the_role_is_neither_granted_nor_withheld() {
        let read = |raw: &str| read(&Form::of(raw));
        assert_eq!(
            read("role=viewer&personal=granted&exports="),
            json!({ "role": "viewer", "granted": ["personal:read"], "withheld": [] })
        );
        assert_eq!(
            read("role=manager&personal=withheld&exports=withheld"),
            json!({ "role": "manager", "granted": [], "withheld": ["personal:read", "exports:create"] })
        );
    }
}
