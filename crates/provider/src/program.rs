//! Runs a program: bytes in, bytes out, killed at its deadline together with its children.
//!
//! In: argument vector, environment, what it reads from its standard input, a deadline and the most
//! bytes that are read. Out: what it wrote, how it ended and when. No shell is involved. The program
//! leads a process group of its own, which is killed as a whole when the program has ended, when its
//! time is over, when it writes too much and when the waiting future is dropped. A child that moves
//! into a session of its own escapes that. On systems without process groups only the program itself
//! is killed.

use std::ffi::OsString;
use std::path::Path;
use std::process::{ExitStatus, Stdio};

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::{Child, Command};
use tokio::time::{Instant, timeout_at};

/// Most bytes of standard error that are kept: the last ones.
const MAX_COMPLAINT: usize = 4 << 10;
const PIECE: usize = 16 << 10;

/// A program to be run once.
#[derive(Debug)]
pub struct Program<'a> {
    /// The program and its arguments.
    pub argv: &'a [String],
    /// All that its environment holds; `None` = ours.
    pub env: Option<&'a [(String, OsString)]>,
    /// Where it runs; `None` = where we do.
    pub folder: Option<&'a Path>,
    /// What it reads.
    pub stdin: &'a [u8],
    /// When it must have ended.
    pub deadline: Instant,
    /// Most bytes of standard output that are read.
    pub max_output: usize,
}

/// A program that ended in time.
#[derive(Debug)]
pub struct Ended {
    /// How.
    pub status: ExitStatus,
    /// What it wrote.
    pub stdout: Vec<u8>,
    /// The end of what it complained about, at most 4 KiB.
    pub stderr: Vec<u8>,
    /// When it was started.
    pub started: Instant,
    /// When the first byte of its output came; `None` = it wrote none.
    pub first_byte: Option<Instant>,
    /// When it had ended and all its output had been read.
    pub ended: Instant,
}

/// Why a program brought nothing.
#[derive(Debug, thiserror::Error)]
pub enum ProgramError {
    /// It could not be started.
    #[error("start `{program}`: {source}")]
    Start {
        /// Its name.
        program: String,
        /// What the system says.
        source: std::io::Error,
    },
    /// The pipes to it broke.
    #[error("talk to `{program}`: {source}")]
    Pipe {
        /// Its name.
        program: String,
        /// What the system says.
        source: std::io::Error,
    },
    /// It had not ended by its deadline and was killed.
    #[error("`{program}` had not ended by its deadline and was killed with its children")]
    Deadline {
        /// Its name.
        program: String,
    },
    /// It wrote more than is read and was killed.
    #[error("`{program}` wrote more than {max_output} bytes and was killed")]
    TooLarge {
        /// Its name.
        program: String,
        /// The limit.
        max_output: usize,
    },
}

/// Runs a program to its end.
///
/// # Errors
/// [`ProgramError`]; a status other than 0 is none.
pub async fn run_program(program: &Program<'_>) -> Result<Ended, ProgramError> {
    let (name, arguments) = match program.argv.split_first() {
        Some((name, arguments)) => (name.clone(), arguments),
        None => {
            return Err(ProgramError::Start {
                program: String::new(),
                source: std::io::Error::from(std::io::ErrorKind::InvalidInput),
            });
        }
    };
    let started = Instant::now();
    let child = command(&name, arguments, program).spawn();
    let child = child.map_err(|source| ProgramError::Start {
        program: name.clone(),
        source,
    })?;
    let group = Group::of(&child);
    let talked = timeout_at(program.deadline, converse(child, program, &group)).await;
    drop(group);
    match talked {
        Err(_) => Err(ProgramError::Deadline { program: name }),
        Ok(Err(source)) => Err(ProgramError::Pipe {
            program: name,
            source,
        }),
        Ok(Ok(None)) => Err(ProgramError::TooLarge {
            program: name,
            max_output: program.max_output,
        }),
        Ok(Ok(Some(said))) => Ok(Ended {
            status: said.status,
            stdout: said.stdout,
            stderr: said.stderr,
            started,
            first_byte: said.first_byte,
            ended: Instant::now(),
        }),
    }
}

