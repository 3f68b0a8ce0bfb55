//! The promises of the storage port and of the writer on top of it, as tests that every adapter runs.
//!
//! An adapter writes a [`Harness`] and one line, `registry_journal_contract::contract_tests!(ItsHarness)`, in a test file of
//! its own (with `tokio` among its test dependencies). This crate knows no engine, and no program links it.
#![expect(
    clippy::missing_panics_doc,
    reason = "a test that finds a broken promise panics, that is its answer"
)]

mod ambient;
pub mod approvals;
pub mod audit;
pub mod callbacks;
pub mod copies;
mod damage;
pub mod deliveries;
pub mod exports;
pub mod failures;
pub mod fixtures;
pub mod histories;
pub mod idempotency;
pub mod imports;
pub mod insight;
pub mod installations;
pub mod jobs;
pub mod journals;
pub mod keys;
pub mod lists;
pub mod log;
pub mod many;
pub mod people;
pub mod personal;
pub mod projection;
pub mod quarantine;
pub mod questions;
pub mod queue;
pub mod readers;
pub mod reading;
pub mod remembered;
pub mod reports;
pub mod sessions;
pub mod state;
pub mod unclaimed;
pub mod views;
pub mod whole;

use async_trait::async_trait;
use registry_domain::{MerchantId, Seq, TenantId};
use registry_journal::port::{Cause, Founding, Journal, People, Reader};
use registry_journal::record::StreamId;

pub use damage::Damage;

/// A column of the events table that is altered behind the registry's back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EventColumn(pub &'static str);

/// Every column of the events table.
pub const EVENT_COLUMNS: [EventColumn; 15] = [
    EventColumn("tenant_id"),
    EventColumn("seq"),
    EventColumn("event_id"),
    EventColumn("stream_kind"),
    EventColumn("stream_id"),
    EventColumn("version"),
    EventColumn("type"),
    EventColumn("recorded_at"),
    EventColumn("actor"),
    EventColumn("correlation_id"),
    EventColumn("causation_id"),
    EventColumn("idempotency_key"),
    EventColumn("data"),
    EventColumn("sealed"),
    EventColumn("hash"),
];

/// What the suite needs of an adapter beside the port: a storage of its own for each test, and a hand inside it.
#[async_trait]
pub trait Harness: Send + Sync + Sized + 'static {
    /// The adapter.
    type Storage: Journal + Reader + Founding + People + Clone + 'static;

    /// Arranges an empty storage that belongs to this test alone.
    async fn fresh() -> Self;

    /// Opens the storage, again and side by side with what is open already: as another process would.
    async fn open(&self) -> Self::Storage;

    /// Tries to change an event, past the port and with all the rights that the service has.
    async fn try_update_event(&self, tenant: TenantId, seq: Seq) -> Result<(), Cause>;

    /// Tries to delete an event, past the port and with all the rights that the service has.
    async fn try_delete_event(&self, tenant: TenantId, seq: Seq) -> Result<(), Cause>;

    /// Changes one byte of one column (a number by one), switching off whatever protects it. The column is filled.
    async fn alter_event_byte(&self, tenant: TenantId, seq: Seq, column: EventColumn);

    /// Damages what is projected of a merchant.
    async fn damage(&self, tenant: TenantId, merchant: MerchantId, damage: Damage);

    /// From now on storage refuses every new event of this stream.
    async fn make_poison(&self, stream: StreamId);
}

