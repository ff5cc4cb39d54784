//! `serve SCENARIO [ADDRESS [LOG]]`: serves a scenario until standard input closes.
//!
//! Prints the base address on one line when it listens. Its use is in the tests with the vendors'
//! official packages (`sdk-tests/run.py`) and in measurements.

use std::path::Path;

use tokio::io::AsyncReadExt as _;
use trilemma_sim::{Scenario, Sim, SimOptions};

#[expect(clippy::print_stdout, reason = "the address is this program's output")]
#[tokio::main(worker_threads = 2)]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let path = args.next().ok_or("usage: serve SCENARIO [ADDRESS [LOG]]")?;
    let address = args.next().unwrap_or_else(|| "127.0.0.1:0".to_owned());
    let scenario = Scenario::parse(&fs_err::read_to_string(path.clone())?)?;
    let folder = Path::new(&path).parent().unwrap_or(Path::new("."));
    let mut options = SimOptions::load(scenario, folder)?;
    options.log.in_memory = false;
    options.log.file = args.next().map(Into::into);
    let sim = Sim::with_options(options)?;
    sim.warm();
    let listener = tokio::net::TcpListener::bind(address).await?;
    println!("http://{}", listener.local_addr()?);
    let closed = async {
        let mut rest = Vec::new();
        let _ended = tokio::io::stdin().read_to_end(&mut rest).await;
    };
    sim.serve(listener, closed).await;
    Ok(())
}
