//! One of the tenant's people.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, RawQuery, State};
use axum::http::Method;
use axum::response::Response;
use registry_people::Scope;
use serde_json::json;

use super::rights::{self, RightsForm};
use super::sessions::{SessionRow, rows};
use super::{extras, frame, mark, of_api};
use crate::answer;
use crate::api::{Ask, Trouble};
use crate::console::Console;
use crate::documents::{Invited, Person, Rows, Session};
use crate::door::SignedIn;
use crate::form::Form;
use crate::frame::Frame;
use crate::kst;
use crate::parts::{At, filters};
use crate::preferences::Preferences;
use crate::query::{Query, segment};

/// The tenant and the person of a path.
type Place = Path<(String, String)>;

/// A link that was made a moment ago.
struct Handed {
    url: Option<String>,
    hint: String,
}

/// What the page shows.
struct Sheet {
    path: String,
    end: String,
    id: String,
    name: String,
    email: Option<String>,
    state: String,
    mark: &'static str,
    is_you: bool,
    invite_again: Option<String>,
    role: String,
    extras: Vec<String>,
    scopes: Vec<(String, String)>,
    by_groups: bool,
    since: At,
    signed_in: Option<At>,
    is_whole: bool,
    handed: Option<Handed>,
    rights: Option<RightsForm>,
    sessions: Option<Vec<SessionRow>>,
    remove_sure: String,
}

#[derive(Template)]
#[template(path = "people/one.html")]
struct PersonPage {
    frame: Frame,
    sheet: Sheet,
}

/// What a page shows beside what is known.
#[derive(Default)]
struct Shown<'a> {
    trouble: Option<Trouble>,
    typed: Option<&'a Form>,
    done: Option<&'a str>,
    handed: Option<Invited>,
}

/// `GET /console/{tenant}/people/{id}`
pub async fn get(
    State(console): State<Arc<Console>>,
    who: SignedIn,
    look: Preferences,
    Path((_, id)): Place,
    RawQuery(raw): RawQuery,
) -> Response {
    let query = Query::read(raw.as_deref());
    let shown = Shown {
        done: query.get("done"),
        ..Shown::default()
    };
    draw(&console, &who, look, &id, shown).await
}

/// Shows somebody who was invited, with the link to hand over.
pub async fn show_invited(console: &Console, who: &SignedIn, look: Preferences, invited: Invited) -> Response {
    let id = invited.person.id.clone();
    let shown = Shown {
        handed: Some(invited),
        ..Shown::default()
    };
    draw(console, who, look, &id, shown).await
}

/// `POST …/people/{id}`: changes what somebody may do.
pub async fn change(
    State(console): State<Arc<Console>>,
    who: SignedIn,
    look: Preferences,
    Path((_, id)): Place,
    typed: Form,
) -> Response {
    let ask = Ask::new(Method::PATCH, of_api(&id, "")).body(rights::read(&typed));
    match console.api().tell(&who, ask).await {
        Ok(()) => done(&who, &format!("/people/{}", segment(&id)), "rights"),
        Err(trouble) => {
            let shown = Shown {
                typed: Some(&typed),
                trouble: Some(trouble),
                ..Shown::default()
            };
            draw(&console, &who, look, &id, shown).await
        }
    }
}

/// `POST …/people/{id}/removal`
pub async fn remove(
    State(console): State<Arc<Console>>,
    who: SignedIn,
    look: Preferences,
    Path((_, id)): Place,
) -> Response {
    let ask = Ask::new(Method::DELETE, of_api(&id, ""));
    match console.api().tell(&who, ask).await {
        Ok(()) => done(&who, "/people", "person_removed"),
        Err(trouble) => tried(&console, &who, look, &id, trouble).await,
    }
}

/// `POST …/people/{id}/sessions`: ends one of them, or all.
pub async fn end(
    State(console): State<Arc<Console>>,
    who: SignedIn,
    look: Preferences,
    Path((_, id)): Place,
    form: Form,
) -> Response {
    let session = form.typed("session");
    match console.api().tell(&who, ending(&id, session)).await {
        Ok(()) => done(&who, &format!("/people/{}", segment(&id)), ended(session)),
        Err(trouble) => tried(&console, &who, look, &id, trouble).await,
    }
}

/// The call that ends one of somebody's sessions, or all.
pub fn ending(id: &str, session: Option<&str>) -> Ask {
    let query = Query::default().with("session", session.unwrap_or_default());
    Ask::new(Method::DELETE, query.on(&of_api(id, "/sessions")))
}

/// What is told of it.
pub fn ended(session: Option<&str>) -> &'static str {
    session.map_or("sessions_ended", |_| "session_ended")
}

/// `POST …/people/{id}/invitation`: another link for somebody who has not come yet. It stands in this answer only.
pub async fn invite_again(
    State(console): State<Arc<Console>>,
    who: SignedIn,
    look: Preferences,
    Path((_, id)): Place,
) -> Response {
    let again = async {
        let person: Person = console.api().get(&who, &of_api(&id, "")).await?;
        let body = json!({ "email": person.email, "name": person.name, "role": person.role,
            "granted": person.granted, "withheld": person.withheld });
        super::invited(&console, &who, body).await
    };
    match again.await {
        Ok(invited) => show_invited(&console, &who, look, invited).await,
        Err(trouble) => tried(&console, &who, look, &id, trouble).await,
    }
}

