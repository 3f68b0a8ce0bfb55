//! What upstream says about a merchant: the raw letter, our reading of it, and how far we trust it.

use crate::words::words;
use std::fmt;

use chrono::{DateTime, Utc};

use crate::business::ReportedNumber;
use crate::codes::{MemberCode, MerchantCode};
use crate::text::FreeText;

/// Longest raw status that is kept, in characters. Today's letters have one, the longest mapping word has 16.
const CODE_LENGTH_MAX: usize = 32;

/// Keeps what came; control characters are replaced and the length is bounded. `None` for blank text.
fn bounded_code(text: &str) -> Option<String> {
    let cleaned = FreeText::from_untrusted(text.trim());
    let cut: String = cleaned.as_str().chars().take(CODE_LENGTH_MAX).collect();
    // A cut can leave a blank at the end, which reading it back would drop.
    let cut = cut.trim_end().to_owned();
    (!cut.is_empty()).then_some(cut)
}

/// The review status exactly as upstream wrote it (`N W P R S O`, or anything it invents).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ReviewCode(String);

impl ReviewCode {
    /// Keeps what came; control characters are replaced and the length is bounded. `None` for blank text.
    pub fn from_untrusted(text: &str) -> Option<Self> {
        bounded_code(text).map(Self)
    }

    /// The raw text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What the code means (official callback page: N 심사없음, W 작성중, P 심사중, R 반려, S 서류보완, O 개시).
    pub fn status(&self) -> ReviewStatus {
        match self.0.as_str() {
            "N" => ReviewStatus::None,
            "W" => ReviewStatus::Drafting,
            "P" => ReviewStatus::InReview,
            "R" => ReviewStatus::Rejected,
            "S" => ReviewStatus::DocumentsRequired,
            "O" => ReviewStatus::Opened,
            _ => ReviewStatus::Unknown,
        }
    }
}

/// Our reading of the review status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ReviewStatus {
    /// No review exists (`N`, or nothing heard yet). Neither pending nor open.
    None,
    /// The application is being filled in (`W`).
    Drafting,
    /// Submitted and under review (`P`).
    InReview,
    /// Rejected, with a reason (`R`).
    Rejected,
    /// Documents are missing, the message says which (`S`).
    DocumentsRequired,
    /// Open: may send bills (`O`).
    Opened,
    /// A code that we do not know yet. The raw text is kept beside it.
    Unknown,
}

words!(ReviewStatus {
    None => "none",
    Drafting => "drafting",
    InReview => "in_review",
    DocumentsRequired => "documents_required",
    Rejected => "rejected",
    Opened => "opened",
    Unknown => "unknown",
});

impl fmt::Display for ReviewStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// 하위 사업장 상태: the word of upstream's list for how far the link between partner and shop is, as it was written
/// (`/read/mapping`, field `mappingStatus`). It says less than the review letter and is kept beside it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct MappingStatus(String);

impl MappingStatus {
    /// Keeps what came, cleaned and bounded. `None` for blank text.
    pub fn from_untrusted(text: &str) -> Option<Self> {
        bounded_code(text).map(Self)
    }

    /// The raw text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What the word means, as far as integrators have found out.
    pub fn phase(&self) -> MappingPhase {
        match self.0.as_str() {
            "INITIALIZED" | "MEMBER_MAPPED" | "MERCHANT_OPENING" => MappingPhase::Pending,
            "COMPLETED" | "LEGACY" => MappingPhase::Usable,
            "PAUSED" => MappingPhase::Paused,
            _ => MappingPhase::Unknown,
        }
    }
}

/// Our reading of the mapping status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MappingPhase {
    /// On the way: the URL was issued, somebody signed up, the business is being opened.
    Pending,
    /// Linked and usable.
    Usable,
    /// Paused, by whom and why is not documented. Not ready to bill.
    Paused,
    /// A word that we do not know.
    Unknown,
}

impl MappingPhase {
    /// Whether a shop in this phase can have this review status. Only open contradictions count: what a pause or an
    /// unknown word or letter goes along with is not documented.
    pub const fn allows(self, status: ReviewStatus) -> bool {
        match self {
            Self::Pending => !matches!(status, ReviewStatus::Opened),
            Self::Usable => matches!(
                status,
                ReviewStatus::None | ReviewStatus::Opened | ReviewStatus::Unknown
            ),
            Self::Paused | Self::Unknown => true,
        }
    }
}

/// Who claimed what we believe.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ClaimSource {
    /// Upstream called us.
    Callback,
    /// We asked upstream about this merchant because a claim was doubtful or somebody wanted to know.
    ReadBack,
    /// The reconciler asked upstream in its round.
    Reconciliation,
    /// Upstream's list of all mappings.
    List,
}

words!(ClaimSource {
    Callback => "callback",
    ReadBack => "read_back",
    Reconciliation => "reconciliation",
    List => "list",
});

/// On what occasion upstream was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ReadingSource {
    /// About this merchant, because a claim was doubtful or somebody wanted to know.
    ReadBack,
    /// About this merchant, in the reconciler's round.
    Reconciliation,
    /// About all merchants at once. A list knows no review letter.
    List,
}

words!(ReadingSource {
    ReadBack => "read_back",
    Reconciliation => "reconciliation",
    List => "list",
});

impl From<ReadingSource> for ClaimSource {
    fn from(source: ReadingSource) -> Self {
        match source {
            ReadingSource::ReadBack => Self::ReadBack,
            ReadingSource::Reconciliation => Self::Reconciliation,
            ReadingSource::List => Self::List,
        }
    }
}

