//! The package for TypeScript, built from the document: its own tests, and what it does with a running service.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use registry_tests::TestApp;
use registry_tests::api::{number_of, text_of};
use registry_tests::settings::{repository, settings};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

/// What it is made of, besides `src` and `test`.
const MANIFESTS: [&str; 2] = ["package.json", "tsconfig.json"];

/// A copy of the package, so that nothing is made in the repository.
struct Package {
    directory: TempDir,
    modules: PathBuf,
}

impl Package {
    fn copy() -> Self {
        let directory = TempDir::with_prefix("typescript-").expect("a temporary directory can be made");
        let source = repository().join("openapi/typescript");
        for name in MANIFESTS {
            fs::copy(source.join(name), directory.path().join(name)).expect("the file can be copied");
        }
        for folder in ["src", "test"] {
            copy_files(&source.join(folder), &directory.path().join(folder));
        }
        let beside = settings().generators_modules();
        let modules = beside.parent().expect("the file lies in a folder").join("node_modules");
        std::os::unix::fs::symlink(&modules, directory.path().join("node_modules")).expect("a link can be made");
        Self { directory, modules }
    }

    /// Runs Node.js in the package, gives it something to read, and returns what it prints.
    async fn node<Word: AsRef<OsStr>>(&self, words: impl IntoIterator<Item = Word>, task: &Value) -> Vec<u8> {
        let mut child = Command::new(settings().node())
            .args(words)
            .current_dir(self.directory.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("the program starts");
        let mut stdin = child.stdin.take().expect("its input is piped");
        let task = task.to_string();
        // Whoever reads no task may have ended before it is written.
        let _ = stdin.write_all(task.as_bytes()).await;
        drop(stdin);
        let done = child.wait_with_output().await.expect("it ends");
        assert!(
            done.status.success(),
            "{}\n{}",
            String::from_utf8_lossy(&done.stdout),
            String::from_utf8_lossy(&done.stderr)
        );
        done.stdout
    }

    /// What `npm run build` does, with the same words.
    async fn build(&self) {
        let generator = self.modules.join("openapi-typescript/bin/cli.js");
        let document = repository().join("openapi/registry.json");
        let types = Path::new("src/schema.ts");
        let words = [generator.as_path(), document.as_path(), Path::new("--output"), types];
        self.node(words, &Value::Null).await;
        let compiler = self.modules.join("typescript/bin/tsc");
        self.node([compiler.as_path()], &Value::Null).await;
    }

    /// What `npm test` does. What the compiler must refuse is among the tests.
    async fn test(&self) {
        let compiler = self.modules.join("typescript/bin/tsc");
        let words = [compiler.as_path(), Path::new("--project"), Path::new("test")];
        self.node(words, &Value::Null).await;
        let tests = files(&self.directory.path().join("test")).into_iter();
        let tests: Vec<_> = tests
            .filter(|file| file.to_string_lossy().ends_with(".test.mjs"))
            .collect();
        assert!(!tests.is_empty(), "it has tests");
        let words = std::iter::once(PathBuf::from("--test")).chain(tests);
        self.node(words, &Value::Null).await;
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("the folder can be read");
    let entries = entries.map(|entry| entry.expect("the folder can be read").path());
    entries.filter(|path| path.is_file()).collect()
}

fn copy_files(from: &Path, to: &Path) {
    fs::create_dir(to).expect("a folder can be made");
    for file in files(from) {
        let name = file.file_name().expect("a file has a name");
        fs::copy(&file, to.join(name)).expect("the file can be copied");
    }
}

#[tokio::test]
async fn the_package_for_typescript_is_built_and_does_what_it_says() {
    let package = Package::copy();
    package.build().await;
    package.test().await;

    let app = TestApp::start().await;
    let api = &app.tenant.api;
    // By its input, because others see the words of a command.
    let task = json!({ "base": api.base(), "key": api.key().expect("the client has a key") });
    let printed = package.node(["test/live.mjs"], &task).await;
    let told: Value = serde_json::from_slice(&printed).expect("it prints what it saw");
    let feed = api.feed().await;
    let registered = feed.iter().filter(|event| event["type"] == "merchant.registered");
    let registered: Vec<_> = registered
        .map(|event| (text_of(event, "merchant_id"), number_of(event, "seq")))
        .collect();
    let told_of = (text_of(&told, "id"), number_of(&told, "seen"));
    assert_eq!(registered, [told_of], "asked for twice, done once");
    assert_eq!(number_of(&told, "listed"), 1);
    app.finish().await;
}
