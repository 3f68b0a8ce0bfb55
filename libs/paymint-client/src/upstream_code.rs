//! The result codes of the upstream's envelope.

use std::fmt;

/// The longest unlisted code that is kept, in characters. Known codes have at most 17.
const UNLISTED_MAX_CHARACTERS: usize = 40;

/// Who has to act before a failed call can succeed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WhoFixes {
    /// Whoever runs this installation: a wrong address, a bug, a code to look up.
    Us,
    /// The partner: its key, its contract with Paymint, its points, its codes.
    Partner,
    /// Paymint.
    Paymint,
}

/// The code of an answer other than `0000`.
///
/// The list is the error table of API V2 (official error page, completed by what integrators saw in the sandbox).
/// Only the code decides; the Korean message beside it is free text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UpstreamCode {
    /// `ERROR`: an unclassified failure in the upstream's server.
    ServerError,
    /// `PARTNER_001`: linking of sub-merchants is not part of this partner's contract.
    LinkingNotAvailable,
    /// `PARTNER_002`: the API key is missing or malformed.
    ApiKeyNotVerified,
    /// `PARTNER_003`: the API key belongs to no regular partner.
    NotAPartner,
    /// `PARTNER_004`: upstream knows no link for this pair of codes.
    LinkNotFound,
    /// `PARTNER_005`: the partner's record was not found.
    PartnerNotFound,
    /// `PARTNER_006`: the partner has no contract in force.
    ContractInactive,
    /// `PARTNER_007`: the function is not provided to this partner.
    NotProvided,
    /// `VALIDATION_001`: a parameter is missing or malformed.
    InvalidParameter,
    /// `VALIDATION_002`: the hash of a call is wrong, or a field that the server wants is missing. Both were seen; the
    /// message tells which.
    HashOrFieldRefused,
    /// `BILL_001`: the id of the bill or the receipt is used already, and stays so. Seen for receipts, likely for bills.
    BillIdUsed,
    /// `BILL_003`: no such bill for these codes.
    BillNotFound,
    /// `BILL_006`: the bill is in no state for that call, likely of every kind. Read it before repeating the call.
    BillNotSendable,
    /// `POINT_001`: the prepaid points do not suffice; also seen with enough of them, while the contract did not say which
    /// wallet pays.
    PointsShort,
    /// `PAYMENT_001`: the card network did not answer well. Whether it acted is not known.
    CardNetworkFailed,
    /// `PAYMENT_002`: the bank did not answer well. Whether it acted is not known.
    BankFailed,
    /// `PAYMENT_005`: the amount is above the sandbox's ceiling.
    AmountAboveCeiling,
    /// `MAINTAINED_METHOD`: the method is under maintenance.
    UnderMaintenance,
    /// A code that is on no list we have, cut to 40 characters. It counts as permanent until someone has looked at it.
    Unlisted(String),
}

impl UpstreamCode {
    /// Reads the `code` of an envelope that is not `0000`.
    pub fn parse(code: &str) -> Self {
        match code {
            "ERROR" => Self::ServerError,
            "PARTNER_001" => Self::LinkingNotAvailable,
            "PARTNER_002" => Self::ApiKeyNotVerified,
            "PARTNER_003" => Self::NotAPartner,
            "PARTNER_004" => Self::LinkNotFound,
            "PARTNER_005" => Self::PartnerNotFound,
            "PARTNER_006" => Self::ContractInactive,
            "PARTNER_007" => Self::NotProvided,
            "VALIDATION_001" => Self::InvalidParameter,
            "VALIDATION_002" => Self::HashOrFieldRefused,
            "BILL_001" => Self::BillIdUsed,
            "BILL_003" => Self::BillNotFound,
            "BILL_006" => Self::BillNotSendable,
            "POINT_001" => Self::PointsShort,
            "PAYMENT_001" => Self::CardNetworkFailed,
            "PAYMENT_002" => Self::BankFailed,
            "PAYMENT_005" => Self::AmountAboveCeiling,
            "MAINTAINED_METHOD" => Self::UnderMaintenance,
            unlisted => Self::Unlisted(unlisted.chars().take(UNLISTED_MAX_CHARACTERS).collect()),
        }
    }

    /// The code as upstream spells it.
    pub fn as_str(&self) -> &str {
        match self {
            Self::ServerError => "ERROR",
            Self::LinkingNotAvailable => "PARTNER_001",
            Self::ApiKeyNotVerified => "PARTNER_002",
            Self::NotAPartner => "PARTNER_003",
            Self::LinkNotFound => "PARTNER_004",
            Self::PartnerNotFound => "PARTNER_005",
            Self::ContractInactive => "PARTNER_006",
            Self::NotProvided => "PARTNER_007",
            Self::InvalidParameter => "VALIDATION_001",
            Self::HashOrFieldRefused => "VALIDATION_002",
            Self::BillIdUsed => "BILL_001",
            Self::BillNotFound => "BILL_003",
            Self::BillNotSendable => "BILL_006",
            Self::PointsShort => "POINT_001",
            Self::CardNetworkFailed => "PAYMENT_001",
            Self::BankFailed => "PAYMENT_002",
            Self::AmountAboveCeiling => "PAYMENT_005",
            Self::UnderMaintenance => "MAINTAINED_METHOD",
            Self::Unlisted(code) => code,
        }
    }

