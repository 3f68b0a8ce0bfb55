//! The binary `registry`.

use std::process::ExitCode;

use mimalloc::MiMalloc;

/// Every callback makes and drops hundreds of small pieces of JSON; the system's allocator took a tenth of the time.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    registry::serving::child_or(serve)
}

#[tokio::main]
async fn serve() -> ExitCode {
    registry::commands::main().await
}
