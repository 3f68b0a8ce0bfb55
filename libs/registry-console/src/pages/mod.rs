//! A folder for each page: what it asks of the API, what it shows, its template, and samples of it.

pub mod ageing;
pub mod alerts;
pub mod audit;
pub mod calendar;
pub mod callbacks;
pub mod destinations;
pub mod exports;
pub mod funnel;
pub mod health;
pub mod home;
pub mod imports;
pub mod insight;
pub mod jobs;
pub mod keys;
pub mod licences;
pub mod merchant;
pub mod merchants;
pub mod people;
pub mod quarantine;
pub mod register;
pub mod settings;
#[cfg(any(test, feature = "samples"))]
pub mod shops;
pub mod sign_in;
#[cfg(any(test, feature = "samples"))]
pub mod staff;
pub mod trouble;
pub mod unclaimed;
pub mod views;
