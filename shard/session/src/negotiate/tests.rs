//! The matrix of CONNECT.
