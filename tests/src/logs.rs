//! Where everything is written: one file for each test and for each program it starts. And a list of what must stand
//! in none of them, which `cargo xtask test` looks for in the end.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, Once};
use std::thread;

use tracing_subscriber::EnvFilter;

use crate::settings::settings;

/// The list of secrets in the log directory.
const SECRETS: &str = "secrets.list";

/// Starts to log what happens in this process, once.
pub fn start() {
    static START: Once = Once::new();
    START.call_once(|| {
        // Tests that share a process share its log.
        let name = if settings().is_one_test {
            test_name()
        } else {
            "shared".to_owned()
        };
        tracing_subscriber::fmt()
            .with_env_filter(EnvFilter::new("debug"))
            .with_ansi(false)
            .with_writer(Mutex::new(new_file(&directory().join(format!("{name}.log")))))
            .init();
    });
}

/// A new file for what a program prints that the running test starts.
pub fn of_program(name: &str) -> (File, PathBuf) {
    static STARTED: AtomicU32 = AtomicU32::new(1);
    let number = STARTED.fetch_add(1, Ordering::Relaxed);
    let path = directory().join(format!("{}.{number}-{name}.log", test_name()));
    (new_file(&path), path)
}

/// Notes a value that must appear in no log.
pub fn secret(value: &str) {
    let list = OpenOptions::new()
        .create(true)
        .append(true)
        .open(directory().join(SECRETS));
    // One write, so that lines of several processes do not mix.
    let written = list.and_then(|mut list| list.write_all(format!("{value}\n").as_bytes()));
    written.expect("the list of secrets can be written");
}

/// The test harness names its threads after their tests.
fn test_name() -> String {
    thread::current().name().unwrap_or("unnamed").replace("::", "-")
}

fn directory() -> &'static Path {
    let directory = &settings().log_directory;
    std::fs::create_dir_all(directory).expect("the log directory can be made");
    directory
}

/// What an earlier run left there goes: tests read these files.
fn new_file(path: &Path) -> File {
    File::create(path).expect("a log can be made")
}
