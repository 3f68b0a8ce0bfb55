//! What the tests are made of: a clock that is set by hand, ids that are counted, and short ways to say things.

use std::pin::Pin;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use registry_domain::merchant::{Claim, ClaimBody, Command, Merchant, RawPayload, Receipt, Registration};
use registry_domain::review::{ContentDigest, DeletionMark, Observation, ReviewCode};
use registry_domain::tenant::{self, Creation, Slug};
use registry_domain::{
    Actor, CorrelationId, FreeText, Label, LinkId, MemberCode, MerchantCode, MerchantId, Reference, Seq, TenantId,
};
use registry_journal::ambient::{Ambient, Clock, IdSource};
use registry_journal::archive::Archive;
use registry_journal::keyring::{Keyring, MasterKey};
use registry_journal::port::{Journal, PageSize, Reader};
use registry_journal::record::EventRow;
use registry_journal::submission::{
    Idempotency, IdempotencyKey, Order, Origin, Outcome, Submission, WriteError, Written,
};
use registry_journal::writer::{Writer, WriterConfig, WriterParts};
use registry_maintenance::verify::verify;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::Harness;
use crate::ambient::clock;
pub use crate::ambient::{TestClock, TestIds, ids};

/// A storage of its own with a writer on it.
pub struct World<H: Harness> {
    /// The hand inside the storage.
    pub harness: H,
    /// The storage.
    pub storage: H::Storage,
    /// The writer on it.
    pub writer: Writer,
    /// The writer's clock.
    pub clock: Arc<TestClock>,
    /// The writer's ids, also good for the ids that commands carry.
    pub ids: Arc<TestIds>,
}

/// How every writer of a world works. Its clock is set by hand, far from that of any server.
pub fn config() -> WriterConfig {
    WriterConfig {
        clock_skew_max: TimeDelta::days(36_500),
        ..WriterConfig::default()
    }
}

/// The keyring of every world.
pub fn keyring() -> Arc<Keyring> {
    Arc::new(Keyring::new(&MasterKey::from_bytes([7; 32])))
}

impl<H: Harness> World<H> {
    /// A fresh storage.
    pub async fn new() -> Self {
        let harness = H::fresh().await;
        let storage = harness.open().await;
        Self::on(harness, storage.clone(), Arc::new(storage))
    }

