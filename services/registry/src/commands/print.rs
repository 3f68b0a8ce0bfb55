//! `registry openapi`: the contract of the REST API as a document.

use std::process::ExitCode;

use anyhow::Context;

pub(super) fn openapi() -> anyhow::Result<ExitCode> {
    let document = registry_http::openapi()
        .to_pretty_json()
        .context("the OpenAPI document cannot be written")?;
    println!("{document}");
    Ok(ExitCode::SUCCESS)
}
