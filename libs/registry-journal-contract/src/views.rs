//! Views: seen by whom they belong to, one name for each, so many and no more.

use std::slice::from_ref;

use registry_domain::views::{Column, VIEWS_OF_ONE_MAX, VIEWS_SHARED_MAX, ViewName};
use registry_domain::{TenantId, Version, ViewId};
use registry_journal::port::{PageSize, View, Views};
use uuid::Uuid;

use crate::Harness;
use crate::fixtures::World;

const KIM: Uuid = Uuid::from_u128(0x71);
const LEE: Uuid = Uuid::from_u128(0x72);

fn id(number: u128) -> ViewId {
    ViewId::from_uuid(Uuid::from_u128(number))
}

fn name(text: &str) -> ViewName {
    ViewName::parse(text).expect("a name")
}

fn view<H: Harness>(world: &World<H>, number: u128, owner: Option<Uuid>, called: &str) -> View {
    View {
        id: id(number),
        owner,
        is_shared: owner.is_none(),
        name: name(called),
        query: "age_min=4&stage=documents_required&sort=-stage_since".to_owned(),
        columns: vec![Column::Name, Column::Age, Column::Message],
        version: Version(1),
        created_at: world.now(),
        updated_at: world.now(),
        is_default: false,
    }
}

fn next(view: &View) -> View {
    View {
        version: view.version.next(),
        ..view.clone()
    }
}

async fn add<H: Harness>(world: &World<H>, tenant: TenantId, view: &View) -> bool {
    world.storage.add_view(tenant, view).await.expect("an answer")
}

async fn change<H: Harness>(world: &World<H>, tenant: TenantId, view: &View) -> bool {
    world.storage.change_view(tenant, view).await.expect("an answer")
}

async fn seen<H: Harness>(world: &World<H>, tenant: TenantId, owner: Option<Uuid>) -> Vec<View> {
    let mut views = world.storage.views(tenant, owner).await.expect("an answer");
    views.sort_by_key(|view| view.id);
    views
}

/// One's own are nobody else's; what is shared is everybody's in the tenant, and nobody's in another.
pub async fn a_view_is_seen_by_its_owner_until_it_is_shared<H: Harness>() {
    let world = World::<H>::new().await;
    let (tenant, other) = (world.tenant("acme").await, world.tenant("umbrella").await);
    let own = view(&world, 1, Some(KIM), "서류보완 4일+");
    let of_program = View {
        columns: Vec::new(),
        query: String::new(),
        ..view(&world, 2, None, "모두")
    };
    assert!(add(&world, tenant, &own).await);
    assert!(add(&world, tenant, &of_program).await);
    assert_eq!(seen(&world, tenant, Some(KIM)).await, [own.clone(), of_program.clone()]);
    assert_eq!(seen(&world, tenant, Some(LEE)).await, from_ref(&of_program));
    assert_eq!(seen(&world, tenant, None).await, from_ref(&of_program));
    assert_eq!(seen(&world, other, Some(KIM)).await, []);
    let one = async |tenant, owner| world.storage.view(tenant, owner, own.id).await.expect("an answer");
    assert_eq!(one(tenant, Some(KIM)).await, Some(own.clone()));
    assert_eq!(one(tenant, Some(LEE)).await, None);
    assert_eq!(one(tenant, None).await, None);
    assert_eq!(one(other, Some(KIM)).await, None);
    let shared = View {
        is_shared: true,
        ..next(&own)
    };
    assert!(change(&world, tenant, &shared).await);
    assert_eq!(one(tenant, Some(LEE)).await, Some(shared.clone()));
    assert_eq!(one(other, Some(KIM)).await, None);
    assert!(!change(&world, other, &next(&shared)).await);
    let removed = world.storage.remove_view(other, own.id, Version(2)).await;
    assert!(!removed.expect("an answer"), "it is another tenant's");
}

