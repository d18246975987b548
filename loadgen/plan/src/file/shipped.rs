//! The scenario files that come with the load generator.

/// Name and text of each, in order of the names; the name is that of the file without its ending.
pub const SHIPPED: [(&str, &str); 6] = [
    (
        "fan-in-50k-to-500",
        include_str!("../../../scenarios/fan-in-50k-to-500.toml"),
    ),
    (
        "fan-out-5-to-1000",
        include_str!("../../../scenarios/fan-out-5-to-1000.toml"),
    ),
    ("idle-1m", include_str!("../../../scenarios/idle-1m.toml")),
    (
        "iot-fleet",
        include_str!("../../../scenarios/iot-fleet.toml"),
    ),
    (
        "p2p-50k-to-50k",
        include_str!("../../../scenarios/p2p-50k-to-50k.toml"),
    ),
    (
        "persistent-sessions",
        include_str!("../../../scenarios/persistent-sessions.toml"),
    ),
];
