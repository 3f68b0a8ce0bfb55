//! What the page of a merchant shows.

use chrono::{DateTime, Utc};
use registry_documents::MerchantDocument;
use registry_people::Scope;

use super::facts::Facts;
use super::life::{Step, way};
use super::line::Line;
use super::stable::Stable;
use super::timeline::{Kind, Turn, kinds, lines, talk};
use super::{Issued, Known};
use crate::documents::{Eligibility, RegistrationLink};
use crate::frame::Frame;
use crate::kst;
use crate::pages::alerts::Row;
use crate::pages::merchants::{longer_than, since};
use crate::parts::{Age, Badge, short_id};
use crate::query::Query;
use crate::stage::Stage;
use crate::words::Words;

/// How many lines of the record are drawn at once.
const LINES: usize = 50;

/// A fact beside what has to happen next.
pub struct NextFact {
    /// What it says.
    pub text: String,
    /// Whether it is good news.
    pub is_good: bool,
}

/// Something that can be done at once.
pub struct Act {
    /// What it is called.
    pub name: &'static str,
    /// Its icon.
    pub icon: &'static str,
    /// Where its form goes.
    pub path: String,
    /// The key that makes it happen once.
    pub key: Option<String>,
    /// The key on the keyboard.
    pub shortcut: Option<&'static str>,
    /// Whether it is what should be done next.
    pub is_first: bool,
}

/// A registration link in the list of links.
pub struct Link {
    /// Its number.
    pub name: String,
    /// When it was issued.
    pub when: String,
    /// What became of it.
    pub state: &'static str,
    /// Where it is taken back, if it can be.
    pub revoke: Option<String>,
}

