use super::{links, page};
use crate::evidence::Stream;
use crate::evidence::event::{Rung, Story, Trial, Verdict};
use crate::evidence::tests::{Place, failed, footer, header, plain, trials};
use insta::assert_snapshot;
use pretty_assertions::assert_eq;
use quick_xml::Reader;
use quick_xml::events::Event;
use std::time::Instant;
use tcpspec_core::requirement::Catalogue;

fn run() -> Stream {
    Stream { header: header(), trials: trials(), footer: footer() }
}

fn report(runs: &[Stream]) -> String {
    let here = vec![Some(String::new()); runs.len()];
    page(runs, &here, &Catalogue::embedded())
}

/// The body, without what is the same in every report.
fn body(page: &str) -> &str {
    let start = page.find("<body>").expect("a body");
    &page[start..page.find("<script>").expect("a script")]
}

/// Every element of a page with its attributes; it must be well-formed.
fn elements(page: &str) -> Vec<(String, Vec<(String, String)>)> {
    let mut reader = Reader::from_str(page);
    reader.config_mut().check_end_names = true;
    let mut elements = Vec::new();
    loop {
        match reader.read_event().unwrap_or_else(|error| panic!("{error} at {}", reader.error_position())) {
            Event::Eof => return elements,
            Event::Start(start) | Event::Empty(start) => {
                let attributes = start.attributes().map(|it| it.expect("an attribute"));
                let attributes =
                    attributes.map(|it| (it.key.as_ref().to_owned(), it.value.into_owned())).collect();
                elements.push((start.name().as_ref().to_owned(), attributes));
            }
            _ => {}
        }
    }
}

#[test]
fn report_of_a_run_shows_all_that_it_says() {
    let all = format!("of the {} requirements", Catalogue::embedded().len());
    assert_snapshot!(body(&report(&[run()]).replace(&all, "of the N requirements")));
}

#[test]
fn two_runs_stand_side_by_side() {
    let later = Stream { trials: vec![plain("reset/received/exact:v4", Verdict::Fail)], ..run() };
    let page = report(&[run(), later]);
    let row = |start: &str| page.lines().find(|line| line.starts_with(start)).expect("its row");
    assert_eq!(
        row("<tr><th>v4</th>"),
        "<tr><th>v4</th><td class=\"pass\">pass</td><td class=\"fail\">fail</td></tr>"
    );
    assert!(row("<tr><th>v6</th>").ends_with("<td class=\"not-run\">–</td></tr>"));
    let tallies = row("<tr class=\"case\">").split_once("</th>").expect("a case").1;
    let first = "<td class=\"fail\">1 fail, 1 skip, 1 expected, 1 pass</td>";
    assert_eq!(tallies, format!("{first}<td class=\"fail\">1 fail</td></tr>"));
}

#[test]
fn page_is_one_file_that_fetches_nothing_and_every_link_in_it_leads_somewhere() {
    let elements = elements(&report(&[run(), run()]));
    let values = |name: &str| -> Vec<&str> {
        let attributes = elements.iter().flat_map(|(_, attributes)| attributes);
        attributes.filter(|(key, _)| key == name).map(|(_, value)| value.as_str()).collect()
    };
    assert_eq!(values("src"), Vec::<&str>::new());
    let ids = values("id");
    let links = values("href");
    assert!(links.len() > 4, "{links:?}");
    let mut captures = Vec::new();
    for link in links {
        match link.strip_prefix('#') {
            Some(id) => assert!(id.starts_with("show=") || ids.contains(&id), "{link}"),
            None => captures.push(link),
        }
    }
    assert_eq!(captures, ["pcap/x.pcapng"; 4]);
    assert!(!elements.iter().any(|(name, _)| ["link", "img", "iframe", "object"].contains(&name.as_str())));
    let mut once = ids.clone();
    once.sort_unstable();
    once.dedup();
    assert_eq!(once.len(), ids.len(), "an id names one thing");
}

#[test]
fn captures_are_found_from_wherever_the_report_is() {
    let place = Place::new();
    let path = |name: &str| place.path().join(name);
    for folder in ["runs/a b:1", "reports"] {
        std::fs::create_dir_all(path(folder)).expect("a new folder");
    }
    let run = path("runs/a b:1/run.jsonl");
    let folder = |report: &str| links::folder(&path(report), &run);
    let said = ["runs/a b:1/report.html", "report.html", "reports/x.html", "nowhere/x.html"].map(folder);
    let known = ["", "runs/a%20b%3A1/", "../runs/a%20b%3A1/"].map(|way| Some(way.to_owned()));
    assert_eq!(said[..3], known);
    assert_eq!(said[3], None);
    let page = |folder| page(&[super::tests::run()], &[folder], &Catalogue::embedded());
    assert!(page(said[2].clone()).contains("href=\"../runs/a%20b%3A1/pcap/x.pcapng\""));
    assert!(page(None).contains("<dt>capture</dt><dd>pcap/x.pcapng</dd>"));
}

