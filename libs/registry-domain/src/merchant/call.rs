//! What is known of a call to upstream that failed.

use crate::words::words;

/// What came of a call to upstream that did not succeed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallOutcome {
    /// Nothing was sent.
    NotSent,
    /// Upstream said no.
    Refused,
    /// No answer that can be read: upstream may or may not have acted.
    Unknown,
}

words!(CallOutcome {
    NotSent => "not_sent",
    Refused => "refused",
    Unknown => "unknown",
});

/// Who can remove the cause of a failed call to upstream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WhoFixes {
    /// Whoever runs or wrote the registry.
    Us,
    /// The tenant: its contract, its key, its data.
    Partner,
    /// Paymint.
    Paymint,
}

words!(WhoFixes {
    Us => "us",
    Partner => "partner",
    Paymint => "paymint",
});

/// Why a call did not succeed: no registration URL was issued, say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallFailure {
    /// What is known of the call.
    pub outcome: CallOutcome,
    /// Upstream's code, if it gave one.
    pub upstream_code: Option<String>,
    /// Whether trying again later can help.
    pub retryable: bool,
    /// Who can remove the cause.
    pub who_fixes: WhoFixes,
    /// What came, if an answer came that is none of upstream's own.
    pub strange_answer: Option<StrangeAnswer>,
}

/// An answer that is none of upstream's own: a proxy's page, say, or that of another server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StrangeAnswer {
    /// The HTTP status.
    pub http_status: u16,
    /// The declared content type, without parameters.
    pub content_type: Option<String>,
}
