//! Events as released versions have stored them are read, and say what they said.

use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::Value;

use super::{from_domain, into_domain};

/// Where everything lies that released versions have written, a folder for each version.
const RELEASED: &str = "../../tests/fixtures/upgrade";

/// A stored event.
#[derive(Deserialize)]
struct Stored {
    r#type: String,
    data: Value,
    personal: Option<Value>,
}

#[test]
fn events_of_every_released_version_are_read_whole() {
    let mut read = 0;
    for version in below(&Path::new(env!("CARGO_MANIFEST_DIR")).join(RELEASED)) {
        for file in below(&version.join("events")) {
            let stored: Stored = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
            let personal = stored.personal.clone();
            let personal = personal.map(|personal| serde_json::from_value(personal).unwrap());
            let event = into_domain(&stored.r#type, &stored.data.to_string(), personal);
            let event = event.unwrap_or_else(|error| panic!("{}: {error}", file.display()));
            let again = from_domain(&event);
            let data = serde_json::from_str(&again.data).unwrap();
            let personal = serde_json::to_value(&again.personal).unwrap();
            assert_eq!(again.event_type, stored.r#type);
            assert!(says(&data, &stored.data), "{}: {data}", file.display());
            assert!(
                says(&personal, &stored.personal.into()),
                "{}: {personal}",
                file.display()
            );
            read += 1;
        }
    }
    assert!(read > 0, "there were releases");
}

/// Folders and files, but for what explains them.
fn below(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_none_or(|extension| extension != "md"));
    paths
}

/// Whether everything that was said is said now. More may be: what came later has a value that older events stand for.
fn says(now: &Value, before: &Value) -> bool {
    match (now, before) {
        (Value::Object(now), Value::Object(before)) => before
            .iter()
            .all(|(name, value)| says(now.get(name).unwrap_or(&Value::Null), value)),
        (now, before) => now == before,
    }
}
