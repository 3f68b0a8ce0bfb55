//! Promises about rows: they are the fold of the log, now and as of any moment.

use registry_domain::merchant::{Command, DetailsChange, Refusal, Stage, Warning};
use registry_domain::tenant;
use registry_domain::{Adjustment, BusinessNumber, FreeText, Seq, TenantId, Version};
use registry_journal::archive::Until;
use registry_journal::port::{FacetCount, MerchantFilter, Reader};
use registry_journal::submission::{Order, Outcome};

use crate::Harness;
use crate::fixtures::{
    World, callback, claim, command, create, label, observation, queued, reference, register, registration,
    request_link, submission, with_key, written,
};
use crate::histories::{Dice, some_command};
use crate::journals::Gate;

/// After any history a merchant's row equals the fold of its stream, whole and at each of its versions in between.
pub async fn rows_are_the_fold_of_the_log<H: Harness>() {
    let world = World::<H>::new().await;
    let tenant = world.tenant("acme").await;
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
    let mut merchants = Vec::new();
    for number in 0..8 {
        merchants.push((world.merchant(tenant, "m", &format!("s{number}")).await, Vec::new()));
    }
    for _ in 0..40 {
        world.clock.advance(1);
        let mut wave = Vec::new();
        for (merchant, links) in &mut merchants {
            for _ in 0..dice.roll(4) {
                let some = some_command(&mut dice, &world, tenant, *merchant, links);
                wave.push(queued(&world.writer, some));
            }
        }
        for answer in wave {
            let _outcome = answer.await.expect("storage takes the command");
        }
        for (merchant, _) in &merchants {
            let row = world.row(tenant, *merchant).await;
            let until = Until::Version(row.version);
            let folded = world.archive().merchant_at(tenant, *merchant, until).await;
            assert_eq!(folded.expect("the stream can be folded"), Some(row));
        }
    }
    for (merchant, _) in &merchants {
        let now = world.row(tenant, *merchant).await;
        for version in [Version(1), Version(now.version.0 / 2)] {
            let until = Until::Version(version);
            let folded = world.archive().merchant_at(tenant, *merchant, until).await;
            assert_eq!(
                folded.expect("the stream can be folded").map(|then| then.version),
                Some(version)
            );
        }
    }
    let rows = world.log(tenant).await.len();
    world.expect_sound(tenant, rows).await;
}

fn sorted(mut counts: Vec<FacetCount>) -> Vec<FacetCount> {
    counts.sort_by_key(|count| count.facets.to_bits());
    counts
}

/// The counts as of each moment are those that a reader was told at that moment: stretches have no hole and no
/// overlap, also where several changes fall into one batch or one instant.
pub async fn as_of_counts_are_what_was_true_then<H: Harness>() {
    let world = World::<H>::new().await;
    let tenant = world.tenant("acme").await;
    let mut dice = Dice(0x2545_f491_4f6c_dd1d);
    let mut merchants = Vec::new();
    let mut told = Vec::new();
    for turn in 0..60 {
        world.clock.advance(1);
        let mut wave = Vec::new();
        if turn < 6 {
            let id = world.merchant_id();
            wave.push(queued(
                &world.writer,
                register(tenant, id, registration("m", &format!("s{turn}"))),
            ));
            merchants.push((id, Vec::new()));
        }
        for (merchant, links) in &mut merchants {
            for _ in 0..dice.roll(3) {
                let some = some_command(&mut dice, &world, tenant, *merchant, links);
                wave.push(queued(&world.writer, some));
            }
        }
        for answer in wave {
            let _outcome = answer.await.expect("storage takes the command");
        }
        let now = world.storage.facet_counts(tenant, &MerchantFilter::all()).await;
        told.push((world.now(), sorted(now.expect("counts"))));
    }
    for (at, then) in told {
        let counts = world
            .storage
            .facet_counts_as_of(tenant, &MerchantFilter::all(), at)
            .await;
        assert_eq!(sorted(counts.expect("counts")), then, "as of {at}");
        let total: u64 = then.iter().map(|count| count.count).sum();
        assert!(total > 0, "somebody is counted");
    }
}

