//! What words of the contract are called in a table that people read.

use registry_web::Language;

/// A word, and how it is called in English and in Korean.
type Name = (&'static str, &'static str, &'static str);

pub(crate) const STAGES: &[Name] = &[
    ("registered", "Registered", "등록"),
    ("link_issued", "Link issued", "링크"),
    ("drafting", "Drafting", "작성중"),
    ("in_review", "In review", "심사중"),
    ("documents_required", "Documents", "서류보완"),
    ("rejected", "Rejected", "반려"),
    ("opened", "Opened", "개시"),
    ("unknown", "Unknown", "알 수 없음"),
    ("unlinked", "Deleted", "삭제"),
    ("archived", "Archived", "보관"),
];

pub(crate) const ACTORS: &[Name] = &[
    ("merchant", "Merchant", "가맹점"),
    ("upstream", "Paymint", "결제선생"),
    ("partner", "Partner", "파트너"),
    ("none", "–", "–"),
];

pub(crate) const VERIFICATIONS: &[Name] = &[
    ("verified", "verified", "확인됨"),
    ("unverified", "unverified", "확인 전"),
    ("held", "held", "보류 중"),
    ("conflicting", "conflicting", "서로 다름"),
];

pub(crate) const LINKS: &[Name] = &[
    ("requested", "requested", "요청함"),
    ("issued", "issued", "발급됨"),
    ("failed", "failed", "실패"),
    ("unknown", "unknown", "모름"),
    ("revoked", "revoked", "거둠"),
];

/// How a word is called; the word itself, if it came after this table was written.
pub(crate) fn name<'a>(names: &[Name], word: &'a str, language: Language) -> &'a str {
    let known = names.iter().find(|(known, ..)| *known == word);
    known.map_or(word, |(_, english, korean)| match language {
        Language::English => english,
        Language::Korean => korean,
    })
}

/// How a stage is called.
pub fn stage_name(word: &str, language: Language) -> &str {
    name(STAGES, word, language)
}
