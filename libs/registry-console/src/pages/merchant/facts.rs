//! What is known about a merchant, beside what happened.

use chrono::{DateTime, Utc};
use registry_documents::MerchantDocument;
use registry_people::Scope;

use crate::frame::Frame;
use crate::parts::{Ago, At, masked_number};
use crate::words::Words;

/// What is known about a merchant.
pub struct Facts {
    /// The name of the company.
    pub company: String,
    /// The business number, masked unless somebody asked for it.
    pub number: String,
    /// Whether more of it can be shown.
    pub can_reveal: bool,
    /// The letter that Paymint sent.
    pub letter: String,
    /// The word of its list.
    pub mapping_status: Option<String>,
    /// Whether the shop may bill, and why.
    pub billing: Vec<(&'static str, &'static str, &'static str)>,
    /// The tags.
    pub tags: Vec<String>,
    /// The tenant's own data.
    pub metadata: Vec<(String, String)>,
    /// When it was registered.
    pub created: At,
    /// When Paymint last said anything about it.
    pub seen: Option<Ago>,
}

impl Facts {
    /// What a document says.
    pub fn new(frame: &Frame, merchant: &MerchantDocument, now: DateTime<Utc>, is_past: bool) -> Self {
        let words = frame.words();
        let whole = merchant.business.number.as_deref();
        let number = whole.map(masked_number).unwrap_or_default();
        let or_dash = |text: Option<&String>| text.cloned().unwrap_or_else(|| "–".to_owned());
        Self {
            company: or_dash(merchant.business.company_name.as_ref()),
            can_reveal: !is_past && frame.may(Scope::PersonalRead) && !number.is_empty(),
            number,
            letter: or_dash(merchant.review.code.as_ref()),
            mapping_status: merchant.review.mapping_status.clone(),
            billing: billing(merchant, words),
            tags: merchant.tags.clone(),
            metadata: merchant.metadata.clone().into_iter().collect(),
            created: At {
                moment: merchant.created_at,
                now,
            },
            seen: seen(merchant, now, words),
        }
    }
}

fn seen(merchant: &MerchantDocument, now: DateTime<Utc>, words: &'static Words) -> Option<Ago> {
    let moment = merchant.review.observed_at?;
    Some(Ago { moment, now, words })
}

fn billing(merchant: &MerchantDocument, words: &'static Words) -> Vec<(&'static str, &'static str, &'static str)> {
    let answer = if merchant.billing.may_bill {
        words.merchant.yes
    } else {
        words.merchant.no
    };
    vec![(
        words.merchant.may_bill,
        answer,
        words.billing_reason(&merchant.billing.reason),
    )]
}
