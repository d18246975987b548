//! What the engine counts, declared once: name, meaning, field.

use shard_session::DropReason;
use wire_message::Qos;
use wire_mqtt::AckKind;

macro_rules! counters {
    ($($(#[doc = $help:literal])+ $field:ident = $name:literal,)+) => {
        /// Counters of one shard since its start: plain integers, read by message.
        #[derive(Clone, Debug, Default, PartialEq, Eq)]
        pub struct Counters {
            $($(#[doc = $help])+ pub $field: u64,)+
        }

        impl Counters {
            /// Every counter: its name in the field's dotted form, its meaning, its value.
            pub fn iter(&self) -> impl Iterator<Item = (&'static str, &'static str, u64)> {
                [$(($name, concat!($($help),+).trim_ascii_start(), self.$field),)+].into_iter()
            }

            /// Adds another shard's counters to these.
            pub fn add(&mut self, other: &Self) {
                $(self.$field += other.$field;)+
            }
        }
    };
}

counters! {
    /// Bytes of whole packets from clients.
    bytes_received = "bytes.received",
    /// Bytes of packets to clients.
    bytes_sent = "bytes.sent",
    /// Packets from clients.
    packets_received = "packets.received",
    /// Packets to clients.
    packets_sent = "packets.sent",
    /// CONNECT packets.
    packets_connect_received = "packets.connect.received",
    /// CONNACK packets.
    packets_connack_sent = "packets.connack.sent",
    /// CONNACK packets that refused.
    packets_connack_error = "packets.connack.error",
    /// CONNACK packets that refused for bad credentials or missing rights.
    packets_connack_auth_error = "packets.connack.auth_error",
    /// PUBLISH packets from clients.
    packets_publish_received = "packets.publish.received",
    /// PUBLISH packets to clients.
    packets_publish_sent = "packets.publish.sent",
    /// PUBLISH packets from clients with a packet id in use.
    packets_publish_inuse = "packets.publish.inuse",
    /// PUBLISH packets from clients that broke a rule.
    packets_publish_error = "packets.publish.error",
    /// PUBLISH packets from clients without the right to.
    packets_publish_auth_error = "packets.publish.auth_error",
    /// PUBLISH packets from clients above a quota.
    packets_publish_quota_exceeded = "packets.publish.quota_exceeded",
    /// PUBACK packets from clients.
    packets_puback_received = "packets.puback.received",
    /// PUBACK packets to clients.
    packets_puback_sent = "packets.puback.sent",
    /// PUBACK packets from clients for an unknown packet id.
    packets_puback_missed = "packets.puback.missed",
    /// PUBREC packets from clients.
    packets_pubrec_received = "packets.pubrec.received",
    /// PUBREC packets to clients.
    packets_pubrec_sent = "packets.pubrec.sent",
    /// PUBREC packets from clients for an unknown packet id.
    packets_pubrec_missed = "packets.pubrec.missed",
    /// PUBREL packets from clients.
    packets_pubrel_received = "packets.pubrel.received",
    /// PUBREL packets to clients.
    packets_pubrel_sent = "packets.pubrel.sent",
    /// PUBREL packets from clients for an unknown packet id.
    packets_pubrel_missed = "packets.pubrel.missed",
    /// PUBCOMP packets from clients.
    packets_pubcomp_received = "packets.pubcomp.received",
    /// PUBCOMP packets to clients.
    packets_pubcomp_sent = "packets.pubcomp.sent",
    /// PUBCOMP packets from clients for an unknown packet id.
    packets_pubcomp_missed = "packets.pubcomp.missed",
    /// SUBSCRIBE packets.
    packets_subscribe_received = "packets.subscribe.received",
    /// SUBSCRIBE packets with a filter that was refused.
    packets_subscribe_error = "packets.subscribe.error",
    /// SUBSCRIBE packets with a filter the client has no right to.
    packets_subscribe_auth_error = "packets.subscribe.auth_error",
    /// SUBACK packets.
    packets_suback_sent = "packets.suback.sent",
    /// UNSUBSCRIBE packets.
    packets_unsubscribe_received = "packets.unsubscribe.received",
    /// UNSUBSCRIBE packets with a filter that was refused.
    packets_unsubscribe_error = "packets.unsubscribe.error",
    /// UNSUBACK packets.
    packets_unsuback_sent = "packets.unsuback.sent",
    /// PINGREQ packets.
    packets_pingreq_received = "packets.pingreq.received",
    /// PINGRESP packets.
    packets_pingresp_sent = "packets.pingresp.sent",
    /// DISCONNECT packets from clients.
    packets_disconnect_received = "packets.disconnect.received",
    /// DISCONNECT packets to clients.
    packets_disconnect_sent = "packets.disconnect.sent",
    /// AUTH packets from clients.
    packets_auth_received = "packets.auth.received",
    /// Packets that could not be decoded.
    packets_malformed = "packets.malformed",
    /// Messages from clients.
    messages_received = "messages.received",
    /// Messages to clients.
    messages_sent = "messages.sent",
    /// QoS 0 messages from clients.
    messages_qos0_received = "messages.qos0.received",
    /// QoS 0 messages to clients.
    messages_qos0_sent = "messages.qos0.sent",
    /// QoS 1 messages from clients.
    messages_qos1_received = "messages.qos1.received",
    /// QoS 1 messages to clients.
    messages_qos1_sent = "messages.qos1.sent",
    /// QoS 2 messages from clients.
    messages_qos2_received = "messages.qos2.received",
    /// QoS 2 messages to clients.
    messages_qos2_sent = "messages.qos2.sent",
    /// Messages published, by clients and by the broker.
    messages_publish = "messages.publish",
    /// Messages given to another shard, one for each shard.
    messages_forward = "messages.forward",
    /// Messages that nobody got.
    messages_dropped = "messages.dropped",
    /// Messages without a subscriber.
    messages_dropped_no_subscribers = "messages.dropped.no_subscribers",
    /// QoS 2 messages given up because PUBREL did not come.
    messages_dropped_await_pubrel_timeout = "messages.dropped.await_pubrel_timeout",
    /// Messages that expired before anybody got them.
    messages_dropped_expired = "messages.dropped.expired",
    /// Messages of the broker itself that its backlog had no place for.
    messages_dropped_backlog_full = "messages.dropped.backlog_full",
    /// Messages accepted for delayed publication.
    messages_delayed = "messages.delayed",
    /// Deliveries to sessions' clients, first transmissions.
    messages_delivered = "messages.delivered",
    /// Deliveries that the client acknowledged.
    messages_acked = "messages.acked",
    /// Messages retained or replaced.
    messages_retained = "messages.retained",
    /// Messages not retained because a limit was reached.
    messages_retained_dropped = "messages.retained.dropped",
    /// Deliveries dropped, for any reason.
    delivery_dropped = "delivery.dropped",
    /// Deliveries not made because of No Local.
    delivery_dropped_no_local = "delivery.dropped.no_local",
    /// Deliveries larger than the client accepts.
    delivery_dropped_too_large = "delivery.dropped.too_large",
    /// QoS 0 deliveries to absent clients whose sessions do not store them.
    delivery_dropped_qos0_msg = "delivery.dropped.qos0_msg",
    /// Deliveries dropped because the session's queue was full.
    delivery_dropped_queue_full = "delivery.dropped.queue_full",
    /// Deliveries that expired in the session's queue.
    delivery_dropped_expired = "delivery.dropped.expired",
    /// Deliveries lost with a session that ended.
    delivery_dropped_session_ended = "delivery.dropped.session_ended",
    /// Shared deliveries given to another member because the first went away.
    delivery_redispatched = "delivery.redispatched",
    /// Connections accepted.
    client_connect = "client.connect",
    /// Connections refused because of a limit of the listener.
    client_refused = "client.refused",
    /// CONNECTs answered.
    client_connack = "client.connack",
    /// Clients connected.
    client_connected = "client.connected",
    /// Clients disconnected.
    client_disconnected = "client.disconnected",
    /// Clients asked about.
    client_authenticate = "client.authenticate",
    /// Rights asked about.
    client_authorize = "client.authorize",
    /// Subscriptions made.
    client_subscribe = "client.subscribe",
    /// Subscriptions ended by the client.
    client_unsubscribe = "client.unsubscribe",
    /// Clients cut off for silence.
    client_keep_alive_timeout = "client.keep_alive_timeout",
    /// Clients cut off because they took nothing for too long.
    client_send_timeout = "client.send_timeout",
    /// Connections that sent no CONNECT in time.
    client_connect_timeout = "client.connect_timeout",
    /// Times a client was not read because of its rate limit.
    client_throttled = "client.throttled",
    /// Sessions created.
    session_created = "session.created",
    /// Sessions resumed.
    session_resumed = "session.resumed",
    /// Sessions taken over by a new connection.
    session_takenover = "session.takenover",
    /// Sessions thrown away by a clean start.
    session_discarded = "session.discarded",
    /// Sessions ended.
    session_terminated = "session.terminated",
    /// Routes found in the cache.
    route_hits = "route.cache_hit",
    /// Routes asked for.
    route_misses = "route.cache_miss",
    /// Times a publish waited for room in a ring.
    ring_full = "ring.full",
    /// Times a publish waited for the store to catch up.
    store_waits = "store.waits",
    /// Publishes and clients told 0x97 because the store did not catch up.
    store_refused = "store.refused",
    /// Operations handed to the store.
    store_operations = "store.operations",
    /// Batches handed to the store.
    store_batches = "store.batches",
    /// Broken invariants of single sessions, each disconnected with 0x83.
    bugs = "bugs",
}

impl Counters {
    /// Counts an acknowledgement to a client.
    pub(crate) const fn count_ack(&mut self, kind: AckKind) {
        *match kind {
            AckKind::Puback => &mut self.packets_puback_sent,
            AckKind::Pubrec => &mut self.packets_pubrec_sent,
            AckKind::Pubrel => &mut self.packets_pubrel_sent,
            AckKind::Pubcomp => &mut self.packets_pubcomp_sent,
        } += 1;
    }

    /// Counts a PUBLISH to a client, but not as a packet.
    pub(crate) const fn count_publish_sent(&mut self, qos: Qos) {
        self.packets_publish_sent += 1;
        self.messages_sent += 1;
        *match qos {
            Qos::AtMostOnce => &mut self.messages_qos0_sent,
            Qos::AtLeastOnce => &mut self.messages_qos1_sent,
            Qos::ExactlyOnce => &mut self.messages_qos2_sent,
        } += 1;
    }

    /// Counts a delivery that left a queue, or did not enter it, without being sent.
    pub(crate) const fn count_drop(&mut self, reason: DropReason) {
        self.delivery_dropped += 1;
        *match reason {
            DropReason::Expired => &mut self.delivery_dropped_expired,
            DropReason::Full => &mut self.delivery_dropped_queue_full,
            DropReason::Qos0 => &mut self.delivery_dropped_qos0_msg,
        } += 1;
    }
}

/// What there is on one shard now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Gauges {
    /// Connections, from accept on.
    pub connections: u64,
    /// Clients connected.
    pub live_connections: u64,
    /// Sessions, with and without a client.
    pub sessions: u64,
    /// Subscriptions, shared ones included.
    pub subscriptions: u64,
    /// Shared subscriptions.
    pub subscriptions_shared: u64,
    /// Distinct filters with a session here.
    pub topics: u64,
    /// Retained messages held here.
    pub retained: u64,
    /// Delayed messages waiting here.
    pub delayed: u64,
    /// Topics with a remembered route.
    pub routes_cached: u64,
    /// Messages in queues.
    pub queued_messages: u64,
}

impl Gauges {
    /// Every gauge: its name in the field's form, its meaning, its value.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, &'static str, u64)> {
        [
            (
                "connections.count",
                "Connections, from accept on",
                self.connections,
            ),
            (
                "live_connections.count",
                "Clients connected",
                self.live_connections,
            ),
            (
                "sessions.count",
                "Sessions, with and without a client",
                self.sessions,
            ),
            (
                "subscriptions.count",
                "Subscriptions, shared ones included",
                self.subscriptions,
            ),
            (
                "subscriptions.shared.count",
                "Shared subscriptions",
                self.subscriptions_shared,
            ),
            (
                "topics.count",
                "Distinct filters with a session",
                self.topics,
            ),
            ("retained.count", "Retained messages", self.retained),
            ("delayed.count", "Delayed messages waiting", self.delayed),
            (
                "routes.count",
                "Topics with a remembered route",
                self.routes_cached,
            ),
            (
                "queued_messages.count",
                "Messages in sessions' queues",
                self.queued_messages,
            ),
        ]
        .into_iter()
    }

    /// Adds another shard's gauges to these.
    pub fn add(&mut self, other: &Self) {
        self.connections += other.connections;
        self.live_connections += other.live_connections;
        self.sessions += other.sessions;
        self.subscriptions += other.subscriptions;
        self.subscriptions_shared += other.subscriptions_shared;
        self.topics += other.topics;
        self.retained += other.retained;
        self.delayed += other.delayed;
        self.routes_cached += other.routes_cached;
        self.queued_messages += other.queued_messages;
    }
}
