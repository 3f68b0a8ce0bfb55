//! What was carried to a destination, line by line.

use crate::documents::Delivery;
use crate::frame::Frame;
use crate::kst;
use crate::parts::At;
use crate::query::segment;

/// A delivery in the list.
pub(super) struct Row {
    pub(super) id: String,
    pub(super) when: At,
    pub(super) matter: String,
    pub(super) more: String,
    pub(super) state: String,
    pub(super) class: &'static str,
    pub(super) next: String,
    pub(super) attempts: u64,
    pub(super) answer: String,
    pub(super) body: String,
    /// Where it is sent again, if it can be.
    pub(super) again: Option<String>,
}

impl Row {
    pub(super) fn new(frame: &Frame, path: &str, delivery: &Delivery) -> Self {
        let (words, now) = (frame.words(), frame.now);
        let said = &words.destinations;
        let numbers = delivery.digest.as_ref().map(|digest| {
            let counts = [
                (digest.critical, words.severity("critical")),
                (digest.late, words.severity("late")),
                (digest.warn, words.severity("warn")),
                (digest.recovered, said.recovered),
            ];
            let counts = counts.iter().filter(|(count, _)| *count > 0);
            let counts: Vec<_> = counts.map(|(count, word)| format!("{word} {count}")).collect();
            format!("{} · {}", words.alert_rule(&digest.rule), counts.join(", "))
        });
        let seq = delivery.event_seq.map(|seq| format!("#{seq}"));
        let failure = delivery
            .failure
            .as_deref()
            .map(|word| words.delivery_failure(word).to_owned());
        let answer = [delivery.answer_status.map(|status| status.to_string()), failure];
        let next = delivery.next_attempt_at.map(|at| (said.next)(&kst::minute(at, now)));
        Self {
            id: delivery.id.clone(),
            when: At {
                moment: delivery.created_at,
                now,
            },
            matter: words.delivery_matter(&delivery.matter).to_owned(),
            more: numbers.or(seq).unwrap_or_default(),
            state: words.delivery_state(&delivery.state).to_owned(),
            class: match delivery.state.as_str() {
                "delivered" => "ok",
                "failed" => "bad",
                _ => "",
            },
            next: next.unwrap_or_default(),
            attempts: delivery.attempts,
            answer: answer.into_iter().flatten().collect::<Vec<_>>().join(" "),
            body: delivery.answer_body.clone().unwrap_or_default(),
            again: (delivery.state != "open").then(|| format!("{path}/deliveries/{}", segment(&delivery.id))),
        }
    }
}
