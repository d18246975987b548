//! The store around the shards: opened and read before they turn, closed after they have ended.

mod figures;
mod opening;
mod port_end;
mod restore;
mod restored;
mod settings;
mod wake;

pub(crate) use figures::SharedStore;
pub use figures::{GroupLatency, StoreFigures, StoreSpace, StoreWatch};
pub(crate) use opening::{OpenStore, open};
pub(crate) use port_end::PortEnd;
pub(crate) use restore::restore;
pub use settings::StoreSettings;
pub(crate) use wake::ShardWake;
