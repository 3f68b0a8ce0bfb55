//! What the tests read: the files of the repository and what cargo knows about its crates.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use cargo_metadata::{MetadataCommand, Package};

/// The top of the repository.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the tests lie in a folder of the repository")
}

/// Every crate of the workspace, with the dependencies its manifest declares.
pub fn packages() -> Vec<Package> {
    let manifest = root().join("Cargo.toml");
    MetadataCommand::new()
        .manifest_path(manifest)
        .no_deps()
        .exec()
        .expect("cargo metadata works")
        .packages
}

/// Every file that is in git or about to be, as a path from the root; ignored files are not.
pub fn files() -> Vec<PathBuf> {
    let listed = Command::new("git")
        // The checkout may belong to another user, as it does in many a container.
        .args([
            "-c",
            "safe.directory=*",
            "ls-files",
            "-z",
            "--cached",
            "--others",
            "--exclude-standard",
        ])
        .current_dir(root())
        .output()
        .expect("git is installed");
    assert!(
        listed.status.success(),
        "git ls-files: {}",
        String::from_utf8_lossy(&listed.stderr)
    );
    let names = String::from_utf8(listed.stdout).expect("file names are UTF-8");
    let files: Vec<_> = names.split_terminator('\0').map(PathBuf::from).collect();
    // A file may be deleted but still in the index.
    files.into_iter().filter(|file| root().join(file).is_file()).collect()
}

/// The Rust sources of the workspace.
pub fn sources() -> Vec<PathBuf> {
    files()
        .into_iter()
        .filter(|file| file.extension().is_some_and(|extension| extension == "rs"))
        .collect()
}

/// The content of a file, if it is text.
pub fn text(file: &Path) -> Option<String> {
    let path = root().join(file);
    let bytes = fs::read(&path).unwrap_or_else(|error| panic!("reading {}: {error}", path.display()));
    String::from_utf8(bytes).ok()
}

/// The lines of a source before the test module at its end.
pub fn without_test_module(source: &str) -> Vec<&str> {
    let lines: Vec<_> = source.lines().collect();
    let is_module = |index: usize| {
        lines[index] == "#[cfg(test)]" && lines.get(index + 1).is_some_and(|next| next.starts_with("mod "))
    };
    let end = (0..lines.len()).rfind(|index| is_module(*index)).unwrap_or(lines.len());
    lines[..end].to_vec()
}

/// The words of a text in lower case: letters, digits and underscores.
pub fn words(text: &str) -> Vec<String> {
    let words = text.split(|letter: char| !letter.is_alphanumeric() && letter != '_');
    words.filter(|word| !word.is_empty()).map(str::to_lowercase).collect()
}

/// Fails with the advice and the list of what is wrong, if anything is.
pub fn expect_none(wrong: &[String], advice: &str) {
    assert!(wrong.is_empty(), "{advice}\n  {}", wrong.join("\n  "));
}