    /// A fresh storage whose writer goes through a wrapper of its journal.
    pub async fn through<J: Journal + 'static>(wrap: impl FnOnce(H::Storage) -> J) -> (Self, Arc<J>) {
        let harness = H::fresh().await;
        let storage = harness.open().await;
        let journal = Arc::new(wrap(storage.clone()));
        (
            Self::on(harness, storage, Arc::clone(&journal) as Arc<dyn Journal>),
            journal,
        )
    }

    fn on(harness: H, storage: H::Storage, journal: Arc<dyn Journal>) -> Self {
        let (clock, ids) = (clock(), ids(0));
        let parts = WriterParts {
            journal,
            reader: Arc::new(storage.clone()),
            keyring: keyring(),
            ambient: Ambient {
                clock: Arc::clone(&clock) as Arc<dyn Clock>,
                ids: Arc::clone(&ids) as Arc<dyn IdSource>,
            },
        };
        // The task ends with the last clone of the writer.
        let (writer, _task) = Writer::start(parts, config(), std::future::pending());
        Self {
            harness,
            storage,
            writer,
            clock,
            ids,
        }
    }

    /// The parts of another writer on this storage.
    pub fn parts(&self, storage: H::Storage, number: u16) -> WriterParts {
        WriterParts {
            journal: Arc::new(storage.clone()),
            reader: Arc::new(storage),
            keyring: keyring(),
            ambient: Ambient {
                clock: Arc::clone(&self.clock) as Arc<dyn Clock>,
                ids: ids(number),
            },
        }
    }

    /// The storage, opened with the right keyring.
    pub fn archive(&self) -> Archive {
        Archive::new(Arc::new(self.storage.clone()), keyring())
    }

    /// What the writer's clock says.
    pub fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    /// A new id of a merchant that is registered now.
    pub fn merchant_id(&self) -> MerchantId {
        MerchantId::from_uuid(self.ids.uuid()).registered_at(self.now())
    }

    /// A new id of a link.
    pub fn link_id(&self) -> LinkId {
        LinkId::from_uuid(self.ids.uuid())
    }

    /// Creates a tenant.
    pub async fn tenant(&self, slug: &str) -> TenantId {
        let tenant = TenantId::from_uuid(self.ids.uuid());
        self.write(submission(tenant, Order::Tenant(create(slug)))).await;
        tenant
    }

    /// Registers a shop that says nothing but its codes.
    pub async fn merchant(&self, tenant: TenantId, member: &str, shop: &str) -> MerchantId {
        let id = self.merchant_id();
        self.write(register(tenant, id, registration(member, shop))).await;
        id
    }

    /// Hands a command in and expects that it is written.
    pub async fn write(&self, submission: Submission) -> Written {
        written(self.submit(submission).await)
    }

    /// Hands a command in and expects an answer.
    pub async fn submit(&self, submission: Submission) -> Outcome {
        let answer = self.writer.submit(submission).await;
        answer.expect("storage takes the command")
    }

    /// Hands a callback in and expects that it is written.
    pub async fn report(&self, submission: Submission) -> Written {
        let origin = Origin::of(Actor::Upstream, submission.origin.correlation_id);
        let answer = self.writer.report(Submission { origin, ..submission }).await;
        written(answer.expect("storage takes the callback"))
    }

    /// The merchant's row.
    pub async fn row(&self, tenant: TenantId, id: MerchantId) -> Merchant {
        let row = self.storage.merchant(tenant, id).await.expect("rows can be read");
        row.expect("the merchant has a row")
    }

    /// The whole log of a tenant.
    pub async fn log(&self, tenant: TenantId) -> Vec<EventRow> {
        whole_log(&self.storage, tenant).await
    }

    /// Expects that a tenant's log has no flaw and so many rows.
    pub async fn expect_sound(&self, tenant: TenantId, rows: usize) {
        let report = verify(&self.storage, tenant).await.expect("the log can be read");
        assert_eq!(report.flaw, None, "the log fits together");
        assert_eq!(report.rows, rows as u64, "rows of the log");
    }
}

/// The whole log of a tenant, page by page.
pub async fn whole_log(reader: &dyn Reader, tenant: TenantId) -> Vec<EventRow> {
    let mut rows: Vec<EventRow> = Vec::new();
    loop {
        let after = rows.last().map_or(Seq::ZERO, |row| row.seq);
        let page = reader.events_after(tenant, after, PageSize::MAX).await;
        let page = page.expect("the log can be read");
        if page.is_empty() {
            return rows;
        }
        rows.extend(page);
    }
}

/// What comes of a command that was handed in and not waited for yet.
pub type Pending = Pin<Box<dyn Future<Output = Result<Outcome, WriteError>> + Send>>;

/// Puts a callback into the queue now; the answer is waited for later. So the order of the queue is ours.
pub fn queued(writer: &Writer, submission: Submission) -> Pending {
    let writer = writer.clone();
    let mut pending: Pending = Box::pin(async move { writer.report(submission).await });
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    match pending.as_mut().poll(&mut context) {
        std::task::Poll::Pending => pending,
        std::task::Poll::Ready(answer) => Box::pin(std::future::ready(answer)),
    }
}

/// What was written.
pub fn written(outcome: Outcome) -> Written {
    match outcome {
        Outcome::Written(written) => written,
        Outcome::Replayed(_) | Outcome::KeyReused | Outcome::Refused(_) | Outcome::TenantRefused(_) => {
            panic!("written was expected, not {outcome:?}")
        }
    }
}

/// A command from nobody in particular.
pub fn submission(tenant_id: TenantId, order: Order) -> Submission {
    Submission {
        tenant_id,
        origin: Origin::of(Actor::System, CorrelationId::from_uuid(Uuid::from_u128(1))),
        idempotency: None,
        order,
    }
}

