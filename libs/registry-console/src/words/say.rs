//! What a word of the API is called. One that is not known yet is shown as it is.

use super::{Names, Words};
use crate::api::Trouble;
use crate::documents::Problem;

fn name(names: Names, word: &str) -> &str {
    names
        .iter()
        .find(|(known, _)| *known == word)
        .map_or(word, |(_, name)| name)
}

/// As [`name`], for places that keep no word that is not ours.
fn own_name(names: Names, word: &str) -> &'static str {
    names
        .iter()
        .find(|(known, _)| *known == word)
        .map_or("?", |(_, name)| name)
}

macro_rules! sayings {
    ($($(#[$doc:meta])* $method:ident: $field:ident,)+) => {
        impl Words {
            $($(#[$doc])* pub fn $method<'a>(&self, word: &'a str) -> &'a str {
                name(self.$field, word)
            })+
        }
    };
}

sayings! {
    /// What has to happen next.
    next_action: next_actions,
    /// What is known of a call for a link.
    link_outcome: link_outcomes,
    /// Who said something.
    source: sources,
    /// Who caused something.
    actor: actors,
    /// Through what somebody acted.
    channel: channels,
    /// How far something can be trusted.
    verification: verifications,
    /// Why a claim is doubtful.
    doubt: doubts,
    /// How a doubtful claim was settled.
    resolution: resolutions,
    /// What a callback came to.
    verdict: verdicts,
    /// Why a callback could not be used.
    quarantine_reason: quarantine_reasons,
}

impl Words {
    /// Who must act.
    pub fn turn(&self, word: &str) -> &'static str {
        own_name(self.turns, word)
    }

    /// What became of a link.
    pub fn link_state(&self, word: &str) -> &'static str {
        own_name(self.link_states, word)
    }

    /// What a job does.
    pub fn job_action<'a>(&self, word: &'a str) -> &'a str {
        name(self.jobs.actions, word)
    }

    /// What somebody should know before they confirm it; nothing, if there is nothing.
    pub fn job_hint(&self, word: &str) -> &'static str {
        let mut hints = self.jobs.hints.iter();
        hints.find(|(known, _)| *known == word).map_or("", |(_, hint)| hint)
    }

    /// How a job stands.
    pub fn job_state(&self, word: &str) -> &'static str {
        own_name(self.jobs.states, word)
    }

    /// Why a job does not go on.
    pub fn job_held_up(&self, word: &str) -> &'static str {
        own_name(self.jobs.held_ups, word)
    }

    /// How a row of a job stands.
    pub fn row_state(&self, word: &str) -> &'static str {
        own_name(self.jobs.row_states, word)
    }

    /// What a column of a file is.
    pub fn import_field<'a>(&self, word: &'a str) -> &'a str {
        name(self.imports.fields, word)
    }

    /// Why a row of a job was refused or has failed.
    pub fn row_code<'a>(&self, word: &'a str) -> &'a str {
        name(self.jobs.row_codes, word)
    }

    /// Whether a shop may bill, and why.
    pub fn billing_reason(&self, word: &str) -> &'static str {
        own_name(self.billing_reasons, word)
    }

    /// What a person should look at.
    pub fn warning(&self, word: &str) -> &'static str {
        own_name(self.warnings, word)
    }

    /// What a callback in quarantine has come to.
    pub fn quarantine_state<'a>(&self, word: &'a str) -> &'a str {
        name(self.callbacks.states, word)
    }

    /// What a role is called.
    pub fn role<'a>(&self, word: &'a str) -> &'a str {
        name(self.people.roles, word)
    }

    /// What a scope lets somebody do.
    pub fn scope<'a>(&self, word: &'a str) -> &'a str {
        name(self.people.scopes, word)
    }

    /// Whether somebody can come in.
    pub fn person_state<'a>(&self, word: &'a str) -> &'a str {
        name(self.people.states, word)
    }

    /// How somebody signed in.
    pub fn sign_in_method<'a>(&self, word: &'a str) -> &'a str {
        name(self.people.methods, word)
    }

    /// Whether a key works.
    pub fn key_state<'a>(&self, word: &'a str) -> &'a str {
        name(self.keys.states, word)
    }

    /// What somebody did.
    pub fn action<'a>(&self, word: &'a str) -> &'a str {
        name(self.audit.actions, word)
    }

    /// What carries messages to a destination.
    pub fn destination_kind<'a>(&self, word: &'a str) -> &'a str {
        name(self.destinations.kinds, word)
    }

    /// Whether a destination gets anything.
    pub fn destination_state<'a>(&self, word: &'a str) -> &'a str {
        name(self.destinations.states, word)
    }

    /// Why it does not.
    pub fn destination_reason<'a>(&self, word: &'a str) -> &'a str {
        name(self.destinations.reasons, word)
    }

    /// Of what a message tells.
    pub fn delivery_matter<'a>(&self, word: &'a str) -> &'a str {
        name(self.destinations.matters, word)
    }

    /// What became of a message.
    pub fn delivery_state<'a>(&self, word: &'a str) -> &'a str {
        name(self.destinations.delivery_states, word)
    }

    /// What went wrong with one.
    pub fn delivery_failure<'a>(&self, word: &'a str) -> &'a str {
        name(self.destinations.failures, word)
    }

    /// What driving a callback again comes to.
    pub fn outcome<'a>(&self, word: &'a str) -> &'a str {
        name(self.callbacks.outcomes, word)
    }

    /// What can be done about a callback that could not be used.
    pub fn what_to_do(&self, reason: &str) -> Option<&'static str> {
        let found = self.callbacks.what_to_do.iter().find(|(known, _)| *known == reason);
        found.map(|(_, what)| *what)
    }

    /// Why something did not work.
    pub fn problem(&self, trouble: &Trouble) -> Problem {
        let own = |status, code: &str, title: &str, detail: &str| Problem {
            status,
            code: code.to_owned(),
            title: title.to_owned(),
            detail: detail.to_owned(),
            request_id: String::new(),
            errors: Vec::new(),
            existing_id: None,
            head: None,
            required_scope: None,
        };
        match trouble {
            // The API speaks of keys, and here somebody is signed in.
            Trouble::Refused(problem) => match &problem.required_scope {
                Some(scope) => Problem {
                    title: self.trouble.not_allowed.to_owned(),
                    detail: (self.trouble.lacks)(self.scope(scope)),
                    ..(**problem).clone()
                },
                None => (**problem).clone(),
            },
            Trouble::Unreadable(_) => own(500, "internal", self.trouble.internal, self.trouble.internal_hint),
            Trouble::Form => own(422, "form", self.trouble.form, self.trouble.form_hint),
            Trouble::NotFound => own(404, "not_found", self.trouble.not_found, self.trouble.not_found_hint),
        }
    }
}

#[cfg(test)]
mod tests {
    use registry_documents::EventData;
    use registry_people::{Role, Scope};

    use crate::words::{EN, KO, Names};

    fn words(names: Names) -> Vec<&'static str> {
        names.iter().map(|(word, _)| *word).collect()
    }

    #[test]
    fn roles_and_scopes_have_names_in_both_languages() {
        for all in [&KO, &EN] {
            assert_eq!(words(all.people.roles), Role::WORDS);
            assert_eq!(words(all.people.role_hints), Role::WORDS);
            assert_eq!(words(all.people.scopes), Scope::WORDS);
        }
    }

    #[test]
    fn each_type_of_event_is_an_action_with_a_name_in_both_languages() {
        assert_eq!(words(KO.audit.actions), words(EN.audit.actions));
        // Whoever asks Paymint causes what follows from the answer: any of them may stand in the audit log.
        let sorted = |mut words: Vec<&'static str>| {
            words.sort_unstable();
            words
        };
        assert_eq!(sorted(words(KO.audit.actions)), sorted(EventData::TYPES.to_vec()));
    }
}
