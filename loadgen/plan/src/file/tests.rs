//! Scenario files are read, and wrong ones refused with a hint.
