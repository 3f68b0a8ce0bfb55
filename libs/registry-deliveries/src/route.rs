//! Where destinations lead and with what their messages are signed: opened from the events that say so.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use registry_domain::destinations::{Destination, DestinationFact};
use registry_domain::merchant::SecretText;
use registry_domain::{DestinationId, Seq, TenantId, tenant};
use registry_journal::record::StreamEvent;
use registry_journal::{Archive, ArchiveError};

use crate::sign::SigningSecret;

/// A destination's address and its secrets.
pub(crate) struct Route {
    pub(crate) address: SecretText,
    secret: Option<SigningSecret>,
    old_secret: Option<(SigningSecret, DateTime<Utc>)>,
}

impl Route {
    /// Those of a destination; none if what it stands on cannot be read any more.
    pub(crate) async fn of(
        archive: &Archive,
        tenant: TenantId,
        there: &Destination,
    ) -> Result<Option<Self>, ArchiveError> {
        let old = there.old_secret;
        let places = [Some(there.target_at), there.secret_at, old.map(|old| old.stands_at)];
        let places: Vec<_> = places.into_iter().flatten().collect();
        let facts = facts(archive, tenant, &places).await?;
        let secret = |at: Seq| facts.get(&at).and_then(secret).and_then(SigningSecret::read);
        let address = facts.get(&there.target_at).and_then(address);
        Ok(address.map(|address| Self {
            address: address.clone(),
            secret: there.secret_at.and_then(secret),
            old_secret: old.and_then(|old| Some((secret(old.stands_at)?, old.works_until))),
        }))
    }

    /// The secrets that work at a moment.
    pub(crate) fn secrets(&self, now: DateTime<Utc>) -> Vec<SigningSecret> {
        let old = self.old_secret.as_ref().filter(|(_, works_until)| now < *works_until);
        let old = old.map(|(secret, _)| secret.clone());
        self.secret.clone().into_iter().chain(old).collect()
    }
}

/// The addresses of destinations, for whoever may see them.
pub async fn addresses(
    archive: &Archive,
    tenant: TenantId,
    destinations: &[Destination],
) -> Result<HashMap<DestinationId, SecretText>, ArchiveError> {
    let places: Vec<_> = destinations.iter().map(|there| there.target_at).collect();
    let facts = facts(archive, tenant, &places).await?;
    let found = destinations.iter().filter_map(|there| {
        let address = facts.get(&there.target_at).and_then(address)?;
        Some((there.id, address.clone()))
    });
    Ok(found.collect())
}

async fn facts(
    archive: &Archive,
    tenant: TenantId,
    places: &[Seq],
) -> Result<HashMap<Seq, DestinationFact>, ArchiveError> {
    let rows = archive.reader().events_at(tenant, places).await?;
    let events = archive.open(tenant, rows).await?;
    let facts = events.into_iter().filter_map(|recorded| match recorded.event {
        StreamEvent::Tenant(tenant::Event::Destination(fact)) => Some((recorded.stamp.seq, fact)),
        StreamEvent::Tenant(_) | StreamEvent::Merchant(_) => None,
    });
    Ok(facts.collect())
}

fn address(fact: &DestinationFact) -> Option<&SecretText> {
    match fact {
        DestinationFact::Created { target, .. } => Some(&target.address),
        DestinationFact::Changed { target, .. } => target.as_ref().map(|target| &target.address),
        DestinationFact::SecretRotated { .. }
        | DestinationFact::Enabled { .. }
        | DestinationFact::Disabled { .. }
        | DestinationFact::Removed { .. } => None,
    }
}

fn secret(fact: &DestinationFact) -> Option<&SecretText> {
    match fact {
        DestinationFact::Created { secret, .. } => secret.as_ref(),
        DestinationFact::SecretRotated { secret, .. } => Some(secret),
        DestinationFact::Changed { .. }
        | DestinationFact::Enabled { .. }
        | DestinationFact::Disabled { .. }
        | DestinationFact::Removed { .. } => None,
    }
}
