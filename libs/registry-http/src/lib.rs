//! registry-http
