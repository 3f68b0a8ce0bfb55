//! Journals that stand between the writer and the adapter and fail, or wait, on purpose.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use registry_domain::{MerchantId, TenantId};
use registry_journal::port::{
    Additions, AppendError, ExpectedHead, Journal, Loaded, LoadedMerchant, Scope, TransactError, Writes,
};
use tokio::sync::Semaphore;

use crate::fixtures::{Pending, written};

/// Lets no transaction begin before it is told to.
pub struct Gate<J> {
    inner: J,
    arrived: Semaphore,
    open: Semaphore,
}

impl<J> Gate<J> {
    /// An open gate.
    pub fn new(inner: J) -> Self {
        Self {
            inner,
            arrived: Semaphore::new(0),
            open: Semaphore::new(Semaphore::MAX_PERMITS),
        }
    }

    /// From now on transactions wait.
    pub fn close(&self) {
        self.open.forget_permits(Semaphore::MAX_PERMITS);
        self.arrived.forget_permits(Semaphore::MAX_PERMITS);
    }

    /// Waits until a transaction stands before the gate.
    pub async fn somebody_waits(&self) {
        self.arrived.acquire().await.expect("never closed").forget();
    }

    /// Lets everybody through.
    pub fn open(&self) {
        self.open
            .add_permits(Semaphore::MAX_PERMITS - self.open.available_permits());
    }
}

#[async_trait]
impl<J: Journal> Journal for Gate<J> {
    async fn transact(
        &self,
        scope: &Scope,
        decide: &mut (dyn FnMut(Loaded) -> Writes + Send),
    ) -> Result<(), TransactError> {
        self.arrived.add_permits(1);
        let _passing = self.open.acquire().await.expect("never closed");
        self.inner.transact(scope, decide).await
    }

    async fn merchants(
        &self,
        wanted: &[(TenantId, MerchantId)],
    ) -> Result<HashMap<(TenantId, MerchantId), LoadedMerchant>, TransactError> {
        self.inner.merchants(wanted).await
    }

    async fn append(&self, expected: &[ExpectedHead], additions: Additions<'_>) -> Result<(), AppendError> {
        self.arrived.add_permits(1);
        let _passing = self.open.acquire().await.expect("never closed");
        self.inner.append(expected, additions).await
    }

    async fn probe(&self) -> Result<(), TransactError> {
        self.inner.probe().await
    }
}

/// How a transaction goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// It commits, and the answer is lost.
    AnswerLost,
    /// It does not commit, and nobody knows.
    CommitLost,
    /// It does not commit, which is known, and may be tried again.
    Transient,
}

/// Makes the next transactions that write go wrong.
pub struct Faulty<J> {
    inner: J,
    fault: Fault,
    left: AtomicU32,
    meanwhile: Mutex<Option<Pending>>,
}

impl<J> Faulty<J> {
    /// Nothing goes wrong yet.
    pub fn new(inner: J, fault: Fault) -> Self {
        Self {
            inner,
            fault,
            left: AtomicU32::new(0),
            meanwhile: Mutex::new(None),
        }
    }

    /// This happens between the next transaction that goes wrong and the news of it.
    pub fn meanwhile(&self, other: Pending) {
        *self.meanwhile.lock().unwrap_or_else(PoisonError::into_inner) = Some(other);
    }

    /// The next so many transactions go wrong.
    pub fn next_fail(&self, count: u32) {
        self.left.store(count, Ordering::SeqCst);
    }

    /// How many are still to go wrong.
    pub fn left(&self) -> u32 {
        self.left.load(Ordering::SeqCst)
    }

    fn goes_wrong(&self) -> bool {
        let one_less = |left: u32| left.checked_sub(1);
        let taken = self.left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, one_less);
        taken.is_ok()
    }

    async fn error(&self) -> TransactError {
        let other = self.meanwhile.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(other) = other {
            written(other.await.expect("storage takes the other command"));
        }
        match self.fault {
            Fault::AnswerLost | Fault::CommitLost => TransactError::CommitUnknown("cut off".into()),
            Fault::Transient => TransactError::Transient("not now".into()),
        }
    }
}

#[async_trait]
impl<J: Journal> Journal for Faulty<J> {
    async fn transact(
        &self,
        scope: &Scope,
        decide: &mut (dyn FnMut(Loaded) -> Writes + Send),
    ) -> Result<(), TransactError> {
        let mut fails = false;
        let result = self
            .inner
            .transact(scope, &mut |loaded| {
                let writes = decide(loaded);
                fails = !writes.events.is_empty() && self.goes_wrong();
                let commits = !fails || self.fault == Fault::AnswerLost;
                if commits { writes } else { Writes::default() }
            })
            .await;
        if fails { Err(self.error().await) } else { result }
    }

    async fn merchants(
        &self,
        wanted: &[(TenantId, MerchantId)],
    ) -> Result<HashMap<(TenantId, MerchantId), LoadedMerchant>, TransactError> {
        self.inner.merchants(wanted).await
    }

    async fn append(&self, expected: &[ExpectedHead], additions: Additions<'_>) -> Result<(), AppendError> {
        if !self.goes_wrong() {
            return self.inner.append(expected, additions).await;
        }
        if self.fault == Fault::AnswerLost {
            self.inner.append(expected, additions).await?;
        }
        Err(self.error().await.into())
    }

    async fn probe(&self) -> Result<(), TransactError> {
        if self.goes_wrong() {
            return Err(self.error().await);
        }
        self.inner.probe().await
    }
}

/// Counts what goes through it.
pub struct Counted<J> {
    inner: J,
    read: AtomicU32,
    looked: AtomicU32,
    appended: AtomicU32,
    moved: AtomicU32,
}

impl<J> Counted<J> {
    /// Nothing went through yet.
    pub fn new(inner: J) -> Self {
        Self {
            inner,
            read: AtomicU32::new(0),
            looked: AtomicU32::new(0),
            appended: AtomicU32::new(0),
            moved: AtomicU32::new(0),
        }
    }

    /// Transactions that read under their locks; readings without a lock; transactions that read nothing; and those that
    /// should have.
    pub fn counts(&self) -> [u32; 4] {
        [&self.read, &self.looked, &self.appended, &self.moved].map(|count| count.load(Ordering::SeqCst))
    }
}

#[async_trait]
impl<J: Journal> Journal for Counted<J> {
    async fn transact(
        &self,
        scope: &Scope,
        decide: &mut (dyn FnMut(Loaded) -> Writes + Send),
    ) -> Result<(), TransactError> {
        self.read.fetch_add(1, Ordering::SeqCst);
        self.inner.transact(scope, decide).await
    }

    async fn merchants(
        &self,
        wanted: &[(TenantId, MerchantId)],
    ) -> Result<HashMap<(TenantId, MerchantId), LoadedMerchant>, TransactError> {
        self.looked.fetch_add(1, Ordering::SeqCst);
        self.inner.merchants(wanted).await
    }

    async fn append(&self, expected: &[ExpectedHead], additions: Additions<'_>) -> Result<(), AppendError> {
        let result = self.inner.append(expected, additions).await;
        let count = match result {
            Err(AppendError::Moved) => &self.moved,
            Ok(()) | Err(AppendError::Transact(_)) => &self.appended,
        };
        count.fetch_add(1, Ordering::SeqCst);
        result
    }

    async fn probe(&self) -> Result<(), TransactError> {
        self.inner.probe().await
    }
}
