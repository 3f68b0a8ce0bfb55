//! What can be wrong with one field of a body or one parameter of a query.

use registry_documents::EventData;
use registry_domain::business::BusinessNumberError;
use registry_domain::codes::CodeError;
use registry_domain::ids::IdError;
use registry_domain::jobs::{CellError, ColumnsError};
use registry_domain::tenant::{Scope, SettingError};
use registry_domain::text::LabelError;
use registry_imports::Refusal;
use registry_web::Language;
use serde::Serialize;
use utoipa::ToSchema;

/// The words of which one must stand there.
type Words = &'static [&'static str];

macro_rules! faults {
    ($($(#[$doc:meta])* $variant:ident $(($words:ty))?, $code:literal, $english:literal, $korean:literal;)+) => {
        /// What is wrong with one value.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Fault {
            $($(#[$doc])* $variant $(($words))?,)+
        }

        impl Fault {
            /// Everything that can be wrong.
            #[cfg(test)]
            pub const ALL: &'static [Self] = &[$(Self::$variant $(({ const NONE: $words = &[]; NONE }))?),+];

            /// The stable word for it.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant { .. } => $code),+
                }
            }

            /// What it says.
            pub const fn text(self, language: Language) -> &'static str {
                match (self, language) {
                    $((Self::$variant { .. }, Language::English) => $english,
                    (Self::$variant { .. }, Language::Korean) => $korean),+
                }
            }
        }
    };
}

