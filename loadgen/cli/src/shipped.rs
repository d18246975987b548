//! The scenario files that come with the program.

use std::io::{Result, Write};

use loadgen_plan::file::{self, SHIPPED};

/// The text of the one called `name`.
pub(crate) fn find(name: &str) -> Option<&'static str> {
    let found = SHIPPED.iter().find(|(own, _)| *own == name);
    found.map(|(_, text)| *text)
}

/// Writes their names, each with what it does.
pub(crate) fn list(out: &mut impl Write) -> Result<()> {
    for (name, text) in SHIPPED {
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
        let shipped = SHIPPED.iter().map(|(name, _)| (*name).to_owned()).collect();
        assert_eq!(stems, shipped);
        let mut text = Vec::new();
        list(&mut text).unwrap();
        let text = String::from_utf8(text).unwrap();
        for name in &stems {
            assert!(text.contains(name) && find(name).is_some(), "{name}");
        }
    }
}
