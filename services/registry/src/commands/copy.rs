//! `registry copy`.

use std::ops::ControlFlow;
use std::pin::pin;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context;
use clap::Args;
use registry_domain::TenantId;
use registry_domain::tenant::Tenant;
use registry_journal::Ambient;
use registry_journal::installation::IfNone;
use registry_journal::port::{PageSize, People, Person, Reader};
use registry_maintenance::copy::{Copy, Progress};
use tokio_util::sync::CancellationToken;

use super::progress::Meter;
use crate::config::{Config, Database};
use crate::installation::{Installation, expect_there, open_storage};
use crate::signals::StopSignals;
use crate::storage::{ServeLock, Storage};

#[derive(Args)]
pub(super) struct CopyArgs {
    /// Where the installation is: `sqlite://<path>` or `postgres://…`. Nothing may serve from it meanwhile.
    #[arg(long)]
    from: String,
    /// Where it goes. Its schema must be there (`registry migrate`), and nothing may serve from it.
    #[arg(long)]
    to: String,
}

pub(super) async fn run(config: Config, args: CopyArgs) -> anyhow::Result<ExitCode> {
    let mut signals = StopSignals::listen()?;
    let ambient = Ambient::system();
    let password = config.database_password_file.as_deref();
    let source = Config {
        database_url: Some(args.from),
        ..config.clone()
    };
    let target = Database::parse(&args.to, password)?;
    anyhow::ensure!(
        source.database()? != target,
        "the source and the target are the same database"
    );
    expect_there(&source.database()?).await?;
    let _lock = ServeLock::take(&source)?;
    let Installation { secrets, storage: from } = Installation::open(&source).await?;
    // What has a schema and no more becomes this installation. What has a key already must have ours.
    expect_schema(&target)?;
    let to = open_storage(&target, &secrets, IfNone::Found, config.readers_max).await?;
    let stop = CancellationToken::new();
    let whole = {
        let mut work = pin!(copy_all(&from, &to, &ambient, &stop));
        tokio::select! {
            whole = &mut work => whole,
            _ = signals.next() => {
                // The page that is being written is finished first.
                stop.cancel();
                work.await
            }
        }
    };
    from.close().await;
    to.close().await;
    if whole? {
        Ok(ExitCode::SUCCESS)
    } else {
        remark!("interrupted; the same command goes on from here");
        Ok(ExitCode::FAILURE)
    }
}

fn expect_schema(target: &Database) -> anyhow::Result<()> {
    match target {
        Database::Sqlite(file) => anyhow::ensure!(
            file.exists(),
            "{} is not there; make it with `registry migrate`, with database_url set to it",
            file.display()
        ),
        Database::Postgres(_) => {}
    }
    Ok(())
}

async fn copy_all(source: &Storage, to: &Storage, ambient: &Ambient, stop: &CancellationToken) -> anyhow::Result<bool> {
    // First: nobody is kept out by a log that has arrived without them.
    let people = copy_people(source.people.as_ref(), to.people.as_ref()).await?;
    say!("{people} people; they sign in anew, and invitations that nobody has used are made anew");
    let from = &source.archive;
    let copy = Copy {
        from: from.clone(),
        to: Arc::clone(&to.reader),
        journal: Arc::clone(&to.journal),
        ambient: ambient.clone(),
    };
    let mut after = None;
    loop {
        let page = from.reader().tenants(after, PageSize::MAX).await?;
        for listed in &page {
            after = Some(listed.id);
            let Ok(tenant) = &listed.tenant else {
                // A copy is whole, or none.
                anyhow::bail!("the row of tenant {} cannot be read: see `registry verify`", listed.id);
            };
            if !copy_one(&copy, tenant, stop).await? {
                return Ok(false);
            }
            let mappings = source.people.role_mappings(tenant.id).await?;
            to.people.replace_role_mappings(tenant.id, &mappings).await?;
            copy_views(from.reader(), to.reader.as_ref(), tenant.id).await?;
        }
        if page.len() < PageSize::MAX.get() as usize {
            return Ok(true);
        }
    }
}

/// The views of a tenant as they are, and with which ones its people begin: they are in no log.
async fn copy_views(from: &dyn Reader, to: &dyn Reader, tenant: TenantId) -> anyhow::Result<()> {
    to.forget_views(tenant, None).await?;
    let mut after = None;
    loop {
        let page = from.views_after(tenant, after, PageSize::MAX).await?;
        let Some(last) = page.last() else { break };
        after = Some(last.id);
        for view in &page {
            let is_kept = to.add_view(tenant, view).await?;
            anyhow::ensure!(is_kept, "view {} could not be copied", view.id);
        }
    }
    let mut after = None;
    loop {
        let page = from.default_views_after(tenant, after, PageSize::MAX).await?;
        let Some((last, _)) = page.last() else { return Ok(()) };
        after = Some(*last);
        for (owner, view) in &page {
            // Nobody begins with what they no longer see: then there is nothing to copy.
            to.set_default_view(tenant, *owner, Some(*view)).await?;
        }
    }
}

/// Everybody as they are, whether they belong to a tenant or not. Sessions and links stay behind: what opens something is handed
/// out by one installation only. Returns how many there are.
async fn copy_people(from: &dyn People, to: &dyn People) -> anyhow::Result<usize> {
    let (mut after, mut count) = (None, 0);
    loop {
        let page = from.list_persons(after, PageSize::MAX).await?;
        let Some(last) = page.last() else { return Ok(count) };
        after = Some(last.id);
        count += page.len();
        for person in &page {
            copy_person(person, to)
                .await
                .with_context(|| format!("person {} could not be copied", person.id))?;
        }
    }
}

/// A copy that is made again brings what has changed since the last one.
async fn copy_person(person: &Person, to: &dyn People) -> anyhow::Result<()> {
    if to.add_person(person).await? {
        return Ok(());
    }
    let known = to.person(person.id).await?;
    let known = known.context("somebody else in the target has the same address or the same OpenID identity")?;
    if known == *person {
        return Ok(());
    }
    to.set_disabled(person.id, person.disabled_at).await?;
    to.set_administrator(person.id, person.is_administrator).await?;
    to.set_password(person.id, person.password_hash.as_ref()).await?;
    if let Some(identity) = &person.identity {
        let is_set = to
            .set_identity(person.id, identity, &person.email, &person.name)
            .await?;
        anyhow::ensure!(
            is_set,
            "somebody else in the target has the same address or the same OpenID identity"
        );
    }
    if let Some(at) = person.signed_in_at {
        to.note_sign_in(person.id, at).await?;
    }
    Ok(())
}

async fn copy_one(copy: &Copy, tenant: &Tenant, stop: &CancellationToken) -> anyhow::Result<bool> {
    let slug = &tenant.slug;
    let mut meter = Meter::new(slug);
    let mut observe = |progress: Progress| {
        meter.note(progress.seq.0, progress.of.0);
        if stop.is_cancelled() {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    };
    let whole = copy.run(tenant.id, &mut observe).await;
    let whole = whole.with_context(|| format!("tenant {slug} could not be copied"))?;
    if whole {
        let head = copy.to.head(tenant.id).await?;
        say!("{slug}: {} events, the rows of all merchants compared", head.seq);
    }
    Ok(whole)
}
