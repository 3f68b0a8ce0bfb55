//! How a call to the upstream can fail, and what that means for the caller.

use std::fmt;

use crate::api_key::ApiKey;
use crate::scrub::Scrubber;
use crate::upstream_code::{UpstreamCode, WhoFixes};

/// The longest message of the upstream that is kept, in characters.
const MESSAGE_MAX_CHARACTERS: usize = 500;

/// The longest content type that is repeated in an error, in characters.
const CONTENT_TYPE_MAX_CHARACTERS: usize = 100;

/// Why a call did not succeed. No variant holds a request or an answer.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// Upstream understood the call and said no, or somebody behind it did not answer well.
    #[error("upstream refused the call with code {code}")]
    Refused {
        /// The envelope's code.
        code: UpstreamCode,
        /// The envelope's message, for people.
        message: Option<UpstreamMessage>,
    },
    /// No answer came, and the request may have been carried out.
    #[error("the outcome of the call is unknown: {loss}")]
    OutcomeUnknown {
        /// What happened to the connection.
        loss: ConnectionLoss,
        /// The cause below.
        #[source]
        source: reqwest::Error,
    },
    /// No connection could be made: nothing was sent.
    #[error("upstream could not be reached")]
    Unreachable {
        /// The cause below.
        #[source]
        source: reqwest::Error,
    },
    /// An answer came that is not the upstream's envelope, so that it does not tell what was done.
    #[error("the answer could not be understood: {fault} (HTTP {http_status}, {}, {length} bytes)",
        .content_type.as_deref().unwrap_or("no content type"))]
    Unintelligible {
        /// What was wrong with it.
        fault: AnswerFault,
        /// The HTTP status.
        http_status: u16,
        /// The declared content type without its parameters, cut to 100 characters.
        content_type: Option<String>,
        /// The bytes that were read of the body.
        length: usize,
    },
}

impl CallError {
    /// What is known about the effect of the call.
    pub fn outcome(&self) -> Outcome {
        match self {
            Self::Refused { code, .. } if code.leaves_outcome_unknown() => Outcome::Unknown,
            Self::Refused { .. } => Outcome::Refused,
            Self::OutcomeUnknown { .. } | Self::Unintelligible { .. } => Outcome::Unknown,
            Self::Unreachable { .. } => Outcome::NotSent,
        }
    }

    /// Whether the same call may succeed later without anybody changing anything.
    pub fn retryable(&self) -> bool {
        match self {
            Self::Refused { code, .. } => code.retryable(),
            Self::OutcomeUnknown { .. } | Self::Unreachable { .. } => true,
            Self::Unintelligible { http_status, .. } => !speaks_of_our_address(*http_status),
        }
    }

    /// Who has to act before the call can succeed.
    pub fn who_fixes(&self) -> WhoFixes {
        match self {
            Self::Refused { code, .. } => code.who_fixes(),
            Self::Unreachable { source } if source.is_dns() => WhoFixes::Us,
            Self::Unintelligible { http_status, .. } if speaks_of_our_address(*http_status) => WhoFixes::Us,
            Self::OutcomeUnknown { .. } | Self::Unreachable { .. } | Self::Unintelligible { .. } => WhoFixes::Paymint,
        }
    }

    /// Whether every call of this partner fails in the same way, whichever merchant it is about.
    pub fn is_partner_level(&self) -> bool {
        match self {
            Self::Refused { code, .. } => code.partner_level(),
            Self::OutcomeUnknown { .. } | Self::Unreachable { .. } | Self::Unintelligible { .. } => false,
        }
    }

    /// Whether a bill or a receipt has to be read before its call is repeated or given up: the call may have been carried
    /// out. After an unclassified failure in upstream's server (`ERROR`) too, as nobody says how far it got.
    pub fn is_to_be_read_first(&self) -> bool {
        let is_unclassified = matches!(
            self,
            Self::Refused {
                code: UpstreamCode::ServerError,
                ..
            }
        );
        is_unclassified || self.outcome() == Outcome::Unknown
    }

