//! The checker against a model, and what it makes of single faults.
