//! What is done to rows behind the registry's back.

use registry_journal::port::CountTable;

/// What is done to a merchant's projected rows behind the registry's back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Damage {
    /// The column `status` of its row gets another word.
    Status,
    /// The JSON of its row is no JSON any more.
    State,
    /// Its row is filtered and counted by what is another's.
    Facets,
    /// Its row is as a version of the program wrote it that knows no facets.
    Outdated,
    /// Its row is deleted.
    Lost,
    /// It is found by another merchant code.
    FoundElsewhere,
    /// Its stretches are deleted.
    HistoryLost,
    /// What it is and was found by is deleted.
    TermsLost,
    /// What it has reached is deleted.
    MilestonesLost,
    /// Its links are deleted.
    LinksLost,
    /// A row like its own appears under another id and other codes.
    Surplus,
    /// Its payment approvals are deleted.
    ApprovalsLost,
    /// The row of its callback that waits in quarantine is deleted.
    QuarantineLost,
    /// The row of its callback that was driven again says that it waits.
    QuarantineReopened,
    /// Each pair of the tenant that nobody had registered has one callback more.
    UnclaimedChanged,
    /// The tenant's row says that it is of before its first event.
    TenantBehind,
    /// The tenant's row says that it is of after its last event.
    TenantAhead,
    /// What is kept of who did something to it is deleted.
    AuditLost,
    /// Something that nobody did to it is kept.
    AuditMadeUp,
    /// The row of its alert is deleted.
    AlertLost,
    /// The row of its alert says that it is not so bad.
    AlertChanged,
    /// A row says that another rule than any raised its alert.
    AlertOfNoRule,
    /// A row like that of its alert appears under another id.
    AlertOfNobody,
    /// Everything that a table has counted of the tenant is deleted.
    CountsLost(CountTable),
    /// What a table has counted of the tenant is one more each time.
    CountsChanged(CountTable),
    /// A table has counted of the tenant what there never was.
    CountsMadeUp(CountTable),
}

impl Damage {
    /// All that is done to something else than counts.
    const OF_ROWS: [Self; 23] = [
        Self::Status,
        Self::State,
        Self::Facets,
        Self::Outdated,
        Self::Lost,
        Self::FoundElsewhere,
        Self::HistoryLost,
        Self::TermsLost,
        Self::MilestonesLost,
        Self::LinksLost,
        Self::Surplus,
        Self::ApprovalsLost,
        Self::QuarantineLost,
        Self::QuarantineReopened,
        Self::UnclaimedChanged,
        Self::TenantBehind,
        Self::TenantAhead,
        Self::AuditLost,
        Self::AuditMadeUp,
        Self::AlertLost,
        Self::AlertChanged,
        Self::AlertOfNoRule,
        Self::AlertOfNobody,
    ];

    /// All of them.
    pub fn all() -> impl Iterator<Item = Self> {
        let of_counts = CountTable::ALL.into_iter();
        let of_counts = of_counts.flat_map(|table| {
            [
                Self::CountsLost(table),
                Self::CountsChanged(table),
                Self::CountsMadeUp(table),
            ]
        });
        Self::OF_ROWS.into_iter().chain(of_counts)
    }

    /// Whether it is done to an alert: to that of a merchant that has one.
    pub const fn is_of_alert(self) -> bool {
        matches!(
            self,
            Self::AlertLost | Self::AlertChanged | Self::AlertOfNoRule | Self::AlertOfNobody
        )
    }

    /// Whether it makes up a merchant that there never was.
    pub const fn is_of_nobody(self) -> bool {
        matches!(self, Self::Surplus | Self::AlertOfNobody)
    }

    /// Which counts it is done to.
    pub const fn counts(self) -> Option<CountTable> {
        if let Self::CountsLost(table) | Self::CountsChanged(table) | Self::CountsMadeUp(table) = self {
            Some(table)
        } else {
            None
        }
    }

    /// Whether it is done to what is compared merchant by merchant.
    pub const fn is_of_merchant(self) -> bool {
        match self {
            Self::Status
            | Self::State
            | Self::Facets
            | Self::Outdated
            | Self::Lost
            | Self::FoundElsewhere
            | Self::HistoryLost
            | Self::TermsLost
            | Self::MilestonesLost
            | Self::LinksLost
            | Self::ApprovalsLost
            | Self::AlertLost
            | Self::AlertChanged
            | Self::AlertOfNoRule => true,
            Self::Surplus
            | Self::QuarantineLost
            | Self::QuarantineReopened
            | Self::UnclaimedChanged
            | Self::TenantBehind
            | Self::TenantAhead
            | Self::AuditLost
            | Self::AuditMadeUp
            | Self::AlertOfNobody
            | Self::CountsLost(_)
            | Self::CountsChanged(_)
            | Self::CountsMadeUp(_) => false,
        }
    }
}
