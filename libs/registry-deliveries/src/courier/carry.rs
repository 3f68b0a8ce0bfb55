//! Carrying what is due to one destination.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use registry_documents::{Sight, event_shown};
use registry_domain::destinations::{Destination, DestinationKind, DestinationWish, DisableReason};
use registry_domain::tenant::{self, Tenant};
use registry_domain::{Actor, CorrelationId, DestinationId, TenantId, causes};
use registry_journal::port::{Attempt, Claim, Delivery, DeliveryState, Matter, PageSize};
use registry_journal::{Ambient, Archive, Order, Origin, Submission};
use tokio::task::JoinError;

use super::{Courier, There, UNDER_WAY_MAX, UNDER_WAY_PER_TENANT};
use crate::CourierError;
use crate::digest::Digest;
use crate::numbers::Numbers;
use crate::retry::{next_attempt, rest};
use crate::route::Route;
use crate::send::{Letter, Sender, Sent, Verdict};

/// For how long nobody else takes on what is on its way: longer than any attempt takes.
const CLAIM: TimeDelta = TimeDelta::seconds(30);

/// How often it is looked for what is to be given up at a destination at which something is due.
const SWEEP_INTERVAL: TimeDelta = TimeDelta::minutes(1);

/// A message that was tried, for better or worse.
pub(super) struct Carried {
    tenant: TenantId,
    destination: DestinationId,
    /// None if it could not be written down what came of it: it is tried again.
    verdict: Option<Verdict>,
}

/// One message and all that it takes to carry it.
struct Errand {
    archive: Archive,
    ambient: Ambient,
    sender: Sender,
    numbers: Numbers,
    console_url: Arc<str>,
    tenant: Arc<Tenant>,
    kind: DestinationKind,
    route: Arc<Route>,
    delivery: Delivery,
}

impl Courier {
    /// Sends what is due at a destination, as far as there is room; puts away what will not be sent.
    pub(super) async fn visit_destination(
        &mut self,
        tenant_id: TenantId,
        destination: DestinationId,
    ) -> Result<(), CourierError> {
        let Some(tenant) = self.tenants.get(&tenant_id).cloned() else {
            return Ok(());
        };
        let now = self.ambient.now();
        let Some(made) = tenant.destination(destination).filter(|made| made.disabled.is_none()) else {
            return self.drop_all(tenant_id, destination).await;
        };
        self.sweep(tenant_id, made.id, now).await?;
        let of_tenant = self.of_tenant.get(&tenant_id).copied().unwrap_or_default();
        let there = self.there.entry(destination).or_default();
        let room = there.room(now).min(UNDER_WAY_PER_TENANT.saturating_sub(of_tenant));
        let room = room.min(UNDER_WAY_MAX.saturating_sub(self.under_way.len()));
        if room == 0 {
            return Ok(());
        }
        let Some(route) = self.route(&tenant, made).await? else {
            return self.drop_all(tenant_id, destination).await;
        };
        let claim = Claim {
            destination,
            now,
            until: now + CLAIM,
            limit: PageSize::clamped(u32::try_from(room).unwrap_or(1)),
        };
        let taken = self.archive.reader().claim_deliveries(tenant_id, &claim).await;
        for delivery in taken.map_err(CourierError::Claim)? {
            self.there.entry(destination).or_default().under_way += 1;
            *self.of_tenant.entry(tenant_id).or_default() += 1;
            let errand = Errand {
                archive: self.archive.clone(),
                ambient: self.ambient.clone(),
                sender: self.sender.clone(),
                numbers: self.numbers.clone(),
                console_url: Arc::clone(&self.console_url),
                tenant: Arc::clone(&tenant),
                kind: made.kind,
                route: Arc::clone(&route),
                delivery,
            };
            self.under_way.spawn(errand.run());
        }
        Ok(())
    }

