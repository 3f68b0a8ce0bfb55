//! A row of a file is carried out: its shop is registered or changed, and gets a link if it has none. Each of the two is done once.

use registry_domain::jobs::{CellFault, ImportRow, ImportWish, RowCode};
use registry_domain::merchant::{Command, Merchant, Refusal};
use registry_domain::{MerchantId, causes};
use registry_journal::{Order, Outcome};

use crate::file::Sources;
use crate::row::{Attempt, Ended, Made, Part, code_of};

/// How often a shop is read anew that somebody else changes meanwhile.
const TRIES: usize = 5;

impl Attempt<'_> {
    pub(crate) async fn import(&self, wish: &ImportWish) -> Made {
        let row = match self.said(wish).await {
            Ok(row) => row,
            Err(ended) => return ended.into(),
        };
        if self.row.merchant_id.is_some() {
            return self.bring_up_to_date(wish, &row).await;
        }
        let order = Order::Register {
            merchant_id: MerchantId::from_uuid(self.tools.ambient.ids.uuid()),
            registration: Box::new(row.registration()),
        };
        let merchant_id = match self.write(order).await {
            Ok(Outcome::Written(written)) => match written.merchant {
                Some(merchant) => merchant.id,
                None => return Ended::OPEN.into(),
            },
            Ok(Outcome::Replayed(replay)) => replay.merchant_id,
            // Somebody was quicker than the plan, or a row that failed had registered it.
            Ok(Outcome::Refused(Refusal::ReferenceTaken { .. })) => return self.bring_up_to_date(wish, &row).await,
            Ok(Outcome::Refused(refusal)) => return Ended::from(code_of(&refusal)).into(),
            Ok(Outcome::KeyReused | Outcome::TenantRefused(_)) => return Ended::from(RowCode::Internal).into(),
            Err(error) => return Ended::from(error).into(),
        };
        let ended = if wish.issue_links {
            self.call_for_link(merchant_id, Part::Link).await
        } else {
            Ended::DONE
        };
        Made {
            ended,
            merchant_id: Some(merchant_id),
        }
    }

    /// What the row says, which was found fit when it was planned.
    async fn said(&self, wish: &ImportWish) -> Result<ImportRow, Ended> {
        let reader = self.tools.archive.reader();
        let kept = reader.row_sources(self.tenant, self.job.id, &[self.row.number]).await;
        let kept = kept.map_err(|error| {
            tracing::warn!(job = %self.job.id, row = self.row.number, error = %causes(&error), "a row of a file was not read");
            self.unread()
        })?;
        let source = kept.first().ok_or(Ended::from(RowCode::Internal))?;
        let row = Sources::of(&self.tools.archive, self.job.id).open(source);
        let row = row.map_err(|_shut| Ended::from(RowCode::Internal))?;
        ImportRow::read(&wish.columns, &row.cells).map_err(|_: Vec<CellFault>| Ended::from(RowCode::Invalid))
    }

    /// Changes a shop that is there, and has a link issued if it needs one.
    async fn bring_up_to_date(&self, wish: &ImportWish, row: &ImportRow) -> Made {
        for _ in 0..TRIES {
            let found = self
                .tools
                .archive
                .reader()
                .merchant_by_reference(self.tenant, &row.reference);
            let merchant = match found.await {
                Ok(Some(merchant)) => merchant,
                Ok(None) => return Ended::from(RowCode::MerchantNotFound).into(),
                Err(_) => return self.unread().into(),
            };
            let of_shop = |ended| Made {
                ended,
                merchant_id: Some(merchant.id),
            };
            let errand = match row.errand(wish, Some(&merchant)) {
                Ok(errand) => errand,
                Err(code) => return of_shop(self.nothing_left(wish, &merchant, code).await),
            };
            if errand.changes {
                match self.change(row, &merchant).await {
                    // Nothing of it was written: it is weighed anew.
                    Err(RowCode::ChangedMeanwhile) => continue,
                    Err(code) => return of_shop(code.into()),
                    Ok(Ended::Done { .. }) => {}
                    Ok(ended) => return of_shop(ended),
                }
            }
            return of_shop(if errand.issues_link {
                self.call_for_link(merchant.id, Part::Link).await
            } else {
                Ended::DONE
            });
        }
        Ended::from(RowCode::ChangedMeanwhile).into()
    }

    async fn change(&self, row: &ImportRow, merchant: &Merchant) -> Result<Ended, RowCode> {
        let order = Order::Merchant {
            merchant_id: merchant.id,
            command: Command::ChangeDetails(Box::new(row.change())),
            expected: Some(merchant.version),
        };
        self.submit(order).await
    }

    /// Nothing is left to do: at a first attempt the plan has become wrong; later an earlier attempt has done it, and if that had begun
    /// with a link, what came of it is to be found out.
    async fn nothing_left(&self, wish: &ImportWish, merchant: &Merchant, code: RowCode) -> Ended {
        if self.is_first() || !matches!(code, RowCode::AlreadyRegistered | RowCode::NothingToChange) {
            return code.into();
        }
        let begun = self.row.begun_at;
        let asked = merchant.links.iter().any(|link| Some(link.requested_at) >= begun);
        if wish.issue_links && asked {
            return self.call_for_link(merchant.id, Part::Link).await;
        }
        Ended::DONE
    }
}
