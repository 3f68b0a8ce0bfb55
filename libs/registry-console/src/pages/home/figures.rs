//! The figures of Home, and whose turn it is.

use crate::documents::{Counts, Health, View};
use crate::frame::Frame;
use crate::pages::merchants::views::address;
use crate::parts::thousands;
use crate::query::Query;
use crate::stage::{self, Stage};

/// Most views that are counted here.
const VIEWS_MAX: usize = 4;

/// A number that leads to what it counts.
pub struct Tile {
    /// What is counted.
    pub name: &'static str,
    /// How many, if it was counted.
    pub count: Option<String>,
    /// Of what.
    pub unit: &'static str,
    /// What else is to be said.
    pub more: String,
    /// Where they are.
    pub href: String,
}

/// A share of the bar: who is to move.
pub struct Turn {
    /// Who.
    pub name: &'static str,
    /// How many wait for them.
    pub count: Option<String>,
    /// For what.
    pub more: &'static str,
    /// Where they are.
    pub href: String,
    /// The class of its colour.
    pub class: &'static str,
    /// Where it begins, in hundredths of the bar.
    pub start: f64,
    /// How wide it is, in hundredths of the bar.
    pub width: f64,
}

/// A view, and how many it shows.
pub struct ViewCount {
    /// What it is called.
    pub name: String,
    /// How many, if they could be counted.
    pub count: Option<String>,
    /// Where they are.
    pub href: String,
    /// Whether it is the one that whoever looks begins with.
    pub is_default: bool,
}

impl ViewCount {
    /// Views that are shown here, as they are: the one that whoever looks begins with, then their own, then the others.
    pub fn first(mut views: Vec<View>) -> Vec<View> {
        views.sort_by_key(|view| (!view.default, view.shared));
        views.truncate(VIEWS_MAX);
        views
    }

    /// The call that counts what a view shows.
    pub fn call(view: &View) -> String {
        let asked = Query::read(Some(&view.query)).without("sort").without("limit");
        asked.on("/v1/stats/review-status")
    }

    /// A view with its count.
    pub fn new(frame: &Frame, view: &View, counts: Option<&Counts>) -> Self {
        Self {
            name: view.name.clone(),
            count: counts.map(|counts| thousands(counts.data.by_stage.values().sum())),
            href: address(&frame.path("/merchants"), view),
            is_default: view.default,
        }
    }
}

/// All of them.
pub struct Figures {
    /// Whether they were counted.
    pub is_counted: bool,
    /// The numbers.
    pub tiles: Vec<Tile>,
    /// Views to open.
    pub views: Vec<ViewCount>,
    /// Whose turn it is.
    pub turns: Vec<Turn>,
    /// The bar in words.
    pub bar_label: String,
}

impl Figures {
    /// The figures, as far as they are known.
    pub fn new(frame: &Frame, counts: Option<&Counts>, health: Option<&Health>, views: Vec<ViewCount>) -> Self {
        let (words, page) = (frame.words(), &frame.words().home);
        let sum = |stages: &[Stage]| {
            let by_stage = &counts?.data.by_stage;
            Some(
                stages
                    .iter()
                    .filter_map(|stage| by_stage.get(stage.as_str()))
                    .sum::<u64>(),
            )
        };
        let list = |stages: &[Stage]| {
            let query = Query::default()
                .with("stage", &stage::list(stages))
                .with("sort", "stage_since");
            query.on(&frame.path("/merchants"))
        };
        let tile = |name, stages: &[Stage], more: &str| Tile {
            name,
            count: sum(stages).map(thousands),
            unit: words.units.shops,
            more: more.to_owned(),
            href: list(stages),
        };
        let on_the_way = [Stage::LinkIssued, Stage::Drafting];
        let tiles = vec![
            tile(page.stuck, &Stage::STUCK, page.stuck_more),
            tile(Stage::InReview.name(words), &[Stage::InReview], page.in_review_more),
            Tile {
                name: words.frame.quarantine,
                count: health.map(|health| thousands(health.open_quarantine)),
                unit: words.units.cases,
                more: page.quarantine_more.to_owned(),
                href: frame.path("/quarantine"),
            },
            tile(words.merchants.link, &on_the_way, page.link_more),
            found(frame, health),
        ];
        let turns = turns(frame, sum, list);
        let said: Vec<_> = turns
            .iter()
            .map(|turn| format!("{} {}", turn.name, turn.count.as_deref().unwrap_or("…")))
            .collect();
        Self {
            is_counted: counts.is_some(),
            tiles,
            views,
            bar_label: said.join(", "),
            turns,
        }
    }
}

fn found(frame: &Frame, health: Option<&Health>) -> Tile {
    let page = &frame.words().home;
    let share = health.and_then(|health| health.share_found_by_asking);
    Tile {
        name: page.found_by_asking,
        count: health.map(|_| share.map_or_else(|| "–".to_owned(), |share| format!("{:.1}", share * 100.0))),
        unit: if share.is_some() { "%" } else { "" },
        more: health.map_or_else(String::new, |health| {
            (page.found_more)(
                &thousands(health.changes_by_asking),
                &thousands(health.changes_by_callback),
            )
        }),
        href: frame.path("/health"),
    }
}

fn turns(frame: &Frame, sum: impl Fn(&[Stage]) -> Option<u64>, list: impl Fn(&[Stage]) -> String) -> Vec<Turn> {
    let (words, page) = (frame.words(), &frame.words().home);
    let parts: [(&str, &str, &[Stage], &str); 3] = [
        (
            "merchant",
            page.whose_merchant,
            &[Stage::LinkIssued, Stage::Drafting, Stage::DocumentsRequired],
            "g-S",
        ),
        ("upstream", page.whose_upstream, &[Stage::InReview], "g-P"),
        (
            "partner",
            page.whose_partner,
            &[Stage::Registered, Stage::Rejected],
            "g-N",
        ),
    ];
    let whole: u64 = parts.iter().filter_map(|(_, _, stages, _)| sum(stages)).sum();
    let mut start = 0.0;
    let mut seen = 0;
    let turns = parts.map(|(actor, more, stages, class)| {
        let count = sum(stages);
        seen += count.unwrap_or(0);
        let width = share(seen, whole) - start;
        let turn = Turn {
            name: words.turn(actor),
            count: count.map(thousands),
            more,
            href: list(stages),
            class,
            start,
            width,
        };
        start += width;
        turn
    });
    turns.into()
}

/// A part of a whole in hundredths, to a tenth.
fn share(part: u64, whole: u64) -> f64 {
    let tenths = part.saturating_mul(1_000).checked_div(whole).unwrap_or(0);
    u32::try_from(tenths).map_or(0.0, |tenths| f64::from(tenths) / 10.0)
}
