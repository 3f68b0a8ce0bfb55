//! What each event of a tenant tells.

use registry_domain::ExportId;
use registry_domain::alerts::{AlertRule, HealthCondition, Levels, Severity, Subject};
use registry_domain::exports::ExportFormat;
use registry_domain::jobs::Reason;
use registry_domain::merchant::Stage;
use registry_domain::people::{Extra, MappingChange, Rights, Role};
use registry_domain::tenant::{Access, Scope, SecretHash, Settings, Upstream};

use super::*;

pub(super) fn table() -> Vec<Row<TenantEvent>> {
    [
        tenant_table(),
        key_table(),
        people_table(),
        unclaimed_table(),
        health_table(),
        access_table(),
        alert_table(),
        destinations::table(),
        views::table(),
        jobs::table(),
    ]
    .concat()
}

fn alert_table() -> Vec<Row<TenantEvent>> {
    let condition = HealthCondition::QuarantineGrowing;
    let levels = Levels::new(Some(3), None, Some(11), None).unwrap();
    let stage = AlertRule::Stage {
        stage: Stage::InReview,
        levels,
    };
    let health = AlertRule::Health {
        condition,
        severity: Severity::Late,
        more_than: 10,
    };
    let rules = [
        (
            TenantEvent::AlertRuleSet { rule: stage },
            "alert_rule.set",
            json!(null),
            json!({
                "rule": "in_review", "warn": 3, "late": null, "critical": 11, "unusual": null, "severity": null,
                "more_than": null,
            }),
        ),
        (
            TenantEvent::AlertRuleSet { rule: health },
            "alert_rule.set",
            json!(null),
            json!({
                "rule": "quarantine_growing", "warn": null, "late": null, "critical": null, "unusual": null, "severity": "late",
                "more_than": 10,
            }),
        ),
        (
            TenantEvent::AlertRuleRemoved {
                subject: stage.subject(),
            },
            "alert_rule.removed",
            json!(null),
            json!({ "rule": "in_review" }),
        ),
    ];
    let alerts = alert_facts(Subject::Health(condition));
    let alerts = alerts.map(|(fact, event_type, data)| (TenantEvent::Alert(fact), event_type, json!(null), data));
    rules.into_iter().chain(alerts).collect()
}

fn people_table() -> Vec<Row<TenantEvent>> {
    let person_id = PersonId::from_uuid(Uuid::from_u128(12));
    let rights = Rights::new(Role::Manager, [Extra::ExportsCreate], [Extra::PersonalRead]).unwrap();
    vec![
        (
            TenantEvent::MemberAdded {
                person_id,
                rights: Role::Viewer.into(),
                by_groups: true,
            },
            "member.added",
            json!(null),
            json!({ "person_id": person_id.to_string(), "role": "viewer", "by_groups": true }),
        ),
        (
            TenantEvent::MemberRoleChanged {
                person_id,
                rights,
                by_groups: false,
            },
            "member.role_changed",
            json!(null),
            json!({
                "person_id": person_id.to_string(), "role": "manager",
                "granted": ["exports:create"], "withheld": ["personal:read"],
            }),
        ),
        (
            TenantEvent::MemberRemoved { person_id },
            "member.removed",
            json!(null),
            json!({ "person_id": person_id.to_string() }),
        ),
        (
            TenantEvent::RoleMappingsReplaced {
                changes: vec![
                    MappingChange {
                        group: "gone".to_owned(),
                        before: Some(Role::Viewer),
                        after: None,
                    },
                    MappingChange {
                        group: "운영팀".to_owned(),
                        before: None,
                        after: Some(Role::Operator),
                    },
                ],
            },
            "role_mappings.replaced",
            json!(null),
            json!({ "changes": [
                { "group": "gone", "before": "viewer", "after": null },
                { "group": "운영팀", "before": null, "after": "operator" },
            ] }),
        ),
    ]
}