#[test]
fn fields_of_the_segment_that_was_found_stand_beside_what_was_expected() {
    let mut trial = failed("x/y/z:v4", Verdict::Fail, true);
    trial.findings[0].rung = Some(0);
    let rows = |trial: &Trial| -> Vec<String> {
        let page = report(&[Stream { trials: vec![trial.clone()], ..run() }]);
        let table = page.split_once("<tr><th>field</th>").and_then(|(_, rest)| rest.split_once("</tbody>"));
        let lines = table.expect("a table of fields").0.lines().filter(|line| line.starts_with("<tr"));
        lines
            .map(|line| line.replace("</td><td>", "|").replace("<td>", "").replace("</td></tr>", ""))
            .collect()
    };
    let others = ["flags||RST", "seq||3000000011", "window||65535", "options||0204", "length||0"];
    let odd = ["wrong checksum||0x1c2a", "data offset||3"];
    let others = others.iter().chain(&odd).map(|row| format!("<tr>{}", row.replace("||", "|||")));
    let differs = "<tr class=\"differs\">ack|1|11|0".to_owned();
    assert_eq!(rows(&trial), [differs].into_iter().chain(others).collect::<Vec<_>>());
    trial.findings[0].differences.clear();
    assert_eq!(rows(&trial)[2], "<tr>ack|0");
}

#[test]
fn pages_follow_one_another_as_the_matrix_does_and_lead_back_to_their_cell() {
    let mut run = run();
    run.trials.reverse();
    let page = report(&[run]);
    let bars: Vec<_> = page.lines().filter(|line| line.starts_with("<p class=\"tools bar\"><a")).collect();
    let bar = |cell: &str, other: &str| {
        format!("<p class=\"tools bar\"><a href=\"#{cell}\">← all trials</a> <a href=\"#{other}</a></p>")
    };
    // The fail of v4, though it ended last, is the first.
    assert_eq!(bars, [bar("c0t1", "r0t0\">next"), bar("c0t0", "r0t1\">previous")]);
}

#[test]
fn finding_is_told_beside_the_requirement_that_it_breaks() {
    let told = |own: Option<&str>, id: &str| {
        let mut trial = failed("x/y/z:v4", Verdict::Fail, true);
        trial.findings[0].requirement = own.map(str::to_owned);
        let page = report(&[Stream { trials: vec![trial], ..run() }]);
        let row = page.lines().find(|line| line.contains(&format!(">{id}</a> <small>")));
        row.and_then(|row| row.rsplit("<td").next()).map(str::to_owned)
    };
    let [pass, fail] = [("pass", "pass (1)"), ("fail", "fail (1 of 1)")]
        .map(|(class, text)| Some(format!(" class=\"{class}\">{text}</td></tr>")));
    assert_eq!(
        (told(Some("MUST-2"), "MUST-2"), told(Some("MUST-2"), "ev-estab-rst-exact")),
        (fail.clone(), pass)
    );
    assert_eq!((told(None, "MUST-2"), told(None, "ev-estab-rst-exact")), (None, fail));
}

#[test]
fn what_a_target_says_is_text_and_never_markup() {
    let mut trial = failed("x/y/z:v4", Verdict::Fail, true);
    let nasty = "</code></style><script>alert(1)</script>&\"'\u{0}";
    trial.title = nasty.into();
    trial.findings[0].saw = nasty.into();
    if let Some(story) = &mut trial.story {
        story.ladder[0].label = nasty.into();
    }
    let page = report(&[Stream { trials: vec![trial], ..run() }]);
    assert_eq!(elements(&page).iter().filter(|(name, _)| name == "script").count(), 1);
    assert!(!page.contains('\0'));
}

#[test]
fn thousand_failures_and_a_flood_are_no_trouble() {
    let flood = |rung: &Rung| (0..1000).map(|_| rung.clone()).collect::<Vec<_>>();
    let failure = |number: usize| {
        let mut trial = failed(&format!("x/y/case-{number}:v4"), Verdict::Fail, true);
        let story: &mut Story = trial.story.as_mut().expect("it has one");
        story.ladder = flood(&story.ladder[0]);
        trial
    };
    let run = Stream { trials: (0..1000).map(failure).collect(), ..run() };
    let began = Instant::now();
    let page = report(&[run]);
    let (took, length) = (began.elapsed(), page.len());
    assert!(page.contains("… 9"), "what is too much is left out");
    assert!(length < 40 << 20 && took.as_secs() < 60, "{length} octets in {took:?}");
}
