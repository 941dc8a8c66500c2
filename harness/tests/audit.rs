//! The audits as an operator runs them: the real program against real servers on loopback.

use nix::sys::socket::{setsockopt, sockopt::Linger};
use pretty_assertions::assert_eq;
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Command, Output};
use std::thread;

fn tcpspec(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_tcpspec")).args(arguments).output().expect("the program starts")
}

fn close_wait(target: &str, arguments: &[&str]) -> Output {
    tcpspec(&[&["audit", "close-wait", "--target", target], arguments].concat())
}

fn stdout(output: &Output) -> &str {
    std::str::from_utf8(&output.stdout).unwrap()
}

fn stderr(output: &Output) -> &str {
    std::str::from_utf8(&output.stderr).unwrap()
}

fn json_of(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output:?}"))
}

/// A server whose application treats the n-th connection (from 0) as `serve` says. What `serve`
/// gives back is kept for ever.
fn server<K: Send>(local: &str, serve: impl Fn(usize, TcpStream) -> K + Send + 'static) -> SocketAddr {
    let listener = TcpListener::bind(local).unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        let _kept: Vec<K> =
            listener.incoming().map_while(Result::ok).enumerate().map(|(n, s)| serve(n, s)).collect();
    });
    address
}

fn wait_for_end(mut stream: TcpStream) {
    let _ = stream.read(&mut [0; 64]);
}

fn outcomes(report: &Value) -> Vec<&str> {
    let connections = report["connections"].as_array().unwrap();
    connections.iter().map(|connection| connection["outcome"].as_str().unwrap()).collect()
}

#[test]
fn a_server_that_closes_promptly_keeps_it() {
    let target = server("127.0.0.1:0", |_, stream| wait_for_end(stream)).to_string();
    let output = close_wait(&target, &["--connections", "25"]);
    assert_eq!((output.status.code(), stderr(&output)), (Some(0), ""));
    let verdict = stdout(&output).lines().last().unwrap();
    assert!(verdict.starts_with("kept: the server ended all 25 connections, the slowest "), "{verdict}");

    let report = json_of(&close_wait(&target, &["--format", "json"]));
    assert_eq!((&report["kept"], &report["within_seconds"]), (&json!(true), &json!(5.0)));
    assert_eq!(outcomes(&report), ["closed"; 10]);
}

#[test]
fn a_server_that_leaks_does_not_keep_it_and_is_named() {
    // Every second connection is closed; the others get a greeting and are forgotten.
    let target = server("127.0.0.1:0", |n, mut stream| {
        if n % 2 == 0 {
            wait_for_end(stream);
            return None;
        }
        stream.write_all(b"hello").unwrap();
        Some(stream)
    });
    let arguments = ["--connections", "6", "--within", "300ms", "--format", "json"];
    let output = close_wait(&target.to_string(), &arguments);
    assert_eq!((output.status.code(), stderr(&output)), (Some(1), ""));
    let report = json_of(&output);
    let mut sorted = outcomes(&report);
    sorted.sort_unstable();
    assert_eq!(sorted, ["closed", "closed", "closed", "still-open", "still-open", "still-open"]);
    for connection in report["connections"].as_array().unwrap() {
        let leaked = connection["outcome"] == "still-open";
        let after = connection["after_seconds"].as_f64().unwrap();
        assert_eq!(connection["received_octets"], if leaked { 5 } else { 0 });
        assert_eq!(leaked, after >= 0.3, "{connection}");
    }
    let holder = &report["close_wait"]["holders"][0];
    let named = [&holder["pid"], &holder["port"], &holder["sockets"]];
    assert_eq!(named, [&json!(std::process::id()), &json!(target.port()), &json!(3)]);

    // The audit has left nothing behind: its connections were reset.
    let held: Vec<_> = json_of(&tcpspec(&["states", "--format", "json"]))["close_wait"]["holders"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|holder| holder["port"] == target.port())
        .cloned()
        .collect();
    assert_eq!(held, [] as [Value; 0]);
}

#[test]
fn a_server_that_never_accepts_is_told_from_one_that_never_closes() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let target = listener.local_addr().unwrap().to_string();
    let output = close_wait(&target, &["--connections", "3", "--within", "100ms"]);
    assert_eq!(output.status.code(), Some(1));
    let want = "      3 wait in a listener's queue: no process has accepted\n";
    assert!(stdout(&output).contains(want), "{}", stdout(&output));
}

