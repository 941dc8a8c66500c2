//! `report.html` in a real browser: what is seen of it, and what its script does.
//!
//! The browser has a network of its own, without any interface that is up.

mod program;

use pretty_assertions::assert_eq;
use program::{Folder, QUICK, tcpspec};
use serde::Deserialize;
use std::path::{Path, PathBuf};
use std::process::Command;
use tcpspec::evidence::event::{Trial, Verdict};
use tcpspec::evidence::read;

/// Listens before anything of the report runs.
const EARLY: &str = r#"<script>
const errors = [];
addEventListener("error", function (event) { errors.push(event.message); });
addEventListener("securitypolicyviolation", function (event) { errors.push(event.violatedDirective); });
</script>"#;

/// Looks at the report, does one thing after another to it, and looks again. What it saw is told to the page
/// around it, too.
const LATE: &str = r##"<script>
const shows = function (element) { return getComputedStyle(element).display !== "none"; };
const named = function (row) { return row.parentNode.rows[0].querySelector(".id").textContent + ":" + row.cells[0].textContent; };
const look = function () {
  const rows = Array.from(document.querySelectorAll("#trials tbody tr:not(.case)"));
  const tables = Array.from(document.querySelectorAll("table")).map(function (it) { return Math.ceil(it.getBoundingClientRect().right); });
  return {
    main: shows(document.querySelector("main")),
    pages: Array.from(document.querySelectorAll(".page")).filter(shows).map(function (it) { return it.id; }),
    rows: rows.filter(function (row) { return shows(row) && shows(row.parentNode); }).map(named).sort(),
    count: document.getElementById("count").textContent,
    title: document.title,
    // A table can be cut off without making the page wider.
    wider: Math.max(innerWidth, document.documentElement.scrollWidth, ...tables) - innerWidth,
  };
};
const box = document.getElementById("filter");
const type = function (words) { box.value = words; box.dispatchEvent(new Event("input")); };
const acts = [
  function () {},
  function () { type(""); },
  function () { document.getElementById("all").click(); },
  function () { type("segment-without :V4:fin"); },
  function () { location.hash = document.querySelector("td.fail a").getAttribute("href"); },
  function () { location.hash = document.querySelector(".page:target .bar a").getAttribute("href"); },
];
addEventListener("load", async function () {
  const looks = [];
  for (const act of acts) {
    act();
    await new Promise(function (done) { setTimeout(done, 50); });
    looks.push(look());
  }
  const seen = document.createElement("pre");
  seen.id = "seen";
  seen.textContent = JSON.stringify({ errors: errors, looks: looks });
  document.body.append(seen);
  parent.postMessage(seen.textContent, "*");
});
</script>"##;

/// What the browser saw.
#[derive(Debug, PartialEq, Eq, Deserialize)]
struct Seen {
    errors: Vec<String>,
    looks: Vec<Look>,
}

/// The report at one moment.
#[derive(Debug, PartialEq, Eq, Deserialize)]
struct Look {
    main: bool,
    /// The trials whose pages are shown, by their anchors.
    pages: Vec<String>,
    /// The trials in the matrix.
    rows: Vec<String>,
    count: String,
    title: String,
    /// By how many pixels it is wider than the window.
    wider: u32,
}

/// The first that is installed. Without one there is nothing to test, unless everything must be.
fn browser() -> Option<&'static str> {
    let is_there = |name: &&str| Command::new(name).arg("--version").output().is_ok();
    let found = ["chromium", "chromium-browser", "google-chrome"].into_iter().find(is_there);
    let all = std::env::var_os("TCPSPEC_REQUIRE_ALL").is_some_and(|value| value == "1");
    assert!(found.is_some() || !all, "no browser is installed, and TCPSPEC_REQUIRE_ALL is set");
    if found.is_none() {
        eprintln!("not tested: no browser is installed");
    }
    found
}

/// A report of passes and failures with the probes in it, and the trials that it is about.
fn report(folder: &Folder) -> (PathBuf, Vec<Trial>) {
    let out = folder.path().join("out");
    let said =
        tcpspec(&["--target", "smoltcp", "--ledger", "none", "--out", &out.display().to_string(), QUICK]);
    assert_eq!(said.code(), Some(1), "{said:?}");
    let file = out.join("report.html");
    let page = std::fs::read_to_string(&file).expect("the run left it");
    let page = page.replacen("<head>", &format!("<head>{EARLY}"), 1).replacen(
        "</body>",
        &format!("{LATE}</body>"),
        1,
    );
    std::fs::write(&file, page).expect("a file of our own");
    (file, read(&out.join("run.jsonl")).expect("a whole run").trials)
}

