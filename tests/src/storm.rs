//! Many shops live fast lives while everything goes wrong that can; and then the registry is compared with upstream.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use futures::{StreamExt, TryStreamExt, stream};
use reqwest::Method;
use serde::Serialize;
use serde_json::{Value, json};

use crate::api::{Answer, Api};

/// Requests of ours under way at once.
const CONCURRENT: usize = 16;

/// How long one wait for the end of the lives may last.
const WAIT_MILLISECONDS: u32 = 30_000;

/// How often the registry is compared with upstream.
const LOOK_INTERVAL: Duration = Duration::from_millis(500);

/// After so many answers about a shop since the last change it must be as upstream has it. The question of the first may
/// have been under way when the last callback came, the second is newer than any claim, and the third shows that the
/// second was taken in.
const ANSWERS_ENOUGH: u64 = 3;

/// The weather: a fifth of the callbacks is lost, a fifth comes twice, and so on.
fn weather(seed: u64) -> Value {
    json!({
        "seed": seed,
        "lost": 0.2, "duplicated": 0.2, "delayed": 0.1, "garbage": 0.02, "wrong_kind": 0.02,
        "calls": { "auth/mapping-status": { "answer": "ERROR", "probability": 0.01 } },
    })
}

/// What stays of it once nobody moves any more.
fn calm(seed: u64) -> Value {
    json!({ "seed": seed, "calls": weather(seed)["calls"] })
}

/// A storm against a running registry and its sandbox.
pub struct Storm {
    /// The registry, with a key of the tenant whose upstream is the sandbox.
    pub registry: Api,
    /// The sandbox.
    pub sandbox: Api,
    /// How many shops live.
    pub merchants: usize,
    /// Where lives and weather come from.
    pub seed: u64,
    /// How much faster than real time the shops live.
    pub speed: f64,
    /// How long after the last change the registry may differ.
    pub period: Duration,
    /// What the codes of its shops begin with.
    pub prefix: String,
}

/// What a storm left behind.
#[derive(Debug, Serialize)]
pub struct Report {
    /// Shops that lived.
    pub merchants: usize,
    /// Callbacks that went out.
    pub callbacks_sent: u64,
    /// Callbacks that were lost.
    pub lost: u64,
    /// Callbacks that came twice.
    pub doubled: u64,
    /// Changes that were found by asking.
    pub healed: u64,
    /// Shops that are not as upstream has them.
    pub differing: usize,
    /// Shops that the registry itself calls unverified.
    pub unverified: usize,
    /// From the last change until the registry was as upstream has it, or until it was given up.
    pub seconds: f64,
    /// The shops that differ.
    #[serde(skip)]
    pub differences: Vec<Difference>,
    /// Callbacks that were answered with an error, or not at all.
    #[serde(skip)]
    pub callbacks_refused: u64,
}

/// A shop that is not as upstream has it.
#[derive(Debug)]
pub struct Difference {
    /// Its id.
    pub merchant_id: String,
    /// How often upstream told its state.
    answers: u64,
    code: String,
    /// How far the registry says that it can be trusted.
    pub verification: String,
    /// What differs and why, in words.
    pub why: String,
}

impl Storm {
    /// Lets the shops live, and compares until nothing differs; until a shop differs that upstream was asked about often
    /// enough; or until the time is over.
    pub async fn rage(&self) -> reqwest::Result<Report> {
        self.settle().await?;
        let healed_before = self.healed().await?;
        self.set_weather(&weather(self.seed)).await?;
        self.live().await?;
        self.set_weather(&calm(self.seed)).await?;
        let began = Instant::now();
        let answers_before = self.answers().await?;
        let mut report = self.look().await?;
        let is_wrong = |difference: &Difference| {
            let before = answers_before.get(&difference.code).copied().unwrap_or_default();
            difference.answers >= before + ANSWERS_ENOUGH
        };
        while report.differing > 0 && began.elapsed() < self.period && !report.differences.iter().any(is_wrong) {
            tokio::time::sleep(LOOK_INTERVAL).await;
            report = self.look().await?;
        }
        report.seconds = began.elapsed().as_secs_f64();
        report.healed -= healed_before;
        Ok(report)
    }

