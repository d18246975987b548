//! Laws of keys, records and writes.

mod golden;
mod keys;
mod records;
mod strategies;
mod writes;
