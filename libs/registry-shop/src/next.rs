//! What follows when a shop wants to go on: which URL it gets, or what has to happen for one.

use chrono::{DateTime, TimeDelta, Utc};
use registry_domain::merchant::{LINKS_MAX, Link, LinkState, Merchant};
use registry_upstream::links::STALE_AFTER;

use crate::limits::ShopLimits;

/// So soon after a link was issued a wish for a new one is the same press again.
const SAME_PRESS: TimeDelta = TimeDelta::seconds(30);

/// Of all links that a shop may have in its life, those that it can have issued by itself. The others are for its partner.
const LINKS_BY_PAGE_MAX: usize = LINKS_MAX - 50;

/// What has to happen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Next {
    /// The URL of this link is taken.
    Take(Link),
    /// So is that of this one: the shop has had its share.
    TakeLast(Link),
    /// Paymint is being asked for this one.
    WaitFor(Link),
    /// One is issued; with how many there are.
    Issue(usize),
    /// The shop has had its share, and no URL.
    Spent,
}

/// Decides by what the shop has got, whoever asked for it.
pub(crate) fn next(merchant: &Merchant, wants_new: bool, limits: &ShopLimits, now: DateTime<Utc>) -> Next {
    let links = &merchant.links;
    let newest = issued(merchant);
    let young = if wants_new {
        SAME_PRESS.min(limits.reuse)
    } else {
        limits.reuse
    };
    if let Some(link) = newest.filter(|link| link.issued_at.is_some_and(|issued| now - issued < young)) {
        return Next::Take(link.clone());
    }
    let is_asked_for = |link: &&Link| link.state == LinkState::Requested && now - link.requested_at < STALE_AFTER;
    if let Some(link) = links.last().filter(is_asked_for) {
        return Next::WaitFor(link.clone());
    }
    let since = |time| links.iter().filter(|link| now - link.requested_at < time).count();
    let is_spent = links.len() >= LINKS_BY_PAGE_MAX
        || since(TimeDelta::hours(1)) >= limits.links_per_hour_max
        || since(TimeDelta::days(1)) >= limits.links_per_day_max;
    match newest {
        Some(link) if is_spent => Next::TakeLast(link.clone()),
        None if is_spent => Next::Spent,
        Some(_) | None => Next::Issue(links.len()),
    }
}

