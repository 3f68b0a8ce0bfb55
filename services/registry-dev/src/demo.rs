//! Filling the demo tenant: merchants with links, living lives at the sandbox.

mod poses;

use std::collections::BTreeMap;

use anyhow::Context;
use paymint_sandbox::{Act, RunningSandbox};
use registry::app::App;
use registry::commands::operate::submit;
use registry_domain::merchant::{self, Registration};
use registry_domain::tenant::{Command, HoldTime, SettingsChange, Tenant};
use registry_domain::{Actor, CorrelationId, Label, MemberCode, MerchantCode, MerchantId, Reference};
use registry_journal::{Ambient, Idempotency, IdempotencyKey, Order, Origin, Outcome, Submission};
use registry_upstream::LinkRequest;
use registry_urls::CallbackToken;

use poses::{Ending, Pose};

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

/// Registers what is missing, puts one merchant into every state, and lets the others live at the sandbox.
pub(crate) async fn fill(
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
    // Some claims are held for an answer that never comes: they shall still be there when somebody looks.
    let change = SettingsChange {
        hold_time: Some(HoldTime::from_seconds(HoldTime::SECONDS_MAX)?),
        ..SettingsChange::default()
    };
    submit(
        &app.writer(),
        ambient,
        tenant.id,
        Command::ChangeSettings(Box::new(change)),
    )
    .await?;
    let mut living = Vec::new();
    for number in 0..merchants {
        let reference = reference(number)?;
        let registered = demo.register(&reference, number).await?;
        match (poses::of(number), registered) {
            (Some(pose), Some(merchant_id)) => demo.pose(sandbox, &reference, merchant_id, pose).await?,
            // It was put into its state when it was made.
            (Some(_), None) => {}
            (None, registered) => {
                if let Some(merchant_id) = registered {
                    demo.issue_link(merchant_id).await?;
                }
                living.push((reference.member_code.to_string(), reference.merchant_code.to_string()));
            }
        }
    }
    Ok(sandbox.start_lives(&living, SPEED)?)
}

/// The codes of a shop.
fn reference(number: usize) -> anyhow::Result<Reference> {
    Ok(Reference {
        member_code: MemberCode::parse(&format!("member-{}", number / SHOPS_PER_MEMBER))?,
        merchant_code: MerchantCode::parse(&format!("shop-{number}"))?,
    })
}

struct Demo<'a> {
    app: &'a App,
    ambient: &'a Ambient,
    tenant: &'a Tenant,
}

impl Demo<'_> {
    fn origin(&self) -> Origin {
        Origin::of(Actor::Operator, CorrelationId::from_uuid(self.ambient.ids.uuid()))
    }

    /// Puts a new merchant into a state that nothing moves it out of while the demo runs.
    async fn pose(
        &self,
        sandbox: &RunningSandbox,
        reference: &Reference,
        merchant_id: MerchantId,
        pose: &Pose,
    ) -> anyhow::Result<()> {
        let (member, merchant) = (reference.member_code.as_str(), reference.merchant_code.as_str());
        if pose.has_link {
            self.issue_link(merchant_id).await?;
        }
        for act in pose.acts {
            let done = sandbox.act(member, merchant, *act).await;
            done.with_context(|| format!("{merchant} could not be made an example"))?;
        }
        match pose.ending {
            Ending::None => Ok(()),
            Ending::Archived => self.archive(merchant_id).await,
            Ending::StrangerToo => self.link_elsewhere(sandbox).await,
        }
    }

    /// A shop that the partner linked without the registry: its callbacks come through the tenant's own URL.
    async fn link_elsewhere(&self, sandbox: &RunningSandbox) -> anyhow::Result<()> {
        let token = CallbackToken::Tenant {
            tenant_id: self.tenant.id,
        };
        let url = self.app.callback_urls().url(token);
        let url = url.expose().parse().context("the tenant's callback URL is none")?;
        sandbox.link_elsewhere(poses::STRANGER.0, poses::STRANGER.1, url)?;
        Ok(sandbox.act(poses::STRANGER.0, poses::STRANGER.1, Act::Submit).await?)
    }

    async fn archive(&self, merchant_id: MerchantId) -> anyhow::Result<()> {
        let submission = Submission {
            tenant_id: self.tenant.id,
            origin: self.origin(),
            idempotency: None,
            order: Order::Merchant {
                merchant_id,
                command: merchant::Command::Archive,
                expected: None,
            },
        };
        match self.app.writer().submit(submission).await? {
            Outcome::Written(_) => Ok(()),
            Outcome::Refused(refusal) => Err(refusal.into()),
            Outcome::Replayed(_) | Outcome::KeyReused | Outcome::TenantRefused(_) => {
                anyhow::bail!("the demo tenant does not take commands")
            }
        }
    }

    /// The id of the merchant; none if it was there before.
    async fn register(&self, reference: &Reference, number: usize) -> anyhow::Result<Option<MerchantId>> {
        let registration = Registration {
            reference: reference.clone(),
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

    async fn issue_link(&self, merchant_id: MerchantId) -> anyhow::Result<()> {
        let key = IdempotencyKey::parse(&format!("demo-{merchant_id}"))?;
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
