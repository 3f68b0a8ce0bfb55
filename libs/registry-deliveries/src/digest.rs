//! What a digest says, in Korean and in English: numbers, and where to look. No shop is named: what leaves by mail or in a channel is
//! read by whoever, and kept for ever.

use registry_domain::alerts::{HealthCondition, Subject};
use registry_domain::merchant::Stage;
use registry_domain::tenant::Slug;
use registry_journal::port::Tally;
use serde_json::{Value, json};

/// A digest of what a rule raised.
#[derive(Debug, Clone)]
pub(crate) struct Digest {
    pub(crate) tenant: Slug,
    pub(crate) subject: Subject,
    pub(crate) tally: Tally,
    /// Where the alerts of the rule are listed.
    pub(crate) link: String,
}

/// In two languages.
struct Both {
    korean: &'static str,
    english: &'static str,
}

const fn both(korean: &'static str, english: &'static str) -> Both {
    Both { korean, english }
}

const fn name(subject: Subject) -> Both {
    match subject {
        Subject::Stage(stage) => match stage {
            Stage::Registered => both("등록", "Registered"),
            Stage::LinkIssued => both("링크", "Link issued"),
            Stage::Drafting => both("작성중", "Drafting"),
            Stage::InReview => both("심사중", "In review"),
            Stage::Rejected => both("반려", "Rejected"),
            Stage::DocumentsRequired => both("서류보완", "Documents"),
            Stage::Opened => both("개시", "Opened"),
            Stage::Unknown => both("알 수 없음", "Unknown"),
            Stage::Unlinked => both("삭제", "Deleted"),
            Stage::Archived => both("보관", "Archived"),
        },
        Subject::Health(condition) => match condition {
            HealthCondition::CallbacksMissing => both("콜백이 오지 않음", "No callbacks come"),
            HealthCondition::UpstreamPaused => both("결제선생이 거절함", "Paymint refuses us"),
            HealthCondition::BalanceLow => both("잔액 부족", "The balance is low"),
            HealthCondition::QuarantineGrowing => both("격리가 쌓임", "The quarantine grows"),
            HealthCondition::PublishingBehind => both("발행이 밀림", "Publishing is behind"),
        },
    }
}

impl Digest {
    /// The numbers that are not zero, the worst first.
    fn numbers(&self) -> [Vec<String>; 2] {
        let Tally {
            warn,
            late,
            critical,
            recovered,
        } = self.tally;
        let numbers = [
            (critical, both("위험", "very late")),
            (late, both("지연", "late")),
            (warn, both("주의", "soon late")),
            (recovered, both("해소", "recovered")),
        ];
        let unit = match self.subject {
            Subject::Stage(_) => "곳",
            Subject::Health(_) => "건",
        };
        let there = || numbers.iter().filter(|(count, _)| *count > 0);
        [
            there()
                .map(|(count, word)| format!("{} {count}{unit}", word.korean))
                .collect(),
            there()
                .map(|(count, word)| format!("{count} {}", word.english))
                .collect(),
        ]
    }

    /// One line.
    pub(crate) fn title(&self) -> String {
        let [korean, _] = self.numbers();
        format!("[{}] {}: {}", self.tenant, name(self.subject).korean, korean.join(", "))
    }

    /// All of it, as text.
    pub(crate) fn text(&self) -> String {
        let [_, english] = self.numbers();
        format!(
            "{}\n{}: {}\n{}",
            self.title(),
            name(self.subject).english,
            english.join(", "),
            self.link
        )
    }

    /// For a channel that takes messages of Slack's form.
    pub(crate) fn slack(&self) -> Value {
        let text = self.text();
        json!({
            "text": self.title(),
            "blocks": [{ "type": "section", "text": { "type": "plain_text", "text": text } }],
        })
    }

    /// For a channel that takes plain JSON.
    pub(crate) fn chat(&self, id: &str) -> Value {
        json!({
            "id": id,
            "text": self.text(),
            "title": self.title(),
            "rule": self.subject.as_str(),
            "warn": self.tally.warn,
            "late": self.tally.late,
            "critical": self.tally.critical,
            "recovered": self.tally.recovered,
            "link": self.link,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_says_numbers_in_both_languages_and_where_to_look() {
        let digest = Digest {
            tenant: Slug::parse("acme").unwrap(),
            subject: Subject::Stage(Stage::InReview),
            tally: Tally {
                warn: 12,
                late: 3,
                ..Tally::default()
            },
            link: "https://desk.example/console/acme/alerts?rule=in_review".to_owned(),
        };
        assert_eq!(digest.title(), "[acme] 심사중: 지연 3곳, 주의 12곳");
        assert_eq!(
            digest.text(),
            "[acme] 심사중: 지연 3곳, 주의 12곳\nIn review: 3 late, 12 soon late\n\
             https://desk.example/console/acme/alerts?rule=in_review"
        );
        assert_eq!(digest.slack()["blocks"][0]["text"]["text"], digest.text());
        assert_eq!(digest.chat("dlv_1")["late"], 3);
    }
}
