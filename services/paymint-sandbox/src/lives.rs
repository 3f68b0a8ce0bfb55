//! Scripted lives: many businesses go through their reviews by themselves, in model time.

use std::collections::{BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use crate::clock;
use crate::dice;
use crate::upstream::Upstream;
use crate::world::{LifeStart, Mapping, MappingId, PlannedStep, Step, World, plan};

/// The runs that are remembered.
const RUNS_MAX: usize = 50;

/// The name under which lives are drawn.
const DICE_LIFE: u64 = 5;

/// A day of model time in a second.
const DEFAULT_SPEED: f64 = 86_400.0;

/// Which mappings may take part in lives.
pub(crate) type Filter<'a> = &'a dyn Fn(&Mapping) -> bool;

/// What `POST /_sandbox/lives` asks for.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LivesRequest {
    /// How many mappings take part, oldest first.
    pub(crate) merchants: usize,
    /// How much faster than real time goes by; 86,400 is a day a second, which is the default.
    #[serde(default = "default_speed")]
    pub(crate) speed: f64,
    /// Where the lives come from. Without it the sandbox's own seed is used.
    pub(crate) seed: Option<u64>,
}

fn default_speed() -> f64 {
    DEFAULT_SPEED
}

/// How far a run of lives is.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct LivesReport {
    pub(crate) id: String,
    /// The mappings that were asked for.
    pub(crate) requested: usize,
    /// The mappings that take part. Fewer than asked for, if fewer were free.
    pub(crate) merchants: usize,
    pub(crate) speed: f64,
    pub(crate) seed: u64,
    pub(crate) steps_planned: usize,
    pub(crate) steps_done: usize,
    /// The callbacks of these mappings that went out since the run began.
    pub(crate) callbacks_sent: u64,
    /// How long the plan takes, in real seconds.
    pub(crate) seconds_planned: f64,
    /// Whether all steps are done and no callback of these mappings is under way.
    pub(crate) finished: bool,
}

#[derive(Debug)]
struct Run {
    number: usize,
    requested: usize,
    mappings: Vec<MappingId>,
    speed: f64,
    seed: u64,
    planned: usize,
    done: usize,
    sent_before: u64,
    length: Duration,
}

impl Run {
    /// Whether no callback of its mappings is under way.
    fn is_idle(&self, upstream: &Arc<Upstream>) -> bool {
        upstream.with_world(|world| {
            let is_idle = |id: &MappingId| world.get(*id).is_ok_and(|mapping| mapping.callbacks.is_idle());
            self.mappings.iter().all(is_idle)
        })
    }
}

/// All runs of lives.
#[derive(Debug, Default)]
pub(crate) struct Lives {
    runs: Mutex<Runs>,
}

#[derive(Debug, Default)]
struct Runs {
    begun: usize,
    kept: VecDeque<Run>,
}

impl Runs {
    fn get(&self, number: usize) -> Option<&Run> {
        self.kept.iter().find(|run| run.number == number)
    }

    /// The mappings that still have steps before them.
    fn busy(&self) -> BTreeSet<MappingId> {
        let running = self.kept.iter().filter(|run| run.done < run.planned);
        running.flat_map(|run| run.mappings.iter().copied()).collect()
    }
}

/// One step of one mapping, in real time from the beginning of the run.
struct Due {
    at: Duration,
    mapping: MappingId,
    step: Step,
}