    /// Whether the call may have been carried out although it was refused with this code: somebody behind upstream, whom
    /// it asked, did not answer well.
    pub fn leaves_outcome_unknown(&self) -> bool {
        match self {
            Self::CardNetworkFailed | Self::BankFailed => true,
            Self::ServerError
            | Self::LinkingNotAvailable
            | Self::ApiKeyNotVerified
            | Self::NotAPartner
            | Self::LinkNotFound
            | Self::PartnerNotFound
            | Self::ContractInactive
            | Self::NotProvided
            | Self::InvalidParameter
            | Self::HashOrFieldRefused
            | Self::BillIdUsed
            | Self::BillNotFound
            | Self::BillNotSendable
            | Self::PointsShort
            | Self::AmountAboveCeiling
            | Self::UnderMaintenance
            | Self::Unlisted(_) => false,
        }
    }

    /// Whether the same call may succeed later without anybody changing anything.
    pub fn retryable(&self) -> bool {
        match self {
            Self::ServerError
            | Self::BillNotSendable
            | Self::CardNetworkFailed
            | Self::BankFailed
            | Self::UnderMaintenance => true,
            Self::LinkingNotAvailable
            | Self::ApiKeyNotVerified
            | Self::NotAPartner
            | Self::LinkNotFound
            | Self::PartnerNotFound
            | Self::ContractInactive
            | Self::NotProvided
            | Self::InvalidParameter
            | Self::HashOrFieldRefused
            | Self::BillIdUsed
            | Self::BillNotFound
            | Self::PointsShort
            | Self::AmountAboveCeiling
            | Self::Unlisted(_) => false,
        }
    }

    /// Who has to act before the call can succeed.
    pub fn who_fixes(&self) -> WhoFixes {
        match self {
            Self::ServerError | Self::CardNetworkFailed | Self::BankFailed | Self::UnderMaintenance => {
                WhoFixes::Paymint
            }
            Self::LinkingNotAvailable
            | Self::ApiKeyNotVerified
            | Self::NotAPartner
            | Self::LinkNotFound
            | Self::PartnerNotFound
            | Self::ContractInactive
            | Self::NotProvided
            | Self::BillIdUsed
            | Self::BillNotFound
            | Self::BillNotSendable
            | Self::PointsShort
            | Self::AmountAboveCeiling => WhoFixes::Partner,
            // A call that upstream finds malformed is our bug, and a code that we do not know is ours to look up.
            Self::InvalidParameter | Self::HashOrFieldRefused | Self::Unlisted(_) => WhoFixes::Us,
        }
    }

    /// Whether every call of this partner will fail in the same way, whichever merchant it is about.
    pub fn partner_level(&self) -> bool {
        match self {
            Self::LinkingNotAvailable
            | Self::ApiKeyNotVerified
            | Self::NotAPartner
            | Self::PartnerNotFound
            | Self::ContractInactive
            | Self::NotProvided => true,
            Self::ServerError
            | Self::LinkNotFound
            | Self::InvalidParameter
            | Self::HashOrFieldRefused
            | Self::BillIdUsed
            | Self::BillNotFound
            | Self::BillNotSendable
            | Self::PointsShort
            | Self::CardNetworkFailed
            | Self::BankFailed
            | Self::AmountAboveCeiling
            | Self::UnderMaintenance
            | Self::Unlisted(_) => false,
        }
    }
}

impl fmt::Display for UpstreamCode {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Code, retryable, who fixes, partner level.
    const TABLE: [(&str, bool, WhoFixes, bool); 18] = [
        ("ERROR", true, WhoFixes::Paymint, false),
        ("PARTNER_001", false, WhoFixes::Partner, true),
        ("PARTNER_002", false, WhoFixes::Partner, true),
        ("PARTNER_003", false, WhoFixes::Partner, true),
        ("PARTNER_004", false, WhoFixes::Partner, false),
        ("PARTNER_005", false, WhoFixes::Partner, true),
        ("PARTNER_006", false, WhoFixes::Partner, true),
        ("PARTNER_007", false, WhoFixes::Partner, true),
        ("VALIDATION_001", false, WhoFixes::Us, false),
        ("VALIDATION_002", false, WhoFixes::Us, false),
        ("BILL_001", false, WhoFixes::Partner, false),
        ("BILL_003", false, WhoFixes::Partner, false),
        ("BILL_006", true, WhoFixes::Partner, false),
        ("POINT_001", false, WhoFixes::Partner, false),
        ("PAYMENT_001", true, WhoFixes::Paymint, false),
        ("PAYMENT_002", true, WhoFixes::Paymint, false),
        ("PAYMENT_005", false, WhoFixes::Partner, false),
        ("MAINTAINED_METHOD", true, WhoFixes::Paymint, false),
    ];

    #[test]
    fn every_listed_code_reads_back_and_says_what_to_do() {
        for (text, retryable, who_fixes, partner_level) in TABLE {
            let code = UpstreamCode::parse(text);
            assert!(!matches!(code, UpstreamCode::Unlisted(_)), "{text}");
            assert_eq!(code.as_str(), text);
            assert_eq!(code.retryable(), retryable, "{text}");
            assert_eq!(code.who_fixes(), who_fixes, "{text}");
            assert_eq!(code.partner_level(), partner_level, "{text}");
            assert_eq!(
                code.leaves_outcome_unknown(),
                matches!(text, "PAYMENT_001" | "PAYMENT_002")
            );
        }
    }

    #[test]
    fn an_unlisted_code_is_permanent_and_kept_within_bounds() {
        let code = UpstreamCode::parse("MEMBER_042");
        assert_eq!(code, UpstreamCode::Unlisted("MEMBER_042".to_owned()));
        assert!(!code.retryable());
        assert_eq!(UpstreamCode::parse(&"가".repeat(1000)).as_str().chars().count(), 40);
    }

    #[test]
    fn codes_are_case_sensitive() {
        assert!(matches!(UpstreamCode::parse("partner_001"), UpstreamCode::Unlisted(_)));
    }
}