/// What the browser has of a page when all is done.
fn open(browser: &str, folder: &Folder, page: &Path, hash: &str) -> Seen {
    let mut command = Command::new("timeout");
    command.args([
        "120",
        "unshare",
        "--user",
        "--map-root-user",
        "--net",
        browser,
        "--headless",
        "--no-sandbox",
    ]);
    command.args([
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--no-first-run",
        "--virtual-time-budget=20000",
    ]);
    command.arg(format!("--user-data-dir={}", folder.path().join("browser").display()));
    command.args(["--dump-dom", &format!("file://{}{hash}", page.display())]);
    let output = command.output().expect("it starts");
    let dom = String::from_utf8(output.stdout).expect("text");
    let seen = dom.split_once("<pre id=\"seen\">").and_then(|(_, rest)| rest.split_once("</pre>"));
    let seen = seen.unwrap_or_else(|| panic!("{}", String::from_utf8_lossy(&output.stderr))).0;
    serde_json::from_str(seen).unwrap_or_else(|error| panic!("{error}: {seen}"))
}

fn ids(trials: &[Trial], wanted: impl Fn(&Trial) -> bool) -> Vec<String> {
    let mut ids: Vec<_> = trials.iter().filter(|trial| wanted(trial)).map(|trial| trial.id.clone()).collect();
    ids.sort();
    ids
}

#[test]
fn report_in_a_browser_filters_its_trials_and_shows_one_page_at_a_time() {
    let Some(browser) = browser() else { return };
    let folder = Folder::new();
    let (file, trials) = report(&folder);
    let seen = open(browser, &folder, &file, "#show=fail%20:v6");

    let all = trials.len();
    let main = |rows: Vec<String>, count: String| Look {
        main: true,
        pages: Vec::new(),
        rows,
        count,
        title: "tcpspec: smoltcp".into(),
        wider: 0,
    };
    let found = ids(&trials, |it| it.verdict == Verdict::Fail && it.id.contains(":v6"));
    let not_passed = ids(&trials, |it| it.verdict != Verdict::Pass);
    let typed = ids(&trials, |it| it.id.contains("segment-without") && it.id.contains(":v4:fin"));
    assert!(!found.is_empty() && found.len() < not_passed.len() && not_passed.len() < all, "{trials:?}");
    assert!(!typed.is_empty() && typed.len() < all);
    let first = ids(&trials, |it| it.verdict == Verdict::Fail).swap_remove(0);
    let place = trials.iter().position(|trial| trial.id == first).expect("it is one of them");
    let count = |rows: &[String]| format!("{} of {all}", rows.len());
    let filtered = main(typed.clone(), count(&typed));
    let looks = vec![
        main(found.clone(), count(&found)),
        main(not_passed, format!("{all} trials")),
        main(ids(&trials, |_| true), format!("{all} trials")),
        main(typed.clone(), count(&typed)),
        Look {
            main: false,
            pages: vec![format!("r0t{place}")],
            title: first,
            ..main(typed, filtered.count.clone())
        },
        filtered,
    ];
    assert_eq!(seen, Seen { errors: Vec::new(), looks });
}

#[test]
fn report_on_a_phone_is_no_wider_than_its_window() {
    let Some(browser) = browser() else { return };
    let folder = Folder::new();
    let (file, _) = report(&folder);
    // No window of the browser itself is as narrow.
    let frame = "<iframe src=\"report.html\" width=\"390\" height=\"844\"></iframe>
        <script>addEventListener(\"message\", function (event) {
            const seen = document.createElement(\"pre\");
            seen.id = \"seen\";
            seen.textContent = event.data;
            document.body.append(seen);
        });</script>";
    let around = file.with_file_name("phone.html");
    std::fs::write(&around, frame).expect("a file of our own");
    let seen = open(browser, &folder, &around, "");
    let states: Vec<_> = seen.looks.iter().map(|look| (look.main, look.pages.len(), look.wider)).collect();
    let main = (true, 0, 0);
    assert_eq!(states, [main, main, main, main, (false, 1, 0), main]);
    assert_eq!(seen.errors, Vec::<String>::new());
}
