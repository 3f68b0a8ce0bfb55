//! A log in memory behind the journal's reading port, sealed like a real one.

mod unasked;

use crate::testing::{at, registered, slug, tenant_id};
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use registry_domain::merchant::{self, Merchant, evolve};
use registry_domain::tenant::{self, Slug, Tenant, TenantState};
use registry_domain::{CorrelationId, EventId, KeyId, Label, LinkId, MerchantId, Reference, Seq, TenantId, Version};
use registry_journal::port::{
    FacetCount, Head, IdempotencyRow, ListedMerchant, ListedTenant, ListedThen, MerchantFilter, MerchantQuery,
    PageSize, PresentedKey, ProjectedMerchant, PublishCursor, Reader, StreamQuery,
};
use registry_journal::record::{StreamEvent, StreamId};
use registry_journal::{Archive, EventRow, Keyring, MasterKey, ReadError, stored};
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard};
use tokio::sync::mpsc::Sender;
use uuid::Uuid;

pub struct Log {
    keyring: Arc<Keyring>,
    first_id: u128,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    rows: Vec<EventRow>,
    merchants: BTreeMap<MerchantId, Merchant>,
    keys: HashMap<Uuid, Vec<u8>>,
    cursor: Option<PublishCursor>,
    /// Streams that were read alone.
    read_alone: usize,
}

pub fn merchant_id(number: u128) -> MerchantId {
    MerchantId::from_uuid(Uuid::from_u128(100 + number))
}

impl Log {
    pub fn new() -> Arc<Self> {
        Self::with_ids_from(1)
    }

    /// Two logs with other ids have no event in common.
    pub fn with_ids_from(first_id: u128) -> Arc<Self> {
        Arc::new(Self {
            keyring: Arc::new(Keyring::new(&MasterKey::from_bytes([1; 32]))),
            first_id,
            state: Mutex::default(),
        })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    pub fn archive(self: &Arc<Self>) -> Archive {
        Archive::new(self.clone(), self.keyring.clone())
    }

    pub fn cursor(&self) -> PublishCursor {
        self.state().cursor.unwrap_or(PublishCursor::START)
    }

    pub fn read_alone(&self) -> usize {
        self.state().read_alone
    }

    pub fn merchants(&self) -> BTreeMap<MerchantId, Merchant> {
        self.state().merchants.clone()
    }

    /// Positions of the events that are to be published.
    pub fn merchant_events(&self) -> Vec<u64> {
        let state = self.state();
        let of_merchants = state.rows.iter().filter(|row| row.stream.merchant_id().is_some());
        of_merchants.map(|row| row.seq.0).collect()
    }

    pub fn register(&self, number: u128) {
        self.append(number, registered("1178178260"));
    }

    pub fn append(&self, number: u128, event: merchant::Event) {
        self.write(StreamId::Merchant(merchant_id(number)), &StreamEvent::Merchant(event));
    }

    pub fn append_to_tenant(&self, event: tenant::Event) {
        self.write(StreamId::Tenant(tenant_id()), &StreamEvent::Tenant(event));
    }

    /// Records the erasure and destroys the key, as the write path does in one transaction.
    pub fn erase(&self, number: u128) {
        self.append(number, merchant::Event::MerchantErased);
        self.state().keys.remove(&merchant_id(number).as_uuid());
    }

    /// Puts other data into an event, as a damaged disk might; returns what was there.
    pub fn damage(&self, seq: u64, data: &str) -> String {
        let mut state = self.state();
        let row = state.rows.iter_mut().find(|row| row.seq == Seq(seq));
        std::mem::replace(&mut row.expect("there is such an event").data, data.to_owned())
    }

    /// Gives an event another hash, as a log has that was written anew from some event before it.
    pub fn rewrite(&self, seq: u64) {
        let mut state = self.state();
        let row = state.rows.iter_mut().find(|row| row.seq == Seq(seq));
        row.expect("there is such an event").hash = [7; 32];
    }

    fn write(&self, stream: StreamId, event: &StreamEvent) {
        let mut state = self.state();
        let stored = stored::from_domain(event);
        let owner = stream.as_uuid();
        let (key, wrapped) = self.keyring.create(owner, [7; 32]);
        let number = state.rows.len() as u64 + 1;
        let event_id = EventId::from_uuid(Uuid::from_u128(self.first_id + u128::from(number)));
        let sealed = stored
            .personal
            .map(|personal| key.seal(event_id.as_uuid(), &personal.to_bytes()));
        let version = state.rows.iter().filter(|row| row.stream == stream).count() as u64 + 1;
        let row = EventRow {
            tenant_id: tenant_id(),
            seq: Seq(number),
            event_id,
            stream,
            version: Version(version),
            event_type: stored.event_type.to_owned(),
            recorded_at: at(i64::try_from(number).unwrap()),
            actor: "system".to_owned(),
            correlation_id: CorrelationId::from_uuid(Uuid::from_u128(3)),
            causation_id: None,
            idempotency_key: None,
            data: stored.data,
            sealed: sealed.unwrap_or_default(),
            hash: [0; 32],
        };
        if let (Some(id), StreamEvent::Merchant(event)) = (stream.merchant_id(), event) {
            let before = state.merchants.remove(&id);
            let merchant = evolve(id, before, event, row.stamp()).expect("it is registered");
            state.merchants.insert(id, merchant);
        }
        state.keys.entry(owner).or_insert(wrapped);
        state.rows.push(row);
    }
}

/// The relay asks some questions only; a test in which it asks another one fails.
#[async_trait]
impl Reader for Log {
    async fn whole_list(
        &self,
        _: TenantId,
        _: &MerchantQuery,
        _: u64,
        _: Sender<ListedMerchant>,
    ) -> Result<(), ReadError> {
        unreachable!("the relay does not ask this")
    }

