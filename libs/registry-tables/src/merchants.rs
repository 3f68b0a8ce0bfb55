//! The columns of a list of merchants.

use registry_documents::WaitingMerchant;
use registry_web::Language;

use crate::cell::Cell;
use crate::names::{ACTORS, LINKS, STAGES, VERIFICATIONS, name};

macro_rules! columns {
    ($($(#[$doc:meta])* $column:ident, $word:literal, $english:literal, $korean:literal;)+) => {
        /// What of a merchant stands in a column.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Column {
            $($(#[$doc])* $column,)+
        }

        impl Column {
            /// Every column, in the order in which they usually stand.
            pub const ALL: &'static [Self] = &[$(Self::$column),+];

            /// The word of every column, in the same order.
            pub const WORDS: &'static [&'static str] = &[$($word),+];

            /// The stable word for it.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$column => $word,)+
                }
            }

            /// The column of a word.
            pub fn from_word(word: &str) -> Option<Self> {
                match word {
                    $($word => Some(Self::$column),)+
                    _ => None,
                }
            }

            /// What stands above it.
            pub const fn heading(self, language: Language) -> &'static str {
                match (self, language) {
                    $((Self::$column, Language::English) => $english,
                    (Self::$column, Language::Korean) => $korean,)+
                }
            }
        }
    };
}

columns! {
    /// 사업장명.
    CompanyName, "company_name", "Company", "사업장";
    /// 지점명.
    BranchName, "branch_name", "Branch", "지점";
    /// The code of the member.
    MemberCode, "member_code", "Member code", "회원 코드";
    /// The code of the shop within the member.
    MerchantCode, "merchant_code", "Merchant code", "가맹점 코드";
    /// 사업자등록번호, as far as the reader may see it.
    BusinessNumber, "business_number", "Business number", "사업자번호";
    /// Where it stands.
    Stage, "stage", "Stage", "단계";
    /// Paymint's letter.
    ReviewCode, "review_code", "Paymint's code", "원문";
    /// For how many business days it has stood there.
    BusinessDays, "business_days", "Business days in stage", "체류 영업일";
    /// Longer than how many percent of the tenant's own.
    LongerThan, "longer_than_percent", "Longer than, %", "이례도 %";
    /// Whose turn it is.
    NextActor, "next_actor", "Whose turn", "차례";
    /// What Paymint wrote.
    Message, "message", "Message", "심사 메시지";
    /// When Paymint last said anything.
    ObservedAt, "observed_at", "Last word (KST)", "마지막 소식 (KST)";
    /// How far that can be trusted.
    Verification, "verification", "Verified", "확인";
    /// How its latest link stands.
    Link, "link", "Link", "링크";
    /// The tenant's own tags.
    Tags, "tags", "Tags", "태그";
    /// When it was registered.
    CreatedAt, "created_at", "Registered (KST)", "등록일시 (KST)";
    /// When anything last changed.
    UpdatedAt, "updated_at", "Changed (KST)", "변경일시 (KST)";
    /// Its id.
    Id, "id", "Id", "ID";
}

impl Column {
    /// The columns of a table for which none were chosen.
    pub const USUAL: &'static [Self] = &[
        Self::CompanyName,
        Self::BranchName,
        Self::MemberCode,
        Self::MerchantCode,
        Self::BusinessNumber,
        Self::Stage,
        Self::ReviewCode,
        Self::BusinessDays,
        Self::LongerThan,
        Self::NextActor,
        Self::Message,
        Self::ObservedAt,
        Self::Verification,
        Self::Link,
    ];

    /// What stands in it for a merchant.
    pub fn cell(self, waiting: &WaitingMerchant, language: Language) -> Cell {
        let (merchant, wait) = (&waiting.merchant, waiting.wait.as_ref());
        let named = |names, word: &str| Cell::from(name(names, word, language));
        match self {
            Self::CompanyName => Cell::text(merchant.business.company_name.as_deref()),
            Self::BranchName => Cell::text(merchant.business.branch_name.as_deref()),
            Self::MemberCode => merchant.member_code.as_str().into(),
            Self::MerchantCode => merchant.merchant_code.as_str().into(),
            Self::BusinessNumber => merchant
                .business
                .number
                .as_deref()
                .map_or(Cell::Empty, |it| number(it).into()),
            Self::Stage => named(STAGES, &merchant.stage),
            Self::ReviewCode => Cell::text(merchant.review.code.as_deref()),
            Self::BusinessDays => wait.map_or(Cell::Empty, |wait| Cell::count(wait.business_days.into())),
            Self::LongerThan => {
                let percent = wait.and_then(|wait| wait.longer_than_percent);
                percent.map_or(Cell::Empty, |percent| Cell::count(percent.into()))
            }
            Self::NextActor => named(ACTORS, &merchant.next_action.actor),
            Self::Message => Cell::text(merchant.review.message.as_deref()),
            Self::ObservedAt => merchant.review.observed_at.map_or(Cell::Empty, Cell::Moment),
            Self::Verification => named(VERIFICATIONS, &merchant.review.verification),
            Self::Link => merchant
                .link
                .as_ref()
                .map_or(Cell::Empty, |link| named(LINKS, &link.state)),
            Self::Tags => merchant.tags.join(", ").into(),
            Self::CreatedAt => Cell::Moment(merchant.created_at),
            Self::UpdatedAt => Cell::Moment(merchant.updated_at),
            Self::Id => merchant.id.as_str().into(),
        }
    }
}

