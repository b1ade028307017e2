//! How does a process run within bounds of time and memory?

use std::fs::File;
use std::io;
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use super::one::peak;

/// What a process may take.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bounds {
    pub(super) time: Duration,
    /// In bytes; held on Linux, where a process's memory can be looked up.
    pub(super) memory: Option<u64>,
}

/// How it ended.
#[derive(Debug)]
pub(super) enum End {
    /// By itself.
    Exited(ExitStatus),
    /// It was ended after its time was over.
    OutOfTime,
    /// It was ended for taking more memory than it may.
    OutOfMemory,
}

/// How it ended, and what it took.
#[derive(Debug)]
pub(super) struct Ran {
    pub(super) end: End,
    pub(super) seconds: f64,
    /// In bytes; a lower bound, since it is looked up now and then. 0 where the system does not tell.
    pub(super) peak: u64,
}

/// Runs a process whose output goes to a file: a pipe that nobody empties would stop it.
///
/// In a `group` of its own, what it starts is ended with it, but the terminal's interrupt does not reach it.
pub(super) fn run(command: &mut Command, output: &Path, bounds: Bounds, group: bool) -> io::Result<Ran> {
    let begun = Instant::now();
    let file = File::create(output)?;
    command.stdin(Stdio::null()).stdout(file.try_clone()?).stderr(file);
    #[cfg(unix)]
    if group {
        std::os::unix::process::CommandExt::process_group(command, 0);
    }
    let mut child = command.spawn()?;
    let id = child.id().to_string();
    let (mut most, mut pause) = (0, Duration::from_millis(1));
    let end = loop {
        if let Some(status) = child.try_wait()? {
            break End::Exited(status);
        }
        most = most.max(peak(&id).unwrap_or_default());
        let end = match bounds.memory {
            _ if begun.elapsed() >= bounds.time => End::OutOfTime,
            Some(memory) if most > memory => End::OutOfMemory,
            _ => {
                std::thread::sleep(pause);
                pause = (pause * 2).min(Duration::from_millis(20));
                continue;
            }
        };
        #[cfg(unix)]
        if group {
            let _ = Command::new("kill").args(["-KILL", "--", &format!("-{id}")]).stderr(Stdio::null()).status();
        }
        // It may have ended by itself in the meantime.
        let _ = child.kill();
        child.wait()?;
        break end;
    };
    Ok(Ran { end, seconds: begun.elapsed().as_secs_f64(), peak: most })
}

/// A sentence on why a process did not end as it should.
pub(super) fn why(end: &End, bounds: Bounds) -> String {
    match end {
        End::OutOfTime => format!("out of time: ended after {} s", bounds.time.as_secs()),
        End::OutOfMemory => format!("out of memory: ended beyond {} MB", bounds.memory.unwrap_or_default() / 1_000_000),
        End::Exited(status) => {
            #[cfg(unix)]
            if let Some(signal) = std::os::unix::process::ExitStatusExt::signal(status) {
                return match signal {
                    6 => "crashed: aborted (SIGABRT, as after a stack overflow)".to_owned(),
                    11 => "crashed: SIGSEGV".to_owned(),
                    signal => format!("ended by signal {signal}"),
                };
            }
            match status.code() {
                Some(101) => "panicked".to_owned(),
                Some(code) => format!("ended with status {code}"),
                None => "ended without a status".to_owned(),
            }
        }
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[allow(clippy::unwrap_used, reason = "only tests call it")]
    fn shell(script: &str, bounds: Bounds) -> Ran {
        let output = std::env::temp_dir().join(format!("sinew-child-{}-{}", std::process::id(), script.len()));
        let ran = run(Command::new("sh").args(["-c", script]), &output, bounds, true).unwrap();
        std::fs::remove_file(output).unwrap();
        ran
    }

    #[test]
    fn an_endless_process_is_ended_with_all_that_it_started() {
        let bounds = Bounds { time: Duration::from_millis(200), memory: None };
        let ran = shell("sleep 30 & sleep 30; wait", bounds);
        assert!(matches!(ran.end, End::OutOfTime) && ran.seconds < 10.0, "{ran:?}");
        assert!(why(&ran.end, bounds).starts_with("out of time"));
    }

    #[test]
    fn a_signal_and_a_status_are_told_apart() {
        let bounds = Bounds { time: Duration::from_secs(20), memory: None };
        assert_eq!(
            why(&shell("kill -ABRT $$", bounds).end, bounds),
            "crashed: aborted (SIGABRT, as after a stack overflow)"
        );
        assert_eq!(why(&shell("exit 101 ", bounds).end, bounds), "panicked");
        assert!(matches!(shell("exit 0  ", bounds).end, End::Exited(status) if status.success()));
    }
}
