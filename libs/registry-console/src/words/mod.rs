//! Every text of the console, once in Korean and once in English. A text that is missing in one of them does not compile.

mod desk;
mod en;
mod exports;
mod imports;
mod insight;
mod jobs;
mod ko;
mod merchants;
mod pages;
mod say;
mod team;
mod work;

pub use desk::{CallbackWords, SettingsWords};
pub use en::EN;
pub use exports::ExportWords;
pub use imports::ImportWords;
pub use insight::InsightWords;
pub use jobs::JobWords;
pub use ko::KO;
pub use merchants::{EventWords, MerchantWords, MerchantsWords, RegisterWords};
pub use pages::{FrameWords, HomeWords, SignInWords, StageWords, TroubleWords, UnitWords};
pub use team::{AuditWords, KeyWords, PeopleWords};
pub use work::{AlertWords, CalendarWords, DestinationWords, ViewWords};

/// A number in words.
pub type Count = fn(u64) -> String;

/// A text with another in it.
pub type With = fn(&str) -> String;

/// Words of the API, each with what people call it.
pub type Names = &'static [(&'static str, &'static str)];

/// All texts.
pub struct Words {
    /// Bar, menu and foot.
    pub frame: FrameWords,
    /// Stages.
    pub stages: StageWords,
    /// Numbers with their units.
    pub units: UnitWords,
    /// The page for signing in.
    pub sign_in: SignInWords,
    /// Home.
    pub home: HomeWords,
    /// The list of merchants.
    pub merchants: MerchantsWords,
    /// One merchant.
    pub merchant: MerchantWords,
    /// Registering and changing one.
    pub register: RegisterWords,
    /// What events say.
    pub events: EventWords,
    /// What came in, what could not be used, what nobody registered.
    pub callbacks: CallbackWords,
    /// Settings and health.
    pub settings: SettingsWords,
    /// Days on which people work.
    pub calendar: CalendarWords,
    /// What somebody is told of.
    pub alerts: AlertWords,
    /// How long shops wait, and how far they have come.
    pub insight: InsightWords,
    /// To whom and what alerts are carried.
    pub destinations: DestinationWords,
    /// What people keep of their questions.
    pub views: ViewWords,
    /// One thing that is done to many shops.
    pub jobs: JobWords,
    /// Shops from a file.
    pub imports: ImportWords,
    /// Lists as files.
    pub exports: ExportWords,
    /// People, their rights, their sessions.
    pub people: PeopleWords,
    /// API keys.
    pub keys: KeyWords,
    /// Who did what.
    pub audit: AuditWords,
    /// What does not work.
    pub trouble: TroubleWords,
    /// What was done: the word of a redirect, the text, whether it is good news.
    pub done: &'static [(&'static str, &'static str, bool)],
    /// Who must act.
    pub turns: Names,
    /// What has to happen next.
    pub next_actions: Names,
    /// What became of a link.
    pub link_states: Names,
    /// What is known of a call for a link.
    pub link_outcomes: Names,
    /// Who said something.
    pub sources: Names,
    /// Who caused something.
    pub actors: Names,
    /// Through what somebody acted.
    pub channels: Names,
    /// How far something can be trusted.
    pub verifications: Names,
    /// Why a claim is doubtful.
    pub doubts: Names,
    /// How a doubtful claim was settled.
    pub resolutions: Names,
    /// What a callback came to.
    pub verdicts: Names,
    /// Why a callback could not be used.
    pub quarantine_reasons: Names,
    /// Whether a shop may bill, and why.
    pub billing_reasons: Names,
    /// What a person should look at.
    pub warnings: Names,
}
