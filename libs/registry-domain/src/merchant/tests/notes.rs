//! Notes: facts that change nothing but the version.

use super::*;
use crate::Note;

fn note(text: &str) -> Command {
    Command::AddNote(Note::parse(text).expect("it is a note"))
}

#[test]
fn a_note_is_a_fact_each_time_and_changes_nothing_that_is_shown() {
    let mut stream = Stream::registered();
    let before = stream.state.clone().expect("it is registered");
    for _ in 0..2 {
        let events = stream.when(note("메모"));
        assert!(matches!(events.as_slice(), [Event::NoteAdded { text }] if text.as_str() == "메모"));
    }
    let after = stream.state.expect("it is registered");
    assert_eq!(after.version, Version(before.version.0 + 2));
    assert_eq!(after.updated_at, before.updated_at);
}

#[test]
fn nothing_is_noted_on_a_merchant_that_is_not_there_or_was_erased() {
    assert_eq!(
        decide(None, note("메모"), &Context::default()),
        Err(Refusal::NoSuchMerchant)
    );
    let mut stream = Stream::registered();
    stream.happens(Event::MerchantErased);
    assert_eq!(stream.try_when(note("메모")), Err(Refusal::Erased));
}
