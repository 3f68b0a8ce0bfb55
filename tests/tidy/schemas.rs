//! The names of schemas: of two with one name the document would have only the second, and say it of both.

use std::collections::BTreeMap;
use std::path::PathBuf;

use regex::Regex;

use crate::repository::{expect_none, sources, text};

#[test]
fn every_schema_has_a_name_of_its_own() {
    let derived = Regex::new(r"derive\([^)]*\bToSchema\b[^)]*\)\]").expect("it is a pattern");
    let called = Regex::new(r"#\[schema\(as = (\w+)|\b(?:struct|enum) (\w+)").expect("it is a pattern");
    let mut places: BTreeMap<String, Vec<PathBuf>> = BTreeMap::new();
    for file in sources() {
        let text = text(&file).unwrap_or_default();
        for one in derived.find_iter(&text) {
            let name = called
                .captures(&text[one.end()..])
                .expect("it is derived for something");
            let name = name.get(1).or_else(|| name.get(2)).expect("one of the two");
            places.entry(name.as_str().to_owned()).or_default().push(file.clone());
        }
    }
    assert!(places.len() > 100, "schemas are found");
    let twice = places.iter().filter(|(_, places)| places.len() > 1);
    let twice: Vec<_> = twice.map(|(name, places)| format!("{name}: {places:?}")).collect();
    expect_none(&twice, "Give one of them another name with #[schema(as = …)]:");
}
