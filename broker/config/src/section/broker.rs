//! `broker`: routing.

use std::collections::BTreeMap;

use crate::field::section;
use crate::value::SharedStrategy;

section! {
    /// Routing and shared subscriptions.
    pub struct BrokerConfig {
        /// How `$share` groups choose a member.
        shared_subscription_strategy: SharedStrategy = "round_robin",
        /// Groups with a strategy of their own.
        shared_subscription_group: BTreeMap<String, SharedGroupConfig>,
        /// Topics whose routes each shard remembers.
        route_cache_size: u32 = "65536"; in "1024..16777216",
    }
}

section! {
    /// One group of shared subscribers.
    pub struct SharedGroupConfig {
        /// How this group chooses a member.
        strategy: SharedStrategy = "round_robin",
    }
}
