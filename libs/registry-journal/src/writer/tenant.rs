//! Commands of a tenant, and callbacks that are no merchant's.

use registry_domain::merchant::Claim;
use registry_domain::tenant::{self, Tenant, UnclaimedClaim};
use registry_domain::{TenantId, Version};

use super::append::Sealing;
use super::batch::Batch;
use crate::port::LoadedTenant;
use crate::record::{StreamEvent, StreamId};
use crate::stored;
use crate::submission::{Outcome, Submission, WriteError, Written};

impl Batch<'_> {
    pub(super) fn unclaimed(
        &mut self,
        submission: &Submission,
        claim: &Claim,
        why: UnclaimedClaim,
    ) -> Result<Outcome, WriteError> {
        self.tenant(
            submission,
            tenant::Command::ReceiveUnclaimed(Box::new(claim.receipt.clone()), why),
        )
    }

    pub(super) fn tenant(&mut self, submission: &Submission, command: tenant::Command) -> Result<Outcome, WriteError> {
        let id = submission.tenant_id;
        let is_report = matches!(command, tenant::Command::ReceiveUnclaimed(..));
        let before = self.tenants.get(&id);
        let context = self.context_of_tenant(id, &command);
        let events = match tenant::decide(before.map(|loaded| &loaded.tenant), command, &context) {
            Ok(events) => events,
            Err(refusal) => return Ok(Outcome::TenantRefused(refusal)),
        };
        let (version, mut sealing) = match before {
            None => (Version::ZERO, Sealing::NewOwner),
            Some(LoadedTenant {
                tenant, wrapped_key, ..
            }) => (
                tenant.version,
                Sealing::of_existing(id.as_uuid(), wrapped_key.as_ref(), false)?,
            ),
        };
        let generation = before.map_or(0, |loaded| loaded.generation);
        let facts = events.iter().map(stored::from_tenant).collect();
        let stream = StreamId::Tenant(id);
        let appended = self.log.append(submission, stream, version, &mut sealing, facts)?;
        if appended.stamps.is_empty() {
            return Ok(Outcome::Written(Written {
                tenant: self.tenant_as_it_is(id),
                ..self.written(id, appended)
            }));
        }
        let mut state = self.tenants.remove(&id).map(|loaded| loaded.tenant);
        for (event, place) in events.iter().zip(appended.places(id, stream)) {
            self.standings.note_tenant(place, event);
            state = tenant::evolve(id, state, event, place.stamp);
        }
        if let Some(tenant) = state {
            self.slugs.insert(tenant.slug.clone(), id);
            self.touched_tenants.insert(id);
            let wrapped_key = sealing.into_wrapped();
            let loaded = LoadedTenant {
                tenant,
                wrapped_key,
                generation,
            };
            self.tenants.insert(id, loaded);
        }
        if is_report {
            return Ok(Outcome::Written(self.written(id, appended)));
        }
        let facts = events.into_iter().map(StreamEvent::Tenant);
        Ok(Outcome::Written(Written {
            events: self.log.recorded(&submission.origin, &appended, facts),
            tenant: self.tenant_as_it_is(id),
            ..self.written(id, appended)
        }))
    }

    fn tenant_as_it_is(&self, id: TenantId) -> Option<Box<Tenant>> {
        self.tenants.get(&id).map(|loaded| Box::new(loaded.tenant.clone()))
    }
}