fn done(who: &SignedIn, below: &str, word: &str) -> Response {
    answer::see(&format!("/console/{}{below}?done={word}", segment(&who.tenant.slug)))
}

async fn tried(console: &Console, who: &SignedIn, look: Preferences, id: &str, trouble: Trouble) -> Response {
    let shown = Shown {
        trouble: Some(trouble),
        ..Shown::default()
    };
    draw(console, who, look, id, shown).await
}

async fn draw(console: &Console, who: &SignedIn, look: Preferences, id: &str, shown: Shown<'_>) -> Response {
    let (api, call) = (console.api(), of_api(id, ""));
    let mut frame = frame(console, who, look).calls("GET", &call).noticed(shown.done);
    frame.here = frame.path(&format!("/people/{}", segment(id)));
    let (person, sessions) = futures::join!(api.get::<Person>(who, &call), async {
        let may_see = who.may(Scope::PeopleWrite) || id == who.id;
        let path = of_api(id, "/sessions");
        if may_see {
            api.get::<Rows<Session>>(who, &path).await.ok()
        } else {
            None
        }
    });
    if let Some(trouble) = &shown.trouble {
        frame = frame.troubled(trouble);
    }
    match person {
        Ok(person) => {
            frame.title = format!("{} · {}", frame.words().frame.people, frame.tenant);
            let sessions = sessions.map(|sessions| sessions.data);
            let sheet = Sheet::new(&frame, who, &person, sessions.as_deref(), &shown);
            answer::page(frame.status(), &PersonPage { frame, sheet })
        }
        Err(trouble) => answer::trouble(frame, &trouble),
    }
}

impl Sheet {
    fn new(frame: &Frame, who: &SignedIn, person: &Person, sessions: Option<&[Session]>, shown: &Shown<'_>) -> Self {
        let (words, now) = (frame.words(), frame.now);
        let may_manage = frame.may(Scope::PeopleWrite);
        let at = |moment| At { moment, now };
        let named = |word: &String| (words.scope(word).to_owned(), word.clone());
        let rights = || match shown.typed {
            Some(typed) => RightsForm::typed(frame, who, typed),
            None => RightsForm::of(frame, who, person),
        };
        let path = frame.path(&format!("/people/{}", segment(&person.id)));
        Self {
            end: format!("{path}/sessions"),
            id: person.id.clone(),
            name: person.name.clone(),
            email: person.email.clone(),
            state: words.person_state(&person.state).to_owned(),
            mark: mark(&person.state),
            is_you: person.id == who.id,
            invite_again: (may_manage && person.state == "invited").then(|| format!("{path}/invitation")),
            role: words.role(&person.role).to_owned(),
            extras: extras(person, words),
            scopes: person.scopes.iter().map(named).collect(),
            by_groups: person.by_groups,
            since: at(person.since),
            signed_in: person.signed_in_at.map(at),
            is_whole: may_manage || frame.may(Scope::AuditRead),
            handed: shown.handed.as_ref().map(|invited| Handed::new(frame, invited)),
            rights: may_manage.then(rights),
            sessions: sessions.map(|sessions| rows(frame, who, sessions)),
            remove_sure: (words.people.remove_sure)(&person.name),
            path,
        }
    }
}

impl Handed {
    fn new(frame: &Frame, invited: &Invited) -> Self {
        let words = &frame.words().people;
        match &invited.invitation {
            Some(invitation) => Self {
                url: Some(invitation.url.clone()),
                hint: (words.invited_hint)(&kst::minute(invitation.expires_at, frame.now)),
            },
            None => Self {
                url: None,
                hint: words.no_invitation.to_owned(),
            },
        }
    }
}

/// Samples of the page.
#[cfg(any(test, feature = "samples"))]
pub(crate) mod samples {
    use super::{Frame, PersonPage, Preferences, Scope, Sheet, Shown, SignedIn};
    use crate::frame::Section;
    use crate::pages::shops::{self, Sample};
    use crate::pages::staff;

    /// The page in all its states.
    pub fn samples(look: Preferences) -> Vec<Sample> {
        let sample = |name: &'static str, who: &SignedIn, number: usize, shown: &Shown<'_>| {
            let title = look.words().frame.people;
            let frame = Frame::new(who, look, Section::People, title, shops::now()).calls("GET", "/v1/people/psn_1");
            let person = &staff::people()[number];
            let sessions = staff::sessions();
            let sessions = who
                .may(Scope::PeopleWrite)
                .then_some(if number == 0 { &sessions[..] } else { &[] });
            let sheet = Sheet::new(&frame, who, person, sessions, shown);
            Sample::new(name, &PersonPage { frame, sheet })
        };
        let handed = Shown {
            handed: Some(staff::invited()),
            ..Shown::default()
        };
        let (manager, viewer) = (shops::person(look), shops::viewer(look));
        vec![
            sample("person", &manager, 0, &Shown::default()),
            sample("person-invited", &manager, 3, &handed),
            sample("person-viewer", &viewer, 1, &Shown::default()),
        ]
    }
}
