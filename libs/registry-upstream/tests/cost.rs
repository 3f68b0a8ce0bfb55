//! What a question to upstream costs, from the reconciler that finds it due to what is written of the answer.

use std::net::SocketAddr;
use std::sync::Arc;

use chrono::TimeDelta;
use paymint_sandbox::{Act, PartnerKey, RunningSandbox, Sandbox, SandboxConfig};
use registry_domain::merchant::{Merchant, QuestionPlan, Registration, SecretText};
use registry_domain::review::{ReadingSource, ReviewStatus};
use registry_domain::tenant::{self, Creation, Slug, Tenant, Upstream};
use registry_domain::{Actor, CorrelationId, Label, MemberCode, MerchantCode, MerchantId, Reference, TenantId};
use registry_journal::port::{PageSize, SoleProcess, StreamQuery};
use registry_journal::submission::Written;
use registry_journal::writer::{WriterConfig, WriterParts};
use registry_journal::{Ambient, Archive, Keyring, MasterKey, Order, Origin, Outcome, StreamId, Submission, Writer};
use registry_journal_contract::journals::Counted;
use registry_journal_contract::readers::CountedReads;
use registry_journal_sqlite::SqliteJournal;
use registry_upstream::{
    Inquirer, InquirerParts, InquiryLimits, Pace, Question, Reconciler, ReconcilerParts, UpstreamDirectory, Urgency,
};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

const KEY: &str = "0123456789abcdef0123456789abcdef";
const CODES: (&str, &str) = ("acad-1", "store-1");

/// A registry without a service, and what went through to its storage.
struct World {
    archive: Archive,
    reads: Arc<CountedReads<SqliteJournal>>,
    journal: Arc<Counted<SqliteJournal>>,
    writer: Writer,
    inquirer: Inquirer,
    ambient: Ambient,
    _directory: TempDir,
}

impl World {
    async fn new() -> Self {
        let directory = TempDir::with_prefix("registry-upstream-").expect("there is a temporary directory");
        let file = directory.path().join("registry.db");
        registry_journal_sqlite::migrate(&file)
            .await
            .expect("the schema is made");
        let storage = SqliteJournal::open(&file).await.expect("the file opens");
        let reads = Arc::new(CountedReads::new(storage.clone()));
        let journal = Arc::new(Counted::new(storage.clone()));
        let keyring = Arc::new(Keyring::new(&MasterKey::from_bytes([7; 32])));
        let ambient = Ambient::system();
        let parts = WriterParts {
            journal: Arc::clone(&journal) as _,
            reader: Arc::new(storage),
            keyring: Arc::clone(&keyring),
            ambient: ambient.clone(),
        };
        // What has changed is asked about at once.
        let questions = QuestionPlan {
            first: TimeDelta::zero(),
            ..QuestionPlan::default()
        };
        let config = WriterConfig {
            questions,
            ..WriterConfig::default()
        };
        let (writer, _task) = Writer::start(parts, config, std::future::pending());
        let archive = Archive::new(Arc::clone(&reads) as _, keyring);
        let parts = InquirerParts {
            writer: writer.clone(),
            archive: archive.clone(),
            directory: UpstreamDirectory::new(archive.clone()),
            ambient: ambient.clone(),
        };
        let inquirer = Inquirer::new(parts, InquiryLimits { calls_per_second: 100 });
        Self {
            archive,
            reads,
            journal,
            writer,
            inquirer,
            ambient,
            _directory: directory,
        }
    }

    fn origin(&self) -> Origin {
        Origin::of(Actor::System, CorrelationId::from_uuid(self.ambient.ids.uuid()))
    }

    async fn write(&self, tenant_id: TenantId, order: Order) -> Written {
        let submission = Submission {
            tenant_id,
            origin: self.origin(),
            idempotency: None,
            order,
        };
        match self.writer.submit(submission).await.expect("storage takes it") {
            Outcome::Written(written) => written,
            outcome @ (Outcome::Replayed(_) | Outcome::KeyReused | Outcome::Refused(_) | Outcome::TenantRefused(_)) => {
                panic!("{outcome:?}")
            }
        }
    }

