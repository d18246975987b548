//! A headless Chromium that shows one page.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What the browser is called by those who package it.
const NAMES: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "chrome"];

/// Seconds after which a browser that hangs is ended.
const SECONDS: &str = "60";

/// How a page is shown.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shown<'a> {
    pub page: &'a Path,
    pub width: u32,
    pub height: u32,
    pub dark: bool,
}

/// What became of showing a page.
#[derive(Debug)]
pub(crate) struct Outcome {
    /// What was asked for on the standard output.
    pub output: String,
    /// What the page wrote on its console, errors included.
    pub console: Vec<String>,
}

impl Shown<'_> {
    /// The page as the browser's document after its scripts ran.
    pub(crate) fn document(&self) -> Outcome {
        self.run(&["--dump-dom".to_owned()])
    }

    /// Writes a picture of the page and returns its pixels.
    pub(crate) fn picture(&self, name: &str) -> Picture {
        let path = folder().join(name);
        let _ = fs::remove_file(&path);
        let outcome = self.run(&[format!("--screenshot={}", path.display())]);
        assert_eq!(outcome.console, Vec::<String>::new());
        Picture::read(&path)
    }

    fn run(&self, arguments: &[String]) -> Outcome {
        // Each has a profile of its own, so that tests run side by side.
        let name = format!("profile-{}-{}", std::process::id(), self.page.display());
        let profile =
            folder().join(name.replace(['/', '.'], "_") + &arguments.concat().len().to_string());
        let done = Command::new("timeout")
            .arg(SECONDS)
            .arg(program())
            .args([
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--hide-scrollbars",
            ])
            .args([
                "--disable-dev-shm-usage",
                "--no-first-run",
                "--enable-logging=stderr",
            ])
            .arg(format!("--user-data-dir={}", profile.display()))
            .arg(format!("--window-size={},{}", self.width, self.height))
            .arg(format!(
                "--blink-settings=preferredColorScheme={}",
                u8::from(!self.dark)
            ))
            .args(arguments)
            .arg(format!("file://{}", self.page.display()))
            .output()
            .expect("timeout is a program of every Linux");
        let _ = fs::remove_dir_all(&profile);
        let errors = String::from_utf8_lossy(&done.stderr).into_owned();
        assert!(done.status.success(), "{errors}");
        Outcome {
            output: String::from_utf8_lossy(&done.stdout).into_owned(),
            console: errors
                .lines()
                .filter(|line| line.contains("CONSOLE"))
                .map(str::to_owned)
                .collect(),
        }
    }
}

/// The pixels of a picture, three or four bytes each.
#[derive(Debug)]
pub(crate) struct Picture {
    pub width: u32,
    pub height: u32,
    pixels: Vec<[u8; 3]>,
}

impl Picture {
    fn read(path: &Path) -> Self {
        let file = fs::File::open(path).expect("the browser wrote a picture");
        let decoder = png::Decoder::new(std::io::BufReader::new(file));
        let mut reader = decoder.read_info().expect("the picture is a PNG");
        let size = reader
            .output_buffer_size()
            .expect("the picture fits the memory");
        let mut bytes = vec![0; size];
        let info = reader
            .next_frame(&mut bytes)
            .expect("the picture has pixels");
        let step = info.color_type.samples();
        let pixels = bytes
            .chunks_exact(step)
            .map(|pixel| [pixel[0], pixel[1], pixel[2]]);
        Self {
            width: info.width,
            height: info.height,
            pixels: pixels.collect(),
        }
    }

    /// How many pixels have exactly this colour.
    pub(crate) fn count(&self, colour: [u8; 3]) -> usize {
        self.pixels.iter().filter(|pixel| **pixel == colour).count()
    }

    /// The share of pixels that have the colour of the first.
    pub(crate) fn background(&self) -> f64 {
        let first = self.pixels.first().copied().unwrap_or_default();
        let share = |count: usize| u32::try_from(count).map_or(f64::INFINITY, f64::from);
        share(self.count(first)) / share(self.pixels.len())
    }
}

/// Where pages and pictures are left for people to look at.
pub(crate) fn folder() -> &'static Path {
    Path::new(env!("CARGO_TARGET_TMPDIR"))
}

/// The browser, or why there is none.
fn program() -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut places =
        std::env::split_paths(&path).flat_map(|folder| NAMES.map(|name| folder.join(name)));
    let found = places.find(|place| place.is_file());
    found.expect("a browser is installed: scripts/setup test installs the package chromium")
}
