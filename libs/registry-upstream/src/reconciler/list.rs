//! Upstream's list of all links, compared with the merchants that the tenant has registered.

use std::collections::HashMap;

use futures::{StreamExt, TryStreamExt, stream};
use registry_domain::merchant::{self, Answer, Command, Merchant, Reading, Stage};
use registry_domain::review::ReadingSource;
use registry_domain::tenant::{self, ListedPair, Tenant};
use registry_domain::{Reference, Seq};
use registry_journal::port::{Direction, MerchantFilter, MerchantQuery, PageSize, SortKey};
use registry_journal::{Order, Origin};

use super::ReconcileError;
use super::pass::{Worker, log_failure};
use crate::answers::{ListedRow, listed};
use crate::budget::Urgency;
use crate::inquirer::Heard;
use crate::question::AskError;

/// What the list brought is written so many at once.
const CONCURRENT_MAX: usize = 32;

/// Upstream's list, by pair.
struct List {
    rows: HashMap<Reference, ListedRow>,
    /// The end of the log before it was asked for.
    known: Seq,
    /// Every row could be read. Only then does the absence of a merchant mean anything.
    is_whole: bool,
}

impl Worker {
    /// Reads the list and writes down what is news: of merchants, what it says of them or that it lacks them; of pairs
    /// that nobody has registered, that they exist. Returns whether the list came.
    pub(super) async fn compare_list(
        &self,
        tenant: &Tenant,
        urgency: Urgency,
        origin: &Origin,
    ) -> Result<bool, ReconcileError> {
        // Before it is asked for: every claim up to here is older than the list.
        let end = self.archive.reader().head(tenant.id).await;
        let known = end.map_err(ReconcileError::ReadHead)?.seq;
        let heard = match self.inquirer.list(tenant.id, urgency, origin).await {
            Ok(heard) => heard,
            Err(error) => {
                log_failure(tenant, "upstream's list was not read", &error);
                return Ok(false);
            }
        };
        let rows: Vec<Option<ListedRow>> = heard.answer.rows.iter().map(listed).collect();
        let list = List {
            // A list without any row says more about the list than about the merchants.
            known,
            is_whole: heard.answer.unreadable == 0 && !rows.is_empty() && rows.iter().all(Option::is_some),
            rows: rows
                .into_iter()
                .flatten()
                .map(|row| (row.reference.clone(), row))
                .collect(),
        };
        let heard = Heard {
            asked_at: heard.asked_at,
            read_at: heard.read_at,
            answer: (),
        };
        let unknown = self.compare_merchants(tenant, list, &heard, origin).await?;
        let pairs = unknown.into_iter().map(|row| ListedPair {
            reference: row.reference,
            mapping_status: row.mapping_status,
            read_at: heard.read_at,
        });
        stream::iter(pairs)
            .map(|pair| {
                let order = Order::Tenant(tenant::Command::ReceiveListed(pair));
                self.inquirer.submit(tenant.id, order, origin)
            })
            .buffer_unordered(CONCURRENT_MAX)
            .try_for_each(async |_outcome| Ok(()))
            .await
            .map_err(ReconcileError::Write)?;
        Ok(true)
    }

    /// Returns the rows that are no merchant's.
    async fn compare_merchants(
        &self,
        tenant: &Tenant,
        mut list: List,
        heard: &Heard<()>,
        origin: &Origin,
    ) -> Result<Vec<ListedRow>, ReconcileError> {
        let mut query = MerchantQuery {
            filter: MerchantFilter {
                // Archived ones too: their pairs are not unknown.
                stages: Stage::ALL.to_vec(),
                ..MerchantFilter::default()
            },
            sort: SortKey::CreatedAt,
            waits: None,
            direction: Direction::Ascending,
            after: None,
            limit: PageSize::MAX,
        };
        let mut is_whole = true;
        loop {
            let page = self.archive.reader().merchants(tenant.id, &query).await;
            let page = page.map_err(ReconcileError::ListMerchants)?;
            let Some(end) = page.last() else { break };
            query.after = Some(end.position.clone());
            is_whole &= page.iter().all(|listed| listed.merchant.is_ok());
            let news: Vec<_> = page
                .iter()
                .filter_map(|listed| listed.merchant.as_ref().ok())
                .filter_map(|merchant| list.reading(merchant, heard).map(|reading| (merchant.id, reading)))
                .collect();
            let recorded = stream::iter(news)
                .map(|(id, reading)| self.inquirer.record(tenant.id, id, reading, origin))
                .buffer_unordered(CONCURRENT_MAX)
                .try_for_each(async |_asked| Ok(()));
            match recorded.await {
                Ok(()) => {}
                Err(AskError::Write(error)) => return Err(ReconcileError::Write(error)),
                Err(AskError::Read(error)) => return Err(ReconcileError::ReadBack(error)),
                Err(error) => log_failure(tenant, "what the list says of a merchant was not written", &error),
            }
        }
        // A pair that seems to be nobody's may be that of one whose row cannot be read.
        let strangers = list.rows.into_values().filter(|_| is_whole);
        Ok(strangers.collect())
    }
}

impl List {
    /// What the list says of a merchant, if it is news. Its row is used up.
    fn reading(&mut self, merchant: &Merchant, heard: &Heard<()>) -> Option<Reading> {
        let row = self.rows.remove(&merchant.reference.composed());
        if merchant.archived_since.is_some() {
            return None;
        }
        let answer = match row {
            Some(row) => row.into_answer(),
            None if self.is_whole => Answer::Missing,
            None => return None,
        };
        let reading = Reading {
            source: ReadingSource::List,
            asked_seq: self.known,
            asked_at: heard.asked_at,
            read_at: heard.read_at,
            answer,
        };
        // The write path decides again, on the merchant as it is then. This only spares it a list of old news.
        let command = Command::RecordReading(Box::new(reading.clone()));
        let decided = merchant::decide(Some(merchant), command, &merchant::Context::default());
        let is_news = decided.is_ok_and(|events| !events.is_empty());
        is_news.then_some(reading)
    }
}
