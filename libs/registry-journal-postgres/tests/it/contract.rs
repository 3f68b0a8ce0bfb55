//! The promises of the storage port, kept by PostgreSQL.

use crate::harness::PostgresDatabase;

registry_journal_contract::contract_tests!(PostgresDatabase);
