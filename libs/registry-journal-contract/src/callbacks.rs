//! Short ways to say what has to do with callbacks that somebody must look at.

use registry_domain::merchant::{
    Approval, ApprovalKey, Claim, ClaimBody, Command, QuarantineReason, Redrive, SecretText,
};
use registry_domain::tenant::{self, ListedPair, UnclaimedClaim, UnclaimedResolution};
use registry_domain::{EventId, FreeText, MerchantId, Reference, Seq, TenantId};
use registry_journal::port::{
    PageSize, QuarantineQuery, QuarantineRow, QuarantineState, UnclaimedQuery, UnclaimedRow, Worklist,
};
use registry_journal::submission::{Order, Submission};

use crate::Harness;
use crate::fixtures::{World, claim, command, label, observation, receipt, request_link, submission};

/// A callback that cannot be used.
pub fn unusable(reason: QuarantineReason) -> Claim {
    Claim {
        receipt: receipt(b"{"),
        body: ClaimBody::Unusable(reason),
    }
}

/// A callback that reports a payment.
pub fn approval(bill: Option<&str>, number: Option<&str>, state: &str) -> Claim {
    let text = |text: &str| FreeText::from_untrusted(text);
    let approval = Approval {
        bill_id: bill.map(text),
        state: Some(text(state)),
        price: Some(text("15000")),
        approval_number: number.map(text),
        original_number: None,
        approved_at: None,
        pay_type: None,
        issuer: None,
        issuer_number_masked: None,
        api_key: ApprovalKey::Absent,
    };
    Claim {
        receipt: receipt(b"{\"billId\":1}"),
        body: ClaimBody::Approval(approval),
    }
}

/// A callback for a merchant.
pub fn received(tenant: TenantId, merchant: MerchantId, claim: Claim) -> Submission {
    command(tenant, merchant, Command::ReceiveCallback(Box::new(claim)))
}

/// A callback that names a pair of codes.
pub fn by_codes(tenant: TenantId, reference: Reference) -> Submission {
    let claim = Box::new(claim(observation("P", "")));
    submission(tenant, Order::CallbackByCodes { reference, claim })
}

/// A callback that came through the tenant's URL and cannot be used.
pub fn of_nobody(tenant: TenantId, reason: QuarantineReason) -> Submission {
    let why = UnclaimedClaim::Unusable(reason);
    let command = tenant::Command::ReceiveUnclaimed(Box::new(receipt(b"[")), why);
    submission(tenant, Order::Tenant(command))
}

/// Where a callback that is driven again stands in the log.
pub const REDRIVEN_SEQ: Seq = Seq(1_000);

/// A callback that is driven again.
pub fn redrive(of: EventId, bound: bool) -> Redrive {
    Redrive {
        of,
        // Nothing in these logs is older than that.
        seq: REDRIVEN_SEQ,
        bound,
    }
}

/// The same for a merchant; it reads as a review letter now.
pub fn redriven(tenant: TenantId, merchant: MerchantId, of: EventId, letter: &str) -> Submission {
    let claim = Box::new(claim(observation(letter, "")));
    command(tenant, merchant, Command::RedriveCallback(claim, redrive(of, true)))
}

/// A callback that is given up.
pub fn discarded(tenant: TenantId, merchant: MerchantId, event_id: EventId) -> Submission {
    let discard = Command::DiscardCallback {
        event_id,
        reason: label("시험"),
    };
    command(tenant, merchant, discard)
}

/// A pair in upstream's list.
pub fn listed(tenant: TenantId, reference: Reference) -> Submission {
    let pair = ListedPair {
        reference,
        mapping_status: registry_domain::review::MappingStatus::from_untrusted("COMPLETED"),
        read_at: receipt(b"").received_at,
    };
    submission(tenant, Order::Tenant(tenant::Command::ReceiveListed(pair)))
}

/// What becomes of a pair.
pub fn resolved(tenant: TenantId, reference: Reference, resolution: UnclaimedResolution) -> Submission {
    let command = tenant::Command::ResolveUnclaimed { reference, resolution };
    submission(tenant, Order::Tenant(command))
}

/// A question about the whole quarantine.
pub fn all() -> QuarantineQuery {
    QuarantineQuery {
        reasons: Vec::new(),
        merchant: None,
        reference: None,
        state: None,
        after: Seq::ZERO,
        limit: PageSize::MAX,
    }
}

impl<H: Harness> World<H> {
    /// A merchant with a link.
    pub async fn linked(&self, tenant: TenantId, member: &str, shop: &str) -> MerchantId {
        let merchant = self.merchant(tenant, member, shop).await;
        self.link(tenant, merchant).await;
        merchant
    }

    /// One more link.
    pub async fn link(&self, tenant: TenantId, merchant: MerchantId) {
        let link_id = self.link_id();
        self.write(request_link(tenant, merchant, link_id)).await;
        let url = SecretText::new("https://upstream.example/register".to_owned());
        self.write(command(tenant, merchant, Command::RecordLinkIssued { link_id, url }))
            .await;
    }

    /// What is or was in quarantine.
    pub async fn quarantine(&self, tenant: TenantId, query: &QuarantineQuery) -> Vec<QuarantineRow> {
        let found = self.storage.quarantine(tenant, query).await;
        found.expect("the quarantine can be read")
    }

    /// How a callback stands.
    pub async fn standing(&self, tenant: TenantId, event_id: EventId) -> (QuarantineState, Option<EventId>) {
        let found = self.storage.quarantined(tenant, event_id).await;
        let row = found
            .expect("the quarantine can be read")
            .expect("it was in quarantine");
        (row.state, row.settled_by)
    }

    /// The pairs that nobody had registered.
    pub async fn pairs(&self, tenant: TenantId) -> Vec<UnclaimedRow> {
        let query = UnclaimedQuery {
            state: None,
            after: None,
            limit: PageSize::MAX,
        };
        let found = self.storage.unclaimed_merchants(tenant, &query).await;
        found.expect("the pairs can be read")
    }
}
