"""Where Mosquitto 2.0.11 behaves otherwise than this suite asks, for the differential run (see README.md)."""

NO_REASON = "closes a 5.0 connection without DISCONNECT"
COARSE = "looks for silent clients every five seconds, and ends them without DISCONNECT"
OWN_SIZE = "counts packet sizes in another way than from the first byte of the fixed header"

# (file, start of the test's name) -> why it differs. A test named here must fail against Mosquitto.
MOSQUITTO = {
    ("test_connect", "test_second_connect_is_a_protocol_error[v5]"): NO_REASON,
    ("test_keepalive", "test_silence_ends_the_connection"): COARSE,
    ("test_keepalive", "test_any_packet_counts"): COARSE,
    ("test_keepalive", "test_half_a_packet_does_not_count"): COARSE,
    ("test_keepalive", "test_deliveries_do_not_count"): COARSE,
    ("test_limits", "test_maximum_packet_size"): OWN_SIZE,
    ("test_mqttjs", "test_mqttjs"): "its test of takeover: " + NO_REASON,
    ("test_paho", "test_takeover[v5]"): NO_REASON,
    ("test_properties", "test_client_s_maximum_packet_size_to_the_byte"): OWN_SIZE,
    ("test_qos", "test_qos2_dup_before_pubrel_is_not_delivered_twice"): "ends the connection at the second DUP",
    ("test_qos", "test_client_receive_maximum_is_honoured"): "counts QoS 2 until PUBREC, [v5 3.3.4-9] until PUBCOMP",
    ("test_qos", "test_unknown_packet_ids"): "PUBCOMP for an unknown id says success",
    ("test_qos", "test_no_matching_subscribers"): "PUBREC never says that nobody got it",
    ("test_retained", "test_no_retained_for_shared_subscriptions"): "sends retained messages to shared subscriptions",
    ("test_session", "test_takeover[v5]"): NO_REASON,
    ("test_session", "test_takeover_between_versions"): NO_REASON,
    ("test_session", "test_takeover_of_a_session_without_expiry"): NO_REASON,
    ("test_session", "test_takeover_with_clean_start[v5]"): NO_REASON,
    ("test_session", "test_a_hundred_takeovers_in_a_row"): NO_REASON,
    ("test_session", "test_full_queue_drops_the_oldest"): "drops the newest",
    ("test_shared", "test_unacknowledged_go_to_another_member"): "loses them",
    ("test_shared", "test_offline_members_get_nothing_while_one_is_online"): "offline members get their share",
    ("test_subscriptions", "test_overlapping_subscriptions"): "the copy has the QoS of one of the subscriptions",
    ("test_topics", "test_exclusive_is_off_by_default"): "takes it for an ordinary topic",
    ("test_will", "test_will_after_a_protocol_error[second connect]"): "drops the will",
    ("test_will", "test_will_after_keep_alive_timeout[v5]"): NO_REASON,
    ("test_will", "test_will_delay_ends_with_the_session"): "waits for the delay though the session has ended",
    ("test_will", "test_clean_start_publishes_the_delayed_will"): "drops the will",
    ("test_will", "test_takeover_publishes_the_will[v5]"): NO_REASON,
}


def reason(test, module):
    for (file, name), why in MOSQUITTO.items():
        if file == module and test.startswith(name):
            return why
    return None