fn command(name: &str, arguments: &[String], program: &Program<'_>) -> Command {
    let mut command = Command::new(name);
    command
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    #[cfg(unix)]
    command.process_group(0);
    if let Some(env) = program.env {
        command.env_clear();
        command.envs(env.iter().map(|(name, value)| (name, value)));
    }
    if let Some(folder) = program.folder {
        command.current_dir(folder);
    }
    command
}

struct Said {
    status: ExitStatus,
    stdout: Vec<u8>,
    stderr: Vec<u8>,
    first_byte: Option<Instant>,
}

/// Writes, reads and waits at once; `None` = it wrote too much.
async fn converse(
    mut child: Child,
    program: &Program<'_>,
    group: &Group,
) -> std::io::Result<Option<Said>> {
    let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let write = async {
        if let Some(mut pipe) = stdin {
            // A program that does not read its input is not at fault for that.
            let _ = pipe.write_all(program.stdin).await;
            let _ = pipe.shutdown().await;
        }
    };
    let wait = async {
        let status = child.wait().await;
        // A child of it that still holds the pipes would keep them open.
        group.kill();
        status
    };
    let output = async {
        let read = read_output(stdout, program.max_output).await;
        if read.as_ref().is_ok_and(|(_, _, is_whole)| !is_whole) {
            group.kill();
        }
        read
    };
    let ((), output, stderr, status) = tokio::join!(write, output, read_complaint(stderr), wait);
    let (stdout, first_byte, is_whole) = output?;
    Ok(is_whole.then_some(Said {
        status: status?,
        stdout,
        stderr,
        first_byte,
    }))
}

/// Reads at most so many bytes, and says whether that was all.
async fn read_output(
    pipe: Option<impl AsyncRead + Unpin>,
    max_output: usize,
) -> std::io::Result<(Vec<u8>, Option<Instant>, bool)> {
    let (mut bytes, mut first_byte) = (Vec::new(), None);
    let Some(mut pipe) = pipe else {
        return Ok((bytes, first_byte, true));
    };
    let mut piece = vec![0; PIECE];
    loop {
        let n = pipe.read(&mut piece).await?;
        if n == 0 {
            return Ok((bytes, first_byte, true));
        }
        first_byte.get_or_insert_with(Instant::now);
        let new = piece.get(..n).unwrap_or_default();
        if bytes.len() + new.len() > max_output {
            return Ok((bytes, first_byte, false));
        }
        bytes.extend_from_slice(new);
    }
}

/// Reads to the end and keeps the last bytes.
async fn read_complaint(pipe: Option<impl AsyncRead + Unpin>) -> Vec<u8> {
    let mut bytes = Vec::new();
    let Some(mut pipe) = pipe else {
        return bytes;
    };
    let mut piece = vec![0; PIECE];
    while let Ok(n @ 1..) = pipe.read(&mut piece).await {
        bytes.extend_from_slice(piece.get(..n).unwrap_or_default());
        let n_spare = bytes.len().saturating_sub(MAX_COMPLAINT);
        bytes.drain(..n_spare);
    }
    bytes
}

/// The processes that a program leads; killed when this is dropped.
struct Group {
    #[cfg(unix)]
    leader: Option<rustix::process::Pid>,
}

impl Group {
    #[cfg(unix)]
    fn of(child: &Child) -> Self {
        let leader = child
            .id()
            .and_then(|id| i32::try_from(id).ok())
            .and_then(rustix::process::Pid::from_raw);
        Self { leader }
    }

    #[cfg(not(unix))]
    fn of(_: &Child) -> Self {
        Self {}
    }

    fn kill(&self) {
        #[cfg(unix)]
        if let Some(leader) = self.leader {
            // It is an error that nobody is left.
            let _ = rustix::process::kill_process_group(leader, rustix::process::Signal::KILL);
        }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.kill();
    }
}

#[cfg(all(test, unix))]
mod tests;
