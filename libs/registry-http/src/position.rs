//! Positions that a client brings back. One behind the end was given for another log: there is nothing after it now, and
//! whoever went on from there would never hear of what is written meanwhile.

use registry_domain::{Seq, TenantId};
use registry_journal::port::Reader;

use crate::problem::Problem;

/// Fails if a tenant's log ends before a position. A log only grows, so one that was reached stays so.
pub async fn require_reached(reader: &dyn Reader, tenant_id: TenantId, position: Seq) -> Result<(), Problem> {
    if position == Seq::ZERO {
        return Ok(());
    }
    let head = reader.head(tenant_id).await?.seq;
    if position <= head {
        Ok(())
    } else {
        Err(Problem::beyond(head.0))
    }
}
