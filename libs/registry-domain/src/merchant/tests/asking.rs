//! When upstream is to be asked, and which claims that open a shop wait for its word.

use super::*;

const AT_ONCE: Ask = Ask::Within(TimeDelta::zero());

/// What follows from a command for the plan of the next question.
fn ask(stream: &mut Stream, command: Command) -> Ask {
    let before = AskGround::of(stream.now());
    let events = stream.when(command);
    Ask::after(before, &events, stream.now())
}

fn unreadable() -> Command {
    claim(receipt(None), ClaimBody::Unusable(QuarantineReason::Unparseable))
}

/// A claim that comes like this.
fn by(receipt: Receipt, observation: Observation) -> Command {
    let digest = digest_of(&observation);
    claim(receipt, ClaimBody::Mapping { observation, digest })
}

#[test]
fn how_soon_each_thing_is_asked_about() {
    let mut stream = Stream::registered();
    assert_eq!(ask(&mut stream, Command::Archive), Ask::Never);
    assert_eq!(
        ask(&mut stream, Command::Restore),
        Ask::Never,
        "upstream cannot know it"
    );
    let mut stream = Stream::linked();
    let table = [
        ("a change", callback(says("P", None)), Ask::InTime),
        ("a repeat", callback(says("P", None)), Ask::AsPlanned),
        ("another name", callback(named(says("P", None), "나")), Ask::InTime),
        ("it opens", callback(says("O", None)), AT_ONCE),
        ("it is open", callback(named(says("O", None), "다")), Ask::InTime),
        ("it is held", callback(says("S", None)), AT_ONCE),
        ("one more is held", callback(says("R", None)), Ask::AsPlanned),
        ("an answer", read_back(says("O", None)), Ask::InTime),
        ("no news", read_back(says("O", None)), Ask::AsPlanned),
        (
            "a knock",
            unreadable(),
            Ask::Within(KNOCK_INTERVAL - TimeDelta::seconds(20)),
        ),
        ("another one", unreadable(), Ask::AsPlanned),
    ];
    for (name, command, expected) in table {
        assert_eq!(ask(&mut stream, command), expected, "{name}");
    }
    stream.second += 3_600;
    stream.when(read_back(says("O", None)));
    stream.second += 3_600;
    assert_eq!(ask(&mut stream, unreadable()), AT_ONCE, "nobody has asked for long");
    assert_eq!(ask(&mut stream, Command::Archive), Ask::Never);
    assert_eq!(ask(&mut stream, callback(says("P", None))), Ask::Never);
    assert_eq!(
        ask(&mut stream, Command::Restore),
        AT_ONCE,
        "it came while it was put away"
    );
}

#[test]
fn what_opens_a_shop_is_held_where_it_may_be_forged() {
    let issued = |listed| Receipt {
        link_id: Some(link_id(99)),
        sender_listed: listed,
        ..receipt(None)
    };
    let by_bills_url = Receipt {
        by_bills_url: true,
        ..receipt(None)
    };
    let table = [
        ("through its link", true, issued(None), None),
        ("from a sender on the list", true, issued(Some(true)), None),
        (
            "from another sender",
            true,
            issued(Some(false)),
            Some(Doubt::OpensUnlisted),
        ),
        (
            "through the URL for bills",
            true,
            by_bills_url,
            Some(Doubt::OpensByBillsUrl),
        ),
        ("without any link", false, receipt(None), Some(Doubt::OpensWithoutLink)),
    ];
    for (name, has_link, receipt, doubt) in table {
        for opening in [says("O", None), named(says("O", None), "나")] {
            let mut stream = if has_link {
                Stream::linked()
            } else {
                Stream::registered()
            };
            stream.when(by(receipt.clone(), says("P", None)));
            assert_eq!(
                stream.now().review.status(),
                ReviewStatus::InReview,
                "{name}: nothing else is held for that"
            );
            let events = stream.when(by(receipt.clone(), opening));
            let expected = doubt.map_or(Verdict::Applied, |_| Verdict::Held);
            assert_eq!(verdicts(&events), [expected], "{name}");
            assert_eq!(stream.now().confirmation.map(|it| it.doubt), doubt, "{name}");
            assert_eq!(stream.now().is_open(), doubt.is_none(), "{name}");
            stream.when(read_back(says("O", None)));
            assert!(stream.now().is_open(), "{name}: Paymint's word opens it");
        }
    }
}

