//! `POST /read/mapping`: every link of the partner, unpaged. The field names come from an integrator's code.

use std::sync::Arc;

use serde_json::{Value, json};

use super::envelope::Refusal;
use super::parameters::Parameters;
use crate::upstream::Upstream;

pub(super) fn answer(upstream: &Arc<Upstream>, partner: usize, _: &Parameters) -> Result<Value, Refusal> {
    upstream.with_world(|world| {
        // A link that was taken away is no link of the partner's any more.
        let linked = world
            .mappings()
            .iter()
            .filter(|mapping| mapping.partner == partner && !mapping.is_deleted);
        let rows = linked.map(|mapping| {
            json!({
                "partnerMember": mapping.member_code,
                "partnerMerchant": mapping.merchant_code,
                "mappingStatus": mapping.mapping_status(),
                "companyNm": mapping.business.company_name,
                "branchNm": mapping.business.branch_name,
                "businessNumber": mapping.business.number,
                "ceoName": mapping.business.company_name.as_ref().map(|_| "홍길동"),
                "email": mapping.paymint_member_id.as_ref().map(|id| format!("{id}@example.com")),
            })
        });
        Ok(rows.collect())
    })
}
