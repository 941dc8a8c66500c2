//! Servers that somebody else wrote, and what a profile says of them.

use super::lab::Lab;
use std::os::unix::fs::PermissionsExt;

/// The profile of a device with one wire and these services; more lines may follow.
pub(crate) fn profile(services: &str) -> String {
    limited(services, MANY)
}

/// The same, of a device that stands so much; what is empty says nothing of it.
pub(crate) fn limited(services: &str, limits: &str) -> String {
    with_bench("v4: 192.0.2.100-192.0.2.199, v6: 2001:db8::100-2001:db8::1ff", services) + limits
}

/// With these addresses of the bench, and not a word of what the device stands.
pub(crate) fn with_bench(bench: &str, services: &str) -> String {
    format!(
        "name: lab\nkind: device\ninterface: bench\naddress: {{v4: 192.0.2.7, v6: 2001:db8::7}}\n\
         bench: {{{bench}}}\nservices: {{{services}}}\n{LINUX}"
    )
}

/// xinetd's queue takes 64; with more at once Linux answers with cookies, and knows no SYN-RECEIVED.
pub(crate) const MANY: &str = "limits: {connections: 48}\n";

/// What Linux claims and how quick it is.
pub(crate) const LINUX: &str = "\
claims: [challenge-ack, delayed-ack, sack, timestamps, window-scale]
timers: {msl: 30s, rto-min: 200ms, delayed-ack: 200ms}
";

/// All of them.
pub(crate) const ALL: &str = "echo: 7, discard: 9, daytime: 13, http: 80, closed: 81";

impl Lab {
    /// xinetd's own echo, discard and daytime.
    pub(crate) fn serve_inetd(&mut self) -> &super::lab::Process {
        self.serve_inetd_and("", &[7, 9, 13])
    }

    /// The same, and a web server that takes the device off the wire as soon as it is asked anything.
    pub(crate) fn serve_inetd_with_a_trap(&mut self) {
        self.serve_inetd_and_script("read question\nexec ip link set device down\n");
    }

    /// The same, and this script of a shell at port 80.
    pub(crate) fn serve_inetd_and_script(&mut self, script: &str) {
        let script = self.write("script", &format!("#!/bin/sh\n{script}"));
        std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o755)).expect("a file of our own");
        let service = format!(
            "service script\n{{\n type = UNLISTED\n port = 80\n socket_type = stream\n protocol = tcp\n wait = no\n \
             user = root\n server = {}\n flags = IPv6\n}}\n",
            script.display()
        );
        self.serve_inetd_and(&service, &[7, 9, 13, 80]);
    }

    fn serve_inetd_and(&mut self, more: &str, ports: &[u16]) -> &super::lab::Process {
        let service = |name: &str| {
            format!(
                "service {name}\n{{\n type = INTERNAL\n id = {name}-stream\n socket_type = stream\n protocol = tcp\n \
                 wait = no\n flags = IPv6\n}}\n"
            )
        };
        // Its default is to stop a service that is asked for more than fifty times a second.
        let defaults = "defaults\n{\n instances = UNLIMITED\n per_source = UNLIMITED\n cps = 100000 1\n}\n";
        let services: String = ["echo", "discard", "daytime"].map(service).concat();
        let file = self.write("xinetd.conf", &format!("{defaults}{services}{more}"));
        let file = file.to_str().expect("a plain name");
        self.serve("xinetd", &["-dontfork", "-f", file, "-pidfile", "xinetd.pid"], ports)
    }

    /// nginx with one small page.
    pub(crate) fn serve_nginx(&mut self) {
        let folder = self.folder().display().to_string();
        self.write("index.html", "<p>A page of a web server.</p>\n");
        let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .map(|name| format!(" {name}_temp_path {folder}/{name};\n"))
            .concat();
        let file = self.write(
            "nginx.conf",
            &format!(
                "user root root;\ndaemon off;\nmaster_process off;\npid {folder}/nginx.pid;\nevents {{ worker_connections 4096; }}\n\
                 http {{\n access_log off;\n{temporary} server {{ listen [::]:80 ipv6only=off; root {folder}; }}\n}}\n"
            ),
        );
        let file = file.to_str().expect("a plain name");
        self.serve("nginx", &["-p", &folder, "-e", "stderr", "-c", file], &[80]);
    }

    /// The web server of busybox.
    pub(crate) fn serve_busybox(&mut self) {
        let folder = self.folder().display().to_string();
        self.write("index.html", "<p>A page of a web server.</p>\n");
        self.serve("busybox", &["httpd", "-f", "-p", "80", "-h", &folder], &[80]);
    }
}
