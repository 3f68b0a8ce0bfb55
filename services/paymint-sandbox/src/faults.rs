//! The faults that can be switched on, as `PUT /_sandbox/faults` takes them. What is left out is off.

use std::collections::BTreeMap;
use std::time::Duration;

use rand::RngExt;
use rand::rngs::StdRng;
use serde::{Deserialize, Serialize};

/// The longest time that an answer may be slowed down or a callback held back.
const WAIT_MAX_MILLISECONDS: u64 = 120_000;

/// Everything that can go wrong on purpose. Probabilities go from 0 to 1. Each is decided on its own, so that one callback
/// can meet several.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Faults {
    /// A seed for the faults alone. Without it the sandbox's own is used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) seed: Option<u64>,
    /// A callback is never sent.
    pub(crate) lost: f64,
    /// A callback is sent twice in a row.
    pub(crate) duplicated: f64,
    /// A callback is sent after its successor.
    pub(crate) delayed: f64,
    /// A callback is sent after two or three successors.
    pub(crate) reordered: f64,
    /// Something unreadable is sent instead of a callback.
    pub(crate) garbage: f64,
    /// A payment approval is sent instead of a callback.
    pub(crate) wrong_kind: f64,
    /// A callback's fields without a value are sent as null instead of being left out.
    pub(crate) nulls: f64,
    /// How long a callback that is to be overtaken waits for successors before it is sent anyway.
    pub(crate) delay_ms: u64,
    /// How long every answer of the partner API waits.
    pub(crate) slow_ms: u64,
    /// How often the partner API answers 500 with a page instead of doing what it was asked.
    pub(crate) http_5xx: f64,
    /// Faults of single calls, by the call's path below `/partner`.
    pub(crate) calls: BTreeMap<CallName, CallFault>,
}

impl Default for Faults {
    fn default() -> Self {
        Self {
            seed: None,
            lost: 0.0,
            duplicated: 0.0,
            delayed: 0.0,
            reordered: 0.0,
            garbage: 0.0,
            wrong_kind: 0.0,
            nulls: 0.0,
            delay_ms: 2000,
            slow_ms: 0,
            http_5xx: 0.0,
            calls: BTreeMap::new(),
        }
    }
}

/// What happens to one callback.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct CallbackMishap {
    /// It is never sent.
    pub(crate) lost: bool,
    /// What is sent.
    pub(crate) content: Content,
    /// How many successors are to overtake it.
    pub(crate) overtaken_by: u8,
    /// It is sent twice in a row.
    pub(crate) duplicated: bool,
}

/// What a callback says.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Content {
    #[default]
    Official,
    Nulls,
    Garbage,
    WrongKind,
}

/// A call of the partner API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) enum CallName {
    #[serde(rename = "auth/mapping")]
    AuthMapping,
    #[serde(rename = "auth/mapping-status")]
    MappingStatus,
    #[serde(rename = "read/mapping")]
    ReadMapping,
    #[serde(rename = "read/remain_count")]
    RemainCount,
    #[serde(rename = "read/merchant/remain_count")]
    MerchantRemainCount,
    #[serde(rename = "bill")]
    Bill,
    #[serde(rename = "bill/resend")]
    BillResend,
    #[serde(rename = "bill/read")]
    BillRead,
    #[serde(rename = "bill/destroy")]
    BillDestroy,
    #[serde(rename = "bill/cancel")]
    BillCancel,
    #[serde(rename = "bill/rp")]
    BillRp,
    #[serde(rename = "cash-receipt/issue")]
    CashReceiptIssue,
    #[serde(rename = "cash-receipt/cancel")]
    CashReceiptCancel,
    #[serde(rename = "cash-receipt/read")]
    CashReceiptRead,
    #[serde(rename = "rp/manage")]
    RpManage,
    #[serde(rename = "rp/delete")]
    RpDelete,
    #[serde(rename = "customer/pay-method")]
    PayMethod,
    #[serde(rename = "read/partner")]
    ReadPartner,
    #[serde(rename = "update/partner")]
    UpdatePartner,
}

impl CallName {
    pub(crate) const ALL: [Self; 19] = [
        Self::AuthMapping,
        Self::MappingStatus,
        Self::ReadMapping,
        Self::RemainCount,
        Self::MerchantRemainCount,
        Self::Bill,
        Self::BillResend,
        Self::BillRead,
        Self::BillDestroy,
        Self::BillCancel,
        Self::BillRp,
        Self::CashReceiptIssue,
        Self::CashReceiptCancel,
        Self::CashReceiptRead,
        Self::RpManage,
        Self::RpDelete,
        Self::PayMethod,
        Self::ReadPartner,
        Self::UpdatePartner,
    ];
}

