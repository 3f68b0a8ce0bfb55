use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Datelike, NaiveDate, TimeDelta, Timelike, Utc};
use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::calendar::{Calendar, DayName, KST, OwnDay, day_in_korea};
use crate::ids::{AlertId, EventId, LinkId, MerchantId, Seq, Stamp, Version};
use crate::merchant::{Command, Context, Event, Merchant, Registration, SecretText, Stage, decide, evolve};
use crate::{MemberCode, MerchantCode, Reference};

fn date(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// A moment in Korea.
fn at(text: &str) -> DateTime<Utc> {
    format!("{text}+09:00").parse().unwrap()
}

/// Korea's, with a day off and a holiday on which the tenant works.
fn calendar() -> Calendar {
    let off = OwnDay::Holiday {
        name: DayName::parse("창립기념일").unwrap(),
    };
    let change = [
        (date("2026-09-16"), Some(off)),
        (date("2026-10-05"), Some(OwnDay::Business { name: None })),
    ];
    Calendar::default().changed(change.into()).unwrap()
}

fn stage_rule(stage: Stage, warn: u16, late: u16, critical: u16) -> SetAlertRule {
    let levels = Levels::new(Some(warn), Some(late), Some(critical), None).unwrap();
    SetAlertRule {
        rule: AlertRule::Stage { stage, levels },
        version: Version(1),
    }
}

fn context() -> Context {
    Context {
        alert_rules: vec![
            stage_rule(Stage::Registered, 3, 6, 11),
            stage_rule(Stage::LinkIssued, 1, 2, 5),
        ],
        calendar: calendar(),
        ..Context::default()
    }
}

/// A shop, and what was written of it.
struct Shop {
    state: Option<Merchant>,
    facts: Vec<(DateTime<Utc>, AlertFact, Stage)>,
    links: u128,
}

impl Shop {
    fn registered(number: u128, now: DateTime<Utc>) -> Self {
        let mut shop = Self {
            state: None,
            facts: Vec::new(),
            links: 0,
        };
        let registration = Registration {
            reference: Reference {
                member_code: MemberCode::parse("m").unwrap(),
                merchant_code: MerchantCode::parse(&format!("s-{number}")).unwrap(),
            },
            company_name: None,
            branch_name: None,
            business_number: None,
            tags: Vec::new(),
            metadata: BTreeMap::new(),
        };
        shop.tell(Command::Register(Box::new(registration)), now);
        shop
    }

    fn merchant(&self) -> &Merchant {
        self.state.as_ref().unwrap()
    }

    fn severity(&self) -> Option<Severity> {
        self.merchant().alerts.first().map(|alert| alert.severity)
    }

    /// Does what the write path does.
    fn tell(&mut self, command: Command, now: DateTime<Utc>) {
        let events = decide(self.state.as_ref(), command, &context()).unwrap();
        for event in events {
            let version = self
                .state
                .as_ref()
                .map_or(Version(1), |merchant| merchant.version.next());
            let stamp = Stamp {
                event_id: EventId::from_uuid(Uuid::nil()),
                seq: Seq(version.0),
                version,
                recorded_at: now,
            };
            if let Event::Alert(fact) = &event {
                self.facts.push((now, *fact, self.merchant().stage()));
            }
            self.state = evolve(MerchantId::from_uuid(Uuid::nil()), self.state.take(), &event, stamp);
        }
    }

    fn link(&mut self, now: DateTime<Utc>) {
        self.links += 1;
        let link_id = LinkId::from_uuid(Uuid::from_u128(self.links));
        let redirect_url = None;
        self.tell(Command::RequestLink { link_id, redirect_url }, now);
        let url = SecretText::new("u".into());
        self.tell(Command::RecordLinkIssued { link_id, url }, now);
    }

    fn judge(&mut self, id: u128, now: DateTime<Utc>) {
        let alert_id = AlertId::from_uuid(Uuid::from_u128(id));
        let unusual = Vec::new();
        self.tell(Command::JudgeAlerts { alert_id, unusual, now }, now);
    }
}

#[test]
fn levels_rise_and_have_limits() {
    let new = |warn, late, critical| Levels::new(warn, late, critical, None);
    assert!(new(Some(1), None, Some(250)).is_ok());
    assert_eq!(new(None, None, None), Err(LevelsError::None));
    assert!(Levels::new(None, None, None, Some(95)).is_ok());
    assert_eq!(
        Levels::new(Some(1), None, None, Some(101)),
        Err(LevelsError::OutOfRange)
    );
    assert_eq!(new(Some(0), None, None), Err(LevelsError::OutOfRange));
    assert_eq!(new(None, Some(251), None), Err(LevelsError::OutOfRange));
    assert_eq!(new(Some(3), Some(3), None), Err(LevelsError::NotRising));
    assert_eq!(new(Some(5), None, Some(3)), Err(LevelsError::NotRising));
}

#[test]
fn a_subject_goes_by_one_word() {
    let words: Vec<_> = Subject::all().map(Subject::as_str).collect();
    assert_eq!(words.len(), Stage::ALL.len() - 2 + HealthCondition::ALL.len());
    for word in &words {
        assert_eq!(Subject::from_word(word).map(Subject::as_str), Some(*word));
    }
    for none in ["opened", "archived", "", "everything"] {
        assert_eq!(Subject::from_word(none), None, "{none}");
    }
}

#[test]
fn somebody_is_told_when_the_day_opens_and_never_on_a_holiday() {
    // A Friday, with Chuseok from Thursday to Saturday of the week that follows.
    let mut shop = Shop::registered(1, at("2026-09-18T23:59:59"));
    shop.judge(1, at("2026-09-23T08:59:59"));
    assert_eq!(shop.severity(), None, "the third business day has not opened");
    shop.judge(1, at("2026-09-23T09:00:00"));
    let alert = shop.merchant().alerts[0];
    assert_eq!(
        (alert.severity, alert.due_at),
        (Severity::Warn, at("2026-09-23T09:00:00"))
    );
    for closed in ["2026-09-24T10:00:00", "2026-09-26T10:00:00", "2026-09-27T10:00:00"] {
        shop.judge(2, at(closed));
    }
    assert_eq!(shop.facts.len(), 1);
    // The sixth business day was 2026-09-30; whoever looks later raises what is due then.
    shop.judge(2, at("2026-10-01T03:00:00"));
    assert_eq!(shop.severity(), Some(Severity::Warn), "nobody is told at night");
    shop.judge(2, at("2026-10-01T09:00:00"));
    let worse = shop.merchant().alerts[0];
    assert_eq!((worse.id, worse.severity), (alert.id, Severity::Late));
    assert_eq!(worse.due_at, at("2026-09-30T09:00:00"));
}

#[test]
fn movement_ends_an_alert_in_its_own_commit() {
    let mut shop = Shop::registered(1, at("2026-09-01T10:00:00"));
    shop.judge(1, at("2026-09-04T09:00:00"));
    assert_eq!(shop.severity(), Some(Severity::Warn));
    shop.tell(
        Command::AddNote(crate::Note::parse("메모").unwrap()),
        at("2026-09-04T09:30:00"),
    );
    assert_eq!(shop.severity(), Some(Severity::Warn), "a note moves nothing");
    shop.link(at("2026-09-04T10:00:00"));
    assert_eq!(shop.merchant().stage(), Stage::LinkIssued);
    assert!(shop.merchant().alerts.is_empty());
    let last = shop.facts.last().unwrap();
    assert!(
        matches!(
            last.1,
            AlertFact::Resolved {
                end: AlertEnd::Moved,
                ..
            }
        ),
        "{last:?}"
    );
}

#[test]
fn an_alert_is_noted_once_sleeps_and_wakes() {
    let mut shop = Shop::registered(1, at("2026-09-01T10:00:00"));
    shop.judge(1, at("2026-09-04T09:00:00"));
    let alert_id = shop.merchant().alerts[0].id;
    let expected = None;
    for _ in 0..2 {
        shop.tell(
            Command::AcknowledgeAlert { alert_id, expected },
            at("2026-09-04T10:00:00"),
        );
    }
    assert_eq!(shop.facts.len(), 2);
    let until = Some(at("2026-09-10T09:00:00"));
    shop.tell(
        Command::SnoozeAlert {
            alert_id,
            until,
            expected,
        },
        at("2026-09-04T11:00:00"),
    );
    // It would be late on the ninth.
    shop.judge(2, at("2026-09-09T09:00:00"));
    assert_eq!(shop.severity(), Some(Severity::Warn));
    assert_eq!(
        shop.merchant().alerts[0].standing(at("2026-09-09T09:00:00")),
        Standing::Snoozed
    );
    shop.judge(2, at("2026-09-10T09:00:00"));
    let late = shop.merchant().alerts[0];
    assert_eq!(
        (late.severity, late.standing(at("2026-09-10T09:00:00"))),
        (Severity::Late, Standing::Open)
    );

    let seen = Some(Version(2));
    let command = Command::AcknowledgeAlert {
        alert_id,
        expected: seen,
    };
    let refused = decide(shop.state.as_ref(), command, &context());
    assert_eq!(refused, Err(AlertRefusal::Changed.into()));
    let alert_id = AlertId::from_uuid(Uuid::from_u128(77));
    let refused = decide(
        shop.state.as_ref(),
        Command::AcknowledgeAlert { alert_id, expected },
        &context(),
    );
    assert_eq!(refused, Err(AlertRefusal::NoSuchAlert.into()));
}

#[test]
fn another_rule_ends_what_it_would_not_raise() {
    let mut shop = Shop::registered(1, at("2026-09-01T10:00:00"));
    shop.judge(1, at("2026-09-04T09:00:00"));
    let (merchant, now) = (shop.merchant(), at("2026-09-05T10:00:00"));
    let calendar = calendar();
    let judge = |rules: &[SetAlertRule]| {
        let ground = Ground {
            rules,
            calendar: &calendar,
            unusual: &[],
        };
        judge_stage(merchant, ground, AlertId::from_uuid(Uuid::nil()), now)
    };
    assert_eq!(judge(&[stage_rule(Stage::Registered, 3, 6, 11)]), None);
    let ended = |fact| {
        matches!(
            fact,
            Some(AlertFact::Resolved {
                end: AlertEnd::RuleChanged,
                ..
            })
        )
    };
    assert!(ended(judge(&[])));
    assert!(ended(judge(&[stage_rule(Stage::Registered, 5, 6, 11)])));
    assert!(ended(judge(&[stage_rule(Stage::InReview, 1, 2, 3)])));
}

/// Business days day by day, as somebody with a wall calendar counts.
fn age(calendar: &Calendar, since: DateTime<Utc>, now: DateTime<Utc>) -> u16 {
    let (first, last) = (day_in_korea(since), day_in_korea(now));
    let days = first.iter_days().skip(1).take_while(|day| *day <= last);
    let local = now.with_timezone(&KST);
    let open = local.hour() >= 9;
    let count = days
        .filter(|day| calendar.day(*day).is_business() && (*day < last || open))
        .count();
    u16::try_from(count).unwrap()
}

proptest! {
    #[test]
    fn the_cutoff_is_where_the_age_is_reached(
        since in 0..40_000_i64, wait in 0..40_000_i64, days in 1..30_u16
    ) {
        let calendar = calendar();
        let since = at("2026-08-20T00:00:00") + TimeDelta::minutes(since);
        let now = since + TimeDelta::minutes(wait);
        prop_assert_eq!(since <= cutoff(&calendar, days, now), age(&calendar, since, now) >= days);
    }
}

/// Numbers that look random and are the same each time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % bound
    }
}

