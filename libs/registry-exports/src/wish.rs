//! What is wanted, frozen when it was asked for: tomorrow the same words would mean another list.

use chrono::{DateTime, NaiveDate, Utc};
use registry_domain::MerchantId;
use registry_domain::calendar::Calendar;
use registry_domain::exports::ExportFormat;
use registry_journal::port::MerchantQuery;
use registry_tables::Column;
use registry_web::Language;
use serde::{Deserialize, Serialize};

/// Which merchants, in which order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Whom {
    /// All that fit.
    Listed(Listed),
    /// These.
    These(Vec<MerchantId>),
}

/// All that fit a filter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listed {
    /// Filter and order, as an address writes them.
    pub query: String,
    /// From which day days are told in it.
    pub today: NaiveDate,
    /// As it was known at this moment; none for as it is known when the file is made.
    pub as_of: Option<DateTime<Utc>>,
}

/// A file that is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportWish {
    /// As what.
    pub format: ExportFormat,
    /// Of which merchants.
    pub whom: Whom,
    /// What stands in its columns.
    pub columns: Vec<Column>,
    /// In which language headings and states are.
    pub language: Language,
    /// Whether business numbers stand in it whole.
    pub with_numbers: bool,
}

/// Reads a list as it is asked of storage: what its words mean on its day, by the tenant's calendar. None if it is no list any more. The
/// flag says whether its order is that of waits.
pub type ReadList = fn(list: &Listed, calendar: &Calendar, with_numbers: bool) -> Option<(MerchantQuery, bool)>;

/// A wish was written down by another version of the program, and this one cannot read it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("what was wanted cannot be read")]
pub struct WishError;

/// The same as it is written down.
#[derive(Serialize, Deserialize)]
struct Text {
    format: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    list: Option<Listed>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    merchant_ids: Option<Vec<String>>,
    columns: Vec<String>,
    language: String,
    with_numbers: bool,
}

impl ExportWish {
    /// As it is written down.
    #[expect(clippy::missing_panics_doc, reason = "texts and numbers are valid JSON")]
    pub fn to_text(&self) -> String {
        let (list, merchant_ids) = match &self.whom {
            Whom::Listed(list) => (Some(list.clone()), None),
            Whom::These(ids) => (None, Some(ids.iter().map(MerchantId::to_string).collect())),
        };
        let text = Text {
            format: self.format.as_str().to_owned(),
            list,
            merchant_ids,
            columns: self.columns.iter().map(|column| column.as_str().to_owned()).collect(),
            language: self.language.tag().to_owned(),
            with_numbers: self.with_numbers,
        };
        serde_json::to_string(&text).expect("texts and numbers are valid JSON")
    }

    /// The inverse.
    pub fn from_text(text: &str) -> Result<Self, WishError> {
        let text: Text = serde_json::from_str(text).map_err(|_| WishError)?;
        let whom = match (text.list, text.merchant_ids) {
            (Some(list), None) => Whom::Listed(list),
            (None, Some(ids)) => {
                let ids = ids.iter().map(|id| id.parse().map_err(|_| WishError));
                Whom::These(ids.collect::<Result<_, _>>()?)
            }
            (None, None) | (Some(_), Some(_)) => return Err(WishError),
        };
        let columns = text.columns.iter().map(|word| Column::from_word(word).ok_or(WishError));
        Ok(Self {
            format: ExportFormat::from_word(&text.format).ok_or(WishError)?,
            whom,
            columns: columns.collect::<Result<_, _>>()?,
            language: Language::of_tag(&text.language).ok_or(WishError)?,
            with_numbers: text.with_numbers,
        })
    }

    /// By what the list is filtered: names, without what is looked for.
    pub fn filters(&self) -> Vec<String> {
        match &self.whom {
            Whom::Listed(list) => {
                let names = list.query.split('&').filter_map(|pair| Some(pair.split_once('=')?.0));
                names
                    .filter(|name| !["sort", "limit"].contains(name))
                    .map(str::to_owned)
                    .collect()
            }
            Whom::These(_) => vec!["merchant_ids".to_owned()],
        }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn what_is_wanted_is_read_as_it_was_written() {
        let list = Listed {
            query: "q=%EA%B0%80&sort=-updated_at&stage=opened".to_owned(),
            today: NaiveDate::from_ymd_opt(2026, 11, 30).unwrap(),
            as_of: Some(DateTime::UNIX_EPOCH),
        };
        for (whom, filters) in [
            (Whom::Listed(list), vec!["q", "stage"]),
            (
                Whom::These(vec![MerchantId::from_uuid(Uuid::from_u128(7))]),
                vec!["merchant_ids"],
            ),
        ] {
            for format in ExportFormat::ALL {
                let wish = ExportWish {
                    format: *format,
                    whom: whom.clone(),
                    columns: Column::ALL.to_vec(),
                    language: Language::Korean,
                    with_numbers: true,
                };
                assert_eq!(ExportWish::from_text(&wish.to_text()), Ok(wish.clone()));
                assert_eq!(wish.filters(), filters);
            }
        }
        assert_eq!(ExportWish::from_text("{}"), Err(WishError));
    }
}
