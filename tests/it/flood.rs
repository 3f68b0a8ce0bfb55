//! Everything at once that a network can send: idle sockets, readers that do not read, slow bodies without a token, a flood on
//! one tenant's URL. Meanwhile another tenant's callbacks are answered in time, and the service says of itself what is true.
//! Each attacker has an address of its own on the loopback, as attackers have.

use std::net::{IpAddr, Ipv4Addr};
use std::time::{Duration, Instant};

use registry_tests::api::{Api, within};
use registry_tests::callback::mapping;
use registry_tests::raw::Connection;
use registry_tests::{Installation, PATIENCE, TestSandbox, TestTenant};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// How long the other tenant's callback may take. A build with all checks is many times slower, on a machine that builds beside;
/// a service that lets idle sockets have all connections takes for ever.
const ANSWER_LIMIT: Duration = Duration::from_millis(if cfg!(debug_assertions) { 8_000 } else { 500 });

/// How long all of it goes on.
const FLOOD_TIME: Duration = Duration::from_secs(8);

/// How often the other tenant's callback comes.
const PACE: Duration = Duration::from_millis(100);

const IDLE_SOCKETS: u64 = 4_200;
const SLOW_BODIES: usize = 50;
const STALLED_READERS: usize = 100;
const FLOOD_CONNECTIONS: usize = if cfg!(debug_assertions) { 16 } else { 64 };

/// Addresses that flood.
const FLOODERS: std::ops::Range<u8> = 10..14;

fn address(last: u8) -> IpAddr {
    Ipv4Addr::new(127, 0, 0, last).into()
}

/// How many sockets this process may have, after asking for as many as it can get.
fn sockets_max() -> u64 {
    let most = getrlimit(Resource::Nofile).maximum;
    let raised = Rlimit {
        current: most,
        maximum: most,
    };
    setrlimit(Resource::Nofile, raised).expect("a process may raise its soft limit");
    getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX)
}

/// The path of the callback URL of a tenant's only shop.
async fn callback_path(sandbox: &TestSandbox, tenant: &TestTenant, codes: (&str, &str)) -> String {
    let merchant = tenant.register(codes.0, codes.1).await;
    tenant.issue_link(&merchant).await;
    let url = sandbox.mapping(codes.0, codes.1).await.callback_url;
    url.strip_prefix(tenant.api.base()).expect("its own URL").to_owned()
}

