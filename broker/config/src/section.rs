//! The sections of the configuration, one file each: every key, its default and its range.

mod api;
mod auto_subscribe;
mod broker;
mod delayed;
mod listener;
mod log;
mod mqtt;
mod node;
mod retainer;
mod rewrite;
mod shutdown;
mod store;
mod sys_topics;
mod tcp_options;

pub use api::ApiConfig;
pub use auto_subscribe::{AutoSubscribeConfig, AutoSubscribeTopic};
pub use broker::{BrokerConfig, SharedGroupConfig};
pub use delayed::DelayedConfig;
pub use listener::{ListenerConfig, ListenersConfig};
pub use log::LogConfig;
pub use mqtt::MqttConfig;
pub use node::NodeConfig;
pub use retainer::RetainerConfig;
pub use rewrite::RewriteConfig;
pub use shutdown::ShutdownConfig;
pub use store::StoreConfig;
pub use sys_topics::{SysEventsConfig, SysTopicsConfig};
pub use tcp_options::TcpOptionsConfig;
