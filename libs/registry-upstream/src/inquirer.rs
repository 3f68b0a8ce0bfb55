//! The calls that ask: each within the tenant's budget and past the breaker, each answer written down.

use std::future::Future;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use paymint_client::{Balance, CallError, MappingList};
use registry_domain::merchant::{self, Answer, Command, Reading, WalletReading};
use registry_domain::tenant::{self, Tenant};
use registry_domain::{MerchantId, Reference, TenantId, causes};
use registry_journal::port::Reader;
use registry_journal::{Ambient, Archive, Order, Origin, Outcome, StreamEvent, Submission, WriteError, Writer};
use tracing::field::display;

use crate::admission::Admission;
use crate::answers;
use crate::breaker::{BreakerReport, BreakerState, Breakers};
use crate::budget::{Budgets, Urgency};
use crate::counts::{Counts, FailureKind, InquiryStats};
use crate::directory::{Access, TenantUpstream, UpstreamDirectory};
use crate::question::{AskError, Asked, BalanceRead, Question};

/// What is asked with.
pub struct InquirerParts {
    /// The way into the log.
    pub writer: Writer,
    /// The log.
    pub archive: Archive,
    /// The ways to Paymint.
    pub directory: UpstreamDirectory,
    /// Clock and ids.
    pub ambient: Ambient,
}

/// Limits of asking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InquiryLimits {
    /// Calls that a tenant may make in a second, 1 to 1,000. A pause allows a burst of one second's worth.
    pub calls_per_second: u32,
}

/// Asks upstream, and writes down what follows from its answers. Cheap to clone; all clones share the limits.
#[derive(Clone)]
pub struct Inquirer(Arc<Shared>);

struct Shared {
    parts: InquirerParts,
    budgets: Budgets,
    breakers: Breakers,
    counts: Counts,
}

/// An answer, and between which moments it was made.
pub(crate) struct Heard<T> {
    pub(crate) asked_at: DateTime<Utc>,
    pub(crate) read_at: DateTime<Utc>,
    pub(crate) answer: T,
}

impl Inquirer {
    /// Somebody who asks within these limits.
    pub fn new(parts: InquirerParts, limits: InquiryLimits) -> Self {
        Self(Arc::new(Shared {
            parts,
            budgets: Budgets::new(limits.calls_per_second),
            breakers: Breakers::default(),
            counts: Counts::default(),
        }))
    }

    /// Asks upstream about one merchant and writes down what follows. Nothing is read for it but a tenant's key, once.
    pub async fn ask(&self, question: Question) -> Result<Asked, AskError> {
        let Question {
            tenant,
            merchant,
            source,
            urgency,
            origin,
        } = question;
        let access = self.0.parts.directory.access_of(tenant).await?;
        if !access.tenant.settings.read_back.enabled {
            return Err(AskError::ReadBackOff);
        }
        if !access.upstream.can_ask() {
            return Err(AskError::ReadBackUnusable);
        }
        let Reference {
            member_code,
            merchant_code,
        } = &merchant.reference;
        let call = |upstream: Arc<TenantUpstream>| async move {
            let TenantUpstream { client, api_key, .. } = upstream.as_ref();
            client
                .mapping_status(api_key, member_code.as_str(), merchant_code.as_str())
                .await
        };
        let heard = self.call(&access, urgency, &origin, call).await?;
        let answer = match heard.answer {
            Ok(status) => answers::found(&status, &merchant.reference).ok_or(AskError::AnotherMerchant)?,
            Err(error) if error.is_link_not_found() => Answer::Missing,
            Err(error) => return Err(AskError::Failed(Box::new(error))),
        };
        let reading = Reading {
            source,
            asked_seq: merchant.seq,
            asked_at: heard.asked_at,
            read_at: heard.read_at,
            answer,
        };
        self.record(access.tenant.id, merchant.id, reading, &origin).await
    }

    /// Reads the balance of the partner's own wallet.
    pub async fn balance(
        &self,
        tenant_id: TenantId,
        urgency: Urgency,
        origin: &Origin,
    ) -> Result<BalanceRead, AskError> {
        let access = self.0.parts.directory.access(tenant_id).await?;
        let call = |upstream: Arc<TenantUpstream>| async move { upstream.client.remain_count(&upstream.api_key).await };
        let heard = self.call(&access, urgency, origin, call).await?;
        let read = self.know_balance(tenant_id, None, heard).await?;
        let command = tenant::Command::RecordBalance { points: read.points };
        self.tell_tenant(&access.tenant, command, origin).await?;
        Ok(read)
    }

