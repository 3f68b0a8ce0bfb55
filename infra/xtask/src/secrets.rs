//! The search of a test run's output for what must never be written: the second half of `cargo xtask test`.
//!
//! Two kinds of things are looked for. Values that tests used and listed as secret (API keys, tokens, business
//! numbers), wherever they stand. And two shapes that are secret whatever their value: a callback URL with its token,
//! and a business number written with hyphens. Ten bare digits are too often a time to be judged by their shape.

use std::collections::BTreeSet;
use std::fmt;
use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

use aho_corasick::AhoCorasick;
use anyhow::{Context, Result, ensure};

/// The file in the log directory to which tests append the secrets they use, one a line.
pub const LIST: &str = "secrets.list";

/// Anything shorter would be found everywhere.
const SHORTEST_SECRET: usize = 8;

/// A token is longer; a placeholder in a route or a document is shorter.
const SHORTEST_TOKEN: usize = 20;

/// Where something secret stands, without saying it.
pub struct Finding {
    file: PathBuf,
    line: usize,
    what: &'static str,
}

impl fmt::Display for Finding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}: {}", self.file.display(), self.line, self.what)
    }
}

/// Looks for secrets in text.
pub struct Search {
    secrets: Vec<String>,
    matcher: AhoCorasick,
}

impl Search {
    /// A search for the secrets of a list, one a line, and for the two shapes.
    pub fn new(list: &str) -> Result<Self> {
        let secrets: BTreeSet<_> = list.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
        let secrets: Vec<String> = secrets.into_iter().map(str::to_owned).collect();
        let short = secrets.iter().filter(|secret| secret.len() < SHORTEST_SECRET).count();
        ensure!(
            short == 0,
            "{short} of the listed secrets have less than {SHORTEST_SECRET} bytes: too short to find"
        );
        let matcher = AhoCorasick::new(&secrets).context("preparing the search for secrets")?;
        Ok(Self { secrets, matcher })
    }

    /// How many different secrets were listed.
    pub fn count(&self) -> usize {
        self.secrets.len()
    }

    /// Everything found in a file, or in the files below a directory. The list of secrets itself is left out.
    pub fn below(&self, path: &Path, findings: &mut Vec<Finding>) -> Result<()> {
        if path.is_dir() {
            for entry in fs::read_dir(path).with_context(|| format!("reading {}", path.display()))? {
                self.below(&entry?.path(), findings)?;
            }
        } else if path.file_name().is_none_or(|name| name != LIST) {
            self.in_file(path, findings)
                .with_context(|| format!("searching {}", path.display()))?;
        }
        Ok(())
    }

    fn in_file(&self, path: &Path, findings: &mut Vec<Finding>) -> Result<()> {
        let mut lines = BufReader::new(File::open(path)?);
        let mut bytes = Vec::new();
        for line in 1.. {
            bytes.clear();
            if lines.read_until(b'\n', &mut bytes)? == 0 {
                break;
            }
            let found = self.in_line(&bytes).into_iter();
            findings.extend(found.map(|what| Finding {
                file: path.to_owned(),
                line,
                what,
            }));
        }
        Ok(())
    }

    fn in_line(&self, line: &[u8]) -> Vec<&'static str> {
        let mut found = Vec::new();
        if self.holds_listed_secret(line) {
            found.push("a value that a test listed as secret");
        }
        if holds_callback_token(line) {
            found.push("a callback URL with its token");
        }
        if holds_hyphenated_business_number(line) {
            found.push("a business number");
        }
        found
    }

    fn holds_listed_secret(&self, line: &[u8]) -> bool {
        self.matcher.find_overlapping_iter(line).any(|found| {
            let secret = &self.secrets[found.pattern().as_usize()];
            // A number may stand inside a longer number or an id by chance.
            let is_number = secret.bytes().all(|byte| byte.is_ascii_digit());
            !is_number || stands_alone(line, found.start(), found.end(), |byte| byte.is_ascii_alphanumeric())
        })
    }
}

fn holds_callback_token(line: &[u8]) -> bool {
    const PREFIX: &[u8] = b"/cb/v1/";
    let starts = line
        .windows(PREFIX.len())
        .enumerate()
        .filter(|(_, window)| *window == PREFIX);
    starts.map(|(start, _)| &line[start + PREFIX.len()..]).any(|rest| {
        let is_token = |byte: &&u8| byte.is_ascii_alphanumeric() || **byte == b'-' || **byte == b'_';
        rest.iter().take_while(is_token).count() >= SHORTEST_TOKEN
    })
}

