//! The write path: commands in, one transaction for many of them, answers out. And the port to storage.
//!
//! This crate knows the domain and nothing of HTTP, of NATS, of Paymint's wire, nor of any database: what it asks of
//! one is written down in [`port`] and proven by the contract suite (`registry-journal-contract`).
//!
//! Read in this order: [`ambient`] (time, ids), [`keyring`] (personal data), [`installation`] (which master key it has),
//! [`stored`] (events as they are written), [`record`] and [`chain`] (a row of the log and its hash), [`projection`] (the rows that
//! follow from it), [`port`] (what storage must do), [`submission`] and [`writer`] (group commit), [`archive`] (reading events back).

pub mod ambient;
pub mod archive;
pub mod chain;
pub mod installation;
pub mod keyring;
pub mod line_limit;
pub mod port;
pub mod projection;
pub mod record;
pub mod stored;
pub mod submission;
pub mod writer;

pub use ambient::{Ambient, Clock, IdSource};
pub use archive::{Archive, ArchiveError};
pub use keyring::{DataKey, Keyring, MasterKey};
pub use port::{Journal, ReadError, Reader, TransactError};
pub use record::{EventRow, RecordedEvent, StreamEvent, StreamId};
pub use submission::{Idempotency, IdempotencyKey, Order, Origin, Outcome, Submission, WriteError};
pub use writer::{WriteHealth, Writer, WriterConfig};
