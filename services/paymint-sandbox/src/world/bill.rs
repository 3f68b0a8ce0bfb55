//! One bill of one business.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use url::Url;

use super::MappingId;
use super::made_up::Card;
use crate::clock;

/// Names a bill: `bill_1` is the first of all partners.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct BillNumber(usize);

impl BillNumber {
    pub(super) fn from_index(index: usize) -> Self {
        Self(index)
    }

    pub(super) fn index(self) -> usize {
        self.0
    }

    pub(super) fn number(self) -> u64 {
        self.0 as u64 + 1
    }
}

impl fmt::Display for BillNumber {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "bill_{}", self.number())
    }
}

impl FromStr for BillNumber {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let number: usize = text
            .strip_prefix("bill_")
            .and_then(|number| number.parse().ok())
            .ok_or(())?;
        number.checked_sub(1).map(Self).ok_or(())
    }
}

/// How the payer learns of a bill.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub(crate) enum SendType {
    /// A message is sent. Here that is counted.
    Talk,
    /// The partner passes the link on itself.
    Url,
    /// Nobody needs to learn of it: a card on file pays it.
    #[serde(rename = "RP")]
    OnFile,
}

/// What a partner asks for with `/bill`, checked.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Order {
    /// The partner's own id, used once and never again.
    pub(crate) bill_id: String,
    pub(crate) send_type: SendType,
    pub(crate) product_name: String,
    /// In won.
    pub(crate) price: u64,
    pub(crate) supply_price: Option<u64>,
    pub(crate) tax: Option<u64>,
    pub(crate) member_name: String,
    pub(crate) phone: String,
    pub(crate) callback_url: Url,
    pub(crate) issuer: Option<String>,
    pub(crate) message: Option<String>,
    /// The last day on which it can be paid.
    pub(crate) expires_on: Option<NaiveDate>,
    pub(crate) page_redirect_url: Option<Url>,
}

/// What is known of a payment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Payment {
    pub(crate) paid_at: DateTime<Utc>,
    /// The approval number.
    pub(crate) number: String,
    /// `CARD_VAN`, or `CARD_RP` from a card on file.
    pub(crate) pay_type: String,
    pub(crate) card: Card,
}

/// What is known of a refund.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Refund {
    pub(crate) refunded_at: DateTime<Utc>,
    pub(crate) number: String,
    pub(crate) reason: Option<String>,
}

/// Where a bill stands. It never goes back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum BillState {
    Waiting,
    Paid(Payment),
    Cancelled(Payment, Refund),
    Destroyed,
}

impl BillState {
    /// The letter of the official page.
    pub(crate) fn code(&self) -> char {
        match self {
            Self::Waiting => 'W',
            Self::Paid(_) => 'F',
            Self::Cancelled(..) => 'C',
            Self::Destroyed => 'D',
        }
    }

    /// The payment, also one that was taken back.
    pub(crate) fn payment(&self) -> Option<&Payment> {
        match self {
            Self::Paid(payment) | Self::Cancelled(payment, _) => Some(payment),
            Self::Waiting | Self::Destroyed => None,
        }
    }
}

/// How far the partner was told of a payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "is")]
pub(crate) enum Telling {
    /// The approval was not answered as expected yet.
    Owed {
        /// The hours since the payment that were counted.
        hours: u8,
        /// When it is sent again.
        due_at: DateTime<Utc>,
    },
    /// It was answered as expected.
    Accepted,
    /// A day is over, and nobody has answered as expected.
    GivenUp,
}

/// A bill, from its making on. Its id stays used, so a bill never vanishes.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Bill {
    pub(crate) number: BillNumber,
    pub(crate) mapping: MappingId,
    /// The secret part of the payer's page.
    pub(crate) token: String,
    pub(crate) order: Order,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) state: BillState,
    /// How often a message was sent for it.
    pub(crate) messages: u32,
    /// How often a payer tried and failed.
    pub(crate) declines: u32,
    /// The points that it has cost.
    pub(crate) points: i32,
    /// None, before it was paid.
    pub(crate) telling: Option<Telling>,
}

impl Bill {
    /// Whether its last day is over. It stays `W` then, for all that is known.
    pub(crate) fn is_expired(&self, now: DateTime<Utc>) -> bool {
        let today = clock::in_seoul(now).date();
        self.order.expires_on.is_some_and(|last_day| last_day < today)
    }

    /// Whether a payer can pay it, or be asked to.
    pub(crate) fn is_payable(&self, now: DateTime<Utc>) -> bool {
        match self.state {
            BillState::Waiting => !self.is_expired(now),
            BillState::Paid(_) | BillState::Cancelled(..) | BillState::Destroyed => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_reads_back() {
        let number = BillNumber::from_index(41);
        assert_eq!(number.to_string(), "bill_42");
        assert_eq!("bill_42".parse(), Ok(number));
        for text in ["bill_0", "bill_", "42", "map_1"] {
            assert_eq!(text.parse::<BillNumber>(), Err(()), "{text}");
        }
    }
}
