//! `registry document`.

use std::process::ExitCode;

use anyhow::Context;
use clap::Args;
use registry_domain::MerchantId;
use registry_domain::tenant::Slug;
use registry_publish_nats::{NatsConfig, get_document};

use crate::config::Config;

#[derive(Args)]
pub(super) struct DocumentArgs {
    /// The tenant.
    #[arg(long)]
    tenant: String,
    /// The merchant.
    #[arg(long)]
    merchant: String,
    /// The NATS server, if the configuration names none.
    #[arg(long)]
    nats_url: Option<String>,
}

pub(super) async fn run(config: Config, args: DocumentArgs) -> anyhow::Result<ExitCode> {
    let tenant = Slug::parse(&args.tenant).context("the slug cannot be used")?;
    let merchant: MerchantId = args.merchant.parse().context("the merchant id cannot be used")?;
    let url = args
        .nats_url
        .or(config.nats_url)
        .context("no NATS server is named; use --nats-url or NATS_URL")?;
    let nats = NatsConfig {
        credentials_file: config.nats_credentials_file,
        ..NatsConfig::new(url)
    };
    let document = get_document(&nats, &tenant, merchant)
        .await?
        .context("the bucket has no such document")?;
    say!("{}", String::from_utf8_lossy(&document));
    Ok(ExitCode::SUCCESS)
}
