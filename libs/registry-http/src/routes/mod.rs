//! One file per operation.

mod alert_rules;
mod alerts;
mod api_keys;
mod approvals;
mod audit;
mod calendar;
pub mod callbacks;
mod deliveries;
mod event_destinations;
mod events;
pub mod exports;
mod imports;
mod jobs;
mod links;
mod me;
pub mod merchants;
mod notes;
mod operation;
mod people;
pub mod plans;
pub mod quarantine;
mod rows_table;
mod settings;
mod stats;
pub mod unclaimed;
mod upstream;
mod views;

use std::sync::Arc;

use axum::Router;
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouter};

use crate::state::AppState;

/// What operations are gathered in.
pub trait Operations {
    /// With one more. It comes with what it says of itself.
    #[must_use]
    fn routes(self, operation: UtoipaMethodRouter<Arc<AppState>>) -> Self;
}

/// To be documented.
impl Operations for OpenApiRouter<Arc<AppState>> {
    fn routes(self, operation: UtoipaMethodRouter<Arc<AppState>>) -> Self {
        Self::routes(self, operation)
    }
}

/// To be called. What they say of themselves takes megabytes all together: it is dropped one by one.
impl Operations for Router<Arc<AppState>> {
    fn routes(self, (_, paths, methods): UtoipaMethodRouter<Arc<AppState>>) -> Self {
        let paths = paths.paths.keys();
        paths.fold(self, |router, path| router.route(path, methods.clone()))
    }
}

/// Every operation, in the order in which it is documented.
pub fn all<O: Operations>(operations: O) -> O {
    let operations = of_jobs(of_views(of_destinations(of_alerts(operations))));
    operations
        .routes(merchants::create::route())
        .routes(merchants::list::route())
        .routes(merchants::get::route())
        .routes(merchants::change::route())
        .routes(merchants::archive::route())
        .routes(merchants::restore::route())
        .routes(merchants::by_reference::route())
        .routes(merchants::put::route())
        .routes(merchants::events::route())
        .routes(merchants::callbacks::route())
        .routes(merchants::reveal::route())
        .routes(notes::add::route())
        .routes(notes::list::route())
        .routes(upstream::reconcile::route())
        .routes(stats::review_status::route())
        .routes(stats::ageing::route())
        .routes(stats::durations::route())
        .routes(stats::funnel::route())
        .routes(links::issue::route())
        .routes(links::list::route())
        .routes(links::get::route())
        .routes(links::revoke::route())
        .routes(events::feed::route())
        .routes(events::live::route())
        .routes(callbacks::get::route())
        .routes(callbacks::payload::route())
        .routes(callbacks::door::route())
        .routes(callbacks::door::look_route())
        .routes(quarantine::list::route())
        .routes(quarantine::count::route())
        .routes(quarantine::get::route())
        .routes(quarantine::redrive::route())
        .routes(quarantine::redrive_many::route())
        .routes(callbacks::redrive::route())
        .routes(quarantine::resolve::route())
        .routes(unclaimed::list::route())
        .routes(unclaimed::get::route())
        .routes(unclaimed::adopt::route())
        .routes(unclaimed::dismiss::route())
        .routes(merchants::eligibility::route())
        .routes(approvals::callback_url::route())
        .routes(approvals::list::route())
        .routes(upstream::balance::route())
        .routes(upstream::merchant_balance::route())
        .routes(audit::route())
        .routes(me::route())
        .routes(people::list::route())
        .routes(people::invite::route())
        .routes(people::get::route())
        .routes(people::change::route())
        .routes(people::remove::route())
        .routes(people::sessions::route())
        .routes(people::end_sessions::route())
        .routes(people::role_mappings::get_route())
        .routes(people::role_mappings::put_route())
        .routes(api_keys::create::route())
        .routes(api_keys::list::route())
        .routes(api_keys::get::route())
        .routes(api_keys::rotate::route())
        .routes(api_keys::revoke::route())
        .routes(settings::get::route())
        .routes(settings::change::route())
        .routes(calendar::route())
        .routes(operation::livez::route())
        .routes(operation::readyz::route())
        .routes(operation::metrics::route())
}

fn of_alerts<O: Operations>(operations: O) -> O {
    operations
        .routes(alerts::list::route())
        .routes(alerts::count::route())
        .routes(alerts::get::route())
        .routes(alerts::acknowledge::route())
        .routes(alerts::snooze::route())
        .routes(alert_rules::list::route())
        .routes(alert_rules::get::route())
        .routes(alert_rules::set::route())
        .routes(alert_rules::remove::route())
}

fn of_destinations<O: Operations>(operations: O) -> O {
    operations
        .routes(event_destinations::list::route())
        .routes(event_destinations::create::route())
        .routes(event_destinations::get::route())
        .routes(event_destinations::change::route())
        .routes(event_destinations::remove::route())
        .routes(event_destinations::rotate::route())
        .routes(event_destinations::test::route())
        .routes(deliveries::list::route())
        .routes(deliveries::get::route())
        .routes(deliveries::redeliver::route())
}

fn of_views<O: Operations>(operations: O) -> O {
    operations
        .routes(views::list::route())
        .routes(views::create::route())
        .routes(views::get::route())
        .routes(views::change::route())
        .routes(views::remove::route())
        .routes(views::begin::route())
}

fn of_jobs<O: Operations>(operations: O) -> O {
    operations
        .routes(exports::create::route())
        .routes(exports::list::route())
        .routes(exports::get::route())
        .routes(exports::cancel::route())
        .routes(exports::file::route())
        .routes(imports::create::route())
        .routes(imports::template::route())
        .routes(imports::get::route())
        .routes(plans::create::route())
        .routes(plans::get::route())
        .routes(plans::rows::route())
        .routes(plans::table::route())
        .routes(plans::confirm::route())
        .routes(jobs::list::route())
        .routes(jobs::get::route())
        .routes(jobs::rows::route())
        .routes(jobs::table::route())
        .routes(jobs::progress::route())
        .routes(jobs::pause::route())
        .routes(jobs::resume::route())
        .routes(jobs::cancel::route())
}
