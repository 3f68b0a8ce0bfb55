//! Filling the demo tenant: merchants with links, living lives at the sandbox.

use std::collections::BTreeMap;

use anyhow::Context;
use paymint_sandbox::RunningSandbox;
use registry_domain::merchant::Registration;
use registry_domain::tenant::Tenant;
use registry_domain::{Actor, CorrelationId, Label, MemberCode, MerchantCode, MerchantId, Reference};
use registry_ingest::LinkRequest;
use registry_journal::{Ambient, Idempotency, IdempotencyKey, Order, Origin, Outcome, Submission};

use crate::app::App;

/// Most merchants that the demo makes.
const MERCHANTS_MAX: usize = 100_000;

/// Shops of one member.
const SHOPS_PER_MEMBER: usize = 4;

/// Half a day of model time in a second: there is something to watch for a minute or two.
const SPEED: f64 = 43_200.0;

const NAMES: [&str; 8] = [
    "한빛 학원",
    "가온 치과",
    "누리 태권도",
    "다솜 미술",
    "마루 피아노",
    "새봄 필라테스",
    "온새미 독서실",
    "아라 수영장",
];

const BRANCHES: [&str; 4] = ["본점", "강남점", "분당점", "해운대점"];

/// Registers what is missing, issues a link for each new merchant, and lets the sandbox's businesses live.
pub(super) async fn fill(
    app: &App,
    ambient: &Ambient,
    tenant: &Tenant,
    sandbox: &RunningSandbox,
    merchants: usize,
) -> anyhow::Result<()> {
    anyhow::ensure!(
        merchants <= MERCHANTS_MAX,
        "the demo has at most {MERCHANTS_MAX} merchants"
    );
    let demo = Demo { app, ambient, tenant };
    for number in 0..merchants {
        if let Some(merchant_id) = demo.register(number).await? {
            demo.issue_link(merchant_id, number).await?;
        }
    }
    sandbox.start_lives(merchants, SPEED).map_err(anyhow::Error::msg)
}

struct Demo<'a> {
    app: &'a App,
    ambient: &'a Ambient,
    tenant: &'a Tenant,
}

impl Demo<'_> {
    fn origin(&self) -> Origin {
        Origin {
            actor: Actor::Operator,
            correlation_id: CorrelationId::from_uuid(self.ambient.ids.uuid()),
        }
    }

    /// The id of the merchant; none if it was there before (the sandbox has forgotten its link since).
    async fn register(&self, number: usize) -> anyhow::Result<Option<MerchantId>> {
        let registration = Registration {
            reference: Reference {
                member_code: MemberCode::parse(&format!("member-{}", number / SHOPS_PER_MEMBER))?,
                merchant_code: MerchantCode::parse(&format!("shop-{number}"))?,
            },
            company_name: Some(Label::parse(NAMES[number / SHOPS_PER_MEMBER % NAMES.len()])?),
            branch_name: Some(Label::parse(BRANCHES[number % BRANCHES.len()])?),
            business_number: None,
            tags: vec![Label::parse("demo")?],
            metadata: BTreeMap::new(),
        };
        let submission = Submission {
            tenant_id: self.tenant.id,
            origin: self.origin(),
            idempotency: None,
            order: Order::Register {
                merchant_id: MerchantId::from_uuid(self.ambient.ids.uuid()),
                registration: Box::new(registration),
            },
        };
        match self.app.writer().submit(submission).await? {
            Outcome::Written(written) => Ok(written.merchant.map(|merchant| merchant.id)),
            Outcome::Refused(_) => Ok(None),
            Outcome::Replayed(_) | Outcome::KeyReused | Outcome::TenantRefused(_) => {
                anyhow::bail!("the demo tenant does not take merchants")
            }
        }
    }

    async fn issue_link(&self, merchant_id: MerchantId, number: usize) -> anyhow::Result<()> {
        let key = IdempotencyKey::parse(&format!("demo-{merchant_id}-{number}"))?;
        let request = LinkRequest {
            tenant_id: self.tenant.id,
            merchant_id,
            origin: self.origin(),
            idempotency: Idempotency {
                key,
                fingerprint: [0; 32],
            },
            redirect_url: None,
        };
        self.app
            .links()
            .issue(request)
            .await
            .context("the demo could not issue a link")?;
        Ok(())
    }
}
