//! The stored shape of an access to a tenant's data.

use registry_domain::exports::ExportFormat;
use registry_domain::jobs::Reason;
use registry_domain::tenant::{Access, Scope};
use registry_domain::{EventId, ExportId, MerchantId, PersonId};

use super::shapes::{
    AccessRefused, ExportTaken, MerchantsExported, Nothing, NumberRevealed, PayloadOpened, SignInRefused, SignedOut,
};
use crate::stored::personal::Personal;
use crate::stored::{StoredError, read, to_json, word};

/// The type of an access, its open data and what is sealed of it: why it was wanted, since people write names into that.
pub(super) fn from_domain(access: &Access) -> (&'static str, String, Option<Personal>) {
    let (event_type, data) = open_part(access);
    let personal = match access {
        Access::MerchantsExported { reason, .. } => reason.as_ref().map(|reason| Personal {
            text: Some(reason.as_str().to_owned()),
            ..Personal::default()
        }),
        Access::NumberRevealed { .. }
        | Access::PayloadOpened { .. }
        | Access::ExportTaken { .. }
        | Access::Refused { .. }
        | Access::SignedIn
        | Access::SignInRefused { .. }
        | Access::SignedOut { .. } => None,
    };
    (event_type, data, personal)
}

fn open_part(access: &Access) -> (&'static str, String) {
    match access {
        Access::NumberRevealed { merchant_id } => {
            let merchant_id = merchant_id.as_uuid();
            ("personal.revealed", to_json(&NumberRevealed { merchant_id }))
        }
        Access::PayloadOpened { event_id, merchant_id } => {
            let data = PayloadOpened {
                event_id: event_id.as_uuid(),
                merchant_id: merchant_id.map(|id| id.as_uuid()),
            };
            ("payload.opened", to_json(&data))
        }
        Access::MerchantsExported {
            format,
            rows,
            filters,
            with_numbers,
            export_id,
            reason: _,
        } => {
            let data = MerchantsExported {
                format: format.as_str().to_owned(),
                rows: *rows,
                filters: filters.clone(),
                with_numbers: *with_numbers,
                export_id: export_id.as_uuid(),
            };
            ("merchants.exported", to_json(&data))
        }
        Access::ExportTaken { export_id, from } => {
            let data = ExportTaken {
                export_id: export_id.as_uuid(),
                from: *from,
            };
            ("export.taken", to_json(&data))
        }
        Access::Refused {
            operation,
            scope,
            count,
        } => {
            let data = AccessRefused {
                operation: operation.clone(),
                scope: scope.as_str().to_owned(),
                count: *count,
            };
            ("access.refused", to_json(&data))
        }
        Access::SignedIn => ("session.opened", to_json(&Nothing {})),
        Access::SignInRefused { count } => ("session.refused", to_json(&SignInRefused { count: *count })),
        Access::SignedOut { person_id } => {
            let person_id = person_id.map(|id| id.as_uuid());
            ("session.closed", to_json(&SignedOut { person_id }))
        }
    }
}

/// The inverse; none for any other type.
pub(super) fn into_domain(
    event_type: &str,
    data: &str,
    personal: Option<&Personal>,
) -> Result<Option<Access>, StoredError> {
    let access = match event_type {
        "personal.revealed" => Access::NumberRevealed {
            merchant_id: MerchantId::from_uuid(read::<NumberRevealed>(event_type, data)?.merchant_id),
        },
        "payload.opened" => {
            let data: PayloadOpened = read(event_type, data)?;
            Access::PayloadOpened {
                event_id: EventId::from_uuid(data.event_id),
                merchant_id: data.merchant_id.map(MerchantId::from_uuid),
            }
        }
        "merchants.exported" => {
            let data: MerchantsExported = read(event_type, data)?;
            let reason = personal.and_then(|personal| personal.text.as_deref());
            let reason = reason.map(|text| word("reason", Reason::recorded(text).ok()));
            Access::MerchantsExported {
                format: word("format", ExportFormat::from_word(&data.format))?,
                rows: data.rows,
                filters: data.filters,
                with_numbers: data.with_numbers,
                export_id: ExportId::from_uuid(data.export_id),
                reason: reason.transpose()?,
            }
        }
        "export.taken" => {
            let data: ExportTaken = read(event_type, data)?;
            Access::ExportTaken {
                export_id: ExportId::from_uuid(data.export_id),
                from: data.from,
            }
        }
        "access.refused" => {
            let data: AccessRefused = read(event_type, data)?;
            Access::Refused {
                operation: data.operation,
                scope: word("scope", Scope::from_word(&data.scope))?,
                count: data.count,
            }
        }
        "session.opened" => Access::SignedIn,
        "session.refused" => Access::SignInRefused {
            count: read::<SignInRefused>(event_type, data)?.count,
        },
        "session.closed" => Access::SignedOut {
            person_id: read::<SignedOut>(event_type, data)?.person_id.map(PersonId::from_uuid),
        },
        _ => return Ok(None),
    };
    Ok(Some(access))
}

/// The merchant that an access of this type is about.
pub(crate) fn merchant_of(event_type: &str, data: &str) -> Option<MerchantId> {
    into_domain(event_type, data, None).ok()??.merchant_id()
}
