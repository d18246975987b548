# What the scripts share; to be sourced: where things are, how to speak, how to fail.
# shellcheck shell=bash

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
SCRIPT=$(basename -- "$0")

# Rust may be installed for this user without being on the path of a plain shell.
PATH="$PATH:${CARGO_HOME:-$HOME/.cargo}/bin"

# Build output: outside the checkout if the caller says so.
CARGO_TARGET_DIR=${SKEIN_TARGET_DIR:-${CARGO_TARGET_DIR:-$ROOT/target}}

# Tools of the tests (Python and JavaScript packages): never in the checkout.
TOOLS=${XDG_CACHE_HOME:-$HOME/.cache}/skein/tools

export ROOT PATH CARGO_TARGET_DIR TOOLS

# Where RocksDB is, compiled by `setup` once for all profiles, targets and checkouts.
rocksdb_folder() {
    local version
    version=$(sed -n '/^name = "librocksdb-sys"$/{n;s/^version = "\(.*\)"$/\1/p}' "$ROOT/Cargo.lock")
    printf '%s\n' "$TOOLS/rocksdb/$version"
}

# Has builds link that, unless it is not there or the caller has another one.
link_rocksdb() {
    local folder
    folder=$(rocksdb_folder)
    if [ -z "${ROCKSDB_LIB_DIR:-}" ] && [ -f "$folder/librocksdb.a" ]; then
        export ROCKSDB_LIB_DIR=$folder ROCKSDB_STATIC=1
    fi
}

say() {
    printf '%s: %s\n' "$SCRIPT" "$*"
}

fail() {
    printf '%s: %s\n' "$SCRIPT" "$*" >&2
    exit 1
}

has() {
    command -v "$1" >/dev/null 2>&1
}

link_rocksdb