fn key_table() -> Vec<Row<TenantEvent>> {
    let key_id = KeyId::from_uuid(Uuid::from_u128(6));
    vec![
        (
            TenantEvent::ApiKeyIssued {
                key_id,
                name: Label::parse("portal").unwrap(),
                scopes: vec![Scope::MerchantsRead],
                networks: vec!["198.51.100.0/24".parse().unwrap()],
                secret_hash: SecretHash([9; 32]),
                expires_at: None,
            },
            "api_key.issued",
            json!(null),
            json!({ "key_id": key_id.to_string(), "name": "portal", "scopes": ["merchants:read"],
                "networks": ["198.51.100.0/24"], "expires_at": null }),
        ),
        (
            TenantEvent::ApiKeyRotated {
                key_id,
                works_until: at(7),
                successor: key_id,
                secret_hash: SecretHash([9; 32]),
                expires_at: None,
            },
            "api_key.rotated",
            json!(null),
            json!({ "key_id": key_id.to_string(), "works_until": "1970-01-01T00:00:07Z", "successor_id": key_id.to_string(),
                "expires_at": null }),
        ),
        (
            TenantEvent::ApiKeyRevoked { key_id },
            "api_key.revoked",
            json!(null),
            json!({ "key_id": key_id.to_string() }),
        ),
    ]
}

fn tenant_table() -> Vec<Row<TenantEvent>> {
    vec![
        (
            TenantEvent::TenantCreated {
                slug: slug(),
                name: Label::parse("아카데미").unwrap(),
            },
            "tenant.created",
            json!(null),
            json!({ "slug": "acme", "name": "아카데미" }),
        ),
        (
            TenantEvent::UpstreamConfigured {
                upstream: Upstream {
                    base_url: SECRET.to_owned(),
                    api_key: SecretText::new(SECRET.to_owned()),
                },
            },
            "tenant.upstream_configured",
            json!(null),
            json!({}),
        ),
        (TenantEvent::TenantSuspended, "tenant.suspended", json!(null), json!({})),
        (TenantEvent::TenantResumed, "tenant.resumed", json!(null), json!({})),
        (
            TenantEvent::UnclaimedMerchantSeen {
                reference: crate::testing::reference(),
                received_at: at(9),
                payload: RawPayload(SECRET.as_bytes().to_vec()),
                sender_listed: None,
                decoded_with_loss: true,
            },
            "unclaimed_merchant.seen",
            json!("callback"),
            json!({
                "member_code": "member-1", "merchant_code": "shop-1", "received_at": "1970-01-01T00:00:09Z",
                "sender_listed": null, "decoded_with_loss": true,
            }),
        ),
        (
            TenantEvent::CallbackQuarantined {
                reason: QuarantineReason::Unparseable,
                received_at: at(9),
                payload: RawPayload(SECRET.as_bytes().to_vec()),
                sender_listed: None,
                decoded_with_loss: true,
            },
            "callback.quarantined",
            json!("callback"),
            json!({ "reason": "unparseable", "received_at": "1970-01-01T00:00:09Z", "sender_listed": null, "decoded_with_loss": true }),
        ),
    ]
}

fn unclaimed_table() -> Vec<Row<TenantEvent>> {
    let reference = crate::testing::reference;
    vec![
        (
            TenantEvent::UnclaimedMerchantListed {
                reference: reference(),
                mapping_status: MappingStatus::from_untrusted("LEGACY"),
                read_at: at(9),
            },
            "unclaimed_merchant.listed",
            json!("list"),
            json!({
                "member_code": "member-1", "merchant_code": "shop-1", "mapping_status": "LEGACY",
                "read_at": "1970-01-01T00:00:09Z",
            }),
        ),
        (
            TenantEvent::UnclaimedMerchantAdopted {
                reference: reference(),
                merchant_id: crate::testing::merchant_id(),
            },
            "unclaimed_merchant.adopted",
            json!(null),
            json!({
                "member_code": "member-1", "merchant_code": "shop-1",
                "adopted_as": crate::testing::merchant_id().to_string(),
            }),
        ),
        (
            TenantEvent::UnclaimedMerchantDismissed {
                reference: reference(),
                reason: text("시험 매장"),
            },
            "unclaimed_merchant.dismissed",
            json!(null),
            json!({ "member_code": "member-1", "merchant_code": "shop-1", "reason": "시험 매장" }),
        ),
        (
            TenantEvent::CallbackDiscarded {
                event_id: event_id(),
                reason: text("시험 호출"),
            },
            "unclaimed_callback.discarded",
            json!(null),
            json!({ "event_id": event_id().to_string(), "reason": "시험 호출" }),
        ),
    ]
}