/// The same name may stand among the shared ones and among each one's own, once.
pub async fn a_name_stands_once_for_each_owner<H: Harness>() {
    let world = World::<H>::new().await;
    let (tenant, other) = (world.tenant("acme").await, world.tenant("umbrella").await);
    let kims = view(&world, 1, Some(KIM), "Stuck shops");
    assert!(add(&world, tenant, &kims).await);
    assert!(!add(&world, tenant, &view(&world, 2, Some(KIM), "stuck  SHOPS")).await);
    assert!(!add(&world, tenant, &view(&world, 1, Some(KIM), "another name")).await);
    assert!(add(&world, tenant, &view(&world, 3, Some(LEE), "stuck shops")).await);
    assert!(add(&world, tenant, &view(&world, 4, None, "stuck shops")).await);
    assert!(!add(&world, tenant, &view(&world, 5, None, "STUCK shops")).await);
    assert!(add(&world, other, &view(&world, 1, Some(KIM), "Stuck shops")).await);
    let shared = View {
        is_shared: true,
        ..next(&kims)
    };
    assert!(
        !change(&world, tenant, &shared).await,
        "the tenant shares one of this name"
    );
    let second = view(&world, 6, Some(KIM), "second");
    assert!(add(&world, tenant, &second).await);
    let renamed = View {
        name: name("STUCK SHOPS"),
        ..next(&second)
    };
    assert!(!change(&world, tenant, &renamed).await);
    let respelt = View {
        name: name("STUCK SHOPS"),
        ..next(&kims)
    };
    assert!(change(&world, tenant, &respelt).await, "its own name is no other's");
}

/// Whoever changes an old version changes nothing.
pub async fn a_view_changes_from_its_last_version<H: Harness>() {
    let world = World::<H>::new().await;
    let tenant = world.tenant("acme").await;
    let first = view(&world, 1, Some(KIM), "서류보완");
    assert!(add(&world, tenant, &first).await);
    let second = View {
        name: name("서류보완 4일+"),
        query: "created_from=-7bd".to_owned(),
        columns: vec![Column::Code],
        ..next(&first)
    };
    assert!(change(&world, tenant, &second).await);
    assert!(!change(&world, tenant, &second).await);
    assert_eq!(seen(&world, tenant, Some(KIM)).await, from_ref(&second));
    let remove = async |version| {
        let removed = world.storage.remove_view(tenant, first.id, version).await;
        removed.expect("an answer")
    };
    assert!(!remove(Version(1)).await);
    assert!(remove(Version(2)).await);
    assert!(!remove(Version(2)).await);
    assert_eq!(seen(&world, tenant, Some(KIM)).await, []);
}

/// Nobody fills a database with views: not with new ones, and not by sharing or taking back.
pub async fn there_are_so_many_views_and_no_more<H: Harness>() {
    let world = World::<H>::new().await;
    let tenant = world.tenant("acme").await;
    let (own, shared) = (u128::from(VIEWS_OF_ONE_MAX), u128::from(VIEWS_SHARED_MAX));
    for number in 1..=own {
        let kims = view(&world, number, Some(KIM), &format!("own {number}"));
        assert!(add(&world, tenant, &kims).await, "{number}");
    }
    assert!(!add(&world, tenant, &view(&world, own + 1, Some(KIM), "one more")).await);
    assert!(add(&world, tenant, &view(&world, own + 2, Some(LEE), "one more")).await);
    for number in 1..=shared {
        let ours = view(&world, 1_000 + number, None, &format!("shared {number}"));
        assert!(add(&world, tenant, &ours).await, "{number}");
    }
    assert!(!add(&world, tenant, &view(&world, 2_000, None, "one more")).await);
    let to_share = View {
        is_shared: true,
        ..next(&view(&world, 1, Some(KIM), "own 1"))
    };
    assert!(!change(&world, tenant, &to_share).await);
    let renamed = View {
        name: name("own one"),
        ..next(&view(&world, 1, Some(KIM), "own 1"))
    };
    assert!(change(&world, tenant, &renamed).await, "it takes no place of another");
}

