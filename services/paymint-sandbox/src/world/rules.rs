//! What upstream leaves open or does one way here and another way there.

use serde::{Deserialize, Serialize};

use crate::faults::FaultAnswer;

/// The most points that anything may cost: a wallet holds that several times over.
const POINTS_MAX: i32 = 10_000;

/// How bills are handled where no source says it, as `PUT /_sandbox/rules` takes it. What is left out is as at the
/// beginning. Like faults they are forgotten after a restart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Rules {
    /// What a bill costs that is sent as a message, in points.
    pub(crate) talk_points: i32,
    /// What a bill costs of which the partner passes the link on, or that a card on file pays.
    pub(crate) url_points: i32,
    /// What it costs to send a bill again.
    pub(crate) resend_points: i32,
    /// Whether texts that are longer than what the request tables allow are refused.
    pub(crate) lengths_checked: bool,
    /// Whether a missing field is answered with HTTP 400 and `VALIDATION_001`, instead of `VALIDATION_002`.
    pub(crate) missing_is_malformed: bool,
    /// The code for a bill or a receipt that is not in a state for what is asked.
    pub(crate) wrong_state: String,
    /// The code for another price than that of the bill.
    pub(crate) wrong_price: String,
    /// The code for a payer who has no card on file.
    pub(crate) no_pay_method: String,
    /// The code for a business that is not open and wants to bill.
    pub(crate) not_open: String,
    /// The highest price that a payer can pay. What is above is answered with `PAYMENT_005`.
    pub(crate) pay_max: Option<u64>,
    /// Whether the partner is told of cancelled payments by callback.
    pub(crate) cancels_told: bool,
    /// Whether the history of cash receipts is as documented. The real test environment leaves out the id and writes times
    /// with twelve digits.
    pub(crate) receipt_history_official: bool,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            talk_points: 55,
            url_points: 55,
            resend_points: 55,
            lengths_checked: true,
            missing_is_malformed: false,
            wrong_state: "BILL_006".to_owned(),
            wrong_price: "VALIDATION_002".to_owned(),
            no_pay_method: "BILL_006".to_owned(),
            not_open: "PARTNER_004".to_owned(),
            pay_max: None,
            cancels_told: false,
            receipt_history_official: false,
        }
    }
}

impl Rules {
    /// Checks every value. The text names the field.
    pub(crate) fn check(&self) -> Result<(), String> {
        let codes = [
            ("wrong_state", &self.wrong_state),
            ("wrong_price", &self.wrong_price),
            ("no_pay_method", &self.no_pay_method),
            ("not_open", &self.not_open),
        ];
        for (name, code) in codes {
            if !matches!(FaultAnswer::try_from(code.clone()), Ok(FaultAnswer::Code(_))) {
                return Err(format!("{name} is a result code such as BILL_006"));
            }
        }
        let points = [
            ("talk_points", self.talk_points),
            ("url_points", self.url_points),
            ("resend_points", self.resend_points),
        ];
        for (name, points) in points {
            if !(0..=POINTS_MAX).contains(&points) {
                return Err(format!("{name} is a number from 0 to {POINTS_MAX}"));
            }
        }
        Ok(())
    }
}