/// 사업자등록번호 as `000-00-00000`, with a right check digit.
fn holds_hyphenated_business_number(line: &[u8]) -> bool {
    const LENGTH: usize = 12;
    line.windows(LENGTH).enumerate().any(|(start, window)| {
        let in_number = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        window[3] == b'-'
            && window[6] == b'-'
            && window.iter().filter(|byte| byte.is_ascii_digit()).count() == 10
            && stands_alone(line, start, start + LENGTH, in_number)
            && has_right_check_digit(window)
    })
}

/// The checksum of the National Tax Service: weights 1 3 7 1 3 7 1 3 5, plus the tens of the ninth digit's product.
fn has_right_check_digit(number: &[u8]) -> bool {
    const WEIGHTS: [u32; 9] = [1, 3, 7, 1, 3, 7, 1, 3, 5];
    let digits: Vec<u32> = number
        .iter()
        .filter_map(|byte| char::from(*byte).to_digit(10))
        .collect();
    let [first @ .., ninth, check] = digits.as_slice() else {
        return false;
    };
    let sum: u32 = first
        .iter()
        .chain([ninth])
        .zip(WEIGHTS)
        .map(|(digit, weight)| digit * weight)
        .sum();
    (10 - (sum + ninth * 5 / 10) % 10) % 10 == *check
}

fn stands_alone(line: &[u8], start: usize, end: usize, belongs: impl Fn(u8) -> bool) -> bool {
    let before = start.checked_sub(1).and_then(|before| line.get(before));
    !before.is_some_and(|byte| belongs(*byte)) && !line.get(end).is_some_and(|byte| belongs(*byte))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::{LIST, Search};

    fn found(list: &str, line: &str) -> Vec<&'static str> {
        Search::new(list).unwrap().in_line(line.as_bytes())
    }

    #[test]
    fn a_listed_secret_is_found_wherever_it_stands() {
        let list = "rk_0123456789\n\n1178178260\n";
        assert_eq!(found(list, "xrk_0123456789y").len(), 1);
        assert_eq!(found(list, r#"{"number":"1178178260"}"#).len(), 1);
        assert!(found(list, "rk_012345678").is_empty());
        assert!(found("", "rk_0123456789").is_empty());
    }

    #[test]
    fn a_listed_number_inside_a_longer_one_is_chance() {
        assert!(found("1178178260", "at 1178178260123 ms").is_empty());
        assert!(found("1178178260", "id 0197a1178178260f").is_empty());
        assert_eq!(found("1178178260", "11781782600 and 1178178260").len(), 1);
    }

    #[test]
    fn a_secret_that_overlaps_another_is_found() {
        assert_eq!(found("1178178260\n78260abcdef", "x1178178260abcdef").len(), 1);
    }

    #[test]
    fn a_callback_token_is_found_and_a_placeholder_is_not() {
        assert_eq!(
            found("", "POST https://host/cb/v1/AQEabcdefgh-ijklmn_pq HTTP/1.1").len(),
            1
        );
        assert!(found("", "POST /cb/v1/{token}").is_empty());
        assert!(found("", "POST /cb/v1/not-a-token").is_empty());
    }

    #[test]
    fn a_business_number_with_hyphens_is_found_by_its_check_digit() {
        assert_eq!(found("", "number 117-81-78260.").len(), 1);
        assert!(found("", "number 117-81-78261").is_empty());
        assert!(found("", "0117-81-78260").is_empty());
        assert!(found("", "117-81-78260-1").is_empty());
        assert!(found("", "ten digits 1178178260").is_empty());
    }

    #[test]
    fn a_short_secret_is_refused() {
        assert!(Search::new("abc").is_err());
    }

    #[test]
    fn findings_name_file_and_line_but_not_the_secret_and_the_list_is_left_out() {
        let directory = tempfile::tempdir().unwrap();
        fs::create_dir(directory.path().join("inner")).unwrap();
        fs::write(directory.path().join(LIST), "rk_0123456789\n").unwrap();
        fs::write(directory.path().join("inner/service.log"), "fine\nkey rk_0123456789\n").unwrap();
        let mut findings = Vec::new();
        Search::new("rk_0123456789")
            .unwrap()
            .below(directory.path(), &mut findings)
            .unwrap();
        let findings: Vec<_> = findings.iter().map(ToString::to_string).collect();
        assert_eq!(findings.len(), 1);
        assert!(findings[0].contains("inner/service.log:2: "));
        assert!(!findings[0].contains("rk_"));
    }
}
