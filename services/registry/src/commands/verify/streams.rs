//! Whether a tenant's stream on NATS says what the log says, as far back as it is kept.

use std::fmt;

use anyhow::Context;
use registry_domain::tenant::Tenant;
use registry_domain::{Seq, TenantId};
use registry_journal::EventRow;
use registry_journal::port::{PageSize, ReadError, Reader};
use registry_publish_nats::{NatsConfig, Retained};

/// A stream that says what the log says.
#[derive(Debug, Default)]
pub(super) struct Compared {
    messages: u64,
    first: Option<Seq>,
    last: Option<Seq>,
    /// Messages of versions that told no hash: only their ids were compared.
    without_hash: u64,
    /// Messages that are no events of ours.
    strangers: u64,
}

/// The first message that says something else than the log.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Difference {
    Unknown(Seq),
    Other(Seq),
    Rewritten(Seq),
    Gap(Seq),
    CutOff { last: Seq, published: Seq },
}

impl Compared {
    /// Whether there was anything to compare.
    pub(super) fn is_anything(&self) -> bool {
        self.last.is_some()
    }
}

impl fmt::Display for Compared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Some(first), Some(last)) = (self.first, self.last) else {
            return f.write_str("its stream holds no events");
        };
        write!(
            f,
            "its stream holds {} events, from {first} to {last}, and says the same",
            self.messages
        )?;
        if self.without_hash > 0 {
            write!(
                f,
                "; {} of them carry no hash, so that only their ids were compared",
                self.without_hash
            )?;
        }
        if self.strangers > 0 {
            write!(f, "; {} messages there are not the registry's", self.strangers)?;
        }
        Ok(())
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown(seq) => write!(f, "its stream holds event {seq}, which the log does not have"),
            Self::Other(seq) => write!(f, "its stream holds another event {seq} than the log"),
            Self::Rewritten(seq) => write!(
                f,
                "event {seq} had another hash when it was published: the log was written anew, from there or from before"
            ),
            Self::Gap(seq) => write!(f, "its stream lacks what came before event {seq}"),
            Self::CutOff { last, published } => {
                write!(
                    f,
                    "its stream ends with event {last}, and event {published} was published"
                )
            }
        }
    }
}

/// Reads the stream from its oldest message to the newest of now beside the log.
pub(super) async fn compare(
    reader: &dyn Reader,
    nats: &NatsConfig,
    tenant: &Tenant,
) -> anyhow::Result<Result<Compared, Difference>> {
    // Before the stream is read: what is published meanwhile is in it.
    let published = reader.publish_cursor(tenant.id).await?.published_seq;
    let opened = Retained::open(nats, &tenant.slug).await;
    let mut compared = Compared::default();
    let Some(mut retained) = opened.context("the stream cannot be compared with the log")? else {
        return Ok(Ok(compared));
    };
    let mut log = Log::new(reader, tenant.id);
    while let Some(message) = retained
        .next()
        .await
        .context("the stream cannot be compared with the log")?
    {
        let Some(event) = message.event else {
            compared.strangers += 1;
            continue;
        };
        let Some(row) = log.at(event.seq).await? else {
            return Ok(Err(Difference::Unknown(event.seq)));
        };
        if row.event_id != event.event_id {
            return Ok(Err(Difference::Other(event.seq)));
        }
        if event.hash.is_some_and(|hash| hash != row.hash) {
            return Ok(Err(Difference::Rewritten(event.seq)));
        }
        if compared.last.is_some() && message.previous != compared.last {
            return Ok(Err(Difference::Gap(event.seq)));
        }
        compared.messages += 1;
        compared.without_hash += u64::from(event.hash.is_none());
        compared.first.get_or_insert(event.seq);
        compared.last = Some(event.seq);
    }
    if let Some(last) = compared.last
        && last < published
    {
        return Ok(Err(Difference::CutOff { last, published }));
    }
    Ok(Ok(compared))
}

/// The log, read page by page beside the stream.
struct Log<'a> {
    reader: &'a dyn Reader,
    tenant: TenantId,
    page: Vec<EventRow>,
}

impl<'a> Log<'a> {
    fn new(reader: &'a dyn Reader, tenant: TenantId) -> Self {
        Self {
            reader,
            tenant,
            page: Vec::new(),
        }
    }

    async fn at(&mut self, seq: Seq) -> Result<Option<&EventRow>, ReadError> {
        if self.place(seq).is_none() {
            let before = Seq(seq.0.saturating_sub(1));
            self.page = self.reader.events_after(self.tenant, before, PageSize::MAX).await?;
        }
        Ok(self.place(seq).map(|place| &self.page[place]))
    }

    fn place(&self, seq: Seq) -> Option<usize> {
        self.page.binary_search_by_key(&seq, |row| row.seq).ok()
    }
}
