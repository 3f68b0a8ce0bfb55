//! The tabs over the list: one for each stage, and two that put several together.

use super::conditions::NAMES;
use crate::documents::Counts;
use crate::frame::Frame;
use crate::parts::thousands;
use crate::query::{Query, segment};
use crate::stage::{self, Stage};

/// A tab.
pub struct Tab {
    /// Its name.
    pub name: &'static str,
    /// How many stand there, if it was counted.
    pub count: Option<String>,
    /// Where it goes.
    pub href: String,
    /// Whether it is the one that is shown.
    pub is_on: bool,
    /// Whether it stands apart at the end.
    pub is_last: bool,
}

/// All tabs.
pub struct Tabs {
    /// Differs with what is searched for: then other counts are due.
    pub id: String,
    /// Where the counts are.
    pub source: String,
    /// Whether they stand here.
    pub is_counted: bool,
    /// The tabs.
    pub items: Vec<Tab>,
}

impl Tabs {
    /// The tabs for a query.
    pub fn new(frame: &Frame, query: &Query, counts: Option<&Counts>) -> Self {
        let words = frame.words();
        let path = frame.path("/merchants");
        let shown = query.words("stage").collect::<Vec<_>>().join(",");
        let names: Vec<_> = NAMES
            .iter()
            .copied()
            .chain(["sort", "limit", "columns", "view"])
            .collect();
        let kept = query.only(&names).without("stage");
        let tab = |name, stages: &[Stage], is_last| {
            let list = stage::list(stages);
            let by_stage = counts.map(|counts| &counts.data.by_stage);
            let sum = by_stage.map(|by_stage| {
                let counted: Vec<_> = if stages.is_empty() {
                    Stage::ALL
                        .into_iter()
                        .filter(|stage| *stage != Stage::Archived)
                        .collect()
                } else {
                    stages.to_vec()
                };
                counted
                    .iter()
                    .filter_map(|stage| by_stage.get(stage.as_str()))
                    .sum::<u64>()
            });
            Tab {
                name,
                count: sum.map(thousands),
                is_on: shown == list,
                href: kept.with("stage", &list).on(&path),
                is_last,
            }
        };
        let mut items = vec![
            tab(words.merchants.all, &[], false),
            tab(words.merchants.stuck, &Stage::STUCK, false),
        ];
        let single = [
            Stage::Registered,
            Stage::LinkIssued,
            Stage::Drafting,
            Stage::InReview,
            Stage::DocumentsRequired,
            Stage::Rejected,
            Stage::Opened,
        ];
        items.extend(single.map(|stage| tab(stage.name(words), &[stage], false)));
        items.push(tab(Stage::Archived.name(words), &[Stage::Archived], true));
        Self {
            id: format!("tabs-{}", segment(&kept.only(NAMES).on(""))),
            source: query.only(&names).on(&frame.path("/merchants/tabs")),
            is_counted: counts.is_some(),
            items,
        }
    }
}
