//! Which way each statement takes: from an index to the rows that are wanted, however large the tables are.

use std::fs;
use std::path::Path;
use std::time::Duration;

use chrono::TimeDelta;
use registry_domain::TenantId;
use registry_domain::merchant::{Command, QuarantineReason};
use registry_domain::search::Search;
use registry_domain::tenant::UnclaimedResolution;
use registry_journal::port::{
    CohortQuery, Direction, Insight, MerchantFilter, MerchantQuery, PageSize, Postponement, QuarantineQuery,
    QuarantineState, Reader, SortKey, StayQuery, Worklist,
};
use registry_journal_contract::Harness;
use registry_journal_contract::callbacks::{all, approval, by_codes, received, redriven, resolved, unusable};
use registry_journal_contract::fixtures::{
    self, World, callback, command, register, registration, request_link, with_key,
};
use serde_json::Value;
use sqlx::{AssertSqlSafe, PgConnection, Row};

use crate::harness::PostgresDatabase;

/// Statements that look at all rows of something on purpose: a part of the text, and why.
const MAY_WALK: &[(&str, &str)] = &[
    ("FROM _sqlx_migrations", "there are a few"),
    ("FROM installation", "there is one row"),
    (
        "(SELECT count(*) FROM memberships)",
        "all people of an installation are counted, every half a minute: staff, not shops",
    ),
    (
        "FROM callback_keys",
        "there is one row for each key that was ever in use",
    ),
    (
        "FROM data_keys ORDER BY tenant_id, owner LIMIT 1",
        "the first entry of the index is the only one that is looked at",
    ),
    (
        "UPDATE merchants AS m SET ask_at",
        "each merchant is found by its id, and only then is its version compared",
    ),
    (
        "UPDATE views SET shared",
        "a view is found by its id, and only then is its version compared",
    ),
    (
        "DELETE FROM views WHERE tenant_id = $1 AND view_id",
        "a view is found by its id, and only then is its version compared",
    ),
    (
        "SELECT state, code AS \"code!\", count(*) AS \"count!\" FROM job_rows",
        "why rows of one job came to their end is counted: no more than a plan may have",
    ),
    (
        "row_number() OVER (PARTITION BY tenant_id ORDER BY confirmed_at) AS place",
        "of all jobs that are due the oldest of each tenant are found: those of one tenant are bounded",
    ),
    ("DISTINCT ON (tenant_id) tenant_id, export_id", "what is due"),
    ("'merchant_counts' AS counts", "all is compared"),
    ("AS found ORDER BY merchant_id", "a page of pages"),
    (
        "AS was_claimed",
        "the newest events are put together by command: no more than HEALTH_WINDOW of them",
    ),
];

/// How a plan writes that a place in the log or in a list is compared.
const BOUNDS: &[&str] = &["(seq ", "(version ", "(merchant_id >", "(event_id >", "(key >"];

/// Every statement that the compiler checked, with the number of its parameters.
fn statements() -> Vec<(String, usize)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(".sqlx");
    let files = fs::read_dir(folder).expect("there is a description of each statement");
    let statement = |file: fs::DirEntry| {
        let content = fs::read(file.path()).expect("a description can be read");
        let content: Value = serde_json::from_slice(&content).expect("a description is JSON");
        let parameters = content["describe"]["parameters"]["Left"]
            .as_array()
            .expect("it has parameters");
        (
            content["query"].as_str().expect("it has a query").to_owned(),
            parameters.len(),
        )
    };
    files
        .map(|file| statement(file.expect("the folder can be listed")))
        .collect()
}