faults! {
    /// It must be there.
    Required, "required", "is required", "필수 항목입니다";
    /// The contract has no such field or parameter.
    Unknown, "unknown_field", "is not known here", "알 수 없는 항목입니다";
    /// It stands there more than once.
    Repeated, "repeated", "must not be given more than once", "한 번만 지정할 수 있습니다";
    /// It has the wrong JSON type.
    WrongType, "wrong_type", "has the wrong JSON type", "JSON 형식이 올바르지 않습니다";
    /// It is null where that would have no meaning.
    NotNullable, "not_nullable", "must not be null: leave the field out to keep its value", "null일 수 없습니다. 값을 유지하려면 항목을 빼 주세요";
    /// Nothing there, or only white space.
    Blank, "blank", "must not be blank", "비어 있을 수 없습니다";
    /// More characters than allowed.
    TooLong, "too_long", "is too long", "너무 깁니다";
    /// Fewer characters than anything can be looked for by.
    TooShort, "too_short", "needs a word of at least two Hangul letters or three others", "한글 두 글자 또는 영문·숫자 세 글자 이상의 단어가 필요합니다";
    /// Not an entry of metadata.
    NotAnEntry, "not_an_entry", "must be `key=value`", "`키=값` 형식이어야 합니다";
    /// More entries than allowed.
    TooMany, "too_many", "has too many entries", "항목이 너무 많습니다";
    /// A character that must not stand there.
    BadCharacter, "bad_character", "holds control characters or white space at an end", "제어 문자나 앞뒤 공백이 들어 있습니다";
    /// A character that cannot be seen.
    Invisible, "invisible_character", "holds characters that cannot be seen, or blanks other than the plain one", "보이지 않는 문자나 일반 공백이 아닌 공백이 들어 있습니다";
    /// A code that every URL swallows.
    Dots, "dots", "must not be `.` or `..`", "`.`이나 `..`만으로 된 코드는 사용할 수 없습니다";
    /// No business registration number.
    NotTenDigits, "not_ten_digits", "must have ten digits, with or without hyphens", "하이픈을 제외한 숫자 10자리여야 합니다";
    /// A business registration number with a typing error.
    ChecksumMismatch, "checksum_mismatch", "the check digit does not match", "사업자등록번호의 검증 숫자가 맞지 않습니다";
    /// A business registration number of zeros.
    AllZeros, "all_zeros", "must not be all zeros", "0으로만 된 번호는 사용할 수 없습니다";
    /// Not among the documented words.
    UnknownWord(Words), "unknown_word", "is none of the words that it may be: `allowed` lists them", "쓸 수 없는 값입니다. 쓸 수 있는 값은 `allowed`에 있습니다";
    /// Not among the scopes.
    UnknownScope, "unknown_scope", "is no scope: `allowed` lists those there are", "없는 권한입니다. 사용할 수 있는 권한은 `allowed`에 있습니다";
    /// The key that asks has narrower bounds itself.
    BeyondOwn, "beyond_own", "must not reach further than the key that asks for it", "요청하는 키 자신의 범위를 넘을 수 없습니다";
    /// Neither an address nor a network.
    NotANetwork, "not_a_network", "must be an address or a network in CIDR notation, such as 198.51.100.0/24", "IP 주소 또는 CIDR 표기의 네트워크여야 합니다(예: 198.51.100.0/24)";
    /// A moment that has passed.
    NotInTheFuture, "not_in_the_future", "must lie in the future", "미래의 시각이어야 합니다";
    /// A moment that lies too far ahead.
    TooFarAhead, "too_far_ahead", "lies too far ahead: at most 90 days are allowed", "너무 먼 미래입니다. 90일까지만 지정할 수 있습니다";
    /// A worse level that comes no later than a milder one.
    NotRising, "not_rising", "must have more business days than the level before it", "앞 단계보다 영업일이 많아야 합니다";
    /// Not the type of an event.
    UnknownEventType, "unknown_event_type", "names a type that no event has: `allowed` lists those there are", "없는 이벤트 유형입니다. 사용할 수 있는 유형은 `allowed`에 있습니다";
    /// A number outside of its range.
    OutOfRange, "out_of_range", "must be a whole number within the documented range", "문서에 있는 범위의 정수여야 합니다";
    /// Not a position of the log.
    NotAPosition, "not_a_position", "must be a `seq` of the feed, 0 or `latest`", "피드의 `seq`, 0 또는 `latest`여야 합니다";
    /// Not a moment.
    NotATime, "not_a_time", "must be a moment of RFC 3339, such as 2026-07-01T09:00:00+09:00", "RFC 3339 시각이어야 합니다(예: 2026-07-01T09:00:00+09:00)";
    /// A moment that has not come.
    InTheFuture, "in_the_future", "must not lie in the future", "미래의 시각일 수 없습니다";
    /// Neither a moment nor a day that is told from today.
    NotAMomentOrDay, "not_a_moment_or_day", "must be a moment of RFC 3339, such as 2026-07-01T09:00:00+09:00, or a day told from today: `today`, `-7d` or `-7bd` (business days), 10,000 at most", "RFC 3339 시각(예: 2026-07-01T09:00:00+09:00)이거나 오늘부터 센 날이어야 합니다: `today`, `-7d`, `-7bd`(영업일), 최대 10,000일";
    /// Not a query.
    NotAQuery, "not_a_query", "must be the query of an address: percent-encoded parameters, without a question mark", "주소의 쿼리 형식이어야 합니다. 물음표 없이 퍼센트 인코딩한 매개변수만 쓸 수 있습니다";
    /// Somebody else made it.
    NotYours, "not_yours", "can be taken back only by whoever made it", "만든 사람만 공유를 해제할 수 있습니다";
    /// Not a day.
    NotADay, "not_a_day", "must be a day such as 2026-12-24", "2026-12-24와 같은 날짜여야 합니다";
    /// A day that the table of holidays does not know.
    BeyondCalendar, "beyond_calendar", "must lie within the years whose public holidays are known: 2018-01-01 to 2036-12-31", "공휴일을 아는 기간(2018-01-01부터 2036-12-31까지) 안의 날짜여야 합니다";
    /// A range that ends before it begins.
    EndsBeforeItBegins, "ends_before_it_begins", "must not lie before the beginning of the range", "시작하는 날보다 앞설 수 없습니다";
    /// A range with more days than are answered at once.
    TooManyDays, "too_many_days", "must lie at most 1,100 days after the beginning of the range", "시작하는 날부터 1,100일을 넘을 수 없습니다";
    /// Cannot be used beside another parameter.
    NotCombinable, "not_combinable", "cannot be combined with the other parameters", "다른 조건과 함께 사용할 수 없습니다";
    /// Not the path of a call.
    NotAPath, "not_a_path", "must be a path below the base URL: letters, digits, `-`, `_`, `.`, `~` and single slashes, without the segments `.` and `..`", "기본 URL 아래의 경로여야 합니다. 영문자, 숫자, `-`, `_`, `.`, `~`와 `/`만 쓸 수 있고 `//`와 `.`, `..` 구간은 쓸 수 없습니다";
    /// Not a page to which shops may be sent.
    NotAReturnPage, "not_a_return_page", "must be an https URL at a public name, with at most a port, a path and a query, and 300 characters at most", "공개된 호스트의 https 주소여야 합니다. 포트, 경로, 쿼리만 붙일 수 있고 300자까지입니다";
    /// Not the name of a field.
    NotAFieldName, "not_a_field_name", "must have 1 to 40 letters, digits and underscores, and not be that of the key", "영문자, 숫자, 밑줄로 된 1~40자여야 하며 키의 이름일 수 없습니다";
    /// Two fields that would have one name.
    OneFieldName, "one_field_name", "must name two different fields for the member code and the merchant code", "회원 코드와 매장 코드의 필드 이름이 서로 달라야 합니다";
    /// Not an id of the wanted kind.
    NotAnId, "not_an_id", "is not an id of this kind", "이 종류의 ID가 아닙니다";
    /// Not percent-encoded UTF-8.
    NotPercentEncoded, "not_percent_encoded", "must be plain ASCII or percent-encoded UTF-8, with % itself as %25", "ASCII 또는 퍼센트 인코딩된 UTF-8이어야 하며 % 문자는 %25로 써야 합니다";
    /// Needed with the value that another field has.
    Inapplicable, "inapplicable", "does not go with the other fields", "다른 항목과 함께 사용할 수 없습니다";
    /// Not an e-mail address.
    NotAnEmailAddress, "not_an_email_address", "must be an e-mail address such as ops@partner.example, in ASCII", "ops@partner.example과 같은 이메일 주소여야 합니다(ASCII 문자만 가능)";
    /// A URL that the installation does not call.
    UrlNotAllowed, "url_not_allowed", "must be an https URL at port 443 or 8443, to a public address, without a password and without a fragment", "공개된 주소를 가리키고 포트가 443 또는 8443인, 비밀번호와 프래그먼트가 없는 https URL이어야 합니다";
    /// A file with nothing in it.
    EmptyFile, "empty", "there is nothing in the file", "파일이 비어 있습니다";
    /// A file with too many bytes.
    FileTooLarge, "too_large", "the file has more than 5 MiB", "파일이 5MiB를 넘습니다";
    /// Neither a table nor a workbook.
    UnknownFormat, "unknown_format", "the file is neither CSV nor a workbook (.xlsx)", "CSV도 엑셀 통합 문서(.xlsx)도 아닙니다";
    /// Bytes that are no text.
    NotInEncoding, "not_in_encoding", "the line is no text in this encoding: choose another one", "이 인코딩으로는 읽을 수 없는 줄입니다. 다른 인코딩을 선택해 주세요";
    /// A workbook that cannot be read.
    DamagedWorkbook, "damaged_workbook", "the workbook is damaged: save it anew as .xlsx or CSV", "손상된 통합 문서입니다. .xlsx 또는 CSV로 다시 저장해 주세요";
    /// A workbook with a password.
    HasPassword, "has_password", "the workbook has a password: save it without one", "암호가 걸린 통합 문서입니다. 암호를 풀고 저장해 주세요";
    /// A workbook with programs, or with links.
    HasMacros, "has_macros", "the workbook has macros or links to other workbooks: save it as .xlsx without them", "매크로나 다른 통합 문서 연결이 들어 있습니다. 없애고 .xlsx로 저장해 주세요";
    /// A workbook that is larger than it looks.
    InflatesTooFar, "inflates_too_far", "the workbook is far larger than it looks: copy the table into a new one", "압축을 풀면 너무 큰 통합 문서입니다. 표만 새 문서에 복사해 주세요";
    /// More rows than allowed.
    TooManyRows, "too_many_rows", "the file has more than 20,000 rows: split it", "20,000행을 넘습니다. 파일을 나누어 주세요";
    /// More columns than allowed.
    TooManyColumns, "too_many_columns", "the row has more than 64 columns", "열이 64개를 넘는 행입니다";
    /// More text than a row may have.
    RowTooLong, "row_too_long", "the row has more than 16 kB of text", "한 행의 글이 16kB를 넘습니다";
    /// More text than a file may have.
    TooMuchText, "too_much_text", "the file has more than 32 MiB of text", "파일의 글이 32MiB를 넘습니다";
    /// More work than a file may make.
    TooMuchWork, "too_much_work", "reading the file takes too much memory or time: save it as CSV", "파일을 읽는 데 메모리나 시간이 너무 많이 듭니다. CSV로 저장해 주세요";
    /// No column is what every row needs.
    MissingColumn, "missing_column", "needs one column `member_code` and one `merchant_code`", "`member_code`와 `merchant_code` 열이 하나씩 있어야 합니다";
    /// Two columns are the same.
    ColumnTwice, "column_twice", "names the same field for two columns", "같은 항목이 두 열에 지정되어 있습니다";
    /// A code that a spreadsheet took for a number.
    MaybeZeros, "maybe_leading_zeros", "is a number in the file: zeros in front may be lost", "파일에 숫자로 저장된 코드입니다. 앞자리 0이 사라졌을 수 있습니다";
    /// Not an `https` URL.
    NotAnHttpsUrl, "not_an_https_url", "must be an absolute https URL", "https로 시작하는 절대 URL이어야 합니다";
}

