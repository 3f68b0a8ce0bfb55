//! What is read, counted.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use registry_domain::jobs::{HeldUp, RowCode, RowState};
use registry_domain::merchant::{Merchant, WalletReading, Wallets};
use registry_domain::tenant::{SilentLinks, Slug, Tenant};
use registry_domain::{
    AlertId, DeliveryId, DestinationId, EventId, ExportId, ImportId, JobId, KeyId, LinkId, MerchantId, Reference, Seq,
    TenantId, UnclaimedId, Version, ViewId,
};
use registry_journal::port::{
    AlertCount, AlertQuery, Alerts, Attempt, AuditEntry, AuditQuery, AuditTrail, Balances, Claim, CohortQuery,
    Deliveries, Delivery, DeliveryPlan, DeliveryQuery, DeliveryState, DueExport, DueJob, DueQuestion, DueThere, Export,
    ExportEnd, ExportPiece, ExportPosition, Exports, FacetCount, Head, IdempotencyRow, ImportFile, Imports, Insight,
    Job, JobExpiry, JobMove, JobPosition, JobRow, JobRowQuery, Jobs, KeyUses, LateMerchant, LateQuery, ListedMerchant,
    ListedTenant, ListedThen, MerchantFilter, MerchantQuery, PageSize, PlannedEvent, PlannedRow, Postponement,
    PresentedKey, ProjectedMerchant, PublishCursor, QuarantineCount, QuarantineQuery, QuarantineRow, QuestionCounts,
    ReadError, Reader, RowClaim, RowOutcome, RowSource, StandingCount, StayCount, StayQuery, StepCount, StreamQuery,
    TenantHealth, UnclaimedQuery, UnclaimedRow, View, Views, Worklist, Written, WrongCount,
};
use registry_journal::record::EventRow;
use tokio::sync::mpsc::Sender;
use uuid::Uuid;

/// Counts the questions that go through it, by their names.
pub struct CountedReads<R> {
    inner: R,
    counts: Mutex<BTreeMap<&'static str, u32>>,
}

impl<R> CountedReads<R> {
    /// Nothing was asked yet.
    pub fn new(inner: R) -> Self {
        Self {
            inner,
            counts: Mutex::default(),
        }
    }