/// What one call does instead of answering.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CallFault {
    /// A result code such as `PARTNER_001`, an HTTP status from 400 to 599 (answered with a page), or one of `html`
    /// (a page with status 200), `empty`, `cut` (the connection breaks in the middle) and `hang`. Without it the call
    /// answers as usual.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) answer: Option<FaultAnswer>,
    /// How often.
    #[serde(default = "always")]
    pub(crate) probability: f64,
    /// How long the answer waits first.
    #[serde(default)]
    pub(crate) slow_ms: u64,
    /// Whether the call does its work before it answers wrongly.
    #[serde(default)]
    pub(crate) carried_out: bool,
    /// What happens to the call's bill just before: somebody pays it, cancels its payment elsewhere, or destroys it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) beforehand: Option<Beforehand>,
    /// Whether the approval of the call's bill is out and answered before the call answers. A bill that waits is paid at
    /// once for it.
    #[serde(default)]
    pub(crate) approval_first: bool,
    /// How many more times the fault strikes. Without it, for ever.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) times: Option<u32>,
}

/// What somebody else does to a bill just before a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Beforehand {
    Paid,
    Cancelled,
    Destroyed,
}

fn always() -> f64 {
    1.0
}

const NO_ANSWER: &str = "answer is a result code, an HTTP status from 400 to 599, html, empty, cut or hang";

/// The wrong answer of a [`CallFault`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) enum FaultAnswer {
    Code(String),
    Status(u16),
    Html,
    Empty,
    Cut,
    Hang,
}

impl TryFrom<String> for FaultAnswer {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        match text.as_str() {
            "html" => return Ok(Self::Html),
            "empty" => return Ok(Self::Empty),
            "cut" => return Ok(Self::Cut),
            "hang" => return Ok(Self::Hang),
            _ => {}
        }
        let status = text.parse().ok().filter(|status| (100..1000).contains(status));
        if let Some(status) = status {
            let is_error = (400..600).contains(&status);
            return if is_error {
                Ok(Self::Status(status))
            } else {
                Err(NO_ANSWER)
            };
        }
        let is_code = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_';
        if text.is_empty() || text.len() > 40 || !text.bytes().all(is_code) {
            return Err(NO_ANSWER);
        }
        Ok(Self::Code(text))
    }
}

impl From<FaultAnswer> for String {
    fn from(answer: FaultAnswer) -> Self {
        match answer {
            FaultAnswer::Code(code) => code,
            FaultAnswer::Status(status) => status.to_string(),
            FaultAnswer::Html => "html".to_owned(),
            FaultAnswer::Empty => "empty".to_owned(),
            FaultAnswer::Cut => "cut".to_owned(),
            FaultAnswer::Hang => "hang".to_owned(),
        }
    }
}

/// What goes wrong with one call.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct CallMishap {
    pub(crate) wait: Duration,
    pub(crate) answer: Option<FaultAnswer>,
    pub(crate) carried_out: bool,
    pub(crate) beforehand: Option<Beforehand>,
    pub(crate) approval_first: bool,
}

impl Faults {
    /// Checks every number. The text names the field.
    pub(crate) fn check(&self) -> Result<(), String> {
        let probabilities = [
            ("lost", self.lost),
            ("duplicated", self.duplicated),
            ("delayed", self.delayed),
            ("reordered", self.reordered),
            ("garbage", self.garbage),
            ("wrong_kind", self.wrong_kind),
            ("nulls", self.nulls),
            ("http_5xx", self.http_5xx),
        ];
        let of_calls = self.calls.values().map(|fault| ("probability", fault.probability));
        for (name, probability) in probabilities.into_iter().chain(of_calls) {
            if !(0.0..=1.0).contains(&probability) {
                return Err(format!("{name} is a probability from 0 to 1"));
            }
        }
        let waits = [("delay_ms", self.delay_ms), ("slow_ms", self.slow_ms)];
        let of_calls = self.calls.values().map(|fault| ("slow_ms", fault.slow_ms));
        for (name, wait) in waits.into_iter().chain(of_calls) {
            if wait > WAIT_MAX_MILLISECONDS {
                return Err(format!("{name} is at most {WAIT_MAX_MILLISECONDS}"));
            }
        }
        Ok(())
    }

