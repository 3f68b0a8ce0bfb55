//! What all pages of a tenant share: the bar, the menu, the foot.

use axum::http::StatusCode;
use chrono::{DateTime, Utc};
use registry_people::Scope;
use registry_web::Language;

use crate::api::Trouble;
use crate::documents::Problem;
use crate::door::{SignedIn, TenantChoice};
use crate::kst;
use crate::parts::thousands;
use crate::preferences::{Preferences, Theme};
use crate::query::{Query, segment};
use crate::words::Words;

/// The version of the service.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The parts of the menu.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Section {
    /// What to do today.
    Home,
    /// All shops.
    Merchants,
    /// How long they wait.
    Ageing,
    /// How far they have come.
    Funnel,
    /// What somebody is told of.
    Alerts,
    /// What came in.
    Callbacks,
    /// What could not be used.
    Quarantine,
    /// What nobody registered.
    Unclaimed,
    /// What is done to many.
    Jobs,
    /// Who belongs to the tenant.
    People,
    /// What programs sign in with.
    Keys,
    /// Who did what.
    Audit,
    /// How well things go.
    Health,
    /// What can be set.
    Settings,
    /// One's own account, which has no place in the menu.
    Account,
}

impl Section {
    /// The menu, in groups.
    pub const MENU: &[&[Self]] = &[
        &[Self::Home, Self::Merchants, Self::Ageing, Self::Funnel, Self::Alerts],
        &[Self::Callbacks, Self::Quarantine, Self::Unclaimed, Self::Jobs],
        &[Self::People, Self::Keys, Self::Audit],
        &[Self::Health, Self::Settings],
    ];

    /// Below the tenant's path.
    pub const fn path(self) -> &'static str {
        match self {
            Self::Home => "",
            Self::Merchants => "/merchants",
            Self::Ageing => "/ageing",
            Self::Funnel => "/funnel",
            Self::Alerts => "/alerts",
            Self::Callbacks => "/callbacks",
            Self::Quarantine => "/quarantine",
            Self::Unclaimed => "/unclaimed",
            Self::Jobs => "/jobs",
            Self::People => "/people",
            Self::Keys => "/keys",
            Self::Audit => "/audit",
            Self::Health => "/health",
            Self::Settings => "/settings",
            Self::Account => "/account",
        }
    }

    /// Where its place in the menu leads: the list of merchants opens as whoever looks begins with it.
    pub const fn leads_to(self) -> &'static str {
        match self {
            Self::Merchants => "/merchants?view=default",
            Self::Home
            | Self::Ageing
            | Self::Funnel
            | Self::Alerts
            | Self::Callbacks
            | Self::Quarantine
            | Self::Unclaimed
            | Self::Jobs
            | Self::People
            | Self::Keys
            | Self::Audit
            | Self::Health
            | Self::Settings
            | Self::Account => self.path(),
        }
    }

    /// What nobody can use it without.
    const fn needs(self) -> Option<Scope> {
        match self {
            Self::Keys => Some(Scope::KeysWrite),
            Self::Audit => Some(Scope::AuditRead),
            Self::Home
            | Self::Merchants
            | Self::Ageing
            | Self::Funnel
            | Self::Alerts
            | Self::Callbacks
            | Self::Quarantine
            | Self::Unclaimed
            | Self::Jobs
            | Self::People
            | Self::Health
            | Self::Settings
            | Self::Account => None,
        }
    }

    /// The key that goes there after `g`, by its place on the keyboard.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Home => "KeyH",
            Self::Merchants => "KeyM",
            Self::Ageing => "KeyD",
            Self::Funnel => "KeyF",
            Self::Alerts => "KeyL",
            Self::Callbacks => "KeyC",
            Self::Quarantine => "KeyQ",
            Self::Unclaimed => "KeyU",
            Self::Jobs => "KeyJ",
            Self::People => "KeyP",
            Self::Keys => "KeyK",
            Self::Audit => "KeyA",
            Self::Health => "KeyE",
            Self::Settings => "KeyS",
            Self::Account => "KeyI",
        }
    }

    /// Its icon.
    pub const fn icon(self) -> &'static str {
        match self {
            Self::Home => "home",
            Self::Merchants => "store",
            Self::Ageing => "wait",
            Self::Funnel => "funnel",
            Self::Alerts => "bell",
            Self::Callbacks => "callback",
            Self::Quarantine => "quarantine",
            Self::Unclaimed => "unclaimed",
            Self::Jobs => "jobs",
            Self::People => "people",
            Self::Keys => "key",
            Self::Audit => "audit",
            Self::Health => "health",
            Self::Settings => "gear",
            Self::Account => "person",
        }
    }

    /// Its name.
    pub const fn name(self, words: &Words) -> &'static str {
        let frame = &words.frame;
        match self {
            Self::Home => frame.home,
            Self::Merchants => frame.merchants,
            Self::Ageing => words.insight.ageing,
            Self::Funnel => words.insight.funnel,
            Self::Alerts => words.alerts.title,
            Self::Callbacks => frame.callbacks,
            Self::Quarantine => frame.quarantine,
            Self::Unclaimed => frame.unclaimed,
            Self::Jobs => words.jobs.title,
            Self::People => frame.people,
            Self::Keys => frame.api_keys,
            Self::Audit => frame.audit,
            Self::Health => frame.health,
            Self::Settings => frame.settings,
            Self::Account => frame.account,
        }
    }
}

