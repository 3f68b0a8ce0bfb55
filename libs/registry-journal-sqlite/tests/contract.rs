//! The promises of the storage port, kept by SQLite.

mod harness;

use harness::SqliteFile;

registry_journal::contract_tests!(SqliteFile);
