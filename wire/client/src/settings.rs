//! How a client behaves where the standard leaves a choice.

/// Who acknowledges what the broker delivers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Acknowledge {
    /// The client, at once.
    #[default]
    AtOnce,
    /// The caller, by [`Client::acknowledge`](crate::Client::acknowledge).
    ByCaller,
}

/// Choices that last for the client's life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Who acknowledges deliveries of QoS 1 and 2.
    pub acknowledge: Acknowledge,
    /// Messages of QoS 1 and 2 on their way to the broker at once, if the broker does not allow
    /// fewer; more are refused with [`VerbError::WindowFull`](crate::VerbError).
    pub inflight_max: u16,
    /// Topics that get an alias, first come, first served, if the broker does not allow fewer.
    pub aliases_max: u16,
}

impl Default for Settings {
    /// Acknowledges at once, no limit but the broker's, no aliases.
    fn default() -> Self {
        Self {
            acknowledge: Acknowledge::AtOnce,
            inflight_max: u16::MAX,
            aliases_max: 0,
        }
    }
}
