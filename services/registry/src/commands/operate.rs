//! Commands of an operator: they write to the log beside a running service, under the same lock.

use anyhow::Context;
use registry_domain::tenant::{self, Slug, Tenant};
use registry_domain::{Actor, CorrelationId, TenantId};
use registry_journal::writer::WriterConfig;
use registry_journal::{Ambient, Archive, Order, Origin, Outcome, Submission, Writer};
use tokio::task::JoinHandle;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::config::Config;
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
    pub(super) async fn open(config: &Config) -> anyhow::Result<Self> {
        let ambient = Ambient::system();
        let secrets = Secrets::open(config, ambient.ids.as_ref())?;
        let storage = Storage::open(&config.database()?, secrets.keyring.clone()).await?;
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
        let archive = storage.archive.clone();
        Ok(Self {
            archive,
            secrets,
            ambient,
            storage,
            writer,
            task,
            stop: stop.drop_guard(),
        })
    }

    pub(super) async fn tenant(&self, slug: &str) -> anyhow::Result<Tenant> {
        let slug = Slug::parse(slug).context("the slug cannot be used")?;
        let found = self.archive.reader().tenant_by_slug(&slug).await?;
        found.with_context(|| format!("there is no tenant {slug}"))
    }

    pub(super) async fn submit(&self, tenant_id: TenantId, command: tenant::Command) -> anyhow::Result<()> {
        submit(&self.writer, &self.ambient, tenant_id, command).await
    }

    pub(super) async fn close(self) {
        drop(self.stop);
        drop(self.writer);
        // A writer that panicked has been reported by the submission that waited for it.
        let _ended = self.task.await;
        self.storage.close().await;
    }
}

/// Submits a command to a tenant as the operator.
pub(super) async fn submit(
    writer: &Writer,
    ambient: &Ambient,
    tenant_id: TenantId,
    command: tenant::Command,
) -> anyhow::Result<()> {
    let correlation_id = CorrelationId::from_uuid(ambient.ids.uuid());
    let origin = Origin {
        actor: Actor::Operator,
        correlation_id,
    };
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
