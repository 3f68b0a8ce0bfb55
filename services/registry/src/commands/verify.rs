//! `registry verify`.

mod noted;
mod streams;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use registry_domain::tenant::{Tenant, evolve};
use registry_domain::{TenantId, Version, causes};
use registry_journal::port::{PageSize, ReadError, StreamQuery};
use registry_journal::{StreamEvent, StreamId};
use registry_maintenance::verify::{Demands, Depth, Flaw, LogEnd, Report, prove};
use registry_publish_nats::NatsConfig;

use super::operate::Desk;
use crate::config::Config;
use noted::Noted;

#[derive(Args)]
pub(super) struct VerifyArgs {
    /// Only this tenant's log.
    #[arg(long)]
    tenant: Option<String>,
    /// An end of the tenant's log that was noted earlier, as `<seq>:<hash>`: it must still be so. The log may have grown.
    #[arg(long, requires = "tenant")]
    expect: Vec<LogEnd>,
    /// A file with such ends: `<tenant> <seq>:<hash>` on each line, as `--ends` prints them.
    #[arg(long)]
    expect_file: Option<PathBuf>,
    /// Print only `<tenant> <seq>:<hash>` for each log that is sound, to be kept elsewhere and given to `--expect-file`.
    #[arg(long)]
    ends: bool,
    /// Open every sealed event, not just the newest of each stream.
    #[arg(long)]
    deep: bool,
    /// Compare what the streams on this NATS server still hold with the log.
    #[arg(long)]
    nats_url: Option<String>,
}

/// What is to be proven of each tenant.
struct Proof {
    noted: Noted,
    deep: bool,
    ends: bool,
    nats: Option<NatsConfig>,
}

