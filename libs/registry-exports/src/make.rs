//! One file: its rows are read, written, sealed and kept, a few at a time.

use std::collections::HashMap;
use std::mem;
use std::sync::Arc;

use registry_documents::{MerchantDocument, Sight, WaitingMerchant, Waits};
use registry_domain::calendar::{Calendar, day_in_korea};
use registry_domain::exports::{ExportFault, ExportState};
use registry_domain::{ExportId, MerchantId, TenantId, causes};
use registry_journal::port::{
    Export, ExportEnd, ExportPiece, ListedMerchant, ListedThen, ReadError, Written, usual_query,
};
use registry_journal::{Ambient, Archive, ArchiveError};
use registry_tables::{Cell, merchants};
use tokio::sync::mpsc::{self, Receiver, Sender};
use tokio::task::{JoinError, spawn_blocking};
use uuid::Uuid;

use crate::limits::{ATTEMPTS_MAX, ExportLimits};
use crate::numbers::ExportNumbers;
use crate::pieces::Pieces;
use crate::table::{About, Table, TableError, unreadable};
use crate::wish::{ExportWish, Listed, ReadList, Whom};

/// Rows that are on their way from storage.
const ON_THE_WAY: usize = 512;

/// Rows that are written at once.
const BATCH: usize = 256;

/// What files are made with.
pub(crate) struct Workshop {
    pub(crate) archive: Archive,
    pub(crate) ambient: Ambient,
    pub(crate) limits: ExportLimits,
    pub(crate) read_list: ReadList,
    pub(crate) numbers: ExportNumbers,
}

