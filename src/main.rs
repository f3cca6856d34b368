//! The program: hands arguments and streams to the command line, and its exit code to the system.

use std::io::{self, BufWriter, IsTerminal as _};
use std::process::ExitCode;

use camino::Utf8PathBuf;
use steadfast::cli::{World, run, utc};

/// The allocator of musl lets one thread in at a time.
#[cfg(target_env = "musl")]
#[global_allocator]
static MEMORY: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let folder = std::env::current_dir().ok().and_then(|folder| Utf8PathBuf::from_path_buf(folder).ok());
    let (terminal, err_terminal) = (io::stdout().is_terminal(), io::stderr().is_terminal());
    let mut world = World {
        out: &mut BufWriter::with_capacity(1 << 16, io::stdout().lock()),
        err: &mut io::stderr(),
        input: &mut io::stdin().lock(),
        env: &|name| std::env::var(name).ok(),
        folder: folder.unwrap_or_else(|| Utf8PathBuf::from(".")),
        terminal,
        err_terminal,
        now: utc(jiff::Timestamp::now()),
    };
    ExitCode::from(run(std::env::args_os(), &mut world))
}
