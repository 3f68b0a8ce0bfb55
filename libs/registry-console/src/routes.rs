//! Every route of the console, in one list: the router is made of it, and tests read it.

use std::sync::Arc;

use axum::Router;
use axum::handler::Handler;
use axum::http::Method;
use axum::routing::{MethodRouter, get, post};

use crate::assets;
use crate::console::{Console, look};
use crate::live;
use crate::pages::sign_in::{links, oidc, sign_out};
use crate::pages::{
    ageing, alerts, audit, calendar, callbacks, destinations, exports, funnel, health, home, imports, jobs, keys,
    licences, merchant, merchants, people, quarantine, register, settings, sign_in, unclaimed, views,
};

/// Where something is answered, and by what.
#[derive(Debug)]
pub(crate) struct Route {
    /// GET for what is looked at, POST for what is done.
    method: Method,
    /// Below `/console`.
    path: &'static str,
    handler: MethodRouter<Arc<Console>>,
}

/// What is looked at.
fn see<H: Handler<T, Arc<Console>>, T: 'static>(path: &'static str, handler: H) -> Route {
    Route {
        method: Method::GET,
        path,
        handler: get(handler),
    }
}

/// What is done.
fn act<H: Handler<T, Arc<Console>>, T: 'static>(path: &'static str, handler: H) -> Route {
    Route {
        method: Method::POST,
        path,
        handler: post(handler),
    }
}

/// A router of routes.
pub(crate) fn routed(routes: impl IntoIterator<Item = Route>) -> Router<Arc<Console>> {
    let routes = routes.into_iter();
    routes.fold(Router::new(), |router, route| router.route(route.path, route.handler))
}

/// Pages that belong to no tenant.
pub(crate) fn of_nobody() -> Vec<Route> {
    vec![
        see("/", sign_in::front),
        see("/sign-in", sign_in::get),
        act("/sign-in", sign_in::post),
        see("/sign-in/oidc", oidc::begin),
        see("/sign-in/callback", oidc::finish),
        see("/join/{token}", links::join),
        act("/join/{token}", links::accept),
        see("/enter/{token}", links::enter),
        act("/enter/{token}", links::come_in),
        act("/sign-out", sign_out::post),
        see("/signed-out", sign_out::get),
        act("/look", look),
        see("/licences", licences::get),
    ]
}

/// What a browser fetches beside pages, and what the OpenID provider posts: it has no page of ours that it could post from.
pub(crate) fn of_programs() -> Vec<Route> {
    vec![
        see("/assets/{file}", assets::get),
        act("/sign-out/backchannel", sign_out::backchannel),
    ]
}

/// Pages of a tenant.
pub(crate) fn of_tenants() -> Vec<Route> {
    let mut routes = vec![
        see("/{tenant}", home::get),
        see("/{tenant}/figures", home::figures),
        see("/{tenant}/live", live::get),
        see("/{tenant}/callbacks", callbacks::list),
        see("/{tenant}/callbacks/{event}", callbacks::get),
        act("/{tenant}/callbacks/{event}/payload", callbacks::payload),
        see("/{tenant}/quarantine", quarantine::list),
        act("/{tenant}/quarantine/redrives", quarantine::redrive_many),
        see("/{tenant}/quarantine/{event}", quarantine::get),
        act("/{tenant}/quarantine/{event}/redrive", quarantine::redrive),
        act("/{tenant}/quarantine/{event}/resolution", quarantine::resolve),
        see("/{tenant}/unclaimed", unclaimed::list),
        act("/{tenant}/unclaimed/{id}/adoption", unclaimed::adopt),
        act("/{tenant}/unclaimed/{id}/dismissal", unclaimed::dismiss),
        see("/{tenant}/account", people::account),
        act("/{tenant}/account/sessions", people::end_own),
        see("/{tenant}/keys", keys::list),
        act("/{tenant}/keys", keys::create),
        see("/{tenant}/keys/new", keys::new),
        see("/{tenant}/keys/{id}", keys::get),
        act("/{tenant}/keys/{id}/rotation", keys::rotate),
        act("/{tenant}/keys/{id}/revocation", keys::revoke),
        see("/{tenant}/audit", audit::list),
        see("/{tenant}/alerts", alerts::list),
        act("/{tenant}/alerts/{id}/acknowledgement", alerts::acknowledge),
        act("/{tenant}/alerts/{id}/snooze", alerts::snooze),
        see("/{tenant}/alerts/rules", alerts::rules),
        act("/{tenant}/alerts/rules", alerts::set_rule),
        act("/{tenant}/alerts/rules/usual", alerts::add_usual),
        see("/{tenant}/ageing", ageing::get),
        see("/{tenant}/ageing/csv", ageing::csv),
        see("/{tenant}/funnel", funnel::get),
        see("/{tenant}/funnel/csv", funnel::csv),
        see("/{tenant}/health", health::get),
        see("/{tenant}/settings", settings::get),
        act("/{tenant}/settings", settings::change),
        act("/{tenant}/settings/balance", settings::balance),
        see("/{tenant}/settings/calendar", calendar::get),
        act("/{tenant}/settings/calendar", calendar::set),
        act("/{tenant}/settings/calendar/removal", calendar::remove),
    ];
    routes.extend(of_destinations());
    routes.extend(of_views());
    routes.extend(of_exports());
    routes.extend(of_jobs());
    routes.extend(of_merchants());
    routes.extend(of_people());
    routes
}

