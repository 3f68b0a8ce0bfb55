//! The service, run in the process of the test: fresh files, a free port, a sandbox upstream, one tenant.

use std::net::SocketAddr;
use std::path::Path;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use paymint_sandbox::PartnerKey;
use registry::app::App;
use registry::config::{Config, Database};
use registry::secrets::Secrets;
use registry::storage::migrate;
use registry_domain::merchant::SecretText;
use registry_domain::people::{EmailAddress, Role};
use registry_domain::tenant::{Command, Creation, KeyIssue, Scope, SettingsChange, Upstream};
use registry_domain::{Actor, CorrelationId, KeyId, Label, TenantId};
use registry_http::credentials;
use registry_journal::{Ambient, Order, Origin, Outcome, Submission};
use registry_people::{NewPerson, People};
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection};
use tempfile::TempDir;
use tokio::net::TcpListener;

use crate::api::Api;
use crate::audit;
use crate::callback::tenant_url;
use crate::clock::TestClock;
use crate::logs;
use crate::nats::TestNats;
use crate::postgres::service_url;
use crate::sandbox::TestSandbox;
use crate::settings::settings;
use crate::tenant::{TestTenant, random, random_slug};

/// How long one step of the clock is given to show its effect.
const STEP_INTERVAL: Duration = Duration::from_secs(1);

/// The service with everything around it. A test ends with [`TestApp::finish`].
pub struct TestApp {
    /// The upstream.
    pub sandbox: TestSandbox,
    /// A tenant whose upstream is the sandbox.
    pub tenant: TestTenant,
    app: Option<App>,
    config: Config,
    clock: Arc<TestClock>,
    ambient: Ambient,
    data: TempDir,
    tenants: Vec<TestTenant>,
}

impl TestApp {
    /// Starts it without NATS.
    pub async fn start() -> Self {
        Self::start_with(|_| {}).await
    }

    /// Starts it with a nats-server.
    pub async fn start_with_nats(nats: &TestNats) -> Self {
        Self::start_with(|config| config.nats_url = Some(nats.url().to_owned())).await
    }

    /// Starts it with other settings than the usual ones.
    pub async fn start_with(change: impl FnOnce(&mut Config)) -> Self {
        logs::start();
        let data = TempDir::with_prefix("registry-test-").expect("a temporary directory can be made");
        let mut config = Config {
            data_dir: data.path().to_owned(),
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            // Tests put the clock forward.
            clock_skew_seconds_max: u32::MAX,
            // Where the sandbox sends from.
            sender_networks: vec!["127.0.0.0/8".to_owned()],
            // Where whoever takes messages listens.
            destination_networks: vec!["127.0.0.0/8".to_owned()],
            // The first list comes at some moment of the first minute; a test that wants one says so.
            reconcile_list_seconds: 0,
            // This program is the test.
            file_reader: Some(settings().registry()),
            ..Config::default()
        };
        let clock = TestClock::new();
        let ambient = clock.ambient();
        if let Some(server) = &settings().postgres_url {
            config.database_url = Some(database(server).await);
            // A service on a server does not make keys: the others there would make other ones.
            Secrets::open_or_make(&config, ambient.ids.as_ref(), true).expect("keys can be made");
        }
        change(&mut config);
        let app = start(&config, &ambient).await;
        // From now on the same port, so that callback URLs stay good over a restart.
        config.listen = app.address();
        let sandbox = TestSandbox::start().await;
        let setup = Setup {
            app: &app,
            ambient: &ambient,
        };
        let tenant = setup.tenant(&sandbox, 0).await;
        Self {
            sandbox,
            tenants: vec![tenant.clone()],
            tenant,
            app: Some(app),
            config,
            clock,
            ambient,
            data,
        }
    }

    /// A second tenant, with a contract of its own at the sandbox.
    pub async fn other_tenant(&mut self) -> TestTenant {
        let tenant = self.setup().tenant(&self.sandbox, 1).await;
        self.tenants.push(tenant.clone());
        tenant
    }

