//! The record of a merchant, and what of it is a conversation.

use registry_documents::event::data::{
    CallbackReceived, MerchantDetailsChanged, PaymentApproved, ReviewChanged, StatusObserved,
};
use registry_documents::{EventData, PublicEvent};

use super::Known;
use super::line::{About, Change, Line, TROUBLE, Told};
use crate::frame::Frame;
use crate::parts::{Glyph, masked_number};
use crate::query::Query;
use crate::stage::Stage;
use crate::words::Words;

/// What of a page's query stays when another kind is shown.
const KEPT: [&str; 2] = ["as_of", "version"];

/// Most turns of a conversation that are shown.
const TURNS_MAX: usize = 8;

/// A kind of lines.
pub struct Kind {
    /// Its name.
    pub name: &'static str,
    /// How many there are; with a plus, if there may be older ones.
    pub count: String,
    /// Where they are.
    pub href: String,
    /// Whether they are shown.
    pub is_on: bool,
}

/// A turn of the conversation with the reviewers.
pub struct Turn {
    /// Where the shop went.
    pub glyph: Glyph,
    /// When, and what that means.
    pub what: String,
    /// What Paymint wrote.
    pub message: String,
}

/// The lines of a stretch of the log, the newest first.
pub fn lines(frame: &Frame, known: &Known, events: &[PublicEvent], path: &str) -> Vec<Line> {
    let told = events.iter().enumerate().map(|(index, event)| {
        let before = events.iter().skip(index + 1).find(|event| is_review(event));
        Line::new(frame, &known.names, event, tell(event, before, frame.words()), path)
    });
    told.collect()
}

fn is_review(event: &PublicEvent) -> bool {
    matches!(event.data, EventData::ReviewChanged(_))
}

/// The kinds that there are, each with its lines counted.
pub fn kinds(frame: &Frame, lines: &[Line], is_whole: bool, query: &Query, path: &str) -> Vec<Kind> {
    let shown = query.get("kind").unwrap_or_default();
    let more = if is_whole { "" } else { "+" };
    let page = &frame.words().merchant;
    let named = [
        ("", page.kind_all),
        (About::State.word(), page.kind_state),
        (About::Links.word(), page.kind_links),
        (About::Callbacks.word(), page.kind_callbacks),
        (About::Questions.word(), page.kind_questions),
        (About::Notes.word(), page.kind_notes),
        (About::People.word(), page.kind_people),
        (TROUBLE, page.kind_trouble),
    ];
    let counted = named.map(|(word, name)| {
        let count = lines.iter().filter(|line| line.is_of(word)).count();
        let kind = Kind {
            name,
            count: format!("{count}{more}"),
            href: query.only(&KEPT).with("kind", word).on(path),
            is_on: word == shown,
        };
        (count > 0 || kind.is_on).then_some(kind)
    });
    counted.into_iter().flatten().collect()
}

/// What was asked of the shop and what came of it, the newest first.
pub fn talk(frame: &Frame, known: &Known) -> Vec<Turn> {
    let words = frame.words();
    let turns = known.timeline.data.iter().filter_map(|event| {
        let EventData::ReviewChanged(change) = &event.data else {
            return None;
        };
        let stage = Stage::of_status(&change.to);
        let is_turn = change.message.is_some() || matches!(stage.letter(), 'P' | 'S' | 'R' | 'O');
        is_turn.then(|| Turn {
            glyph: Glyph(stage),
            what: format!(
                "{} {}",
                crate::kst::day(event.recorded_at, frame.now),
                stage.name(words)
            ),
            message: change.message.clone().unwrap_or_default(),
        })
    });
    turns.take(TURNS_MAX).collect()
}

