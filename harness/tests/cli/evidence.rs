//! What a run leaves in `--out DIR`, read by programs that know nothing of the one that wrote it.

use crate::program::{Folder, PROGRAM, QUICK, Said, in_the_foreground, said, tcpspec, trials};
use crate::{CASES, KNOWN, SILENT};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use pretty_assertions::assert_eq;
use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use tcpspec::evidence::event::{RungKind, TargetKind, Trial, Verdict};
use tcpspec::evidence::{Stream, read};

/// A run with `--out` in a folder of its own.
struct Run {
    folder: Folder,
    said: Said,
    stream: Stream,
}

impl Run {
    fn of(arguments: &[&str]) -> Self {
        let folder = Folder::new();
        let said = tcpspec(&[&["--out", &out(&folder)], arguments].concat());
        let stream =
            read(&folder.path().join("out/run.jsonl")).unwrap_or_else(|error| panic!("{error}: {said:?}"));
        Self { folder, said, stream }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join("out").join(name)
    }

    fn ids(&self) -> BTreeSet<String> {
        self.stream.trials.iter().map(|trial| trial.id.clone()).collect()
    }

    fn trial(&self, id: &str) -> &Trial {
        self.stream.trials.iter().find(|trial| trial.id == id).expect("it has a line")
    }

    fn captures(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.path("pcap")).into_iter().flatten();
        let mut names: Vec<_> =
            entries.map(|entry| format!("pcap/{}", entry.unwrap().file_name().display())).collect();
        names.sort();
        names
    }
}

fn out(folder: &Folder) -> String {
    folder.path().join("out").display().to_string()
}

/// Whether the test must end here, because this program is not installed and need not be.
pub(crate) fn is_missing(program: &str) -> bool {
    let missing = Command::new(program).arg("--version").output().is_err();
    let all = std::env::var_os("TCPSPEC_REQUIRE_ALL").is_some_and(|value| value == "1");
    assert!(!(missing && all), "{program} is not installed, and TCPSPEC_REQUIRE_ALL is set");
    if missing {
        eprintln!("not tested: {program} is not installed");
    }
    missing
}

#[test]
fn stream_of_a_run_tells_every_trial_that_was_selected() {
    let run = Run::of(&["--seed", "7f3a", QUICK, KNOWN]);
    assert_eq!(run.said.code(), Some(0), "{:?}", run.said);
    let wanted = trials(&[QUICK, KNOWN]);
    assert_eq!(run.ids(), wanted.iter().cloned().collect());
    let Stream { header, trials, footer } = &run.stream;
    assert_eq!((header.selected, trials.len()), (wanted.len(), wanted.len()));
    assert_eq!((header.seed.as_str(), header.level.as_str()), ("7f3a", "must"));
    let release = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap().trim().to_owned();
    assert_eq!((&header.kernel, &header.target.version), (&release, &Some(release.clone())));
    assert_eq!((header.target.kind, header.target.families.len()), (TargetKind::Kernel, 2));
    assert!(header.target.sysctls.contains_key("net.ipv4.tcp_timestamps"), "{header:?}");
    let counts = BTreeMap::from([(Verdict::Pass, wanted.len() - 1), (Verdict::Expected, 1)]);
    assert_eq!((&footer.counts, footer.exit_code, &footer.interrupted), (&counts, Some(0), &None));

    let known = run.trial(KNOWN);
    assert_eq!((known.verdict, known.red, known.ledger.len()), (Verdict::Expected, false, 1));
    assert_eq!(
        known.row,
        BTreeMap::from([("state", "ESTABLISHED"), ("seq", "1")].map(|(a, b)| (a.into(), b.into())))
    );
    let story = known.story.as_ref().expect("it is no plain pass");
    assert!(story.again.ends_with(&format!("--seed 7f3a --exact {KNOWN}")), "{story:?}");
    let found = &story.ladder[known.findings[0].rung.expect("it is shown")];
    assert_eq!(found.kind, RungKind::Received);
    assert!(story.ladder.is_sorted_by_key(|rung| rung.at_ns));
    let plain = run.trial(&trials.iter().find(|trial| trial.verdict == Verdict::Pass).unwrap().id);
    assert_eq!((plain.story.is_none(), plain.capture.is_none(), plain.attempts > 0), (true, true, true));
    assert!(plain.offset_us.is_some() && !plain.requirements.is_empty(), "{plain:?}");
}

