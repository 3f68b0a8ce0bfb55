//! Histories that look random and are the same in every run.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use registry_domain::merchant::{
    Answer, CallFailure, CallOutcome, Claim, ClaimBody, Command, DetailsChange, MetadataChange, QuarantineReason,
    Reading, Redrive, SecretText, WhoFixes,
};
use registry_domain::review::{DeletionMark, MappingStatus, Observation, ReadingSource};
use registry_domain::{
    Adjustment, BusinessNumber, EventId, FreeText, LinkId, MerchantId, ReportedNumber, Seq, TenantId,
};
use registry_journal::submission::Submission;

use crate::Harness;
use crate::fixtures::{World, claim, command, label, observation, receipt, request_link};

/// A sequence of numbers that looks random and is the same in every run.
pub struct Dice(
    /// Where the sequence begins; not zero.
    pub u64,
);

impl Dice {
    /// The next number, from 0 to `sides` - 1.
    pub fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % sides
    }
}

/// Some command to a merchant: everything that can be asked or reported, sensible or not.
pub fn some_command<H: Harness>(
    dice: &mut Dice,
    world: &World<H>,
    tenant: TenantId,
    merchant: MerchantId,
    links: &mut Vec<LinkId>,
) -> Submission {
    let link_id = links.last().copied().unwrap_or_else(|| world.link_id());
    let to_merchant = |what| command(tenant, merchant, what);
    match dice.roll(17) {
        0 => to_merchant(Command::Archive),
        1 => to_merchant(Command::Restore),
        2 => {
            links.push(world.link_id());
            request_link(tenant, merchant, links[links.len() - 1])
        }
        3 => to_merchant(Command::RecordLinkIssued {
            link_id,
            url: SecretText::new("https://upstream.example/r/1".to_owned()),
        }),
        4 => to_merchant(Command::RecordLinkFailed {
            link_id,
            failure: CallFailure {
                outcome: CallOutcome::Unknown,
                upstream_code: Some("PARTNER_001".to_owned()),
                retryable: true,
                who_fixes: WhoFixes::Paymint,
                strange_answer: None,
            },
        }),
        5 => to_merchant(Command::RevokeLink { link_id }),
        6 => to_merchant(some_change(dice)),
        7 => to_merchant(Command::ReceiveCallback(Box::new(Claim {
            receipt: receipt(b"\xff\x00 no JSON"),
            body: ClaimBody::Unusable(QuarantineReason::Unparseable),
        }))),
        8 | 9 => to_merchant(some_reading(dice)),
        10 => to_merchant(Command::ReleaseHold {
            requested_until: world.now(),
        }),
        11 => {
            let redrive = Redrive {
                of: EventId::from_uuid(link_id.as_uuid()),
                seq: Seq(dice.roll(200)),
                bound: dice.roll(2) == 0,
            };
            let claim = claim(some_observation(dice));
            to_merchant(Command::RedriveCallback(Box::new(claim), redrive))
        }
        _ => to_merchant(Command::ReceiveCallback(Box::new(claim(some_observation(dice))))),
    }
}

fn some_change(dice: &mut Dice) -> Command {
    let name = label(&format!("가게 {}", dice.roll(3)));
    let number = BusinessNumber::parse("1178178260").ok();
    let (key, value) = (format!("key-{}", dice.roll(3)), Some(label("value")));
    Command::ChangeDetails(Box::new(DetailsChange {
        company_name: adjusted(dice, name),
        business_number: number.map_or(Adjustment::Unset, |number| adjusted(dice, number)),
        tags: Some(vec![label(&format!("tag {}", dice.roll(3)))]),
        metadata: MetadataChange::Merge(BTreeMap::from([(key, value.filter(|_| dice.roll(3) > 0))])),
        ..DetailsChange::default()
    }))
}

/// What is said of something that may be there: this, that it is not there, or nothing.
fn adjusted<T>(dice: &mut Dice, value: T) -> Adjustment<T> {
    match dice.roll(4) {
        0 => Adjustment::Keep,
        1 => Adjustment::Unset,
        _ => Adjustment::Set(value),
    }
}

fn some_observation(dice: &mut Dice) -> Observation {
    let letters = ["N", "W", "P", "S", "R", "O", "Z"];
    let letter = letters[usize::try_from(dice.roll(7)).unwrap_or_default()];
    let mut said = observation(letter, &format!("안내 {}", dice.roll(2)));
    said.deletion = match dice.roll(6) {
        0 => DeletionMark::Deleted,
        1 => DeletionMark::Unrecognised(FreeText::from_untrusted("perhaps")),
        _ => DeletionMark::NotDeleted,
    };
    said.company_name = Some(FreeText::from_untrusted("상호")).filter(|_| dice.roll(3) == 0);
    said.business_number = Some(ReportedNumber::from_untrusted("117-81")).filter(|_| dice.roll(4) == 0);
    said
}

/// What upstream answers: half of it newer than every callback, some perhaps overtaken, some of nobody that it knows.
fn some_reading(dice: &mut Dice) -> Command {
    let read_at = receipt(b"").received_at + TimeDelta::seconds(1);
    let asked_seq = if dice.roll(2) == 0 {
        Seq(100_000)
    } else {
        Seq(dice.roll(200))
    };
    let words = ["INITIALIZED", "MERCHANT_OPENING", "COMPLETED", "PAUSED"];
    let word = words[usize::try_from(dice.roll(4)).unwrap_or_default()];
    let answer = if dice.roll(5) == 0 {
        Answer::Missing
    } else {
        Answer::Found {
            observation: Box::new(some_observation(dice)),
            mapping_status: MappingStatus::from_untrusted(word).filter(|_| dice.roll(2) == 0),
        }
    };
    Command::RecordReading(Box::new(Reading {
        source: ReadingSource::ALL[usize::try_from(dice.roll(3)).unwrap_or_default()],
        asked_seq,
        asked_at: read_at - TimeDelta::seconds(1),
        read_at,
        answer,
    }))
}
