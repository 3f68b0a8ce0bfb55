//! `POST /auth/mapping-status`: the state of one link. Its answer is not documented; here it has the callback's objects
//! and the list's `mappingStatus`.

use std::sync::Arc;

use serde_json::Value;

use super::envelope::Refusal;
use super::parameters::Parameters;
use crate::upstream::Upstream;
use crate::world::mapping_payload;

pub(super) fn answer(upstream: &Arc<Upstream>, partner: usize, parameters: &Parameters) -> Result<Value, Refusal> {
    let (member, merchant) = parameters.pair()?;
    upstream.with_world(|world| {
        let mapping = world
            .asked_about(partner, &member, &merchant)
            .ok_or(Refusal::LinkNotFound)?;
        if mapping.silent {
            return Err(Refusal::Broken);
        }
        let mut data = mapping_payload(mapping, true);
        data.insert("mappingStatus".to_owned(), mapping.mapping_status().into());
        Ok(data.into())
    })
}
