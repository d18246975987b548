# The vocabulary of daily work. Continuous integration runs the same commands through scripts/test.

# List the recipes
default:
    @just --list --unsorted

# Everything that only reads: format, lints, layers and names, conformance, documentation
check:
    scripts/test format scripts tidy lint docs

# Write what can be written: format, suggestions of clippy, the conformance page
fix:
    cargo clippy --workspace --all-targets --fix --allow-dirty --allow-staged
    cargo fmt --all
    cargo xtask spec --write

# Unit, property and replay tests
test:
    scripts/test unit examples

# The simulator: many seeds, or the one given
sim seed="":
    {{ if seed == "" { "" } else { "SIM_SEED=" + seed } }} scripts/test simulation

# Fuzz a target of wire/mqtt, shard/topics or shard/engine (needs cargo-fuzz and a nightly toolchain)
fuzz crate target seconds="60":
    cd {{ crate }} && cargo +nightly fuzz run {{ target }} -- -max_total_time={{ seconds }}

# Instructions, allocations, system calls and memory against their baseline; or some: `just bench --only bytes`
bench *arguments:
    cargo run --package perf -- gate {{ arguments }}

# The conformance tables
spec:
    cargo xtask spec

# The real binary with other people's clients
e2e:
    scripts/test end_to_end

# The broker with its defaults
run *arguments:
    scripts/run {{ arguments }}

# Everything
ci:
    scripts/test
