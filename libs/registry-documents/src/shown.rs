//! What documents and events show alike: how much of it, and in which form.

use std::collections::BTreeMap;

use registry_domain::review::{DeletionMark, Observation, ReviewCode};
use registry_domain::{FreeText, Label};

/// What stands in place of a number of which nothing may be shown.
pub(crate) const HIDDEN: &str = "**********";

/// How much a reader may see of what is about persons.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sight {
    /// Everything.
    Whole,
    /// Business numbers without their last five digits, and not on whose behalf somebody called.
    Masked,
}

/// A business number with its last five digits hidden, `117-81-*****`: the digits that are left name the tax office
/// and the kind of business. One that does not read as a number is hidden whole, for it may be anything.
pub fn mask_number(number: &str, doubtful: bool) -> String {
    let readable = !doubtful && number.len() == 10 && number.bytes().all(|byte| byte.is_ascii_digit());
    if readable {
        format!("{}-{}-*****", &number[..3], &number[3..5])
    } else {
        HIDDEN.to_owned()
    }
}

pub(crate) fn text(text: Option<&FreeText>) -> Option<String> {
    text.map(|text| text.as_str().to_owned())
}

pub(crate) fn labels(labels: &[Label]) -> Vec<String> {
    labels.iter().map(|label| label.as_str().to_owned()).collect()
}

pub(crate) fn label_map(labels: &BTreeMap<String, Label>) -> BTreeMap<String, String> {
    labels
        .iter()
        .map(|(key, label)| (key.clone(), label.as_str().to_owned()))
        .collect()
}

pub(crate) fn claimed_code(observation: &Observation) -> Option<String> {
    observation
        .review_code
        .as_ref()
        .map(ReviewCode::as_str)
        .map(str::to_owned)
}

pub(crate) fn claimed_deletion(observation: &Observation) -> Option<bool> {
    match observation.deletion {
        DeletionMark::NotDeleted => Some(false),
        DeletionMark::Deleted => Some(true),
        DeletionMark::Unrecognised(_) | DeletionMark::Unsaid => None,
    }
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde hands the field over by reference"
)]
pub(crate) fn is_false(flag: &bool) -> bool {
    !flag
}