/// The plan that serves any values, as a role would run it; none if the role may not.
async fn plan(connection: &mut PgConnection, role: &str, statement: &str, parameters: usize) -> Option<Value> {
    let values = vec!["NULL"; parameters].join(", ");
    let execute = if values.is_empty() {
        "asked".to_owned()
    } else {
        format!("asked ({values})")
    };
    let explain = format!("EXPLAIN (FORMAT JSON) EXECUTE {execute}");
    let steps = [
        format!(
            "DEALLOCATE ALL; SET ROLE {role}; SET plan_cache_mode = force_generic_plan; PREPARE asked AS {statement}"
        ),
        explain,
        "RESET ROLE".to_owned(),
    ];
    let [prepare, explain, reset] = steps;
    let prepared = sqlx::raw_sql(AssertSqlSafe(prepare)).execute(&mut *connection).await;
    prepared.unwrap_or_else(|error| panic!("{statement}: {error}"));
    let plan = sqlx::raw_sql(AssertSqlSafe(explain)).fetch_one(&mut *connection).await;
    sqlx::raw_sql(AssertSqlSafe(reset))
        .execute(connection)
        .await
        .expect("the role can be left");
    match plan {
        Ok(row) => Some(row.get(0)),
        Err(error) => {
            let error = error.into_database_error().expect("the server answers");
            assert!(error.message().starts_with("permission denied"), "{statement}: {error}");
            None
        }
    }
}

