//! `api`: the control endpoint.

use crate::field::section;
use crate::value::Bind;

section! {
    /// The HTTP endpoint for operators.
    pub struct ApiConfig {
        /// Whether the endpoint is served.
        enable: bool = "true",
        /// Where it listens. There is no access control: whoever reaches it can read figures and
        /// change the log level.
        bind: Bind = "127.0.0.1:18083",
    }
}
