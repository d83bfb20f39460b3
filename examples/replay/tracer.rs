//! Kills a process at the N-th of its system calls that have an effect, counted over all its threads
//! from the moment it is followed: what `kill -9` can fall between.
//!
//! Only calls that others can see are counted – writes to files and sockets, and what makes them
//! durable – because a process that dies before any other call leaves the world as if it had died
//! before the next one of these. The tracer is a process of its own, so that the one that started
//! the victim still learns how it ended. It needs root, or `kernel.yama.ptrace_scope` = 0.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::Context;
use nix::errno::Errno;
use nix::libc;
use nix::sys::ptrace::{self, Options};
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;
use serde::{Deserialize, Serialize};
use tokio::process::{Child, Command};

/// The first argument that makes this program behave as the tracer.
pub const AS_TRACER: &str = "as-tracer";

/// What the tracer saw.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Seen {
    /// How many calls with an effect there were.
    pub calls: u64,
    /// The call that was not let through; none if the process ended otherwise.
    pub killed_at: Option<Call>,
}

/// A system call.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Call {
    /// Its name.
    pub name: String,
    /// What it was made on: a path, or a socket's two addresses.
    pub on: On,
}

/// What a system call is made on.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum On {
    /// A file.
    File(PathBuf),
    /// A connection, by its ports.
    Socket {
        /// Ours.
        local: u16,
        /// The other side's.
        remote: u16,
    },
    /// A socket that is no connection.
    Other,
}

/// Follows `pid` and kills it at call number `target`; the child says on its output what it saw.
pub fn follow(pid: u32, target: u64) -> anyhow::Result<Child> {
    let mut command = Command::new(std::env::current_exe()?);
    command.args([AS_TRACER, &pid.to_string(), &target.to_string()]);
    command.kill_on_drop(false).stdin(Stdio::null()).stdout(Stdio::piped()).spawn().context("no tracer")
}

/// What a tracer saw; returns when the process it followed has ended.
pub async fn seen(tracer: Child) -> anyhow::Result<Seen> {
    let output = tracer.wait_with_output().await?;
    anyhow::ensure!(output.status.success(), "the tracer failed: may this user trace processes?");
    Ok(serde_json::from_slice(&output.stdout)?)
}

/// The tracer's own main function: `PID TARGET`.
pub fn main(arguments: impl Iterator<Item = String>) -> anyhow::Result<()> {
    let numbers: Vec<u64> = arguments.map(|it| it.parse()).collect::<Result<_, _>>()?;
    let [pid, target] = numbers[..] else { anyhow::bail!("a process and a number, please") };
    let pid = Pid::from_raw(i32::try_from(pid)?);
    let seen = trace(pid, target)?;
    println!("{}", serde_json::to_string(&seen)?);
    Ok(())
}

fn trace(pid: Pid, target: u64) -> anyhow::Result<Seen> {
    seize(pid)?;
    let mut seen = Seen::default();
    loop {
        match waitpid(Pid::from_raw(-1), Some(WaitPidFlag::__WALL)) {
            Err(Errno::ECHILD) => return Ok(seen),
            Err(Errno::EINTR | Errno::EINVAL) => {}
            Err(error) => return Err(error.into()),
            Ok(WaitStatus::PtraceSyscall(thread)) => {
                if let Some((name, file)) = effect(pid, thread) {
                    seen.calls += 1;
                    if seen.calls == target {
                        seen.killed_at = Some(Call { name: name.to_owned(), on: on(pid, file) });
                        kill(pid, Signal::SIGKILL)?;
                        continue;
                    }
                }
                go_on(thread, None)?;
            }
            Ok(WaitStatus::PtraceEvent(thread, ..)) => go_on(thread, None)?,
            Ok(WaitStatus::Stopped(thread, signal)) => go_on(thread, Some(signal))?,
            Ok(_) => {}
        }
    }
}

