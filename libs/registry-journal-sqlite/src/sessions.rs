//! Sessions, and sign-ins that failed.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use registry_domain::{PersonId, SessionId};
use registry_journal::port::{Person, ReadError, SESSIONS_LISTED_MAX, SecretDigest, Session, Sessions, SignInFailures};
use sqlx::types::Uuid;

use crate::ask::Sight;
use crate::rows::micros;
use crate::statement::to_json;
use crate::{SqliteJournal, rows};

#[async_trait]
impl Sessions for SqliteJournal {
    async fn add_session(&self, session: &Session, others: u32) -> Result<(), ReadError> {
        let ended = sqlx::query!(
            r#"
            DELETE FROM sessions WHERE digest IN (
                SELECT digest FROM sessions WHERE person_id = ?1 ORDER BY created_at DESC, digest DESC LIMIT -1 OFFSET ?2
            )
            "#,
            session.person_id.as_uuid(),
            others
        );
        let begun = sqlx::query!(
            r#"
            INSERT INTO sessions (
                digest, session_id, person_id, method, created_at, seen_at, idle_until, absolute_until, idp_sid, user_agent
            )
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
            "#,
            session.digest.0.as_slice(),
            session.id.as_uuid(),
            session.person_id.as_uuid(),
            session.method.as_str(),
            micros(session.created_at),
            micros(session.seen_at),
            micros(session.idle_until),
            micros(session.absolute_until),
            session.idp_sid.as_deref(),
            session.user_agent.as_deref()
        );
        self.note_together("new session", [ended, begun]).await
    }

    async fn session(&self, digest: SecretDigest) -> Result<Option<(Session, Person)>, ReadError> {
        let statement = sqlx::query_as!(
            rows::SessionOfPerson,
            r#"
            SELECT s.digest, s.session_id AS "session_id: Uuid", s.method, s.created_at, s.seen_at, s.idle_until,
                s.absolute_until, s.idp_sid, s.user_agent, p.person_id AS "person_id: Uuid", p.email, p.name, p.issuer,
                p.subject, p.password_hash, p.administrator AS "administrator: bool", p.created_at AS person_created_at,
                p.disabled_at, p.signed_in_at
            FROM sessions AS s CROSS JOIN persons AS p ON p.person_id = s.person_id WHERE s.digest = ?1
            "#,
            digest.0.as_slice()
        );
        self.one("session", Sight::Directory, statement).await
    }

    async fn touch_session(
        &self,
        digest: SecretDigest,
        seen_at: DateTime<Utc>,
        idle_until: DateTime<Utc>,
    ) -> Result<(), ReadError> {
        let statement = changes!(
            r#"
            UPDATE sessions SET seen_at = ?2, idle_until = ?3 WHERE digest = ?1 AND seen_at < ?2
            RETURNING 1 AS "one!: i64"
            "#,
            digest.0.as_slice(),
            micros(seen_at),
            micros(idle_until)
        );
        self.changed("use of a session", statement).await.map(drop)
    }

    async fn sessions_of(&self, id: PersonId, now: DateTime<Utc>) -> Result<Vec<Session>, ReadError> {
        let statement = sqlx::query_as!(
            rows::Session,
            r#"
            SELECT digest, session_id AS "session_id: Uuid", person_id AS "person_id: Uuid", method, created_at, seen_at,
                idle_until, absolute_until, idp_sid, user_agent
            FROM sessions WHERE person_id = ?1 AND idle_until > ?2 AND absolute_until > ?2
            ORDER BY created_at DESC, digest DESC LIMIT ?3
            "#,
            id.as_uuid(),
            micros(now),
            SESSIONS_LISTED_MAX
        );
        self.all("sessions of a person", Sight::Directory, statement).await
    }

