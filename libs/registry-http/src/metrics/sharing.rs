//! Numbers about what all share, and who is refused more of it.

use std::fmt;
use std::sync::Arc;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::DescriptorEncoder;
use registry_imports::Places;
use registry_web::room::Room;
use registry_web::serve::Gate;

use super::{counter, gauge};
use crate::heads::Heads;
use crate::request_rates::RequestRates;
use crate::state::Past;

/// What is shared by all who ask.
pub struct Sharing {
    /// Connections.
    pub gate: Arc<Gate>,
    /// Memory for bodies.
    pub bodies: Room,
    /// Requests.
    pub request_rates: Arc<RequestRates>,
    /// Calls to Paymint for links.
    pub link_calls: Room,
    /// Event streams.
    pub event_streams: Room,
    /// Requests that wait for events.
    pub long_polls: Room,
    /// Files that are on their way to clients.
    pub downloads: Room,
    /// Places for files that are read.
    pub files: Places,
    /// What is read of the past.
    pub past: Arc<Past>,
    /// The logs that are followed.
    pub heads: Arc<Heads>,
}

const LINK_CALLS: (&str, &str) = ("link_calls", "Calls to upstream for links that are under way");
const LINK_CALLS_REFUSED: (&str, &str) = (
    "link_calls_refused",
    "Calls to upstream for links that were not made because too many were under way, in all or of the same tenant",
);
const EVENT_STREAMS: (&str, &str) = ("event_streams", "Event streams (SSE) that are open");
const EVENT_STREAMS_REFUSED: (&str, &str) = (
    "event_streams_refused",
    "Event streams that were refused because too many were open, in all or of the same tenant",
);
const LONG_POLLS: (&str, &str) = ("long_polls", "Requests for the feed that wait for events");
const LONG_POLLS_REFUSED: (&str, &str) = (
    "long_polls_refused",
    "Requests for the feed that were refused because too many waited, in all or of the same tenant",
);
const FILE_DOWNLOADS: (&str, &str) = ("file_downloads", "Files that are on their way to clients");
const FILE_DOWNLOADS_REFUSED: (&str, &str) = (
    "file_downloads_refused",
    "Files that were not handed out because too many were on their way, in all or of the same tenant",
);

impl fmt::Debug for Sharing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sharing").finish_non_exhaustive()
    }
}

impl Sharing {
    fn encode_files(&self, encoder: &mut DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let reading = "Files of merchants that are being read, each by a process of its own";
        gauge(encoder, "file_readings", reading, self.files.reading() as u64)?;
        let waiting = "Files of merchants that wait to be read";
        gauge(encoder, "file_readings_waiting", waiting, self.files.waiting() as u64)?;
        counter(
            encoder,
            "file_readings_refused",
            "Files of merchants that were not read because too many others were read or waited, in all or of the same tenant",
            self.files.refused(),
        )
    }
}

impl Collector for Sharing {
    fn encode(&self, mut encoder: DescriptorEncoder) -> Result<(), fmt::Error> {
        gauge(
            &mut encoder,
            "request_rates_kept",
            "Keys, people and tenants of which it is kept how often they have asked",
            self.request_rates.kept() as u64,
        )?;
        for (room, (name, help), (refused_name, refused_help)) in [
            (&self.link_calls, LINK_CALLS, LINK_CALLS_REFUSED),
            (&self.event_streams, EVENT_STREAMS, EVENT_STREAMS_REFUSED),
            (&self.long_polls, LONG_POLLS, LONG_POLLS_REFUSED),
            (&self.downloads, FILE_DOWNLOADS, FILE_DOWNLOADS_REFUSED),
        ] {
            gauge(&mut encoder, name, help, room.taken() as u64)?;
            counter(&mut encoder, refused_name, refused_help, room.turned_away())?;
        }
        self.encode_files(&mut encoder)?;
        counter(
            &mut encoder,
            "past_reads_turned_away",
            "Reads of a merchant's past turned away because too many of the same tenant were under way",
            self.past.shares.counts().turned_away,
        )?;
        counter(
            &mut encoder,
            "feed_reads",
            "Pages of logs that were read for those who follow them",
            self.heads.reads(),
        )
    }
}