#[test]
fn trials_that_are_not_run_say_why() {
    let folder = Folder::new();
    folder.file("area/file.yaml", CASES);
    let run = Run::of(&["--cases", &folder.path().display().to_string()]);
    let said = |name: &str| {
        let trial = run.trial(&format!("area/file/{name}:v4"));
        (trial.verdict, trial.reason.clone(), trial.attempts)
    };
    assert_eq!(said("ordinary"), (Verdict::Pass, None, 1));
    assert_eq!(said("slow"), (Verdict::NotRun, Some("it is slow: `--include-ignored` runs it".into()), 0));
    assert_eq!(said("impossible"), (Verdict::Skip, Some("linux lacks: daytime".into()), 0));
    let counts = BTreeMap::from([Verdict::Pass, Verdict::Skip, Verdict::NotRun].map(|verdict| (verdict, 2)));
    assert_eq!(run.stream.footer.counts, counts);
}

#[test]
fn report_for_servers_is_valid_and_counts_as_the_stream_does() {
    if is_missing("xmllint") {
        return;
    }
    let run = Run::of(&["--ledger", "none", "--seed", "7f3a", QUICK, KNOWN]);
    assert_eq!(run.said.code(), Some(1));
    let schema = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cli/junit.xsd");
    let report = run.path("junit.xml");
    let checked =
        Command::new("xmllint").args(["--noout", "--schema", schema]).arg(&report).output().unwrap();
    assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stderr));
    let value = |path: &str| {
        let output = Command::new("xmllint").args(["--xpath", path]).arg(&report).output().unwrap();
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    };
    let count = trials(&[QUICK, KNOWN]).len().to_string();
    assert_eq!(value("string(//testsuite/@tests)"), count);
    assert_eq!(value("count(//testcase)"), count);
    assert_eq!((value("string(//testsuite/@failures)"), value("count(//failure)")), ("1".into(), "1".into()));
    let (class, name) = KNOWN.rsplit_once('/').unwrap();
    assert_eq!(value("string(//testcase[failure]/@name)"), name);
    assert_eq!(value("string(//testcase[failure]/@classname)"), class.replace('/', "."));
    assert_eq!(value("string(//failure/@type)"), run.trial(KNOWN).findings[0].code);
    assert_eq!(value("string(//property[@name='seed']/@value)"), "7f3a");
}

/// What tshark reads in a capture: these fields of each packet.
fn tshark(capture: &Path, fields: &[&str]) -> Vec<Vec<String>> {
    let mut command = Command::new("tshark");
    command.args(["-o", "tcp.check_checksum:TRUE", "-T", "fields", "-E", "separator=/t", "-r"]).arg(capture);
    command.args(fields.iter().flat_map(|field| ["-e", *field]));
    let output = command.output().expect("tshark runs");
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stdout).expect("text");
    text.lines().map(|line| line.split('\t').map(str::to_owned).collect()).collect()
}

#[test]
fn capture_of_a_trial_has_its_packets_with_step_and_verdict() {
    if is_missing("tshark") {
        return;
    }
    let run = Run::of(&["--seed", "7f3a", QUICK, KNOWN]);
    let known = run.trial(KNOWN);
    let capture = known.capture.clone().expect("something was found in it");
    assert_eq!(run.captures(), std::slice::from_ref(&capture));
    let fields = [
        "frame.time_epoch",
        "frame.packet_flags_direction",
        "tcp.seq_raw",
        "tcp.checksum.status",
        "frame.comment",
    ];
    let packets = tshark(&run.path(&capture), &fields);
    let ladder = &known.story.as_ref().expect("a story").ladder;
    let rungs: Vec<_> = ladder.iter().filter(|rung| rung.segment.is_some()).collect();
    assert_eq!(packets.len(), rungs.len());
    let nanoseconds = |text: &str| text.replace('.', "").parse::<u64>().expect("nine digits of a second");
    let first = nanoseconds(&packets[0][0]);
    for (packet, rung) in packets.iter().zip(&rungs) {
        assert_eq!(nanoseconds(&packet[0]) - first, rung.at_ns - rungs[0].at_ns);
        let direction = if rung.kind == RungKind::Sent { "0x00000002" } else { "0x00000001" };
        assert_eq!(packet[1], direction);
        assert_eq!(packet[2], rung.segment.as_ref().unwrap().seq.to_string());
        assert_eq!(packet[3], "1", "tshark finds the checksum right");
        assert!(packet[4].contains(&rung.label), "{packet:?}");
        assert!(packet[4].contains(&rung.step.as_ref().unwrap().place), "{packet:?}");
    }
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_nanos() as u64;
    assert!(first < now && now - first < 120_000_000_000, "{first} is not {now}");
    let finding = &known.findings[0];
    let verdict = format!("verdict: expected: {}: expected {}; saw", finding.code, finding.expected);
    assert!(packets.last().unwrap()[4].contains(&verdict), "{packets:?}");
}

