//! Judgments.
