//! The page of a run, report.html, in a browser without a window.

mod common;

use std::path::Path;
use std::process::Command;

use common::{Home, SMALL, succeeded, text};
use serde_json::Value;

/// Names of the browser; scripts/test_tools.sh installs it.
const BROWSERS: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "chrome"];

/// What sees every mistake of the page and everything that it asks for.
const WATCH: &str = "<script>
window.seen = [];
addEventListener('error', e => seen.push('error: ' + (e.message || e.target.outerHTML)), true);
addEventListener('securitypolicyviolation', e => seen.push('refused: ' + e.blockedURI));
window.fetch = () => seen.push('fetch');
window.alert = text => seen.push('alert: ' + text);
</script>";

/// What plays with the page and tells what it finds.
const PLAY: &str = "<script>
const texts = selector => [...document.querySelectorAll(selector)].map(e => e.textContent);
const image = () => document.querySelector('#panels image')?.getAttribute('href')
  ?? document.querySelector('#panels path')?.getAttribute('d');
const clock = () => document.getElementById('clock')?.textContent;
const found = {
  title: document.title, heading: texts('h1')[0], sections: texts('h2'), ready: document.documentElement.dataset.ready,
  badge: texts('.badge')[0], first: [clock(), image()], frames: +document.getElementById('slider')?.max + 1,
  panels: texts('#panels figcaption'), kymographs: texts('#kymographs figcaption'),
  curves: texts('#curves figcaption'), labels: texts('#curves text'),
  points: [...document.querySelectorAll('#curves path')].map(e => +e.dataset.points),
  lines: [...document.querySelectorAll('#curves path')].map(e => e.getAttribute('d').split('L').length),
  wide: document.documentElement.scrollWidth > innerWidth,
  state: document.querySelector('img.state')?.naturalWidth,
  shown: document.querySelector('img.state')?.clientWidth,
};
const moved = new Set();
const slider = document.getElementById('slider');
if (slider) {
  slider.value = 1;
  slider.dispatchEvent(new Event('input'));
  found.second = [clock(), image()];
  document.getElementById('play').click();
  setInterval(() => moved.add(clock()), 20);
}
// The player is waited for: on a busy machine its timer may be late.
let looks = 0;
const looking = setInterval(() => {
  if (slider && slider.max > 0 && moved.size < 4 && ++looks < 500) return;
  if (looks++ < 50) return;
  clearInterval(looking);
  if (slider) document.getElementById('play').click();
  const result = document.createElement('pre');
  result.id = 'result';
  result.textContent = JSON.stringify({ ...found, moved: [...moved], seen,
    loaded: performance.getEntriesByType('resource').map(e => e.name).filter(name => !name.startsWith('data:')) });
  document.body.appendChild(result);
}, 20);
</script>";

fn browser() -> Option<&'static str> {
    let found = BROWSERS.into_iter().find(|name| {
        Command::new(name).arg("--version").output().is_ok_and(|output| output.status.success())
    });
    if found.is_none() {
        eprintln!("skipped: there is no Chromium (scripts/test_tools.sh installs it)");
    }
    found
}

/// What a browser of this width finds in a page.
fn opened(browser: &str, page: &Path, width: u32) -> Value {
    let home = tempfile::tempdir().unwrap();
    let html = std::fs::read_to_string(page).unwrap();
    let html = html.replacen("<head>", &format!("<head>{WATCH}"), 1);
    let html = html.replacen("</body>", &format!("{PLAY}</body>"), 1);
    let copy = home.path().join("page.html");
    std::fs::write(&copy, html).unwrap();
    let mut command = Command::new(browser);
    command
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"])
        .args(["--virtual-time-budget=20000", "--dump-dom"])
        .arg(format!("--window-size={width},900"))
        .arg(format!("--user-data-dir={}", home.path().join("profile").display()))
        .arg(format!("file://{}", copy.display()));
    let output = fluxions_testing::finish(&mut command);
    let dom = text(&output.stdout);
    let told =
        dom.split_once("<pre id=\"result\">").and_then(|(_, rest)| rest.split_once("</pre>"));
    let (told, _) = told.unwrap_or_else(|| panic!("no result: {dom}\n{}", text(&output.stderr)));
    let told = told.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&");
    let found: Value = serde_json::from_str(&told).unwrap();
    assert_eq!(found["ready"], "yes", "{found}");
    assert_eq!(found["seen"], Value::Array(vec![]), "{found}");
    assert_eq!(found["loaded"], Value::Array(vec![]), "{found}");
    found
}

