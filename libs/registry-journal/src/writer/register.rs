//! Registering, and adopting a pair of which upstream spoke before anybody had registered it.

use registry_domain::merchant::{Command, Merchant, Registration};
use registry_domain::tenant::{self, UnclaimedResolution};
use registry_domain::{MerchantId, Reference, TenantId};

use super::append::Appended;
use super::batch::Batch;
use super::idempotency::idempotency_row;
use crate::port::UnclaimedState;
use crate::submission::{Outcome, Submission, WriteError, Written};

impl Batch<'_> {
    /// Registers, and adopts the pair if upstream spoke of it before.
    pub(super) fn register(
        &mut self,
        submission: &Submission,
        merchant_id: MerchantId,
        registration: &Registration,
    ) -> Result<Outcome, WriteError> {
        let (tenant_id, reference) = (submission.tenant_id, &registration.reference);
        let merchant_id = merchant_id.registered_at(self.log.recorded_at(tenant_id));
        let existing = self.registered(tenant_id, reference);
        let command = Command::Register(Box::new(registration.clone()));
        let outcome = self.merchant(submission, existing.unwrap_or(merchant_id), command, None)?;
        if self.standings.pair(tenant_id, reference) != Some(UnclaimedState::Open) {
            return Ok(outcome);
        }
        match outcome {
            Outcome::Written(written) => Ok(self.adopt_as(submission, reference, merchant_id, written)),
            refused @ (Outcome::Replayed(_) | Outcome::KeyReused | Outcome::Refused(_) | Outcome::TenantRefused(_)) => {
                Ok(refused)
            }
        }
    }

    pub(super) fn adopt(
        &mut self,
        submission: &Submission,
        merchant_id: MerchantId,
        registration: &Registration,
    ) -> Result<Outcome, WriteError> {
        let (tenant_id, reference) = (submission.tenant_id, &registration.reference);
        let existing = self.registered(tenant_id, reference);
        match (self.standings.pair(tenant_id, reference), existing) {
            (Some(UnclaimedState::Open), None) => self.register(submission, merchant_id, registration),
            (Some(UnclaimedState::Open), Some(id)) => {
                let written = self.as_it_is(submission, id);
                Ok(self.adopt_as(submission, reference, id, written))
            }
            (Some(UnclaimedState::Adopted), Some(id)) => Ok(Outcome::Written(self.as_it_is(submission, id))),
            (None | Some(UnclaimedState::Adopted | UnclaimedState::Dismissed), _) => {
                Ok(Outcome::TenantRefused(tenant::Refusal::NoSuchUnclaimed))
            }
        }
    }

    /// The tenant's own stream says that the pair is a merchant now. What stands in the log already stays there.
    fn adopt_as(
        &mut self,
        submission: &Submission,
        reference: &Reference,
        id: MerchantId,
        mut written: Written,
    ) -> Outcome {
        let command = tenant::Command::ResolveUnclaimed {
            reference: reference.clone(),
            resolution: UnclaimedResolution::Adopted(id),
        };
        // Were the tenant's data key damaged, the merchant would be registered all the same.
        if let Ok(Outcome::Written(adopted)) = self.tenant(submission, command) {
            written.seq = adopted.seq;
            written.event_ids.extend(adopted.event_ids);
            written.events.extend(adopted.events);
        }
        Outcome::Written(written)
    }

    /// The answer for a merchant with which nothing has to be done.
    fn as_it_is(&mut self, submission: &Submission, id: MerchantId) -> Written {
        let merchant = self.merchants.get(&(submission.tenant_id, id));
        let merchant = merchant.map(|loaded| Box::new(Merchant::clone(&loaded.merchant)));
        if let (Some(merchant), Some(idempotency)) = (&merchant, &submission.idempotency) {
            let row = idempotency_row(submission.tenant_id, &self.log, idempotency, merchant, None, self.now);
            self.remember(row);
        }
        Written {
            merchant,
            ..self.written(submission.tenant_id, Appended::default())
        }
    }

    pub(super) fn note_registration(&mut self, tenant_id: TenantId, merchant: &Merchant) {
        let reference = merchant.reference.clone();
        self.merchant_codes.insert((tenant_id, reference.merchant_code.clone()));
        if let Some(number) = &merchant.business.number {
            self.business_numbers.insert((tenant_id, number.as_str().to_owned()));
        }
        self.by_reference.insert((tenant_id, reference), merchant.id);
    }
}