#[test]
fn captures_are_of_the_trials_that_were_asked_for() {
    let count = trials(&[QUICK]).len();
    let of = |which: &str| Run::of(&["--target", "smoltcp", "--pcap", which, QUICK]);
    assert_eq!(of("none").captures().len(), 0);
    let found = of("fail");
    let with_findings = found.stream.trials.iter().filter(|trial| !trial.findings.is_empty());
    let mut named: Vec<_> = with_findings.map(|trial| trial.capture.clone().expect("a capture")).collect();
    named.sort();
    assert!(!named.is_empty() && named.len() < count, "{named:?}");
    assert_eq!(found.captures(), named);
    let all = of("all");
    let named: Vec<_> = all.stream.trials.iter().filter_map(|trial| trial.capture.clone()).collect();
    assert_eq!((all.captures().len(), named.len()), (count, count));
    // Virtual time: the same seed gives the same octets.
    let twice =
        ["1", "1"].map(|seed| Run::of(&["--target", "smoltcp", "--pcap", "all", "--seed", seed, QUICK]));
    for name in twice[0].captures() {
        assert!(std::fs::read(twice[0].path(&name)).unwrap() == std::fs::read(twice[1].path(&name)).unwrap());
    }
    let alone = tcpspec(&["--pcap", "all", QUICK]);
    assert_eq!(alone.code(), Some(2), "it says nothing of a directory: {alone:?}");
}

#[test]
fn ordinary_user_leaves_evidence_of_a_library() {
    if !nix::unistd::geteuid().is_root() {
        return;
    }
    let folder = Folder::new();
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o777)).unwrap();
    let copy = folder.path().join("tcpspec");
    std::fs::copy(PROGRAM, &copy).expect("a copy that everybody may run");
    let nobody = ["--reuid=65534", "--regid=65534", "--clear-groups", "--inh-caps=-all"];
    let mut command = Command::new("setpriv");
    command.args(nobody).arg(&copy).args(["--target", "smoltcp", "--out", &out(&folder), QUICK]);
    let said = said(command.current_dir("/"));
    assert_eq!(said.code(), Some(0), "{said:?}");
    let stream = read(&folder.path().join("out/run.jsonl")).expect("a whole run");
    assert_eq!(
        (stream.header.target.kind, stream.header.target.name.as_str()),
        (TargetKind::Simulated, "smoltcp")
    );
    assert_eq!(stream.footer.counts.values().sum::<usize>(), trials(&[QUICK]).len());
    assert!(stream.trials.iter().all(|trial| trial.offset_us.is_none()), "each has a clock of its own");
}

#[test]
fn next_run_replaces_what_the_last_one_left() {
    let folder = Folder::new();
    let run =
        |arguments: &[&str]| tcpspec(&[&["--target", "smoltcp", "--out", &out(&folder)], arguments].concat());
    assert_eq!(run(&["--pcap", "all", QUICK]).code(), Some(0));
    // What does not begin leaves it as it is.
    assert_eq!(run(&["no-such-trial"]).code(), Some(4));
    let stream = || read(&folder.path().join("out/run.jsonl")).expect("a whole run");
    assert_eq!(stream().trials.len(), trials(&[QUICK]).len());
    assert_eq!(run(&[SILENT]).code(), Some(0));
    assert_eq!(stream().trials.len(), trials(&[SILENT]).len());
    assert!(!folder.path().join("out/pcap").exists());
}

#[test]
fn directory_that_cannot_be_written_is_told_before_the_first_trial() {
    let folder = Folder::new();
    let file = folder.file("file", "");
    let path = format!("{file}/out");
    let said = tcpspec(&["--out", &path, QUICK]);
    assert_eq!((said.code(), said.out.as_str()), (Some(6), ""), "{said:?}");
    assert_eq!(said.err, format!("tcpspec: cannot write {path}: Not a directory (os error 20)\n"));
    let mine = folder.file("mine/junit.xml", "<mine/>");
    let taken = tcpspec(&["--out", &folder.path().join("mine").display().to_string(), QUICK]);
    assert_eq!((taken.code(), taken.out.as_str()), (Some(2), ""), "{taken:?}");
    assert!(taken.err.starts_with(&format!("tcpspec: {mine} is there and not of")), "{}", taken.err);
    assert_eq!(std::fs::read_to_string(mine).unwrap(), "<mine/>");
}

