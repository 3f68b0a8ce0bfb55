//! Finding, counting and filtering, over HTTP, where there are many merchants and where there are few. What is looked for among
//! the many is looked for among the few too.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use chrono::{DateTime, TimeDelta, Utc};
use registry_domain::merchant::Merchant;
use registry_domain::search::Search;
use registry_domain::tenant::Slug;
use registry_domain::{
    FreeText, Label, MemberCode, MerchantCode, MerchantId, Reference, ReportedNumber, TenantId, Version,
};
use registry_journal::Ambient;
use registry_journal::port::{
    CountedBefore, Direction, IdentityRow, MerchantFilter, MerchantQuery, MerchantRow, PageSize, Scope, SortKey, Writes,
};
use registry_journal::projection::{begun, reached, renamed, seen};
use uuid::Uuid;

use crate::installation::{Engine, Installation};
use crate::list::live_in_part;
use crate::load::{self, Outcome, Script};
use crate::report::Figure;
use crate::seed;
use crate::service::{GROUPED, Service, Start, api_key};
use crate::write_path::WritePath;

/// Where there are few.
const FEW: usize = 10_000;

/// Rows that are put in place at once.
const CHUNK: usize = 1_000;

/// Before anything is measured.
const WARM: Duration = Duration::from_millis(500);

/// One in so many has the rare name.
const RARE: usize = 50_000;

/// Syllables that names are made of.
const SYLLABLES: [&str; 40] = [
    "강", "남", "서", "울", "부", "산", "대", "구", "광", "주", "인", "천", "수", "원", "성", "북", "동", "해", "달",
    "별", "꽃", "나", "무", "바", "람", "하", "늘", "미", "소", "가", "온", "누", "리", "다", "솜", "예", "은", "지",
    "우", "현",
];

/// What shops are. The first ones are common.
const KINDS: [&str; 8] = ["카페", "학원", "식당", "미용실", "약국", "꽃집", "세탁소", "서점"];

/// A line of the table that says how long it may take, and what is asked.
struct Line {
    name: &'static str,
    limit: f64,
    bar: &'static str,
    asked: &'static [&'static str],
}

const LINES: &[Line] = &[
    Line {
        name: "search: nothing, rare, common, two syllables, first consonants, digits with hyphens, two words",
        limit: 50.0,
        bar: "<= 50",
        asked: &[
            "/v1/merchants?q=%EC%97%86%EB%8A%94%EA%B2%83",
            "/v1/merchants?q=%ED%9D%AC%EA%B7%80%EC%8B%9D%EB%8B%B9",
            "/v1/merchants?q=%EC%B9%B4%ED%8E%98",
            "/v1/merchants?q=%EA%B0%95%EB%82%A8",
            "/v1/merchants?q=%E3%84%B1%E3%84%B4%E3%85%85",
            "/v1/merchants?q=555-55-55555",
            "/v1/merchants?q=%EA%B0%95%EB%82%A8%20%EC%84%B8%ED%83%81%EC%86%8C",
        ],
    },
    Line {
        name: "counts by stage, next actor, attention",
        limit: 20.0,
        bar: "<= 20",
        asked: &[
            "/v1/stats/review-status",
            "/v1/stats/review-status?next_actor=partner",
            "/v1/stats/review-status?attention=true",
        ],
    },
    Line {
        name: "one filter with any order",
        limit: 30.0,
        bar: "<= 30",
        asked: &[
            "/v1/merchants?stage=documents_required&sort=stage_since",
            "/v1/merchants?next_actor=partner&sort=-updated_at",
            "/v1/merchants?attention=true&sort=name",
            "/v1/merchants?may_bill=true&sort=created_at",
            "/v1/merchants?link=failed&sort=merchant_code",
            "/v1/merchants?warning=missing_upstream&sort=-created_at",
            "/v1/merchants?tag=tag-7&sort=name",
            "/v1/merchants?tag=tag-1&sort=-updated_at",
            "/v1/merchants?metadata=region%3D3&sort=stage_since",
            "/v1/merchants?member_code=member-5&sort=name",
            "/v1/merchants?age_min=20&sort=-stage_since",
            "/v1/merchants?verification=verified&sort=name",
            "/v1/merchants?held=true&sort=-created_at",
            "/v1/merchants?sort=name",
            "/v1/merchants?sort=-merchant_code",
        ],
    },
    Line {
        name: "ageing, durations, funnel of 12 weeks",
        limit: 300.0,
        bar: "<= 300",
        asked: &["/v1/stats/ageing", "/v1/stats/durations", "/v1/stats/funnel"],
    },
    Line {
        name: "two filters",
        limit: 150.0,
        bar: "<= 150",
        asked: &[
            "/v1/merchants?stage=rejected&tag=tag-7&sort=name",
            "/v1/merchants?next_actor=upstream&metadata=region%3D3&sort=-updated_at",
            "/v1/merchants?stage=in_review&age_min=20&sort=stage_since",
            "/v1/merchants?link=issued&q=%EA%B0%95%EB%82%A8&sort=name",
            "/v1/merchants?may_bill=true&q=%EC%B9%B4%ED%8E%98&sort=-created_at",
        ],
    },
];

