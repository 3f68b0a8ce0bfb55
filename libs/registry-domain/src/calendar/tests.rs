use proptest::prelude::*;

use super::*;
use crate::text::LabelError;

/// The days that the gazette has named from 2018 on, one a line.
const GAZETTE: &str = include_str!("gazette.txt");

fn date(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn korea() -> Calendar {
    Calendar::default()
}

#[test]
fn the_table_is_what_the_gazette_says() {
    let said: Vec<_> = GAZETTE.lines().map(date).collect();
    let table = HOLIDAYS
        .iter()
        .map(|((year, month, day), _)| NaiveDate::from_ymd_opt(*year, *month, *day).unwrap());
    let known: Vec<_> = table.take_while(|date| date.year() <= GAZETTE_UNTIL).collect();
    assert_eq!(known, said);
}

#[test]
fn the_table_is_in_order_and_of_its_years() {
    assert!(HOLIDAYS.is_sorted_by(|one, next| one.0 < next.0));
    assert!(HOLIDAYS.iter().all(|holiday| YEARS.contains(&holiday.0.0)));
    assert_eq!(
        [HOLIDAYS[0].0.0, HOLIDAYS[HOLIDAYS.len() - 1].0.0],
        [*YEARS.start(), *YEARS.end()]
    );
}

#[test]
fn days_that_people_know() {
    for (day, is_business) in [
        ("2026-02-13", true),
        ("2026-02-16", false),
        ("2026-02-17", false),
        ("2026-02-18", false),
        ("2026-02-19", true),
        ("2026-05-01", false),
        ("2026-07-17", false),
        ("2026-09-24", false),
        ("2026-09-25", false),
        ("2026-09-26", false),
        ("2026-09-28", true),
        ("2027-02-09", false),
        ("2027-07-19", false),
        ("2028-10-05", false),
    ] {
        assert_eq!(korea().day(date(day)).is_business(), is_business, "{day}");
    }
    let expected = |day| matches!(korea().day(date(day)), Day::Holiday { is_expected: true, .. });
    assert!(!expected("2027-12-27") && expected("2028-01-26"));
}

#[test]
fn a_day_begins_at_midnight_in_korea() {
    // Friday 23:59:59 and Saturday 00:00 in Seoul.
    let (friday, saturday) = ("2026-11-27T14:59:59Z", "2026-11-27T15:00:00Z");
    let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
    assert_eq!(day_in_korea(at(friday)), date("2026-11-27"));
    assert_eq!(day_in_korea(at(saturday)), date("2026-11-28"));
    let monday = at("2026-11-29T15:00:00Z");
    assert_eq!(korea().business_days_between(at(friday), monday), 1);
    assert_eq!(korea().business_days_between(at(friday), at(saturday)), 0);
}

#[test]
fn a_week_of_new_year_is_short() {
    // Friday to Friday, with three holidays between.
    assert_eq!(korea().business_days(date("2026-02-13"), date("2026-02-20")), 2);
    assert_eq!(korea().after(date("2026-02-13"), 2), date("2026-02-20"));
    assert_eq!(korea().after(date("2026-02-14"), 0), date("2026-02-14"));
}

fn works() -> OwnDay {
    OwnDay::Business { name: None }
}

fn rests(name: &str) -> OwnDay {
    let name = DayName::parse(name).unwrap();
    OwnDay::Holiday { name }
}

#[test]
fn a_tenant_says_otherwise_of_single_days() {
    let change = [("2026-12-24", Some(rests("휴무"))), ("2026-10-09", Some(works()))];
    let own = korea()
        .changed(change.map(|(day, own)| (date(day), own)).into())
        .unwrap();
    assert_eq!(own.day(date("2026-12-24")), Day::OwnHoliday);
    assert_eq!(own.day(date("2026-10-09")), Day::OwnBusiness);
    assert_eq!(own.business_days(date("2026-12-23"), date("2026-12-28")), 1);
    assert_eq!(own.after(date("2026-10-08"), 1), date("2026-10-09"));
    let back = own.clone().changed([(date("2026-12-24"), None)].into()).unwrap();
    assert_eq!(
        back.own_days().map(|(day, _)| day).collect::<Vec<_>>(),
        [date("2026-10-09")]
    );
    assert_eq!(back.day(date("2026-12-24")), Day::Business);
}

#[test]
fn own_days_are_bounded() {
    let days = |count: u64| {
        (0..count)
            .map(|day| (date("2026-01-01") + Days::new(day), Some(works())))
            .collect()
    };
    let full = korea().changed(days(400)).unwrap();
    // One for another goes, one more does not.
    let other = [(date("2026-01-01"), None), (date("2030-01-02"), Some(works()))];
    assert!(full.clone().changed(other.into()).is_ok());
    assert_eq!(
        full.changed([(date("2030-01-02"), Some(works()))].into()),
        Err(TooManyOwnDays)
    );
    assert!(DayName::parse(&"가".repeat(40)).is_ok());
    assert_eq!(DayName::parse(&"가".repeat(41)), Err(LabelError::TooLong));
}

#[test]
fn every_holiday_has_an_english_name() {
    for (_, name) in HOLIDAYS {
        assert!(english(name).is_ascii(), "{name}");
    }
    assert_eq!(
        english("대체공휴일(부처님 오신 날)"),
        "Substitute holiday (Buddha's Birthday)"
    );
    assert_eq!(english("개천절, 추석"), "National Foundation Day, Chuseok");
}

fn any_date() -> impl Strategy<Value = NaiveDate> {
    // From 2015 to 2042, so beyond both ends of the table.
    (735_600..745_600_i32).prop_map(|days| NaiveDate::from_num_days_from_ce_opt(days).unwrap())
}

fn any_calendar() -> impl Strategy<Value = Calendar> {
    let own = proptest::sample::select(vec![works(), rests("창립기념일")]);
    proptest::collection::btree_map(any_date(), own, 0..200).prop_map(Calendar::with)
}

proptest! {
    #[test]
    fn counting_is_what_one_by_one_gives(calendar in any_calendar(), from in any_date(), days in 0..800_u64) {
        let until = from + Days::new(days);
        let one_by_one = from.iter_days().skip(1).take_while(|date| *date <= until);
        let count = one_by_one.filter(|date| calendar.day(*date).is_business()).count();
        prop_assert_eq!(calendar.business_days(from, until), i32::try_from(count).unwrap());
        prop_assert_eq!(calendar.business_days(until, from), -i32::try_from(count).unwrap());
    }

    #[test]
    fn counting_adds_up(calendar in any_calendar(), one in any_date(), two in any_date(), three in any_date()) {
        let sum = calendar.business_days(one, two) + calendar.business_days(two, three);
        prop_assert_eq!(sum, calendar.business_days(one, three));
    }

    #[test]
    fn so_many_days_after_are_so_many_days(calendar in any_calendar(), from in any_date(), days in 1..600_u16) {
        let until = calendar.after(from, days);
        prop_assert_eq!(calendar.business_days(from, until), i32::from(days));
        prop_assert!(calendar.day(until).is_business());
    }
}
