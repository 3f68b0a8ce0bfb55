//! registry-publish-nats