#[test]
fn a_server_that_resets_keeps_it_before_our_fin_or_after() {
    let target = server("127.0.0.1:0", |n, stream| {
        setsockopt(&stream, Linger, &libc::linger { l_onoff: 1, l_linger: 0 }).unwrap();
        if n % 2 == 0 {
            wait_for_end(stream);
        }
    });
    let output = close_wait(&target.to_string(), &["--connections", "8", "--format", "json"]);
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(outcomes(&json_of(&output)), ["reset"; 8]);
}

#[test]
fn many_connections_run_side_by_side_and_as_long_as_one() {
    let target = server("127.0.0.1:0", |_, stream| stream).to_string();
    let started = std::time::Instant::now();
    let output = close_wait(&target, &["--connections", "500", "--within", "500ms", "--format", "json"]);
    assert_eq!(outcomes(&json_of(&output)), ["still-open"; 500]);
    assert!(started.elapsed().as_secs_f64() < 5.0, "{:?}", started.elapsed());
}

#[test]
fn a_target_is_a_name_or_an_address_of_either_family() {
    let six = server("[::1]:0", |_, stream| wait_for_end(stream));
    let four = server("127.0.0.1:0", |_, stream| wait_for_end(stream));
    let address = |target: &str| {
        let report = json_of(&close_wait(target, &["--connections", "1", "--format", "json"]));
        (report["kept"].clone(), report["address"].clone())
    };
    assert_eq!(address(&six.to_string()), (json!(true), json!(six.to_string())));
    // The name may have an address of each family: the one that answers is taken.
    assert_eq!(
        address(&format!("localhost:{}", four.port())),
        (json!(true), json!(format!("127.0.0.1:{}", four.port())))
    );
}

#[test]
fn what_cannot_be_audited_has_its_own_exit_code_and_one_sentence() {
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let not_a_target = |text: &str| {
        format!(
            "tcpspec: `{text}` is not a target: HOST:PORT, with the address of an IPv6 host in brackets, [::1]:80\n"
        )
    };
    let cases = [
        (closed.as_str(), "1", 7, format!("tcpspec: {closed} cannot be reached: Connection refused\n")),
        ("localhost", "1", 2, not_a_target("localhost")),
        ("::1:80", "1", 2, not_a_target("::1:80")),
        ("localhost:http", "1", 2, not_a_target("localhost:http")),
        (":80", "1", 2, not_a_target(":80")),
        (&closed, "0", 2, "tcpspec: the number of connections must be from 1 to 20000\n".to_owned()),
    ];
    for (target, connections, code, said) in cases {
        let output = close_wait(target, &["--connections", connections]);
        assert_eq!((output.status.code(), stderr(&output)), (Some(code), said.as_str()));
        assert_eq!(stdout(&output), "");
    }
    assert_eq!(tcpspec(&["audit", "close-wait"]).status.code(), Some(2));
}

#[test]
fn states_counts_what_this_process_has() {
    let listener = TcpListener::bind("[::1]:0").unwrap();
    let _held: Vec<_> = (0..5)
        .map(|_| {
            let peer = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
            (listener.accept().unwrap(), drop(peer))
        })
        .collect();
    let output = tcpspec(&["states", "--format", "json"]);
    assert_eq!((output.status.code(), stderr(&output)), (Some(0), ""));
    let report = json_of(&output);
    let names: Vec<_> = report["states"].as_array().unwrap().iter().map(|row| row["state"].clone()).collect();
    let rfc = [
        "LISTEN",
        "SYN-SENT",
        "SYN-RECEIVED",
        "ESTABLISHED",
        "FIN-WAIT-1",
        "FIN-WAIT-2",
        "CLOSE-WAIT",
        "CLOSING",
        "LAST-ACK",
        "TIME-WAIT",
        "CLOSED",
    ];
    assert_eq!(names, rfc);
    // Other tests have sockets too.
    assert!(report["states"][0]["ipv6"].as_u64().unwrap() >= 1, "{report}");
    assert!(report["states"][6]["ipv6"].as_u64().unwrap() >= 5, "{report}");
    let port = listener.local_addr().unwrap().port();
    let holders = report["close_wait"]["holders"].as_array().unwrap();
    let ours: Vec<_> = holders.iter().filter(|holder| holder["port"] == port).collect();
    let [holder] = ours[..] else { panic!("{report}") };
    assert_eq!((&holder["pid"], &holder["sockets"]), (&json!(std::process::id()), &json!(5)));

    let text = tcpspec(&["states"]);
    assert!(stdout(&text).starts_with("state            IPv4     IPv6\nLISTEN "), "{}", stdout(&text));
    assert!(stdout(&text).lines().all(|line| line.chars().count() <= 80));
    assert!(!stdout(&text).contains('\x1b'));
}
