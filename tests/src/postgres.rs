//! The login of a service on a server of a test.

use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions, Connection};

/// As `infra/postgres/roles.sql` makes it: it can do nothing before it has become one of three roles. All databases of a
/// server share it. The lock is one of the database that everybody has.
const SERVICE: &str = "
    DO $$ BEGIN
        PERFORM pg_advisory_xact_lock(726567);
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'registry_service') THEN
            CREATE ROLE registry_service LOGIN NOINHERIT PASSWORD 'of-a-test';
            GRANT registry_writer, registry_reader, registry_directory TO registry_service;
        END IF;
    END $$";

/// Where a database is that has its schema, for the service's login. The URL is a superuser's.
pub async fn service_url(superuser: &str) -> String {
    let options: PgConnectOptions = superuser.parse().expect("it is the URL of a PostgreSQL database");
    let everybodys = options.clone().database("postgres").connect().await;
    let mut connection = everybodys.expect("the server takes connections");
    sqlx::raw_sql(SERVICE)
        .execute(&mut connection)
        .await
        .expect("a superuser may make logins");
    connection.close().await.expect("the connection ends");
    let login = options.username("registry_service").password("of-a-test");
    login.to_url_lossy().to_string()
}
