//! What a batch must lock and read, from its commands alone.

use chrono::{DateTime, Utc};
use registry_domain::tenant;

use crate::port::Scope;
use crate::submission::{Order, Submission};

/// The scope of a batch: every list sorted and free of repeats.
pub(super) fn scope_of(submissions: &[Submission], now: DateTime<Utc>) -> Scope {
    let mut scope = Scope {
        now,
        ..Scope::default()
    };
    for submission in submissions {
        let tenant_id = submission.tenant_id;
        scope.tenants.push(tenant_id);
        if let Some(idempotency) = &submission.idempotency {
            scope
                .idempotency_keys
                .push((tenant_id, idempotency.key.as_str().to_owned()));
        }
        match &submission.order {
            Order::Register { registration, .. } => {
                scope.references.push((tenant_id, registration.reference.clone()));
                scope
                    .merchant_codes
                    .push((tenant_id, registration.reference.merchant_code.clone()));
                if let Some(number) = &registration.business_number {
                    scope.business_numbers.push((tenant_id, number.digits().to_owned()));
                }
            }
            Order::Merchant { merchant_id, .. } => scope.merchants.push((tenant_id, *merchant_id)),
            Order::CallbackByCodes { reference, .. } => scope.references.push((tenant_id, reference.clone())),
            Order::Tenant(tenant::Command::Create(creation)) => scope.slugs.push(creation.slug.clone()),
            Order::Tenant(_) => {}
        }
    }
    sort(&mut scope.tenants);
    sort(&mut scope.merchants);
    sort(&mut scope.references);
    sort(&mut scope.merchant_codes);
    sort(&mut scope.business_numbers);
    sort(&mut scope.idempotency_keys);
    sort(&mut scope.slugs);
    scope
}

fn sort<T: Ord>(list: &mut Vec<T>) {
    list.sort_unstable();
    list.dedup();
}
