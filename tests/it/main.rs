//! The whole service, through its real doors. One module per theme.

mod journey;

mod idempotency;

mod forged;

mod hostile;

mod encodings;

mod door;

mod flood;

mod connections;

mod requests;

mod api_keys;

mod isolation;

mod crash;

mod broker;

mod broker_told;

mod consumers;

mod stopping;

mod settings;

mod replicas;

mod readiness;

mod hardship;

mod unreadable;

mod notes;

mod oidc;

mod people;
mod people_elsewhere;
mod people_groups;

mod operations;

mod recounted;

mod imports;
mod upgrade;

mod upsert;

mod installed;

mod master_key;

mod upstream_trouble;

mod hang_ups;

mod events_feed;

mod limits;

mod contract;

mod secrets;

mod browser;

mod chromium;

mod console;
mod console_listening;
mod console_lists;

mod console_open;

mod console_pages;
mod console_record;
mod console_rights;

mod console_sign_in;
mod console_team;

mod comings;

mod roles;

mod visitor;

mod truth;

mod asking;

mod storm;

mod quarantine;

mod unclaimed;

mod listed;

mod approvals;
mod audit;

mod billing;

mod alerts;
mod destinations;

mod calendar;
mod exports;
mod insight;
mod jobs;
mod shares;
mod shops;
mod tenant_settings;
mod views;
mod worklist;

mod timelines;

mod tour;

mod proof;