    /// A client with a new key of a tenant that may do only this.
    pub async fn key(&self, tenant: TenantId, scopes: &[Scope]) -> Api {
        let key = self.setup().key(tenant, scopes.to_vec()).await;
        Api::new(self.tenant.api.base(), Some(key))
    }

    /// Gives a tenant other access to the upstream.
    pub async fn configure_upstream(&self, tenant: TenantId, base_url: &str, key: &str) {
        let upstream = Upstream {
            base_url: base_url.to_owned(),
            api_key: SecretText::new(key.to_owned()),
        };
        self.setup().submit(tenant, Command::ConfigureUpstream(upstream)).await;
    }

    /// Stores settings as an older version of the service did, which refused less.
    pub async fn store_settings(&self, tenant: TenantId, change: SettingsChange) {
        self.setup()
            .submit(tenant, Command::ChangeSettings(Box::new(change)))
            .await;
    }

    /// The callback URL that stands for a whole tenant, as an operator gets it.
    pub fn tenant_callback_url(&self, tenant_id: TenantId) -> String {
        tenant_url(self.data.path(), self.tenant.api.base(), tenant_id)
    }

    /// Who may do what.
    pub fn people(&self) -> &People {
        self.running().people()
    }

    /// The API, for calls from within the process.
    pub fn api_within(&self) -> axum::Router {
        self.running().api()
    }

    /// Lets a tenant's keys be refused.
    pub async fn suspend(&self, tenant: TenantId) {
        self.setup().submit(tenant, Command::Suspend).await;
    }

    /// What its clock shows.
    pub fn now(&self) -> DateTime<Utc> {
        self.ambient.now()
    }

    /// Puts its clock forward.
    pub fn advance(&self, time: TimeDelta) {
        self.clock.advance(time);
    }

    /// Waits for something, and puts the clock forward until it has come. Once is not always enough: what is under way
    /// when the clock jumps plans anew from the later moment.
    pub async fn as_time_passes<T>(&self, step: TimeDelta, wait: impl Future<Output = T>) -> T {
        let mut wait = pin!(wait);
        loop {
            self.advance(step);
            if let Ok(come) = tokio::time::timeout(STEP_INTERVAL, wait.as_mut()).await {
                return come;
            }
        }
    }

    /// Makes somebody a manager of the tenant. Returns the tenant's pages, and a link that signs in to them once.
    pub async fn open_console(&self) -> (String, String) {
        self.open_console_for("김운영", Role::Manager).await
    }

    /// The same for somebody with a role. One who has it already comes again, with another browser.
    pub async fn open_console_for(&self, name: &str, role: Role) -> (String, String) {
        let (tenant, people) = (&self.tenant, self.people());
        let address = format!("{}-{}@example.test", role.as_str(), tenant.slug);
        let new = NewPerson {
            email: EmailAddress::parse(&address).expect("an address"),
            name: Label::parse(name).expect("a name"),
            is_administrator: false,
        };
        let (person, is_new) = people.known_or_new(new).await.expect("people are kept");
        if is_new {
            let origin = Origin::of(Actor::Operator, CorrelationId::from_uuid(self.ambient.ids.uuid()));
            let added = people.add_member(tenant.id, origin, person.id, role.into()).await;
            added.expect("there is room for one");
        }
        let link = people.sign_in_link(person.id).await.expect("a link");
        let token = link.url.rsplit('/').next().expect("a token");
        logs::secret(token);
        let base = tenant.api.base();
        (
            format!("{base}/console/{}", tenant.slug),
            format!("{base}/console/enter/{token}"),
        )
    }

    /// The directory that holds all its files.
    pub fn data_dir(&self) -> &Path {
        self.data.path()
    }

    /// Its settings; the port is the one it listens on.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Stops it in order and starts it again on the same files and the same port.
    pub async fn restart(&mut self) {
        self.stop().await;
        self.app = Some(start(&self.config, &self.ambient).await);
    }

    /// The same with other settings.
    pub async fn restart_with(&mut self, change: impl FnOnce(&mut Config)) {
        change(&mut self.config);
        self.restart().await;
    }

    async fn stop(&mut self) {
        if let Some(app) = self.app.take() {
            app.stop().await;
        }
    }