    async fn end_session(&self, digest: SecretDigest) -> Result<bool, ReadError> {
        let statement = changes!(
            r#"DELETE FROM sessions WHERE digest = ?1 RETURNING 1 AS "one!: i64""#,
            digest.0.as_slice()
        );
        self.changed("end of a session", statement).await
    }

    async fn end_session_of(&self, id: PersonId, session: SessionId) -> Result<bool, ReadError> {
        let statement = changes!(
            r#"DELETE FROM sessions WHERE session_id = ?2 AND person_id = ?1 RETURNING 1 AS "one!: i64""#,
            id.as_uuid(),
            session.as_uuid()
        );
        self.changed("end of a session", statement).await
    }

    async fn end_sessions(&self, id: PersonId) -> Result<u64, ReadError> {
        let statement = changes!(
            r#"DELETE FROM sessions WHERE person_id = ?1 RETURNING 1 AS "one!: i64""#,
            id.as_uuid()
        );
        Ok(self.change::<i64, _>("end of all sessions", statement).await?.len() as u64)
    }

    async fn end_sessions_of_idp(&self, id: PersonId, sid: &str) -> Result<u64, ReadError> {
        let statement = changes!(
            r#"DELETE FROM sessions WHERE idp_sid = ?2 AND person_id = ?1 RETURNING 1 AS "one!: i64""#,
            id.as_uuid(),
            sid
        );
        Ok(self
            .change::<i64, _>("end of the provider's session", statement)
            .await?
            .len() as u64)
    }

    async fn forget_sessions(&self, ended_before: DateTime<Utc>) -> Result<(), ReadError> {
        let statement = changes!(
            r#"
            DELETE FROM sessions WHERE digest IN (
                SELECT digest FROM sessions WHERE absolute_until <= ?1 ORDER BY absolute_until LIMIT 100
            )
            RETURNING 1 AS "one!: i64"
            "#,
            micros(ended_before)
        );
        self.changed("ended sessions", statement).await.map(drop)
    }

    async fn sign_in_failures(&self, digests: &[SecretDigest]) -> Result<Vec<SignInFailures>, ReadError> {
        let statement = sqlx::query_as!(
            rows::SignInFailures,
            r#"
            SELECT digest, failures, failed_at FROM sign_in_failures
            WHERE digest IN (SELECT unhex(value) FROM jsonb_each(?1))
            "#,
            to_json(digests.iter().map(|digest| ::hex::encode(digest.0)))
        );
        self.all("failed sign-ins", Sight::Directory, statement).await
    }

    async fn note_sign_in_failure(
        &self,
        digests: &[SecretDigest],
        at: DateTime<Utc>,
        forgotten: DateTime<Utc>,
    ) -> Result<(), ReadError> {
        let gone = sqlx::query!(
            r#"
            DELETE FROM sign_in_failures WHERE digest IN (
                SELECT digest FROM sign_in_failures WHERE failed_at < ?1 ORDER BY failed_at LIMIT 100
            )
            "#,
            micros(forgotten)
        );
        let rows = to_json(digests.iter().map(|digest| ::hex::encode(digest.0)));
        let noted = sqlx::query!(
            r#"
            INSERT INTO sign_in_failures (digest, failures, failed_at)
            SELECT unhex(value), 1, ?2 FROM jsonb_each(?1) WHERE true
            ON CONFLICT (digest) DO UPDATE SET
                failures = iif(sign_in_failures.failed_at < ?3, 1, sign_in_failures.failures + 1),
                failed_at = excluded.failed_at
            "#,
            rows,
            micros(at),
            micros(forgotten)
        );
        self.note_together("failed sign-in", [gone, noted]).await
    }

    async fn forget_sign_in_failures(&self, digest: SecretDigest) -> Result<(), ReadError> {
        let statement = changes!(
            r#"DELETE FROM sign_in_failures WHERE digest = ?1 RETURNING 1 AS "one!: i64""#,
            digest.0.as_slice()
        );
        self.changed("failed sign-ins", statement).await.map(drop)
    }
}
