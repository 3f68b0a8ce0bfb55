//! Upgrades: databases as released versions have left them are migrated, verified, rebuilt and served, on both engines.
//!
//! They lie in `tests/fixtures/upgrade/<version>`, and nobody changes them. `cargo xtask fixtures` writes those of this
//! version, before it is released.

mod life;
mod rolling;
mod site;
mod told;

use std::path::{Path, PathBuf};

use registry_tests::settings::repository;
use registry_tests::tenant::id_of;
use registry_tests::{TestNats, TestSandbox, TestTenant, check_published};
use serde_json::json;
use tokio::task::block_in_place;

use crate::visitor::{PASSWORD, Visitor, leads_to};
use life::Lived;
use site::{Engine, Site};
use told::Told;

/// Where the databases of released versions lie, a folder for each version.
const RELEASED: &str = "tests/fixtures/upgrade";

/// Where those of this version are left.
const WRITTEN: &str = "target/upgrade";

/// The folders of all released versions, the oldest first.
fn released() -> Vec<PathBuf> {
    let folders = std::fs::read_dir(repository().join(RELEASED)).expect("there were releases");
    let mut folders: Vec<_> = folders.map(|folder| folder.expect("a folder").path()).collect();
    folders.retain(|folder| folder.is_dir());
    folders.sort_by_key(|folder| version_of(folder));
    folders
}

/// `0.10.0` comes behind `0.9.0`.
fn version_of(folder: &Path) -> Vec<u64> {
    let name = folder.file_name().and_then(|name| name.to_str()).expect("a version");
    let numbers = name
        .split('.')
        .map(|number| number.parse().expect("a version has numbers"));
    numbers.collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn files_of_every_released_version_are_taken_over() {
    for version in released() {
        Box::pin(take_over(Engine::File, &version)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn servers_of_every_released_version_are_taken_over() {
    for version in released() {
        Box::pin(take_over(Engine::Server, &version)).await;
    }
}

/// What `cargo xtask fixtures` keeps, if this is a version to be released.
#[tokio::test(flavor = "multi_thread")]
async fn what_this_version_writes_can_be_taken_over() {
    for engine in [Engine::File, Engine::Server] {
        let version = repository().join(WRITTEN);
        Box::pin(write(engine, &version)).await;
        Box::pin(take_over(engine, &version)).await;
    }
}

/// Lives a life on an empty database, and leaves it in a folder with what was seen of it last.
async fn write(engine: Engine, version: &Path) {
    let sandbox = TestSandbox::start().await;
    let mut site = block_in_place(|| Site::empty(engine));
    let (process, tenant, key) = block_in_place(|| site.installation.serve_tenant_with_key(&sandbox));
    let other = block_in_place(|| site.installation.other_tenant(&sandbox, &process));
    let lived = Box::pin(life::live(&tenant, &other, &sandbox, &site)).await;
    block_in_place(|| site.leave_upstream(&tenant.slug));
    let told = Box::pin(Told::by(&tenant, key, lived)).await;
    assert!(block_in_place(|| process.terminate()).success());
    block_in_place(|| {
        let ends = site.installation.print(&["verify", "--ends"]);
        site.take_out(version, &told, &ends);
    });
    sandbox.stop().await;
}

/// What an operator does with it, and whether all that was is still there.
async fn take_over(engine: Engine, version: &Path) {
    let nats = TestNats::start();
    let mut site = block_in_place(|| Site::laid_out(engine, version, &nats));
    let told = site.told().clone();
    block_in_place(|| {
        site.migrate();
        site.expect_proven();
    });
    let process = block_in_place(|| site.installation.serve());
    let tenant = told.tenant(process.base_url());
    told.expect_same(&tenant.api).await;
    go_on(&told, &tenant).await;
    check_published(&tenant, &nats).await;
    assert!(block_in_place(|| process.terminate()).success());

    block_in_place(|| {
        site.installation.print(&["rebuild"]);
        site.installation.print(&["rebuild", "--check"]);
        site.expect_proven();
    });
    let process = block_in_place(|| site.installation.serve());
    told.expect_same(&told.tenant(process.base_url()).api).await;
    assert!(block_in_place(|| process.terminate()).success());
}

/// Uses what was handed out before: a key, a callback URL, an Idempotency-Key, a password.
async fn go_on(told: &Told, tenant: &TestTenant) {
    let Lived { shop, link, .. } = &told.lived;
    let again = tenant.api.ask_once(&link.path, &link.key).await;
    assert_eq!(again.header("idempotency-replayed"), Some("true"));
    assert_eq!(again.expect(201)["id"], link.answer["id"]);

    let before = tenant.api.merchant(&shop.id).await;
    let url = format!("{}{}", tenant.api.base(), shop.callback_path);
    shop.call_back(&url, "S", "다시 보내 주세요").await;
    let after = tenant.settled(&shop.id).await;
    assert_eq!(
        (&after["stage"], &after["id"]),
        (&json!("documents_required"), &before["id"])
    );

    let mut visitor = Visitor::at(tenant.api.base());
    let fields = [("email", told.lived.email.as_str()), ("password", PASSWORD)];
    leads_to(&visitor.send("/console/sign-in", &fields).await);
    let page = format!("/console/{}/merchants/{}", tenant.slug, shop.id);
    assert_eq!(visitor.get(&page).await.status, 200);

    let merchant = tenant.register("acad-9", "store-new").await;
    assert_eq!(tenant.api.merchant(id_of(&merchant)).await, merchant);
}