/// What the watcher does: for each level, the worst first, whoever came into the stage before the cutoff and was not told of
/// so badly yet. It may die after any shop.
fn look(shops: &mut [Shop], now: DateTime<Utc>, ids: &mut u128, mut lives: u64) {
    let (context, mut told) = (context(), BTreeSet::new());
    if !is_open_for_alerts(&context.calendar, now) {
        // It looks all the same, now and then: nothing may come of it.
        lives = lives.min(50);
    }
    for set in &context.alert_rules {
        let AlertRule::Stage { stage, levels } = set.rule else {
            continue;
        };
        for (severity, days) in levels.all().rev() {
            let until = cutoff(&context.calendar, days, now);
            for (number, shop) in shops.iter_mut().enumerate() {
                let merchant = shop.merchant();
                let is_late = merchant.stage() == stage && merchant.stage_since() <= until;
                if !is_late || shop.severity() >= Some(severity) {
                    continue;
                }
                if lives == 0 {
                    return;
                }
                lives -= 1;
                *ids += 1;
                shop.judge(*ids, now);
                told.insert(number);
            }
        }
    }
}

#[test]
fn ten_thousand_shops_in_thirty_days_are_told_of_once_in_time_and_on_no_holiday() {
    const SHOPS: u128 = 10_000;
    let (mut dice, mut ids, calendar) = (Dice(0x9e37_79b9_7f4a_7c15), 0, calendar());
    // Chuseok, two own days and three Mondays without work lie ahead.
    let begin = at("2026-09-10T00:00:00");
    let mut shops: Vec<_> = (0..SHOPS)
        .map(|number| {
            Shop::registered(
                number,
                begin - TimeDelta::minutes(i64::try_from(dice.below(20_000)).unwrap()),
            )
        })
        .collect();
    for hour in 0..30 * 24 {
        let now = begin + TimeDelta::hours(hour);
        // One in six hundred moves each hour: so each of them once in a month.
        for _ in 0..SHOPS / 600 {
            let at = usize::try_from(dice.below(u64::try_from(SHOPS).unwrap())).unwrap();
            let shop = &mut shops[at];
            match (shop.merchant().archived_since, dice.below(4)) {
                (Some(_), _) => shop.tell(Command::Restore, now),
                (None, 0) => shop.tell(Command::Archive, now),
                (None, _) if shop.merchant().stage() == Stage::LinkIssued && dice.below(3) == 0 => {
                    let link_id = shop.merchant().latest_link().unwrap().id;
                    shop.tell(Command::RevokeLink { link_id }, now);
                }
                (None, _) => shop.link(now),
            }
            let stage = shop.merchant().stage();
            let open = shop.merchant().alerts.first();
            assert!(
                open.is_none_or(|open| open.subject == Subject::Stage(stage)),
                "it moved on"
            );
        }
        // Some looks die half-way; the one that follows does the rest.
        if dice.below(3) == 0 {
            let lives = dice.below(400);
            look(&mut shops, now, &mut ids, lives);
        }
        look(&mut shops, now, &mut ids, u64::MAX);
        if is_open_for_alerts(&calendar, now) && hour % 3 == 0 {
            for shop in &shops {
                expect_told(shop, &calendar, now);
            }
        }
    }
    let raised = shops.iter().map(|shop| expect_once(shop, &calendar)).sum::<usize>();
    assert!(raised > 20_000, "much happened: {raised}");
    for day in ["2026-09-16", "2026-09-19", "2026-09-24", "2026-09-25", "2026-10-03"] {
        assert!(!calendar.day(date(day)).is_business(), "{day} is among the thirty days");
    }
}