fn list(value: &Value) -> Vec<&str> {
    value.as_array().unwrap().iter().map(|text| text.as_str().unwrap()).collect()
}

#[test]
fn the_page_of_a_run_shows_it_in_a_browser() {
    let home = Home::new();
    home.write("small.toml", SMALL);
    let said = home.succeed(&["run", "small.toml"]);
    assert!(said.contains("report  small/report.html"), "{said}");
    assert!(home.read("small/report.html").len() < 500_000);
    let Some(browser) = browser() else { return };
    // A screen, and the narrowest window that the browser has, about that of a phone.
    for width in [1200, 500] {
        let found = opened(browser, &home.path().join("small/report.html"), width);
        assert_eq!(found["title"], "small");
        assert_eq!((&found["badge"], &found["wide"]), (&"ended".into(), &false.into()));
        assert!(found["state"].as_u64().unwrap() > 400, "{found}");
        // Three panels side by side can be read on a phone, too.
        assert!(found["shown"].as_u64().unwrap() > 650, "{found}");
        assert_eq!(found["frames"], 5);
        assert_eq!(list(&found["panels"]), ["u", "v", "both"]);
        assert_eq!(found["first"][0], "t = 40");
        assert_eq!(found["second"][0], "t = 10");
        let picture = found["second"][1].as_str().unwrap();
        assert!(picture.starts_with("data:image/png;base64,") && found["first"][1] != *picture);
        assert!(list(&found["moved"]).len() >= 4, "{found}");
        // Diagnostics every 5 up to 40.
        assert_eq!(list(&found["curves"]), ["mass", "peak"]);
        assert_eq!(found["points"], serde_json::json!([9, 9]));
        assert_eq!(found["lines"], found["points"]);
        let sections = list(&found["sections"]);
        for section in
            ["Outcome", "Last state", "Over time", "Diagnostics", "Performance", "Problem"]
        {
            assert!(sections.contains(&section), "{sections:?}");
        }
        assert!(found["kymographs"].as_array().unwrap().is_empty());
    }
}

/// One-dimensional, with texts that try to be part of the page, and a curve over decades.
#[test]
fn texts_of_users_are_no_part_of_the_page() {
    let home = Home::new();
    let bad = "</script><script>alert(1)</script><img src=x onerror=alert(2)>&amp; {{data}}";
    home.write(
        "line.toml",
        &format!(
            "title = '{bad}' # </pre><script>alert(3)</script>\n\
             [grid]\nx = {{ bounds = [0, 1], cells = 900 }}\n[equations]\nu = \"-u\"\n[initial]\nu = \"x\"\n\
             [time]\nend = 20\ndt = 0.01\nscheme = \"rk4\"\n[output]\nevery = 4\n\
             [diagnostics]\nevery = 0.02\nmass = \"integral(u)\"\n\
             [[output.probe]]\nname = \"p\"\nat = [0.5]\nfields = [\"u\"]\nevery = 5\n"
        ),
    );
    home.succeed(&["run", "line.toml"]);
    let Some(browser) = browser() else { return };
    let found = opened(browser, &home.path().join("line/report.html"), 900);
    assert_eq!((&found["title"], &found["heading"]), (&bad.into(), &bad.into()));
    assert_eq!(list(&found["curves"]), ["mass", "p: u"]);
    // 1001 lines are thinned; those of the probe are few.
    let points = found["points"].as_array().unwrap();
    assert!((200..=400).contains(&points[0].as_u64().unwrap()) && points[1] == 5, "{points:?}");
    // exp(-20) is a matter of decades.
    assert!(list(&found["labels"]).contains(&"10⁻⁸"), "{found}");
    assert_eq!(list(&found["kymographs"]), ["u"]);
    assert!(found["first"][1].as_str().unwrap().starts_with('M'));
    assert_ne!(found["first"][1], found["second"][1]);
}

