//! What the relay asks of no log.

mod exports;
mod imports;
mod jobs;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use registry_domain::merchant::{Merchant, WalletReading, Wallets};
use registry_domain::tenant::{self, Tenant};
use registry_domain::{
    AlertId, DeliveryId, DestinationId, EventId, KeyId, MerchantId, Seq, TenantId, UnclaimedId, Version, ViewId,
};
use registry_journal::port::{
    AlertCount, AlertQuery, Alerts, Attempt, AuditEntry, AuditQuery, AuditTrail, Balances, Claim, CohortQuery,
    Deliveries, Delivery, DeliveryPlan, DeliveryQuery, DeliveryState, DueQuestion, DueThere, Insight, KeyUses,
    LateMerchant, LateQuery, MerchantFilter, PageSize, PlannedEvent, Postponement, QuarantineCount, QuarantineQuery,
    QuarantineRow, QuestionCounts, StandingCount, StayCount, StayQuery, StepCount, TenantHealth, UnclaimedQuery,
    UnclaimedRow, View, Views, Worklist, WrongCount,
};
use registry_journal::{EventRow, ReadError};
use uuid::Uuid;

use super::Log;

#[async_trait]
impl Worklist for Log {
    async fn due_questions(&self, _: TenantId, _: DateTime<Utc>, _: PageSize) -> Result<Vec<DueQuestion>, ReadError> {
        unreachable!("the relay does not ask this")
    }

    async fn asked_about(&self, _: TenantId, _: MerchantId) -> Result<Option<(Tenant, Merchant)>, ReadError> {
        unreachable!("the relay does not ask this")
    }

    async fn postpone_questions(&self, _: TenantId, _: &[Postponement]) -> Result<(), ReadError> {
        unreachable!("the relay does not ask this")
    }

    async fn open_confirmations(
        &self,
        _: TenantId,
        _: DateTime<Utc>,
        _: PageSize,
    ) -> Result<Vec<MerchantId>, ReadError> {
        unreachable!("the relay does not ask this")
    }

    async fn question_counts(&self, _: TenantId, _: DateTime<Utc>) -> Result<QuestionCounts, ReadError> {
        unreachable!("the relay does not ask this")
    }

    async fn quarantine(&self, _: TenantId, _: &QuarantineQuery) -> Result<Vec<QuarantineRow>, ReadError> {
        unreachable!("the relay does not ask this")
    }

    async fn quarantine_counts(&self, _: TenantId) -> Result<Vec<QuarantineCount>, ReadError> {
        unreachable!("the relay does not ask this")
    }

    async fn quarantined(&self, _: TenantId, _: EventId) -> Result<Option<QuarantineRow>, ReadError> {
        unreachable!("the relay does not ask this")
    }

    async fn unclaimed_merchants(&self, _: TenantId, _: &UnclaimedQuery) -> Result<Vec<UnclaimedRow>, ReadError> {
        unreachable!("the relay does not ask this")
    }

    async fn unclaimed_merchant(&self, _: TenantId, _: UnclaimedId) -> Result<Option<UnclaimedRow>, ReadError> {
        unreachable!("the relay does not ask this")
    }

    async fn approvals(
        &self,
        _: TenantId,
        _: MerchantId,
        _: Option<Version>,
        _: PageSize,
    ) -> Result<Vec<EventRow>, ReadError> {
        unreachable!("the relay does not ask this")
    }

    async fn silent_links(&self, _: TenantId) -> Result<Option<tenant::SilentLinks>, ReadError> {
        unreachable!("the relay does not ask this")
    }

    async fn tenant_health(&self, _: TenantId) -> Result<TenantHealth, ReadError> {
        unreachable!("the relay does not ask this")
    }
}

#[async_trait]
impl AuditTrail for Log {
    async fn audit(&self, _: TenantId, _: &AuditQuery) -> Result<Vec<AuditEntry>, ReadError> {
        unreachable!("the relay does not ask this")
    }

    async fn audit_at(&self, _: TenantId, _: &[Seq]) -> Result<Vec<AuditEntry>, ReadError> {
        unreachable!("the relay does not ask this")
    }

    async fn events_at(&self, _: TenantId, _: &[Seq]) -> Result<Vec<EventRow>, ReadError> {
        unreachable!("the relay does not ask this")
    }
}

#[async_trait]
impl Balances for Log {
    async fn payers(&self, _: TenantId, _: MerchantId) -> Result<Option<(Tenant, Wallets)>, ReadError> {
        unreachable!("the relay does not ask this")
    }

    async fn save_balance(&self, _: TenantId, _: Option<MerchantId>, _: WalletReading) -> Result<(), ReadError> {
        unreachable!("the relay does not write this")
    }
}

#[async_trait]
impl KeyUses for Log {
    async fn key_uses(&self, _: TenantId) -> Result<Vec<(KeyId, DateTime<Utc>)>, ReadError> {
        unreachable!("the relay does not ask this")
    }

    async fn save_key_use(&self, _: TenantId, _: KeyId, _: DateTime<Utc>) -> Result<(), ReadError> {
        unreachable!("the relay does not write this")
    }
}

#[async_trait]
impl Alerts for Log {
    async fn late_merchants(&self, _: TenantId, _: &LateQuery) -> Result<Vec<LateMerchant>, ReadError> {
        unreachable!("the relay does not ask this")
    }