    /// Compares the registry with upstream as both are now. What was healed is counted since the registry started.
    pub async fn look(&self) -> reqwest::Result<Report> {
        let (shops, differences) = self.compare().await?;
        let tally = get(&self.sandbox, "/_sandbox/tally").await?;
        let count = |value: &Value| value.as_u64().unwrap_or_default();
        Ok(Report {
            merchants: shops.len(),
            callbacks_sent: count(&tally["sent"]),
            lost: count(&tally["faults"]["lost"]),
            doubled: count(&tally["faults"]["duplicated"]),
            healed: self.healed().await?,
            differing: differences.len(),
            unverified: shops.values().filter(|shop| is_unverified(shop)).count(),
            seconds: 0.0,
            differences,
            callbacks_refused: count(&tally["answered_5xx"]) + count(&tally["unanswered"]),
        })
    }

    /// Whether the tenant's log has every position from the first to the last.
    pub async fn is_gap_free(&self) -> reqwest::Result<bool> {
        let mut after = 0;
        loop {
            let page = get(&self.registry, &format!("/v1/events?after={after}&limit=200")).await?;
            let events = page["data"].as_array().map(Vec::as_slice).unwrap_or_default();
            if events.is_empty() {
                return Ok(after > 0);
            }
            for event in events {
                if event["seq"] != json!(after + 1) {
                    return Ok(false);
                }
                after += 1;
            }
        }
    }

    /// How often upstream told the state of each shop, by code.
    async fn answers(&self) -> reqwest::Result<HashMap<String, u64>> {
        let all = get(&self.sandbox, "/_sandbox/mappings?callbacks=0").await?;
        let all = all.as_array().map(Vec::as_slice).unwrap_or_default().iter();
        Ok(all
            .filter_map(|mapping| {
                Some((
                    mapping["merchant_code"].as_str()?.to_owned(),
                    mapping["answers"].as_u64()?,
                ))
            })
            .collect())
    }

    /// Registers the shops and issues their links.
    async fn settle(&self) -> reqwest::Result<()> {
        let one = |number: usize| async move {
            let code = format!("{}-{number}", self.prefix);
            let body = json!({ "member_code": code, "merchant_code": code });
            let shop = sent(self.registry.request(Method::POST, "/v1/merchants").json(&body)).await?;
            let id = shop["id"].as_str().unwrap_or_default();
            let path = format!("/v1/merchants/{id}/registration-links");
            let link = self
                .registry
                .request(Method::POST, &path)
                .header("idempotency-key", &code);
            sent(link).await.map(|link| {
                crate::logs::secret(link["url"].as_str().unwrap_or_default());
            })
        };
        let all = stream::iter(0..self.merchants).map(one).buffer_unordered(CONCURRENT);
        all.try_collect().await
    }

    async fn set_weather(&self, faults: &Value) -> reqwest::Result<()> {
        let request = self.sandbox.request(Method::PUT, "/_sandbox/faults").json(faults);
        sent(request).await.map(drop)
    }

    /// Lets every business of the sandbox live a life, to its end.
    async fn live(&self) -> reqwest::Result<()> {
        let all = get(&self.sandbox, "/_sandbox/mappings?callbacks=0").await?;
        let count = all.as_array().map_or(0, Vec::len);
        let lives = json!({ "merchants": count, "speed": self.speed, "seed": self.seed });
        let request = self.sandbox.request(Method::POST, "/_sandbox/lives").json(&lives);
        let run = sent(request).await?;
        let path = format!(
            "/_sandbox/lives/{}?wait_ms={WAIT_MILLISECONDS}",
            run["id"].as_str().unwrap_or_default()
        );
        while get(&self.sandbox, &path).await?["finished"] != true {}
        Ok(())
    }