    /// Decides what happens to one callback. Every draw is made whatever the others say, so that changing one
    /// probability leaves the decisions of the others as they were.
    pub(crate) fn callback_mishap(&self, dice: &mut StdRng) -> CallbackMishap {
        let lost = dice.random_bool(self.lost);
        let garbage = dice.random_bool(self.garbage);
        let wrong_kind = dice.random_bool(self.wrong_kind);
        let nulls = dice.random_bool(self.nulls);
        let duplicated = dice.random_bool(self.duplicated);
        let delayed = dice.random_bool(self.delayed);
        let reordered = dice.random_bool(self.reordered);
        let far = dice.random_range(2..=3);
        let content = match (garbage, wrong_kind, nulls) {
            (true, _, _) => Content::Garbage,
            (false, true, _) => Content::WrongKind,
            (false, false, true) => Content::Nulls,
            (false, false, false) => Content::Official,
        };
        let overtaken_by = match (reordered, delayed) {
            (true, _) => far,
            (false, true) => 1,
            (false, false) => 0,
        };
        CallbackMishap {
            lost,
            content,
            overtaken_by,
            duplicated,
        }
    }

    /// Decides what goes wrong with one call, and uses up one of the fault's `times`.
    pub(crate) fn call_mishap(&mut self, name: CallName, dice: &mut StdRng) -> CallMishap {
        let broken = dice.random_bool(self.http_5xx);
        let mut mishap = CallMishap {
            wait: Duration::from_millis(self.slow_ms),
            ..CallMishap::default()
        };
        if broken {
            mishap.answer = Some(FaultAnswer::Status(500));
        }
        let Some(fault) = self.calls.get_mut(&name) else {
            return mishap;
        };
        if fault.times == Some(0) || !dice.random_bool(fault.probability) {
            return mishap;
        }
        fault.times = fault.times.map(|times| times - 1);
        mishap.wait += Duration::from_millis(fault.slow_ms);
        mishap.beforehand = fault.beforehand;
        mishap.approval_first = fault.approval_first;
        if fault.answer.is_some() {
            mishap.answer.clone_from(&fault.answer);
            mishap.carried_out = fault.carried_out;
        }
        mishap
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::dice;

    fn faults(value: serde_json::Value) -> Result<Faults, String> {
        let faults: Faults = serde_json::from_value(value).map_err(|error| error.to_string())?;
        faults.check().map(|()| faults)
    }

    #[test]
    fn what_is_left_out_is_off() {
        assert_eq!(faults(json!({})).unwrap(), Faults::default());
        let some = faults(json!({"lost": 0.2, "calls": {"auth/mapping": {"answer": "PARTNER_001"}}})).unwrap();
        assert!((some.lost - 0.2).abs() < f64::EPSILON);
        let fault = &some.calls[&CallName::AuthMapping];
        assert_eq!(fault.answer, Some(FaultAnswer::Code("PARTNER_001".to_owned())));
        assert!((fault.probability - 1.0).abs() < f64::EPSILON);
    }

    #[test]
    fn every_number_is_checked() {
        for value in [
            json!({"lost": 1.5}),
            json!({"garbage": -0.1}),
            json!({"http_5xx": 2}),
            json!({"slow_ms": 1_000_000}),
            json!({"delay_ms": 1_000_000}),
            json!({"calls": {"auth/mapping": {"probability": 3}}}),
            json!({"calls": {"auth/mapping": {"answer": "nonsense"}}}),
            json!({"calls": {"auth/mapping": {"answer": "200"}}}),
            json!({"calls": {"auth/unknown": {"answer": "html"}}}),
        ] {
            assert!(faults(value.clone()).is_err(), "{value}");
        }
    }

    #[test]
    fn a_fault_that_is_misspelt_is_refused() {
        assert!(faults(json!({"losst": 1})).is_err());
    }

    #[test]
    fn probabilities_hold_and_do_not_disturb_each_other() {
        let decide = |value: serde_json::Value| -> Vec<CallbackMishap> {
            let faults = faults(value).unwrap();
            (0..2000)
                .map(|number| faults.callback_mishap(&mut dice::for_decision(7, &[number])))
                .collect()
        };
        let few = decide(json!({"lost": 0.2}));
        let many = decide(json!({"lost": 0.2, "duplicated": 0.5, "delayed": 1}));
        let lost = |mishaps: &[CallbackMishap]| -> Vec<bool> { mishaps.iter().map(|mishap| mishap.lost).collect() };
        assert_eq!(lost(&few), lost(&many));
        let count = few.iter().filter(|mishap| mishap.lost).count();
        assert!((300..500).contains(&count), "{count}");
        assert!(many.iter().all(|mishap| mishap.overtaken_by == 1));
    }

    #[test]
    fn a_fault_strikes_as_often_as_it_was_told() {
        let mut faults = faults(json!({"calls": {"read/mapping": {"answer": "hang", "times": 2}}})).unwrap();
        let mut strike = |call| {
            faults
                .call_mishap(CallName::ReadMapping, &mut dice::for_decision(1, &[call]))
                .answer
        };
        assert_eq!(strike(1), Some(FaultAnswer::Hang));
        assert_eq!(strike(2), Some(FaultAnswer::Hang));
        assert_eq!(strike(3), None);
    }
}