impl Fault {
    /// The words that could stand there, where it must be one of some.
    pub const fn allowed(self) -> &'static [&'static str] {
        if let Self::UnknownWord(words) = self {
            words
        } else if matches!(self, Self::UnknownEventType) {
            EventData::TYPES
        } else if matches!(self, Self::UnknownScope) {
            Scope::WORDS
        } else {
            &[]
        }
    }
}

impl From<CodeError> for Fault {
    fn from(error: CodeError) -> Self {
        match error {
            CodeError::Empty => Self::Blank,
            CodeError::TooLong => Self::TooLong,
            CodeError::BadCharacter => Self::BadCharacter,
            CodeError::Invisible => Self::Invisible,
            CodeError::Dots => Self::Dots,
        }
    }
}

impl From<LabelError> for Fault {
    fn from(error: LabelError) -> Self {
        match error {
            LabelError::Blank => Self::Blank,
            LabelError::TooLong => Self::TooLong,
            LabelError::ControlCharacter => Self::BadCharacter,
            LabelError::Invisible => Self::Invisible,
        }
    }
}

impl From<CellError> for Fault {
    fn from(error: CellError) -> Self {
        match error {
            CellError::Code(error) => error.into(),
            CellError::Label(error) => error.into(),
            CellError::BusinessNumber(error) => error.into(),
            CellError::TooManyTags => Self::TooMany,
        }
    }
}

