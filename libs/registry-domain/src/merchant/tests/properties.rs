//! What holds for any history.

use proptest::prelude::*;

use super::arbitrary::{any_answer, any_command, any_observation};
use super::*;

fn history(commands: Vec<Told>) -> Stream {
    let mut stream = Stream::linked();
    for command in commands {
        let _refusals_leave_no_trace = stream.try_when(command);
    }
    stream
}

fn fold_of(stream: &Stream, erase: impl Fn(&Event) -> Event) -> Option<Merchant> {
    let events: Vec<_> = stream
        .events
        .iter()
        .map(|(event, stamp)| (erase(event), *stamp))
        .collect();
    fold(merchant_id(), events.iter().map(|(event, stamp)| (event, *stamp)))
}

/// The event as it is read once its personal part was destroyed.
fn without_personal_part(event: &Event) -> Event {
    let mut event = event.clone();
    match &mut event {
        Event::MerchantRegistered {
            company_name,
            branch_name,
            ..
        } => (*company_name, *branch_name) = (None, None),
        Event::CallbackReceived {
            observation,
            digest,
            payload,
            ..
        } => (*observation, *digest, payload.0) = (None, None, vec![]),
        Event::StatusObserved {
            answer: Answer::Found { observation, .. },
            ..
        } => {
            **observation = Observation {
                deletion: DeletionMark::Unsaid,
                ..silent()
            };
        }
        Event::ReviewChanged { message, .. } => *message = None,
        Event::BusinessDetailsChanged {
            company_name,
            branch_name,
            business_number,
            ..
        } => (*company_name, *branch_name, *business_number) = (None, None, None),
        Event::MerchantDetailsChanged { .. }
        | Event::MerchantArchived
        | Event::MerchantRestored
        | Event::MerchantErased
        | Event::LinkRequested { .. }
        | Event::LinkIssued { .. }
        | Event::LinkIssueFailed { .. }
        | Event::LinkRevoked { .. }
        | Event::LinkOpened
        | Event::LinkContinued { .. }
        | Event::MerchantReturned
        | Event::CallbackDiscarded { .. }
        | Event::StatusObserved { .. }
        | Event::UpstreamUnlinked { .. }
        | Event::UpstreamRelinked { .. }
        | Event::ConfirmationRequested { .. }
        | Event::ConfirmationResolved { .. }
        | Event::PaymentApprovalReceived { .. }
        | Event::NoteAdded { .. }
        | Event::Alert(_) => {}
    }
    event
}

/// What an answer about the merchant that says everything says.
fn whole(observation: Observation, letter: &str, is_deleted: bool) -> Observation {
    Observation {
        review_code: ReviewCode::from_untrusted(letter),
        deletion: if is_deleted {
            DeletionMark::Deleted
        } else {
            DeletionMark::NotDeleted
        },
        ..observation
    }
}

/// The command as somebody sends it whose clock shows this second.
fn at_second(mut told: Told, second: i64) -> Told {
    if let Command::ReceiveCallback(claim) = &mut told.command {
        claim.receipt.received_at = at(second);
    }
    if let Command::RecordReading(reading) = &mut told.command {
        (reading.asked_at, reading.read_at) = (at(second), at(second));
    }
    told
}

