//! A program that asks, over pipes or a real terminal (a pty, by script(1)), and the person who
//! answers it.

use std::io::{Read, Write};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};

use super::wait::{LONG, until};

pub struct Dialogue {
    child: Child,
    input: Option<ChildStdin>,
    output: Arc<Mutex<String>>,
    /// How much of the output was looked at.
    seen: usize,
}

impl Dialogue {
    /// Over pipes.
    pub fn piped(arguments: &[&str]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_postdesk"));
        command.args(arguments);
        Self::start(command)
    }

    /// Over a terminal that can do nothing but show text.
    pub fn terminal(arguments: &[&str]) -> Self {
        let quoted = |text: &str| format!("'{}'", text.replace('\'', r"'\''"));
        let line: Vec<String> = std::iter::once(env!("CARGO_BIN_EXE_postdesk"))
            .chain(arguments.iter().copied())
            .map(quoted)
            .collect();
        let mut command = Command::new("script");
        command.args(["--quiet", "--return", "--flush", "--command", &line.join(" "), "/dev/null"]);
        Self::start(command)
    }

    fn start(mut command: Command) -> Self {
        command.env("TERM", "dumb").env_remove("POSTDESK_CONFIG");
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}"));
        let output = Arc::new(Mutex::new(String::new()));
        let streams: [Box<dyn Read + Send>; 2] =
            [Box::new(child.stdout.take().unwrap()), Box::new(child.stderr.take().unwrap())];
        for mut stream in streams {
            let output = Arc::clone(&output);
            std::thread::spawn(move || {
                let (mut buffer, mut rest) = ([0; 4096], Vec::new());
                while let Ok(size @ 1..) = stream.read(&mut buffer) {
                    rest.extend(&buffer[..size]);
                    let whole = match std::str::from_utf8(&rest) {
                        Ok(text) => text.len(),
                        Err(error) => error.valid_up_to(),
                    };
                    let text = String::from_utf8(rest.drain(..whole).collect()).unwrap();
                    output.lock().unwrap().push_str(&text.replace('\r', ""));
                }
            });
        }
        let input = child.stdin.take();
        Self { child, input, output, seen: 0 }
    }

    /// Everything that was shown so far.
    pub fn text(&self) -> String {
        self.output.lock().unwrap().clone()
    }

    /// Waits until this is shown, after what was waited for before. Gives what stood before it.
    pub async fn shows(&mut self, wanted: &str) -> String {
        let (output, seen) = (Arc::clone(&self.output), self.seen);
        let what = format!("{wanted:?}");
        let found = tokio::time::timeout(
            LONG,
            until(&what, LONG * 2, async || {
                let text = output.lock().unwrap();
                text[seen..]
                    .find(wanted)
                    .map(|at| (text[seen..seen + at].to_owned(), seen + at + wanted.len()))
            }),
        );
        let Ok((before, end)) = found.await else {
            panic!("it never showed {wanted:?}:\n{}", self.text());
        };
        self.seen = end;
        before
    }

    /// Types a line.
    pub fn types(&mut self, line: &str) {
        let input = self.input.as_mut().expect("its input");
        input.write_all(format!("{line}\n").as_bytes()).unwrap_or_else(|error| {
            panic!("it takes no answer ({error}):\n{}", self.output.lock().unwrap());
        });
        input.flush().unwrap();
    }

    /// Waits for the question, and answers it.
    pub async fn answers(&mut self, question: &str, line: &str) {
        self.shows(question).await;
        self.types(line);
    }

    /// Waits until it has ended.
    pub async fn ends(&mut self) -> ExitStatus {
        let child = &mut self.child;
        until("it to end", LONG, async || child.try_wait().expect("its status")).await
    }
}

impl Drop for Dialogue {
    fn drop(&mut self) {
        self.input = None;
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