/// Runs every promise as a test of its own against the given [`Harness`].
#[macro_export]
macro_rules! contract_tests {
    ($harness:ty) => {
        $crate::contract_tests! { @each $harness;
            log::positions_have_no_gaps_and_readers_skip_nothing,
            log::a_log_verifies_and_an_altered_byte_names_its_row,
            log::events_can_be_neither_changed_nor_deleted,
            log::time_never_runs_back,
            log::events_are_found_by_page_by_stream_and_by_id,
            log::merchants_are_folded_together,
            log::what_is_told_is_what_stands_there,
            log::everything_is_there_after_a_restart,
            state::rows_are_the_fold_of_the_log,
            state::as_of_counts_are_what_was_true_then,
            state::a_wish_that_is_fulfilled_writes_nothing,
            state::shared_codes_and_numbers_are_noticed,
            state::a_changed_number_is_noticed,
            state::tenants_are_walls,
            state::commands_of_one_batch_see_each_other,
            state::a_version_mismatch_is_refused,
            reports::unclaimed_callbacks_land_in_the_tenants_stream,
            reports::an_unknown_tenant_is_refused,
            reports::a_merchant_is_found_by_its_codes_however_they_are_spelt,
            idempotency::one_key_registers_once,
            idempotency::one_key_asks_for_one_link,
            idempotency::a_key_stands_for_one_request,
            idempotency::a_key_cannot_be_read_back,
            idempotency::a_key_that_was_kept_plain_is_still_known,
            idempotency::expired_keys_are_forgotten,
            idempotency::one_natural_key_registers_once,
            personal::nothing_personal_stands_in_clear,
            personal::what_was_sealed_reads_back,
            personal::a_key_that_does_not_open_fails_alone,
            failures::a_poisonous_command_fails_alone,
            failures::a_panic_does_not_stop_the_writer,
            failures::a_commit_whose_answer_was_lost_counts_once,
            failures::a_commit_that_was_lost_is_done_again,
            failures::a_commit_that_was_lost_is_not_mistaken_for_another,
            failures::a_transient_failure_is_tried_once_more,
            failures::a_lasting_failure_writes_nothing,
            queue::a_full_queue_answers_busy_and_callbacks_last,
            queue::a_caller_that_goes_away_loses_nothing,
            queue::stopping_finishes_what_is_waiting,
            queue::waiting_commands_share_transactions,
            projection::streams_are_read_one_after_the_other,
            projection::a_rebuild_finds_nothing_where_nothing_is_wrong,
            projection::a_rebuild_heals_what_differs,
            projection::rows_of_an_earlier_version_are_renewed,
            projection::a_rebuild_does_not_disturb_the_service,
            projection::a_rebuild_can_be_cancelled,
            copies::a_copy_is_the_same,
            copies::an_interrupted_copy_goes_on,
            copies::a_merchant_that_arrives_in_parts_is_counted_once,
            copies::a_copy_does_not_mix_logs,
            reading::lists_are_sorted_and_paged,
            reading::lists_are_filtered_and_searched,
            reading::counts_follow_the_filter,
            lists::lists_and_counts_are_what_the_log_says,
            whole::a_whole_list_ends_where_nobody_takes_it,
            many::pages_of_many_are_found_in_steps,
            insight::insight_is_what_the_log_says,
            reading::waiting_links_are_found,
            keys::keys_are_looked_up_without_a_tenant,
            reading::the_publish_cursor_is_remembered,
            reading::balances_are_remembered,
            keys::uses_of_keys_are_remembered,
            deliveries::what_is_planned_is_planned_once,
            deliveries::what_is_due_is_taken_on_by_one,
            views::a_view_is_seen_by_its_owner_until_it_is_shared,
            views::a_name_stands_once_for_each_owner,
            views::a_view_changes_from_its_last_version,
            views::there_are_so_many_views_and_no_more,
            views::somebody_begins_with_one_view,
            views::views_are_walked_and_forgotten,
            exports::exports_are_kept_for_their_tenant_for_a_while,
            exports::a_file_is_made_by_one_attempt,
            exports::what_is_given_up_or_fails_keeps_no_piece,
            imports::files_are_kept_for_their_tenant_for_a_while,
            imports::what_rows_say_is_kept_with_their_job,
            jobs::a_plan_is_frozen_row_by_row,
            jobs::a_row_is_taken_on_by_one_and_ends_once,
            jobs::what_was_begun_comes_to_its_end_when_a_job_is_cancelled,
            jobs::jobs_are_worked_at_while_they_may_be,
            jobs::what_is_old_is_forgotten,
            deliveries::the_last_attempt_says_what_became_of_it,
            deliveries::what_is_over_is_listed_and_forgotten,
            deliveries::what_is_on_its_way_moves_with_the_log,
            reading::tenants_are_listed,
            questions::questions_follow_changes,
            questions::a_question_is_put_off_once,
            questions::doubtful_claims_come_first,
            quarantine::what_cannot_be_used_is_listed,
            quarantine::a_callback_is_settled_once,
            quarantine::callbacks_of_the_tenant_are_settled_too,
            unclaimed::a_pair_is_told_of_once,
            unclaimed::a_pair_is_adopted_once,
            unclaimed::a_dismissed_pair_stays_dismissed,
            unclaimed::the_health_of_a_tenant_is_told,
            approvals::a_repeated_approval_is_known,
            audit::what_somebody_did_is_listed,
            audit::what_somebody_did_is_found,
            audit::an_access_is_about_a_merchant_and_changes_none,
            remembered::what_a_batch_left_is_not_read_again,
            remembered::what_is_remembered_is_what_the_row_says,
            remembered::what_another_process_wrote_is_seen,
            remembered::an_append_holds_only_where_nothing_has_moved,
            people::people_are_found_and_changed,
            people::an_address_and_an_identity_are_one_persons,
            people::a_link_works_once,
            sessions::sessions_begin_and_end,
            sessions::a_session_of_the_provider_leads_to_its_people,
            sessions::people_and_sessions_are_counted,
            sessions::an_id_of_a_session_is_of_no_use,
            people::a_person_is_found_in_every_tenant,
            people::groups_are_roles,
            sessions::failures_are_counted_and_forgotten,
            installations::an_installation_knows_its_master_key,
            installations::one_of_many_founders_wins,
            installations::an_older_installation_is_known_by_what_it_has_wrapped,
            installations::an_installation_knows_its_callback_keys,
            installations::logs_are_found_without_their_tenants,
        }
    };
    (@each $harness:ty; $($part:ident :: $promise:ident),+ $(,)?) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $promise() {
                $crate::$part::$promise::<$harness>().await;
            }
        )+
    };
}