/// An order whose wish is fulfilled already is answered as written, and nothing is.
pub async fn a_wish_that_is_fulfilled_writes_nothing<H: Harness>() {
    let world = World::<H>::new().await;
    let tenant = world.tenant("acme").await;
    let merchant = world.merchant(tenant, "m", "s").await;
    let before = world.row(tenant, merchant).await;
    let restore = command(tenant, merchant, Command::Restore);
    let resume = submission(tenant, Order::Tenant(tenant::Command::Resume));
    let nothing = world.write(restore.clone()).await;
    assert_eq!((nothing.event_ids, nothing.seq), (vec![], Seq(2)));
    assert_eq!(nothing.merchant.as_deref(), Some(&before));
    assert_eq!(world.write(resume).await.event_ids, vec![]);
    // With a key there is still nothing to write in the log, but the key is taken.
    let keyed = with_key(restore, "k", 1);
    assert_eq!(world.write(keyed.clone()).await.event_ids, vec![]);
    assert!(matches!(world.submit(keyed).await, Outcome::Replayed(_)));
    assert_eq!(world.row(tenant, merchant).await, before);
    world.expect_sound(tenant, 2).await;
}

/// A registration that shares its merchant code or its business number says so, whether the other one stands in the
/// same batch or was there before.
pub async fn shared_codes_and_numbers_are_noticed<H: Harness>() {
    let (world, gate) = World::<H>::through(Gate::new).await;
    let (tenant, other) = (world.tenant("acme").await, world.tenant("umbrella").await);
    let numbered = |member: &str, shop: &str| {
        let mut numbered = registration(member, shop);
        numbered.business_number = BusinessNumber::parse("1178178260").ok();
        numbered
    };
    world
        .write(register(other, world.merchant_id(), numbered("n", "s")))
        .await;
    gate.close();
    let blocker = queued(
        &world.writer,
        submission(tenant, Order::Tenant(tenant::Command::Resume)),
    );
    gate.somebody_waits().await;
    let together = [
        numbered("m", "s"),
        registration("n", "s"),
        numbered("n", "t"),
        registration("n", "u"),
    ];
    let together = together.map(|one| queued(&world.writer, register(tenant, world.merchant_id(), one)));
    gate.open();
    written(blocker.await.expect("storage takes the command"));
    let mut warnings = Vec::new();
    for answer in together {
        let merchant = written(answer.await.expect("storage takes the registration")).merchant;
        warnings.push(merchant.expect("a command is answered with the merchant").warnings());
    }
    let later = world
        .write(register(tenant, world.merchant_id(), numbered("o", "s")))
        .await;
    warnings.push(
        later
            .merchant
            .expect("a command is answered with the merchant")
            .warnings(),
    );
    let (code, number) = (Warning::MerchantCodeShared, Warning::BusinessNumberShared);
    // The other tenant's shop with both of them is nobody's business here.
    assert_eq!(warnings, [vec![], vec![code], vec![number], vec![], vec![code, number]]);
}

/// A merchant is found by the business number that it has now, and by none that it had.
pub async fn a_changed_number_is_noticed<H: Harness>() {
    let world = World::<H>::new().await;
    let tenant = world.tenant("acme").await;
    let number = |text: &str| BusinessNumber::parse(text).ok();
    let mut first = registration("m", "first");
    first.business_number = number("1178178260");
    let id = world.merchant_id();
    world.write(register(tenant, id, first)).await;
    let named = DetailsChange {
        company_name: Adjustment::Set(label("하나")),
        ..DetailsChange::default()
    };
    let numbered = DetailsChange {
        business_number: number("2208162517").map_or(Adjustment::Keep, Adjustment::Set),
        ..DetailsChange::default()
    };
    // When the second one comes, the merchant is remembered.
    for change in [named, numbered] {
        let change = Command::ChangeDetails(Box::new(change));
        world.write(command(tenant, id, change)).await;
    }
    for (shop, text, warnings) in [
        ("had", "1178178260", vec![]),
        ("has", "2208162517", vec![Warning::BusinessNumberShared]),
    ] {
        let mut another = registration("n", shop);
        another.business_number = number(text);
        let registered = world.write(register(tenant, world.merchant_id(), another)).await;
        let merchant = registered.merchant.expect("a command is answered with the merchant");
        assert_eq!(merchant.warnings(), warnings, "{shop}");
    }
    let found = world
        .storage
        .merchant_by_reference(tenant, &reference("m", "first"))
        .await;
    assert_eq!(found.expect("an answer").map(|found| found.id), Some(id));
}

