//! Promises about personal data: in the log it stands sealed and nowhere else.

use std::sync::Arc;

use registry_domain::merchant::{Command, SecretText};
use registry_domain::tenant::{self, Upstream};
use registry_domain::{BusinessNumber, FreeText, ReportedNumber, TenantId};
use registry_journal::ambient::IdSource;
use registry_journal::archive::Until;
use registry_journal::keyring::{Keyring, MasterKey};
use registry_journal::port::Journal;
use registry_journal::record::EventRow;
use registry_journal::submission::{Order, WriteError};
use registry_journal::writer::Writer;

use crate::Harness;
use crate::fixtures::{
    World, callback, claim, command, config, ids, label, observation, queued, register, registration, request_link,
    submission, written,
};
use crate::journals::Gate;

/// What a tenant and upstream say that is personal or secret.
pub const SECRETS: [&str; 10] = [
    "가나다학원",
    "강남점",
    "1178178260",
    "통장 사본을 내세요",
    "https://pay.example/register/4711",
    "https://portal.example/back/4712",
    "upstream-api-key-4713",
    "payload-marker-4714",
    "tag-4715",
    "value-4716",
];

/// Writes all of [`SECRETS`] into the log of a new tenant.
pub async fn write_secrets<H: Harness>(world: &World<H>, slug: &str) -> TenantId {
    let tenant = world.tenant(slug).await;
    let upstream = Upstream {
        base_url: "https://upstream.example/".to_owned(),
        api_key: SecretText::new(SECRETS[6].to_owned()),
    };
    world
        .write(submission(
            tenant,
            Order::Tenant(tenant::Command::ConfigureUpstream(upstream)),
        ))
        .await;
    let mut said = registration("m", "s");
    said.company_name = Some(label(SECRETS[0]));
    said.branch_name = Some(label(SECRETS[1]));
    said.business_number = BusinessNumber::parse(SECRETS[2]).ok();
    said.tags = vec![label(SECRETS[8])];
    said.metadata.insert("crm".to_owned(), label(SECRETS[9]));
    let (merchant, link_id) = (world.merchant_id(), world.link_id());
    world.write(register(tenant, merchant, said)).await;
    let redirect_url = Some(SecretText::new(SECRETS[5].to_owned()));
    world
        .write(command(
            tenant,
            merchant,
            Command::RequestLink { link_id, redirect_url },
        ))
        .await;
    let url = SecretText::new(SECRETS[4].to_owned());
    world
        .write(command(tenant, merchant, Command::RecordLinkIssued { link_id, url }))
        .await;
    let mut said = observation("S", SECRETS[3]);
    said.company_name = Some(FreeText::from_untrusted(SECRETS[0]));
    said.business_number = Some(ReportedNumber::from_untrusted(SECRETS[2]));
    let mut claim = claim(said);
    claim.receipt.payload.0 = SECRETS[7].as_bytes().to_vec();
    world
        .report(command(
            tenant,
            merchant,
            Command::ReceiveCallback(Box::new(claim.clone())),
        ))
        .await;
    // And the same for a merchant that does not exist: it lands in the tenant's stream.
    let nobody = Command::ReceiveCallback(Box::new(claim));
    world.report(command(tenant, world.merchant_id(), nobody)).await;
    tenant
}

/// Whether the bytes hold the text, as it is or as Base64 or hexadecimal digits would spell it.
pub fn holds(bytes: &[u8], text: &str) -> bool {
    use base64::Engine as _;
    let spelled = [
        text.to_owned(),
        base64::engine::general_purpose::STANDARD.encode(text),
        hex::encode(text),
    ];
    // The end of a Base64 text depends on what follows it.
    let spelled = spelled.iter().map(|text| text.trim_end_matches('='));
    spelled
        .into_iter()
        .any(|text| bytes.windows(text.len()).any(|window| window == text.as_bytes()))
}