#[test]
fn full_disk_is_told_and_the_run_is_not_green() {
    let folder = Folder::new();
    let disk = out(&folder);
    std::fs::create_dir(&disk).unwrap();
    // It ends with the mount namespace. Without the disk these runs are green.
    for (size, pcap) in [("8k", "none"), ("4k", "none"), ("64k", "all")] {
        let script = format!(
            "mount -t tmpfs -o size={size} tmpfs {disk} && exec \"$0\" --target smoltcp --seed 1 --pcap {pcap} --out {disk} {QUICK}"
        );
        let mut unshare = Command::new("unshare");
        let said = said(unshare.args(["--user", "--map-root-user", "--mount", "sh", "-c", &script, PROGRAM]));
        assert_eq!(said.code(), Some(3), "{size}: {said:?}");
        let line = said.out.lines().find(|line| line.starts_with("bench: the evidence is not complete: "));
        let line = line.unwrap_or_else(|| panic!("{size}: {said:?}"));
        assert!(line.contains(&format!("cannot write {disk}")) && line.contains("No space left"), "{line}");
        assert_eq!(said.counts()[..2], [trials(&[QUICK]).len() as u32, 0], "the run goes on");
    }
}

#[test]
fn regression_is_what_makes_a_comparison_red() {
    let plain = Run::of(&["--seed", "7f3a", KNOWN]);
    let strict = Run::of(&["--seed", "7f3a", "--ledger", "none", KNOWN]);
    let [good, bad] = [&plain, &strict].map(|run| run.path("run.jsonl").display().to_string());
    let codes = |old: &str, new: &str| {
        ["text", "markdown", "json"].map(|form| tcpspec(&["compare", old, new, "--format", form]).code())
    };
    assert_eq!(codes(&good, &bad), [Some(1); 3]);
    assert_eq!(codes(&bad, &good), [Some(0); 3]);
    assert_eq!(codes(&bad, &bad), [Some(0); 3]);
    let said = tcpspec(&["compare", &good, &bad]);
    assert!(said.out.contains(&format!("newly failing: 1\n  {KNOWN}\n")), "{}", said.out);
    let cut = plain.folder.file("cut.jsonl", std::fs::read_to_string(&good).unwrap().lines().next().unwrap());
    let refused = tcpspec(&["compare", &good, &cut]);
    assert_eq!((refused.code(), refused.out.as_str()), (Some(5), ""));
    assert!(refused.err.starts_with(&format!("tcpspec: {cut}:1: the file ends here")), "{}", refused.err);
}

#[test]
fn report_of_two_runs_is_one_well_formed_file() {
    let folder = Folder::new();
    let runs = [&["--target", "smoltcp", QUICK][..], &["--seed", "7f3a", QUICK, KNOWN]].map(Run::of);
    let [one, other] = [0, 1].map(|place: usize| runs[place].path("run.jsonl").display().to_string());
    let file = folder.path().join("report.html").display().to_string();
    let said = tcpspec(&["report", &one, &other, "-o", &file]);
    assert_eq!((said.code(), said.out.as_str(), said.err.as_str()), (Some(0), "", ""));
    let page = std::fs::read_to_string(&file).expect("it was written");
    let pages = runs.iter().flat_map(|run| &run.stream.trials).filter(|trial| trial.story.is_some()).count();
    assert_eq!(page.matches("<svg ").count(), pages);
    assert!(page.contains("✗ expected nothing for 1 s"), "the ladder of what is known");
    let addresses = page.matches("://").count();
    assert_eq!(addresses, page.matches("=\"http://www.w3.org/").count(), "names of the markup only");
    if !is_missing("xmllint") {
        let checked = Command::new("xmllint").args(["--noout", &file]).output().unwrap();
        assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stderr));
    }
    let nowhere = tcpspec(&["report", &one, "-o", &format!("{file}/x")]);
    assert_eq!(nowhere.code(), Some(6), "{nowhere:?}");
}

#[test]
fn interrupted_run_ends_its_stream_in_order() {
    let folder = Folder::new();
    let file = folder.path().join("out/run.jsonl");
    let arguments = ["--test-threads", "1", "--out", &out(&folder), SILENT];
    let mut child = in_the_foreground(&arguments).stdout(Stdio::null()).spawn().expect("it starts");
    let begun = Instant::now();
    // The header and one of four trials, each of which takes a second.
    while std::fs::read_to_string(&file).unwrap_or_default().lines().count() < 2 {
        assert!(begun.elapsed() < Duration::from_secs(60), "no trial ends");
        std::thread::sleep(Duration::from_millis(20));
    }
    kill(Pid::from_raw(child.id() as i32), Signal::SIGINT).expect("it runs");
    let status = child.wait().expect("it ends");
    assert_eq!(status.signal(), Some(Signal::SIGINT as i32));
    let Stream { header, trials, footer } = read(&file).expect("its stream is whole");
    assert_eq!((footer.interrupted.as_deref(), footer.exit_code), (Some("SIGINT"), None));
    assert!((1..4).contains(&trials.len()) && header.selected == 4, "{trials:?}");
    assert!(folder.path().join("out/junit.xml").is_file());
}
