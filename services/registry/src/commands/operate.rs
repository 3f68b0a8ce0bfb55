//! Commands of an operator: they write to the log beside a running service, under the same lock.

use std::sync::Arc;

use anyhow::Context;
use registry_domain::tenant::{self, Slug, Tenant};
use registry_domain::{Actor, CorrelationId, TenantId};
use registry_journal::port::Inconsistency;
use registry_journal::writer::WriterConfig;
use registry_journal::{Ambient, Archive, Order, Origin, Outcome, Submission, Writer};
use registry_people::{People, PeopleParts};
use registry_upstream::{Inquirer, InquirerParts, InquiryLimits, UpstreamDirectory};
use tokio::task::JoinHandle;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::config::Config;
use crate::installation::Installation;
use crate::secrets::Secrets;
use crate::storage::Storage;
use crate::workers::start_writer_task;

/// The write path and the log, without a server.
pub(super) struct Desk {
    pub(super) archive: Archive,
    pub(super) secrets: Secrets,
    pub(super) ambient: Ambient,
    pub(super) storage: Storage,
    writer: Writer,
    task: JoinHandle<()>,
    stop: DropGuard,
}

impl Desk {
    /// On an installation that is there. Where none is, none is made.
    pub(super) async fn open(config: &Config) -> anyhow::Result<Self> {
        Ok(Self::over(config, Installation::open(config).await?, Ambient::system()))
    }

    /// The same, but for what an operator begins with: that makes one.
    pub(super) async fn open_or_make(config: &Config) -> anyhow::Result<Self> {
        let ambient = Ambient::system();
        let installation = Installation::open_or_make(config, ambient.ids.as_ref()).await?;
        Ok(Self::over(config, installation, ambient))
    }

    fn over(config: &Config, installation: Installation, ambient: Ambient) -> Self {
        let Installation { secrets, storage } = installation;
        let stop = CancellationToken::new();
        let (writer, task) = start_writer_task(
            &storage,
            &secrets,
            &ambient,
            WriterConfig {
                questions: config.questions(),
                ..WriterConfig::default()
            },
            stop.clone().cancelled_owned(),
        );
        Self {
            archive: storage.archive.clone(),
            secrets,
            ambient,
            storage,
            writer,
            task,
            stop: stop.drop_guard(),
        }
    }

    pub(super) async fn tenant(&self, slug: &str) -> anyhow::Result<Tenant> {
        let slug = Slug::parse(slug).context("the slug cannot be used")?;
        let found = self.archive.reader().tenant_by_slug(&slug).await?;
        found.with_context(|| format!("there is no tenant {slug}"))
    }

    /// People, without a server.
    pub(super) fn people(&self, config: &Config) -> anyhow::Result<People> {
        let parts = PeopleParts {
            store: Arc::clone(&self.storage.people),
            writer: self.writer.clone(),
            ambient: self.ambient.clone(),
            config: config.people(self.secrets.people_key, config.listen)?,
        };
        Ok(People::new(parts)?)
    }

    /// The way into the log. It must be gone before the desk is closed.
    pub(super) fn writer(&self) -> Writer {
        self.writer.clone()
    }

    /// What an operator does.
    pub(super) fn origin(&self) -> Origin {
        Origin::of(Actor::Operator, CorrelationId::from_uuid(self.ambient.ids.uuid()))
    }

    pub(super) async fn submit(&self, tenant_id: TenantId, command: tenant::Command) -> anyhow::Result<()> {
        submit(&self.writer, &self.ambient, tenant_id, command).await
    }

    /// Somebody who asks Paymint, without a service. It must be gone before the desk is closed.
    pub(super) fn inquirer(&self) -> Inquirer {
        let parts = InquirerParts {
            writer: self.writer.clone(),
            archive: self.archive.clone(),
            directory: UpstreamDirectory::new(self.archive.clone()),
            ambient: self.ambient.clone(),
        };
        Inquirer::new(parts, InquiryLimits { calls_per_second: 1 })
    }

    pub(super) async fn close(self) {
        drop(self.stop);
        drop(self.writer);
        // A writer that panicked has been reported by the submission that waited for it.
        let _ended = self.task.await;
        self.storage.close().await;
    }
}

/// Says that a tenant's row cannot be read, which no command can put right; and that all is not well.
pub(super) fn tell_unreadable(row: &Inconsistency) -> bool {
    say!("{row}: {}", row.source);
    false
}

/// Submits a command to a tenant as the operator.
pub async fn submit(
    writer: &Writer,
    ambient: &Ambient,
    tenant_id: TenantId,
    command: tenant::Command,
) -> anyhow::Result<()> {
    let correlation_id = CorrelationId::from_uuid(ambient.ids.uuid());
    let origin = Origin::of(Actor::Operator, correlation_id);
    let order = Order::Tenant(command);
    match writer
        .submit(Submission {
            tenant_id,
            origin,
            idempotency: None,
            order,
        })
        .await?
    {
        Outcome::Written(_) => Ok(()),
        Outcome::TenantRefused(refusal) => Err(refusal.into()),
        Outcome::Refused(refusal) => Err(refusal.into()),
        Outcome::Replayed(_) | Outcome::KeyReused => anyhow::bail!("the command carried no Idempotency-Key"),
    }
}