#[test]
fn who_has_opened_a_shop_falsely_does_not_open_it_again() {
    let mut stream = Stream::linked();
    stream.when(callback(says("P", None)));
    stream.when(callback(says("O", None)));
    assert!(stream.now().is_open(), "the first is believed until Paymint was asked");
    stream.when(read_back(says("P", None)));
    for name in ["가", "나", "다"] {
        let events = stream.when(callback(named(says("O", None), name)));
        assert_eq!(verdicts(&events), [Verdict::Held], "{name}");
        assert_eq!(
            stream.now().confirmation.map(|it| it.doubt),
            Some(Doubt::OpensOnceMore),
            "{name}"
        );
        assert!(!stream.now().is_open(), "{name}");
        stream.when(read_back(says("P", None)));
        assert!(!stream.now().is_open(), "{name}: Paymint says no again");
    }
    stream.when(read_back(says("O", None)));
    assert!(stream.now().is_open(), "Paymint's word opens it");
    stream.when(read_back(says("S", None)));
    stream.when(callback(named(says("O", None), "라")));
    assert!(stream.now().is_open(), "from then on a claim is one again");
}

#[test]
fn a_link_that_came_back_is_an_opening_too() {
    let mut stream = Stream::linked();
    stream.when(read_back(deleted(says("O", None))));
    let receipt = Receipt {
        sender_listed: Some(false),
        ..receipt(None)
    };
    let events = stream.when(by(receipt, named(says("O", None), "나")));
    assert_eq!(verdicts(&events), [Verdict::Held]);
}

#[test]
fn a_knock_shows_until_upstream_has_spoken() {
    let mut stream = Stream::linked();
    stream.when(callback(says("P", None)));
    let asked = stream.seq();
    let changed_at = stream.now().updated_at;
    stream.when(unreadable());
    assert_eq!(stream.now().warnings(), [Warning::CallbackNotUnderstood]);
    assert!(stream.now().updated_at > changed_at, "a reader sees it");
    stream.when(callback(says("S", None)));
    assert_eq!(
        stream.now().warnings(),
        [Warning::CallbackNotUnderstood],
        "another claim does not explain it"
    );
    let overtaken = Reading {
        source: ReadingSource::ReadBack,
        asked_seq: asked,
        asked_at: at(stream.second),
        read_at: at(stream.second),
        answer: found(says("S", None)),
    };
    stream.exactly(Command::RecordReading(Box::new(overtaken))).unwrap();
    assert_eq!(
        stream.now().warnings(),
        [Warning::CallbackNotUnderstood],
        "asked before it came"
    );
    assert_eq!(
        stream.when(read_back(says("S", None))).len(),
        1,
        "that it is explained is a fact"
    );
    assert_eq!(stream.now().warnings(), []);
}

/// With nobody who asks upstream it would else show for ever.
#[test]
fn a_knock_shows_until_everything_that_knocked_is_settled() {
    let mut stream = Stream::linked();
    let open = QuarantineStanding::Open(QuarantineReason::Unparseable);
    let discard = |event_id| {
        let reason = Label::parse("시험 호출").unwrap();
        Told::standing(Command::DiscardCallback { event_id, reason }, open)
    };
    let redrive = |of, body| {
        let redrive = Redrive {
            of,
            seq: Seq(4),
            bound: false,
        };
        let receipt = receipt(None);
        Told::standing(
            Command::RedriveCallback(Box::new(Claim { receipt, body }), redrive),
            open,
        )
    };
    let understood = || ClaimBody::Mapping {
        observation: says("P", None),
        digest: digest_of(&says("P", None)),
    };
    let mut knocks = Vec::new();
    for _ in 0..3 {
        stream.when(unreadable());
        knocks.push(stream.last_event());
    }
    let changed_at = stream.now().updated_at;
    stream.when(discard(knocks[0]));
    stream.when(discard(EventId::from_uuid(Uuid::from_u128(99))));
    stream.when(redrive(knocks[1], ClaimBody::Unusable(QuarantineReason::WrongType)));
    let again = stream.last_event();
    stream.when(redrive(knocks[2], understood()));
    assert_eq!(stream.now().warnings(), [Warning::CallbackNotUnderstood], "one is left");
    assert_eq!(
        stream.now().knock.as_ref().map(|knock| knock.events.clone()),
        Some(vec![again])
    );
    stream.when(discard(again));
    assert_eq!(stream.now().warnings(), []);
    assert!(stream.now().updated_at > changed_at, "a reader sees it");
    // Of very many the newest are remembered.
    for _ in 0..2 * KNOCKS_MAX {
        stream.when(unreadable());
    }
    assert_eq!(
        stream.now().knock.as_ref().map(|knock| knock.events.len()),
        Some(KNOCKS_MAX)
    );
}

#[test]
fn what_is_no_knock() {
    let reasons = [
        QuarantineReason::LinkRevoked,
        QuarantineReason::UnknownLink,
        QuarantineReason::SenderNotAllowed,
    ];
    for reason in reasons {
        let mut stream = Stream::linked();
        stream.when(claim(receipt(None), ClaimBody::Unusable(reason)));
        assert_eq!(stream.now().knock, None, "{reason:?}");
    }
}
