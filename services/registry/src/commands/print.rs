//! `registry openapi` and `registry asyncapi`: the contracts as documents.

use std::process::ExitCode;

use anyhow::Context;

pub(super) fn openapi() -> anyhow::Result<ExitCode> {
    let document = registry_http::openapi()
        .to_pretty_json()
        .context("the OpenAPI document cannot be written")?;
    say!("{document}");
    Ok(ExitCode::SUCCESS)
}

pub(super) fn asyncapi() -> anyhow::Result<ExitCode> {
    let document = serde_json::to_string_pretty(&registry_documents::asyncapi());
    say!("{}", document.context("the AsyncAPI document cannot be written")?);
    Ok(ExitCode::SUCCESS)
}