/// The link that was issued last and not taken back.
pub(crate) fn issued(merchant: &Merchant) -> Option<&Link> {
    let mut links = merchant.links.iter().rev();
    links.find(|link| link.state == LinkState::Issued)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use registry_domain::merchant::{CallFailure, CallOutcome, Event, SecretText, Surroundings, WhoFixes, fold};
    use registry_domain::{EventId, LinkId, MemberCode, MerchantCode, MerchantId, Reference, Seq, Stamp, Version};
    use uuid::Uuid;

    use super::*;

    const LIMITS: ShopLimits = ShopLimits {
        reuse: TimeDelta::minutes(60),
        links_per_hour_max: 3,
        links_per_day_max: 4,
        pages_per_minute_max: 60,
        requests_max: 64,
        return_interval: TimeDelta::minutes(1),
    };

    fn at(minute: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::minutes(minute)
    }

    fn link_id(number: u128) -> LinkId {
        LinkId::from_uuid(Uuid::from_u128(number))
    }

    fn requested(number: u128) -> Event {
        Event::LinkRequested {
            link_id: link_id(number),
            redirect_url: None,
        }
    }

    fn issued(number: u128) -> Event {
        Event::LinkIssued {
            link_id: link_id(number),
            url: SecretText::new("https://paymint.example/1".to_owned()),
        }
    }

    fn failed(number: u128) -> Event {
        Event::LinkIssueFailed {
            link_id: link_id(number),
            failure: CallFailure {
                outcome: CallOutcome::Refused,
                upstream_code: None,
                retryable: true,
                who_fixes: WhoFixes::Paymint,
                strange_answer: None,
            },
        }
    }

    /// A shop with these events, each at a minute.
    fn shop(events: &[(i64, Event)]) -> Merchant {
        let registered = Event::MerchantRegistered {
            reference: Reference {
                member_code: MemberCode::parse("m").unwrap(),
                merchant_code: MerchantCode::parse("s").unwrap(),
            },
            company_name: None,
            branch_name: None,
            business_number: None,
            tags: Vec::new(),
            metadata: BTreeMap::new(),
            surroundings: Surroundings::default(),
        };
        let all = [(0, registered)].into_iter().chain(events.iter().cloned());
        let all: Vec<_> = (1..)
            .zip(all)
            .map(|(number, (minute, event))| {
                let stamp = Stamp {
                    event_id: EventId::from_uuid(Uuid::from_u128(number.into())),
                    seq: Seq(number),
                    version: Version(number),
                    recorded_at: at(minute),
                };
                (event, stamp)
            })
            .collect();
        let id = MerchantId::from_uuid(Uuid::nil());
        fold(id, all.iter().map(|(event, stamp)| (event, *stamp))).unwrap()
    }

    fn taken(next: Next) -> Option<LinkId> {
        match next {
            Next::Take(link) => Some(link.id),
            Next::TakeLast(_) | Next::WaitFor(_) | Next::Issue(_) | Next::Spent => None,
        }
    }

    /// Of one that has had its share: nothing is issued, also if this URL cannot be found.
    fn taken_last(next: Next) -> Option<LinkId> {
        match next {
            Next::TakeLast(link) => Some(link.id),
            Next::Take(_) | Next::WaitFor(_) | Next::Issue(_) | Next::Spent => None,
        }
    }

    #[test]
    fn a_young_url_is_taken_again_and_an_old_one_replaced() {
        let shop = shop(&[(1, requested(1)), (1, issued(1))]);
        assert_eq!(taken(next(&shop, false, &LIMITS, at(60))), Some(link_id(1)));
        assert_eq!(next(&shop, false, &LIMITS, at(61)), Next::Issue(1));
        assert_eq!(
            next(&shop, true, &LIMITS, at(2)),
            Next::Issue(1),
            "one that is asked for"
        );
        let moment = at(1) + TimeDelta::seconds(29);
        assert_eq!(
            taken(next(&shop, true, &LIMITS, moment)),
            Some(link_id(1)),
            "pressed twice"
        );
    }

    #[test]
    fn a_link_under_way_is_waited_for_and_one_that_failed_is_not() {
        let mut events = vec![(1, requested(1))];
        assert!(matches!(next(&shop(&events), false, &LIMITS, at(1)), Next::WaitFor(link) if link.id == link_id(1)));
        assert_eq!(
            next(&shop(&events), false, &LIMITS, at(2)),
            Next::Issue(1),
            "nobody answers any more"
        );
        events.push((1, failed(1)));
        assert_eq!(next(&shop(&events), false, &LIMITS, at(1)), Next::Issue(1));
    }

    #[test]
    fn a_link_that_was_taken_back_is_not_used() {
        let revoked = Event::LinkRevoked { link_id: link_id(2) };
        let events = [
            (1, requested(1)),
            (1, issued(1)),
            (2, requested(2)),
            (2, issued(2)),
            (3, revoked),
        ];
        assert_eq!(taken(next(&shop(&events), false, &LIMITS, at(4))), Some(link_id(1)));
    }

    #[test]
    fn whoever_has_had_its_share_gets_the_last_one() {
        let all = |count: u128, minute: i64| -> Vec<_> {
            (1..=count)
                .flat_map(|number| [(minute, requested(number)), (minute, issued(number))])
                .collect()
        };
        let hour = shop(&all(3, 10));
        assert_eq!(taken_last(next(&hour, true, &LIMITS, at(20))), Some(link_id(3)));
        assert_eq!(next(&hour, true, &LIMITS, at(70)), Next::Issue(3));
        let day = shop(&all(4, 10));
        assert_eq!(taken_last(next(&day, true, &LIMITS, at(600))), Some(link_id(4)));
        assert_eq!(next(&day, true, &LIMITS, at(10 + 24 * 60)), Next::Issue(4));
        // Of 200 in all, fifty are left to its partner.
        let life = shop(&all(149, 10));
        assert_eq!(next(&life, false, &LIMITS, at(100_000)), Next::Issue(149));
        let life = shop(&all(150, 10));
        assert_eq!(taken_last(next(&life, false, &LIMITS, at(100_000))), Some(link_id(150)));
        let failures: Vec<_> = (1..=3).flat_map(|it| [(1, requested(it)), (1, failed(it))]).collect();
        assert_eq!(next(&shop(&failures), false, &LIMITS, at(2)), Next::Spent);
    }
}
