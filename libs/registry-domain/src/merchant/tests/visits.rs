//! What a shop does at its own pages: facts, as far as they are news.

use super::*;

fn visit(visit: Visit, quiet_since: i64) -> Command {
    Command::RecordVisit {
        visit,
        quiet_since: at(quiet_since),
    }
}

#[test]
fn the_same_again_is_no_news_until_a_while_has_passed() {
    for (visited, fact) in [
        (Visit::Opened, Event::LinkOpened),
        (Visit::Returned, Event::MerchantReturned),
        (
            Visit::Continued {
                link_id: link_id(1),
                reused: true,
            },
            Event::LinkContinued {
                link_id: link_id(1),
                reused: true,
            },
        ),
    ] {
        let mut stream = Stream::registered();
        let before = stream.state.clone().expect("it is registered");
        assert_eq!(stream.when(visit(visited, 0)), std::slice::from_ref(&fact));
        let (_, stamp) = stream.events.last().expect("it happened").clone();
        let moment = (stamp.recorded_at - DateTime::UNIX_EPOCH).num_seconds();
        assert_eq!(stream.when(visit(visited, moment - 1)), []);
        assert_eq!(stream.when(visit(visited, moment)), [fact]);
        let after = stream.state.expect("it is registered");
        assert_eq!(after.updated_at, before.updated_at, "nothing of it is shown");
    }
}

#[test]
fn what_is_done_otherwise_is_news_and_so_is_a_new_link() {
    let mut stream = Stream::registered();
    let fresh = Visit::Continued {
        link_id: link_id(1),
        reused: false,
    };
    assert_eq!(stream.when(visit(Visit::Opened, 0)).len(), 1);
    for _ in 0..2 {
        assert_eq!(stream.when(visit(fresh, 0)).len(), 1);
    }
    assert_eq!(stream.when(visit(Visit::Returned, 0)).len(), 1);
}

#[test]
fn a_shop_that_was_put_away_has_no_pages() {
    let mut stream = Stream::registered();
    stream.when(Command::Archive);
    assert_eq!(stream.when(visit(Visit::Opened, 0)), []);
    stream.when(Command::Restore);
    assert_eq!(stream.when(visit(Visit::Opened, 0)), [Event::LinkOpened]);
    stream.happens(Event::MerchantErased);
    assert_eq!(stream.when(visit(Visit::Returned, 0)), []);
    let nobody = decide(None, visit(Visit::Opened, 0), &Context::default());
    assert_eq!(nobody, Err(Refusal::NoSuchMerchant));
}
