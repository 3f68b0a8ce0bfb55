//! A person's shell: commands go in, and what they print comes out, in one session.

use std::io::{Read, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Instant;

use registry_tests::PATIENCE;

/// Printed behind each block of commands.
const END: &str = "~~end of the block~~";

pub(super) struct Shell {
    child: Child,
    input: ChildStdin,
    printed: Receiver<Vec<u8>>,
}

impl Shell {
    pub(super) fn open(directory: &Path) -> Self {
        let mut child = Command::new("sh")
            .current_dir(directory)
            // What the servers of the tests are called is not known on the tour.
            .env_remove("NATS_URL")
            .env_remove("DATABASE_URL")
            .env("LC_ALL", "C.UTF-8")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("there is a shell");
        let input = child.stdin.take().expect("it is piped");
        let mut output = child.stdout.take().expect("it is piped");
        let (sender, printed) = mpsc::channel();
        thread::spawn(move || {
            let mut buffer = [0; 16 * 1024];
            while let Ok(length @ 1..) = output.read(&mut buffer) {
                if sender.send(buffer[..length].to_vec()).is_err() {
                    return;
                }
            }
        });
        let mut shell = Self { child, input, printed };
        shell.run("exec 2>&1");
        shell
    }

    /// Types commands and waits until all have ended.
    pub(super) fn run(&mut self, script: &str) -> String {
        writeln!(self.input, "{script}\necho; echo '{END}'").expect("the shell reads");
        let (begun, mut printed) = (Instant::now(), Vec::new());
        loop {
            let left = PATIENCE.saturating_sub(begun.elapsed());
            let Ok(more) = self.printed.recv_timeout(left) else {
                panic!("{script}\ndoes not end; so far:\n{}", String::from_utf8_lossy(&printed));
            };
            printed.extend(more);
            let text = String::from_utf8_lossy(&printed);
            if let Some(text) = text.trim_end().strip_suffix(END) {
                return text.trim_end().to_owned();
            }
        }
    }
}

impl Drop for Shell {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}
