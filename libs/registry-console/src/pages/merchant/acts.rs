//! What a person does about a merchant. Each is a form, and each ends with the page that shows what came of it.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::Response;
use serde_json::{Value, json};

use super::{Issued, show};
use crate::answer::{self, is_fragment};
use crate::api::{Ask, Trouble};
use crate::console::Console;
use crate::documents::{Reconciliation, RegistrationLink, Reveal};
use crate::door::SignedIn;
use crate::form::Form;
use crate::frame::{Frame, Section};
use crate::parts::{filters, whole_number};
use crate::preferences::Preferences;
use crate::query::{Query, segment};

use askama::Template;

/// The tenant and the merchant of a path.
type Place = Path<(String, String)>;

/// The tenant, the merchant and the link of a path.
type LinkPlace = Path<(String, String, String)>;

fn of_api(id: &str, below: &str) -> String {
    format!("/v1/merchants/{}{below}", segment(id))
}

/// The page after something was done, or the page with what did not work.
async fn after(
    console: &Console,
    who: &SignedIn,
    look: Preferences,
    id: &str,
    outcome: Result<Query, Trouble>,
) -> Response {
    match outcome {
        Ok(query) => answer::see(&query.on(&format!(
            "/console/{}/merchants/{}",
            segment(&who.tenant.slug),
            segment(id)
        ))),
        Err(trouble) => show(console, who, look, id, &Query::default(), Some(&trouble), false).await,
    }
}

fn done(word: &str) -> Query {
    Query::default().with("done", word)
}

/// `POST …/links`: issues a link. Its URL is asked for by the page that follows.
pub async fn issue(
    State(console): State<Arc<Console>>,
    who: SignedIn,
    look: Preferences,
    Path((_, id)): Place,
    form: Form,
) -> Response {
    let key = form.get("key").to_owned();
    let ask = Ask::post(of_api(&id, "/registration-links")).body(json!({})).once(&key);
    let issued = console.api().send::<RegistrationLink>(&who, ask).await;
    let outcome = issued.map(|link| Query::default().with("issued", &link.id).with("key", &key));
    after(&console, &who, look, &id, outcome).await
}

#[derive(Template)]
#[template(path = "merchant/issued.html")]
struct IssuedFragment {
    frame: Frame,
    issued: Issued,
}

/// `POST …/links/{link}/url`: the URL of a link that was issued under this key. The API answers the same again, and calls
/// nobody.
pub async fn url(
    State(console): State<Arc<Console>>,
    who: SignedIn,
    look: Preferences,
    Path((_, id, link)): LinkPlace,
    headers: HeaderMap,
    form: Form,
) -> Response {
    let key = form.get("key").to_owned();
    let again = shown(&console, &who, &id, &link, &key).await;
    let url = match again {
        Ok(link) => link.url,
        Err(trouble) => return after(&console, &who, look, &id, Err(trouble)).await,
    };
    let path = format!("/console/{}/merchants/{id}/links/{link}/url", segment(&who.tenant.slug));
    let issued = Issued { path, key, url };
    if is_fragment(&headers) {
        let title = look.words().frame.merchants;
        let frame = Frame::new(&who, look, Section::Merchants, title, console.now());
        answer::fragment(StatusCode::OK, &IssuedFragment { frame, issued })
    } else {
        super::show_issued(&console, &who, look, &id, issued).await
    }
}

/// A link of this merchant.
async fn known(console: &Console, who: &SignedIn, id: &str, link: &str) -> Result<RegistrationLink, Trouble> {
    let path = format!("/v1/registration-links/{}", segment(link));
    let known: RegistrationLink = console.api().get(who, &path).await?;
    if known.merchant_id == id {
        Ok(known)
    } else {
        Err(Trouble::NotFound)
    }
}

/// Only a link that is there is asked for again: a key that nobody used would issue one.
async fn shown(
    console: &Console,
    who: &SignedIn,
    id: &str,
    link: &str,
    key: &str,
) -> Result<RegistrationLink, Trouble> {
    let known = known(console, who, id, link).await?;
    let ask = Ask::post(of_api(id, "/registration-links")).body(json!({})).once(key);
    let again = console.api().send::<RegistrationLink>(who, ask).await?;
    if again.id == known.id {
        Ok(again)
    } else {
        Err(Trouble::Form)
    }
}

