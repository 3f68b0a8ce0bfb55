//! An installation with tenants, merchants and issued links, and the callbacks that can be sent to them.

use std::net::SocketAddr;

use anyhow::Context;
use futures::{StreamExt, TryStreamExt, stream};
use registry_domain::merchant::{Claim, ClaimBody, Command, RECENT_MAX, RawPayload, Receipt, Registration, SecretText};
use registry_domain::review::{ContentDigest, DeletionMark, Observation, ReviewCode};
use registry_domain::tenant::{self, Creation, Slug};
use registry_domain::{
    Actor, BusinessNumber, CorrelationId, FreeText, Label, LinkId, MemberCode, MerchantCode, MerchantId, Reference,
    ReportedNumber, TenantId,
};
use registry_journal::{Ambient, Order, Origin, Outcome, Submission};
use registry_urls::CallbackToken;

use crate::installation::Installation;
use crate::load::Script;
use crate::service::GROUPED;
use crate::write_path::WritePath;

/// A merchant that callbacks can be sent to.
#[derive(Clone)]
pub(crate) struct Target {
    pub(crate) tenant_id: TenantId,
    pub(crate) merchant_id: MerchantId,
    link_id: LinkId,
    token: String,
    pub(crate) member: String,
    pub(crate) merchant: String,
}

/// The business, which upstream reports as it was registered: what callbacks bring is the review.
const COMPANY: &str = "가나다 학원";
const BRANCH: &str = "본점";
const BUSINESS_NUMBER: &str = "1178178260";

/// Letters of a review's life, with what upstream writes to each. No two steps are alike, and a step comes again only when
/// the merchant has forgotten it: none is doubtful, however often the life is lived.
const LIFE: [(&str, Option<&str>); 10] = [
    ("W", None),
    ("P", None),
    ("S", Some("통장 사본을 보내 주세요")),
    ("P", Some("다시 보고 있습니다")),
    ("S", Some("사업자등록증을 보내 주세요")),
    ("P", Some("사업자등록증을 보고 있습니다")),
    ("S", Some("대표자 신분증을 보내 주세요")),
    ("P", Some("신분증을 보고 있습니다")),
    ("W", Some("마지막 확인을 기다립니다")),
    ("R", Some("업종 확인이 필요합니다")),
];

const _: () = assert!(LIFE.len() > RECENT_MAX, "a step would be taken for a late delivery");

/// One step of that life.
pub(crate) type Step = (&'static str, Option<&'static str>);

/// The whole life.
pub(crate) const STEPS: &[Step] = &LIFE;

/// How many merchants are registered at once.
const AT_ONCE: usize = 1_000;

/// The short name of a tenant by its number.
pub(crate) fn slug(number: usize) -> String {
    format!("tenant-{number}")
}

/// Fills an installation and returns whom to call, tenant by tenant.
pub(crate) async fn fill(
    installation: &Installation,
    tenants: usize,
    merchants_each: usize,
) -> anyhow::Result<Vec<Target>> {
    let seeder = Seeder {
        path: WritePath::open(installation, GROUPED).await?,
    };
    let mut targets = Vec::with_capacity(tenants * merchants_each);
    for number in 0..tenants {
        let tenant_id = seeder.tenant(number).await?;
        let made = stream::iter(0..merchants_each).map(|number| seeder.merchant(tenant_id, number));
        let made: Vec<Target> = made.buffered(AT_ONCE).try_collect().await?;
        targets.extend(made);
    }
    seeder.path.close().await?;
    installation.settle().await?;
    Ok(targets)
}

struct Seeder {
    path: WritePath,
}

impl Seeder {
    /// Returns the merchant that was written, if it was one.
    async fn submit(&self, tenant_id: TenantId, order: Order) -> anyhow::Result<Option<MerchantId>> {
        let correlation_id = CorrelationId::from_uuid(self.path.ambient.ids.uuid());
        let origin = Origin::of(Actor::System, correlation_id);
        let submission = Submission {
            tenant_id,
            origin,
            idempotency: None,
            order,
        };
        match self.path.writer.submit(submission).await? {
            Outcome::Written(written) => Ok(written.merchant.map(|merchant| merchant.id)),
            refused @ (Outcome::Replayed(_) | Outcome::KeyReused | Outcome::Refused(_) | Outcome::TenantRefused(_)) => {
                anyhow::bail!("{refused:?}")
            }
        }
    }

    async fn tenant(&self, number: usize) -> anyhow::Result<TenantId> {
        let tenant_id = TenantId::from_uuid(self.path.ambient.ids.uuid());
        let creation = Creation {
            slug: Slug::parse(&slug(number))?,
            name: Label::parse("Bench")?,
        };
        self.submit(tenant_id, Order::Tenant(tenant::Command::Create(creation)))
            .await?;
        Ok(tenant_id)
    }