/// Where a page listens for what changes.
#[derive(Debug, Clone)]
pub struct Live {
    /// The stream.
    pub source: String,
}

/// What was done, told once on the page that follows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    text: &'static str,
    is_good: bool,
}

impl Notice {
    /// What a redirect says; nothing if its word is not one of ours.
    pub fn of(word: &str, words: &'static Words) -> Option<Self> {
        let (_, text, is_good) = words.done.iter().find(|(known, _, _)| *known == word)?;
        Some(Self {
            text,
            is_good: *is_good,
        })
    }

    /// What happened.
    pub fn text(&self) -> &str {
        self.text
    }

    /// The class of its colours.
    pub const fn kind(&self) -> &'static str {
        if self.is_good { "good" } else { "" }
    }

    /// Its icon.
    pub const fn icon(&self) -> &'static str {
        if self.is_good { "check" } else { "info" }
    }
}

/// What all pages of a tenant share.
#[derive(Debug, Clone)]
pub struct Frame {
    /// The title of the window.
    pub title: String,
    /// What the person chose.
    pub look: Preferences,
    /// The short name of the tenant.
    pub tenant: String,
    /// All tenants of the person.
    pub tenants: Vec<TenantChoice>,
    /// The person's name.
    pub person: String,
    /// What the person may do here.
    pub scopes: Vec<Scope>,
    /// The part of the menu that the page belongs to.
    pub section: Section,
    /// How many alerts are open.
    pub open_alerts: u64,
    /// How many alerts sleep.
    pub asleep_alerts: u64,
    /// The page's own address.
    pub here: String,
    /// The call that has the same answer.
    pub call: Option<String>,
    /// Where the page listens.
    pub live: Option<Live>,
    /// What was done before.
    pub notice: Option<Notice>,
    /// What did not work.
    pub problem: Option<Problem>,
    /// Whether the page has a search of its own, which then has the key.
    pub has_own_search: bool,
    /// The moment that the page was made.
    pub now: DateTime<Utc>,
}

