//! What stands between and drops what connections ask for: nothing is promised through it.

use std::net::SocketAddr;

use registry_domain::{TenantId, causes};
use registry_journal::port::{Duty, Leases};
use registry_journal_contract::Harness;
use registry_journal_postgres::{PostgresJournal, PostgresLeases};
use sqlx::ConnectOptions;
use sqlx::postgres::PgConnectOptions;
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream, lookup_host};

use crate::harness::PostgresDatabase;

/// What a writer must have, each with another value than the server's own.
const WRITER: [(&str, &str); 6] = [
    ("role", "registry_writer"),
    ("default_transaction_isolation", "read committed"),
    ("synchronous_commit", "on"),
    ("statement_timeout", "20s"),
    ("lock_timeout", "15s"),
    ("idle_in_transaction_session_timeout", "5s"),
];

/// The same for what has no reason of safety, so that the first difference is one of those above.
const OTHERS: [(&str, &str); 5] = [
    ("enable_seqscan", "off"),
    ("jit", "off"),
    ("enable_hashjoin", "off"),
    ("enable_mergejoin", "off"),
    ("plan_cache_mode", "force_generic_plan"),
];

/// Other values.
const WRONG: [(&str, &str); 5] = [
    ("default_transaction_isolation", "serializable"),
    ("synchronous_commit", "off"),
    ("statement_timeout", "0"),
    ("lock_timeout", "0"),
    ("idle_in_transaction_session_timeout", "0"),
];

/// Passes everything on, but for the options in the first message of each connection. Returns where it listens.
async fn pooler_before(server: SocketAddr) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("it has an address");
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            tokio::spawn(pass(client, server));
        }
    });
    address
}

async fn pass(mut client: TcpStream, server: SocketAddr) -> std::io::Result<()> {
    let mut server = TcpStream::connect(server).await?;
    loop {
        let length = usize::try_from(client.read_u32().await?).expect("a short message") - 4;
        let mut message = vec![0; length];
        client.read_exact(&mut message).await?;
        // A wish for TLS comes before the first message, and is not granted.
        if length == 4 {
            client.write_all(b"N").await?;
            continue;
        }
        let (version, parameters) = message.split_at(4);
        let words: Vec<_> = parameters.split(|byte| *byte == 0).collect();
        let mut kept = version.to_vec();
        for pair in words
            .chunks_exact(2)
            .filter(|pair| !pair[0].is_empty() && pair[0] != b"options")
        {
            for word in pair {
                kept.extend_from_slice(word);
                kept.push(0);
            }
        }
        kept.push(0);
        server
            .write_u32(u32::try_from(kept.len() + 4).expect("a short message"))
            .await?;
        server.write_all(&kept).await?;
        copy_bidirectional(&mut client, &mut server).await?;
        return Ok(());
    }
}

/// A database, and the way to it through a pooler for a login of the test's own.
struct Pooled {
    database: PostgresDatabase,
    login: String,
    url: String,
}

impl Pooled {
    async fn new() -> Self {
        let database = PostgresDatabase::fresh().await;
        let login = database.name.replace("registry_test_", "registry_pooled_");
        let make = format!(
            "CREATE ROLE {login} LOGIN NOINHERIT PASSWORD 'of-a-test' IN ROLE registry_writer, registry_reader, registry_directory"
        );
        database.execute(&make).await;
        let server = lookup_host((database.server.get_host(), database.server.get_port())).await;
        let server = server.expect("the server has an address").next();
        let pooler = pooler_before(server.expect("at least one")).await;
        let url = Self::url_of(&database, &login)
            .host(&pooler.ip().to_string())
            .port(pooler.port());
        let url = url.to_url_lossy().to_string();
        Self { database, login, url }
    }

    fn url_of(database: &PostgresDatabase, login: &str) -> PgConnectOptions {
        let options = database.server.clone().database(&database.name);
        options.username(login).password("of-a-test")
    }

    async fn set(&self, (name, value): (&str, &str)) {
        let set = format!("ALTER ROLE {} SET {name} = '{value}'", self.login);
        self.database.execute(&set).await;
    }

    /// Why no connection is good enough.
    async fn refusal(&self) -> String {
        match PostgresJournal::connect(&self.url).await {
            Ok(_) => panic!("it is refused"),
            Err(error) => causes(&error).to_string(),
        }
    }

    async fn finish(self) {
        let drop = format!("DROP ROLE {}", self.login);
        self.database.execute(&drop).await;
    }
}

/// Through a pooler that drops options nobody becomes a role: writing and leases are refused, and the reason has a name.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_that_has_not_what_it_asked_for_is_refused_by_name() {
    let pooled = Pooled::new().await;
    let refusal = pooled.refusal().await;
    assert!(refusal.contains("role = "), "{refusal}");
    assert!(refusal.contains("connect to the server itself"), "{refusal}");
    let leases = PostgresLeases::new(&pooled.url).expect("a URL");
    let held = leases
        .hold(Duty::Relay, &[TenantId::from_uuid(uuid::Uuid::from_u128(1))])
        .await;
    let refusal = causes(&held.expect_err("it is refused")).to_string();
    assert!(refusal.contains("role = "), "{refusal}");
    pooled.finish().await;
}

/// Whatever else differs is told by its name, one after the other. Directly, a login's own settings change nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_guarantee_is_looked_at() {
    let pooled = Pooled::new().await;
    for setting in WRITER.into_iter().chain(OTHERS) {
        pooled.set(setting).await;
    }
    for (name, wrong) in WRONG {
        pooled.set((name, wrong)).await;
        let refusal = pooled.refusal().await;
        assert!(refusal.contains(&format!("has {name} = ")), "{name}: {refusal}");
        let right = WRITER.into_iter().find(|(other, _)| *other == name);
        pooled.set(right.expect("it has a right value")).await;
    }
    // With all of it right the writer would do. The reader, which is another role, would not.
    let refusal = pooled.refusal().await;
    assert!(refusal.contains("registry_reader"), "{refusal}");
    for wrong in WRONG {
        pooled.set(wrong).await;
    }
    let direct = Pooled::url_of(&pooled.database, &pooled.login).to_url_lossy();
    let journal = PostgresJournal::connect(direct.as_str())
        .await
        .expect("it has what it asks for");
    journal.close().await;
    pooled.finish().await;
}