/// `POST …/links/{link}/revoke`
pub async fn revoke(
    State(console): State<Arc<Console>>,
    who: SignedIn,
    look: Preferences,
    Path((_, id, link)): LinkPlace,
) -> Response {
    let revoked = async {
        known(&console, &who, &id, &link).await?;
        let ask = Ask::new(Method::DELETE, format!("/v1/registration-links/{}", segment(&link)));
        console.api().send::<Value>(&who, ask).await
    };
    let outcome = revoked.await.map(|_| done("link_revoked"));
    after(&console, &who, look, &id, outcome).await
}

/// `POST …/ask`: asks Paymint now.
pub async fn ask(
    State(console): State<Arc<Console>>,
    who: SignedIn,
    look: Preferences,
    Path((_, id)): Place,
) -> Response {
    let asked = console
        .api()
        .send::<Reconciliation>(&who, Ask::post(of_api(&id, "/reconciliations")))
        .await;
    let outcome = asked.map(|answer| done(&format!("asked_{}", answer.outcome)));
    after(&console, &who, look, &id, outcome).await
}

/// `POST …/archive`
pub async fn archive(
    State(console): State<Arc<Console>>,
    who: SignedIn,
    look: Preferences,
    Path((_, id)): Place,
    form: Form,
) -> Response {
    let version = form.get("version").parse().unwrap_or(0);
    let ask = Ask::new(Method::DELETE, of_api(&id, "")).at_version(version);
    let archived = console.api().send::<Value>(&who, ask).await;
    after(&console, &who, look, &id, archived.map(|_| done("archived"))).await
}

/// `POST …/restore`
pub async fn restore(
    State(console): State<Arc<Console>>,
    who: SignedIn,
    look: Preferences,
    Path((_, id)): Place,
    form: Form,
) -> Response {
    let ask = Ask::post(of_api(&id, "/restoration")).once(form.get("key"));
    let restored = console.api().send::<Value>(&who, ask).await;
    after(&console, &who, look, &id, restored.map(|_| done("restored"))).await
}

/// `POST …/notes`: writes a note. One that is refused is shown again, to be mended.
pub async fn note(
    State(console): State<Arc<Console>>,
    who: SignedIn,
    look: Preferences,
    Path((_, id)): Place,
    form: Form,
) -> Response {
    // A form has each line end with two characters.
    let text = form.get("text").replace("\r\n", "\n");
    let ask = Ask::post(of_api(&id, "/notes"))
        .body(json!({ "text": text }))
        .once(form.get("key"));
    match console.api().send::<Value>(&who, ask).await {
        Ok(_) => after(&console, &who, look, &id, Ok(done("noted"))).await,
        Err(trouble) => super::show_unwritten(&console, &who, look, &id, &text, &trouble).await,
    }
}

/// `POST …/number`: the whole business number. The API writes down who looked, and refuses whoever may not.
pub async fn number(
    State(console): State<Arc<Console>>,
    who: SignedIn,
    look: Preferences,
    Path((_, id)): Place,
    headers: HeaderMap,
) -> Response {
    let ask = Ask::post(of_api(&id, "/reveals"));
    let revealed = match console.api().send::<Reveal>(&who, ask).await {
        Ok(revealed) => revealed,
        Err(trouble) => return after(&console, &who, look, &id, Err(trouble)).await,
    };
    let number = revealed
        .business_number
        .as_deref()
        .map(whole_number)
        .unwrap_or_default();
    if is_fragment(&headers) {
        answer::fragment(StatusCode::OK, &NumberFragment { number })
    } else {
        super::show_number(&console, &who, look, &id, number).await
    }
}

#[derive(Template)]
#[template(source = "<span class=\"code\">{{ number }}</span>", ext = "html")]
struct NumberFragment {
    number: String,
}