/// No column of an event shows a name, a number, a message, a URL, a key or the body of a callback.
pub async fn nothing_personal_stands_in_clear<H: Harness>() {
    let world = World::<H>::new().await;
    let tenant = write_secrets(&world, "acme").await;
    let log = world.log(tenant).await;
    assert!(
        log.iter().filter(|row| !row.sealed.is_empty()).count() >= 7,
        "much is sealed"
    );
    for EventRow {
        event_type,
        actor,
        idempotency_key,
        data,
        sealed,
        ..
    } in &log
    {
        let key = idempotency_key.clone().unwrap_or_default();
        for column in [
            event_type.as_bytes(),
            actor.as_bytes(),
            key.as_bytes(),
            data.as_bytes(),
            sealed,
        ] {
            for secret in SECRETS {
                assert!(!holds(column, secret), "an event of type {event_type} shows {secret}");
            }
        }
    }
}

/// With the right key everything reads back; with another one the log still verifies and nothing opens.
pub async fn what_was_sealed_reads_back<H: Harness>() {
    let world = World::<H>::new().await;
    let tenant = write_secrets(&world, "acme").await;
    let rows = world.log(tenant).await.len();
    world.expect_sound(tenant, rows).await;
    let page = registry_journal::port::PageSize::MAX;
    let opened = world
        .archive()
        .events_after(tenant, registry_domain::Seq::ZERO, page)
        .await;
    let opened = opened.expect("the log opens");
    assert!(opened.iter().all(|recorded| !recorded.erased));
    let merchant = opened.iter().find_map(|recorded| recorded.stream.merchant_id());
    let merchant = merchant.expect("there is a merchant");
    let row = world.row(tenant, merchant).await;
    let folded = world
        .archive()
        .merchant_at(tenant, merchant, Until::Version(row.version))
        .await;
    assert_eq!(folded.expect("the stream opens"), Some(row));
    let stranger = Arc::new(Keyring::new(&MasterKey::from_bytes([8; 32])));
    let closed = registry_journal::archive::Archive::new(Arc::new(world.storage.clone()), stranger);
    assert!(
        closed
            .events_after(tenant, registry_domain::Seq::ZERO, page)
            .await
            .is_err()
    );
}

/// A command whose merchant's key does not open under the master key fails; the others of its batch do not, and of it
/// nothing is written.
pub async fn a_key_that_does_not_open_fails_alone<H: Harness>() {
    let world = World::<H>::new().await;
    let tenant = world.tenant("acme").await;
    let old = world.merchant(tenant, "m", "old").await;
    let before = world.row(tenant, old).await;
    let gate = Arc::new(Gate::new(world.storage.clone()));
    let mut parts = world.parts(world.storage.clone(), 1);
    parts.journal = Arc::clone(&gate) as Arc<dyn Journal>;
    parts.keyring = Arc::new(Keyring::new(&MasterKey::from_bytes([8; 32])));
    parts.ambient.ids = ids(2) as Arc<dyn IdSource>;
    let (writer, _task) = Writer::start(parts, config(), std::future::pending());
    gate.close();
    let first = queued(
        &writer,
        register(tenant, world.merchant_id(), registration("m", "first")),
    );
    gate.somebody_waits().await;
    let new = world.merchant_id();
    let batch = [
        queued(&writer, register(tenant, new, registration("m", "new"))),
        queued(&writer, callback(tenant, old, "P", "")),
        queued(&writer, request_link(tenant, new, world.link_id())),
    ];
    gate.open();
    written(first.await.expect("storage takes the registration"));
    let [registered, failed, requested] = batch;
    written(registered.await.expect("storage takes the registration"));
    assert_eq!(failed.await, Err(WriteError::Failed));
    written(requested.await.expect("storage takes the request"));
    assert_eq!(writer.stats().failed, 1);
    assert_eq!(world.row(tenant, old).await, before);
    world.expect_sound(tenant, 5).await;
}