/// What an event says.
#[expect(clippy::too_many_lines, reason = "one exhaustive match, one arm for each event")]
fn tell(event: &PublicEvent, before: Option<&PublicEvent>, words: &'static Words) -> Told {
    let (said, page) = (&words.events, &words.merchant);
    match &event.data {
        EventData::MerchantRegistered(_) => Told::new(About::People, "store", said.registered),
        EventData::MerchantDetailsChanged(change) => details_changed(change, words),
        EventData::MerchantArchived(_) => Told::new(About::People, "archive", said.archived),
        EventData::MerchantRestored(_) => Told::new(About::People, "restore", said.restored),
        EventData::MerchantErased(_) => Told::new(About::People, "trash", said.erased),
        EventData::LinkRequested(_) => Told::new(About::Links, "link", said.link_requested),
        EventData::LinkIssued(_) => Told::new(About::Links, "link", said.link_issued),
        EventData::LinkIssueFailed(failure) => Told::new(About::Links, "link", said.link_failed)
            .more(words.link_outcome(&failure.outcome))
            .fact(page.upstream_code, failure.upstream_code.clone())
            .trouble_if(true),
        EventData::LinkRevoked(_) => Told::new(About::Links, "x", said.link_revoked),
        EventData::LinkOpened(_) => Told::new(About::Links, "eye", said.link_opened),
        EventData::LinkContinued(went) => Told::new(About::Links, "link", said.link_continued).more(if went.reused {
            said.link_reused
        } else {
            said.link_fresh
        }),
        EventData::MerchantReturned(_) => Told::new(About::Links, "back", said.returned),
        EventData::CallbackReceived(callback) => callback_received(callback, words),
        EventData::CallbackDiscarded(given_up) => {
            Told::new(About::Callbacks, "trash", said.callback_discarded).more(given_up.reason.clone())
        }
        EventData::StatusObserved(answer) => Told::new(About::Questions, "poll", said.observed)
            .more(observed(answer, words))
            .fact(page.mapping, answer.mapping_status.clone())
            .trouble_if(answer.healed || answer.missing || answer.verification == "conflicting"),
        EventData::ReviewChanged(change) => review_changed(change, before, words),
        EventData::BusinessChanged(business) => Told::new(About::State, "edit", said.business_changed)
            .fact(page.company, business.company_name.clone())
            .fact(page.branch, business.branch_name.clone())
            .fact(page.number, business.business_number.as_deref().map(masked_number))
            .trouble_if(business.business_number_flag.is_some()),
        EventData::UpstreamUnlinked(_) => stage_told(Stage::Unlinked, said.unlinked),
        EventData::UpstreamRelinked(_) => Told::new(About::State, "link", said.relinked),
        EventData::ConfirmationRequested(request) => Told::new(About::Questions, "info", said.held)
            .more(words.doubt(&request.doubt))
            .trouble_if(true),
        EventData::ConfirmationResolved(result) => {
            Told::new(About::Questions, "check", words.resolution(&result.resolution))
        }
        EventData::PaymentApproved(approval) => approved(approval, words),
        EventData::NoteAdded(note) => Told::new(About::Notes, "note", said.note).more(format!("“{}”", note.text)),
        EventData::AlertRaised(alert) => Told::new(About::State, "bell", words.alerts.raised)
            .more(format!(
                "{} · {}",
                words.severity(&alert.severity),
                words.alert_rule(&alert.rule)
            ))
            .trouble_if(true),
        EventData::AlertAcknowledged(_) => Told::new(About::People, "check", words.alerts.acknowledged),
        EventData::AlertSnoozed(nap) => match nap.until {
            Some(until) => Told::new(About::People, "wait", words.alerts.snoozed)
                .more((words.alerts.asleep)(&crate::kst::minute(until, event.recorded_at))),
            None => Told::new(About::People, "bell", words.alerts.woken),
        },
        EventData::AlertResolved(alert) => {
            Told::new(About::State, "check", words.alerts.resolved).more(words.alert_end(&alert.reason))
        }
        EventData::AlertRuleSet(_)
        | EventData::EventDestinationCreated(_)
        | EventData::EventDestinationChanged(_)
        | EventData::EventDestinationSecretRotated(_)
        | EventData::EventDestinationEnabled(_)
        | EventData::EventDestinationDisabled(_)
        | EventData::EventDestinationRemoved(_)
        | EventData::ViewCreated(_)
        | EventData::ViewChanged(_)
        | EventData::ViewShared(_)
        | EventData::ViewUnshared(_)
        | EventData::ViewRemoved(_)
        | EventData::JobConfirmed(_)
        | EventData::JobPaused(_)
        | EventData::JobResumed(_)
        | EventData::JobCancelled(_)
        | EventData::JobFinished(_)
        | EventData::AlertRuleRemoved(_)
        | EventData::TenantCreated(_)
        | EventData::TenantUpstreamConfigured(_)
        | EventData::TenantSuspended(_)
        | EventData::TenantResumed(_)
        | EventData::ApiKeyIssued(_)
        | EventData::ApiKeyRotated(_)
        | EventData::ApiKeyRevoked(_)
        | EventData::MemberAdded(_)
        | EventData::MemberRoleChanged(_)
        | EventData::MemberRemoved(_)
        | EventData::RoleMappingsReplaced(_)
        | EventData::UnclaimedMerchantSeen(_)
        | EventData::CallbackQuarantined(_)
        | EventData::TenantSettingsChanged(_)
        | EventData::UnclaimedMerchantListed(_)
        | EventData::UnclaimedMerchantAdopted(_)
        | EventData::UnclaimedMerchantDismissed(_)
        | EventData::UnclaimedCallbackDiscarded(_)
        | EventData::UpstreamPaused(_)
        | EventData::UpstreamResumed(_)
        | EventData::BalanceLow(_)
        | EventData::BalanceRecovered(_)
        | EventData::CallbacksMissing(_)
        | EventData::PersonalRevealed(_)
        | EventData::PayloadOpened(_)
        | EventData::ExportTaken(_)
        | EventData::MerchantsExported(_)
        | EventData::AccessRefused(_)
        | EventData::SessionOpened(_)
        | EventData::SessionRefused(_)
        | EventData::SessionClosed(_)
        | EventData::CallbacksSeen(_) => Told::new(About::People, "info", event.data.event_type()),
    }
}

