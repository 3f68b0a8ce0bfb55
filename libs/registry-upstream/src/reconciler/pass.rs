//! What is done for one tenant in one pass.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use registry_domain::tenant::{self, Tenant};
use registry_domain::{Actor, CorrelationId, MerchantId, TenantId, causes};
use registry_journal::port::QuestionCounts;
use registry_journal::{Ambient, Archive, Origin};

use super::{Pace, ReconcileError};
use crate::budget::Urgency;
use crate::inquirer::Inquirer;
use crate::question::AskError;

/// How often it is looked for claims that are held for too long.
const RELEASE_INTERVAL: TimeDelta = TimeDelta::seconds(1);

/// How often it is judged whether callbacks arrive.
const SILENCE_INTERVAL: TimeDelta = TimeDelta::minutes(1);

/// How often it is counted what is due.
const COUNT_INTERVAL: TimeDelta = TimeDelta::seconds(5);

/// How often it is tried whether upstream serves a tenant again whose calls are stopped.
const TRIAL_INTERVAL: TimeDelta = TimeDelta::minutes(5);

/// After a failure the list and the balance are read again in this part of the usual time.
const SOONER_AFTER_FAILURE: i32 = 8;

/// A tenant's first list is not read before some part of this time, so that the lists of many tenants are not read in
/// one moment after a start.
const SPREAD_MAX: TimeDelta = TimeDelta::minutes(1);

/// What a pass has done.
#[derive(Default)]
pub(super) struct Pass {
    /// Confirmations that ended without an answer.
    pub(super) released: u64,
    /// Merchants passed over because what is stored of them cannot be read.
    pub(super) unreadable: u64,
    /// More questions are due than could be asked now.
    pub(super) more: bool,
}

/// What is remembered of a tenant between passes. Losing it costs a few calls.
pub(super) struct Track {
    release: Alarm,
    silence: Alarm,
    count: Alarm,
    trial: Alarm,
    list: Alarm,
    balance: Alarm,
    /// Who was asked about in the last [`SPACING`](super::pace::SPACING), and when.
    pub(super) asked: HashMap<MerchantId, DateTime<Utc>>,
    /// How many questions wait, as counted last.
    pub(super) counts: QuestionCounts,
}

/// When something is to be done next.
#[derive(Clone, Copy)]
struct Alarm(DateTime<Utc>);

impl Alarm {
    /// Whether it rings; if so, it is set anew.
    fn rings(&mut self, now: DateTime<Utc>, interval: TimeDelta) -> bool {
        // A clock that was set back must not silence it for long.
        let rings = now >= self.0 || self.0 > now + interval;
        if rings {
            self.0 = now + interval;
        }
        rings
    }
}

impl Track {
    pub(super) fn new(tenant: TenantId, now: DateTime<Utc>, pace: &Pace) -> Self {
        let (_, low) = tenant.as_uuid().as_u64_pair();
        let spread = SPREAD_MAX.min(pace.list.unwrap_or(SPREAD_MAX)) / 100 * i32::try_from(low % 100).unwrap_or(0);
        Self {
            release: Alarm(now),
            silence: Alarm(now),
            count: Alarm(now),
            trial: Alarm(now),
            list: Alarm(now + spread),
            balance: Alarm(now + spread),
            asked: HashMap::new(),
            counts: QuestionCounts::default(),
        }
    }
}

/// Works for tenants, one pass at a time.
pub(super) struct Worker {
    pub(super) archive: Archive,
    pub(super) inquirer: Inquirer,
    pub(super) ambient: Ambient,
    pub(super) pace: Pace,
}

impl Worker {
    /// Does for a tenant what is due now. It may be stopped anywhere.
    pub(super) async fn pass(
        &self,
        tenant: &Tenant,
        track: &mut Track,
        now: DateTime<Utc>,
    ) -> Result<Pass, ReconcileError> {
        let origin = Origin::of(Actor::System, CorrelationId::from_uuid(self.ambient.ids.uuid()));
        let mut pass = Pass::default();
        // Whoever has never said where upstream is cannot be helped, but for claims that came in all the same.
        let urgency = urgency(tenant, &mut track.trial, now).filter(|_| tenant.upstream.is_some());
        let asks = urgency.filter(|_| tenant.settings.read_back.enabled);
        let mut asked = Vec::new();
        if let Some(urgency) = asks {
            asked = self.ask_due(tenant, urgency, track, now, &origin, &mut pass).await?;
        }
        if track.release.rings(now, RELEASE_INTERVAL) {
            self.release_held(tenant, asks, &asked, now, &origin, &mut pass).await?;
        }
        if let Some(urgency) = asks {
            self.read_list(tenant, urgency, track, now, &origin).await?;
        }
        if let Some(urgency) = urgency {
            self.read_balance(tenant, urgency, track, now, &origin).await;
        }
        if track.silence.rings(now, SILENCE_INTERVAL) {
            self.judge_callbacks(tenant, now, &origin).await?;
        }
        if track.count.rings(now, COUNT_INTERVAL) {
            let counts = self.archive.reader().question_counts(tenant.id, now).await;
            track.counts = counts.map_err(ReconcileError::ReadQuestions)?;
        }
        Ok(pass)
    }

    async fn read_list(
        &self,
        tenant: &Tenant,
        urgency: Urgency,
        track: &mut Track,
        now: DateTime<Utc>,
        origin: &Origin,
    ) -> Result<(), ReconcileError> {
        let Some(interval) = self.pace.list else {
            return Ok(());
        };
        if !track.list.rings(now, interval) {
            return Ok(());
        }
        let compared = self.compare_list(tenant, urgency, origin).await;
        if !matches!(compared, Ok(true)) {
            track.list.0 = now + interval / SOONER_AFTER_FAILURE;
        }
        compared.map(|_whole| ())
    }

    /// Only for a tenant that wants to be warned, or was.
    async fn read_balance(
        &self,
        tenant: &Tenant,
        urgency: Urgency,
        track: &mut Track,
        now: DateTime<Utc>,
        origin: &Origin,
    ) {
        let is_watched = tenant.settings.low_balance_threshold.is_some() || tenant.low_balance.is_some();
        if !is_watched || !track.balance.rings(now, self.pace.balance) {
            return;
        }
        if let Err(error) = self.inquirer.balance(tenant.id, urgency, origin).await {
            track.balance.0 = now + self.pace.balance / SOONER_AFTER_FAILURE;
            log_failure(tenant, "the balance was not read", &error);
        }
    }

    async fn judge_callbacks(
        &self,
        tenant: &Tenant,
        now: DateTime<Utc>,
        origin: &Origin,
    ) -> Result<(), ReconcileError> {
        let silent = self.archive.reader().silent_links(tenant.id).await;
        let silent = silent.map_err(ReconcileError::ReadSilence)?;
        let command = tenant::Command::JudgeCallbacks { silent, now };
        let told = self.inquirer.tell_tenant(tenant, command, origin).await;
        told.map_err(ReconcileError::Write)
    }
}

/// How upstream may be asked; not at all while it refuses the tenant, but for a trial now and then.
fn urgency(tenant: &Tenant, trial: &mut Alarm, now: DateTime<Utc>) -> Option<Urgency> {
    if tenant.upstream_pause.is_none() {
        return Some(Urgency::Round);
    }
    trial.rings(now, TRIAL_INTERVAL).then_some(Urgency::Trial)
}

pub(super) fn log_failure(tenant: &Tenant, what: &str, error: &AskError) {
    let error = causes(error);
    tracing::debug!(tenant = %tenant.slug, %error, "{what}");
}