    /// Reads the balance of a merchant's wallet. Which of the two wallets pays is part of the partner's contract.
    pub async fn merchant_balance(
        &self,
        tenant_id: TenantId,
        merchant_id: MerchantId,
        reference: &Reference,
        urgency: Urgency,
        origin: &Origin,
    ) -> Result<BalanceRead, AskError> {
        let access = self.0.parts.directory.access(tenant_id).await?;
        let (member, merchant) = (reference.member_code.as_str(), reference.merchant_code.as_str());
        let call = |upstream: Arc<TenantUpstream>| async move {
            let TenantUpstream { client, api_key, .. } = upstream.as_ref();
            client.merchant_remain_count(api_key, member, merchant).await
        };
        let heard = self.call(&access, urgency, origin, call).await?;
        self.know_balance(tenant_id, Some(merchant_id), heard).await
    }

    /// How it stands with each upstream that was called.
    pub fn breakers(&self) -> Vec<BreakerReport> {
        self.0.breakers.reports()
    }

    /// Numbers since the process started.
    pub fn stats(&self) -> InquiryStats {
        self.0.counts.stats()
    }

    /// How many calls may be made for a tenant now if nobody waits for them.
    pub fn allowance(&self, tenant_id: TenantId) -> u32 {
        self.0.budgets.allowance(tenant_id, self.now(), Urgency::Round)
    }

    /// Reads upstream's list of all links of the tenant.
    pub(crate) async fn list(
        &self,
        tenant_id: TenantId,
        urgency: Urgency,
        origin: &Origin,
    ) -> Result<Heard<MappingList>, AskError> {
        let access = self.0.parts.directory.access(tenant_id).await?;
        let call =
            |upstream: Arc<TenantUpstream>| async move { upstream.client.list_mappings(&upstream.api_key).await };
        let heard = self.call(&access, urgency, origin, call).await?;
        let answer = heard.answer.map_err(|error| AskError::Failed(Box::new(error)))?;
        Ok(Heard {
            asked_at: heard.asked_at,
            read_at: heard.read_at,
            answer,
        })
    }

    /// Writes a reading down, and tells what followed.
    pub(crate) async fn record(
        &self,
        tenant_id: TenantId,
        merchant_id: MerchantId,
        reading: Reading,
        origin: &Origin,
    ) -> Result<Asked, AskError> {
        let order = Order::Merchant {
            merchant_id,
            command: Command::RecordReading(Box::new(reading.clone())),
            expected: None,
        };
        let written = match self.submit(tenant_id, order, origin).await? {
            Outcome::Written(written) => written,
            Outcome::Refused(_) | Outcome::TenantRefused(_) => return Err(AskError::NoSuchMerchant),
            // A reading carries no Idempotency-Key.
            Outcome::Replayed(_) | Outcome::KeyReused => return Err(WriteError::Failed.into()),
        };
        let merchant = written.merchant.ok_or(WriteError::Failed)?;
        let events = written.events;
        let is_healed = events.iter().any(|recorded| {
            let event = &recorded.event;
            matches!(
                event,
                StreamEvent::Merchant(merchant::Event::StatusObserved { healed: true, .. })
            )
        });
        self.0.counts.answered(reading.source, is_healed);
        Ok(Asked {
            reading,
            events,
            merchant,
        })
    }

    /// Gives the tenant a command, unless nothing would follow from it as the tenant is.
    pub(crate) async fn tell_tenant(
        &self,
        tenant: &Tenant,
        command: tenant::Command,
        origin: &Origin,
    ) -> Result<(), WriteError> {
        let decided = tenant::decide(Some(tenant), command.clone(), &tenant::Context::default());
        let is_news = decided.is_ok_and(|events| !events.is_empty());
        if is_news {
            // Refused only if the tenant does not exist, and then there is nothing to tell it.
            let _ = self.submit(tenant.id, Order::Tenant(command), origin).await?;
        }
        Ok(())
    }

    pub(crate) async fn submit(
        &self,
        tenant_id: TenantId,
        order: Order,
        origin: &Origin,
    ) -> Result<Outcome, WriteError> {
        let submission = Submission {
            tenant_id,
            origin: origin.clone(),
            idempotency: None,
            order,
        };
        self.0.parts.writer.submit(submission).await
    }

    pub(crate) fn now(&self) -> DateTime<Utc> {
        self.0.parts.ambient.now()
    }

