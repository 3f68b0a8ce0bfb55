//! What a tenant wants to be told of.

use crate::ids::Version;
use crate::merchant::Stage;
use crate::words::words;

/// Most business days of a level: a year has some 250.
pub const LEVEL_DAYS_MAX: u16 = 250;

/// Most callbacks or events that a rule may let pass.
pub const MORE_THAN_MAX: u32 = 1_000_000;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// It will be late soon.
    Warn,
    /// It is late.
    Late,
    /// It is very late.
    Critical,
}

words!(Severity {
    Warn => "warn",
    Late => "late",
    Critical => "critical",
});

/// What can be wrong with a tenant itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum HealthCondition {
    /// Links were issued, and no callback comes.
    CallbacksMissing,
    /// Paymint refuses the tenant.
    UpstreamPaused,
    /// The balance is below what the tenant calls low.
    BalanceLow,
    /// More callbacks wait in quarantine than the rule lets pass.
    QuarantineGrowing,
    /// More events wait to be published than the rule lets pass.
    PublishingBehind,
}

words!(HealthCondition {
    CallbacksMissing => "callbacks_missing",
    UpstreamPaused => "upstream_paused",
    BalanceLow => "balance_low",
    QuarantineGrowing => "quarantine_growing",
    PublishingBehind => "publishing_behind",
});

impl HealthCondition {
    /// Whether something is counted, so that a rule says how much of it may pass.
    pub const fn is_counted(self) -> bool {
        match self {
            Self::QuarantineGrowing | Self::PublishingBehind => true,
            Self::CallbacksMissing | Self::UpstreamPaused | Self::BalanceLow => false,
        }
    }
}

/// What a rule is about. A tenant has one rule for each, at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Subject {
    /// Shops that stand in a stage.
    Stage(Stage),
    /// The tenant itself.
    Health(HealthCondition),
}

impl Subject {
    /// The word of every subject.
    pub const WORDS: &'static [&'static str] = &[
        "registered",
        "link_issued",
        "drafting",
        "in_review",
        "documents_required",
        "rejected",
        "unknown",
        "unlinked",
        "callbacks_missing",
        "upstream_paused",
        "balance_low",
        "quarantine_growing",
        "publishing_behind",
    ];

    /// The word that it goes by. No stage is called like a condition.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Stage(stage) => stage.as_str(),
            Self::Health(condition) => condition.as_str(),
        }
    }

    /// The subject of a word. Nobody waits for a shop that is open or put away.
    pub fn from_word(word: &str) -> Option<Self> {
        let stage = Stage::from_word(word).filter(|stage| !matches!(stage, Stage::Opened | Stage::Archived));
        let condition = || HealthCondition::from_word(word).map(Self::Health);
        stage.map(Self::Stage).or_else(condition)
    }

    /// Every subject.
    pub fn all() -> impl Iterator<Item = Self> {
        let words = Stage::ALL.iter().map(|stage| stage.as_str());
        let words = words.chain(HealthCondition::ALL.iter().map(|condition| condition.as_str()));
        words.filter_map(Self::from_word)
    }
}

/// Most percent that a wait can be longer than.
pub const UNUSUAL_PERCENT_MAX: u8 = 100;

/// Why levels are none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LevelsError {
    /// There is none.
    #[error("at least one of warn, late, critical and unusual must be set")]
    None,
    /// A level is out of its range.
    #[error("a level has 1 to {LEVEL_DAYS_MAX} business days, or 1 to {UNUSUAL_PERCENT_MAX} percent")]
    OutOfRange,
    /// A worse level comes earlier.
    #[error("each level must have more business days than the one before it")]
    NotRising,
}

/// After how many business days a shop is told of, by how bad that is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Levels {
    warn: Option<u16>,
    late: Option<u16>,
    critical: Option<u16>,
    unusual: Option<u8>,
}

impl Levels {
    /// Levels that rise; and of how many percent of the tenant's own waits one is longer that is unusual.
    pub fn new(
        warn: Option<u16>,
        late: Option<u16>,
        critical: Option<u16>,
        unusual: Option<u8>,
    ) -> Result<Self, LevelsError> {
        let levels = Self {
            warn,
            late,
            critical,
            unusual,
        };
        let days: Vec<_> = levels.all().map(|(_, days)| days).collect();
        if days.is_empty() && unusual.is_none() {
            Err(LevelsError::None)
        } else if days.iter().any(|days| !(1..=LEVEL_DAYS_MAX).contains(days))
            || unusual.is_some_and(|percent| !(1..=UNUSUAL_PERCENT_MAX).contains(&percent))
        {
            Err(LevelsError::OutOfRange)
        } else if days.is_sorted_by(|one, next| one < next) {
            Ok(levels)
        } else {
            Err(LevelsError::NotRising)
        }
    }

    /// The days of a level.
    pub const fn of(&self, severity: Severity) -> Option<u16> {
        match severity {
            Severity::Warn => self.warn,
            Severity::Late => self.late,
            Severity::Critical => self.critical,
        }
    }

    /// Of how many percent of the tenant's own waits one is longer that is told of as [`Severity::Warn`], whatever the days.
    pub const fn unusual(&self) -> Option<u8> {
        self.unusual
    }

    /// The levels that are set, the mildest first.
    pub fn all(&self) -> impl DoubleEndedIterator<Item = (Severity, u16)> + use<> {
        let levels = *self;
        let severities = Severity::ALL.iter();
        severities.filter_map(move |severity| levels.of(*severity).map(|days| (*severity, days)))
    }
}

/// A rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AlertRule {
    /// Shops that stand too long in a stage.
    Stage {
        /// The stage.
        stage: Stage,
        /// What is too long.
        levels: Levels,
    },
    /// What is wrong with the tenant itself.
    Health {
        /// What.
        condition: HealthCondition,
        /// How bad that is.
        severity: Severity,
        /// How much may pass, where something is counted.
        more_than: u32,
    },
}

impl AlertRule {
    /// What it is about.
    pub const fn subject(&self) -> Subject {
        match self {
            Self::Stage { stage, .. } => Subject::Stage(*stage),
            Self::Health { condition, .. } => Subject::Health(*condition),
        }
    }
}

/// A rule of a tenant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SetAlertRule {
    /// The rule.
    pub rule: AlertRule,
    /// The event of the tenant's stream that set it.
    pub version: Version,
}