fn approved(approval: &PaymentApproved, words: &'static Words) -> Told {
    let (said, page) = (&words.events, &words.merchant);
    Told::new(About::Callbacks, "wallet", said.approved)
        .more(approval.price.clone().unwrap_or_default())
        .fact(page.approval_number, approval.approval_number.clone())
        .fact(page.pay_type, approval.pay_type.clone())
        .fact(page.issuer, approval.issuer.clone())
        .trouble_if(approval.api_key == "differs")
}

fn details_changed(change: &MerchantDetailsChanged, words: &'static Words) -> Told {
    let (said, page) = (&words.events, &words.merchant);
    let name = |field: &String| match field.as_str() {
        "company_name" => page.company,
        "branch_name" => page.branch,
        _business_number => page.number,
    };
    let cleared: Vec<_> = change.cleared.iter().map(name).collect();
    let cleared = Some(cleared.join(", ")).filter(|names| !names.is_empty());
    Told::new(About::People, "edit", said.details_changed)
        .fact(page.company, change.company_name.clone())
        .fact(page.branch, change.branch_name.clone())
        .fact(page.number, change.business_number.as_deref().map(masked_number))
        .fact(said.details_cleared, cleared)
        .fact(page.tags, change.tags.as_ref().map(|tags| tags.join(", ")))
}

fn stage_told(stage: Stage, text: &str) -> Told {
    Told {
        glyph: Some(Glyph(stage)),
        ..Told::new(About::State, "info", text)
    }
}

fn callback_received(callback: &CallbackReceived, words: &'static Words) -> Told {
    let page = &words.merchant;
    let reason = callback
        .reason
        .as_deref()
        .map(|word| words.quarantine_reason(word).to_owned());
    let sender = callback
        .sender_listed
        .map(|listed| if listed { page.listed } else { page.not_listed }.to_owned());
    let told = Told::new(About::Callbacks, "callback", words.verdict(&callback.verdict))
        .more(reason.unwrap_or_default())
        .fact(page.letter, callback.code.clone())
        .fact(page.sender, sender)
        .fact(page.redriven, callback.redrive_of.clone())
        .trouble_if(callback.verdict == "quarantined" || callback.sender_listed == Some(false));
    Told {
        has_payload: true,
        ..told
    }
}

fn observed(answer: &StatusObserved, words: &Words) -> String {
    let page = &words.merchant;
    if answer.missing {
        page.missing.to_owned()
    } else if answer.healed {
        page.healed.to_owned()
    } else {
        words.verification(&answer.verification).to_owned()
    }
}

fn review_changed(change: &ReviewChanged, before: Option<&PublicEvent>, words: &'static Words) -> Told {
    let page = &words.merchant;
    let (from, to) = (Stage::of_status(&change.from), Stage::of_status(&change.to));
    let earlier = before.and_then(|event| {
        if let EventData::ReviewChanged(earlier) = &event.data {
            Some(earlier)
        } else {
            None
        }
    });
    let quoted = change
        .message
        .as_ref()
        .map(|text| format!("“{text}”"))
        .unwrap_or_default();
    let text = if from == to {
        words.events.message_changed.to_owned()
    } else {
        format!("{} → {}", from.name(words), to.name(words))
    };
    let mut told = stage_told(to, &text)
        .more(quoted)
        .trouble_if(change.verification == "conflicting");
    let none = || page.nothing.to_owned();
    if from != to {
        let was = earlier.map(|earlier| format!("{} ", earlier.code)).unwrap_or_default();
        told.diff.push(Change {
            name: page.review,
            was: format!("{was}{}", from.name(words)),
            is: format!("{} {}", change.code, to.name(words)),
        });
    }
    let was = earlier.and_then(|earlier| earlier.message.clone());
    if was != change.message {
        told.diff.push(Change {
            name: page.message,
            was: was.unwrap_or_else(none),
            is: change.message.clone().unwrap_or_else(none),
        });
    }
    told.facts
        .push((page.trust, words.verification(&change.verification).to_owned()));
    told
}