/// The steps that look at more rows than are wanted, or sort them.
fn flaws(plan: &Value, flaws: &mut Vec<String>) {
    match plan {
        Value::Array(parts) => parts.iter().for_each(|part| self::flaws(part, flaws)),
        Value::Object(parts) => {
            let text = |key: &str| parts.get(key).and_then(Value::as_str).unwrap_or_default();
            let (node, condition) = (text("Node Type"), text("Index Cond"));
            // A position that is compared row by row does not bound the walk.
            let is_unbound = BOUNDS.iter().any(|bound| text("Filter").contains(bound));
            let is_bad = match node {
                "Seq Scan" | "Sort" | "Incremental Sort" | "Hash Join" | "Merge Join" => true,
                "Index Scan" | "Index Only Scan" | "Bitmap Index Scan" => condition.is_empty() || is_unbound,
                "Bitmap Heap Scan" => is_unbound,
                _ => false,
            };
            if is_bad {
                flaws.push(format!("{node} on {}{}", text("Relation Name"), text("Index Name")));
            }
            parts.values().for_each(|part| self::flaws(part, flaws));
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// With tables of a real size and the planner as it comes. Every role that may run a statement runs it well: row level
/// security does not come between a statement and its index.
#[tokio::test]
async fn no_statement_walks_a_table_or_sorts() {
    let database = PostgresDatabase::fresh().await;
    database.seed(20, 1_000).await;
    // Many tenants have next to nothing.
    database
        .execute(
            "INSERT INTO tenants SELECT gen_random_uuid(), 'small-' || n, '{}' FROM generate_series(1, 10000) AS n;
             INSERT INTO api_keys SELECT gen_random_uuid(), tenant_id FROM tenants;
             INSERT INTO publish_cursors SELECT tenant_id, 1, 1, 1 FROM tenants ON CONFLICT DO NOTHING;
             INSERT INTO delivery_cursors SELECT tenant_id, 1 FROM tenants ON CONFLICT DO NOTHING;
             INSERT INTO merchant_counts SELECT tenant_id, facets, 1 FROM tenants, generate_series(128, 132) AS facets
             ON CONFLICT DO NOTHING;
             INSERT INTO standing_counts SELECT tenant_id, 'in_review', day, 1 FROM tenants, generate_series(1, 5) AS day
             ON CONFLICT DO NOTHING;
             INSERT INTO stay_counts SELECT tenant_id, 'in_review', day, day, 1 FROM tenants, generate_series(1, 5) AS day
             ON CONFLICT DO NOTHING;
             INSERT INTO cohort_counts SELECT tenant_id, day, 'linked', day, day, 1 FROM tenants, generate_series(1, 5) AS day
             ON CONFLICT DO NOTHING;
             ANALYZE",
        )
        .await;
    let mut connection = database.connect().await;
    let statements = statements();
    assert!(statements.len() > 35, "{} statements", statements.len());
    let mut wrong = Vec::new();
    for (statement, parameters) in &statements {
        let mut may = 0;
        for role in ["registry_writer", "registry_reader", "registry_directory"] {
            let Some(plan) = plan(&mut connection, role, statement, *parameters).await else {
                continue;
            };
            may += 1;
            let mut found = Vec::new();
            flaws(&plan, &mut found);
            if !found.is_empty() && !MAY_WALK.iter().any(|(part, _)| statement.contains(part)) {
                wrong.push(format!("{role}: {found:?}\n{statement}"));
            }
        }
        assert!(may > 0, "no role may run it: {statement}");
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The steps that read an index further than their keys, or all of it.
fn filters(plan: &Value, found: &mut Vec<String>) {
    match plan {
        Value::Array(parts) => parts.iter().for_each(|part| filters(part, found)),
        Value::Object(parts) => {
            let text = |key: &str| parts.get(key).and_then(Value::as_str).unwrap_or_default();
            let is_whole = text("Index Cond").is_empty();
            if text("Node Type").starts_with("Index") && (is_whole || !text("Filter").is_empty()) {
                found.push(format!("{}: {}", text("Index Name"), text("Filter")));
            }
            parts.values().for_each(|part| filters(part, found));
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// A connection keeps the plan that it made when the tables were empty, and then all indexes that begin with the tenant
/// look alike. What a batch reads and replaces says itself which one it wants.
#[tokio::test]
async fn what_a_batch_looks_for_probes_the_right_index_from_the_first_row_on() {
    let database = PostgresDatabase::fresh().await;
    let mut connection = database.connect().await;
    let settings = "SET enable_seqscan = off; SET enable_hashjoin = off; SET enable_mergejoin = off";
    sqlx::raw_sql(settings)
        .execute(&mut connection)
        .await
        .expect("settings");
    let probing = statements().into_iter();
    // What a dismissal settles is looked for among what is open in quarantine: that is little. All counts are compared with all rows.
    let others = |text: &str| text.contains("UPDATE quarantine") || text.contains("sum(looked.by)");
    let probing = probing.filter(|(text, _)| text.contains("LATERAL") && !others(text));
    let mut count = 0;
    for (statement, parameters) in probing {
        let Some(plan) = plan(&mut connection, "registry_writer", &statement, parameters).await else {
            continue;
        };
        count += 1;
        let mut found = Vec::new();
        filters(&plan, &mut found);
        assert!(found.is_empty(), "{found:?}\n{statement}");
    }
    assert!(count >= 9, "{count} statements");
}

/// Asks what the service asks all day.
async fn ask_all(world: &World<PostgresDatabase>, tenant: TenantId) {
    for sort in SortKey::ALL {
        let query = MerchantQuery {
            filter: MerchantFilter {
                search: Search::read("shop", true).ok(),
                ..MerchantFilter::default()
            },
            sort,
            waits: None,
            direction: Direction::Descending,
            after: None,
            limit: PageSize::MAX,
        };
        world.storage.merchants(tenant, &query).await.expect("a list");
    }
    let all = MerchantFilter::default();
    world.storage.facet_counts(tenant, &all).await.expect("counts");
    world
        .storage
        .facet_counts_as_of(tenant, &all, world.now())
        .await
        .expect("counts");
    ask_what_is_counted(world, tenant).await;
    world.storage.tenants(None, PageSize::MAX).await.expect("tenants");
    world.log(tenant).await;
    ask_what_waits(world, tenant).await;
}

async fn ask_what_is_counted(world: &World<PostgresDatabase>, tenant: TenantId) {
    let (filter, day) = (MerchantFilter::all(), world.now().date_naive());
    let (from, until, at) = (day, day, None);
    world.storage.standing(tenant, &filter, at).await.expect("counts");
    let stays = StayQuery {
        filter: filter.clone(),
        from,
        until,
        at,
    };
    world.storage.stays(tenant, &stays).await.expect("counts");
    let cohorts = CohortQuery {
        filter,
        from,
        until,
        at,
    };
    world.storage.cohorts(tenant, &cohorts).await.expect("counts");
}

async fn ask_what_waits(world: &World<PostgresDatabase>, tenant: TenantId) {
    let (storage, now) = (&world.storage, world.now());
    let due = storage
        .due_questions(tenant, now + TimeDelta::days(1), PageSize::MAX)
        .await;
    let due: Vec<_> = due
        .expect("questions")
        .into_iter()
        .map(|question| Postponement {
            merchant_id: question.merchant_id,
            version: question.version,
            was: question.ask_at,
            next: now,
        })
        .collect();
    assert!(!due.is_empty());
    storage.postpone_questions(tenant, &due).await.expect("put off");
    storage
        .open_confirmations(tenant, now, PageSize::MAX)
        .await
        .expect("confirmations");
    storage.question_counts(tenant, now).await.expect("counts");
    for state in [None, Some(QuarantineState::Open)] {
        for reference in [None, Some(fixtures::reference("m", "s"))] {
            let query = QuarantineQuery {
                state,
                reference,
                ..all()
            };
            world.quarantine(tenant, &query).await;
        }
    }
    storage.quarantine_counts(tenant).await.expect("counts");
    world.pairs(tenant).await;
    storage.silent_links(tenant).await.expect("links");
    storage.tenant_health(tenant).await.expect("health");
}

/// While tables are small the planner would rather walk them, and a connection keeps its plans while they grow. Ours do
/// not: through everything that the adapter does, no table is walked once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn small_tables_are_not_walked_either() {
    let world = World::<PostgresDatabase>::new().await;
    world.harness.execute("SELECT pg_stat_reset()").await;
    let tenant = world.tenant("acme").await;
    for number in 0..20 {
        let id = world.merchant_id();
        let registered = register(tenant, id, registration("m", &format!("s{number}")));
        world.write(with_key(registered, &format!("key-{number}"), 1)).await;
        world.write(request_link(tenant, id, world.link_id())).await;
        for letter in ["W", "P", "O"] {
            world.report(callback(tenant, id, letter, "")).await;
        }
        world.report(callback(tenant, id, "P", "")).await;
        world
            .report(received(tenant, id, approval(Some("bill"), None, "F")))
            .await;
        let bad = world
            .report(received(tenant, id, unusable(QuarantineReason::Unparseable)))
            .await;
        world.write(redriven(tenant, id, bad.event_ids[0], "O")).await;
        let nobody = fixtures::reference("u", &format!("s{number}"));
        world.report(by_codes(tenant, nobody.clone())).await;
        let dismissed = UnclaimedResolution::Dismissed(fixtures::label("x"));
        world.write(resolved(tenant, nobody, dismissed)).await;
        world.write(command(tenant, id, Command::Archive)).await;
        world.storage.projected(tenant, &[id]).await.expect("rows");
    }
    world.linked(tenant, "m", "alive").await;
    ask_all(&world, tenant).await;
    let World {
        harness,
        storage,
        writer,
        ..
    } = world;
    drop(writer);
    // What a connection has counted is told at its end.
    storage.close().await;
    let mut connection = harness.connect().await;
    let counted = tokio::time::timeout(Duration::from_secs(30), async {
        loop {
            let left: i64 = sqlx::query_scalar(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()
                 AND backend_type = 'client backend'",
            )
            .fetch_one(&mut connection)
            .await
            .expect("an answer");
            if left == 0 {
                break;
            }
        }
        sqlx::query(
            "SELECT relname::text, coalesce(seq_scan, 0), coalesce(idx_scan, 0) FROM pg_stat_user_tables
             WHERE relname <> '_sqlx_migrations'",
        )
        .fetch_all(&mut connection)
        .await
        .expect("an answer")
    });
    let mut probes = 0;
    for row in counted.await.expect("connections end when they are closed") {
        let (table, walks, by_index): (String, i64, i64) = (row.get(0), row.get(1), row.get(2));
        assert_eq!(walks, 0, "{table}");
        probes += by_index;
    }
    assert!(probes > 500, "{probes} probes: the statistics were told");
}