/// With one view at most, that they can see, and that is there.
pub async fn somebody_begins_with_one_view<H: Harness>() {
    let world = World::<H>::new().await;
    let (tenant, other) = (world.tenant("acme").await, world.tenant("umbrella").await);
    let (own, ours) = (view(&world, 1, Some(KIM), "own"), view(&world, 2, None, "ours"));
    assert!(add(&world, tenant, &own).await);
    assert!(add(&world, tenant, &ours).await);
    let begin = async |tenant, owner, id| {
        let set = world.storage.set_default_view(tenant, owner, id).await;
        set.expect("an answer")
    };
    let defaults = async |owner| {
        let views = seen(&world, tenant, Some(owner)).await;
        let defaults = views.into_iter().filter(|view| view.is_default);
        defaults.map(|view| view.id).collect::<Vec<_>>()
    };
    assert_eq!(defaults(KIM).await, []);
    assert!(begin(tenant, KIM, Some(own.id)).await);
    assert!(!begin(tenant, LEE, Some(own.id)).await, "it is another's");
    assert!(!begin(other, KIM, Some(own.id)).await, "it is another tenant's");
    assert!(begin(tenant, LEE, Some(ours.id)).await);
    assert_eq!(
        (defaults(KIM).await, defaults(LEE).await),
        (vec![own.id], vec![ours.id])
    );
    assert!(begin(tenant, KIM, Some(ours.id)).await);
    assert_eq!(defaults(KIM).await, [ours.id]);
    assert!(begin(tenant, KIM, None).await);
    assert!(begin(tenant, KIM, None).await, "there is nothing to take back");
    assert_eq!(defaults(KIM).await, []);
    let removed = world.storage.remove_view(tenant, ours.id, Version(1)).await;
    assert!(removed.expect("an answer"));
    assert_eq!(defaults(LEE).await, []);
    let left = world.storage.default_views_after(tenant, None, PageSize::MAX).await;
    assert_eq!(left.expect("an answer"), []);
}

/// All of a tenant's can be walked; who leaves takes along what nobody else sees.
pub async fn views_are_walked_and_forgotten<H: Harness>() {
    let world = World::<H>::new().await;
    let (tenant, other) = (world.tenant("acme").await, world.tenant("umbrella").await);
    let shared = View {
        is_shared: true,
        ..view(&world, 3, Some(KIM), "shared")
    };
    let all = [
        view(&world, 1, Some(KIM), "own"),
        view(&world, 2, Some(LEE), "own"),
        shared.clone(),
    ];
    for view in &all {
        assert!(add(&world, tenant, view).await);
    }
    let theirs = view(&world, 4, Some(KIM), "own");
    assert!(add(&world, other, &theirs).await);
    for (owner, number) in [(KIM, 1), (LEE, 3)] {
        let set = world.storage.set_default_view(tenant, owner, Some(id(number))).await;
        assert!(set.expect("an answer"));
    }
    let (mut walked, mut begun) = (Vec::new(), Vec::new());
    let one = PageSize::clamped(1);
    while let Some(view) = {
        let page = world
            .storage
            .views_after(tenant, walked.last().map(|view: &View| view.id), one);
        page.await.expect("an answer").pop()
    } {
        walked.push(view);
    }
    assert_eq!(walked, all);
    while let Some(pair) = {
        let page = world
            .storage
            .default_views_after(tenant, begun.last().map(|(owner, _)| *owner), one);
        page.await.expect("an answer").pop()
    } {
        begun.push(pair);
    }
    assert_eq!(begun, [(KIM, id(1)), (LEE, id(3))]);
    let forget = async |owner| {
        let forgotten = world.storage.forget_views(tenant, owner).await;
        forgotten.expect("they are forgotten");
        let left = world.storage.views_after(tenant, None, PageSize::MAX).await;
        left.expect("an answer")
            .into_iter()
            .map(|view| view.id)
            .collect::<Vec<_>>()
    };
    assert_eq!(forget(Some(KIM)).await, [id(2), id(3)]);
    let left = world.storage.default_views_after(tenant, None, PageSize::MAX).await;
    assert_eq!(left.expect("an answer"), [(LEE, id(3))]);
    assert_eq!(forget(None).await, []);
    assert_eq!(seen(&world, other, Some(KIM)).await, [theirs]);
}
