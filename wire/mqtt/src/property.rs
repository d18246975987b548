//! Properties: what there is, who may carry it, and the parts that several packets share.

mod id;
pub(crate) mod put;
mod reason;
mod subscription_ids;
mod user;
mod walk;

pub(crate) use id::{Carrier, PropertyId};
pub use reason::ReasonProperties;
pub use subscription_ids::{SubscriptionIds, SubscriptionIdsIter};
pub use user::{UserProperties, UserPropertiesIter};
pub(crate) use walk::{Value, Walk, decode};

/// What a publisher says about its payload.
///
/// # Specification
///
/// MQTT 5.0 section 3.3.2.3.2.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum PayloadFormat {
    /// Unspecified bytes.
    #[default]
    Bytes = 0,
    /// UTF-8 text.
    Text = 1,
}
