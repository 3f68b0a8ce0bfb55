//! Asking about merchants whose question is due, and letting go of claims that nobody vouched for in time.

use chrono::{DateTime, Utc};
use futures::{StreamExt, TryStreamExt, stream};
use registry_domain::merchant::Command;
use registry_domain::review::ReadingSource;
use registry_domain::tenant::Tenant;
use registry_domain::{MerchantId, causes};
use registry_journal::port::{DueQuestion, PageSize, Postponement};
use registry_journal::{Order, Origin, Outcome, ReadError, WriteError};

use super::ReconcileError;
use super::pace::SPACING;
use super::pass::{Pass, Track, Worker, log_failure};
use crate::budget::Urgency;
use crate::question::{AskError, Asked, Question};

/// Questions of one tenant that are under way at once.
const CONCURRENT_MAX: usize = 8;

/// Most held claims that are let go of in one pass.
const RELEASES: PageSize = PageSize::clamped(200);

/// What became of a due question.
enum Turn {
    /// It was asked, with or without an answer, and this is when to ask again.
    Asked(Postponement),
    /// What is stored of the merchant cannot be read: the others are asked about all the same.
    Unreadable(Postponement),
    /// It was not asked, and nothing else of the tenant can be now.
    NotAsked,
}

impl Worker {
    /// Asks what is due, as far as the tenant may ask now. Returns whom it asked about.
    pub(super) async fn ask_due(
        &self,
        tenant: &Tenant,
        urgency: Urgency,
        track: &mut Track,
        now: DateTime<Utc>,
        origin: &Origin,
        pass: &mut Pass,
    ) -> Result<Vec<MerchantId>, ReconcileError> {
        // Also forgotten after the clock was set back.
        track.asked.retain(|_, asked_at| (now - *asked_at).abs() < SPACING);
        let allowed = match urgency {
            Urgency::Trial => 1,
            Urgency::Person | Urgency::Round => self.inquirer.allowance(tenant.id),
        };
        if allowed == 0 {
            pass.more = true;
            return Ok(Vec::new());
        }
        // Those that wait for their next turn take no place from the others.
        let waiting = u32::try_from(track.asked.len()).unwrap_or(u32::MAX);
        let limit = PageSize::clamped(allowed.saturating_add(waiting));
        let due = self.archive.reader().due_questions(tenant.id, now, limit).await;
        let due = due.map_err(ReconcileError::ReadQuestions)?;
        pass.more = due.len() == limit.get() as usize && urgency == Urgency::Round;
        let (early, mut due): (Vec<_>, Vec<_>) = due
            .into_iter()
            .partition(|question| track.asked.contains_key(&question.merchant_id));
        due.truncate(allowed as usize);
        let asked: Vec<_> = due.iter().map(|question| question.merchant_id).collect();
        let wait = |question: DueQuestion| question.postponed(now + SPACING);
        let mut postponements: Vec<_> = early.into_iter().map(wait).collect();
        let mut turns = stream::iter(due)
            .map(|question| self.take_turn(tenant, question, urgency, origin))
            .buffer_unordered(CONCURRENT_MAX);
        // Where storage fails the pass ends, but not before what was answered until then is put off.
        let mut failure = None;
        while let Some(turn) = turns.next().await {
            match turn {
                Ok(Turn::Asked(postponement)) => {
                    track.asked.insert(postponement.merchant_id, now);
                    postponements.push(postponement);
                }
                Ok(Turn::Unreadable(postponement)) => {
                    pass.unreadable += 1;
                    postponements.push(postponement);
                }
                Ok(Turn::NotAsked) => pass.more = false,
                Err(error) => {
                    failure = Some(error);
                    break;
                }
            }
        }
        drop(turns);
        if !postponements.is_empty() {
            let postponed = self
                .archive
                .reader()
                .postpone_questions(tenant.id, &postponements)
                .await;
            postponed.map_err(ReconcileError::PostponeQuestions)?;
        }
        failure.map_or(Ok(asked), Err)
    }

