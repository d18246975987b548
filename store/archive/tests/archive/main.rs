//! Archives, cut and changed everywhere, and records under other numbers.

mod everywhere;
mod golden;
mod numbers;
mod record;
