//! Where the relay goes on in a tenant's log, judged from what it wrote down and from what the broker really holds.

use registry_domain::Seq;
use registry_journal::EventRow;
use registry_journal::port::PublishCursor;

use crate::publisher::{LastEvent, Standing};

/// Where the relay stands in a tenant's log, in its stream and in its bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Position {
    /// Everything up to here was read.
    pub(super) seq: Seq,
    /// The last event in the stream. Beyond `seq` while events are read again that are in the stream already.
    pub(super) published_seq: Seq,
    /// The stream's last sequence.
    pub(super) stream_seq: u64,
    /// The bucket's last sequence.
    pub(super) bucket_seq: u64,
    /// Documents as of events up to here need not be written.
    pub(super) documents_seq: Seq,
}

impl Position {
    /// What to write down. None while events are read again: `published_seq` then is not about `seq`.
    pub(super) fn cursor(&self) -> Option<PublishCursor> {
        (self.published_seq <= self.seq).then_some(PublishCursor {
            seq: self.seq,
            published_seq: self.published_seq,
            stream_seq: self.stream_seq,
        })
    }
}

/// How to go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Resumption {
    /// From where.
    pub(super) position: Position,
    /// The stream holds less than was published: what it lost is published again.
    pub(super) stream_lost: bool,
    /// The bucket holds less than was written: all documents as of the position are to be written.
    pub(super) bucket_lost: bool,
}

/// How the last event of a stream stands to the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tie {
    /// It stands there as it was published, or the stream has none.
    Same,
    /// It stands there, but the log up to it has another hash: somebody wrote the log anew.
    Rewritten,
    /// It does not stand there: the log was begun anew, or restored from a backup, while the broker kept its data.
    Foreign,
}

impl Tie {
    /// Compares the stream's last event with what the log has at its position.
    pub(super) fn of(last: Option<LastEvent>, found: Option<&EventRow>) -> Self {
        let Some(last) = last else { return Self::Same };
        match found {
            Some(row) if row.event_id != last.event_id => Self::Foreign,
            Some(row) if last.hash.is_some_and(|hash| hash != row.hash) => Self::Rewritten,
            Some(_) => Self::Same,
            None => Self::Foreign,
        }
    }
}

/// Compares what was written down with what the broker holds. The broker is right: it may hold more (the process ended
/// before the cursor was saved) or less (its data was wiped, or cut by a power failure).
///
/// A stream that ends with an event of another log tells nothing about this one: the relay goes on from what was written
/// down, behind the events that are not in the log. Of a log that was written anew the positions still count.
pub(super) fn resume(cursor: PublishCursor, standing: &Standing, tie: Tie) -> Resumption {
    let is_ours = tie != Tie::Foreign;
    let published_seq = match standing.last {
        Some(last) if is_ours => last.seq,
        Some(_) => cursor.published_seq,
        // The messages grew too old; that they were published is still true.
        None if standing.stream_seq >= cursor.stream_seq => cursor.published_seq,
        None => Seq::ZERO,
    };
    let stream_lost = published_seq < cursor.published_seq;
    let seq = if stream_lost { published_seq } else { cursor.seq };
    // The bucket is written after the stream. One that is ahead of a whole stream was not written from this log.
    let is_bucket_ours = is_ours && (stream_lost || standing.bucket_position <= published_seq);
    let bucket_position = if is_bucket_ours {
        standing.bucket_position
    } else {
        Seq::ZERO
    };
    Resumption {
        position: Position {
            seq,
            published_seq,
            stream_seq: standing.stream_seq,
            bucket_seq: standing.bucket_seq,
            documents_seq: bucket_position,
        },
        stream_lost,
        bucket_lost: bucket_position < published_seq.min(cursor.published_seq),
    }
}

#[cfg(test)]
mod tests {
    use registry_domain::EventId;
    use uuid::Uuid;

    use super::*;

    fn cursor(seq: u64, published_seq: u64, stream_seq: u64) -> PublishCursor {
        PublishCursor {
            seq: Seq(seq),
            published_seq: Seq(published_seq),
            stream_seq,
        }
    }

    fn standing(last_seq: Option<u64>, stream_seq: u64, bucket_position: u64) -> Standing {
        Standing {
            last: last_seq.map(|seq| LastEvent {
                seq: Seq(seq),
                event_id: EventId::from_uuid(Uuid::from_u128(1)),
                hash: None,
            }),
            stream_seq,
            bucket_seq: 77,
            bucket_position: Seq(bucket_position),
        }
    }

    /// Read after, published up to, documents written up to, stream lost, bucket lost.
    fn outcome(resumption: &Resumption) -> (u64, u64, u64, bool, bool) {
        let position = resumption.position;
        (
            position.seq.0,
            position.published_seq.0,
            position.documents_seq.0,
            resumption.stream_lost,
            resumption.bucket_lost,
        )
    }

    #[test]
    fn the_broker_is_believed() {
        let left = cursor(9, 8, 5);
        let none = PublishCursor::START;
        let cases = [
            ("nothing yet", none, standing(None, 0, 0), (0, 0, 0, false, false)),
            ("as left", left, standing(Some(8), 5, 8), (9, 8, 8, false, false)),
            ("stream ahead", left, standing(Some(12), 8, 8), (9, 12, 8, false, false)),
            (
                "cursor lost",
                none,
                standing(Some(12), 8, 12),
                (0, 12, 12, false, false),
            ),
            ("aged out", left, standing(None, 5, 8), (9, 8, 8, false, false)),
            ("all wiped", left, standing(None, 0, 0), (0, 0, 0, true, false)),
            ("stream wiped", left, standing(None, 0, 8), (0, 0, 8, true, false)),
            ("stream cut", left, standing(Some(3), 2, 8), (3, 3, 8, true, false)),
            ("both cut", left, standing(Some(3), 2, 1), (3, 3, 1, true, true)),
            ("bucket wiped", left, standing(Some(8), 5, 0), (9, 8, 0, false, true)),
            ("bucket cut", left, standing(Some(12), 8, 7), (9, 12, 7, false, true)),
            (
                "bucket of another log",
                none,
                standing(Some(1), 7, 12),
                (0, 1, 0, false, false),
            ),
        ];
        for (name, cursor, standing, expected) in cases {
            let resumption = resume(cursor, &standing, Tie::Same);
            assert_eq!(outcome(&resumption), expected, "{name}");
            assert_eq!(resumption.position.stream_seq, standing.stream_seq, "{name}");
            assert_eq!(resumption.position.bucket_seq, 77, "{name}");
        }
    }

    #[test]
    fn events_of_another_log_tell_nothing() {
        let begun_anew = resume(PublishCursor::START, &standing(Some(12), 8, 12), Tie::Foreign);
        assert_eq!(outcome(&begun_anew), (0, 0, 0, false, false));
        let restored = resume(cursor(9, 8, 5), &standing(Some(12), 8, 12), Tie::Foreign);
        assert_eq!(outcome(&restored), (9, 8, 0, false, true));
    }

    #[test]
    fn nothing_is_written_down_while_events_are_read_again() {
        let again = resume(cursor(9, 8, 5), &standing(Some(12), 8, 8), Tie::Same).position;
        assert_eq!(again.cursor(), None);
        let settled = resume(cursor(9, 8, 5), &standing(Some(8), 5, 8), Tie::Same).position;
        assert_eq!(settled.cursor(), Some(cursor(9, 8, 5)));
    }
}