    async fn route(&mut self, tenant: &Tenant, made: &Destination) -> Result<Option<Arc<Route>>, CourierError> {
        let known = self.there.get(&made.id).and_then(|there| there.route.as_ref());
        if let Some((_, route)) = known.filter(|(version, _)| *version == made.version) {
            return Ok(Some(Arc::clone(route)));
        }
        let route = Route::of(&self.archive, tenant.id, made).await;
        let route = route.map_err(CourierError::ReadRoute)?.map(Arc::new);
        let there = self.there.entry(made.id).or_default();
        there.route = route.clone().map(|route| (made.version, route));
        Ok(route)
    }

    /// Nothing is carried there any more.
    async fn drop_all(&mut self, tenant: TenantId, destination: DestinationId) -> Result<(), CourierError> {
        let dropped = self
            .archive
            .reader()
            .end_deliveries(tenant, destination, DeliveryState::Dropped, None);
        dropped.await.map(drop).map_err(CourierError::PutAway)
    }

    /// Gives up what was tried for days. If nothing at all has arrived in that time, the destination is disabled.
    async fn sweep(
        &mut self,
        tenant: TenantId,
        destination: DestinationId,
        now: DateTime<Utc>,
    ) -> Result<(), CourierError> {
        let there = self.there.entry(destination).or_default();
        if there
            .swept_at
            .is_some_and(|swept_at| now < swept_at + SWEEP_INTERVAL && swept_at <= now)
        {
            return Ok(());
        }
        there.swept_at = Some(now);
        let given_up = self
            .archive
            .reader()
            .end_deliveries(tenant, destination, DeliveryState::Failed, Some(now));
        let Some(since) = given_up.await.map_err(CourierError::PutAway)? else {
            return Ok(());
        };
        self.numbers.given_up();
        let arrived = self
            .archive
            .reader()
            .has_arrived_since(tenant, destination, since)
            .await;
        if arrived.map_err(CourierError::PutAway)? {
            return Ok(());
        }
        self.disable(tenant, destination, DisableReason::Failing).await
    }

    async fn disable(
        &mut self,
        tenant_id: TenantId,
        id: DestinationId,
        reason: DisableReason,
    ) -> Result<(), CourierError> {
        let wish = DestinationWish::Disable { id, reason };
        let submission = Submission {
            tenant_id,
            origin: Origin::of(Actor::System, CorrelationId::from_uuid(self.ambient.ids.uuid())),
            idempotency: None,
            order: Order::Tenant(tenant::Command::Destination(Box::new(wish))),
        };
        // Whatever comes of it: one that is gone needs not be disabled.
        let outcome = self.writer.submit(submission).await;
        outcome.map(drop).map_err(CourierError::Disable)?;
        self.numbers.disabled();
        tracing::warn!(tenant = %tenant_id, destination = %id, reason = reason.as_str(), "an event destination was disabled");
        Ok(())
    }

    /// Notes what came of a message. Where one arrived, the next may follow at once.
    pub(super) async fn note(&mut self, carried: Result<Carried, JoinError>) {
        let Ok(carried) = carried else {
            // It died of a defect: nobody knows whose it was, and the claim on it ends by itself.
            self.of_tenant.clear();
            self.there.values_mut().for_each(|there| there.under_way = 0);
            return;
        };
        let Carried {
            tenant,
            destination,
            verdict,
        } = carried;
        if let Some(count) = self.of_tenant.get_mut(&tenant) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                self.of_tenant.remove(&tenant);
            }
        }
        let now = self.ambient.now();
        let there = self.there.entry(destination).or_default();
        there.note(verdict, now);
        let followed = match verdict {
            Some(Verdict::Arrived) => self.visit_destination(tenant, destination).await,
            Some(Verdict::Gone) => self.disable(tenant, destination, DisableReason::Gone).await,
            Some(Verdict::Failed(_)) | None => Ok(()),
        };
        if let Err(error) = followed {
            tracing::warn!(%tenant, %destination, error = %causes(&error), "a destination was not served; it is tried again");
        }
    }
}

