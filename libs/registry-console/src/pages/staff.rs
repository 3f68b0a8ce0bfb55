//! Made-up people, keys and entries of the audit log, for the samples of pages.

use axum::http::StatusCode;
use chrono::{DateTime, TimeDelta, Utc};
use registry_documents::AuditDocument;
use registry_people::{Role, Scope};
use serde_json::{Value, json};

use crate::documents::{ApiKey, FieldProblem, Invited, Person, Problem, RoleMappings, Session};
use crate::pages::shops::now;

fn ahead(minutes: i64) -> DateTime<Utc> {
    now() + TimeDelta::minutes(minutes)
}

fn before(minutes: i64) -> DateTime<Utc> {
    ahead(-minutes)
}

/// A day in minutes.
const DAY: i64 = 24 * 60;

/// The id of a person.
pub fn person_id(number: usize) -> String {
    format!("psn_0197f0a1b2c37d4e8f90a1b2c3d4{:04x}", number + 1)
}

/// People of every role and in every state.
pub fn people() -> Vec<Person> {
    let one = |number: usize, name: &str, role: Role, state: &str, minutes: Option<i64>| {
        let (granted, withheld): (&[&str], &[&str]) = match number {
            1 => (&["personal:read"], &[]),
            2 => (&[], &["exports:create", "personal:read"]),
            _ => (&[], &[]),
        };
        let scopes: Vec<_> = role.scopes().into_iter().map(Scope::as_str).collect();
        json!({ "object": "person", "id": person_id(number), "name": name,
            "email": format!("person{number}@partner.example"), "state": state, "role": role.as_str(),
            "granted": granted, "withheld": withheld, "scopes": scopes, "by_groups": number == 4,
            "since": before(DAY * 40), "signed_in_at": minutes.map(before) })
    };
    let all = json!([
        one(0, "김운영", Role::Manager, "active", Some(12)),
        one(1, "박심사", Role::Operator, "active", Some(60 * 5)),
        one(2, "이대표", Role::Manager, "active", Some(DAY * 9)),
        one(3, "최신입", Role::Viewer, "invited", None),
        one(
            4,
            "A person with a name that is very much longer than names are",
            Role::Auditor,
            "active",
            Some(DAY)
        ),
        one(5, "정퇴사", Role::Operator, "disabled", Some(DAY * 33)),
    ]);
    serde_json::from_value(all).expect("a sample reads")
}

/// Somebody who was invited, with the link.
pub fn invited() -> Invited {
    Invited {
        person: people().remove(3),
        invitation: Some(
            serde_json::from_value(
                json!({ "url": "https://registry.example/console/join/3f9c", "expires_at": ahead(7 * DAY) }),
            )
            .expect("a sample reads"),
        ),
    }
}

/// Browsers in which somebody is signed in.
pub fn sessions() -> Vec<Session> {
    let one = |number: u64, method: &str, minutes: i64, user_agent: Option<&str>| {
        json!({ "object": "session", "id": format!("ses_0197f0a1b2c37d4e8f90a1b2c3d4{number:04x}"), "method": method,
            "created_at": before(minutes), "seen_at": before(minutes / 50), "idle_until": ahead(30),
            "absolute_until": ahead(700), "user_agent": user_agent })
    };
    let windows = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/156.0 Safari/537.36 Whale/4.2";
    let all = json!([
        one(1, "oidc", 52, Some(windows)),
        one(
            2,
            "password",
            400,
            Some("Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) Safari/604")
        ),
        one(3, "link", 600, None),
    ]);
    serde_json::from_value(all).expect("a sample reads")
}

/// Groups with their roles.
pub fn mappings() -> RoleMappings {
    serde_json::from_value(
        json!({ "groups": { "registry-managers": "manager", "registry-operators": "operator",
        "감사팀": "auditor" } }),
    )
    .expect("a sample reads")
}