pub(super) async fn run(config: Config, args: VerifyArgs) -> anyhow::Result<ExitCode> {
    let noted = match &args.expect_file {
        Some(file) => Noted::read(file)?,
        None => Noted::default(),
    };
    let proof = Proof {
        noted: match &args.tenant {
            Some(tenant) => noted.with(tenant, &args.expect).only(tenant),
            None => noted,
        },
        deep: args.deep,
        ends: args.ends,
        nats: args.nats_url.clone().map(|url| NatsConfig {
            credentials_file: config.nats_credentials_file.clone(),
            ..NatsConfig::new(url)
        }),
    };
    let desk = Desk::open(&config).await?;
    if !proof.ends {
        say!(
            "the master key in {} is that of this installation",
            desk.secrets.master_key_file.display()
        );
    }
    let mut left = Unproven::default();
    let sound = verify_all(&desk, args.tenant.as_deref(), &proof, &mut left).await;
    desk.close().await;
    let sound = sound?;
    if sound && !proof.ends {
        say!("{}", proof.told(&left));
    }
    Ok(if sound { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The tenants of which something was not proven, for want of something to compare with.
#[derive(Default)]
struct Unproven {
    tenants: usize,
    without_noted_end: Vec<String>,
    without_stream: Vec<String>,
}

async fn verify_all(desk: &Desk, only: Option<&str>, proof: &Proof, left: &mut Unproven) -> anyhow::Result<bool> {
    if let Some(slug) = only {
        return verify_one(desk, &desk.tenant(slug).await?, proof, left).await;
    }
    let (mut after, mut sound, mut missing) = (None, true, proof.noted.tenants());
    let mut listed_ids = BTreeSet::new();
    loop {
        let page = desk.archive.reader().tenants(after, PageSize::MAX).await?;
        for listed in &page {
            after = Some(listed.id);
            listed_ids.insert(listed.id);
            sound &= match &listed.tenant {
                Ok(tenant) => {
                    missing.remove(tenant.slug.as_str());
                    verify_one(desk, tenant, proof, left).await?
                }
                Err(row) => {
                    proof.complain(&listed.id.to_string(), &format!("{row}: {}", row.source));
                    false
                }
            };
        }
        if page.len() < PageSize::MAX.get() as usize {
            break;
        }
    }
    sound &= verify_without_row(desk, &listed_ids, proof, left, &mut missing).await?;
    for slug in &missing {
        proof.complain(
            slug,
            "an end of its log was noted, and there is no such tenant any more",
        );
    }
    Ok(sound && missing.is_empty())
}

/// The logs whose tenant has no row: nothing else would show that they are there.
async fn verify_without_row(
    desk: &Desk,
    listed: &BTreeSet<TenantId>,
    proof: &Proof,
    left: &mut Unproven,
    missing: &mut BTreeSet<&str>,
) -> anyhow::Result<bool> {
    let (mut after, mut sound) = (None, true);
    while let Some(id) = desk.storage.founding.next_log(after).await? {
        after = Some(id);
        if listed.contains(&id) {
            continue;
        }
        // It may have come since the tenants were listed.
        if let Some(tenant) = desk.archive.reader().tenant(id).await? {
            sound &= verify_one(desk, &tenant, proof, left).await?;
            continue;
        }
        sound = false;
        let Some(tenant) = first_of(desk, id).await? else {
            proof.complain(
                &id.to_string(),
                "its row in `tenants` is gone, and its log does not begin with a tenant",
            );
            continue;
        };
        missing.remove(tenant.slug.as_str());
        proof.complain(
            tenant.slug.as_str(),
            &format!("the row of {id} in `tenants` is gone; its log is still there:"),
        );
        verify_one(desk, &tenant, proof, left).await?;
    }
    Ok(sound)
}

/// The tenant as its log began, if that can be read.
async fn first_of(desk: &Desk, id: TenantId) -> anyhow::Result<Option<Tenant>> {
    let query = StreamQuery {
        stream: StreamId::Tenant(id),
        after: Version::ZERO,
        until_version: None,
        until_time: None,
        limit: PageSize::clamped(1),
    };
    match desk.archive.stream(id, &query).await {
        Ok(page) => Ok(page.first().and_then(|recorded| match &recorded.event {
            StreamEvent::Tenant(event) => evolve(id, None, event, recorded.stamp),
            StreamEvent::Merchant(_) => None,
        })),
        Err(error) if error.is_of_what_was_read() => Ok(None),
        Err(error) => Err(error.into()),
    }
}

async fn verify_one(desk: &Desk, tenant: &Tenant, proof: &Proof, left: &mut Unproven) -> anyhow::Result<bool> {
    let slug = tenant.slug.as_str();
    left.tenants += 1;
    if proof.noted.of(slug).is_empty() {
        left.without_noted_end.push(slug.to_owned());
    }
    let demands = Demands {
        expected: proof.noted.of(slug).to_vec(),
        depth: if proof.deep { Depth::Every } else { Depth::Newest },
    };
    let report = match prove(&desk.archive, tenant.id, &demands).await {
        Ok(report) => report,
        // A row that cannot even be read is a flaw of the log, not a failure of the check.
        Err(ReadError::Inconsistent(row)) => {
            proof.complain(slug, &format!("{row}: {}", row.source));
            return Ok(false);
        }
        Err(error @ (ReadError::Unavailable { .. } | ReadError::Crowded { .. })) => return Err(error.into()),
    };
    if let Some(flaw) = &report.flaw {
        proof.complain(slug, &describe(flaw));
        return Ok(false);
    }
    let Some(nats) = &proof.nats else {
        proof.praise(slug, &report);
        return Ok(true);
    };
    match streams::compare(desk.archive.reader(), nats, tenant).await? {
        Ok(compared) => {
            proof.praise(slug, &report);
            if !compared.is_anything() {
                left.without_stream.push(slug.to_owned());
            }
            if !proof.ends {
                say!("{slug}: {compared}");
            }
            Ok(true)
        }
        Err(difference) => {
            proof.complain(slug, &difference.to_string());
            Ok(false)
        }
    }
}

impl Proof {
    fn praise(&self, slug: &str, report: &Report) {
        let end = report.end;
        if self.ends {
            say!("{slug} {end}");
            return;
        }
        let noted = match self.noted.of(slug).len() {
            0 => String::new(),
            1 => "; it holds the end that was noted".to_owned(),
            several => format!("; it holds the {several} ends that were noted"),
        };
        let erased = match report.erased_streams {
            0 => String::new(),
            erased => format!(", {erased} of them erased"),
        };
        say!(
            "{slug}: {} events, the chain is whole{noted}; {} sealed streams open{erased}; its end is {end}",
            report.rows,
            report.sealed_streams
        );
    }

    /// Where ends are printed for a program, complaints go where a person sees them.
    fn complain(&self, slug: &str, what: &str) {
        if self.ends {
            remark!("{slug}: {what}");
        } else {
            say!("{slug}: {what}");
        }
    }

    /// What is proven now, and what is not.
    fn told(&self, left: &Unproven) -> String {
        if left.tenants == 0 {
            return "Proven: nothing, for there is no tenant.".to_owned();
        }
        let opened = if self.deep {
            "every sealed event opens and reads"
        } else {
            "the key of every sealed stream and its newest sealed event open"
        };
        let without_noted_end = left.without_noted_end.len();
        let mut open = Vec::new();
        if without_noted_end == left.tenants {
            let anew = "that nobody wrote a whole log anew, whose hashes have no key, or took one away with its tenant";
            open.push(format!("{anew} (--expect with an end noted earlier)"));
        } else {
            open.push("anything of events behind the noted ends but that they fit together".to_owned());
            if without_noted_end > 0 {
                let tenants = left.without_noted_end.join(", ");
                open.push(format!(
                    "that nobody wrote the log of {tenants} anew, of which no end was noted"
                ));
            }
        }
        if !self.deep {
            open.push("that older sealed events open (--deep)".to_owned());
        }
        if self.nats.is_none() {
            open.push("that the streams say the same (--nats-url)".to_owned());
        } else if !left.without_stream.is_empty() {
            let tenants = left.without_stream.join(", ");
            open.push(format!(
                "that the streams of {tenants} say the same, for they hold nothing"
            ));
        }
        open.push("that the rows of merchants are the fold of the log (registry rebuild --check)".to_owned());
        format!(
            "Proven: no event is missing between others, out of order or other than its hash says; {opened}.\nNot proven: {}.",
            open.join("; ")
        )
    }
}

fn describe(flaw: &Flaw) -> String {
    match flaw {
        Flaw::MissingSeq { expected, found } => format!("event {expected} is missing; after it comes {found}"),
        Flaw::Altered { seq } => format!("event {seq} was altered after it was written, or the one before it removed"),
        Flaw::MissingVersion { seq, expected, .. } => {
            format!("event {seq} should be version {expected} of its stream and is not")
        }
        Flaw::TimeRunsBack { seq } => format!("event {seq} is older than the one before it"),
        Flaw::CutOff { seq } => format!("the log ends before event {seq}, which was there"),
        Flaw::Rewritten { seq } => {
            format!("event {seq} has another hash than was noted: the log was written anew, from there or from before")
        }
        Flaw::Shut { seq, source } => format!("what is sealed in event {seq} does not open: {}", causes(source)),
        Flaw::KeyLost { seq } => {
            format!("the key under which event {seq} is sealed is not there, and its merchant was never erased")
        }
        Flaw::Unreadable { error } => error.clone(),
    }
}