    /// Whether upstream says that it has no such bill or receipt for these codes.
    pub fn is_bill_not_found(&self) -> bool {
        matches!(
            self,
            Self::Refused {
                code: UpstreamCode::BillNotFound,
                ..
            }
        )
    }

    /// Whether upstream says that the id of a new bill or receipt is used already: perhaps by the same call before.
    pub fn is_bill_id_used(&self) -> bool {
        matches!(
            self,
            Self::Refused {
                code: UpstreamCode::BillIdUsed,
                ..
            }
        )
    }

    /// Whether upstream says that it has no link for these codes.
    pub fn is_link_not_found(&self) -> bool {
        matches!(
            self,
            Self::Refused {
                code: UpstreamCode::LinkNotFound,
                ..
            }
        )
    }

    /// Whether the upstream as a whole is in trouble: it cannot be reached, does not answer, answers what is no answer
    /// of its own, or is under maintenance. A refusal, and an error that speaks of a wrong address of ours, show that
    /// it works.
    pub fn is_upstream_down(&self) -> bool {
        match self {
            Self::Refused { code, .. } => *code == UpstreamCode::UnderMaintenance,
            Self::OutcomeUnknown { .. } | Self::Unreachable { .. } => true,
            Self::Unintelligible { fault, http_status, .. } => match fault {
                AnswerFault::NotJson | AnswerFault::NoCode => !speaks_of_our_address(*http_status),
                AnswerFault::TooLong | AnswerFault::Field(_) => false,
            },
        }
    }

    /// Whether what came speaks of a wrong address of ours: a base URL or a path.
    pub fn speaks_of_our_address(&self) -> bool {
        match self {
            Self::Unintelligible { http_status, .. } => speaks_of_our_address(*http_status),
            Self::Refused { .. } | Self::OutcomeUnknown { .. } | Self::Unreachable { .. } => false,
        }
    }

    /// Whether what came is no answer to such a call, so that the call itself is made wrongly: none of upstream's own, or
    /// a refusal of just this call. What may pass, and what meets every call of the partner, says nothing about it.
    pub fn is_against_the_call(&self) -> bool {
        match self {
            Self::Refused { code, .. } => !code.retryable() && !code.partner_level(),
            Self::Unintelligible { http_status, .. } => {
                *http_status < 500 && (*http_status < 400 || speaks_of_our_address(*http_status))
            }
            Self::OutcomeUnknown { .. } | Self::Unreachable { .. } => false,
        }
    }

    /// The HTTP status and the declared content type of an answer that is none of upstream's own.
    pub fn strange_answer(&self) -> Option<(u16, Option<&str>)> {
        match self {
            Self::Unintelligible {
                http_status,
                content_type,
                ..
            } => Some((*http_status, content_type.as_deref())),
            Self::Refused { .. } | Self::OutcomeUnknown { .. } | Self::Unreachable { .. } => None,
        }
    }

    /// The upstream's code, if it gave one.
    pub fn code(&self) -> Option<&str> {
        match self {
            Self::Refused { code, .. } => Some(code.as_str()),
            Self::OutcomeUnknown { .. } | Self::Unreachable { .. } | Self::Unintelligible { .. } => None,
        }
    }

    /// The upstream's message for people, if it gave one.
    pub fn message(&self) -> Option<&str> {
        match self {
            Self::Refused { message, .. } => message.as_ref().map(UpstreamMessage::as_str),
            Self::OutcomeUnknown { .. } | Self::Unreachable { .. } | Self::Unintelligible { .. } => None,
        }
    }

    /// Sorts a transport failure: only a failed connect proves that nothing was sent.
    pub(crate) fn from_transport(error: reqwest::Error) -> Self {
        let source = error.without_url();
        if source.is_connect() || source.is_builder() {
            return Self::Unreachable { source };
        }
        let loss = if source.is_timeout() {
            ConnectionLoss::Timeout
        } else {
            ConnectionLoss::Broken
        };
        Self::OutcomeUnknown { loss, source }
    }