    /// The shops of this storm by their code, and those of them that are not as upstream has them.
    async fn compare(&self) -> reqwest::Result<(HashMap<String, Value>, Vec<Difference>)> {
        let truth = get(&self.sandbox, "/_sandbox/mappings?callbacks=1").await?;
        let shops = self.shops().await?;
        let ours = truth.as_array().map(Vec::as_slice).unwrap_or_default().iter();
        let differences = ours
            .filter_map(|mapping| {
                let shop = shops.get(mapping["merchant_code"].as_str()?)?;
                difference(shop, mapping)
            })
            .collect();
        Ok((shops, differences))
    }

    async fn shops(&self) -> reqwest::Result<HashMap<String, Value>> {
        let mut shops = HashMap::new();
        let mut path = "/v1/merchants?limit=200".to_owned();
        loop {
            let page = get(&self.registry, &path).await?;
            for shop in page["data"].as_array().map(Vec::as_slice).unwrap_or_default() {
                let code = shop["merchant_code"].as_str().unwrap_or_default();
                if code.starts_with(&self.prefix) {
                    shops.insert(code.to_owned(), shop.clone());
                }
            }
            let Some(next) = page["page"]["next"].as_str() else {
                return Ok(shops);
            };
            path = format!("/v1/merchants?limit=200&cursor={next}");
        }
    }

    /// Changes that were found by asking, since the registry started.
    async fn healed(&self) -> reqwest::Result<u64> {
        let metrics = Answer::try_to(self.registry.request(Method::GET, "/metrics"))
            .await?
            .text;
        let lines = metrics
            .lines()
            .filter(|line| line.starts_with("registry_upstream_healed_total"));
        Ok(lines
            .filter_map(|line| line.rsplit(' ').next()?.parse::<u64>().ok())
            .sum())
    }
}

fn is_unverified(shop: &Value) -> bool {
    shop["review"]["verification"] == "unverified"
}

fn difference(shop: &Value, mapping: &Value) -> Option<Difference> {
    let review = &shop["review"];
    // Before upstream has said anything there is no letter, and N is the letter for that.
    let letter = review["code"].as_str().unwrap_or("N");
    let pairs = [
        ("letter", json!(letter), mapping["review_status"].clone()),
        ("message", review["message"].clone(), mapping["review_message"].clone()),
        ("deletion", shop["unlinked"].clone(), mapping["is_deleted"].clone()),
        (
            "company",
            shop["business"]["company_name"].clone(),
            mapping["company_name"].clone(),
        ),
    ];
    let different: Vec<_> = pairs
        .iter()
        .filter(|(_, ours, theirs)| ours != theirs)
        .map(|(name, ours, theirs)| format!("{name} {ours}, upstream has {theirs}"))
        .collect();
    if different.is_empty() {
        return None;
    }
    let last = mapping["callbacks"].as_array().and_then(|callbacks| callbacks.last());
    let fault = last
        .and_then(|callback| callback["fault"].as_str())
        .unwrap_or("undisturbed");
    let verification = review["verification"].as_str().unwrap_or_default().to_owned();
    Some(Difference {
        merchant_id: shop["id"].as_str().unwrap_or_default().to_owned(),
        answers: mapping["answers"].as_u64().unwrap_or_default(),
        code: mapping["merchant_code"].as_str().unwrap_or_default().to_owned(),
        why: format!(
            "{}; {verification}; the last callback was {fault}",
            different.join(", ")
        ),
        verification,
    })
}

async fn get(api: &Api, path: &str) -> reqwest::Result<Value> {
    sent(api.request(Method::GET, path)).await
}

/// The JSON of an answer, which must be a good one.
async fn sent(request: reqwest::RequestBuilder) -> reqwest::Result<Value> {
    request.send().await?.error_for_status()?.json().await
}
