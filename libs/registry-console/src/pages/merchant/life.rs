//! The way that a shop has come, as a line with the weekdays that it spent in each place.

use chrono::{DateTime, Utc};
use registry_documents::EventData;

use super::Known;
use crate::kst;
use crate::parts::{Glyph, Lateness};
use crate::stage::Stage;
use crate::words::Words;

/// Most steps that are drawn; of more, the first and the newest.
const STEPS_MAX: usize = 9;

/// Widest step, in weekdays: wider ones would leave no room for others.
const WIDTH_MAX: u64 = 8;

/// One place on the way.
pub struct Step {
    /// The letter of its colours.
    pub letter: char,
    /// Its glyph.
    pub glyph: Glyph,
    /// Its name.
    pub name: &'static str,
    /// The day on which it began.
    pub day: String,
    /// The moment at which it began.
    pub title: String,
    /// The weekdays spent there.
    pub days: String,
    /// How wide it is drawn.
    pub width: u64,
    /// Whether that is late.
    pub is_late: bool,
    /// Whether the shop is there.
    pub is_now: bool,
    /// Whether it still lies ahead.
    pub is_todo: bool,
}

/// The way of a shop until a moment.
pub fn way(known: &Known, until: DateTime<Utc>, words: &'static Words) -> Vec<Step> {
    let mut places = places(known);
    if places.len() > STEPS_MAX {
        let newest = places.split_off(places.len() - (STEPS_MAX - 1));
        places.truncate(1);
        places.extend(newest);
    }
    let ends = places
        .iter()
        .skip(1)
        .map(|(_, begun)| *begun)
        .chain([until])
        .collect::<Vec<_>>();
    let count = places.len();
    let steps = places
        .iter()
        .zip(ends)
        .enumerate()
        .map(|(index, ((stage, begun), ended))| {
            let days = kst::weekdays(*begun, ended);
            let is_now = index + 1 == count;
            Step {
                letter: stage.letter(),
                glyph: Glyph(*stage),
                name: stage.name(words),
                day: kst::day(*begun, until),
                title: kst::whole(*begun),
                days: (words.units.days)(days),
                width: days.min(WIDTH_MAX),
                is_late: is_now && Lateness::of(*stage, days) != Lateness::None,
                is_now,
                is_todo: false,
            }
        });
    let mut steps: Vec<_> = steps.collect();
    let goes_on = places
        .last()
        .is_some_and(|(stage, _)| !matches!(stage.letter(), 'O' | 'D'));
    if goes_on {
        steps.push(Step {
            letter: 'N',
            glyph: Glyph(Stage::Registered),
            name: Stage::Opened.name(words),
            day: String::new(),
            title: String::new(),
            days: String::new(),
            width: 0,
            is_late: false,
            is_now: false,
            is_todo: true,
        });
    }
    steps
}

/// The places in order, each with when the shop came there.
fn places(known: &Known) -> Vec<(Stage, DateTime<Utc>)> {
    let mut places: Vec<(Stage, DateTime<Utc>)> = Vec::new();
    for event in known.timeline.data.iter().rev() {
        let stage = place(&event.data, places.len(), Stage::of(&known.merchant.stage));
        let moved = stage.filter(|stage| places.last().is_none_or(|(last, _)| last != stage));
        places.extend(moved.map(|stage| (stage, event.recorded_at)));
    }
    places
}

/// Where an event brought a shop that had been in so many places.
fn place(data: &EventData, places: usize, now: Stage) -> Option<Stage> {
    if let EventData::ReviewChanged(change) = data {
        return Some(Stage::of_status(&change.to));
    }
    let is = |wanted: &[&str]| wanted.contains(&data.event_type());
    if is(&["merchant.registered"]) {
        Some(Stage::Registered)
    } else if is(&["link.issued"]) && places <= 1 {
        Some(Stage::LinkIssued)
    } else if is(&["upstream.unlinked"]) {
        Some(Stage::Unlinked)
    } else if is(&["merchant.archived"]) {
        Some(Stage::Archived)
    } else if is(&["upstream.relinked", "merchant.restored"]) {
        Some(now)
    } else {
        None
    }
}