/// A business number with hyphens: a spreadsheet would make a number of the digits alone.
fn number(number: &str) -> String {
    match (number.get(..3), number.get(3..5), number.get(5..)) {
        (Some(first), Some(second), Some(third)) if number.len() == 10 && !number.contains(['-', '*']) => {
            format!("{first}-{second}-{third}")
        }
        _ => number.to_owned(),
    }
}

/// The row of headings.
pub fn headings(columns: &[Column], language: Language) -> Vec<Cell> {
    columns.iter().map(|column| column.heading(language).into()).collect()
}

/// The row of a merchant.
pub fn row(columns: &[Column], merchant: &WaitingMerchant, language: Language) -> Vec<Cell> {
    columns.iter().map(|column| column.cell(merchant, language)).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn merchant() -> WaitingMerchant {
        serde_json::from_value(json!({
            "object": "merchant", "id": "mer_1", "version": 23, "seq": 400,
            "member_code": "acad-12", "merchant_code": "store-3",
            "business": { "company_name": "강남떡볶이", "branch_name": null, "number": "1178178260", "number_flag": null },
            "stage": "documents_required",
            "review": {
                "status": "documents_required", "code": "S", "message": "흐립니다", "since": null,
                "observed_at": "2026-11-24T05:02:11Z", "source": "callback", "verification": "verified",
                "mapping_status": null,
            },
            "confirmation": null,
            "billing": { "may_bill": false, "reason": "not_opened", "verification": "verified" },
            "unlinked": false, "archived": false,
            "next_action": { "actor": "merchant", "code": "supply_documents", "since": "2026-11-24T05:02:11Z", "message": null },
            "link": null, "tags": ["분식", "서울"], "metadata": {}, "warnings": [], "attention": false,
            "created_at": "2026-11-10T00:00:00Z", "updated_at": "2026-11-24T05:02:11Z",
            "wait": { "business_days": 4, "longer_than_percent": 93 },
        }))
        .unwrap()
    }

    #[test]
    fn a_row_has_what_its_columns_say_in_their_order() {
        let columns = [
            Column::Stage,
            Column::CompanyName,
            Column::BranchName,
            Column::BusinessDays,
        ];
        assert_eq!(
            row(&columns, &merchant(), Language::Korean),
            ["서류보완".into(), "강남떡볶이".into(), Cell::Empty, Cell::Number(4)]
        );
        assert_eq!(
            headings(&columns, Language::English),
            ["Stage", "Company", "Branch", "Business days in stage"].map(Cell::from)
        );
    }

    #[test]
    fn numbers_are_no_numbers() {
        assert_eq!(number("1178178260"), "117-81-78260");
        for as_it_is in ["117-81-*****", "**********", "12", "가나다"] {
            assert_eq!(number(as_it_is), as_it_is);
        }
    }

    #[test]
    fn every_column_has_a_word_of_its_own() {
        for column in Column::ALL {
            assert_eq!(Column::from_word(column.as_str()), Some(*column));
        }
        assert!(Column::USUAL.iter().all(|column| Column::ALL.contains(column)));
    }
}