impl From<ColumnsError> for Fault {
    fn from(error: ColumnsError) -> Self {
        match error {
            ColumnsError::Missing(_) => Self::MissingColumn,
            ColumnsError::Twice(_) => Self::ColumnTwice,
        }
    }
}

impl From<&Refusal> for Fault {
    fn from(refusal: &Refusal) -> Self {
        match refusal {
            Refusal::Empty => Self::EmptyFile,
            Refusal::TooLarge => Self::FileTooLarge,
            Refusal::UnknownFormat => Self::UnknownFormat,
            Refusal::NotInEncoding { .. } => Self::NotInEncoding,
            Refusal::DamagedWorkbook => Self::DamagedWorkbook,
            Refusal::HasPassword => Self::HasPassword,
            Refusal::HasMacros => Self::HasMacros,
            Refusal::InflatesTooFar => Self::InflatesTooFar,
            Refusal::TooManyRows => Self::TooManyRows,
            Refusal::TooManyColumns { .. } => Self::TooManyColumns,
            Refusal::RowTooLong { .. } => Self::RowTooLong,
            Refusal::TooMuchText => Self::TooMuchText,
            Refusal::TooMuchWork => Self::TooMuchWork,
        }
    }
}

impl From<SettingError> for Fault {
    fn from(error: SettingError) -> Self {
        match error {
            SettingError::HoldTime | SettingError::SilenceDays => Self::OutOfRange,
            SettingError::Path => Self::NotAPath,
            SettingError::ReturnUrl => Self::NotAReturnPage,
            SettingError::FieldName => Self::NotAFieldName,
        }
    }
}