    pub(crate) fn unintelligible(fault: AnswerFault, http_status: u16, content_type: &str, length: usize) -> Self {
        let essence = content_type.split(';').next().unwrap_or_default().trim();
        let is_plain = |letter: &char| letter.is_ascii_alphanumeric() || "/.+-_".contains(*letter);
        let essence: String = essence
            .chars()
            .filter(is_plain)
            .take(CONTENT_TYPE_MAX_CHARACTERS)
            .collect();
        Self::Unintelligible {
            fault,
            http_status,
            content_type: Some(essence).filter(|essence| !essence.is_empty()),
            length,
        }
    }
}

/// A redirect, or a client error without an envelope, comes from a wrong base URL or path, not from a busy server.
fn speaks_of_our_address(http_status: u16) -> bool {
    matches!(http_status, 300..=499) && !matches!(http_status, 408 | 425 | 429)
}

/// What is known about the effect of a failed call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Nothing left this process.
    NotSent,
    /// Upstream said no.
    Refused,
    /// It may or may not have been carried out. Read the state before deciding.
    Unknown,
}

/// What happened to a connection on which a request may have been sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConnectionLoss {
    /// No complete answer came in time.
    Timeout,
    /// The connection ended before a complete answer.
    Broken,
}

impl fmt::Display for ConnectionLoss {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Timeout => "no complete answer came in time",
            Self::Broken => "the connection ended before a complete answer",
        })
    }
}

/// What was wrong with an answer that is not the upstream's envelope.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AnswerFault {
    /// The body is longer than the limit of this call.
    TooLong,
    /// The body is not JSON, or JSON that is nested too deeply.
    NotJson,
    /// The body is JSON without a `code`.
    NoCode,
    /// The call succeeded, but this part of the answer is missing or has another type.
    Field(&'static str),
}

impl fmt::Display for AnswerFault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong => formatter.write_str("it is too long"),
            Self::NotJson => formatter.write_str("it is not JSON"),
            Self::NoCode => formatter.write_str("it has no code"),
            Self::Field(field) => write!(formatter, "{field} is missing or has another type"),
        }
    }
}

/// The upstream's message for people: untrusted Korean free text, at most 500 characters.
///
/// `Debug` hides it, because nobody promises that it names no business.
#[derive(Clone, PartialEq, Eq)]
pub struct UpstreamMessage(String);

impl UpstreamMessage {
    /// Upstream is known to echo the key of a call, so secrets are taken out before anything is kept.
    pub(crate) fn new(text: &str, key: &ApiKey) -> Self {
        let clean = Scrubber::knowing(Some(key)).text(text);
        Self(clean.chars().take(MESSAGE_MAX_CHARACTERS).collect())
    }