fn health_table() -> Vec<Row<TenantEvent>> {
    let (threshold, seen) = (5_500, 5_445);
    vec![
        (
            TenantEvent::SettingsChanged {
                settings: Settings::default(),
            },
            "tenant.settings_changed",
            json!(null),
            json!({
                "hold_seconds": 900, "read_back_enabled": true, "low_balance_threshold": null,
                "callbacks_missing_days": 7,
            }),
        ),
        (
            TenantEvent::UpstreamPaused {
                code: "PARTNER_006".to_owned(),
            },
            "upstream.paused",
            json!(null),
            json!({ "code": "PARTNER_006" }),
        ),
        (TenantEvent::UpstreamResumed, "upstream.resumed", json!(null), json!({})),
        (
            TenantEvent::BalanceLow { threshold, seen },
            "balance.low",
            json!(null),
            json!({ "threshold": 5_500, "seen": 5_445 }),
        ),
        (
            TenantEvent::BalanceRecovered {
                threshold,
                seen: 500_000,
            },
            "balance.recovered",
            json!(null),
            json!({ "threshold": 5_500, "seen": 500_000 }),
        ),
        (
            TenantEvent::CallbacksMissing {
                since: at(9),
                links: 3,
                after: Settings::default().callbacks_missing_after,
            },
            "callbacks.missing",
            json!(null),
            json!({ "since": "1970-01-01T00:00:09Z", "links": 3, "after_days": 7 }),
        ),
        (TenantEvent::CallbacksSeen, "callbacks.seen", json!(null), json!({})),
    ]
}

fn access_table() -> Vec<Row<TenantEvent>> {
    let merchant_id = crate::testing::merchant_id();
    let refused = Access::Refused {
        operation: "GET /v1/audit".to_owned(),
        scope: Scope::AuditRead,
        count: 3,
    };
    let exported = Access::MerchantsExported {
        format: ExportFormat::Csv,
        rows: 1_234,
        filters: vec!["q".to_owned()],
        with_numbers: false,
        export_id: ExportId::from_uuid(Uuid::nil()),
        reason: Some(Reason::parse("월말").unwrap()),
    };
    let taken = Access::ExportTaken {
        export_id: ExportId::from_uuid(Uuid::nil()),
        from: 7,
    };
    [
        (
            exported,
            "merchants.exported",
            json!({
                "format": "csv", "rows": 1_234, "filters": ["q"], "with_numbers": false,
                "export_id": ExportId::from_uuid(Uuid::nil()).to_string(), "reason": "월말",
            }),
        ),
        (
            taken,
            "export.taken",
            json!({ "export_id": ExportId::from_uuid(Uuid::nil()).to_string(), "from": 7 }),
        ),
        (
            Access::NumberRevealed { merchant_id },
            "personal.revealed",
            json!({ "merchant_id": merchant_id.to_string() }),
        ),
        (
            Access::PayloadOpened {
                event_id: event_id(),
                merchant_id: None,
            },
            "payload.opened",
            json!({ "event_id": event_id().to_string(), "merchant_id": null }),
        ),
        (
            refused,
            "access.refused",
            json!({ "operation": "GET /v1/audit", "required_scope": "audit:read", "count": 3 }),
        ),
        (Access::SignedIn, "session.opened", json!({})),
        (
            Access::SignInRefused { count: 2 },
            "session.refused",
            json!({ "count": 2 }),
        ),
        (
            Access::SignedOut { person_id: None },
            "session.closed",
            json!({ "person_id": null }),
        ),
    ]
    .map(|(access, event_type, data)| (TenantEvent::Access(access), event_type, json!(null), data))
    .into()
}
