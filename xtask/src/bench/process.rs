//! What did a process and all that it started take?

use std::collections::HashMap;
use std::fs;
use std::io;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// What a process took.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Cost {
    /// Seconds of all processors together, with those of every process that it waited for.
    pub(super) cpu: f64,
    /// Seconds on the clock, which on a busy machine says little.
    pub(super) wall: f64,
    /// MiB of the largest of its processes; 0 where the system does not tell.
    pub(super) peak: f64,
}

/// Runs a command to its end, in silence.
pub(super) fn measure(command: &mut Command) -> io::Result<Cost> {
    let before = children()?;
    let begun = Instant::now();
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn()?;
    let id = child.id();
    let over = AtomicBool::new(false);
    let (output, peak) = std::thread::scope(|scope| {
        let peak = scope.spawn(|| {
            let mut most = 0.0_f64;
            while !over.load(Ordering::Relaxed) {
                most = most.max(largest(id));
                std::thread::sleep(Duration::from_millis(10));
            }
            most
        });
        let mut said = Vec::new();
        let read = child.stderr.take().map_or(Ok(0), |mut stream| io::Read::read_to_end(&mut stream, &mut said));
        let status = child.wait();
        over.store(true, Ordering::Relaxed);
        (read.and(status).map(|status| (status, said)), peak.join().unwrap_or_default())
    });
    let (status, said) = output?;
    if !status.success() {
        let said = String::from_utf8_lossy(&said);
        let last: Vec<&str> = said.lines().rev().take(12).collect();
        let last: Vec<&str> = last.into_iter().rev().collect();
        return Err(io::Error::other(format!("{command:?} failed:\n{}", last.join("\n"))));
    }
    Ok(Cost { cpu: children()? - before, wall: begun.elapsed().as_secs_f64(), peak })
}

/// The middle one by CPU of several runs.
pub(super) fn median(runs: usize, mut run: impl FnMut() -> io::Result<Cost>) -> io::Result<Cost> {
    (0..runs.max(1)).map(|_| run()).collect::<io::Result<Vec<_>>>().map(middle)
}

/// The middle one of several costs, by CPU; of none, nothing.
pub(super) fn middle(mut costs: Vec<Cost>) -> Cost {
    costs.sort_by(|a, b| a.cpu.total_cmp(&b.cpu));
    costs.get(costs.len() / 2).copied().unwrap_or_default()
}

/// Seconds of CPU of all children that have been waited for, from `proc_pid_stat(5)`, fields 16 and 17.
fn children() -> io::Result<f64> {
    let stat = fs::read_to_string("/proc/self/stat")?;
    // The second field is a name that may hold blanks.
    let fields: Vec<&str> = stat.rsplit_once(')').map_or("", |(_, rest)| rest).split_whitespace().collect();
    let ticks = |at: usize| fields.get(at).and_then(|field| field.parse::<u32>().ok()).map_or(0.0, f64::from);
    // A hundred ticks are a second on every Linux that matters (USER_HZ).
    Ok((ticks(13) + ticks(14)) / 100.0)
}

/// The most memory that any of a process and its descendants ever had, in MiB.
fn largest(process: u32) -> f64 {
    let mut parents: HashMap<u32, u32> = HashMap::new();
    for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
        let Some(id) = entry.file_name().to_str().and_then(|name| name.parse().ok()) else { continue };
        let Ok(stat) = fs::read_to_string(entry.path().join("stat")) else { continue };
        let parent = stat.rsplit_once(')').and_then(|(_, rest)| rest.split_whitespace().nth(1)?.parse().ok());
        parents.insert(id, parent.unwrap_or_default());
    }
    let descends = |mut id: u32| {
        for _ in 0..16 {
            if id == process {
                return true;
            }
            match parents.get(&id) {
                Some(parent) => id = *parent,
                None => return false,
            }
        }
        false
    };
    parents
        .keys()
        .filter(|id| descends(**id))
        .filter_map(|id| crate::corpus::one::peak(&id.to_string()))
        .filter_map(|bytes| u32::try_from(bytes / 1024).ok())
        .map(|kib| f64::from(kib) / 1024.0)
        .fold(0.0, f64::max)
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn the_work_of_a_grandchild_counts() {
        let script = "sh -c 'i=0; while [ $i -lt 60000 ]; do i=$((i+1)); done'; true";
        let cost = measure(Command::new("sh").args(["-c", script])).expect("sh runs");
        assert!(cost.cpu > 0.0 && cost.peak > 0.0, "{cost:?}");
        assert!(measure(Command::new("sh").args(["-c", "exit 3"])).is_err());
    }
}