    async fn take_turn(
        &self,
        tenant: &Tenant,
        question: DueQuestion,
        urgency: Urgency,
        origin: &Origin,
    ) -> Result<Turn, ReconcileError> {
        let source = match question.confirming_since {
            Some(_) => ReadingSource::ReadBack,
            None => ReadingSource::Reconciliation,
        };
        let asked = self.ask(tenant, question.merchant_id, source, urgency, origin).await;
        let now = self.ambient.now();
        match asked {
            Ok(asked) => {
                let merchant = &asked.merchant;
                let question = DueQuestion {
                    version: merchant.version,
                    confirming_since: merchant.confirmation.map(|confirmation| confirmation.requested_at),
                    updated_at: merchant.updated_at,
                    ..question
                };
                let known = Some(asked.reading.asked_seq);
                let is_overtaken = merchant
                    .last_claim()
                    .max(merchant.knock.as_ref().map(|knock| knock.seq))
                    > known;
                let next = match question.confirming_since {
                    _ if is_overtaken => now + SPACING,
                    // An answer that leaves a claim open is as good as none.
                    Some(_) => self.pace.after_failure(&question, now),
                    None => self.pace.after_answer(&question, now),
                };
                Ok(Turn::Asked(question.postponed(next)))
            }
            Err(AskError::Write(error)) => Err(ReconcileError::Write(error)),
            Err(AskError::Read(error)) if error.is_of_what_was_read() => {
                let (merchant_id, error) = (question.merchant_id, causes(&error));
                tracing::error!(tenant = %tenant.slug, %merchant_id, %error, "a merchant is not asked about");
                Ok(Turn::Unreadable(
                    question.postponed(self.pace.after_failure(&question, now)),
                ))
            }
            Err(AskError::Read(error)) => Err(ReconcileError::ReadBack(error)),
            Err(error) if error.ends_round() => Ok(Turn::NotAsked),
            Err(error) => {
                log_failure(tenant, "a question to upstream failed", &error);
                Ok(Turn::Asked(question.postponed(self.pace.after_failure(&question, now))))
            }
        }
    }

    /// Lets go of claims that are held for longer than the tenant wants to wait, after one last question.
    pub(super) async fn release_held(
        &self,
        tenant: &Tenant,
        asks: Option<Urgency>,
        asked: &[MerchantId],
        now: DateTime<Utc>,
        origin: &Origin,
        pass: &mut Pass,
    ) -> Result<(), ReconcileError> {
        let requested_until = now - tenant.settings.hold_time.as_delta();
        let reader = self.archive.reader();
        let held = reader.open_confirmations(tenant.id, requested_until, RELEASES).await;
        let held = held.map_err(ReconcileError::ReadConfirmations)?;
        let releases = stream::iter(held)
            .map(|merchant_id| async move {
                if let Some(urgency) = asks.filter(|_| !asked.contains(&merchant_id)) {
                    let last = self
                        .ask(tenant, merchant_id, ReadingSource::ReadBack, urgency, origin)
                        .await;
                    if let Err(error) = last {
                        log_failure(tenant, "the last question about a held claim failed", &error);
                    }
                }
                let order = Order::Merchant {
                    merchant_id,
                    command: Command::ReleaseHold { requested_until },
                    expected: None,
                };
                match self.inquirer.submit(tenant.id, order, origin).await {
                    Err(WriteError::Failed) if self.is_unreadable(tenant, merchant_id).await => Ok(None),
                    outcome => outcome.map(Some),
                }
            })
            .buffer_unordered(CONCURRENT_MAX);
        let outcomes: Vec<Option<Outcome>> = releases.try_collect().await.map_err(ReconcileError::Write)?;
        let is_released = |outcome: &&Option<Outcome>| match outcome {
            Some(Outcome::Written(written)) => !written.event_ids.is_empty(),
            Some(Outcome::Refused(_) | Outcome::TenantRefused(_) | Outcome::Replayed(_) | Outcome::KeyReused)
            | None => false,
        };
        pass.unreadable += outcomes.iter().filter(|outcome| outcome.is_none()).count() as u64;
        pass.released += outcomes.iter().filter(is_released).count() as u64;
        Ok(())
    }

    /// Whether nothing can be done for a merchant, whatever it is.
    async fn is_unreadable(&self, tenant: &Tenant, merchant_id: MerchantId) -> bool {
        let merchant = self.archive.reader().merchant(tenant.id, merchant_id).await;
        matches!(merchant, Err(ReadError::Inconsistent(_)))
    }

    async fn ask(
        &self,
        tenant: &Tenant,
        merchant_id: MerchantId,
        source: ReadingSource,
        urgency: Urgency,
        origin: &Origin,
    ) -> Result<Asked, AskError> {
        let found = self.archive.reader().asked_about(tenant.id, merchant_id).await?;
        let (tenant, merchant) = found.ok_or(AskError::NoSuchMerchant)?;
        let question = Question {
            tenant,
            merchant,
            source,
            urgency,
            origin: origin.clone(),
        };
        self.inquirer.ask(question).await
    }
}
