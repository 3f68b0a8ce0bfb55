//! The promises of the storage port, kept by SQLite.

mod harness;

use harness::SqliteFile;

registry_journal_contract::contract_tests!(SqliteFile);