/// What happens between upstream, the network and us.
#[derive(Debug, Clone)]
enum Happening {
    /// Upstream moves to this letter, deleted or not, and sends a callback.
    Moves(&'static str, bool),
    /// One of the callbacks that were sent arrives: the first time, late, or once more.
    Arrives(prop::sample::Index),
    /// Upstream is asked and answers.
    IsAsked,
    /// The hold time is over.
    TimeIsUp,
}

fn any_happening() -> impl Strategy<Value = Happening> {
    let letter = prop::sample::select(vec!["N", "W", "P", "S", "R", "O"]);
    prop_oneof![
        3 => (letter, prop::bool::weighted(0.2)).prop_map(|(letter, deleted)| Happening::Moves(letter, deleted)),
        5 => any::<prop::sample::Index>().prop_map(Happening::Arrives),
        2 => Just(Happening::IsAsked),
        1 => Just(Happening::TimeIsUp),
    ]
}

/// Letter and deletion as the registry believes them.
fn believed(merchant: &Merchant) -> (Option<&str>, bool) {
    let letter = merchant.review.code.as_ref().map(ReviewCode::as_str);
    (letter, merchant.unlinked_since.is_some())
}

proptest! {
    /// Callbacks are lost, doubled and late: what the registry calls verified is upstream's truth as of the last
    /// question. It is honest about the rest, and one more question puts it right.
    #[test]
    fn what_is_verified_is_true(happenings in prop::collection::vec(any_happening(), 0..80)) {
        let mut stream = Stream::linked();
        let (mut truth, mut sent, mut has_moved) = (("N", false), vec![("N", false)], true);
        let look = |(letter, deleted)| whole(silent(), letter, deleted);
        for happening in happenings {
            match happening {
                Happening::Moves(letter, deleted) => {
                    (truth, has_moved) = ((letter, deleted), true);
                    sent.push(truth);
                }
                Happening::Arrives(which) => {
                    stream.when(callback(look(*which.get(&sent))));
                }
                Happening::IsAsked => {
                    stream.when(read_back(look(truth)));
                    has_moved = false;
                }
                Happening::TimeIsUp => {
                    stream.when(Command::ReleaseHold { requested_until: at(i64::from(u32::MAX)) });
                }
            }
            let is_true = believed(stream.now()) == (Some(truth.0), truth.1);
            prop_assert!(is_true || has_moved || stream.now().review.verification != Verification::Verified);
        }
        stream.when(read_back(look(truth)));
        prop_assert_eq!(believed(stream.now()), (Some(truth.0), truth.1));
        prop_assert_eq!(stream.now().review.verification, Verification::Verified);
    }

    /// What `decide` saw while the history grew is what a reader gets who folds the log from its beginning.
    #[test]
    fn folding_the_log_gives_the_state_that_decide_saw(commands in prop::collection::vec(any_command(), 0..60)) {
        let stream = history(commands);
        prop_assert_eq!(fold_of(&stream, Clone::clone), stream.state);
    }

    /// The same after an erasure, when the personal part of the log is gone.
    #[test]
    fn an_erased_merchant_is_what_the_erased_log_gives_back(
        before in prop::collection::vec(any_command(), 0..30),
        after in prop::collection::vec(any_command(), 0..20),
    ) {
        let mut stream = history(before);
        stream.happens(Event::MerchantErased);
        for command in after {
            let _refusals_leave_no_trace = stream.try_when(command);
        }
        prop_assert_eq!(fold_of(&stream, without_personal_part), stream.state);
    }

    /// After any history: the same callback again changes nothing.
    #[test]
    fn a_repeat_emits_no_change(
        commands in prop::collection::vec(any_command(), 0..30),
        observation in any_observation(),
    ) {
        let mut stream = history(commands);
        stream.when(callback(observation.clone()));
        let visible = stream.now().review.clone();
        let events = stream.when(callback(observation));
        prop_assert_eq!(verdicts(&events), [Verdict::Duplicate]);
        prop_assert_eq!(events.len(), 1);
        let observed_at = stream.now().review.observed_at;
        prop_assert_eq!(&stream.now().review, &crate::review::Review { observed_at, ..visible });
    }

    /// No report is refused, and each leaves exactly one receipt.
    #[test]
    fn every_callback_leaves_one_receipt(
        commands in prop::collection::vec(any_command(), 0..20),
        observations in prop::collection::vec(any_observation(), 1..20),
    ) {
        let mut stream = history(commands);
        for observation in observations {
            let events = stream.when(callback(observation));
            prop_assert_eq!(verdicts(&events).len(), 1);
        }
    }

    /// A merchant has at most one open question, it shows as held for as long as it is open, and what is kept for it
    /// is bounded.
    #[test]
    fn there_is_at_most_one_open_question(commands in prop::collection::vec(any_command(), 0..60)) {
        let mut stream = Stream::linked();
        for command in commands {
            let _refusals_leave_no_trace = stream.try_when(command);
            let asked = stream.events.iter().filter(|(event, _)| matches!(event, Event::ConfirmationRequested { .. }));
            let settled = stream.events.iter().filter(|(event, _)| matches!(event, Event::ConfirmationResolved { .. }));
            let merchant = stream.now();
            prop_assert_eq!(asked.count() - settled.count(), usize::from(merchant.confirmation.is_some()));
            prop_assert_eq!(merchant.review.verification == Verification::Held, merchant.confirmation.is_some());
            prop_assert_eq!(merchant.held.is_empty(), merchant.confirmation.is_none());
            prop_assert!(merchant.held.len() <= HELD_MAX && merchant.memory.recent.len() <= RECENT_MAX);
        }
    }

    /// Whatever was lost, doubled, late or held: a whole answer to a question that was sent last is what is believed.
    #[test]
    fn the_newest_reading_wins(
        commands in prop::collection::vec(any_command(), 0..40),
        observation in any_observation(),
        letter in prop::sample::select(vec!["N", "W", "P", "S", "R", "O", "X"]),
        is_deleted in any::<bool>(),
    ) {
        let mut stream = history(commands);
        stream.second += 1_000;
        let truth = whole(observation, letter, is_deleted);
        stream.when(read_back(truth.clone()));
        let merchant = stream.now();
        prop_assert_eq!(merchant.review.code.as_ref().map(ReviewCode::as_str), Some(letter));
        prop_assert_eq!(merchant.unlinked_since.is_some(), is_deleted);
        prop_assert_eq!(merchant.review.verification, Verification::Verified);
        prop_assert_eq!(merchant.confirmation, None);
        prop_assert_eq!(merchant.missing_upstream_since, None);
        let events = stream.when(read_back(truth));
        prop_assert_eq!(events, vec![], "asking again finds nothing new");
    }

    /// The same answer twice in a row is one fact at most.
    #[test]
    fn asking_twice_writes_once(
        commands in prop::collection::vec(any_command(), 0..40),
        source in prop::sample::select(ReadingSource::ALL.to_vec()),
        answer in any_answer(),
    ) {
        let mut stream = history(commands);
        stream.when(reading(source, answer.clone()));
        prop_assert_eq!(stream.when(reading(source, answer)), vec![]);
    }

    /// An answer that a claim has overtaken moves nothing: at most it makes the review conflicting.
    #[test]
    fn an_overtaken_reading_moves_nothing(
        commands in prop::collection::vec(any_command(), 0..40),
        observation in any_observation(),
        letter in prop::sample::select(vec!["N", "W", "P", "S", "R", "O", "X"]),
        skew in -100_000_i64..100_000,
    ) {
        let mut stream = history(commands);
        let asked_seq = stream.seq();
        stream.when(callback(observation.clone()));
        let before = believed(stream.now());
        let before = (before.0.map(str::to_owned), before.1);
        let overtaken = Reading {
            source: ReadingSource::ReadBack,
            asked_seq,
            asked_at: at(stream.second + skew),
            read_at: at(stream.second + skew),
            answer: found(whole(observation, letter, false)),
        };
        prop_assert!(stream.exactly(Command::RecordReading(Box::new(overtaken))).is_ok());
        let after = believed(stream.now());
        prop_assert_eq!((after.0.map(str::to_owned), after.1), before);
    }

    /// Whatever the clocks of those say who received, asked and recorded: a whole answer to a question whose asker knew
    /// every claim is what is believed.
    #[test]
    fn clocks_decide_nothing(
        happenings in prop::collection::vec((any_command(), -100_000_i64..100_000, -100_000_i64..100_000), 0..40),
        observation in any_observation(),
        letter in prop::sample::select(vec!["N", "W", "P", "S", "R", "O", "X"]),
        is_deleted in any::<bool>(),
        skew in -100_000_i64..100_000,
    ) {
        let mut stream = Stream::linked();
        for (command, received, recorded) in happenings {
            stream.second = recorded;
            let _refusals_leave_no_trace = stream.exactly(at_second(stream.in_time(command), received));
        }
        let truth = whole(observation, letter, is_deleted);
        let asked = at_second(stream.in_time(read_back(truth.clone())), skew);
        prop_assert!(stream.exactly(asked).is_ok());
        let merchant = stream.now();
        prop_assert_eq!(believed(merchant), (Some(letter), is_deleted));
        prop_assert_eq!(merchant.review.verification, Verification::Verified);
        prop_assert_eq!((merchant.confirmation, &merchant.knock), (None, &None));
    }

    /// A hold ends, whatever is held.
    #[test]
    fn a_release_leaves_nothing_held(commands in prop::collection::vec(any_command(), 0..40)) {
        let mut stream = history(commands);
        let was_open = stream.now().confirmation.is_some();
        let events = stream.when(Command::ReleaseHold { requested_until: at(i64::from(u32::MAX)) });
        prop_assert_eq!(!events.is_empty(), was_open);
        prop_assert_eq!(stream.now().confirmation, None);
        prop_assert!(stream.now().held.is_empty());
        prop_assert!(stream.now().review.verification != Verification::Held);
    }
}
