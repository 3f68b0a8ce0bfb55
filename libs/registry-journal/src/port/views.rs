//! Views: what people keep of their questions. They are no facts; that somebody did something to one stands in the log.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use registry_domain::views::{Column, ViewName};
use registry_domain::{TenantId, Version, ViewId};
use uuid::Uuid;

use super::{PageSize, ReadError};

/// A question to the list of merchants that somebody keeps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct View {
    /// Its id.
    pub id: ViewId,
    /// Who made it: a person, or somebody on whose behalf a program called. None if a program made it by itself; then it is shared.
    pub owner: Option<Uuid>,
    /// Whether the whole tenant sees it, and not its owner alone.
    pub is_shared: bool,
    /// What it is called.
    pub name: ViewName,
    /// The query in one spelling, as an address writes it.
    pub query: String,
    /// What is shown of each merchant, in this order; what usually is, if there is none.
    pub columns: Vec<Column>,
    /// Counts up with each change, from 1.
    pub version: Version,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
    /// Whether whoever asks begins with it. Nothing that is written says that.
    pub is_default: bool,
}

/// Reading and writing views. All of it is durable when it returns. `owner` is whoever asks, if that is known: they see what is
/// shared and what is their own.
#[async_trait]
pub trait Views: Send + Sync {
    /// All views that whoever asks can see, in no order.
    async fn views(&self, tenant: TenantId, owner: Option<Uuid>) -> Result<Vec<View>, ReadError>;

    /// One of them.
    async fn view(&self, tenant: TenantId, owner: Option<Uuid>, id: ViewId) -> Result<Option<View>, ReadError>;

    /// Keeps a view. False, with nothing changed, if its id or its name is taken, or if there are as many as there may be. Of two at
    /// the same moment one may be one too many.
    async fn add_view(&self, tenant: TenantId, view: &View) -> Result<bool, ReadError>;

    /// Puts a view in the place of its last version. False, with nothing changed, if that is not the last one, if its name is taken,
    /// or if there are as many as there may be where it goes.
    async fn change_view(&self, tenant: TenantId, view: &View) -> Result<bool, ReadError>;

    /// Removes a view of this version. False if there is none.
    async fn remove_view(&self, tenant: TenantId, id: ViewId, version: Version) -> Result<bool, ReadError>;

    /// Says with which view somebody begins; none for none. False if they cannot see it, or if too many have said so.
    async fn set_default_view(&self, tenant: TenantId, owner: Uuid, id: Option<ViewId>) -> Result<bool, ReadError>;

    /// Removes somebody's own views and with which one they begin; those of everybody without `owner`. What they share stays.
    async fn forget_views(&self, tenant: TenantId, owner: Option<Uuid>) -> Result<(), ReadError>;

    /// A page of all views of a tenant, whoever has them, by id.
    async fn views_after(
        &self,
        tenant: TenantId,
        after: Option<ViewId>,
        limit: PageSize,
    ) -> Result<Vec<View>, ReadError>;

    /// A page of who begins with which view, by who.
    async fn default_views_after(
        &self,
        tenant: TenantId,
        after: Option<Uuid>,
        limit: PageSize,
    ) -> Result<Vec<(Uuid, ViewId)>, ReadError>;
}