/// An address that is none.
pub fn not_an_address() -> Problem {
    let mut problem = Problem::of_status(StatusCode::UNPROCESSABLE_ENTITY);
    "validation_failed".clone_into(&mut problem.code);
    problem.errors = vec![FieldProblem {
        line: None,
        pointer: Some("/email".to_owned()),
        parameter: None,
        detail: "이메일 주소가 아닙니다".to_owned(),
    }];
    problem
}

/// Keys in every state.
pub fn keys() -> Vec<ApiKey> {
    let one = |number: u64, name: &str, state: &str, networks: &[&str], expires: Option<i64>| {
        let ended = (state == "revoked").then(|| before(DAY));
        json!({ "object": "api_key", "id": format!("key_0197f0a1b2c37d4e8f90a1b2c3d4{number:04x}"), "name": name,
            "state": state, "scopes": ["merchants:read", "merchants:write", "links:write", "events:read"],
            "networks": networks, "issued_at": before(DAY * 90), "expires_at": expires.map(ahead), "revoked_at": ended,
            "last_used_at": (number != 2).then(|| before(3)),
            "successor_id": (number == 1).then_some("key_0197f0a1b2c37d4e8f90a1b2c3d40002") })
    };
    let all = json!([
        one(
            1,
            "정산 서버",
            "usable",
            &["198.51.100.0/24", "203.0.113.7/32"],
            Some(DAY)
        ),
        one(
            2,
            "정산 서버",
            "usable",
            &["198.51.100.0/24", "203.0.113.7/32"],
            Some(DAY * 90)
        ),
        one(
            3,
            "A portal whose name is longer than anybody would think that the name of a portal is",
            "usable",
            &[],
            None
        ),
        one(4, "옛 배치", "revoked", &[], None),
    ]);
    serde_json::from_value(all).expect("a sample reads")
}

/// Who did what.
pub fn audit() -> Vec<AuditDocument> {
    let user = |number: usize| json!({ "type": "user", "id": person_id(number), "channel": "console" });
    let key = json!({ "type": "api_key", "id": "key_0197f0a1b2c37d4e8f90a1b2c3d40001" });
    let operator = json!({ "type": "user", "id": "command_line", "channel": "command_line" });
    let merchant = "mer_0197f0a1b2c37d4e8f90a1b2c3d40001";
    let one = |number: u64, actor: &Value, action: &str, more: Value| {
        let is_refused = action.ends_with(".refused");
        let mut entry = json!({ "object": "audit_entry", "id": format!("evt_0197f0a1b2c37d4e8f90a1b2c3d6{number:04x}"),
            "seq": 900 - number, "recorded_at": before(i64::try_from(number).expect("a sample reads") * 47),
            "actor": actor, "on_behalf_of": null, "action": action, "outcome": if is_refused { "refused" } else { "done" },
            "channel": actor["channel"].as_str().unwrap_or("api"), "merchant_id": null, "address": "198.51.100.7",
            "request_id": format!("req_0197f0a1b2c37d4e8f90a1b2c3d4{number:04x}"), "operation": null,
            "required_scope": null, "count": null });
        for (name, value) in more.as_object().into_iter().flatten() {
            entry[name] = value.clone();
        }
        entry
    };
    let refused = json!({ "operation": "DELETE /v1/merchants/{id}", "required_scope": "merchants:write", "count": 12 });
    let all = json!([
        one(1, &user(0), "personal.revealed", json!({ "merchant_id": merchant })),
        one(2, &user(1), "note.added", json!({ "merchant_id": merchant })),
        one(
            3,
            &key,
            "merchant.registered",
            json!({ "merchant_id": merchant, "on_behalf_of": "김 대리" })
        ),
        one(4, &user(3), "access.refused", refused),
        one(5, &user(0), "member.role_changed", json!({})),
        one(6, &operator, "tenant.upstream_configured", json!({ "address": null })),
        one(7, &user(2), "session.opened", json!({})),
        one(8, &user(9), "api_key.revoked", json!({})),
    ]);
    serde_json::from_value(all).expect("a sample reads")
}