    /// Makes one call, within the limits, and notices what its outcome says about upstream and about the tenant.
    async fn call<T, Work>(
        &self,
        access: &Access,
        urgency: Urgency,
        origin: &Origin,
        call: impl FnOnce(Arc<TenantUpstream>) -> Work,
    ) -> Result<Heard<Result<T, CallError>>, AskError>
    where
        Work: Future<Output = Result<T, CallError>>,
    {
        let Access { tenant, upstream } = access;
        let asked_at = self.now();
        self.admit_call(access, urgency)?.used();
        let answer = call(Arc::clone(upstream)).await;
        let read_at = self.now();
        if let Err(error) = &answer {
            let kind = FailureKind::of(error);
            if !error.is_link_not_found() {
                self.0.counts.failed(kind);
                tracing::debug!(tenant = %tenant.slug, kind = kind.as_str(), "asking upstream failed");
            }
        }
        self.notice(access, answer.as_ref().err(), origin).await;
        Ok(Heard {
            asked_at,
            read_at,
            answer,
        })
    }

    /// Whether a call may be made now.
    pub(crate) fn admit_call(&self, access: &Access, urgency: Urgency) -> Result<Admission, AskError> {
        let Access { tenant, upstream } = access;
        if let (Urgency::Round, Some(pause)) = (urgency, &tenant.upstream_pause) {
            let code = pause.code.clone();
            return Err(AskError::Paused { code });
        }
        let now = self.now();
        self.spend(tenant.id, urgency)?;
        let admitted = self.0.breakers.admit(&upstream.base_url, now);
        admitted.map_err(|retry_after| AskError::BreakerOpen { retry_after })?;
        Ok(Admission::new(self.clone(), upstream.base_url.clone(), now))
    }

    /// A call that was let through at that moment is not made.
    pub(crate) fn give_back(&self, base_url: &str, admitted_at: DateTime<Utc>) {
        self.0.breakers.give_back(base_url, admitted_at);
    }

    pub(crate) fn spend(&self, tenant_id: TenantId, urgency: Urgency) -> Result<(), AskError> {
        let spent = self.0.budgets.spend(tenant_id, self.now(), urgency);
        spent.map_err(|retry_after| AskError::RateCapped { retry_after })
    }

    pub(crate) fn directory(&self) -> &UpstreamDirectory {
        &self.0.parts.directory
    }

    pub(crate) fn reader(&self) -> &dyn Reader {
        self.0.parts.archive.reader()
    }

    /// Notices what the outcome of a call says about upstream and about the tenant.
    pub(crate) async fn notice(&self, access: &Access, error: Option<&CallError>, origin: &Origin) {
        self.note_breaker(&access.upstream.base_url, self.now(), error);
        access.note_address(error);
        self.note_pause(&access.tenant, error, origin).await;
    }

    fn note_breaker(&self, base_url: &str, now: DateTime<Utc>, error: Option<&CallError>) {
        let is_down = error.is_some_and(CallError::is_upstream_down);
        match self.0.breakers.note(base_url, now, is_down) {
            Some(BreakerState::Open) => {
                let error = error.map(|error| display(causes(error)));
                tracing::warn!(%base_url, error, "upstream is down; it is left alone for a while");
            }
            Some(BreakerState::Closed) => tracing::info!(%base_url, "upstream answers again"),
            Some(BreakerState::HalfOpen) | None => {}
        }
    }

    /// One fact when upstream begins to refuse the partner as a whole, and one when it serves it again. If it cannot be
    /// written now, the next call will tell.
    async fn note_pause(&self, tenant: &Tenant, error: Option<&CallError>, origin: &Origin) {
        let command = match error {
            Some(error) if error.is_partner_level() => {
                let code = error.code().unwrap_or_default().to_owned();
                tenant::Command::PauseUpstream { code }
            }
            Some(error) if !error.is_link_not_found() => return,
            Some(_) | None => tenant::Command::ResumeUpstream,
        };
        if let Err(error) = self.tell_tenant(tenant, command, origin).await {
            let error = causes(&error);
            tracing::warn!(tenant = %tenant.slug, %error, "it was not written down whether upstream serves the tenant");
        }
    }

    /// Writes a balance down where every process finds it.
    async fn know_balance(
        &self,
        tenant_id: TenantId,
        merchant_id: Option<MerchantId>,
        heard: Heard<Result<Balance, CallError>>,
    ) -> Result<BalanceRead, AskError> {
        let balance = heard.answer.map_err(|error| AskError::Failed(Box::new(error)))?;
        let read = BalanceRead {
            points: balance.points,
            charge_url: balance.charge_url.map(String::from),
            read_at: heard.read_at,
        };
        let reading = WalletReading {
            points: read.points,
            read_at: read.read_at,
        };
        self.reader().save_balance(tenant_id, merchant_id, reading).await?;
        Ok(read)
    }
}
