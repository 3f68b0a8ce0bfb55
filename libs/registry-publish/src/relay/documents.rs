//! The bucket of current documents: written behind the stream, and written anew when the broker has lost it.

use registry_documents::document::{MerchantDocument, to_json};
use registry_domain::merchant::{Merchant, Stage};
use registry_domain::tenant::Slug;
use registry_domain::{Seq, TenantId};
use registry_journal::port::{Direction, MerchantFilter, MerchantQuery, PageSize, SortKey};

use super::RelayError;
use super::place::Place;
use super::position::Position;
use super::step::Carrier;
use crate::publisher::{BucketEntry, BucketValue};

/// Documents written at once, and merchants read at once when a bucket is rewritten.
const DOCUMENTS_PAGE: usize = 500;
const MERCHANTS_PAGE: PageSize = PageSize::clamped(500);

impl Carrier {
    /// Writes the documents that wait.
    pub(super) async fn write_waiting(
        &self,
        tenant: TenantId,
        slug: &Slug,
        place: &mut Place,
    ) -> Result<(), RelayError> {
        let position = &mut place.position;
        for part in place.waiting.take().chunks(DOCUMENTS_PAGE) {
            let wanted = part.iter().map(|(id, stamp)| (*id, stamp.version));
            let fetched = self.states.fetch(&self.archive, tenant, wanted).await;
            fetched.map_err(RelayError::ReadEvents)?;
            let mut entries = Vec::with_capacity(part.len());
            for (id, stamp) in part {
                let entry = |merchant: &Merchant| entry(merchant, stamp.seq);
                let made = self.states.at(&self.archive, tenant, *id, stamp.version, entry).await;
                entries.extend(made.map_err(|source| RelayError::FoldMerchant {
                    merchant_id: *id,
                    source,
                })?);
            }
            position.bucket_seq = self.put(slug, position.bucket_seq, &entries).await?;
        }
        position.documents_seq = position.documents_seq.max(position.seq);
        Ok(())
    }

    /// Writes the documents of all merchants that have no events after the position. Those of the others follow with
    /// their events, so that no document ever becomes older.
    pub(super) async fn rewrite_bucket(
        &self,
        tenant: TenantId,
        slug: &Slug,
        position: &mut Position,
    ) -> Result<(), RelayError> {
        let mut query = MerchantQuery {
            filter: MerchantFilter {
                stages: Stage::ALL.to_vec(),
                ..MerchantFilter::default()
            },
            sort: SortKey::CreatedAt,
            waits: None,
            direction: Direction::Ascending,
            after: None,
            limit: MERCHANTS_PAGE,
        };
        let mut last_entry = None;
        loop {
            let page = self.archive.reader().merchants(tenant, &query).await;
            let page = page.map_err(RelayError::ListMerchants)?;
            // The document of one whose row cannot be read stays away until its next event, which is folded from the log.
            let merchants = page.iter().filter_map(|listed| listed.merchant.as_ref().ok());
            let settled = merchants.filter(|merchant| merchant.seq <= position.seq);
            let entries: Vec<_> = settled.map(|merchant| entry(merchant, Seq::ZERO)).collect();
            position.bucket_seq = self.put(slug, position.bucket_seq, &entries).await?;
            last_entry = entries.into_iter().next_back().or(last_entry);
            match page.last() {
                Some(end) if page.len() == MERCHANTS_PAGE.get() as usize => {
                    query.after = Some(end.position.clone());
                }
                Some(_) | None => break,
            }
        }
        // Only now is the bucket complete, and only its last entry says so.
        if let Some(mut entry) = last_entry {
            entry.position = position.published_seq.min(position.seq);
            position.bucket_seq = self.put(slug, position.bucket_seq, &[entry]).await?;
        }
        position.documents_seq = position.seq;
        Ok(())
    }

    async fn put(&self, slug: &Slug, after: u64, entries: &[BucketEntry]) -> Result<u64, RelayError> {
        if entries.is_empty() {
            return Ok(after);
        }
        let stored = self.publisher.put_documents(slug, after, entries).await;
        stored.map_err(RelayError::PutDocuments)
    }
}

/// A merchant's entry in the bucket.
fn entry(merchant: &Merchant, position: Seq) -> BucketEntry {
    let value = if merchant.erased {
        BucketValue::Deleted
    } else {
        BucketValue::Document(to_json(&MerchantDocument::from_merchant(merchant).masked()))
    };
    BucketEntry {
        merchant_id: merchant.id,
        value,
        position,
    }
}
