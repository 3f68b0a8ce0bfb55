use super::*;
use crate::tenant::Scope;

#[test]
fn an_address_is_read_in_one_spelling() {
    let read = |text| EmailAddress::parse(text).map(|address| address.as_str().to_owned());
    assert_eq!(
        read(" Kim.Ops+x@Partner.Example "),
        Ok("kim.ops+x@partner.example".to_owned())
    );
    assert_eq!(read("root@localhost"), Ok("root@localhost".to_owned()));
    let long = format!("{}@example.test", "a".repeat(65));
    for bad in [
        "",
        "@",
        "kim",
        "kim@",
        "@example.test",
        "k im@example.test",
        "kim@exa mple.test",
        ".kim@example.test",
        "kim..ops@example.test",
        "kim@example..test",
        "kim@-example.test",
        "kim@example.test\r\nBcc: x@example.test",
        "\"kim\"@example.test",
        "김@example.test",
        "kim@예.test",
        "a@b@example.test",
        long.as_str(),
    ] {
        assert_eq!(read(bad), Err(EmailError), "{bad}");
    }
    let at_most = format!("a@{}", ["b".repeat(62).as_str(); 4].join("."));
    assert_eq!(at_most.len(), EMAIL_LENGTH_MAX - 1);
    assert!(read(&at_most).is_ok() && read(&format!("aa{at_most}")).is_err());
}

#[test]
fn an_address_does_not_show() {
    let address = EmailAddress::parse("kim@example.test").unwrap();
    assert!(!format!("{address:?}").contains("kim"));
}

#[test]
fn roles_hold_what_those_below_hold() {
    let has = |role: Role, scope| role.scopes().contains(&scope);
    for role in Role::ALL {
        assert!(has(*role, Scope::MerchantsRead) && has(*role, Scope::EventsRead));
        assert_eq!(Role::from_word(role.as_str()), Some(*role));
        assert_eq!(Scope::in_order(role.scopes()), role.scopes());
    }
    assert!(Role::Operator.scopes().iter().all(|scope| has(Role::Manager, *scope)));
    for scope in [Scope::MerchantsWrite, Scope::LinksWrite, Scope::PeopleWrite] {
        assert!(!has(Role::Viewer, scope) && !has(Role::Auditor, scope));
    }
    for scope in [
        Scope::PersonalRead,
        Scope::ExportsCreate,
        Scope::PeopleWrite,
        Scope::KeysWrite,
    ] {
        assert!(!has(Role::Operator, scope) && has(Role::Manager, scope));
    }
    assert!(has(Role::Auditor, Scope::AuditRead) && !has(Role::Manager, Scope::AuditRead));
}

#[test]
fn what_is_granted_is_added_and_what_is_withheld_is_taken() {
    let of = |granted: &[Extra], withheld: &[Extra]| {
        Rights::new(Role::Manager, granted.iter().copied(), withheld.iter().copied())
    };
    let all = Rights::from(Role::Manager);
    let blind = of(&[], &[Extra::PersonalRead]).unwrap();
    assert_eq!(all.scopes().len(), blind.scopes().len() + 1);
    assert!(!blind.scopes().contains(&Scope::PersonalRead));
    assert!(blind.are_within(&all.scopes()) && !all.are_within(&blind.scopes()));
    let seeing = Rights::new(Role::Viewer, [Extra::PersonalRead], []).unwrap();
    assert!(seeing.scopes().contains(&Scope::PersonalRead));
    let both = of(&[Extra::ExportsCreate], &[Extra::ExportsCreate]);
    assert_eq!(both, Err(RightsError(Extra::ExportsCreate)));
}

#[test]
fn only_groups_with_another_role_have_changed() {
    let mappings = |groups: &[(&str, Role)]| {
        let groups = groups.iter().map(|(group, role)| ((*group).to_owned(), *role));
        groups.collect()
    };
    let before = mappings(&[("boss", Role::Manager), ("gone", Role::Viewer), ("ops", Role::Viewer)]);
    let after = mappings(&[("boss", Role::Manager), ("new", Role::Auditor), ("ops", Role::Operator)]);
    let change = |group: &str, before, after| MappingChange {
        group: group.to_owned(),
        before,
        after,
    };
    assert_eq!(
        mapping_changes(&before, &after),
        [
            change("gone", Some(Role::Viewer), None),
            change("new", None, Some(Role::Auditor)),
            change("ops", Some(Role::Viewer), Some(Role::Operator)),
        ]
    );
    assert_eq!(mapping_changes(&before, &before), []);
}