#[derive(clap::Args)]
pub(crate) struct Args {
    /// How many are many.
    #[arg(long, default_value_t = 1_000_000)]
    merchants: usize,
    /// How long each line is measured, in seconds.
    #[arg(long, default_value_t = 5)]
    seconds: u64,
    /// On SQLite only.
    #[arg(long)]
    sqlite: bool,
    /// Whether each question is told by itself.
    #[arg(long)]
    each: bool,
}

pub(crate) async fn run(args: Args) -> anyhow::Result<Vec<Figure>> {
    let mut figures = Vec::new();
    let length = Duration::from_secs(args.seconds);
    let engines = if args.sqlite {
        vec![Engine::Sqlite]
    } else {
        Engine::ALL.to_vec()
    };
    for engine in engines {
        let installation = Installation::empty(engine).await?;
        live_in_part(&installation).await?;
        put_in_place(&installation, 0, FEW).await?;
        let key = api_key(&installation, &seed::slug(0))?;
        let mut few = Vec::new();
        for line in LINES {
            few.push(measure(&installation, &key, line.asked, length).await?);
        }
        put_in_place(&installation, FEW, args.merchants).await?;
        for (line, few) in LINES.iter().zip(few) {
            let many = measure(&installation, &key, line.asked, length).await?;
            let name = format!(
                "{} on {}, p95 at {} merchants",
                line.name,
                engine.name(),
                args.merchants
            );
            figures.push(Figure::at_most(name, many.percentile(95), "ms", line.limit).bar(line.bar));
            let (many, few) = (many.percentile(95), few.percentile(95));
            figures.push(Figure::at_most_times(format!("  against {FEW}"), many, "ms", few, 3.0).bar("<= 3x"));
            for asked in line.asked.iter().filter(|_| args.each) {
                let one = measure(&installation, &key, &[asked], Duration::from_secs(1)).await?;
                figures.push(Figure::plain(format!("    {asked}"), one.percentile(95), "ms"));
            }
        }
        past(&installation, &key, engine, &mut figures).await?;
        installation.remove().await?;
    }
    Ok(figures)
}

/// Lists and counts of a moment that has passed, and what is counted by a filter.
async fn past(installation: &Installation, key: &str, engine: Engine, figures: &mut Vec<Figure>) -> anyhow::Result<()> {
    let then = (Ambient::system().now() - TimeDelta::days(100)).format("%Y-%m-%dT%H:%M:%SZ");
    let asked = [
        format!("/v1/stats/review-status?as_of={then}"),
        format!("/v1/merchants?stage=in_review&sort=stage_since&as_of={then}"),
        format!("/v1/merchants?sort=name&as_of={then}"),
        format!("/v1/stats/ageing?as_of={then}"),
        format!("/v1/stats/durations?as_of={then}"),
        format!("/v1/stats/funnel?as_of={then}"),
        "/v1/stats/ageing?tag=tag-1".to_owned(),
        "/v1/stats/durations?tag=tag-1".to_owned(),
        "/v1/stats/funnel?tag=tag-1".to_owned(),
    ];
    for asked in asked {
        let one = measure(installation, key, &[&asked], Duration::from_secs(10)).await?;
        let name = format!(
            "{} on {}, p95",
            asked.split("as_of").next().unwrap_or_default(),
            engine.name()
        );
        figures.push(
            Figure::at_most(
                format!("as of a moment, or filtered: {name}"),
                one.percentile(95),
                "ms",
                5_000.0,
            )
            .bar("<= 5000"),
        );
    }
    Ok(())
}

/// One who asks one question after the other.
async fn measure(installation: &Installation, key: &str, asked: &[&str], length: Duration) -> anyhow::Result<Outcome> {
    let service = Service::start(installation, Start::default()).await?;
    let scripts = vec![script(service.address, key, asked)];
    load::run(service.address, scripts, WARM, length).await
}

fn script(address: SocketAddr, key: &str, asked: &[&str]) -> Script {
    let request = |path: &&str| {
        format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {key}\r\n\r\n").into_bytes()
    };
    asked.iter().map(request).collect()
}

