//! Plans and jobs: one thing that is done to many merchants, row by row, fairly.
//!
//! The step behind the desk, beside the reconciler. It knows the log, the rows of jobs, how links are issued, questions asked and
//! callbacks driven again, within the same limits as everybody else. It knows no HTTP and no page, nor how files are read, and decides
//! nothing about a merchant: what fits one, and what comes of it, is the domain's business.
//!
//! Read in this order: [`Desk`] (a plan is made, confirmed, stopped), [`Runner`] (whose job is worked at when), `step` (a few rows of
//! one job), `row` (what is done to one merchant, once), and `imported` and `redriven` where that is longer.

mod desk;
mod file;
mod imported;
mod limits;
mod numbers;
mod planned;
mod redriven;
mod row;
mod runner;
mod step;

pub use desk::{Desk, DeskParts, JobError, PlanWish, Whom};
pub use file::{FileShut, HandedOver, KeptFile, SOURCES_AT_ONCE, Sources};
pub use limits::{FILE_KEPT_FOR, FILES_MAX, JobLimits, PLAN_KEPT_FOR};
pub use numbers::{JobCounts, Numbers};
pub use runner::{Runner, RunnerParts};
