//! Packets byte by byte, from the examples of the standards.