    /// A tenant whose upstream is there, with one shop.
    async fn shop(&self, base_url: &str) -> (TenantId, MerchantId) {
        let tenant_id = TenantId::from_uuid(self.ambient.ids.uuid());
        let creation = Creation {
            slug: Slug::parse("acme").expect("a slug"),
            name: Label::parse("Acme").expect("a name"),
        };
        let upstream = Upstream {
            base_url: base_url.to_owned(),
            api_key: SecretText::new(KEY.to_owned()),
        };
        for command in [
            tenant::Command::Create(creation),
            tenant::Command::ConfigureUpstream(upstream),
        ] {
            self.write(tenant_id, Order::Tenant(command)).await;
        }
        let registration = Registration {
            reference: Reference {
                member_code: MemberCode::parse(CODES.0).expect("a code"),
                merchant_code: MerchantCode::parse(CODES.1).expect("a code"),
            },
            company_name: None,
            branch_name: None,
            business_number: None,
            tags: Vec::new(),
            metadata: std::collections::BTreeMap::new(),
        };
        let register = Order::Register {
            merchant_id: MerchantId::from_uuid(self.ambient.ids.uuid()),
            registration: Box::new(registration),
        };
        let merchant = self
            .write(tenant_id, register)
            .await
            .merchant
            .expect("it is registered");
        (tenant_id, merchant.id)
    }

    async fn asked_about(&self, tenant_id: TenantId, merchant_id: MerchantId) -> (Tenant, Merchant) {
        let found = self.archive.reader().asked_about(tenant_id, merchant_id).await;
        found.expect("storage answers").expect("it is there")
    }

    /// How often something was written, in whichever way.
    fn written(&self) -> u32 {
        let [transacted, _looked, appended, _moved] = self.journal.counts();
        transacted + appended
    }

    fn reconciler(&self) -> Reconciler {
        let parts = ReconcilerParts {
            archive: self.archive.clone(),
            inquirer: self.inquirer.clone(),
            leases: Arc::new(SoleProcess),
            ambient: self.ambient.clone(),
        };
        let pace = Pace {
            first: TimeDelta::minutes(5),
            longest: TimeDelta::days(1),
            list: None,
            balance: TimeDelta::minutes(15),
        };
        Reconciler::new(parts, pace)
    }
}

/// A shop that Paymint knows.
async fn sandbox_with_a_shop() -> RunningSandbox {
    let config = SandboxConfig {
        listen: SocketAddr::from(([127, 0, 0, 1], 0)),
        public_url: None,
        api_keys: vec![PartnerKey::parse(KEY).expect("a key")],
        seed: 1,
        state_file: None,
    };
    let sandbox = Sandbox::start(config).await.expect("the sandbox starts");
    let nowhere = "http://127.0.0.1:1/".parse().expect("a URL");
    sandbox.link_elsewhere(CODES.0, CODES.1, nowhere).expect("it is linked");
    act(&sandbox, Act::Submit).await;
    sandbox
}

async fn act(sandbox: &RunningSandbox, act: Act) {
    sandbox.act(CODES.0, CODES.1, act).await.expect("it happens");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_question_costs_one_read_and_one_write() {
    let sandbox = sandbox_with_a_shop().await;
    let world = World::new().await;
    let (tenant_id, merchant_id) = world.shop(sandbox.base_url().as_str()).await;

    // The first question of a tenant reads its key beside, which is kept.
    let (tenant, merchant) = world.asked_about(tenant_id, merchant_id).await;
    let before = merchant.version;
    let question = Question {
        tenant,
        merchant,
        source: ReadingSource::ReadBack,
        urgency: Urgency::Person,
        origin: world.origin(),
    };
    let asked = world.inquirer.ask(question).await.expect("upstream answers");
    let query = StreamQuery {
        stream: StreamId::Merchant(merchant_id),
        after: before,
        until_version: None,
        until_time: None,
        limit: PageSize::MAX,
    };
    let stands = world.archive.stream(tenant_id, &query).await.expect("the log is read");
    assert_eq!(asked.events, stands, "what is told is what stands in the log");
    assert!(!stands.is_empty());

    act(&sandbox, Act::Review('S', Some("서류"))).await;
    let (written, mut commits) = (world.written(), world.writer.commits());
    commits.mark_unchanged();
    world.reads.take();
    let stop = CancellationToken::new();
    let running = tokio::spawn(world.reconciler().run(world.writer.commits(), stop.clone()));
    tokio::time::timeout(std::time::Duration::from_secs(30), commits.changed())
        .await
        .expect("the question is asked in time")
        .expect("the writer works");
    stop.cancel();
    running.await.expect("the reconciler stops");

    let reads = world.reads.take();
    assert_eq!(reads.get("asked_about"), Some(&1), "{reads:?}");
    for again in [
        "merchant",
        "tenant",
        "stream",
        "wrapped_keys",
        "first_event",
        "event_at",
    ] {
        assert_eq!(reads.get(again), None, "{reads:?}");
    }
    assert_eq!(world.written() - written, 1);
    let (_, merchant) = world.asked_about(tenant_id, merchant_id).await;
    assert_eq!(merchant.review.status(), ReviewStatus::DocumentsRequired);
    sandbox.shutdown().await;
}
