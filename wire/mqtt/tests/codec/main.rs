//! The codec from outside: golden packets, laws, and the statements of the standards.

mod golden;
mod laws;
mod strategies;
