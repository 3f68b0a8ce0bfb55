//! A process: how fast it is there, how much it takes, how it ends.

use std::io::{BufRead, BufReader, Read};
use std::process::Stdio;
use std::time::{Duration, Instant};

use registry_tests::callback::{is_taken, mapping, try_send};
use registry_tests::sandbox::TestSandbox;
use registry_tests::{Answer, Api, Installation, logs};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

/// A build with all checks starts slower than the one that people run.
const READY_LIMIT: Duration = Duration::from_secs(if cfg!(debug_assertions) { 3 } else { 1 });

/// Half of it are pages of the program, which is several times larger with all checks: what is promised is promised of the one that
/// people run.
const IDLE_KIB_MAX: u64 = if cfg!(debug_assertions) { 96 } else { 64 } * 1024;

#[tokio::test]
async fn it_is_ready_at_once_on_an_empty_directory_and_small_while_idle() {
    let mut installation = Installation::new();
    let began = Instant::now();
    let process = installation.serve();
    Api::new(process.base_url(), None).get("/readyz").await.expect(200);
    assert!(began.elapsed() < READY_LIMIT, "it took {:?}", began.elapsed());
    let resident = process.resident_kib();
    assert!(resident <= IDLE_KIB_MAX, "{resident} KiB");
    assert!(process.terminate().success());
}

#[tokio::test]
async fn what_is_under_way_is_finished_before_it_ends() {
    let sandbox = TestSandbox::start().await;
    let mut installation = Installation::new();
    let (process, tenant) = installation.serve_tenant(&sandbox);
    let merchant = tenant.register("acad-1", "store-1").await;
    sandbox.fail_mapping(&json!({ "slow_ms": 1_500 })).await;
    let (answer, ()) = tokio::join!(tenant.ask_for_link(&merchant, "key-1"), async {
        tenant.api.event(|event| event["type"] == "link.requested").await;
        process.signal(Signal::TERM);
    });
    let link = answer.expect(201);
    logs::secret(link["url"].as_str().unwrap());
    assert!(process.wait().success());
    let process = installation.serve();
    tenant.api.event(|event| event["type"] == "link.issued").await;
    assert!(process.terminate().success());
}

#[tokio::test]
async fn callbacks_are_answered_or_refused_but_never_lost_when_it_ends() {
    let sandbox = TestSandbox::start().await;
    let mut installation = Installation::new();
    let (process, tenant) = installation.serve_tenant(&sandbox);
    let merchant = tenant.register("acad-1", "store-1").await;
    tenant.issue_link(&merchant).await;
    let url = sandbox.mapping("acad-1", "store-1").await.callback_url;
    let mut taken = 0;
    for number in 0.. {
        if number == 50 {
            process.signal(Signal::TERM);
        }
        let body = mapping("acad-1", "store-1", "S", Some(&format!("서류 {number}"))).to_string();
        match try_send(&url, body).await {
            Ok(answer) if is_taken(&answer) => taken += 1,
            Ok(answer) => assert_eq!(answer.status, 503),
            Err(_nobody_is_there) => break,
        }
    }
    assert!(process.wait().success());
    let process = installation.serve();
    let feed = tenant.reconnected().api.feed().await;
    let found = feed.iter().filter(|event| event["type"] == "callback.received").count();
    assert!(
        taken >= 50 && (taken..=taken + 1).contains(&found),
        "{taken} were answered, {found} are there"
    );
    assert!(process.terminate().success());
}

#[test]
fn dev_prints_one_line_and_stops_cleanly() {
    let installation = Installation::new();
    let mut command = installation.dev_command(&["--json"]);
    let (log, _) = logs::of_program("dev");
    let mut child = command.stdout(Stdio::piped()).stderr(log).spawn().unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    output.read_line(&mut line).unwrap();
    let ready: Value = serde_json::from_str(&line).unwrap();
    logs::secret(ready["api_key"].as_str().unwrap());
    let mut names: Vec<_> = ready.as_object().unwrap().keys().map(String::as_str).collect();
    names.sort_unstable();
    assert_eq!(
        names,
        [
            "api_key",
            "base_url",
            "console_url",
            "nats_url",
            "sandbox_url",
            "sign_in_url",
            "tenant"
        ]
    );
    let sign_in = ready["sign_in_url"].as_str().unwrap();
    logs::secret(sign_in.rsplit('/').next().unwrap());
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let key = ready["api_key"].as_str().unwrap().to_owned();
        let api = Api::new(ready["base_url"].as_str().unwrap(), Some(key));
        assert_eq!(api.get("/v1/me").await.expect(200)["tenant"]["slug"], ready["tenant"]);
        let come_in = async || {
            let button = registry_tests::api::http_client().post(sign_in);
            Answer::to(button.header("sec-fetch-site", "same-origin")).await
        };
        assert_eq!(come_in().await.header("location"), Some("/console"));
        assert_eq!(come_in().await.status, 404, "it works once");
        let desk = Api::new(ready["sandbox_url"].as_str().unwrap(), None)
            .get("/desk")
            .await;
        assert_eq!(desk.status, 200);
    });
    let id = i32::try_from(child.id()).ok().and_then(Pid::from_raw).unwrap();
    kill_process(id, Signal::INT).unwrap();
    assert!(child.wait().unwrap().success());
    let mut rest = String::new();
    output.read_to_string(&mut rest).unwrap();
    assert_eq!(rest, "", "nothing else is printed");
}
