//! The binary `registry`.

use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    registry::commands::main().await
}