/// Whether the shop may bill, and what that rests on.
pub struct Billing {
    /// Yes or no.
    pub answer: &'static str,
    /// What it rests on.
    pub evidence: Vec<(&'static str, String)>,
}

/// What happened, as far as it is shown.
pub struct Record {
    /// The kinds that there are.
    pub kinds: Vec<Kind>,
    /// The lines of the one that is shown.
    pub lines: Vec<Line>,
    /// Where older ones are.
    pub older: Option<String>,
}

impl Record {
    fn new(frame: &Frame, known: &Known, query: &Query, path: &str) -> Self {
        let kind = query.get("kind").unwrap_or_default();
        let events = &known.earlier.as_ref().unwrap_or(&known.timeline).data;
        let begins_at = events.last().map_or(1, |event| event.version);
        let all = lines(frame, known, events, path);
        let shown: Vec<_> = all.iter().filter(|line| line.is_of(kind)).cloned().collect();
        let skipped = query
            .get("skip")
            .and_then(|skip| skip.parse().ok())
            .unwrap_or(0_usize)
            .min(shown.len());
        let has_rest = shown.len().saturating_sub(skipped) > LINES;
        let is_whole = known.earlier.is_none() && begins_at == 1;
        let older = if has_rest {
            Some(query.with("skip", &(skipped + LINES).to_string()))
        } else {
            // What was read at once ends here, and not the log.
            (begins_at > 1).then(|| query.without("skip").with("before", &begins_at.to_string()))
        };
        Self {
            kinds: kinds(frame, &all, is_whole, query, path),
            lines: shown.into_iter().skip(skipped).take(LINES).collect(),
            older: older.map(|query| query.without("done").on(path)),
        }
    }
}

/// What the page shows.
pub struct Detail {
    pub path: String,
    pub id: String,
    pub short_id: String,
    pub version: u64,
    pub fresh_key: String,
    pub company: String,
    pub branch: String,
    pub code: String,
    pub alert: Option<Row>,
    pub member_code: String,
    pub merchant_code: String,
    pub badge: Badge,
    pub letter: char,
    pub age_text: String,
    pub longer_than: Option<String>,
    pub lateness: &'static str,
    pub past: Option<String>,
    pub as_of_field: String,
    pub now_field: String,
    pub version_text: String,
    pub version_before: Option<String>,
    pub version_after: Option<String>,
    pub warnings: Vec<&'static str>,
    pub issued: Option<Issued>,
    pub turn: String,
    pub next_text: String,
    pub is_quote: bool,
    pub next_facts: Vec<NextFact>,
    pub acts: Vec<Act>,
    pub is_archived: bool,
    pub note: String,
    pub life: Vec<Step>,
    pub facts: Facts,
    pub record: Record,
    pub links: Vec<Link>,
    pub stable: Option<Stable>,
    pub talk: Vec<Turn>,
    pub eligibility: Option<Billing>,
}

impl Detail {
    /// What the page shows of what is known.
    pub fn new(frame: &Frame, known: &Known, query: &Query, fresh_key: &str) -> Self {
        let (words, merchant) = (frame.words(), &known.merchant);
        let path = frame.path(&format!("/merchants/{}", merchant.id));
        let stage = Stage::of(&merchant.stage);
        let asked = query.get("as_of").and_then(kst::parse);
        let is_past = query.get("as_of").is_some() || query.get("version").is_some();
        // Nothing later than the moment is shown; of a version, that of its last event.
        let last = known
            .timeline
            .data
            .first()
            .map_or(merchant.updated_at, |event| event.recorded_at);
        let moment = if is_past { asked.unwrap_or(last) } else { frame.now };
        let age = Age {
            stage,
            since: since(merchant),
            now: moment,
            days: known.wait.map(|wait| wait.business_days.into()),
            words,
        };
        let code = format!("{}/{}", merchant.member_code, merchant.merchant_code);
        let company = merchant.business.company_name.clone();
        let (next_text, is_quote) = next_text(merchant, words);
        let step = |version: u64| query.only(&[]).with("version", &version.to_string()).on(&path);
        let newest = merchant.version;
        Self {
            short_id: short_id(&merchant.id),
            alert: known.alert.as_ref().map(|alert| Row::new(frame, alert)),
            version: merchant.version,
            fresh_key: fresh_key.to_owned(),
            company: company.unwrap_or_else(|| code.clone()),
            branch: merchant.business.branch_name.clone().unwrap_or_default(),
            member_code: merchant.member_code.clone(),
            merchant_code: merchant.merchant_code.clone(),
            badge: Badge::new(stage, words).big(),
            letter: stage.letter(),
            age_text: standing(&age, words),
            longer_than: known
                .wait
                .and_then(longer_than)
                .map(|percent| (words.merchants.longer_than)(&percent)),
            lateness: age.lateness().class(),
            past: is_past.then(|| (words.merchant.known_at)(&kst::whole(moment))),
            as_of_field: if is_past { kst::field(moment) } else { String::new() },
            now_field: kst::field(frame.now),
            version_text: (words.merchant.version)(newest),
            version_before: (newest > 1).then(|| step(newest - 1)),
            version_after: is_past.then(|| step(newest + 1)),
            warnings: merchant.warnings.iter().map(|word| words.warning(word)).collect(),
            issued: issued(query, &path, is_past),
            turn: (words.merchant.turn)(words.turn(&merchant.next_action.actor)),
            next_text,
            is_quote,
            next_facts: next_facts(merchant, moment, words),
            acts: acts(frame, merchant, &path, fresh_key),
            note: String::new(),
            is_archived: merchant.archived,
            life: way(known, moment, words),
            facts: Facts::new(frame, merchant, moment, is_past),
            record: Record::new(frame, known, query, &path),
            stable: stable(frame, known),
            links: links(&known.links, moment, is_past, frame, &path),
            talk: talk(frame, known),
            eligibility: known
                .eligibility
                .as_ref()
                .map(|eligibility| eligible(eligibility, frame.now, words)),
            id: merchant.id.clone(),
            path,
            code,
        }
    }