    async fn alerted_merchants(&self, _: TenantId, _: &AlertQuery) -> Result<Vec<Merchant>, ReadError> {
        unreachable!("the relay does not ask this")
    }

    async fn merchant_of_alert(&self, _: TenantId, _: AlertId) -> Result<Option<Merchant>, ReadError> {
        unreachable!("the relay does not ask this")
    }

    async fn alert_counts(&self, _: TenantId, _: DateTime<Utc>) -> Result<Vec<AlertCount>, ReadError> {
        unreachable!("the relay does not ask this")
    }
}

#[async_trait]
impl Deliveries for Log {
    async fn delivery_cursor(&self, _: TenantId) -> Result<Option<Seq>, ReadError> {
        unreachable!("the relay does not ask this")
    }

    async fn plan_deliveries(&self, _: TenantId, _: &DeliveryPlan) -> Result<bool, ReadError> {
        unreachable!("the relay does not ask this")
    }

    async fn add_test_delivery(
        &self,
        _: TenantId,
        _: PlannedEvent,
        _: DateTime<Utc>,
        _: DateTime<Utc>,
    ) -> Result<(), ReadError> {
        unreachable!("the relay does not ask this")
    }

    async fn due_deliveries(&self, _: DateTime<Utc>, _: PageSize) -> Result<Vec<DueThere>, ReadError> {
        unreachable!("the relay does not ask this")
    }

    async fn claim_deliveries(&self, _: TenantId, _: &Claim) -> Result<Vec<Delivery>, ReadError> {
        unreachable!("the relay does not ask this")
    }

    async fn record_attempt(&self, _: TenantId, _: &Attempt) -> Result<(), ReadError> {
        unreachable!("the relay does not ask this")
    }

    async fn redeliver(
        &self,
        _: TenantId,
        _: DeliveryId,
        _: DateTime<Utc>,
        _: DateTime<Utc>,
    ) -> Result<bool, ReadError> {
        unreachable!("the relay does not ask this")
    }

    async fn end_deliveries(
        &self,
        _: TenantId,
        _: DestinationId,
        _: DeliveryState,
        _: Option<DateTime<Utc>>,
    ) -> Result<Option<DateTime<Utc>>, ReadError> {
        unreachable!("the relay does not ask this")
    }

    async fn has_arrived_since(&self, _: TenantId, _: DestinationId, _: DateTime<Utc>) -> Result<bool, ReadError> {
        unreachable!("the relay does not ask this")
    }

    async fn forget_deliveries(&self, _: TenantId, _: DateTime<Utc>) -> Result<(), ReadError> {
        unreachable!("the relay does not ask this")
    }

    async fn deliveries(&self, _: TenantId, _: &DeliveryQuery) -> Result<Vec<Delivery>, ReadError> {
        unreachable!("the relay does not ask this")
    }

    async fn delivery(&self, _: TenantId, _: DeliveryId) -> Result<Option<Delivery>, ReadError> {
        unreachable!("the relay does not ask this")
    }
}

#[async_trait]
impl Insight for Log {
    async fn standing(
        &self,
        _: TenantId,
        _: &MerchantFilter,
        _: Option<DateTime<Utc>>,
    ) -> Result<Vec<StandingCount>, ReadError> {
        unreachable!("the relay does not ask this")
    }

    async fn stays(&self, _: TenantId, _: &StayQuery) -> Result<Vec<StayCount>, ReadError> {
        unreachable!("the relay does not ask this")
    }

    async fn cohorts(&self, _: TenantId, _: &CohortQuery) -> Result<Vec<StepCount>, ReadError> {
        unreachable!("the relay does not ask this")
    }

    async fn wrong_counts(&self, _: TenantId) -> Result<Vec<WrongCount>, ReadError> {
        unreachable!("the relay does not ask this")
    }
}

#[async_trait]
impl Views for Log {
    async fn views(&self, _: TenantId, _: Option<Uuid>) -> Result<Vec<View>, ReadError> {
        unreachable!("the relay does not ask this")
    }

    async fn view(&self, _: TenantId, _: Option<Uuid>, _: ViewId) -> Result<Option<View>, ReadError> {
        unreachable!("the relay does not ask this")
    }

    async fn add_view(&self, _: TenantId, _: &View) -> Result<bool, ReadError> {
        unreachable!("the relay does not ask this")
    }

    async fn change_view(&self, _: TenantId, _: &View) -> Result<bool, ReadError> {
        unreachable!("the relay does not ask this")
    }

    async fn remove_view(&self, _: TenantId, _: ViewId, _: Version) -> Result<bool, ReadError> {
        unreachable!("the relay does not ask this")
    }

    async fn set_default_view(&self, _: TenantId, _: Uuid, _: Option<ViewId>) -> Result<bool, ReadError> {
        unreachable!("the relay does not ask this")
    }

    async fn forget_views(&self, _: TenantId, _: Option<Uuid>) -> Result<(), ReadError> {
        unreachable!("the relay does not ask this")
    }

    async fn views_after(&self, _: TenantId, _: Option<ViewId>, _: PageSize) -> Result<Vec<View>, ReadError> {
        unreachable!("the relay does not ask this")
    }

    async fn default_views_after(
        &self,
        _: TenantId,
        _: Option<Uuid>,
        _: PageSize,
    ) -> Result<Vec<(Uuid, ViewId)>, ReadError> {
        unreachable!("the relay does not ask this")
    }
}
