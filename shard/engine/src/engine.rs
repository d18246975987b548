//! One shard of the broker: the tables and the entry points.