    /// How often each question was asked since the last look.
    pub fn take(&self) -> BTreeMap<&'static str, u32> {
        std::mem::take(&mut *self.counts.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn count(&self, name: &'static str) {
        *self
            .counts
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .entry(name)
            .or_default() += 1;
    }
}

/// Each question is counted and passed on.
macro_rules! passed_on {
    ($($asked:ident {$($name:ident($($argument:ident: $type:ty),*) -> $answer:ty;)+})+) => {
        $(#[async_trait]
        impl<R: Reader> $asked for CountedReads<R> {
            $(async fn $name(&self, $($argument: $type),*) -> Result<$answer, ReadError> {
                self.count(stringify!($name));
                self.inner.$name($($argument),*).await
            })+
        })+
    };
}

passed_on! {
    Reader {
        merchant(tenant: TenantId, id: MerchantId) -> Option<Merchant>;
        merchant_by_reference(tenant: TenantId, reference: &Reference) -> Option<Merchant>;
        whole_list(tenant: TenantId, query: &MerchantQuery, most: u64, to: Sender<ListedMerchant>) -> ();
        whole_list_as_of(tenant: TenantId, query: &MerchantQuery, at: DateTime<Utc>, most: u64, to: Sender<ListedThen>) -> ();
        merchants(tenant: TenantId, query: &MerchantQuery) -> Vec<ListedMerchant>;
        merchants_as_of(tenant: TenantId, query: &MerchantQuery, at: DateTime<Utc>) -> Vec<ListedThen>;
        facet_counts(tenant: TenantId, filter: &MerchantFilter) -> Vec<FacetCount>;
        facet_counts_as_of(tenant: TenantId, filter: &MerchantFilter, at: DateTime<Utc>) -> Vec<FacetCount>;
        without_facets(tenant: TenantId, after: Option<MerchantId>, limit: PageSize) -> Vec<MerchantId>;
        merchant_of_link(tenant: TenantId, link: LinkId) -> Option<MerchantId>;
        stale_link_requests(tenant: TenantId, before: DateTime<Utc>, limit: PageSize) -> Vec<(MerchantId, LinkId)>;
        merchant_ids(tenant: TenantId, after: Option<MerchantId>, limit: PageSize) -> Vec<MerchantId>;
        projected(tenant: TenantId, ids: &[MerchantId]) -> HashMap<MerchantId, ProjectedMerchant>;
        idempotency_keys(tenant: TenantId, after: Option<&str>, limit: PageSize) -> Vec<IdempotencyRow>;
        head(tenant: TenantId) -> Head;
        events_after(tenant: TenantId, after: Seq, limit: PageSize) -> Vec<EventRow>;
        stream(tenant: TenantId, query: &StreamQuery) -> Vec<EventRow>;
        beginnings(tenant: TenantId, streams: &[(Uuid, Version)]) -> Vec<EventRow>;
        events_by_stream(tenant: TenantId, after: Option<(Uuid, Version)>, limit: PageSize) -> Vec<EventRow>;
        first_event(tenant: TenantId, id: EventId) -> Option<EventRow>;
        wrapped_keys(tenant: TenantId, owners: &[Uuid]) -> HashMap<Uuid, Vec<u8>>;
        tenant(tenant: TenantId) -> Option<Tenant>;
        publish_cursor(tenant: TenantId) -> PublishCursor;
        save_publish_cursor(tenant: TenantId, cursor: PublishCursor) -> ();
        tenant_by_slug(slug: &Slug) -> Option<Tenant>;
        tenants(after: Option<TenantId>, limit: PageSize) -> Vec<ListedTenant>;
        presented_key(key: KeyId) -> Option<PresentedKey>;
        ping() -> ();
    }
    Worklist {
        due_questions(tenant: TenantId, until: DateTime<Utc>, limit: PageSize) -> Vec<DueQuestion>;
        asked_about(tenant: TenantId, id: MerchantId) -> Option<(Tenant, Merchant)>;
        postpone_questions(tenant: TenantId, questions: &[Postponement]) -> ();
        open_confirmations(tenant: TenantId, requested_until: DateTime<Utc>, limit: PageSize) -> Vec<MerchantId>;
        question_counts(tenant: TenantId, now: DateTime<Utc>) -> QuestionCounts;
        quarantine(tenant: TenantId, query: &QuarantineQuery) -> Vec<QuarantineRow>;
        quarantine_counts(tenant: TenantId) -> Vec<QuarantineCount>;
        quarantined(tenant: TenantId, event_id: EventId) -> Option<QuarantineRow>;
        unclaimed_merchants(tenant: TenantId, query: &UnclaimedQuery) -> Vec<UnclaimedRow>;
        unclaimed_merchant(tenant: TenantId, id: UnclaimedId) -> Option<UnclaimedRow>;
        approvals(tenant: TenantId, merchant: MerchantId, before: Option<Version>, limit: PageSize) -> Vec<EventRow>;
        silent_links(tenant: TenantId) -> Option<SilentLinks>;
        tenant_health(tenant: TenantId) -> TenantHealth;
    }
    Balances {
        payers(tenant: TenantId, merchant: MerchantId) -> Option<(Tenant, Wallets)>;
        save_balance(tenant: TenantId, merchant: Option<MerchantId>, reading: WalletReading) -> ();
    }
    AuditTrail {
        audit(tenant: TenantId, query: &AuditQuery) -> Vec<AuditEntry>;
        audit_at(tenant: TenantId, places: &[Seq]) -> Vec<AuditEntry>;
        events_at(tenant: TenantId, places: &[Seq]) -> Vec<EventRow>;
    }
    Alerts {
        late_merchants(tenant: TenantId, query: &LateQuery) -> Vec<LateMerchant>;
        alerted_merchants(tenant: TenantId, query: &AlertQuery) -> Vec<Merchant>;
        merchant_of_alert(tenant: TenantId, alert: AlertId) -> Option<Merchant>;
        alert_counts(tenant: TenantId, now: DateTime<Utc>) -> Vec<AlertCount>;
    }
    Deliveries {
        delivery_cursor(tenant: TenantId) -> Option<Seq>;
        plan_deliveries(tenant: TenantId, plan: &DeliveryPlan) -> bool;
        add_test_delivery(tenant: TenantId, planned: PlannedEvent, now: DateTime<Utc>, give_up_at: DateTime<Utc>) -> ();
        due_deliveries(now: DateTime<Utc>, limit: PageSize) -> Vec<DueThere>;
        claim_deliveries(tenant: TenantId, claim: &Claim) -> Vec<Delivery>;
        record_attempt(tenant: TenantId, attempt: &Attempt) -> ();
        redeliver(tenant: TenantId, id: DeliveryId, now: DateTime<Utc>, give_up_at: DateTime<Utc>) -> bool;
        end_deliveries(tenant: TenantId, destination: DestinationId, state: DeliveryState, given_up_by: Option<DateTime<Utc>>) -> Option<DateTime<Utc>>;
        has_arrived_since(tenant: TenantId, destination: DestinationId, since: DateTime<Utc>) -> bool;
        forget_deliveries(tenant: TenantId, before: DateTime<Utc>) -> ();
        deliveries(tenant: TenantId, query: &DeliveryQuery) -> Vec<Delivery>;
        delivery(tenant: TenantId, id: DeliveryId) -> Option<Delivery>;
    }
    Views {
        views(tenant: TenantId, owner: Option<Uuid>) -> Vec<View>;
        view(tenant: TenantId, owner: Option<Uuid>, id: ViewId) -> Option<View>;
        add_view(tenant: TenantId, view: &View) -> bool;
        change_view(tenant: TenantId, view: &View) -> bool;
        remove_view(tenant: TenantId, id: ViewId, version: Version) -> bool;
        set_default_view(tenant: TenantId, owner: Uuid, id: Option<ViewId>) -> bool;
        forget_views(tenant: TenantId, owner: Option<Uuid>) -> ();
        views_after(tenant: TenantId, after: Option<ViewId>, limit: PageSize) -> Vec<View>;
        default_views_after(tenant: TenantId, after: Option<Uuid>, limit: PageSize) -> Vec<(Uuid, ViewId)>;
    }
    Jobs {
        add_job(tenant: TenantId, job: &Job, most: u32) -> bool;
        add_job_rows(tenant: TenantId, id: JobId, rows: &[PlannedRow]) -> ();
        job(tenant: TenantId, id: JobId) -> Option<Job>;
        jobs(tenant: TenantId, before: Option<JobPosition>, limit: PageSize) -> Vec<Job>;
        job_rows(tenant: TenantId, query: &JobRowQuery) -> Vec<JobRow>;
        job_row_codes(tenant: TenantId, id: JobId) -> Vec<(RowState, RowCode, u64)>;
        move_job(tenant: TenantId, id: JobId, change: &JobMove) -> bool;
        due_jobs(now: DateTime<Utc>, of_each: u32, limit: PageSize) -> Vec<DueJob>;
        free_job_rows(tenant: TenantId, now: DateTime<Utc>) -> ();
        claim_job_rows(tenant: TenantId, id: JobId, claim: RowClaim) -> Vec<JobRow>;
        end_job_rows(tenant: TenantId, id: JobId, outcomes: &[RowOutcome]) -> ();
        rest_job(tenant: TenantId, id: JobId, held_up: Option<HeldUp>, until: DateTime<Utc>) -> ();
        cancel_job_rows(tenant: TenantId, id: JobId, now: DateTime<Utc>) -> u64;
        end_job(tenant: TenantId, id: JobId, now: DateTime<Utc>) -> bool;
        forget_jobs(tenant: TenantId, expiry: JobExpiry) -> ();
    }
    Imports {
        add_import_file(tenant: TenantId, file: &ImportFile, most: u32) -> bool;
        import_file(tenant: TenantId, id: ImportId) -> Option<ImportFile>;
        forget_import_files(tenant: TenantId, before: DateTime<Utc>) -> ();
        add_row_sources(tenant: TenantId, job: JobId, sources: &[RowSource]) -> ();
        row_sources(tenant: TenantId, job: JobId, numbers: &[u32]) -> Vec<RowSource>;
    }
    Exports {
        add_export(tenant: TenantId, export: &Export, most: u32) -> bool;
        export(tenant: TenantId, id: ExportId) -> Option<Export>;
        exports(tenant: TenantId, before: Option<ExportPosition>, limit: PageSize) -> Vec<Export>;
        due_exports(limit: PageSize) -> Vec<DueExport>;
        begin_export(tenant: TenantId, id: ExportId, now: DateTime<Utc>) -> Option<Export>;
        add_export_piece(tenant: TenantId, id: ExportId, attempt: u64, piece: &ExportPiece, written: Written) -> bool;
        end_export(tenant: TenantId, id: ExportId, attempt: Option<u64>, end: ExportEnd) -> bool;
        export_piece(tenant: TenantId, id: ExportId, number: u32) -> Option<ExportPiece>;
        forget_exports(tenant: TenantId, ended_before: DateTime<Utc>) -> ();
    }
    Insight {
        standing(tenant: TenantId, filter: &MerchantFilter, at: Option<DateTime<Utc>>) -> Vec<StandingCount>;
        stays(tenant: TenantId, query: &StayQuery) -> Vec<StayCount>;
        cohorts(tenant: TenantId, query: &CohortQuery) -> Vec<StepCount>;
        wrong_counts(tenant: TenantId) -> Vec<WrongCount>;
    }
    KeyUses {
        key_uses(tenant: TenantId) -> Vec<(KeyId, DateTime<Utc>)>;
        save_key_use(tenant: TenantId, key: KeyId, used_at: DateTime<Utc>) -> ();
    }
}
