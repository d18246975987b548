//! Packets that this machine's own queue dropped.

use std::fs;

/// Packets dropped since the machine started, because more waited for a processor than
/// `net.core.netdev_max_backlog` allows. Loopback has this queue, too: TCP sends a dropped packet again
/// after 200 ms at the earliest, and its connection stands still until then. Zero if unknown.
pub(crate) fn packet_drops() -> u64 {
    let text = fs::read_to_string("/proc/net/softnet_stat");
    text.map_or(0, |text| drops(&text))
}

/// The sum of the second column, in hexadecimal digits; a line for each processor.
fn drops(text: &str) -> u64 {
    let column = text
        .lines()
        .filter_map(|line| line.split_whitespace().nth(1));
    column
        .filter_map(|number| u64::from_str_radix(number, 16).ok())
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_drops_of_all_processors_add_up() {
        let text = "03c81f5d 00001c16 00000054 00000000\n029142ff 0000088f 0000002a 00000000\n";
        assert_eq!(drops(text), 0x1c16 + 0x88f);
        assert_eq!(drops(""), 0);
        assert!(fs::exists("/proc/net/softnet_stat").unwrap());
    }
}
