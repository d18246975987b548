//! The reference page, made from the declarations.

use core::fmt::Write as _;

use crate::{Applies, Key, keys};

const INTRODUCTION: &str = "# Configuration

Skein runs without any configuration. What you want to be different goes into a file:

```sh
skein run --config skein.conf
```

The file is [HOCON](https://github.com/lightbend/config/blob/main/HOCON.md), which JSON is a part of:

```hocon
# Open the broker to the network. There is no access control yet.
listeners.tcp.default.bind = \"0.0.0.0:1883\"

mqtt {
  max_packet_size = 16MB
  session_expiry_interval = 1d
}

include \"site.conf\"
```

An environment variable overrides the file: `SKEIN__MQTT__MAX_PACKET_SIZE=16MB` stands for
`mqtt.max_packet_size = 16MB`. Two underscores divide the parts of a key, names are read in lower
case, and the value is HOCON too; a value that is no HOCON, such as `skein@host`, is taken as text.

`skein config check FILE` names every mistake with its file and line, and the key that was probably
meant. `skein config show --config FILE` lists every value in force with where it came from.

In a key, `<name>` is a name that you choose and `[]` is an item of a list. A substitution
`${...}` sees the file, what it includes, and the environment, but not the defaults.
A change takes effect when the broker starts, except where the description says otherwise.
";

/// `broker/docs/guide/configuration.md`: every key with type, default, range and meaning.
#[must_use]
pub fn reference_page() -> String {
    let mut page = INTRODUCTION.to_owned();
    let mut section = "";
    let keys = keys();
    for key in &keys {
        let root = key.path.split(['.', '[']).next().unwrap_or_default();
        if root != section {
            section = root;
            write_head(&mut page, section);
        }
        write_row(&mut page, key);
    }
    page
}

fn write_head(page: &mut String, section: &str) {
    write!(
        page,
        "\n## {section}\n\n| Key | Default | Value | Meaning |\n| --- | --- | --- | --- |\n"
    )
    .expect("a string takes everything");
}

fn write_row(page: &mut String, key: &Key) {
    let default = if key.default.is_empty() {
        "(empty)".to_owned()
    } else {
        format!("`{}`", key.default)
    };
    let range = key
        .range
        .as_ref()
        .map(|range| format!("; {range}"))
        .unwrap_or_default();
    let applies = match key.applies {
        Applies::AtStart => "",
        Applies::AtRunTime => " Takes effect at run time.",
    };
    let Key {
        path, kind, about, ..
    } = key;
    writeln!(
        page,
        "| `{path}` | {default} | {kind}{range} | {about}{applies} |"
    )
    .expect("a string takes everything");
}
