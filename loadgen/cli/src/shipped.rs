//! The scenario files that come with the program.

use std::io::{Result, Write};

use loadgen_plan::file;

/// Their names and texts, in the order in which they are listed.
const FILES: [(&str, &str); 6] = [
    (
        "fan-in-50k-to-500",
        include_str!("../../scenarios/fan-in-50k-to-500.toml"),
    ),
    (
        "fan-out-5-to-1000",
        include_str!("../../scenarios/fan-out-5-to-1000.toml"),
    ),
    ("idle-1m", include_str!("../../scenarios/idle-1m.toml")),
    ("iot-fleet", include_str!("../../scenarios/iot-fleet.toml")),
    (
        "p2p-50k-to-50k",
        include_str!("../../scenarios/p2p-50k-to-50k.toml"),
    ),
    (
        "persistent-sessions",
        include_str!("../../scenarios/persistent-sessions.toml"),
    ),
];

/// The text of the one called `name`.
pub(crate) fn find(name: &str) -> Option<&'static str> {
    let found = FILES.iter().find(|(own, _)| *own == name);
    found.map(|(_, text)| *text)
}

/// Writes their names, each with what it does.
pub(crate) fn list(out: &mut impl Write) -> Result<()> {
    for (name, text) in FILES {
        let description = file::description(text).map_err(std::io::Error::other)?;
        writeln!(out, "{name}\n    {description}")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_file_of_the_folder_is_shipped_and_listed() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../scenarios");
        let files = std::fs::read_dir(folder).unwrap().map(|entry| {
            let name = entry.unwrap().file_name();
            name.to_str().unwrap().to_owned()
        });
        let stems = files.filter_map(|name| name.strip_suffix(".toml").map(str::to_owned));
        let stems: BTreeSet<String> = stems.collect();
        let shipped = FILES.iter().map(|(name, _)| (*name).to_owned()).collect();
        assert_eq!(stems, shipped);
        let mut text = Vec::new();
        list(&mut text).unwrap();
        let text = String::from_utf8(text).unwrap();
        for name in &stems {
            assert!(text.contains(name) && find(name).is_some(), "{name}");
        }
    }
}
