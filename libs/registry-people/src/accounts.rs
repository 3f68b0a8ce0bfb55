//! What operators do with people: make them, keep them out, let them in.

use registry_domain::people::{EmailAddress, LinkPurpose};
use registry_domain::{Label, PersonId};
use registry_journal::port::{PageSize, Person};
use registry_journal::{Origin, ReadError};

use crate::facts::Ending;
use crate::links::OneTimeLink;
use crate::people::People;

/// Somebody to be made known.
#[derive(Debug, Clone)]
pub struct NewPerson {
    /// Their address.
    pub email: EmailAddress,
    /// Their name.
    pub name: Label,
    /// Whether they administer the installation.
    pub is_administrator: bool,
}

impl People {
    /// A person by id.
    pub async fn person(&self, id: PersonId) -> Result<Option<Person>, ReadError> {
        self.store().person(id).await
    }

    /// A person by address.
    pub async fn person_by_email(&self, email: &EmailAddress) -> Result<Option<Person>, ReadError> {
        self.store().person_by_email(email).await
    }

    /// A page of all people, by id.
    pub async fn persons(&self, after: Option<PersonId>, limit: PageSize) -> Result<Vec<Person>, ReadError> {
        self.store().list_persons(after, limit).await
    }

    /// The person with an address, and whether they are new. One who is known keeps their name, becomes an administrator if that
    /// is asked for, and stays one if it is not.
    pub async fn known_or_new(&self, new: NewPerson) -> Result<(Person, bool), ReadError> {
        let NewPerson {
            email,
            name,
            is_administrator,
        } = new;
        let person = Person {
            id: PersonId::from_uuid(self.inner.ambient.ids.uuid()),
            email,
            name,
            identity: None,
            password_hash: None,
            is_administrator,
            created_at: self.now(),
            disabled_at: None,
            signed_in_at: None,
        };
        if self.store().add_person(&person).await? {
            return Ok((person, true));
        }
        let known = self.store().person_by_email(&person.email).await?;
        let Some(mut known) = known else {
            // Whoever had the address a moment ago has another one by now.
            return Err(ReadError::Unavailable {
                question: "person with a new address",
                source: "it was taken and is free again".into(),
            });
        };
        if is_administrator && !known.is_administrator {
            self.store().set_administrator(known.id, true).await?;
            known.is_administrator = true;
        }
        Ok((known, false))
    }

    /// A link with which a person sets a password, once. An earlier one works no longer.
    pub async fn invitation(&self, person: PersonId) -> Result<OneTimeLink, ReadError> {
        self.make_link(person, LinkPurpose::Invitation).await
    }

    /// A link that signs a person in, once. An earlier one works no longer.
    pub async fn sign_in_link(&self, person: PersonId) -> Result<OneTimeLink, ReadError> {
        self.make_link(person, LinkPurpose::SignIn).await
    }

    /// Keeps a person out from now on, as an operator wants it: sessions end, and links work no longer. False if there is no such
    /// person.
    pub async fn disable(&self, origin: Origin, person: PersonId) -> Result<bool, ReadError> {
        let now = self.now();
        let is_known = self.store().set_disabled(person, Some(now)).await?;
        self.store().drop_links(person).await?;
        self.end_sessions(&Ending::by_operator(origin), person).await?;
        Ok(is_known)
    }

    /// Lets a person in again. False if there is no such person.
    pub async fn enable(&self, person: PersonId) -> Result<bool, ReadError> {
        self.store().set_disabled(person, None).await
    }
}