/// Takes hold of every thread; those that come later are held from their beginning.
fn seize(pid: Pid) -> anyhow::Result<()> {
    let options = Options::PTRACE_O_TRACESYSGOOD | Options::PTRACE_O_TRACECLONE;
    let mut held = std::collections::BTreeSet::new();
    loop {
        let before = held.len();
        for entry in std::fs::read_dir(format!("/proc/{pid}/task"))? {
            let Some(thread) = entry?.file_name().to_str().and_then(|name| name.parse().ok()) else { continue };
            if !held.insert(thread) {
                continue;
            }
            match ptrace::seize(Pid::from_raw(thread), options) {
                Ok(()) => stop(Pid::from_raw(thread))?,
                // Gone already, or held because the thread that made it was.
                Err(Errno::ESRCH | Errno::EPERM) if thread != pid.as_raw() => {}
                Err(error) => return Err(error).context("the process cannot be traced"),
            }
        }
        if held.len() == before {
            return Ok(());
        }
    }
}

fn stop(thread: Pid) -> anyhow::Result<()> {
    match ptrace::interrupt(thread) {
        // It has ended meanwhile.
        Ok(()) | Err(Errno::ESRCH) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

fn go_on(thread: Pid, signal: Option<Signal>) -> anyhow::Result<()> {
    match ptrace::syscall(thread, signal) {
        // It was killed meanwhile.
        Ok(()) | Err(Errno::ESRCH) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// The call a thread is about to make, and the file it makes it on, if others can see it.
fn effect(pid: Pid, thread: Pid) -> Option<(&'static str, PathBuf)> {
    let (number, descriptor) = entered(thread)?;
    let name = name(number)?;
    let file = std::fs::read_link(format!("/proc/{pid}/fd/{descriptor}")).ok()?;
    // Threads wake each other through pipes and event files, which die with the process.
    (file.is_absolute() || inode(&file).is_some()).then_some((name, file))
}

/// The number and the first argument of the call that `thread` enters; none if it comes out of one.
#[cfg(target_arch = "x86_64")]
fn entered(thread: Pid) -> Option<(i64, u64)> {
    let registers = ptrace::getregs(thread).ok()?;
    // What a call answers until it is made.
    let enters = registers.rax.cast_signed() == -i64::from(libc::ENOSYS);
    enters.then_some((registers.orig_rax.cast_signed(), registers.rdi))
}

/// The number and the first argument of the call that `thread` enters; none if it comes out of one.
#[cfg(target_arch = "aarch64")]
fn entered(thread: Pid) -> Option<(i64, u64)> {
    let registers = ptrace::getregs(thread).ok()?;
    // Linux says so in this register: see ptrace(2).
    let enters = registers.regs[7] == 0;
    enters.then_some((registers.regs[8].cast_signed(), registers.regs[0]))
}

fn name(number: i64) -> Option<&'static str> {
    Some(match number {
        libc::SYS_write => "write",
        libc::SYS_pwrite64 => "pwrite64",
        libc::SYS_writev => "writev",
        libc::SYS_pwritev => "pwritev",
        libc::SYS_sendto => "sendto",
        libc::SYS_sendmsg => "sendmsg",
        libc::SYS_fsync => "fsync",
        libc::SYS_fdatasync => "fdatasync",
        libc::SYS_ftruncate => "ftruncate",
        _ => return None,
    })
}

fn on(pid: Pid, file: PathBuf) -> On {
    let Some(inode) = inode(&file) else { return On::File(file) };
    ports(pid).remove(inode).map_or(On::Other, |(local, remote)| On::Socket { local, remote })
}

/// The inode of what is a socket.
fn inode(file: &Path) -> Option<&str> {
    file.to_str()?.strip_prefix("socket:[")?.strip_suffix(']')
}

/// The ports of all TCP connections, by inode.
fn ports(pid: Pid) -> BTreeMap<String, (u16, u16)> {
    let table = ["tcp", "tcp6"].map(|it| std::fs::read_to_string(format!("/proc/{pid}/net/{it}")).unwrap_or_default());
    let port = |address: &str| u16::from_str_radix(address.rsplit(':').next()?, 16).ok();
    let line = |line: &str| {
        let words: Vec<&str> = line.split_whitespace().collect();
        Some((words.get(9)?.to_string(), (port(words.get(1)?)?, port(words.get(2)?)?)))
    };
    table.iter().flat_map(|text| text.lines().skip(1)).filter_map(line).collect()
}
