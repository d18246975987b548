//! The pages in a real browser: drawn, quiet, and as wide as the screen.

use std::fs;
use std::path::PathBuf;

use loadgen_report::{Comparison, html};

use crate::chromium::{Shown, folder};
use crate::simulated;

/// Put at the end of a page, this leaves in its title what is too wide. It runs because the page's
/// own policy is taken out first, as that forbids all scripts but one.
const MEASURE: &str = "<script>
const wide = [];
for (const element of document.querySelectorAll('h1, h2, p, li, .tile, .tile b, td, th, summary')) {
  if (element.scrollWidth > element.clientWidth + 1 && element.clientWidth > 0) {
    wide.push(element.tagName + ' ' + element.textContent.slice(0, 40));
  }
}
for (const text of document.querySelectorAll('.plot text')) {
  const box = text.getBoundingClientRect(), chart = text.closest('.chart').getBoundingClientRect();
  if (box.left < chart.left || box.right > chart.right) {
    wide.push('text ' + text.textContent);
  }
}
document.title = [
  document.documentElement.scrollWidth, window.innerWidth, document.documentElement.scrollHeight,
  wide.join('; ')
].join('|');
</script>";

fn write(name: &str, html: &str) -> PathBuf {
    let path = folder().join(name);
    fs::write(&path, html).expect("the folder for temporary files is there");
    path
}

fn laptop(page: &PathBuf) -> Shown<'_> {
    Shown {
        page,
        width: 1366,
        height: 768,
        dark: false,
    }
}

/// Width of the content, width of the window, height of the content, and what is too wide.
fn measure(name: &str, html: &str, width: u32) -> (u32, u32, u32, String) {
    let policy = html
        .find("<meta http-equiv")
        .expect("the page has a policy");
    let end = policy + html[policy..].find('>').expect("an element ends");
    let html = format!("{}{}{MEASURE}", &html[..policy], &html[end + 1..]);
    let page = write(name, &html);
    let document = Shown {
        width,
        ..laptop(&page)
    }
    .document()
    .output;
    let title = document
        .split("<title>")
        .nth(1)
        .and_then(|rest| rest.split("</title>").next());
    let parts = title
        .expect("the page has a title")
        .split('|')
        .collect::<Vec<_>>();
    let number = |index: usize| {
        parts[index]
            .parse::<u32>()
            .expect("the script left a number")
    };
    (number(0), number(1), number(2), parts[3].to_owned())
}

/// Fails if anything is wider than a laptop's screen, and returns the height of the content.
#[track_caller]
fn assert_fits(name: &str, html: &str) -> u32 {
    let (content, window, height, wide) = measure(&format!("fits-{name}"), html, 1366);
    assert!(content <= window, "{content} pixels in {window}: {wide}");
    assert_eq!((window, wide.as_str()), (1366, ""));
    height
}

fn comparison() -> String {
    let runs = [
        simulated::report(),
        simulated::report_of("p2p, slow", 1.7),
        simulated::report_of("p2p, fast", 0.8),
    ];
    Comparison::of(&runs).html()
}

#[test]
fn the_first_screen_of_a_report_is_drawn_in_light_and_in_dark() {
    let page = write("report.html", &html(&simulated::report()));
    let light = laptop(&page).picture("report-light.png");
    assert_eq!((light.width, light.height), (1366, 768));
    assert!(light.background() < 0.97, "{}", light.background());
    // The curves of the two latencies, and the text.
    assert!(light.count([0x00, 0x72, 0xb2]) > 500);
    assert!(light.count([0xd5, 0x5e, 0x00]) > 100);
    assert!(light.count([0x1a, 0x1d, 0x21]) > 500);
    let dark = Shown {
        dark: true,
        ..laptop(&page)
    }
    .picture("report-dark.png");
    assert!(
        dark.count([0x14, 0x17, 0x1a]) > 100_000,
        "the background is dark"
    );
    assert!(dark.count([0x5b, 0xb8, 0xf0]) > 500);
}

#[test]
fn a_whole_report_is_drawn_to_its_end_and_as_wide_as_the_screen() {
    let html = html(&simulated::report());
    let height = assert_fits("report.html", &html);
    let page = write("report-whole.html", &html);
    let picture = Shown {
        height,
        ..laptop(&page)
    }
    .picture("report-whole.png");
    assert_eq!(picture.height, height);
    assert!(height > 1500 && picture.background() < 0.97);
}

#[test]
fn a_report_runs_its_script_without_a_word_on_the_console() {
    let page = write("report-script.html", &html(&simulated::report()));
    let outcome = laptop(&page).document();
    assert_eq!(outcome.console, Vec::<String>::new());
    assert!(
        outcome.output.contains("<div id=\"tip\" hidden=\"\">"),
        "the script ran"
    );
    assert!(
        outcome
            .output
            .contains("data-tip=\"99 %\nfrom intended: 902 ms\nfrom sent: ")
    );
}

#[test]
fn a_script_that_somebody_smuggled_in_is_not_run() {
    let html = html(&simulated::report());
    let html = html.replacen(
        "<header>",
        "<header><script>document.title = 'ran'</script>",
        1,
    );
    let outcome = laptop(&write("smuggled.html", &html)).document();
    assert!(!outcome.output.contains("<title>ran"));
    assert!(
        outcome
            .console
            .iter()
            .any(|line| line.contains("Content Security Policy"))
    );
}

#[test]
fn a_report_with_long_names_and_many_problems_is_as_wide_as_the_screen() {
    assert_fits("hostile.html", &html(&simulated::hostile()));
}

#[test]
fn a_storm_of_connections_is_as_wide_as_the_screen() {
    assert_fits("storm.html", &html(&simulated::storm()));
}

#[test]
fn a_comparison_is_drawn_and_as_wide_as_the_screen() {
    let html = comparison();
    let height = assert_fits("comparison.html", &html);
    let page = write("comparison-whole.html", &html);
    let picture = Shown {
        height,
        ..laptop(&page)
    }
    .picture("comparison-whole.png");
    assert!(picture.background() < 0.97);
    for colour in [[0x00, 0x72, 0xb2], [0xd5, 0x5e, 0x00], [0x00, 0x87, 0x5f]] {
        assert!(picture.count(colour) > 500, "{colour:?}");
    }
}

#[test]
fn what_is_too_wide_is_found() {
    let html = html(&simulated::report());
    let html = html.replacen(
        "<header>",
        "<header><div style=\"width: 1500px\">wide</div>",
        1,
    );
    let (content, window, ..) = measure("wide.html", &html, 1366);
    assert!(content > window);
}