/// Why a file did not come to its end. It is begun anew.
#[derive(Debug, thiserror::Error)]
pub(crate) enum MakeError {
    #[error("what is wanted, or a piece of it, could not be read or kept")]
    Storage(#[from] ReadError),
    #[error("merchants could not be read")]
    Past(#[from] ArchiveError),
    #[error(transparent)]
    Table(#[from] TableError),
    #[error("whatever wrote rows has died")]
    Died(#[from] JoinError),
    #[error("there is no such tenant")]
    NoTenant,
}

/// Why an attempt ended before its file did.
enum Stop {
    /// It cannot be made, however often it is tried.
    Fault(ExportFault, Option<u64>),
    /// It may go better another time.
    Error(MakeError),
}

impl From<TableError> for Stop {
    fn from(error: TableError) -> Self {
        match error.fault() {
            Some((fault, row)) => Self::Fault(fault, row),
            None => Self::Error(error.into()),
        }
    }
}

macro_rules! may_go_better {
    ($($error:ty),+) => {
        $(impl From<$error> for Stop {
            fn from(error: $error) -> Self {
                Self::Error(error.into())
            }
        })+
    };
}

may_go_better!(ReadError, ArchiveError, JoinError, MakeError);

/// Makes a file, unless it is made already or nobody wants it any more.
pub(crate) async fn make(shop: &Workshop, tenant: TenantId, id: ExportId) -> Result<(), MakeError> {
    let reader = shop.archive.reader();
    let Some(export) = reader.begin_export(tenant, id, shop.ambient.now()).await? else {
        return Ok(());
    };
    let (state, written, fault) = match attempt(shop, tenant, &export).await {
        Ok(Some(written)) => (ExportState::Ready, written, None),
        Ok(None) => return Ok(()),
        Err(Stop::Fault(fault, row)) => (ExportState::Failed, Written::default(), Some((fault, row))),
        Err(Stop::Error(error)) if export.attempts < ATTEMPTS_MAX => return Err(error),
        Err(Stop::Error(error)) => {
            tracing::error!(%tenant, %id, error = %causes(&error), "an export is given up");
            (
                ExportState::Failed,
                Written::default(),
                Some((ExportFault::TooSlow, None)),
            )
        }
    };
    let end = ExportEnd {
        state,
        written,
        fault,
        at: shop.ambient.now(),
    };
    if reader.end_export(tenant, id, Some(export.attempts), end).await? {
        shop.numbers.made(state.can_be_taken());
    }
    Ok(())
}

/// Makes it from its first row to its last. None if nobody wants it any more, or somebody else has begun it too.
async fn attempt(shop: &Workshop, tenant: TenantId, export: &Export) -> Result<Option<Written>, Stop> {
    let wish = ExportWish::from_text(&export.wish).map_err(|_| Stop::Fault(ExportFault::Internal, None))?;
    let reader = shop.archive.reader();
    let found = reader.tenant(tenant).await?.ok_or(MakeError::NoTenant)?;
    let as_of = match &wish.whom {
        Whom::Listed(Listed { as_of: Some(at), .. }) => *at,
        Whom::Listed(_) | Whom::These(_) => shop.ambient.now(),
    };
    let today = day_in_korea(as_of);
    let stays = reader.stays(tenant, &usual_query(today)).await?;
    let calendar = found.settings.calendar;
    let about = About {
        slug: found.slug.as_str(),
        as_of,
        rows: export.expected,
    };
    let (table, begun) = Table::begin(&wish, &about)?;
    let rows = Rows {
        shop,
        tenant,
        calendar: calendar.clone(),
    };
    let mut file = Kept {
        shop,
        tenant,
        export,
        pieces: Pieces::new(),
        number: 0,
        rows: 0,
    };
    if !file.add(&begun).await? {
        return Ok(None);
    }
    let (to, from) = mpsc::channel(ON_THE_WAY);
    let print = Arc::new(Print {
        waits: Waits::new(calendar, today, &stays),
        wish: wish.clone(),
    });
    // Reading ends once nobody takes rows any more: why writing has ended is told first.
    let (read, table) = tokio::join!(rows.hand_over(&wish, to), file.fill(table, print, from));
    let Some(table) = table? else { return Ok(None) };
    read?;
    file.finish(table).await
}

/// Where rows come from.
struct Rows<'a> {
    shop: &'a Workshop,
    tenant: TenantId,
    calendar: Calendar,
}

impl Rows<'_> {
    async fn hand_over(&self, wish: &ExportWish, to: Sender<ListedMerchant>) -> Result<(), Stop> {
        match &wish.whom {
            Whom::These(ids) => self.these(ids, to).await,
            Whom::Listed(list) => self.listed(list, wish.with_numbers, to).await,
        }
    }

    async fn these(&self, ids: &[MerchantId], to: Sender<ListedMerchant>) -> Result<(), Stop> {
        for id in ids {
            let found = self.shop.archive.reader().merchant(self.tenant, *id).await?;
            let Some(merchant) = found else { continue };
            if to.send(ListedMerchant::registered(merchant)).await.is_err() {
                break;
            }
        }
        Ok(())
    }

    async fn listed(&self, list: &Listed, with_numbers: bool, to: Sender<ListedMerchant>) -> Result<(), Stop> {
        let (tenant, reader) = (self.tenant, self.shop.archive.reader());
        let read = (self.shop.read_list)(list, &self.calendar, with_numbers);
        let (mut query, is_by_wait) = read.ok_or(Stop::Fault(ExportFault::Internal, None))?;
        if is_by_wait {
            let stays = reader.stays(tenant, &usual_query(list.today)).await?;
            query.waits = Some(Waits::new(self.calendar.clone(), list.today, &stays).order());
        }
        // One more than there may be, so that it is noticed.
        let most = self.shop.limits.rows_max.saturating_add(1);
        let Some(at) = list.as_of else {
            return Ok(reader.whole_list(tenant, &query, most, to).await?);
        };
        let (then_to, then_from) = mpsc::channel(ON_THE_WAY);
        let (read, told) = tokio::join!(
            reader.whole_list_as_of(tenant, &query, at, most, then_to),
            self.as_they_were(then_from, to)
        );
        told?;
        Ok(read?)
    }

    /// What stood in their documents then.
    async fn as_they_were(&self, mut from: Receiver<ListedThen>, to: Sender<ListedMerchant>) -> Result<(), Stop> {
        let mut batch = Vec::with_capacity(BATCH);
        while from.recv_many(&mut batch, BATCH).await > 0 {
            let wanted: Vec<_> = batch.drain(..).map(|then| (then.id(), then.version)).collect();
            let found = self.shop.archive.merchants_at(self.tenant, &wanted).await?;
            let mut found: HashMap<_, _> = found.into_iter().map(|merchant| (merchant.id, merchant)).collect();
            for (id, _) in wanted {
                let Some(merchant) = found.remove(&id) else { continue };
                if to.send(ListedMerchant::registered(merchant)).await.is_err() {
                    return Ok(());
                }
            }
        }
        Ok(())
    }
}

/// How a merchant becomes a row.
struct Print {
    waits: Waits,
    wish: ExportWish,
}

impl Print {
    fn row(&self, listed: ListedMerchant) -> Vec<Cell> {
        let sight = if self.wish.with_numbers {
            Sight::Whole
        } else {
            Sight::Masked
        };
        match listed.merchant {
            Ok(merchant) => {
                let waiting = WaitingMerchant {
                    wait: self.waits.of(&merchant),
                    merchant: MerchantDocument::shown(&merchant, sight),
                };
                merchants::row(&self.wish.columns, &waiting, self.wish.language)
            }
            Err(_) => unreadable(&listed.position.id.to_string(), self.wish.language),
        }
    }
}

/// The file, as far as it is.
struct Kept<'a> {
    shop: &'a Workshop,
    tenant: TenantId,
    export: &'a Export,
    pieces: Pieces,
    number: u32,
    rows: u64,
}

impl Kept<'_> {
    /// Writes rows as they come. Cells are made and bytes written where nobody waits for a processor to take callbacks in.
    async fn fill(
        &mut self,
        mut table: Table,
        print: Arc<Print>,
        mut from: Receiver<ListedMerchant>,
    ) -> Result<Option<Table>, Stop> {
        let mut batch = Vec::with_capacity(BATCH);
        while from.recv_many(&mut batch, BATCH).await > 0 {
            let (listed, print) = (mem::take(&mut batch), Arc::clone(&print));
            let count = listed.len() as u64;
            self.rows += count;
            if self.rows > self.shop.limits.rows_max {
                return Err(Stop::Fault(ExportFault::TooManyRows, None));
            }
            let written = spawn_blocking(move || {
                let rows: Vec<_> = listed.into_iter().map(|listed| print.row(listed)).collect();
                table.rows(&rows).map(|bytes| (table, bytes))
            });
            let bytes;
            (table, bytes) = written.await??;
            self.shop.numbers.rows(count);
            if !self.add(&bytes).await? {
                return Ok(None);
            }
        }
        Ok(Some(table))
    }

