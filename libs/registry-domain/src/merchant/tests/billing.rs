//! May this merchant bill?

use super::*;

const HEALTHY: BillingFacts = BillingFacts {
    tenant_suspended: false,
    balance: BalanceFact::Points(5_500),
};

fn opened() -> Stream {
    let mut stream = Stream::linked();
    stream.when(callback(says("O", None)));
    stream
}

#[test]
fn the_reason_follows_from_the_merchant() {
    let table: Vec<(&str, Vec<Command>, BillingReason)> = vec![
        ("registered", vec![], BillingReason::NotOpened),
        ("in review", vec![callback(says("P", None))], BillingReason::NotOpened),
        ("opened", vec![callback(says("O", None))], BillingReason::Opened),
        ("no review", vec![callback(says("N", None))], BillingReason::NotOpened),
        (
            "no review, linked",
            vec![callback(says("N", None)), listed("COMPLETED")],
            BillingReason::LinkedWithoutReview,
        ),
        ("listed only", vec![listed("COMPLETED")], BillingReason::NotOpened),
        (
            "unknown letter",
            vec![callback(says("X", None))],
            BillingReason::ReviewUnknown,
        ),
        (
            "paused",
            vec![callback(says("O", None)), listed("PAUSED")],
            BillingReason::Paused,
        ),
        (
            "archived",
            vec![callback(says("O", None)), Command::Archive],
            BillingReason::Archived,
        ),
        (
            "deleted",
            vec![callback(says("O", None)), read_back(deleted(says("O", None)))],
            BillingReason::Unlinked,
        ),
        (
            "unknown upstream",
            vec![
                callback(says("O", None)),
                reading(ReadingSource::ReadBack, Answer::Missing),
            ],
            BillingReason::MissingUpstream,
        ),
        (
            "missing in the list",
            vec![callback(says("O", None)), reading(ReadingSource::List, Answer::Missing)],
            BillingReason::Opened,
        ),
    ];
    for (name, commands, reason) in table {
        let mut stream = Stream::linked();
        for command in commands {
            stream.when(command);
        }
        let answer = eligibility(stream.now(), &HEALTHY);
        assert_eq!((answer.reason, answer.may_bill), (reason, reason.may_bill()), "{name}");
        assert_eq!(stream.now().billing().reason, reason, "{name}");
    }
}

#[test]
fn doubt_stands_beside_a_yes() {
    let mut stream = opened();
    assert_eq!(stream.now().billing().verification, Verification::Unverified);
    stream.when(callback(says("P", None)));
    let answer = eligibility(stream.now(), &HEALTHY);
    assert!(answer.may_bill, "the last known truth counts while a claim is held");
    assert_eq!(answer.evidence.verification, Verification::Held);
    stream.when(read_back(says("P", None)));
    assert!(!eligibility(stream.now(), &HEALTHY).may_bill);
}

#[test]
fn the_tenant_and_the_wallet_have_a_say() {
    let stream = opened();
    let reason = |facts: BillingFacts| eligibility(stream.now(), &facts).reason;
    let with = |balance| BillingFacts { balance, ..HEALTHY };
    assert_eq!(reason(with(BalanceFact::Unknown)), BillingReason::Opened);
    assert_eq!(reason(with(BalanceFact::Points(1))), BillingReason::Opened);
    for empty in [0, -1] {
        assert_eq!(reason(with(BalanceFact::Points(empty))), BillingReason::BalanceEmpty);
    }
    let suspended = BillingFacts {
        tenant_suspended: true,
        balance: BalanceFact::Points(0),
    };
    assert_eq!(reason(suspended), BillingReason::TenantSuspended);
}

fn wallets(partner: Option<i64>, merchant: Option<i64>) -> Wallets {
    let read = |points| WalletReading {
        points,
        read_at: DateTime::UNIX_EPOCH,
    };
    Wallets {
        partner: partner.map(read),
        merchant: merchant.map(read),
    }
}

#[test]
fn one_empty_wallet_is_no_empty_balance() {
    let fact = |partner, merchant| wallets(partner, merchant).fact();
    assert_eq!(fact(None, None), BalanceFact::Unknown);
    assert_eq!(fact(Some(0), None), BalanceFact::Unknown);
    assert_eq!(fact(None, Some(0)), BalanceFact::Unknown);
    assert_eq!(fact(Some(5), None), BalanceFact::Points(5));
    assert_eq!(fact(Some(0), Some(5)), BalanceFact::Points(5));
    assert_eq!(fact(Some(0), Some(-1)), BalanceFact::Points(0));
}

#[test]
fn a_balance_is_known_for_ten_minutes_by_either_clock() {
    let known = |seconds| {
        let now = DateTime::UNIX_EPOCH + TimeDelta::seconds(seconds);
        wallets(Some(1), Some(2)).known_at(now)
    };
    for seconds in [0, 600, -600] {
        assert_eq!(known(seconds), wallets(Some(1), Some(2)), "{seconds}");
    }
    for seconds in [601, -601] {
        assert_eq!(known(seconds), Wallets::default(), "{seconds}");
    }
}
