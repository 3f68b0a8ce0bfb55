//! registry-publish