    /// Checks what must hold at the end of every test, and stops.
    pub async fn finish(self) {
        Box::pin(self.check(None)).await;
    }

    /// The same; and everything must have been published.
    pub async fn finish_published(self, nats: &TestNats) {
        Box::pin(self.check(Some(nats))).await;
    }

    async fn check(mut self, nats: Option<&TestNats>) {
        let archive = self.running().archive();
        for tenant in &self.tenants {
            audit::check_log(&archive, tenant.id).await;
            if let Some(nats) = nats {
                audit::check_published(tenant, nats).await;
            }
        }
        self.stop().await;
    }

    fn running(&self) -> &App {
        self.app.as_ref().expect("it is running")
    }

    fn setup(&self) -> Setup<'_> {
        Setup {
            app: self.running(),
            ambient: &self.ambient,
        }
    }
}

impl Drop for TestApp {
    fn drop(&mut self) {
        let is_finished = self.app.is_none();
        assert!(
            is_finished || std::thread::panicking(),
            "the test did not call finish()"
        );
    }
}

/// A new database with our schema on a server; returns its URL for the service's login. The server goes away with the test run.
async fn database(server: &str) -> String {
    let options: PgConnectOptions = server.parse().expect("it is the URL of a PostgreSQL server");
    let mut connection = options.connect().await.expect("the server takes connections");
    let name = format!("registry_test_{}", random(16));
    let statement = AssertSqlSafe(format!("CREATE DATABASE {name}"));
    sqlx::raw_sql(statement)
        .execute(&mut connection)
        .await
        .expect("a superuser may make databases");
    connection.close().await.expect("the connection ends");
    let url = options.database(&name).to_url_lossy().to_string();
    let database = Database::parse(&url, None).expect("it is a database");
    migrate(&database).await.expect("an empty database takes the schema");
    service_url(&url).await
}

async fn start(config: &Config, ambient: &Ambient) -> App {
    let listener = TcpListener::bind(config.listen).await.expect("the port is free");
    let started = App::start(config, listener, ambient.clone()).await;
    started.expect("the service starts")
}

/// What an operator does.
struct Setup<'a> {
    app: &'a App,
    ambient: &'a Ambient,
}

impl Setup<'_> {
    async fn tenant(&self, sandbox: &TestSandbox, number: usize) -> TestTenant {
        let id = TenantId::from_uuid(self.ambient.ids.uuid());
        let slug = random_slug();
        let creation = Creation {
            slug: slug.clone(),
            name: Label::parse("Test partner").expect("a name"),
        };
        self.submit(id, Command::Create(creation)).await;
        let key = sandbox.partner_key(number);
        PartnerKey::parse(key).expect("a key");
        let upstream = Upstream {
            base_url: sandbox.partner_url(),
            api_key: SecretText::new(key.to_owned()),
        };
        self.submit(id, Command::ConfigureUpstream(upstream)).await;
        let key = self.key(id, Scope::ALL.to_vec()).await;
        let api = Api::new(format!("http://{}", self.app.address()), Some(key));
        TestTenant { id, slug, api }
    }

    async fn key(&self, tenant: TenantId, scopes: Vec<Scope>) -> String {
        let key_id = KeyId::from_uuid(self.ambient.ids.uuid());
        let (text, secret_hash) = credentials::mint(key_id, self.ambient.ids.secret());
        logs::secret(&text);
        let issue = KeyIssue {
            key_id,
            name: Label::parse("test").expect("a name"),
            scopes,
            networks: Vec::new(),
            secret_hash,
            expires_at: None,
            now: self.ambient.now(),
        };
        self.submit(tenant, Command::IssueKey(issue)).await;
        text
    }

    async fn submit(&self, tenant_id: TenantId, command: Command) {
        let submission = Submission {
            tenant_id,
            origin: Origin::of(Actor::Operator, CorrelationId::from_uuid(self.ambient.ids.uuid())),
            idempotency: None,
            order: Order::Tenant(command),
        };
        let outcome = self
            .app
            .writer()
            .submit(submission)
            .await
            .expect("the command is written");
        assert!(
            matches!(outcome, Outcome::Written(_)),
            "the command was not carried out"
        );
    }
}
