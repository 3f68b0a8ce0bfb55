//! Every text of the pages, once in Korean and once in English. One that is missing in either does not compile.

use chrono::{DateTime, Datelike, FixedOffset, Utc};

/// A text in which the partner's name stands.
pub(crate) type Named = fn(&str) -> String;

/// A page that says one thing.
pub(crate) struct Notice {
    pub(crate) title: &'static str,
    /// Without the partner's name, where nobody knows it.
    pub(crate) text: &'static str,
    /// Whether the page before is worth another look.
    pub(crate) leads_back: bool,
    /// Whether the partner is named as who knows more.
    pub(crate) names_partner: bool,
}

/// What a page says of a stage.
pub(crate) struct StageWords {
    pub(crate) title: &'static str,
    pub(crate) text: Named,
    /// The button that leads on; empty where there is nothing to go on to.
    pub(crate) button: &'static str,
    /// What stands above Paymint's words.
    pub(crate) quoted: &'static str,
}

/// The steps on the way.
pub(crate) struct StepWords {
    pub(crate) apply: &'static str,
    pub(crate) review: &'static str,
    pub(crate) documents: &'static str,
    pub(crate) rejected: &'static str,
    pub(crate) open: &'static str,
    pub(crate) opened: &'static str,
}

/// All texts.
pub(crate) struct Words {
    pub(crate) tag: &'static str,
    pub(crate) what: &'static str,
    pub(crate) window: Named,
    pub(crate) description: &'static str,
    pub(crate) apply: StageWords,
    pub(crate) draft: StageWords,
    pub(crate) review: StageWords,
    pub(crate) documents: StageWords,
    pub(crate) rejected: StageWords,
    pub(crate) opened: StageWords,
    pub(crate) unknown_stage: StageWords,
    pub(crate) unlinked: StageWords,
    pub(crate) tips: [&'static str; 2],
    pub(crate) leads_to: &'static str,
    pub(crate) another: &'static str,
    pub(crate) way: &'static str,
    pub(crate) steps: StepWords,
    pub(crate) since: fn(DateTime<Utc>) -> String,
    pub(crate) on: fn(DateTime<Utc>) -> String,
    pub(crate) no_passwords: &'static str,
    pub(crate) questions: Named,
    pub(crate) back: &'static str,
    pub(crate) unknown: Notice,
    pub(crate) closed: Notice,
    pub(crate) too_many: Notice,
    pub(crate) busy: Notice,
    pub(crate) upstream_away: Notice,
    pub(crate) spent: Notice,
    pub(crate) ask_partner: Notice,
}

/// A day in Korea.
fn day(moment: DateTime<Utc>) -> (u32, u32) {
    let korea = FixedOffset::east_opt(9 * 3_600)
        .map_or_else(|| moment.naive_utc(), |zone| moment.with_timezone(&zone).naive_local());
    (korea.month(), korea.day())
}

/// English names of months.
const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

fn day_in_english(moment: DateTime<Utc>) -> String {
    let (month, day) = day(moment);
    let month = usize::try_from(month)
        .ok()
        .and_then(|month| MONTHS.get(month.checked_sub(1)?));
    format!("{day} {}", month.unwrap_or(&""))
}

pub(crate) const KO: Words = Words {
    tag: "ko",
    what: "결제선생 입점 심사",
    window: |partner| format!("{partner} 입점 심사"),
    description: "입점 심사가 어디까지 왔는지 보고 이어서 진행하는 화면입니다.",
    apply: StageWords {
        title: "결제선생 입점을 신청해 주세요",
        text: |partner| {
            format!("{partner}에서 결제를 받으려면 결제선생의 심사가 필요합니다. 신청서를 내시면 심사가 시작됩니다.")
        },
        button: "신청 시작하기",
        quoted: "",
    },
    draft: StageWords {
        title: "쓰던 신청서를 마저 써 주세요",
        text: |_| "신청서를 끝까지 내셔야 심사가 시작됩니다. 쓰던 곳부터 이어집니다.".to_owned(),
        button: "이어서 쓰기",
        quoted: "",
    },
    review: StageWords {
        title: "결제선생이 심사하고 있습니다",
        text: |_| "지금 하실 일은 없습니다. 결과가 나오면 이 화면에서 볼 수 있습니다.".to_owned(),
        button: "낸 신청서 보기",
        quoted: "",
    },
    documents: StageWords {
        title: "서류를 다시 올려 주세요",
        text: |_| "결제선생이 심사하다가 서류를 다시 요청했습니다. 올려 주시면 바로 심사가 이어집니다.".to_owned(),
        button: "서류 올리기",
        quoted: "결제선생의 요청",
    },
    rejected: StageWords {
        title: "심사에서 반려되었습니다",
        text: |partner| format!("사유를 확인하고 다시 신청할 수 있습니다. 어려운 점은 {partner}에 문의해 주세요."),
        button: "다시 신청하기",
        quoted: "반려 사유",
    },
    opened: StageWords {
        title: "개시되었습니다",
        text: |partner| format!("심사가 끝났습니다. 이제 {partner}에서 결제를 받을 수 있습니다."),
        button: "",
        quoted: "",
    },
    unknown_stage: StageWords {
        title: "심사 상태를 확인하고 있습니다",
        text: |partner| format!("잠시 뒤 이 화면을 다시 열어 주세요. 급하시면 {partner}에 문의해 주세요."),
        button: "결제선생에서 보기",
        quoted: "",
    },
    unlinked: StageWords {
        title: "결제선생과 연결이 끊겼습니다",
        text: |partner| format!("다시 연결하려면 아래에서 이어 주세요. 끊은 적이 없다면 {partner}에 알려 주세요."),
        button: "다시 연결하기",
        quoted: "",
    },
    tips: ["네 모서리가 모두 보이게", "글자가 또렷하게, 빛 반사 없이"],
    leads_to: "결제선생 화면으로 이동합니다",
    another: "화면이 열리지 않나요? 새로 열기",
    way: "지금 어디까지 왔나요",
    steps: StepWords {
        apply: "신청서 작성",
        review: "결제선생 심사",
        documents: "서류 보완",
        rejected: "반려",
        open: "개시",
        opened: "결제를 받을 수 있습니다",
    },
    since: |moment| {
        let (month, day) = day(moment);
        format!("{month}월 {day}일부터")
    },
    on: |moment| {
        let (month, day) = day(moment);
        format!("{month}월 {day}일")
    },
    no_passwords: "이 화면은 비밀번호나 카드 번호를 묻지 않습니다.",
    questions: |partner| format!("궁금한 점은 {partner}에 문의해 주세요."),
    back: "앞 화면으로",
    unknown: Notice {
        title: "링크를 찾을 수 없습니다",
        text: "주소가 중간에 잘리지 않았는지 확인하고, 받은 메시지의 링크를 다시 눌러 주세요. 그래도 안 되면 링크를 보내 준 곳에 문의해 주세요.",
        leads_back: false,
        names_partner: false,
    },
    closed: Notice {
        title: "이 링크는 이제 쓰지 않습니다",
        text: "이 매장의 입점 진행이 끝났거나 멈췄습니다. 다시 시작하고 싶으시면 알려 주세요.",
        leads_back: false,
        names_partner: true,
    },
    too_many: Notice {
        title: "잠시 쉬었다가 열어 주세요",
        text: "짧은 시간에 너무 여러 번 열렸습니다. 1분쯤 뒤에 다시 눌러 주세요.",
        leads_back: false,
        names_partner: false,
    },
    busy: Notice {
        title: "지금은 요청이 많습니다",
        text: "잠시 뒤 다시 눌러 주세요.",
        leads_back: true,
        names_partner: false,
    },
    upstream_away: Notice {
        title: "결제선생에 연결할 수 없습니다",
        text: "결제선생 쪽이 잠시 응답하지 않습니다. 몇 분 뒤 다시 눌러 주세요.",
        leads_back: true,
        names_partner: true,
    },
    spent: Notice {
        title: "여러 번 시도하셨습니다",
        text: "나중에 다시 눌러 주세요. 계속 열리지 않으면 도움을 받으실 수 있습니다.",
        leads_back: true,
        names_partner: true,
    },
    ask_partner: Notice {
        title: "지금은 이어서 진행할 수 없습니다",
        text: "설정을 확인해야 합니다. 이 화면을 보여 주시면 바로 도와 드릴 수 있습니다.",
        leads_back: true,
        names_partner: true,
    },
};

pub(crate) const EN: Words = Words {
    tag: "en",
    what: "Paymint onboarding",
    window: |partner| format!("{partner}: onboarding"),
    description: "See how far your onboarding has come, and go on with it.",
    apply: StageWords {
        title: "Please apply at Paymint",
        text: |partner| {
            format!(
                "To take payments with {partner}, your shop has to be reviewed by Paymint. The review begins when you send your application."
            )
        },
        button: "Start the application",
        quoted: "",
    },
    draft: StageWords {
        title: "Please finish your application",
        text: |_| "The review begins when it is sent. You go on where you stopped.".to_owned(),
        button: "Go on writing",
        quoted: "",
    },
    review: StageWords {
        title: "Paymint is reviewing your shop",
        text: |_| "There is nothing to do now. You can see the result here.".to_owned(),
        button: "See the application",
        quoted: "",
    },
    documents: StageWords {
        title: "Please send documents again",
        text: |_| "Paymint asks for documents once more. The review goes on as soon as they are there.".to_owned(),
        button: "Send documents",
        quoted: "Paymint asks",
    },
    rejected: StageWords {
        title: "The application was rejected",
        text: |partner| format!("Please look at the reason; you can apply again. {partner} can help."),
        button: "Apply again",
        quoted: "Reason",
    },
    opened: StageWords {
        title: "Your shop is open",
        text: |partner| format!("The review is over. You can take payments with {partner} now."),
        button: "",
        quoted: "",
    },
    unknown_stage: StageWords {
        title: "The state of the review is being checked",
        text: |partner| format!("Please open this page again in a while. If it is urgent, ask {partner}."),
        button: "Look at Paymint",
        quoted: "",
    },
    unlinked: StageWords {
        title: "The connection to Paymint was cut",
        text: |partner| format!("You can connect again below. If you did not cut it, tell {partner}."),
        button: "Connect again",
        quoted: "",
    },
    tips: [
        "All four corners are to be seen",
        "Letters are sharp, without reflections",
    ],
    leads_to: "This leads to Paymint's pages",
    another: "Does it not open? Try a new one",
    way: "How far it has come",
    steps: StepWords {
        apply: "Application",
        review: "Review by Paymint",
        documents: "Documents",
        rejected: "Rejected",
        open: "Open",
        opened: "you can take payments",
    },
    since: |moment| format!("since {}", day_in_english(moment)),
    on: day_in_english,
    no_passwords: "This page asks for no password and no card number.",
    questions: |partner| format!("Questions? Ask {partner}."),
    back: "Back",
    unknown: Notice {
        title: "This link was not found",
        text: "Please check that no part of the address is missing, and press the link in the message again. If that does not help, ask whoever sent it to you.",
        leads_back: false,
        names_partner: false,
    },
    closed: Notice {
        title: "This link is not used any more",
        text: "The onboarding of this shop has ended or was stopped. If you want to begin again, just say so.",
        leads_back: false,
        names_partner: true,
    },
    too_many: Notice {
        title: "Please wait a moment",
        text: "This was opened too often in a short time. Please try again in about a minute.",
        leads_back: false,
        names_partner: false,
    },
    busy: Notice {
        title: "There is a lot to do right now",
        text: "Please try again in a moment.",
        leads_back: true,
        names_partner: false,
    },
    upstream_away: Notice {
        title: "Paymint cannot be reached",
        text: "Paymint does not answer right now. Please try again in a few minutes.",
        leads_back: true,
        names_partner: true,
    },
    spent: Notice {
        title: "You have tried this several times",
        text: "Please try again later. If it still does not open, there is help.",
        leads_back: true,
        names_partner: true,
    },
    ask_partner: Notice {
        title: "This cannot go on right now",
        text: "Something has to be set up first. Show this page to your partner to get help.",
        leads_back: true,
        names_partner: true,
    },
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_korea_s() {
        let moment = DateTime::parse_from_rfc3339("2026-11-16T15:00:00Z").unwrap().to_utc();
        assert_eq!((KO.since)(moment), "11월 17일부터");
        assert_eq!((EN.since)(moment), "since 17 November");
    }
}