    /// The text, to be shown to the partner.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for UpstreamMessage {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("UpstreamMessage(redacted)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unintelligible_answer_is_blamed_by_its_status() {
        let table = [
            (200, true, WhoFixes::Paymint),
            (302, false, WhoFixes::Us),
            (401, false, WhoFixes::Us),
            (404, false, WhoFixes::Us),
            (408, true, WhoFixes::Paymint),
            (429, true, WhoFixes::Paymint),
            (500, true, WhoFixes::Paymint),
            (503, true, WhoFixes::Paymint),
        ];
        for (status, retryable, who_fixes) in table {
            let error = CallError::unintelligible(AnswerFault::NotJson, status, "text/html", 10);
            assert_eq!(error.outcome(), Outcome::Unknown, "{status}");
            assert_eq!(error.retryable(), retryable, "{status}");
            assert_eq!(error.who_fixes(), who_fixes, "{status}");
            assert_eq!(error.code(), None);
        }
    }

    #[test]
    fn an_upstream_is_down_only_if_the_answer_is_none_of_its_own() {
        let unintelligible = |fault, status| CallError::unintelligible(fault, status, "text/html", 10);
        let refused = |code| CallError::Refused {
            code: UpstreamCode::parse(code),
            message: None,
        };
        let table = [
            (unintelligible(AnswerFault::NotJson, 200), true),
            (unintelligible(AnswerFault::NotJson, 503), true),
            (unintelligible(AnswerFault::NoCode, 500), true),
            (unintelligible(AnswerFault::NotJson, 404), false),
            (unintelligible(AnswerFault::Field("data"), 200), false),
            (unintelligible(AnswerFault::TooLong, 200), false),
            (refused("MAINTAINED_METHOD"), true),
            (refused("ERROR"), false),
            (refused("PARTNER_006"), false),
            (refused("PARTNER_004"), false),
        ];
        for (error, is_down) in table {
            assert_eq!(error.is_upstream_down(), is_down, "{error}");
        }
        assert!(refused("PARTNER_006").is_partner_level() && !refused("PARTNER_004").is_partner_level());
        assert!(refused("PARTNER_004").is_link_not_found() && !refused("ERROR").is_link_not_found());
    }

    #[test]
    fn what_came_tells_whether_the_call_is_made_wrongly() {
        let unintelligible = |status| CallError::unintelligible(AnswerFault::NotJson, status, "text/html", 10);
        let refused = |code| CallError::Refused {
            code: UpstreamCode::parse(code),
            message: None,
        };
        let table = [
            (unintelligible(200), true),
            (unintelligible(301), true),
            (unintelligible(404), true),
            (unintelligible(429), false),
            (unintelligible(502), false),
            (refused("VALIDATION_001"), true),
            (refused("404"), true),
            (refused("MAINTAINED_METHOD"), false),
            (refused("PARTNER_002"), false),
        ];
        for (error, is_against_the_call) in table {
            assert_eq!(error.is_against_the_call(), is_against_the_call, "{error}");
        }
        assert!(unintelligible(404).speaks_of_our_address() && !unintelligible(200).speaks_of_our_address());
    }

    #[test]
    fn what_may_have_moved_money_is_read_first() {
        let refused = |code| CallError::Refused {
            code: UpstreamCode::parse(code),
            message: None,
        };
        for (code, outcome, is_to_be_read_first) in [
            ("PAYMENT_001", Outcome::Unknown, true),
            ("PAYMENT_002", Outcome::Unknown, true),
            ("ERROR", Outcome::Refused, true),
            ("BILL_001", Outcome::Refused, false),
            ("BILL_003", Outcome::Refused, false),
            ("MAINTAINED_METHOD", Outcome::Refused, false),
        ] {
            let error = refused(code);
            assert_eq!(error.outcome(), outcome, "{code}");
            assert_eq!(error.is_to_be_read_first(), is_to_be_read_first, "{code}");
            assert_eq!(error.is_bill_id_used(), code == "BILL_001", "{code}");
            assert_eq!(error.is_bill_not_found(), code == "BILL_003", "{code}");
        }
        let strange = CallError::unintelligible(AnswerFault::NotJson, 400, "text/html", 10);
        assert!(strange.is_to_be_read_first());
    }

    #[test]
    fn what_is_repeated_of_an_answer_is_bounded() {
        let error = CallError::unintelligible(AnswerFault::NotJson, 200, &"x".repeat(5000), 5);
        assert!(error.to_string().len() < 200);
        let error = CallError::unintelligible(AnswerFault::NotJson, 404, "Text/HTML; charset=\"x y\"", 5);
        assert_eq!(error.strange_answer(), Some((404, Some("Text/HTML"))));
        let error = CallError::unintelligible(AnswerFault::NoCode, 502, "", 0);
        assert_eq!(error.strange_answer(), Some((502, None)));
        assert_eq!(
            error.to_string(),
            "the answer could not be understood: it has no code (HTTP 502, no content type, 0 bytes)"
        );
    }

    #[test]
    fn a_message_is_cut_hidden_in_debug_and_freed_of_the_key() {
        let key = ApiKey::parse("secret-key").unwrap();
        let message = UpstreamMessage::new("apiKey secret-key 확인", &key);
        assert_eq!(message.as_str(), "apiKey *** 확인");
        assert_eq!(format!("{message:?}"), "UpstreamMessage(redacted)");
        assert_eq!(
            UpstreamMessage::new(&"가".repeat(900), &key).as_str().chars().count(),
            500
        );
    }
}