/// The same from an operator at the command line.
pub fn by_operator(submission: Submission) -> Submission {
    let correlation_id = submission.origin.correlation_id;
    Submission {
        origin: Origin::of(Actor::Operator, correlation_id),
        ..submission
    }
}

/// The same with an Idempotency-Key; the fingerprint stands for the request's content.
pub fn with_key(submission: Submission, key: &str, fingerprint: u8) -> Submission {
    Submission {
        idempotency: Some(Idempotency {
            key: IdempotencyKey::parse(key).expect("a key"),
            fingerprint: [fingerprint; 32],
        }),
        ..submission
    }
}

/// The creation of a tenant.
pub fn create(slug: &str) -> tenant::Command {
    tenant::Command::Create(Creation {
        slug: Slug::parse(slug).expect("a slug"),
        name: label("Acme"),
    })
}

/// The registration of a shop.
pub fn register(tenant: TenantId, merchant_id: MerchantId, registration: Registration) -> Submission {
    submission(
        tenant,
        Order::Register {
            merchant_id,
            registration: Box::new(registration),
        },
    )
}

/// What a tenant says who says only the codes.
pub fn registration(member: &str, shop: &str) -> Registration {
    Registration {
        reference: reference(member, shop),
        company_name: None,
        branch_name: None,
        business_number: None,
        tags: Vec::new(),
        metadata: std::collections::BTreeMap::new(),
    }
}

/// A command to a merchant.
pub fn command(tenant: TenantId, merchant_id: MerchantId, command: Command) -> Submission {
    submission(
        tenant,
        Order::Merchant {
            merchant_id,
            command,
            expected: None,
        },
    )
}

/// A request for a link.
pub fn request_link(tenant: TenantId, merchant: MerchantId, link_id: LinkId) -> Submission {
    let redirect_url = None;
    command(tenant, merchant, Command::RequestLink { link_id, redirect_url })
}

/// A callback with a review letter and a message.
pub fn callback(tenant: TenantId, merchant: MerchantId, code: &str, message: &str) -> Submission {
    let claim = claim(observation(code, message));
    command(tenant, merchant, Command::ReceiveCallback(Box::new(claim)))
}

/// An observation of a review letter and a message.
pub fn observation(code: &str, message: &str) -> Observation {
    Observation {
        member_code: None,
        merchant_code: None,
        upstream_member_id: None,
        company_name: None,
        branch_name: None,
        business_number: None,
        review_code: ReviewCode::from_untrusted(code),
        review_message: Some(FreeText::from_untrusted(message)).filter(|text| !text.is_blank()),
        deletion: DeletionMark::NotDeleted,
    }
}

/// A callback that says what was observed. Equal content has an equal digest.
pub fn claim(observation: Observation) -> Claim {
    let text = |text: &Option<FreeText>| text.as_ref().map_or("", FreeText::as_str).to_owned();
    let content = format!(
        "{}|{}|{}|{:?}",
        observation.review_code.as_ref().map_or("", ReviewCode::as_str),
        text(&observation.review_message),
        text(&observation.company_name),
        observation.deletion,
    );
    Claim {
        receipt: receipt(content.as_bytes()),
        body: ClaimBody::Mapping {
            observation,
            digest: ContentDigest(Sha256::digest(content.as_bytes()).into()),
        },
    }
}

/// What is known of a callback beside what it says.
pub fn receipt(payload: &[u8]) -> Receipt {
    Receipt {
        link_id: None,
        received_at: DateTime::UNIX_EPOCH + TimeDelta::days(20_000),
        payload: RawPayload(payload.to_vec()),
        sender_listed: None,
        decoded_with_loss: false,
        by_bills_url: false,
    }
}

/// A natural key.
pub fn reference(member: &str, shop: &str) -> Reference {
    Reference {
        member_code: MemberCode::parse(member).expect("a member code"),
        merchant_code: MerchantCode::parse(shop).expect("a merchant code"),
    }
}

/// A label.
pub fn label(text: &str) -> Label {
    Label::parse(text).expect("a label")
}