fn levels_of(stage: Stage) -> Option<[u16; 3]> {
    let rules = [(Stage::Registered, [3, 6, 11]), (Stage::LinkIssued, [1, 2, 5])];
    rules
        .into_iter()
        .find(|(known, _)| *known == stage)
        .map(|(_, levels)| levels)
}

/// None missed: whoever has waited so long is told of so badly.
fn expect_told(shop: &Shop, calendar: &Calendar, now: DateTime<Utc>) {
    let merchant = shop.merchant();
    let Some(levels) = levels_of(merchant.stage()) else {
        assert_eq!(shop.severity(), None);
        return;
    };
    let age = age(calendar, merchant.stage_since(), now);
    let severities = Severity::ALL.iter().zip(levels);
    let mut due = severities.rev().filter(|(_, days)| age >= *days);
    let due = due.next().map(|(severity, _)| *severity);
    assert_eq!(
        shop.severity(),
        due,
        "{now}: {age} days since {}",
        merchant.stage_since()
    );
}

/// None twice, and none on a day on which nobody works. Returns how many there were.
fn expect_once(shop: &Shop, calendar: &Calendar) -> usize {
    let mut open: Option<(AlertId, Severity)> = None;
    let mut raised = 0;
    for (at, fact, stage) in &shop.facts {
        match *fact {
            AlertFact::Raised {
                alert_id,
                subject,
                severity,
                due_at,
            } => {
                let day = day_in_korea(*at);
                assert!(
                    calendar.day(day).is_business() && day.weekday().num_days_from_monday() < 7,
                    "{at}"
                );
                assert!(due_at <= *at);
                assert_eq!(subject, Subject::Stage(*stage));
                assert!(
                    open.is_none_or(|(id, known)| id == alert_id && known < severity),
                    "twice: {fact:?}"
                );
                open = Some((alert_id, severity));
                raised += 1;
            }
            AlertFact::Resolved {
                alert_id,
                severity,
                end,
                ..
            } => {
                assert_eq!(open.take(), Some((alert_id, severity)));
                assert_eq!(end, AlertEnd::Moved);
            }
            AlertFact::Acknowledged { .. } | AlertFact::Snoozed { .. } => panic!("nobody did that"),
        }
    }
    raised
}
