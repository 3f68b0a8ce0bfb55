//! Puts the files of others and our own stylesheet, script and icons into the binary.
//!
//! Those of others are what `package-lock.json` names, by their hashes. npm fetches them once into `target/tools/console`;
//! while the lock file stays as it is nothing is fetched again, so that later builds need neither npm nor a network.

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use flate2::Compression;
use flate2::write::GzEncoder;
use sha2::{Digest, Sha256};

/// The packages that are shown on the page of licences, each with the file that has its terms.
const LICENCES: &[(&str, Option<&str>)] = &[
    ("@tabler/core", None),
    ("@tabler/icons", Some("LICENSE")),
    ("htmx.org", Some("LICENSE")),
    ("pretendard", Some("dist/LICENSE.txt")),
];

type Outcome<T> = Result<T, String>;

fn main() {
    for input in ["build.rs", "package-lock.json", "assets"] {
        println!("cargo::rerun-if-changed={input}");
    }
    if let Err(message) = embed() {
        println!("cargo::error={message}");
    }
}

fn embed() -> Outcome<()> {
    let here = PathBuf::from(variable("CARGO_MANIFEST_DIR")?);
    let out = PathBuf::from(variable("OUT_DIR")?);
    let modules = fetched(&here)?;
    let own = here.join("assets");
    let mut table = Table::new(out.clone());
    let font = read(&modules.join("pretendard/dist/web/variable/woff2/PretendardVariable.woff2"))?;
    let font = table.add("FONT", "pretendard", "woff2", "font/woff2", &font)?;
    let css = read_text(&own.join("console.css"))?.replace("pretendard.woff2", &font);
    let tabler = read(&modules.join("@tabler/core/dist/css/tabler.min.css"))?;
    table.add("TABLER_CSS", "tabler", "css", "text/css; charset=utf-8", &tabler)?;
    table.add(
        "CONSOLE_CSS",
        "console",
        "css",
        "text/css; charset=utf-8",
        css.as_bytes(),
    )?;
    let htmx = read(&modules.join("htmx.org/dist/htmx.min.js"))?;
    table.add("HTMX_JS", "htmx", "js", "text/javascript; charset=utf-8", &htmx)?;
    let script = read(&own.join("console.js"))?;
    table.add("CONSOLE_JS", "console", "js", "text/javascript; charset=utf-8", &script)?;
    let icons = sprite(&own, &modules.join("@tabler/icons/icons/outline"))?;
    table.add("ICONS", "icons", "svg", "image/svg+xml", icons.as_bytes())?;
    table.add("FAVICON", "mark", "svg", "image/svg+xml", &read(&own.join("mark.svg"))?)?;
    let licences = licences(&modules)?;
    write(&out.join("paths.rs"), table.paths.as_bytes())?;
    write(&out.join("assets.rs"), table.source().as_bytes())?;
    write(&out.join("licences.rs"), licences.as_bytes())
}

/// The folder with the packages that the lock file names.
fn fetched(here: &Path) -> Outcome<PathBuf> {
    let place = here.join("../../target/tools/console");
    fs::create_dir_all(&place).map_err(|error| format!("creating {}: {error}", place.display()))?;
    let turn = place.join("turn");
    let turn = fs::File::create(&turn).map_err(|error| format!("creating {}: {error}", turn.display()))?;
    // Builds of two profiles may come here at once.
    turn.lock()
        .map_err(|error| format!("waiting for another build: {error}"))?;
    let lock = read(&here.join("package-lock.json"))?;
    // Written behind what it stands for: an installation that broke off is done again.
    let installed = place.join("installed.json");
    if fs::read(&installed).is_ok_and(|installed| installed == lock) {
        return Ok(place.join("node_modules"));
    }
    write(&place.join("package.json"), &read(&here.join("package.json"))?)?;
    write(&place.join("package-lock.json"), &lock)?;
    let arguments = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"];
    let outcome = Command::new("npm").args(arguments).current_dir(&place).output();
    match outcome {
        Ok(done) if done.status.success() => write(&installed, &lock).map(|()| place.join("node_modules")),
        Ok(failed) => {
            let told = String::from_utf8_lossy(&failed.stderr).replace('\n', " ");
            Err(format!(
                "`npm ci` could not fetch what the console shows (libs/registry-console/package-lock.json): {told}"
            ))
        }
        Err(error) => Err(format!(
            "the console's stylesheet, font and icons are fetched by npm, and npm cannot be run ({error}): install Node.js with npm, or let `cargo xtask` do it"
        )),
    }
}

/// What becomes of each file: its name with its hash, and its bytes, also compressed where that makes it smaller.
struct Table {
    out: PathBuf,
    paths: String,
    rows: String,
}

impl Table {
    fn new(out: PathBuf) -> Self {
        let (paths, rows) = (String::new(), String::new());
        Self { out, paths, rows }
    }