fn of_destinations() -> Vec<Route> {
    vec![
        see("/{tenant}/settings/destinations", destinations::list),
        act("/{tenant}/settings/destinations", destinations::create),
        see("/{tenant}/settings/destinations/{id}", destinations::get),
        act("/{tenant}/settings/destinations/{id}", destinations::change),
        act("/{tenant}/settings/destinations/{id}/test", destinations::test),
        act("/{tenant}/settings/destinations/{id}/rotation", destinations::rotate),
        act("/{tenant}/settings/destinations/{id}/removal", destinations::remove),
        act(
            "/{tenant}/settings/destinations/{id}/deliveries/{delivery}",
            destinations::redeliver,
        ),
    ]
}

fn of_jobs() -> Vec<Route> {
    vec![
        see("/{tenant}/imports/new", imports::new),
        act("/{tenant}/imports", imports::create),
        see("/{tenant}/imports/template", imports::template),
        see("/{tenant}/imports/{id}", imports::get),
        act("/{tenant}/imports/{id}/plan", imports::plan),
        act("/{tenant}/plans", jobs::create),
        see("/{tenant}/plans/{id}/rows.csv", jobs::plan_table),
        see("/{tenant}/jobs/{id}/rows.csv", jobs::table),
        see("/{tenant}/plans/{id}", jobs::plan),
        act("/{tenant}/plans/{id}/confirmation", jobs::confirm),
        see("/{tenant}/jobs", jobs::list),
        see("/{tenant}/jobs/{id}", jobs::get),
        see("/{tenant}/jobs/{id}/live", jobs::live),
        act("/{tenant}/jobs/{id}/pause", jobs::pause),
        act("/{tenant}/jobs/{id}/resume", jobs::resume),
        act("/{tenant}/jobs/{id}/cancellation", jobs::cancel),
        act("/{tenant}/jobs/{id}/retry", jobs::retry),
    ]
}

fn of_exports() -> Vec<Route> {
    vec![
        see("/{tenant}/exports", exports::list),
        act("/{tenant}/exports", exports::create),
        see("/{tenant}/exports/new", exports::new),
        act("/{tenant}/exports/chosen", exports::chosen),
        see("/{tenant}/exports/{id}", exports::get),
        act("/{tenant}/exports/{id}/cancellation", exports::cancel),
        // What leaves is written down: nothing that a look alone may do.
        act("/{tenant}/exports/{id}/file", exports::take),
    ]
}

fn of_views() -> Vec<Route> {
    vec![
        see("/{tenant}/views", views::list),
        act("/{tenant}/views", views::create),
        act("/{tenant}/views/{id}", views::change),
        act("/{tenant}/views/{id}/default", views::begin),
        act("/{tenant}/views/{id}/removal", views::remove),
    ]
}

fn of_merchants() -> Vec<Route> {
    vec![
        see("/{tenant}/merchants", merchants::list),
        act("/{tenant}/merchants", register::create),
        see("/{tenant}/merchants/tabs", merchants::tabs),
        see("/{tenant}/merchants/new", register::new),
        see("/{tenant}/merchants/{id}", merchant::get),
        act("/{tenant}/merchants/{id}", register::change),
        see("/{tenant}/merchants/{id}/edit", register::edit),
        act("/{tenant}/merchants/{id}/links", merchant::issue),
        act("/{tenant}/merchants/{id}/links/{link}/url", merchant::url),
        act("/{tenant}/merchants/{id}/links/{link}/revoke", merchant::revoke),
        act("/{tenant}/merchants/{id}/ask", merchant::ask),
        act("/{tenant}/merchants/{id}/archive", merchant::archive),
        act("/{tenant}/merchants/{id}/restore", merchant::restore),
        act("/{tenant}/merchants/{id}/number", merchant::number),
        act("/{tenant}/merchants/{id}/notes", merchant::note),
        see("/{tenant}/merchants/{id}/approvals", callbacks::approvals),
        act("/{tenant}/merchants/{id}/approvals/url", callbacks::approval_url),
    ]
}

fn of_people() -> Vec<Route> {
    vec![
        see("/{tenant}/people", people::list),
        act("/{tenant}/people", people::invite),
        see("/{tenant}/people/new", people::new),
        see("/{tenant}/people/groups", people::groups),
        act("/{tenant}/people/groups", people::set_group),
        act("/{tenant}/people/groups/removal", people::remove_group),
        see("/{tenant}/people/{id}", people::get),
        act("/{tenant}/people/{id}", people::change),
        act("/{tenant}/people/{id}/removal", people::remove),
        act("/{tenant}/people/{id}/invitation", people::invite_again),
        act("/{tenant}/people/{id}/sessions", people::end),
    ]
}

/// Every route, as what is called and where.
pub fn all() -> Vec<(Method, String)> {
    let routes = [of_nobody(), of_programs(), of_tenants()].into_iter().flatten();
    let whole = routes.map(|route| (route.method, format!("/console{}", route.path.trim_end_matches('/'))));
    whole.collect()
}