    /// The title of the window: the shop, and nothing that is nobody's business.
    pub fn title(&self) -> String {
        format!("{} {}", self.company, self.branch).trim_end().to_owned()
    }
}

/// The link that the shop gets, if whoever looks may issue one.
fn stable(frame: &Frame, known: &Known) -> Option<Stable> {
    let url = known.stable_link.as_deref()?;
    Stable::new(frame, &known.merchant, url)
}

/// For how long it has stood there, in words.
fn standing(age: &Age, words: &Words) -> String {
    let text = age.text();
    if text == words.units.just_now {
        text
    } else {
        (words.merchant.standing)(&text)
    }
}

fn issued(query: &Query, path: &str, is_past: bool) -> Option<Issued> {
    let (link, key) = (query.get("issued")?, query.get("key")?);
    (!is_past).then(|| Issued {
        path: format!("{path}/links/{}/url", crate::query::segment(link)),
        key: key.to_owned(),
        url: None,
    })
}

/// What has to happen next, in upstream's own words if it has any.
fn next_text(merchant: &MerchantDocument, words: &Words) -> (String, bool) {
    if merchant.confirmation.is_some() {
        return (words.merchants.asking.to_owned(), false);
    }
    let quoted = merchant
        .next_action
        .message
        .clone()
        .filter(|text| !text.trim().is_empty());
    match quoted {
        Some(text) => (text, true),
        None => (words.next_action(&merchant.next_action.code).to_owned(), false),
    }
}

fn next_facts(merchant: &MerchantDocument, now: DateTime<Utc>, words: &'static Words) -> Vec<NextFact> {
    let mut facts = Vec::new();
    let plain = |text: String| NextFact { text, is_good: false };
    if let Some(since) = merchant.review.since {
        let source = merchant
            .review
            .source
            .as_deref()
            .map(|word| words.source(word))
            .unwrap_or_default();
        facts.push(plain(
            format!("{} {source}", kst::minute(since, now)).trim_end().to_owned(),
        ));
    }
    if let Some(confirmation) = &merchant.confirmation {
        facts.push(plain(words.doubt(&confirmation.doubt).to_owned()));
    }
    if merchant.review.observed_at.is_some() {
        facts.push(NextFact {
            text: words.verification(&merchant.review.verification).to_owned(),
            is_good: merchant.review.verification == "verified",
        });
    }
    if let Some(link) = &merchant.link {
        facts.push(plain((words.merchant.link_is)(words.link_state(&link.state))));
    }
    facts
}

/// What can be done at once by whoever may, what should be done next before all others.
fn acts(frame: &Frame, merchant: &MerchantDocument, path: &str, key: &str) -> Vec<Act> {
    let page = &frame.words().merchant;
    let wants_link = matches!(
        merchant.next_action.code.as_str(),
        "issue_link" | "open_link" | "submit_application" | "supply_documents" | "resolve_rejection" | "relink"
    );
    let issue = Act {
        name: if merchant.link.is_some() {
            page.issue_again
        } else {
            page.issue
        },
        icon: "send",
        path: format!("{path}/links"),
        key: Some(key.to_owned()),
        shortcut: None,
        is_first: wants_link,
    };
    let ask = Act {
        name: page.ask,
        icon: "poll",
        path: format!("{path}/ask"),
        key: None,
        shortcut: Some("KeyR"),
        is_first: !wants_link && merchant.next_action.code != "none",
    };
    let issue = (!merchant.archived && frame.may(Scope::LinksWrite)).then_some(issue);
    let ask = frame.may(Scope::UpstreamAsk).then_some(ask);
    let acts = if wants_link { [issue, ask] } else { [ask, issue] };
    acts.into_iter().flatten().collect()
}

fn links(all: &[RegistrationLink], moment: DateTime<Utc>, is_past: bool, frame: &Frame, path: &str) -> Vec<Link> {
    let words = frame.words();
    let count = all.len();
    let numbered = all.iter().enumerate().map(|(index, link)| (count - index, link));
    let known = numbered.filter(|(_, link)| link.requested_at <= moment);
    let shown = known.map(|(number, link)| Link {
        name: (words.merchant.link_number)(number),
        when: match link.issued_at.filter(|issued| *issued <= moment) {
            Some(issued) => (words.merchant.issued_at)(&kst::minute(issued, moment)),
            None => (words.merchant.requested_at)(&kst::minute(link.requested_at, moment)),
        },
        state: words.link_state(&link.state),
        revoke: (!is_past && link.state == "issued" && frame.may(Scope::LinksWrite))
            .then(|| format!("{path}/links/{}/revoke", link.id)),
    });
    shown.collect()
}

fn eligible(eligibility: &Eligibility, now: DateTime<Utc>, words: &'static Words) -> Billing {
    let page = &words.merchant;
    let evidence = &eligibility.evidence;
    let moment =
        |moment: Option<DateTime<Utc>>| moment.map_or_else(|| page.never.to_owned(), |moment| kst::minute(moment, now));
    Billing {
        answer: if eligibility.may_bill { page.yes } else { page.no },
        evidence: vec![
            (page.reason, words.billing_reason(&eligibility.reason).to_owned()),
            (page.trust, words.verification(&evidence.verification).to_owned()),
            (page.seen, moment(evidence.observed_at)),
            (page.asked, moment(evidence.last_asked_at)),
        ],
    }
}