/// How far the current review status can be trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Verification {
    /// Upstream confirmed it when asked.
    Verified,
    /// It came through the secret callback URL, and upstream was not asked or did not answer.
    Unverified,
    /// It is the last known truth: a newer claim is held until upstream is asked.
    Held,
    /// Upstream contradicts itself: the letter and the mapping status of its answers exclude each other, it does not
    /// know a merchant that it has told about, or a claim came in while a question was under way and the answer
    /// disagrees with it, so that neither is newer for certain. Another reading settles it.
    Conflicting,
}

words!(Verification {
    Verified => "verified",
    Unverified => "unverified",
    Held => "held",
    Conflicting => "conflicting",
});

/// What `isDeleted` says. Upstream documents no vocabulary for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DeletionMark {
    /// Absent, empty, or one of N, false, 0.
    NotDeleted,
    /// One of Y, true, 1.
    Deleted,
    /// Anything else: kept and flagged, changes nothing.
    Unrecognised(FreeText),
    /// An answer to a question of ours that has no such field: it says nothing. (In a callback the absent field is
    /// documented among the others, and read as not deleted.)
    Unsaid,
}

/// One look at upstream's view of a merchant, from a callback or a reading. Absent fields say nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Observation {
    /// The member code in the body.
    pub member_code: Option<MemberCode>,
    /// The merchant code in the body.
    pub merchant_code: Option<MerchantCode>,
    /// 페이민트 회원 ID: Paymint's own id of the member.
    pub upstream_member_id: Option<FreeText>,
    /// 사업장명.
    pub company_name: Option<FreeText>,
    /// 지점명.
    pub branch_name: Option<FreeText>,
    /// 사업자등록번호.
    pub business_number: Option<ReportedNumber>,
    /// 심사 상태.
    pub review_code: Option<ReviewCode>,
    /// 심사 메시지: what to supply (S) or why it was rejected (R).
    pub review_message: Option<FreeText>,
    /// 삭제 여부.
    pub deletion: DeletionMark,
}

/// SHA-256 over the content of an observation, to tell a repeat from a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ContentDigest(pub [u8; 32]);

/// The review as the registry believes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Review {
    /// The raw code, if upstream ever gave one.
    pub code: Option<ReviewCode>,
    /// The message that came with the current code.
    pub message: Option<FreeText>,
    /// Since when the current code stands.
    pub since: Option<DateTime<Utc>>,
    /// When upstream last said anything about this merchant, repeats included.
    pub observed_at: Option<DateTime<Utc>>,
    /// Who said what we believe: the claim or the reading that moved it last, or the reading that vouched for it.
    pub source: Option<ClaimSource>,
    /// How far it can be trusted.
    pub verification: Verification,
    /// The status as it was last told to others. It differs from [`Self::status`] once the registry has learned the
    /// meaning of a letter that it told as unknown; then the next word about the merchant tells it anew.
    pub told: ReviewStatus,
    /// The word of upstream's list for the link, if it ever gave one.
    pub mapping_status: Option<MappingStatus>,
}

impl Review {
    /// Nothing heard yet.
    pub const fn unheard() -> Self {
        Self {
            code: None,
            message: None,
            since: None,
            observed_at: None,
            source: None,
            verification: Verification::Unverified,
            told: ReviewStatus::None,
            mapping_status: None,
        }
    }

    /// Our reading of the raw code; [`ReviewStatus::None`] while nothing was heard.
    pub fn status(&self) -> ReviewStatus {
        self.code.as_ref().map_or(ReviewStatus::None, ReviewCode::status)
    }

    /// Our reading of the mapping status.
    pub fn mapping_phase(&self) -> Option<MappingPhase> {
        self.mapping_status.as_ref().map(MappingStatus::phase)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_official_letter_has_its_own_status() {
        let status = |text: &str| ReviewCode::from_untrusted(text).unwrap().status();
        let read = ["N", "W", "P", "S", "R", "O"].map(status);
        assert_eq!(read, ReviewStatus::ALL[..6]);
        assert_eq!(status("X"), ReviewStatus::Unknown);
        assert_eq!(
            status("o"),
            ReviewStatus::Unknown,
            "upstream's letters are upper case; guessing would hide news"
        );
        assert_eq!(ReviewCode::from_untrusted("  "), None);
    }

    #[test]
    fn words_read_back() {
        for status in ReviewStatus::ALL {
            assert_eq!(ReviewStatus::from_word(status.as_str()), Some(*status));
        }
        for source in ReadingSource::ALL {
            assert_eq!(ClaimSource::from(*source).as_str(), source.as_str());
        }
    }

    #[test]
    fn a_mapping_word_excludes_only_what_it_openly_contradicts() {
        let excluded = |word: &str| -> Vec<&str> {
            let phase = MappingStatus::from_untrusted(word).unwrap().phase();
            let statuses = ReviewStatus::ALL.iter().filter(|status| !phase.allows(**status));
            statuses.map(|status| status.as_str()).collect()
        };
        for word in ["INITIALIZED", "MEMBER_MAPPED", "MERCHANT_OPENING"] {
            assert_eq!(excluded(word), ["opened"]);
        }
        for word in ["COMPLETED", "LEGACY"] {
            assert_eq!(
                excluded(word),
                ["drafting", "in_review", "documents_required", "rejected"]
            );
        }
        for word in ["PAUSED", "INVENTED", "completed"] {
            assert!(excluded(word).is_empty(), "{word}");
        }
        assert_eq!(MappingStatus::from_untrusted(" "), None);
    }
}