/// Puts merchants in place from one number up to another: their rows, what they are found by and what they were like, as the
/// write path would have left them. There are no events: nothing that is measured reads any, but for documents of the past.
async fn put_in_place(installation: &Installation, from: usize, until: usize) -> anyhow::Result<()> {
    let path = WritePath::open(installation, GROUPED).await?;
    let reader = &path.storage.reader;
    let tenant = reader.tenant_by_slug(&Slug::parse(&seed::slug(0))?).await?;
    let tenant = tenant.context("there is a tenant")?.id;
    let query = MerchantQuery {
        filter: MerchantFilter {
            search: Search::read("shop", false).ok(),
            ..MerchantFilter::all()
        },
        sort: SortKey::CreatedAt,
        waits: None,
        direction: Direction::Ascending,
        after: None,
        limit: PageSize::MAX,
    };
    let templates: Vec<Merchant> = reader
        .merchants(tenant, &query)
        .await?
        .into_iter()
        .filter_map(|listed| listed.merchant.ok())
        .filter(|merchant| merchant.reference.merchant_code.as_str().starts_with("shop-"))
        .collect();
    let now = path.ambient.now();
    let mut number = from;
    while number < until {
        let end = until.min(number + CHUNK);
        let mut writes = Writes::default();
        for number in number..end {
            add(&mut writes, tenant, &templates, number, now)?;
        }
        writes.merchants.sort_by_key(|row| row.merchant.id);
        let scope = Scope {
            tenants: vec![tenant],
            now,
            ..Scope::default()
        };
        let mut writes = Some(writes);
        path.storage
            .journal
            .transact(&scope, &mut |_| writes.take().unwrap_or_default())
            .await?;
        number = end;
    }
    path.close().await?;
    installation.settle().await
}

fn add(
    writes: &mut Writes,
    tenant: TenantId,
    templates: &[Merchant],
    number: usize,
    now: DateTime<Utc>,
) -> anyhow::Result<()> {
    // Scattered, and the same in every run.
    let dice = |salt: usize, sides: usize| {
        let mut mixed =
            (number as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ (salt as u64).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed ^= mixed >> 29;
        mixed = mixed.wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % sides as u64).unwrap_or_default()
    };
    let mut merchant = templates[dice(1, templates.len())].clone();
    let created_at = now - TimeDelta::seconds(i64::try_from(dice(2, 365 * 86_400))?);
    let changed_at = created_at + (now - created_at) * i32::try_from(dice(3, 1_000))? / 1_000;
    let millis = created_at.timestamp_millis().cast_unsigned();
    merchant.id = MerchantId::from_uuid(Uuid::from_u128(
        u128::from(millis) << 80 | 7 << 76 | (number as u128) << 8 | 2 << 62,
    ));
    merchant.version = Version(3);
    merchant.reference = Reference {
        member_code: MemberCode::parse(&format!("member-{}", number % 5_000))?,
        merchant_code: MerchantCode::parse(&format!("S{}-{number}", dice(4, 100)))?,
    };
    let part = |salt| SYLLABLES[dice(salt, SYLLABLES.len())];
    // Few of many kinds, many of few.
    let kind = KINDS[dice(5, KINDS.len()).min(dice(6, KINDS.len()))];
    let company = if number % RARE == 7 {
        "희귀식당".to_owned()
    } else {
        format!("{}{}{} {kind}", part(7), part(8), part(9))
    };
    merchant.business.company_name = Some(FreeText::from_untrusted(&company));
    merchant.business.branch_name = Some(FreeText::from_untrusted(&format!("{}{}점", part(10), part(11))));
    let digits = format!("{:010}", dice(12, 9_000_000_000));
    merchant.business.number = Some(ReportedNumber::from_untrusted(&digits));
    merchant.tags = vec![Label::parse(&format!("tag-{}", dice(13, 50).min(dice(14, 50))))?];
    merchant.metadata = [("region".to_owned(), Label::parse(&dice(15, 17).to_string())?)].into();
    merchant.created_at = created_at;
    merchant.updated_at = changed_at;
    if merchant.review.since.is_some() {
        merchant.review.since = Some(changed_at);
    }
    merchant.missing_upstream_since = (dice(16, 10_000) == 0).then_some(changed_at);
    writes.identities.push(IdentityRow::of(tenant, &merchant));
    writes.terms.extend(renamed(tenant, &merchant, None, created_at));
    put_past(writes, tenant, templates, &merchant);
    writes.merchants.push(MerchantRow {
        tenant_id: tenant,
        // Nobody is asked meanwhile.
        ask_at: None,
        merchant: Arc::new(merchant),
        before: CountedBefore::Nothing,
    });
    Ok(())
}

/// Registered first, then as it is.
fn put_past(writes: &mut Writes, tenant: TenantId, templates: &[Merchant], merchant: &Merchant) {
    let (created_at, updated_at) = (merchant.created_at, merchant.updated_at);
    let mut first = templates[0].clone();
    first.id = merchant.id;
    first.version = Version(1);
    first.created_at = created_at;
    first.updated_at = created_at;
    let before = Some(seen(&first));
    writes.history.extend(begun(tenant, &first, None, created_at));
    writes.history.extend(begun(tenant, merchant, before, updated_at));
    let later = reached(tenant, merchant, before, updated_at);
    let milestones = reached(tenant, &first, None, created_at);
    let milestones = milestones.map(|row| later.map_or(row, |later| row.with(&later)));
    writes.milestones.extend(milestones);
}