    /// Writes what is left.
    async fn finish(mut self, table: Table) -> Result<Option<Written>, Stop> {
        let mut rest = spawn_blocking(move || table.finish()).await??;
        loop {
            let (back, bytes) = spawn_blocking(move || rest.next().map(|bytes| (rest, bytes))).await??;
            rest = back;
            let Some(bytes) = bytes else { break };
            if !self.add(&bytes).await? {
                return Ok(None);
            }
        }
        if let Some(last) = self.sealed(self.pieces.last())
            && !self.keep(last).await?
        {
            return Ok(None);
        }
        Ok(Some(self.written()))
    }

    async fn add(&mut self, mut bytes: &[u8]) -> Result<bool, Stop> {
        while !bytes.is_empty() {
            bytes = self.pieces.add(bytes);
            if self.pieces.bytes() > self.shop.limits.bytes_max {
                return Err(Stop::Fault(ExportFault::TooLarge, None));
            }
            if let Some(whole) = self.sealed(self.pieces.whole()) {
                if !self.keep(whole).await? {
                    return Ok(false);
                }
                self.pieces.begin_next();
            }
        }
        Ok(true)
    }

    /// A piece as it is kept.
    fn sealed(&self, piece: Option<&[u8]>) -> Option<ExportPiece> {
        let key = self.shop.archive.key_of_file(self.export.id.as_uuid());
        Some(ExportPiece {
            number: self.number,
            sealed: key.seal(place(self.export.attempts, self.number), piece?),
        })
    }

    /// Keeps a piece. False if it is of no use any more.
    async fn keep(&mut self, piece: ExportPiece) -> Result<bool, Stop> {
        self.number += 1;
        let (reader, attempt) = (self.shop.archive.reader(), self.export.attempts);
        let kept = reader.add_export_piece(self.tenant, self.export.id, attempt, &piece, self.written());
        Ok(kept.await?)
    }

    const fn written(&self) -> Written {
        Written {
            rows: self.rows,
            bytes: self.pieces.bytes(),
        }
    }
}

/// To what a piece is sealed: no other one, nor one of another attempt, can stand in for it.
pub(crate) fn place(attempt: u64, number: u32) -> Uuid {
    Uuid::from_u128(u128::from(attempt) << 64 | u128::from(number))
}