impl Lives {
    /// Plans the lives and starts them.
    pub(crate) fn begin(
        upstream: &Arc<Upstream>,
        request: &LivesRequest,
        may_live: Filter<'_>,
    ) -> Result<LivesReport, &'static str> {
        if !(request.speed.is_finite() && request.speed > 0.0) {
            return Err("speed is a number above 0");
        }
        let busy = upstream.lives.runs().busy();
        let (seed, mappings, due, sent_before) = upstream.with_world(|world| {
            let seed = request.seed.unwrap_or(world.seed());
            let free = world
                .mappings()
                .iter()
                .filter(|mapping| may_live(mapping))
                .map(|mapping| mapping.id)
                .filter(|id| !busy.contains(id));
            let mappings: Vec<_> = free.take(request.merchants).collect();
            let due = schedule(world, &mappings, seed, request.speed);
            (seed, mappings.clone(), due, sent(world, &mappings))
        });
        let number = {
            let mut runs = upstream.lives.runs();
            runs.begun += 1;
            let number = runs.begun;
            let length = due.last().map_or(Duration::ZERO, |last| last.at);
            let (requested, planned) = (request.merchants, due.len());
            let run = Run {
                number,
                requested,
                mappings,
                speed: request.speed,
                seed,
                planned,
                done: 0,
                sent_before,
                length,
            };
            if runs.kept.len() == RUNS_MAX {
                runs.kept.pop_front();
            }
            runs.kept.push_back(run);
            number
        };
        let work = live(Arc::clone(upstream), number, due);
        upstream
            .tasks
            .spawn(upstream.stop.clone().run_until_cancelled_owned(work));
        Self::report(upstream, number).ok_or("the run was forgotten at once")
    }

    /// How far a run is; none, if it is not remembered.
    pub(crate) fn report(upstream: &Arc<Upstream>, number: usize) -> Option<LivesReport> {
        let runs = upstream.lives.runs();
        let run = runs.get(number)?;
        let finished = run.done == run.planned && run.is_idle(upstream);
        let sent = upstream.with_world(|world| sent(world, &run.mappings));
        Some(LivesReport {
            id: format!("run_{number}"),
            requested: run.requested,
            merchants: run.mappings.len(),
            speed: run.speed,
            seed: run.seed,
            steps_planned: run.planned,
            steps_done: run.done,
            callbacks_sent: sent - run.sent_before,
            seconds_planned: run.length.as_secs_f64(),
            finished,
        })
    }

    /// Whether a run has finished or is not remembered. Cheap as long as it has steps before it.
    pub(crate) fn is_over(upstream: &Arc<Upstream>, number: usize) -> bool {
        let runs = upstream.lives.runs();
        runs.get(number)
            .is_none_or(|run| run.done == run.planned && run.is_idle(upstream))
    }

    fn step_done(&self, number: usize) {
        if let Some(run) = self.runs().kept.iter_mut().find(|run| run.number == number) {
            run.done += 1;
        }
    }

    fn runs(&self) -> MutexGuard<'_, Runs> {
        self.runs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn sent(world: &World, mappings: &[MappingId]) -> u64 {
    mappings
        .iter()
        .filter_map(|id| world.get(*id).ok())
        .map(|mapping| mapping.callbacks.sent())
        .sum()
}

/// All steps of all lives in the order of time; those of one moment in the order of mappings.
fn schedule(world: &World, mappings: &[MappingId], seed: u64, times_faster: f64) -> Vec<Due> {
    let mut due = Vec::new();
    for mapping in mappings.iter().filter_map(|id| world.get(*id).ok()) {
        let mut dice = dice::for_decision(seed, &[DICE_LIFE, mapping.id.number()]);
        for PlannedStep { at, step } in plan(LifeStart::of(mapping), &mut dice) {
            let real = Duration::try_from_secs_f64(at.as_secs_f64() / times_faster).unwrap_or(Duration::MAX);
            due.push(Due {
                at: real,
                mapping: mapping.id,
                step,
            });
        }
    }
    due.sort_by_key(|due| due.at);
    due
}

async fn live(upstream: Arc<Upstream>, number: usize, due: Vec<Due>) {
    let start = Instant::now();
    for Due { at, mapping, step } in due {
        let Some(moment) = start.checked_add(at) else { return };
        tokio::time::sleep_until(moment).await;
        let now = clock::now();
        let result = upstream.with_world(|world| match step {
            Step::Open => world.open(mapping, now),
            Step::Submit(application) => world.submit(mapping, application, now),
            Step::Review(letter, message) => world.review(mapping, letter, message, None, now),
            Step::Unlink => world.set_deleted(mapping, true, None, now),
            Step::Relink => world.set_deleted(mapping, false, None, now),
        });
        if let Err(denied) = result {
            // Somebody else moved this business meanwhile; its life goes on.
            tracing::debug!(%mapping, %denied, "a step of a life was not possible");
        }
        upstream.lives.step_done(number);
        upstream.tell_progress();
    }
}
