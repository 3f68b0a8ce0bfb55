//! A data directory with tenants, merchants and issued links, and the callbacks that can be sent to them.

use std::net::SocketAddr;

use anyhow::Context;
use registry::config::Config;
use registry::secrets::Secrets;
use registry::storage::Storage;
use registry_domain::merchant::{Command, Registration, SecretText};
use registry_domain::tenant::{self, Creation, Slug};
use registry_domain::{Actor, CorrelationId, Label, LinkId, MemberCode, MerchantCode, MerchantId, Reference, TenantId};
use registry_ingest::CallbackToken;
use registry_journal::writer::{WriterConfig, WriterParts};
use registry_journal::{Ambient, Order, Origin, Outcome, Submission, Writer};
use tokio_util::sync::CancellationToken;

use crate::load::Script;

/// A merchant that callbacks can be sent to.
pub(crate) struct Target {
    token: String,
    member: String,
    merchant: String,
}

/// Letters of a review's life, with what upstream writes to each. Every step differs from the one before.
const LIFE: [(&str, Option<&str>); 6] = [
    ("W", None),
    ("P", None),
    ("S", Some("통장 사본을 보내 주세요")),
    ("P", None),
    ("R", Some("업종 확인이 필요합니다")),
    ("O", None),
];

/// Fills the data directory and returns whom to call.
pub(crate) async fn fill(config: &Config, tenants: usize, merchants_each: usize) -> anyhow::Result<Vec<Target>> {
    let ambient = Ambient::system();
    let secrets = Secrets::open(config, ambient.ids.as_ref())?;
    let storage = Storage::open(&config.database()?, secrets.keyring.clone()).await?;
    let parts = WriterParts {
        journal: storage.journal.clone(),
        reader: storage.reader.clone(),
        keyring: secrets.keyring.clone(),
        ambient: ambient.clone(),
    };
    let stop = CancellationToken::new();
    let (writer, task) = Writer::start(parts, WriterConfig::default(), stop.clone().cancelled_owned());
    let seeder = Seeder {
        writer,
        ambient,
        secrets,
    };
    let mut targets = Vec::with_capacity(tenants * merchants_each);
    for number in 0..tenants {
        let tenant_id = seeder.tenant(number).await?;
        let made = (0..merchants_each).map(|number| seeder.merchant(tenant_id, number));
        for target in futures::future::join_all(made).await {
            targets.push(target?);
        }
    }
    stop.cancel();
    task.await.context("the writer")?;
    storage.close().await;
    Ok(targets)
}

struct Seeder {
    writer: Writer,
    ambient: Ambient,
    secrets: Secrets,
}

impl Seeder {
    async fn submit(&self, tenant_id: TenantId, order: Order) -> anyhow::Result<()> {
        let correlation_id = CorrelationId::from_uuid(self.ambient.ids.uuid());
        let origin = Origin {
            actor: Actor::System,
            correlation_id,
        };
        let submission = Submission {
            tenant_id,
            origin,
            idempotency: None,
            order,
        };
        let outcome = self.writer.submit(submission).await?;
        anyhow::ensure!(matches!(outcome, Outcome::Written(_)), "{outcome:?}");
        Ok(())
    }

    async fn tenant(&self, number: usize) -> anyhow::Result<TenantId> {
        let tenant_id = TenantId::from_uuid(self.ambient.ids.uuid());
        let creation = Creation {
            slug: Slug::parse(&format!("tenant-{number}"))?,
            name: Label::parse("Bench")?,
            slug_taken: None,
        };
        self.submit(tenant_id, Order::Tenant(tenant::Command::Create(creation)))
            .await?;
        Ok(tenant_id)
    }

    async fn merchant(&self, tenant_id: TenantId, number: usize) -> anyhow::Result<Target> {
        let merchant_id = MerchantId::from_uuid(self.ambient.ids.uuid());
        let link_id = LinkId::from_uuid(self.ambient.ids.uuid());
        let (member, merchant) = (format!("member-{}", number / 4), format!("shop-{number}"));
        let registration = Registration {
            reference: Reference {
                member_code: MemberCode::parse(&member)?,
                merchant_code: MerchantCode::parse(&merchant)?,
            },
            company_name: Some(Label::parse("가나다 학원")?),
            branch_name: None,
            business_number: None,
            tags: Vec::new(),
            metadata: std::collections::BTreeMap::new(),
        };
        self.submit(
            tenant_id,
            Order::Register {
                merchant_id,
                registration: Box::new(registration),
            },
        )
        .await?;
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
        let token = self.secrets.token_keys.issue(CallbackToken::Link {
            tenant_id,
            merchant_id,
            link_id,
        });
        Ok(Target {
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

fn request(target: &Target, address: SocketAddr, (letter, message): (&str, Option<&str>)) -> Vec<u8> {
    let body = serde_json::json!({
        "memberId": target.member,
        "merchantId": target.merchant,
        "member": { "id": "10041" },
        "merchant": {
            "companyName": "가나다 학원", "branchName": "본점", "businessNumber": "1178178260",
            "reviewStatus": letter, "reviewMessage": message, "isDeleted": "N",
        },
    })
    .to_string();
    let head = format!(
        "POST /cb/v1/{} HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        target.token,
        body.len()
    );
    [head.into_bytes(), body.into_bytes()].concat()
}