/// One HTTP request with a body.
fn post(path: &str, body: &str) -> String {
    format!(
        "POST {path} HTTP/1.1\r\nhost: a\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// Does something again and again until it is over, from an address and as often at once as wanted.
fn attack<Work>(attackers: &mut JoinSet<()>, over: &CancellationToken, times: usize, work: impl Fn() -> Work)
where
    Work: Future<Output = ()> + Send + 'static,
{
    for _ in 0..times {
        let (work, over) = (work(), over.clone());
        attackers.spawn(async move {
            tokio::select! {
                () = work => {}
                () = over.cancelled() => {}
            }
        });
    }
}

/// Sends the same callback for ever, on a connection that it makes anew when it is sent away.
async fn flood(base: String, from: IpAddr, request: String, pause: Duration) {
    loop {
        if let Ok(mut connection) = Connection::open_from(&base, from, None).await {
            while connection.write(request.as_bytes()).await.is_ok()
                && connection.read_until("\"code\":\"").await.is_ok()
            {
                tokio::time::sleep(pause).await;
            }
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Sends a head with a token that is none, and then a byte now and then.
async fn drip(base: String, from: IpAddr) {
    loop {
        if let Ok(mut connection) = Connection::open_from(&base, from, None).await {
            let head = "POST /cb/v1/AQEAAAAA HTTP/1.1\r\nhost: a\r\ncontent-length: 60000\r\n\r\n";
            let mut bytes = head.as_bytes();
            while connection.write(bytes).await.is_ok() {
                bytes = b" ";
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Asks for the largest document there is, many times, and reads nothing.
async fn stall(base: String, from: IpAddr) {
    let connection = Connection::open_from(&base, from, Some(4 * 1024)).await;
    if let Ok(mut connection) = connection {
        let request = "GET /openapi.json HTTP/1.1\r\nhost: a\r\n\r\n".repeat(50);
        let _sent = connection.write(request.as_bytes()).await;
        std::future::pending::<()>().await;
    }
}

/// Holds a connection and asks nothing, and makes a new one some time after it was sent away.
async fn idle(base: String, from: IpAddr) {
    loop {
        if let Ok(mut connection) = Connection::open_from(&base, from, None).await {
            // Until it is sent away.
            let _closed = connection.read_until("nothing").await;
        }
        tokio::time::sleep(FLOOD_TIME).await;
    }
}

/// Sends one callback on a connection of its own, as Paymint does, and returns how long it took until it was safe.
async fn callback(base: &str, path: &str, number: usize) -> Duration {
    let body = mapping("acad-2", "store-2", "S", Some(&format!("서류 {number}"))).to_string();
    let began = Instant::now();
    let connection = Connection::open_from(base, address(2), None).await;
    let mut connection = connection.expect("it is let in");
    connection
        .write(post(path, &body).as_bytes())
        .await
        .expect("it is listened to");
    connection.read_until("\"0000\"").await.expect("it is taken");
    began.elapsed()
}

/// Sends the other tenant's callbacks at their pace; returns how long each took.
async fn callbacks(base: &str, path: &str) -> Vec<Duration> {
    let (mut took, began) = (Vec::new(), Instant::now());
    let mut pace = tokio::time::interval(PACE);
    while began.elapsed() < FLOOD_TIME {
        pace.tick().await;
        took.push(within(PATIENCE, callback(base, path, took.len())).await);
    }
    took
}

/// Looks again and again whether the service says that it is ready, which it is all the time.
async fn stays_ready(base: &str, over: &CancellationToken) -> usize {
    let mut looks = 0;
    while !over.is_cancelled() {
        let request = "GET /readyz HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";
        let connection = Connection::open_from(base, address(3), None).await;
        let answer = connection.expect("it is let in").exchange(request.as_bytes()).await;
        assert!(
            answer.starts_with("HTTP/1.1 200") && answer.contains("\"running\":true"),
            "{answer}"
        );
        looks += 1;
        tokio::time::sleep(PACE).await;
    }
    looks
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_storm_from_many_addresses_holds_up_nobody_elses_callback() {
    let sandbox = TestSandbox::start().await;
    let mut installation = Installation::new();
    let (process, flooded) = installation.serve_tenant(&sandbox);
    let other = installation.other_tenant(&sandbox, &process);
    let base = process.base_url();
    let flooded_path = callback_path(&sandbox, &flooded, ("acad-1", "store-1")).await;
    let path = callback_path(&sandbox, &other, ("acad-2", "store-2")).await;

    let (mut attackers, over) = (JoinSet::new(), CancellationToken::new());
    // Some are kept back for everything else that has a socket here.
    let idle_sockets = IDLE_SOCKETS.min(sockets_max().saturating_sub(1_000));
    attack(
        &mut attackers,
        &over,
        usize::try_from(idle_sockets).expect("few"),
        || idle(base.clone(), address(4)),
    );
    attack(&mut attackers, &over, SLOW_BODIES, || drip(base.clone(), address(5)));
    attack(&mut attackers, &over, STALLED_READERS, || {
        stall(base.clone(), address(6))
    });
    let small = mapping("acad-1", "store-1", "P", None).to_string();
    let large = "[".repeat(900 * 1024);
    for from in FLOODERS {
        attack(&mut attackers, &over, FLOOD_CONNECTIONS, || {
            flood(base.clone(), address(from), post(&flooded_path, &small), Duration::ZERO)
        });
    }
    // Each of these is kept to the byte, so there are fewer.
    attack(&mut attackers, &over, 2, || {
        flood(base.clone(), address(9), post(&flooded_path, &large), 2 * PACE)
    });

    let sending = async {
        let took = callbacks(&base, &path).await;
        over.cancel();
        took
    };
    let (mut took, looks) = tokio::join!(sending, stays_ready(&base, &over));
    while attackers.join_next().await.is_some() {}
    took.sort_unstable();
    let (sent, slowest) = (took.len(), took.last().copied().unwrap_or_default());
    assert!(slowest <= ANSWER_LIMIT, "one of {sent} took {slowest:?}");
    assert!(looks > 0);

    let feed = other.api.reconnected().feed().await;
    let kept = feed.iter().filter(|event| event["type"] == "callback.received").count();
    assert_eq!(kept, sent, "what was answered is there");
    let metrics = Api::new(&base, None).get("/metrics").await.text;
    let refused = |reason: &str| {
        let name = format!("registry_connections_refused_total{{reason=\"{reason}\"}} ");
        let count = metrics.lines().find_map(|line| line.strip_prefix(name.as_str()));
        count.expect("it is counted").parse::<u64>().expect("a number")
    };
    assert!(
        refused("address") > 0,
        "the idle sockets were more than an address may have"
    );
    assert_eq!(refused("all_taken"), 0);
    assert!(process.terminate().success());
}