impl There {
    fn note(&mut self, verdict: Option<Verdict>, now: DateTime<Utc>) {
        self.under_way = self.under_way.saturating_sub(1);
        match verdict {
            Some(Verdict::Arrived) => {
                self.failures = 0;
                self.rests_until = None;
            }
            Some(Verdict::Failed(_) | Verdict::Gone) | None => {
                self.failures = self.failures.saturating_add(1);
                self.rests_until = Some(now + rest(self.failures));
            }
        }
    }
}

impl Errand {
    async fn run(self) -> Carried {
        let carried = |verdict| Carried {
            tenant: self.tenant.id,
            destination: self.delivery.destination,
            verdict,
        };
        let letter = match self.letter().await {
            Ok(Some(letter)) => letter,
            Ok(None) => return carried(self.record(None).await),
            Err(error) => {
                tracing::warn!(delivery = %self.delivery.id, error = %causes(&error), "a message could not be made; it is tried again");
                return carried(None);
            }
        };
        let (kind, id) = (self.kind, self.delivery.id);
        let sent = self
            .sender
            .send(kind, &self.route, id, &letter, self.ambient.now())
            .await;
        self.numbers.attempt(kind, sent.verdict == Verdict::Arrived);
        carried(self.record(Some(sent)).await)
    }

    /// What is sent; none if what it tells of is not there any more.
    async fn letter(&self) -> Result<Option<Letter>, CourierError> {
        let read = |error| CourierError::ReadEvents(error);
        match self.delivery.matter {
            Matter::Test => Ok(Some(Letter::Test)),
            Matter::Digest(subject, tally) => {
                let (base, slug, rule) = (&self.console_url, &self.tenant.slug, subject.as_str());
                Ok(Some(Letter::Digest(Digest {
                    tenant: slug.clone(),
                    subject,
                    tally,
                    link: format!("{base}/console/{slug}/alerts?rule={rule}"),
                })))
            }
            // Of the event that caused it, never of how things are now.
            Matter::Event(seq) => {
                let tenant = self.tenant.id;
                let row = self.archive.reader().event_at(tenant, seq).await;
                let row = row.map_err(|error| read(error.into()))?;
                let events = self.archive.open(tenant, row.into_iter().collect()).await;
                let event = events.map_err(read)?.pop();
                let shown = event.map(|event| event_shown(&event, Sight::Masked));
                Ok(shown.map(|event| {
                    let body = serde_json::to_vec(&event).expect("an event is JSON");
                    Letter::Document(event.id, body)
                }))
            }
        }
    }

    /// Writes down what came of it. Without anything sent there is nothing to send any more.
    async fn record(&self, sent: Option<Sent>) -> Option<Verdict> {
        let now = self.ambient.now();
        let delivery = &self.delivery;
        let again = |after| {
            let random = self.ambient.ids.secret();
            let random = u32::from_be_bytes([random[0], random[1], random[2], random[3]]);
            next_attempt(delivery.attempts, after, random, now, delivery.give_up_at)
        };
        let (state, next_attempt_at) = match sent.as_ref().map(|sent| sent.verdict) {
            None | Some(Verdict::Gone) => (DeliveryState::Dropped, None),
            Some(Verdict::Arrived) => (DeliveryState::Delivered, None),
            Some(Verdict::Failed(after)) => (DeliveryState::Waiting, Some(again(after))),
        };
        let verdict = sent.as_ref().map_or(Verdict::Arrived, |sent| sent.verdict);
        let attempt = Attempt {
            id: delivery.id,
            number: delivery.attempts,
            at: now,
            state,
            next_attempt_at,
            answer: sent.map(|sent| sent.answer).unwrap_or_default(),
        };
        match self.archive.reader().record_attempt(self.tenant.id, &attempt).await {
            Ok(()) => Some(verdict),
            Err(error) => {
                tracing::warn!(delivery = %delivery.id, error = %causes(&error), "what came of a message could not be written down; it is sent again");
                None
            }
        }
    }
}
