//! What README says of the tour, and whether what came is what it shows: word for word, but for what is another each time.

use std::sync::LazyLock;

use regex::Regex;

/// A piece of README.
pub(super) enum Part {
    Prose(String),
    /// A block of `sh`.
    Commands(String),
    /// A block of no language: what the commands before it give.
    Shown(String),
}

/// The parts of a section.
pub(super) fn parts(readme: &str, heading: &str) -> Vec<Part> {
    let (_, section) = readme.split_once(heading).expect("README has a tour");
    let section = section.split("\n## ").next().unwrap_or_default();
    let (mut parts, mut rest) = (Vec::new(), section);
    while let Some((prose, begun)) = rest.split_once("\n```") {
        let (language, block) = begun.split_once('\n').expect("a block has a first line");
        let (block, behind) = block.split_once("\n```\n").expect("a block has an end");
        parts.push(Part::Prose(prose.to_owned()));
        parts.push(match language {
            "sh" => Part::Commands(block.to_owned()),
            "" => Part::Shown(block.to_owned()),
            other => panic!("the tour has a block of {other}"),
        });
        // The break before the next block may be the one behind this one.
        rest = &readme[offset(readme, behind) - 1..offset(readme, behind) + behind.len()];
    }
    parts.push(Part::Prose(rest.to_owned()));
    parts.retain(|part| !matches!(part, Part::Prose(prose) if prose.trim().is_empty()));
    parts
}

fn offset(whole: &str, part: &str) -> usize {
    part.as_ptr().addr() - whole.as_ptr().addr()
}

/// Compares what came with what README shows, where `…` stands for anything.
pub(super) fn expect(script: &str, shown: &str, came: &str) {
    let (wanted, got) = (comparable(shown), comparable(came));
    let mut pieces = wanted.split('…');
    let first = pieces.next().unwrap_or_default();
    let mut rest = got.strip_prefix(first);
    let mut last = first;
    for piece in pieces {
        last = piece;
        rest = rest.and_then(|rest| rest.split_once(piece)).map(|(_, behind)| behind);
    }
    let ends = rest.is_some_and(|rest| rest.is_empty() || last.is_empty()) || got.ends_with(last) && rest.is_some();
    assert!(ends, "{script}\ngives\n\n{came}\n\nand README shows\n\n{shown}\n");
}

/// Without what is another each time: ids, times, hashes, secrets, and how far a log has grown. JSON is broken into lines
/// in README, so blanks do not count.
fn comparable(text: &str) -> String {
    static CHANGING: LazyLock<[(Regex, &str); 4]> = LazyLock::new(|| {
        [
            (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", "<time>"),
            (r"[0-9a-f]{32,}", "<hex>"),
            (r"\s+", ""),
            (r"\d+events,|itsendis\d+:", "<length>"),
        ]
        .map(|(pattern, name)| (Regex::new(pattern).expect("a pattern"), name))
    });
    CHANGING.iter().fold(text.to_owned(), |text, (pattern, name)| {
        pattern.replace_all(&text, *name).into_owned()
    })
}

#[test]
fn a_transcript_is_compared_to_the_word() {
    let id = "0197000000007000900000000000abcd";
    expect(
        "",
        "{\"id\":\"mer_…\",\n \"a\": 1}",
        &format!("{{\"id\":\"mer_{id}\",\"a\":1}}"),
    );
    expect(
        "",
        "at 2026-11-22T07:38:14.842600Z …",
        "at 2027-01-01T00:00:00Z and more",
    );
    for (shown, came) in [("a … b", "a c"), ("a", "a b"), ("…\"a\":1", "\"a\":2"), ("a", "")] {
        let refused = std::panic::catch_unwind(|| expect("", shown, came));
        assert!(refused.is_err(), "{shown} is not {came}");
    }
}
