//! `auto_subscribe`: subscriptions that every client gets.

use crate::field::section;

section! {
    /// Subscriptions made for every client when it connects.
    pub struct AutoSubscribeConfig {
        /// The subscriptions, 30 at the most.
        topics: Vec<AutoSubscribeTopic>,
    }
}

section! {
    /// One such subscription.
    pub struct AutoSubscribeTopic {
        /// Topic filter; `${clientid}`, `${username}`, `${host}` and `${port}` are replaced. Required.
        topic: String = "",
        /// Granted quality of service.
        qos: u8 = "0"; in "0..2",
        /// Retain Handling: 0 sends retained messages, 1 only if the subscription is new, 2 never.
        rh: u8 = "0"; in "0..2",
        /// Retain As Published: 1 keeps the retain flag as published.
        rap: u8 = "0"; in "0..1",
        /// No Local: 1 keeps the client's own messages from it.
        nl: u8 = "0"; in "0..1",
    }
}
