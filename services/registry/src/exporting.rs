//! The task that makes files of lists, and where they are asked for and taken.

use registry_exports::{ExportDesk, ExportDeskParts, ExportNumbers, ExportRunner, ExportRunnerParts};
use registry_http::read_list;
use registry_journal::{Ambient, Writer};
use tokio_util::sync::CancellationToken;

use crate::config::Config;
use crate::storage::Storage;
use crate::workers::Worker;

/// Makes files of lists. Returns the task, where files are asked for and taken, and what is to be known of both.
pub(crate) fn start_exports(
    config: &Config,
    storage: &Storage,
    writer: &Writer,
    ambient: &Ambient,
) -> anyhow::Result<(Worker, ExportDesk, ExportNumbers)> {
    let numbers = ExportNumbers::default();
    let desk = ExportDesk::new(ExportDeskParts {
        archive: storage.for_requests.clone(),
        writer: writer.clone(),
        ambient: ambient.clone(),
        limits: config.export_limits(),
        numbers: numbers.clone(),
    });
    let parts = ExportRunnerParts {
        archive: storage.archive.clone(),
        leases: storage.leases()?,
        ambient: ambient.clone(),
        limits: config.export_limits(),
        read_list,
        numbers: numbers.clone(),
    };
    let stop = CancellationToken::new();
    let task = tokio::spawn(ExportRunner::new(parts).run(stop.clone()));
    Ok((Worker::new("maker of exports", stop, task), desk, numbers))
}
