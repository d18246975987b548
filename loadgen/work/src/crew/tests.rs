//! Whole crews against a small broker in memory.