impl Frame {
    /// The frame of a page.
    pub fn new(who: &SignedIn, look: Preferences, section: Section, title: &str, now: DateTime<Utc>) -> Self {
        Self {
            title: format!("{title} · {}", who.tenant.slug),
            look,
            tenant: who.tenant.slug.clone(),
            tenants: who.tenants.clone(),
            person: who.name.clone(),
            scopes: who.scopes.clone(),
            section,
            open_alerts: who.open_alerts,
            asleep_alerts: who.asleep_alerts,
            here: format!("/console/{}{}", segment(&who.tenant.slug), section.path()),
            call: None,
            live: None,
            notice: None,
            problem: None,
            has_own_search: false,
            now,
        }
    }

    /// With the page's own address.
    #[must_use]
    pub fn at(mut self, here: String) -> Self {
        self.here = here;
        self
    }

    /// With the API call that has the same answer.
    #[must_use]
    pub fn calls(mut self, method: &str, path: &str) -> Self {
        let method = if method == "GET" {
            String::new()
        } else {
            format!("-X {method} ")
        };
        self.call = Some(format!(
            "curl -s {method}\"$BASE{path}\" -H \"Authorization: Bearer $KEY\""
        ));
        self
    }

    /// With what was done before.
    #[must_use]
    pub fn noticed(mut self, word: Option<&str>) -> Self {
        self.notice = word.and_then(|word| Notice::of(word, self.words()));
        self
    }

    /// With what did not work.
    #[must_use]
    pub fn troubled(mut self, trouble: &Trouble) -> Self {
        self.problem = Some(self.words().problem(trouble));
        self
    }

    /// With a stream of what changes behind a position of the log: of one merchant, or of all.
    #[must_use]
    pub fn listening(mut self, merchant: Option<&str>, after: Option<u64>) -> Self {
        let about = Query::default().with("merchant", merchant.unwrap_or_default());
        let after = after.map(|after| after.to_string()).unwrap_or_default();
        self.live = Some(Live {
            source: about.with("after", &after).on(&self.path("/live")),
        });
        self
    }

    /// Whether the person may do this here.
    pub fn may(&self, scope: Scope) -> bool {
        self.scopes.contains(&scope)
    }

    /// The menu of what the person can use, in groups.
    pub fn menu(&self) -> Vec<Vec<Section>> {
        let usable = |section: &Section| section.needs().is_none_or(|scope| self.may(scope));
        let groups = Section::MENU
            .iter()
            .map(|group| group.iter().copied().filter(usable).collect::<Vec<_>>());
        groups.filter(|group| !group.is_empty()).collect()
    }

    /// What stands beside a part of the menu: a number, and what it means.
    pub fn badge(&self, section: Section) -> Option<(String, String)> {
        let is_told = section == Section::Alerts && self.open_alerts > 0;
        let count = thousands(self.open_alerts);
        is_told.then(|| (count.clone(), (self.words().alerts.menu)(&count)))
    }

    /// What stands above a page on paper: whose it is, who printed it, when, and what was asked for.
    pub fn printed(&self) -> String {
        let (tenant, person, now) = (&self.tenant, &self.person, kst::whole(self.now));
        format!("{tenant} · {person} · {now} · {}", self.here)
    }

    /// The status of the page: that of the problem that it shows.
    pub fn status(&self) -> StatusCode {
        let shown = self
            .problem
            .as_ref()
            .and_then(|problem| StatusCode::from_u16(problem.status).ok());
        shown.unwrap_or(StatusCode::OK)
    }

    /// All words.
    pub fn words(&self) -> &'static Words {
        self.look.words()
    }

    /// A path of this tenant.
    pub fn path(&self, below: &str) -> String {
        format!("/console/{}{below}", segment(&self.tenant))
    }

    /// Whether the page is in Korean.
    pub fn is_korean(&self) -> bool {
        self.look.language == Language::Korean
    }

    /// The colours that can be chosen, each with its name.
    pub fn themes(&self) -> [(&'static str, &'static str); 3] {
        let words = &self.words().frame;
        [
            (Theme::System.word(), words.colours_system),
            (Theme::Light.word(), words.colours_light),
            (Theme::Dark.word(), words.colours_dark),
        ]
    }
}