    async fn merchant(&self, tenant_id: TenantId, number: usize) -> anyhow::Result<Target> {
        let link_id = LinkId::from_uuid(self.path.ambient.ids.uuid());
        let (member, merchant) = (format!("member-{}", number / 4), format!("shop-{number}"));
        let registration = Registration {
            reference: Reference {
                member_code: MemberCode::parse(&member)?,
                merchant_code: MerchantCode::parse(&merchant)?,
            },
            company_name: Some(Label::parse(COMPANY)?),
            branch_name: Some(Label::parse(BRANCH)?),
            business_number: Some(BusinessNumber::parse(BUSINESS_NUMBER)?),
            tags: Vec::new(),
            metadata: std::collections::BTreeMap::new(),
        };
        let order = Order::Register {
            merchant_id: MerchantId::from_uuid(self.path.ambient.ids.uuid()),
            registration: Box::new(registration),
        };
        let registered = self.submit(tenant_id, order).await?;
        let merchant_id = registered.context("the merchant was not registered")?;
        let url = SecretText::new("https://upstream.example/register".to_owned());
        for command in [
            Command::RequestLink {
                link_id,
                redirect_url: None,
            },
            Command::RecordLinkIssued { link_id, url },
        ] {
            self.submit(
                tenant_id,
                Order::Merchant {
                    merchant_id,
                    command,
                    expected: None,
                },
            )
            .await?;
        }
        let token = self.path.secrets.token_keys.issue(CallbackToken::Link {
            tenant_id,
            merchant_id,
            link_id,
        });
        Ok(Target {
            tenant_id,
            merchant_id,
            link_id,
            token,
            member,
            merchant,
        })
    }
}

/// Deals the merchants out to the connections. Each merchant lives its life over and over on one connection.
pub(crate) fn scripts(targets: &[Target], address: SocketAddr, connections: usize) -> Vec<Script> {
    let mut scripts: Vec<Script> = vec![Vec::new(); connections];
    for step in LIFE {
        for (number, target) in targets.iter().enumerate() {
            scripts[number % connections].push(request(target, address, step));
        }
    }
    scripts
}

fn request(target: &Target, address: SocketAddr, step: Step) -> Vec<u8> {
    let body = body(target, step);
    let head = format!(
        "POST /cb/v1/{} HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        target.token,
        body.len()
    );
    [head.into_bytes(), body.into_bytes()].concat()
}

/// What upstream sends.
pub(crate) fn body(target: &Target, (letter, message): Step) -> String {
    serde_json::json!({
        "memberId": target.member,
        "merchantId": target.merchant,
        "member": { "id": "10041" },
        "merchant": {
            "companyName": COMPANY, "branchName": BRANCH, "businessNumber": BUSINESS_NUMBER,
            "reviewStatus": letter, "reviewMessage": message, "isDeleted": "N",
        },
    })
    .to_string()
}

/// The same callback as it reaches the write path.
pub(crate) fn submission(target: &Target, ambient: &Ambient, step: usize) -> Submission {
    let (letter, message) = STEPS[step % STEPS.len()];
    let mut digest = [0; 32];
    digest[..8].copy_from_slice(&(step % STEPS.len()).to_be_bytes());
    let observation = Observation {
        member_code: MemberCode::parse(&target.member).ok(),
        merchant_code: MerchantCode::parse(&target.merchant).ok(),
        upstream_member_id: Some(FreeText::from_untrusted("10041")),
        company_name: Some(FreeText::from_untrusted(COMPANY)),
        branch_name: Some(FreeText::from_untrusted(BRANCH)),
        business_number: Some(ReportedNumber::from_untrusted(BUSINESS_NUMBER)),
        review_code: ReviewCode::from_untrusted(letter),
        review_message: message.map(FreeText::from_untrusted),
        deletion: DeletionMark::NotDeleted,
    };
    let claim = Claim {
        receipt: Receipt {
            link_id: Some(target.link_id),
            received_at: ambient.now(),
            payload: RawPayload(body(target, (letter, message)).into_bytes()),
            sender_listed: None,
            decoded_with_loss: false,
            by_bills_url: false,
        },
        body: ClaimBody::Mapping {
            observation,
            digest: ContentDigest(digest),
        },
    };
    Submission {
        tenant_id: target.tenant_id,
        origin: Origin::of(Actor::Upstream, CorrelationId::from_uuid(ambient.ids.uuid())),
        idempotency: None,
        order: Order::Merchant {
            merchant_id: target.merchant_id,
            command: Command::ReceiveCallback(Box::new(claim)),
            expected: None,
        },
    }
}