/// Two tenants may have the same codes, and even the same id, and never see each other's.
pub async fn tenants_are_walls<H: Harness>() {
    let (world, gate) = World::<H>::through(Gate::new).await;
    let (tenant, other) = (world.tenant("acme").await, world.tenant("umbrella").await);
    let id = world.merchant_id();
    let named = |name: &str| {
        let mut named = registration("m", "s");
        named.company_name = Some(label(name));
        named
    };
    gate.close();
    let blocker = queued(
        &world.writer,
        submission(tenant, Order::Tenant(tenant::Command::Resume)),
    );
    gate.somebody_waits().await;
    // In one batch, so that nothing that is kept for a batch may mix them up.
    let both = [
        queued(&world.writer, register(tenant, id, named("하나"))),
        queued(&world.writer, register(other, id, named("둘"))),
    ];
    gate.open();
    for answer in [blocker].into_iter().chain(both) {
        written(answer.await.expect("storage takes the command"));
    }
    world.write(command(other, id, Command::Archive)).await;
    let mine = world.merchant(tenant, "m", "t").await;
    for (tenant, name, archived) in [(tenant, "하나", false), (other, "둘", true)] {
        let row = world.row(tenant, id).await;
        assert_eq!(row.business.company_name.as_ref().map(FreeText::as_str), Some(name));
        assert_eq!(row.archived_since.is_some(), archived);
        let folded = world
            .archive()
            .merchant_at(tenant, id, Until::Version(row.version))
            .await;
        assert_eq!(folded.expect("sealed under a key of its own"), Some(row));
    }
    assert_eq!(world.storage.merchant(other, mine).await.expect("an answer"), None);
    let elsewhere = world.storage.merchant_by_reference(other, &reference("m", "t")).await;
    assert_eq!(elsewhere.expect("an answer"), None);
    let refused = world.submit(command(other, mine, Command::Archive)).await;
    assert_eq!(refused, Outcome::Refused(Refusal::NoSuchMerchant));
    let slug = submission(TenantId::from_uuid(uuid::Uuid::max()), Order::Tenant(create("acme")));
    let taken = tenant::Refusal::SlugTaken { existing: tenant };
    assert_eq!(world.submit(slug).await, Outcome::TenantRefused(taken));
}

/// Commands that share a transaction see what those before them did.
pub async fn commands_of_one_batch_see_each_other<H: Harness>() {
    let (world, gate) = World::<H>::through(Gate::new).await;
    let elsewhere = world.tenant("acme").await;
    let tenant = TenantId::from_uuid(world.link_id().as_uuid());
    let (id, link_id) = (world.merchant_id(), world.link_id());
    gate.close();
    let blocker = queued(
        &world.writer,
        submission(elsewhere, Order::Tenant(tenant::Command::Resume)),
    );
    gate.somebody_waits().await;
    let by_codes = Order::CallbackByCodes {
        reference: reference("m", "s"),
        claim: Box::new(claim(observation("P", ""))),
    };
    let batch = [
        submission(tenant, Order::Tenant(create("umbrella"))),
        register(tenant, id, registration("m", "s")),
        request_link(tenant, id, link_id),
        command(tenant, id, Command::RevokeLink { link_id }),
        callback(tenant, id, "W", ""),
        submission(tenant, by_codes),
        register(tenant, world.merchant_id(), registration("m", "s")),
    ];
    let batches = world.writer.stats().batches;
    let batch = batch.map(|one| queued(&world.writer, one));
    gate.open();
    written(blocker.await.expect("storage takes the command"));
    let mut outcomes = Vec::new();
    for answer in batch {
        outcomes.push(answer.await.expect("storage takes the command"));
    }
    // The blocker wrote nothing, yet its transaction counts.
    assert_eq!(world.writer.stats().batches - batches, 2);
    assert_eq!(
        outcomes.pop(),
        Some(Outcome::Refused(Refusal::ReferenceTaken { existing: id }))
    );
    let seqs: Vec<_> = outcomes.into_iter().map(|outcome| written(outcome).seq.0).collect();
    assert_eq!(seqs, [1, 2, 3, 4, 6, 8]);
    let row = world.row(tenant, id).await;
    assert_eq!((row.version, row.stage()), (Version(7), Stage::InReview));
    let found = world
        .storage
        .merchant_of_link(tenant, link_id)
        .await
        .expect("an answer");
    assert_eq!(found, Some(id));
    world.expect_sound(tenant, 8).await;
}

/// A command that was made for another version of the merchant is refused, with the version that is.
pub async fn a_version_mismatch_is_refused<H: Harness>() {
    let world = World::<H>::new().await;
    let tenant = world.tenant("acme").await;
    let merchant_id = world.merchant(tenant, "m", "s").await;
    let archive = |expected| {
        let order = Order::Merchant {
            merchant_id,
            command: Command::Archive,
            expected: Some(Version(expected)),
        };
        submission(tenant, order)
    };
    let mismatch = Refusal::VersionMismatch { current: Version(1) };
    assert_eq!(world.submit(archive(2)).await, Outcome::Refused(mismatch));
    world.write(archive(1)).await;
    let mismatch = Refusal::VersionMismatch { current: Version(2) };
    assert_eq!(world.submit(archive(1)).await, Outcome::Refused(mismatch));
}
