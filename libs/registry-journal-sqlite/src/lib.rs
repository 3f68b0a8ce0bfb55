//! registry-journal-sqlite