impl From<IdError> for Fault {
    fn from(_: IdError) -> Self {
        Self::NotAnId
    }
}

impl From<BusinessNumberError> for Fault {
    fn from(error: BusinessNumberError) -> Self {
        match error {
            BusinessNumberError::NotTenDigits => Self::NotTenDigits,
            BusinessNumberError::AllZeros => Self::AllZeros,
            BusinessNumberError::ChecksumMismatch => Self::ChecksumMismatch,
        }
    }
}

/// Where a value stands in a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// In the body, as a JSON Pointer (RFC 6901).
    Body(String),
    /// In the query.
    Query(&'static str),
    /// In the query, under a name that is not known.
    UnknownQuery(String),
    /// In the path.
    Path(&'static str),
    /// In a query that stands in the body: where, and as which parameter.
    BodyQuery(&'static str, String),
    /// In a header.
    Header(&'static str),
    /// In a line of a file, as far as that can be told.
    Line(Option<u32>),
}

/// One value that cannot be accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldFault {
    /// Where it stands.
    pub place: Place,
    /// What is wrong with it.
    pub fault: Fault,
}

/// One value that cannot be accepted, as the client reads it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = FieldError)]
pub struct FieldErrorDocument {
    /// Where it stands in the body: a JSON Pointer. Absent for a parameter.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "/business_number")]
    pub pointer: Option<String>,
    /// Which parameter of the query it is; of a query that stands in the body, if there is a pointer too. Absent for other fields of
    /// the body.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parameter: Option<String>,
    /// Which header it is. Absent for everything else.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, example = "Last-Event-ID")]
    pub header: Option<&'static str>,
    /// In which line of a file it is; of a workbook, in which row. Absent for everything else.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, example = json!(null))]
    pub line: Option<u32>,
    /// What is wrong, as a stable word. Others may appear.
    #[schema(example = "checksum_mismatch")]
    pub code: &'static str,
    /// What is wrong, for a person.
    #[schema(example = "the check digit does not match")]
    pub detail: &'static str,
    /// The words that could stand there, for some of the codes.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    #[schema(required = false)]
    pub allowed: &'static [&'static str],
}

impl FieldFault {
    /// The form that the client reads.
    pub fn document(&self, language: Language) -> FieldErrorDocument {
        let nowhere = FieldErrorDocument {
            pointer: None,
            parameter: None,
            header: None,
            line: None,
            code: self.fault.as_str(),
            detail: self.fault.text(language),
            allowed: self.fault.allowed(),
        };
        match &self.place {
            Place::Body(pointer) => FieldErrorDocument {
                pointer: Some(pointer.clone()),
                ..nowhere
            },
            Place::Query(name) | Place::Path(name) => FieldErrorDocument {
                parameter: Some((*name).to_owned()),
                ..nowhere
            },
            Place::UnknownQuery(name) => FieldErrorDocument {
                parameter: Some(name.clone()),
                ..nowhere
            },
            Place::BodyQuery(pointer, name) => FieldErrorDocument {
                pointer: Some((*pointer).to_owned()),
                parameter: Some(name.clone()),
                ..nowhere
            },
            Place::Header(name) => FieldErrorDocument {
                header: Some(*name),
                ..nowhere
            },
            Place::Line(line) => FieldErrorDocument { line: *line, ..nowhere },
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use registry_domain::calendar::Calendar;

    use super::*;

    #[test]
    fn the_known_years_are_named() {
        let (first, last) = Calendar::covers().into_inner();
        for language in [Language::English, Language::Korean] {
            let text = Fault::BeyondCalendar.text(language);
            assert!(text.contains(&format!("{first}-01-01")) && text.contains(&format!("{last}-12-31")));
        }
    }

    #[test]
    fn every_fault_is_one_of_a_kind_and_said_in_both_languages() {
        let codes: HashSet<_> = Fault::ALL.iter().map(|fault| fault.as_str()).collect();
        assert_eq!(codes.len(), Fault::ALL.len());
        for fault in Fault::ALL {
            assert!(!fault.text(Language::English).is_empty());
            assert_ne!(fault.text(Language::English), fault.text(Language::Korean));
        }
    }
}
