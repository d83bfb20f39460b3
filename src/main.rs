//! The program: one binary for the server, the worker, the command line and the simulator.

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    consign::cli::exit_code(consign::cli::main(std::env::args_os()))
}