    async fn whole_list_as_of(
        &self,
        _: TenantId,
        _: &MerchantQuery,
        _: DateTime<Utc>,
        _: u64,
        _: Sender<ListedThen>,
    ) -> Result<(), ReadError> {
        unreachable!("the relay does not ask this")
    }

    async fn merchants(&self, _: TenantId, query: &MerchantQuery) -> Result<Vec<ListedMerchant>, ReadError> {
        assert_eq!(query.after, None, "the logs of these tests have one page of merchants");
        let merchants = self.state().merchants.values().cloned().collect::<Vec<_>>();
        Ok(merchants.into_iter().map(ListedMerchant::registered).collect())
    }

    async fn events_after(&self, _: TenantId, after: Seq, limit: PageSize) -> Result<Vec<EventRow>, ReadError> {
        let state = self.state();
        let rows = state.rows.iter().filter(|row| row.seq > after);
        Ok(rows.take(limit.get() as usize).cloned().collect())
    }

    async fn stream(&self, _: TenantId, query: &StreamQuery) -> Result<Vec<EventRow>, ReadError> {
        let mut state = self.state();
        state.read_alone += 1;
        let rows = state
            .rows
            .iter()
            .filter(|row| row.stream == query.stream && row.version > query.after);
        let rows = rows.filter(|row| query.until_version.is_none_or(|until| row.version <= until));
        Ok(rows.take(query.limit.get() as usize).cloned().collect())
    }

    async fn beginnings(&self, _: TenantId, streams: &[(Uuid, Version)]) -> Result<Vec<EventRow>, ReadError> {
        let state = self.state();
        let of_stream = |(id, end): &(Uuid, Version)| {
            let (id, end) = (*id, *end);
            let is_wanted = move |row: &&EventRow| row.stream.as_uuid() == id && row.version <= end;
            state.rows.iter().filter(is_wanted).cloned()
        };
        Ok(streams.iter().flat_map(of_stream).collect())
    }

    async fn first_event(&self, _: TenantId, id: EventId) -> Result<Option<EventRow>, ReadError> {
        let found = self.state().rows.iter().find(|row| row.event_id == id).cloned();
        Ok(found.filter(|row| row.causation_id.is_none()))
    }

    async fn wrapped_keys(&self, _: TenantId, owners: &[Uuid]) -> Result<HashMap<Uuid, Vec<u8>>, ReadError> {
        let state = self.state();
        let found = owners
            .iter()
            .filter_map(|owner| Some((*owner, state.keys.get(owner)?.clone())));
        Ok(found.collect())
    }

    async fn publish_cursor(&self, _: TenantId) -> Result<PublishCursor, ReadError> {
        Ok(self.cursor())
    }

    async fn save_publish_cursor(&self, _: TenantId, cursor: PublishCursor) -> Result<(), ReadError> {
        self.state().cursor = Some(cursor);
        Ok(())
    }