    fn add(&mut self, constant: &str, name: &str, ending: &str, content_type: &str, bytes: &[u8]) -> Outcome<String> {
        let hash: String = hex::encode(Sha256::digest(bytes)).chars().take(16).collect();
        let file = format!("{name}-{hash}.{ending}");
        write(&self.out.join(&file), bytes)?;
        let gzip = compressed(bytes)?;
        let gzip = if gzip.len() * 10 < bytes.len() * 9 {
            write(&self.out.join(format!("{file}.gz")), &gzip)?;
            format!("Some(include_bytes!(\"{file}.gz\"))")
        } else {
            "None".to_owned()
        };
        let told = |error| format!("{constant}: {error}");
        let path = format!("/console/assets/{file}");
        writeln!(
            self.paths,
            "/// A file of its kind.\npub const {constant}: &str = {path:?};"
        )
        .map_err(told)?;
        writeln!(
            self.rows,
            "    Asset {{ file: \"{file}\", content_type: \"{content_type}\", plain: include_bytes!(\"{file}\"), gzip: {gzip} }},"
        )
        .map_err(told)?;
        Ok(file)
    }

    fn source(&self) -> String {
        format!("static ASSETS: &[Asset] = &[\n{}];\n", self.rows)
    }
}

fn compressed(bytes: &[u8]) -> Outcome<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder
        .write_all(bytes)
        .and_then(|()| encoder.finish())
        .map_err(|error| format!("compressing: {error}"))
}

/// One file with every icon as a symbol.
fn sprite(own: &Path, tabler: &Path) -> Outcome<String> {
    let mut sprite = String::from("<svg xmlns=\"http://www.w3.org/2000/svg\">\n");
    for line in read_text(&own.join("icons.txt"))?
        .lines()
        .filter(|line| !line.starts_with('#'))
    {
        let (name, file) = line
            .split_once(' ')
            .ok_or_else(|| format!("icons.txt: {line:?} is no pair"))?;
        let svg = read_text(&tabler.join(format!("{}.svg", file.trim())))?;
        let strokes = svg.split_once('>').and_then(|(_, rest)| rest.rsplit_once("</svg>"));
        let (strokes, _) = strokes.ok_or_else(|| format!("the icon {file} is not as expected"))?;
        let strokes: String = strokes.lines().map(str::trim).collect();
        let strokes = strokes.replace("<path stroke=\"none\" d=\"M0 0h24v24H0z\" fill=\"none\" />", "");
        let symbol = writeln!(sprite, "<symbol id=\"{name}\" viewBox=\"0 0 24 24\">{strokes}</symbol>");
        symbol.map_err(|error| format!("{name}: {error}"))?;
    }
    sprite += &read_text(&own.join("glyphs.svg"))?;
    Ok(sprite + "</svg>\n")
}

fn licences(modules: &Path) -> Outcome<String> {
    let mut source = String::from("static LICENCES: &[Licence] = &[\n");
    for (package, file) in LICENCES {
        let folder = modules.join(package);
        let manifest = read_text(&folder.join("package.json"))?;
        let field = |name: &str| {
            let rest = manifest.split_once(&format!("\"{name}\": \""))?.1;
            rest.split_once('"').map(|(value, _)| value.to_owned())
        };
        let missing = |name: &str| format!("{package} does not say its {name}");
        let version = field("version").ok_or_else(|| missing("version"))?;
        let licence = field("license").ok_or_else(|| missing("licence"))?;
        let text = if let Some(file) = file {
            read_text(&folder.join(file))?
        } else {
            // Its head names the holders; the terms are those of the same makers' icons.
            let css = read_text(&folder.join("dist/css/tabler.min.css"))?;
            let banner = css.split_once("/*!").and_then(|(_, rest)| rest.split_once("*/"));
            let (banner, _) = banner.ok_or_else(|| missing("terms"))?;
            let terms = read_text(&modules.join("@tabler/icons/LICENSE"))?;
            format!("{}\n\n{terms}", banner.replace(" * ", "").trim())
        };
        let row = format!("package: {package:?}, version: {version:?}, terms: {licence:?}, text: {text:?}");
        writeln!(source, "    Licence {{ {row} }},").map_err(|error| format!("{package}: {error}"))?;
    }
    Ok(source + "];\n")
}

#[expect(clippy::disallowed_methods, reason = "cargo tells a build script by its environment")]
fn variable(name: &str) -> Outcome<String> {
    std::env::var(name).map_err(|error| format!("{name}: {error}"))
}

fn read(path: &Path) -> Outcome<Vec<u8>> {
    fs::read(path).map_err(|error| format!("reading {}: {error}", path.display()))
}

fn read_text(path: &Path) -> Outcome<String> {
    fs::read_to_string(path).map_err(|error| format!("reading {}: {error}", path.display()))
}

fn write(path: &Path, bytes: &[u8]) -> Outcome<()> {
    fs::write(path, bytes).map_err(|error| format!("writing {}: {error}", path.display()))
}
