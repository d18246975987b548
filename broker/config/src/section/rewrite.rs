//! `rewrite`: other topics in place of those that clients name.

use crate::field::section;
use crate::value::RewriteAction;

section! {
    /// One rule.
    pub struct RewriteConfig {
        /// What the rule applies to.
        action: RewriteAction = "all",
        /// Topic filter that a topic must match. Required.
        source_topic: String = "",
        /// Regular expression that the topic must match; its groups are `$1` and on. Required.
        re: String = "",
        /// The new topic, with `$1` and on, `${clientid}` and `${username}`. Required.
        dest_topic: String = "",
    }
}
