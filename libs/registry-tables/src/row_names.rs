//! How rows of plans and jobs stand, why, and what columns of files are called: in tables that are taken out and on pages.

use registry_web::Language;

/// Words of the contract, and how they are called.
pub type Names = &'static [(&'static str, &'static str)];

/// How a row stands, in English.
pub const STATES_IN_ENGLISH: Names = &[
    ("refused", "does not fit"),
    ("waiting", "waiting"),
    ("running", "under way"),
    ("done", "done"),
    ("failed", "failed"),
    ("cancelled", "cancelled"),
];

/// Why a row was refused or has failed, in English.
pub const CODES_IN_ENGLISH: Names = &[
    ("merchant_not_found", "there is no such shop"),
    ("archived", "it is archived"),
    ("not_archived", "it is not archived"),
    ("erased", "its personal data was destroyed"),
    ("codes_too_long", "its codes are longer than 30 characters"),
    ("too_many_links", "it has as many links as it may have"),
    ("already_open", "it is open already"),
    ("not_known_upstream", "Paymint cannot know it yet"),
    ("nothing_to_change", "nothing would change"),
    ("too_many_tags", "it would have too many tags"),
    ("changed_meanwhile", "it changed meanwhile"),
    ("upstream_not_configured", "no connection to Paymint is set up"),
    ("upstream_unusable", "the connection to Paymint cannot be used"),
    ("read_back_off", "asking Paymint is switched off"),
    ("upstream_refused", "Paymint refused"),
    ("upstream_unreachable", "Paymint could not be reached"),
    (
        "upstream_outcome_unknown",
        "Paymint did not answer: what came of it is not known",
    ),
    ("upstream_other_merchant", "Paymint answered about another shop"),
    ("nothing_quarantined", "none of its callbacks is in quarantine"),
    ("still_quarantined", "callbacks of it are in quarantine still"),
    ("invalid", "a cell cannot be used"),
    ("already_registered", "it is registered already"),
    ("duplicate_row", "an earlier row is about the same shop"),
    ("internal", "it could not be written down"),
];

/// What a column of a file that is read in can be, in English.
pub const FIELDS_IN_ENGLISH: Names = &[
    ("member_code", "Member code"),
    ("merchant_code", "Merchant code"),
    ("company_name", "Company"),
    ("branch_name", "Branch"),
    ("business_number", "Business number"),
    ("tags", "Tags"),
];

/// How a row stands, in Korean.
pub const STATES_IN_KOREAN: Names = &[
    ("refused", "불가"),
    ("waiting", "대기"),
    ("running", "진행 중"),
    ("done", "완료"),
    ("failed", "실패"),
    ("cancelled", "취소됨"),
];

/// Why a row was refused or has failed, in Korean.
pub const CODES_IN_KOREAN: Names = &[
    ("merchant_not_found", "가맹점이 없습니다"),
    ("archived", "보관되어 있습니다"),
    ("not_archived", "보관되어 있지 않습니다"),
    ("erased", "개인정보가 파기되었습니다"),
    ("codes_too_long", "코드가 30자를 넘습니다"),
    ("too_many_links", "링크를 더 만들 수 없습니다"),
    ("already_open", "이미 개시했습니다"),
    ("not_known_upstream", "결제선생이 아직 알 수 없습니다"),
    ("nothing_to_change", "바뀔 것이 없습니다"),
    ("too_many_tags", "태그가 너무 많아집니다"),
    ("changed_meanwhile", "그사이 바뀌었습니다"),
    ("upstream_not_configured", "결제선생 연결이 설정되지 않았습니다"),
    ("upstream_unusable", "결제선생 연결을 쓸 수 없습니다"),
    ("read_back_off", "결제선생 확인이 꺼져 있습니다"),
    ("upstream_refused", "결제선생이 거절했습니다"),
    ("upstream_unreachable", "결제선생에 연결하지 못했습니다"),
    (
        "upstream_outcome_unknown",
        "결제선생이 응답하지 않아 결과를 알 수 없습니다",
    ),
    ("upstream_other_merchant", "결제선생이 다른 가맹점을 답했습니다"),
    ("nothing_quarantined", "격리된 콜백이 없습니다"),
    ("still_quarantined", "다시 처리해도 격리된 콜백이 남았습니다"),
    ("invalid", "쓸 수 없는 값이 있습니다"),
    ("already_registered", "이미 등록되어 있습니다"),
    ("duplicate_row", "같은 가맹점이 앞 행에 있습니다"),
    ("internal", "기록하지 못했습니다"),
];

/// What a column of a file that is read in can be, in Korean.
pub const FIELDS_IN_KOREAN: Names = &[
    ("member_code", "회원 코드"),
    ("merchant_code", "가맹점 코드"),
    ("company_name", "사업장"),
    ("branch_name", "지점"),
    ("business_number", "사업자번호"),
    ("tags", "태그"),
];

/// What stands above the columns that tell what came of a row.
pub const fn headings(language: Language) -> [&'static str; 3] {
    match language {
        Language::English => ["Outcome", "Reason", "Remarks"],
        Language::Korean => ["결과", "이유", "확인할 것"],
    }
}

/// How a row stands.
pub fn state(word: &str, language: Language) -> &str {
    named(STATES_IN_ENGLISH, STATES_IN_KOREAN, word, language)
}

/// Why a row was refused or has failed.
pub fn code(word: &str, language: Language) -> &str {
    named(CODES_IN_ENGLISH, CODES_IN_KOREAN, word, language)
}

/// What a column is called.
pub fn field(word: &str, language: Language) -> &str {
    named(FIELDS_IN_ENGLISH, FIELDS_IN_KOREAN, word, language)
}

/// The word itself, if it came after this table was written.
fn named(english: Names, korean: Names, word: &str, language: Language) -> &str {
    let names = match language {
        Language::English => english,
        Language::Korean => korean,
    };
    let known = names.iter().find(|(known, _)| *known == word);
    known.map_or(word, |(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_is_called_something_in_both_languages() {
        for (english, korean) in [
            (STATES_IN_ENGLISH, STATES_IN_KOREAN),
            (CODES_IN_ENGLISH, CODES_IN_KOREAN),
            (FIELDS_IN_ENGLISH, FIELDS_IN_KOREAN),
        ] {
            let words = |names: Names| names.iter().map(|(word, _)| *word).collect::<Vec<_>>();
            assert_eq!(words(english), words(korean));
        }
    }
}