#[test]
fn every_end_leaves_a_page() {
    let home = Home::new();
    let file = SMALL.replace("end = 40", "end = 400").replace("2e-5*laplace", "laplace");
    home.write("fails.toml", &file);
    home.fail(3, &["run", "fails.toml", "--set", "output.every=1"]);
    let page = home.read("fails/report.html");
    assert!(page.contains("failed</span>") && page.contains("is not finite"), "{page}");
    assert!(page.contains("What to try:") && page.contains("the longest stable one"), "{page}");
    assert!(page.contains("<h3>Warnings</h3>"), "{page}");
    // What the run had written is all there, although it is over before the index is due.
    let written = home.read("fails/run.log").matches("): snapshot").count();
    assert!(written > 1);
    let listed = home.succeed(&["info", "fails"]);
    assert!(listed.contains(&format!("snapshots   {written}, ")), "{written}: {listed}");
    // The report says so, too.
    let report: Value = serde_json::from_str(&home.read("fails/report.json")).unwrap();
    assert!(report["stop_help"].as_str().unwrap().contains("is too long"), "{report}");
    home.write("small.toml", SMALL);
    let limit = ["run", "small.toml", "--set", "stop.wall_time=\"1ms\""];
    home.fail(75, &limit);
    let page = home.read("small/report.html");
    assert!(page.contains("interrupted</span>") && page.contains("--resume"), "{page}");
    home.succeed(&["run", "small.toml", "--resume"]);
    let page = home.read("small/report.html");
    assert!(page.contains("ended</span>") && page.contains("t = 40, step 40"), "{page}");
    succeeded(fluxions_testing::finish(&mut home.mpirun(2, &["run", "small.toml", "--overwrite"])));
    assert!(home.read("small/report.html").contains("2 (MPI processes"));
}

#[test]
fn without_pictures_there_are_texts_and_curves() {
    let home = Home::new();
    home.write("small.toml", SMALL);
    home.succeed(&["run", "small.toml", "--no-picture"]);
    let page = home.read("small/report.html");
    assert!(!page.contains("data:image") && page.len() < 40_000, "{}", page.len());
    assert!(page.contains("id=\"curves\"") && page.contains("Performance"));
    // Made anew, there are.
    assert_eq!(home.succeed(&["report", "small"]), "small/report.html\n");
    assert!(home.read("small/report.html").matches("data:image").count() > 15);
    assert_eq!(home.succeed(&["report", "small", "--no-picture", "-o", "a.html"]), "a.html\n");
    assert!(!home.read("a.html").contains("data:image"));
}

#[test]
fn a_page_that_no_run_has_made_is_kept() {
    let home = Home::new();
    home.write("small.toml", SMALL);
    home.succeed(&["run", "small.toml"]);
    // Overwritten with the run.
    home.succeed(&["run", "small.toml", "--overwrite", "--no-picture"]);
    std::fs::create_dir(home.path().join("mine")).unwrap();
    home.write("mine/report.html", "mine");
    let said = home.fail(4, &["run", "small.toml", "--out", "mine"]);
    assert!(said.contains("holds `report.html`, which no run has written"), "{said}");
    assert!(home.fail(4, &["report", "mine"]).contains("is neither a run folder"));
    assert!(home.fail(4, &["report", "nowhere"]).contains("is neither a run folder"));
    assert_eq!(home.read("mine/report.html"), "mine");
}
