//! The generator needs less CPU time than the broker that it drives.

use crate::harness::loadgen;
use crate::server;

#[test]
fn the_generator_takes_less_cpu_time_per_message_than_the_broker() {
    let server = server();
    let words = format!(
        "p2p --pairs 50 -w 100 --warm-up 1s -d 3s --json - --broker-pid {}",
        server.pid()
    );
    let report = loadgen(&words, server.address()).report(0);
    let stages = report["stages"].as_array().unwrap();
    let measured = stages
        .iter()
        .find(|stage| stage["measured"] == true)
        .unwrap();
    let generator = measured["generator"]["cpu_s"].as_f64().unwrap();
    let broker = measured["broker"]["cpu_s"].as_f64().unwrap();
    let messages = measured["messages"]["delivered"].as_f64().unwrap();
    let figures = format!(
        "{:.0} ns of the generator, {:.0} ns of the broker per message",
        generator * 1e9 / messages,
        broker * 1e9 / messages
    );
    println!("{figures}");
    assert!(generator < broker, "{figures}");
}
