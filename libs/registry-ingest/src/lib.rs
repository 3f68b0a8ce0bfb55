//! registry-ingest
