//! Checks of the tree that the compiler does not make.
//!
//! `cargo xtask tidy` looks at layers, names, sizes and words; `cargo xtask spec` compares the
//! conformance tables with the code and the tests. Both also run as tests of this crate, so that
//! `cargo test` is enough. Nothing here is part of the broker, and nothing of the broker is used
//! here: the tree is read as text.
//!
//! Start with [`tree::Tree`], then [`tidy::RULES`]: each rule is one file with its own tests.
#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command that reads the tree and prints what it found"
)]

mod finding;
mod manifest;
mod rust_source;
mod spec;
mod tidy;
mod tree;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::tree::Tree;

/// Checks of the tree that the compiler does not make.
#[derive(Parser)]
#[command(name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Check layers, names, sizes, documents and words.
    Tidy,
    /// Check the conformance tables against code and tests.
    Spec {
        /// Also write broker/docs/conformance/README.md.
        #[arg(long)]
        write: bool,
    },
}

fn main() -> anyhow::Result<ExitCode> {
    let tree = Tree::read(&tree::root())?;
    let findings = match Arguments::parse().command {
        Command::Tidy => tidy::check(&tree),
        Command::Spec { write } => spec::run(&tree, write)?,
    };
    if findings.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    eprintln!("{}", finding::lines(&findings));
    eprintln!("{} findings", findings.len());
    Ok(ExitCode::FAILURE)
}
