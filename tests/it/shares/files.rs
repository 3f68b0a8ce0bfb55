//! Reading files: whoever hands over what is slow to read, and much of it, leaves others a place.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::{Duration, Instant};

use futures::future::join_all;
use registry_tests::TestApp;
use registry_tests::api::until;
use registry_tests::settings::settings;

use super::metric;
use crate::imports::hand_over;

/// Within this time another tenant's file is read: a process is started for it.
const READ_WITHIN: Duration = Duration::from_secs(4);

/// One of two places, and of eight that wait as many as are left.
const READ: usize = 1;
const WAITING: usize = 4;

/// Files beyond that.
const TOO_MANY: usize = 3;

/// A program that reads files as ours does, but those that begin with `hold` only once there is a file `go`.
fn slow_reader(folder: &Path) -> std::path::PathBuf {
    let (script, go, program) = (folder.join("reader"), folder.join("go"), settings().registry());
    let text = format!(
        "#!/bin/sh\n\
         IFS= read -r line\n\
         case \"$line\" in hold*) while [ ! -e '{}' ]; do /bin/sleep 0.05; done;; esac\n\
         {{ printf '%s\\n' \"$line\"; /bin/cat; }} | '{}' \"$@\"\n",
        go.display(),
        program.display()
    );
    fs::write(&script, text).expect("a script is written");
    fs::set_permissions(&script, Permissions::from_mode(0o755)).expect("it can be made a program");
    script
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tenant_with_slow_files_leaves_others_a_place() {
    let folder = tempfile::tempdir().expect("a folder");
    let reader = slow_reader(folder.path());
    let mut app = TestApp::start_with(|config| config.file_reader = Some(reader)).await;
    let other = app.other_tenant().await;
    let slow = "hold,member_code,merchant_code\nx,acad-1,store-1\n";
    let flood = join_all((0..READ + WAITING + TOO_MANY).map(|_| hand_over(&app.tenant.api, "text/csv", slow.into())));
    let meanwhile = async {
        until(|| async { metric(&app, "registry_file_readings_refused_total").await == TOO_MANY as u64 }).await;
        assert_eq!(metric(&app, "registry_file_readings").await, READ as u64);
        assert_eq!(metric(&app, "registry_file_readings_waiting").await, WAITING as u64);
        let begun = Instant::now();
        let text = "member_code,merchant_code\nacad-2,store-1\n";
        let file = hand_over(&other.api, "text/csv", text.into()).await.expect(201);
        assert_eq!(file["rows"], 1);
        assert!(begun.elapsed() < READ_WITHIN, "{:?}", begun.elapsed());
        assert_eq!(metric(&app, "registry_file_readings").await, READ as u64);
        fs::write(folder.path().join("go"), []).expect("a file is written");
    };
    let (answers, ()) = tokio::join!(flood, meanwhile);
    let (read, refused): (Vec<_>, Vec<_>) = answers.into_iter().partition(|answer| answer.status == 201);
    assert_eq!((read.len(), refused.len()), (READ + WAITING, TOO_MANY));
    for answer in refused {
        assert_eq!(answer.header("retry-after"), Some("10"));
        answer.problem(429, "too_many_own_files");
    }
    let taken = (
        metric(&app, "registry_file_readings").await,
        metric(&app, "registry_file_readings_waiting").await,
    );
    assert_eq!(taken, (0, 0), "all is given back");
    app.finish().await;
}