    async fn tenants(&self, after: Option<TenantId>, _: PageSize) -> Result<Vec<ListedTenant>, ReadError> {
        assert_eq!(after, None, "there is one tenant");
        let head = Seq(self.state().rows.len() as u64);
        let tenant = Tenant {
            id: tenant_id(),
            version: Version(1),
            seq: Seq(1),
            slug: slug(),
            name: Label::parse("아카데미").unwrap(),
            state: TenantState::Active,
            upstream: None,
            settings: tenant::Settings::default(),
            settings_from: Version::ZERO,
            upstream_pause: None,
            low_balance: None,
            callbacks_missing_since: None,
            keys: vec![],
            members: vec![],
            alert_rules: vec![],
            alerts: vec![],
            alerting_from: Version::ZERO,
            destinations: Vec::new(),
            created_at: at(0),
        };
        let id = tenant.id;
        Ok(vec![ListedTenant {
            id,
            head,
            tenant: Ok(tenant),
        }])
    }

    async fn merchant(&self, _: TenantId, _: MerchantId) -> Result<Option<Merchant>, ReadError> {
        unreachable!("the relay does not ask this")
    }

    async fn merchant_by_reference(&self, _: TenantId, _: &Reference) -> Result<Option<Merchant>, ReadError> {
        unreachable!("the relay does not ask this")
    }

    async fn merchants_as_of(
        &self,
        _: TenantId,
        _: &MerchantQuery,
        _: DateTime<Utc>,
    ) -> Result<Vec<ListedThen>, ReadError> {
        unreachable!("the relay does not ask this")
    }

    async fn facet_counts(&self, _: TenantId, _: &MerchantFilter) -> Result<Vec<FacetCount>, ReadError> {
        unreachable!("the relay does not ask this")
    }

    async fn facet_counts_as_of(
        &self,
        _: TenantId,
        _: &MerchantFilter,
        _: DateTime<Utc>,
    ) -> Result<Vec<FacetCount>, ReadError> {
        unreachable!("the relay does not ask this")
    }

    async fn without_facets(
        &self,
        _: TenantId,
        _: Option<MerchantId>,
        _: PageSize,
    ) -> Result<Vec<MerchantId>, ReadError> {
        unreachable!("the relay does not ask this")
    }

    async fn merchant_of_link(&self, _: TenantId, _: LinkId) -> Result<Option<MerchantId>, ReadError> {
        unreachable!("the relay does not ask this")
    }

    async fn stale_link_requests(
        &self,
        _: TenantId,
        _: DateTime<Utc>,
        _: PageSize,
    ) -> Result<Vec<(MerchantId, LinkId)>, ReadError> {
        unreachable!("the relay does not ask this")
    }

    async fn merchant_ids(
        &self,
        _: TenantId,
        _: Option<MerchantId>,
        _: PageSize,
    ) -> Result<Vec<MerchantId>, ReadError> {
        unreachable!("the relay does not ask this")
    }

    async fn projected(
        &self,
        _: TenantId,
        _: &[MerchantId],
    ) -> Result<HashMap<MerchantId, ProjectedMerchant>, ReadError> {
        unreachable!("the relay does not ask this")
    }

    async fn idempotency_keys(
        &self,
        _: TenantId,
        _: Option<&str>,
        _: PageSize,
    ) -> Result<Vec<IdempotencyRow>, ReadError> {
        unreachable!("the relay does not ask this")
    }

    async fn events_by_stream(
        &self,
        _: TenantId,
        _: Option<(Uuid, Version)>,
        _: PageSize,
    ) -> Result<Vec<EventRow>, ReadError> {
        unreachable!("the relay does not ask this")
    }

    async fn head(&self, _: TenantId) -> Result<Head, ReadError> {
        unreachable!("the relay does not ask this")
    }

    async fn tenant(&self, _: TenantId) -> Result<Option<Tenant>, ReadError> {
        unreachable!("the relay does not ask this")
    }

    async fn tenant_by_slug(&self, _: &Slug) -> Result<Option<Tenant>, ReadError> {
        unreachable!("the relay does not ask this")
    }

    async fn presented_key(&self, _: KeyId) -> Result<Option<PresentedKey>, ReadError> {
        unreachable!("the relay does not ask this")
    }

    async fn ping(&self) -> Result<(), ReadError> {
        unreachable!("the relay does not ask this")
    }
}
