//! Real DNS servers load the configurations that the program writes, and carry the answers of an
//! inbound endpoint (here an authority on loopback), with their filters against DNS rebinding and, where
//! they have one, their validator switched on.
//!
//! Servers that are not installed are named and left out; `.ci/run` installs them where it may, and sets
//! `PRIVEK_DNS_SERVERS=1`, with which a missing one is a failure.

use std::fs::File;
use std::io::Write as _;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, UdpSocket};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use hickory_resolver::proto::op::ResponseCode;
use hickory_resolver::proto::rr::RecordType;
use tempfile::TempDir;

use crate::support::authority::{Authority, Question, Reply, addresses, alias, ask, record};
use crate::support::program::program;

const SNAPSHOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/healthy/custom-networking.json");
const HOST: &str = "1e2d3c4b5a69788796a5b4c3d2e1f0a9.gr7.eu-central-1.eks.amazonaws.com";
/// A registry of another account than the cluster's.
const REGISTRY: &str = "602401143452.dkr.ecr.eu-central-1.amazonaws.com";
const ENDPOINT: &str = "vpce-1.dkr.ecr.eu-central-1.amazonaws.com";
/// Forwarded by the test's own lines, and excepted from nothing: the filter takes its answer away.
const CONTROL: &str = "control.example.com";
/// The addresses of the inbound endpoint in the snapshot.
const INBOUND: [&str; 2] = ["10.40.1.50", "10.40.1.114"];

fn private(last: u8) -> IpAddr {
    IpAddr::V4(Ipv4Addr::new(10, 40, 0, last))
}

/// What the resolver of the VPC would answer.
fn inbound() -> Authority {
    Authority::start(|question: &Question| match question.name.as_str() {
        HOST => Reply::addresses(question, &["10.40.0.7", "10.40.0.23"]),
        REGISTRY if !question.tcp => Reply::Truncated,
        REGISTRY if question.kind == RecordType::A => {
            Reply::Records(vec![alias(REGISTRY, ENDPOINT), record(ENDPOINT, "10.40.0.11")])
        }
        // Some look an alias up by themselves.
        ENDPOINT => Reply::addresses(question, &["10.40.0.11"]),
        CONTROL => Reply::addresses(question, &["10.40.0.99"]),
        // A validator asks who signs; nobody does.
        _ => Reply::Code(ResponseCode::Refused),
    })
}

/// What the program writes for a server, with the authority in the place of the inbound endpoint.
fn configuration(server: &str, authority: &Authority, form: fn(SocketAddr) -> String) -> String {
    let run = program(&["forwarders", "--snapshot", SNAPSHOT, "--for", server, "--services"]).run();
    assert_eq!(run.code, 0, "{}", run.err);
    assert!(run.out.contains(HOST) && INBOUND.iter().all(|address| run.out.contains(address)), "{}", run.out);
    INBOUND.iter().fold(run.out, |text, address| text.replace(address, &form(authority.address)))
}

/// A program of Debian's, wherever it is; `None`, and a line that says so, if it is not installed.
fn installed(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let more = ["/usr/sbin", "/usr/local/sbin", "/usr/bin"].map(PathBuf::from);
    let found =
        std::env::split_paths(&path).chain(more).map(|place| place.join(name)).find(|file| file.is_file());
    // Past the capture of tests that pass.
    let mut out = std::io::stderr();
    if let Some(file) = &found {
        let _ = writeln!(out, "{} loads what the program writes for it", file.display());
    } else {
        let demanded = std::env::var_os("PRIVEK_DNS_SERVERS").is_some_and(|value| value == "1");
        assert!(!demanded, "PRIVEK_DNS_SERVERS=1, and {name} is not installed");
        let _ = writeln!(out, "{name} is not installed: nothing was tried with it");
    }
    found
}

/// A server that runs; it is ended, by its own number, when it is dropped.
struct Running {
    child: Child,
    address: SocketAddr,
    log: PathBuf,
    _directory: TempDir,
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A port of loopback that was free for UDP and TCP just now.
fn free_port() -> u16 {
    loop {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        if UdpSocket::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return port;
        }
    }
}

/// Checks the configuration with the server's own checker and starts the server; another process may
/// take the port in between, so that it is tried again on another one.
fn started(
    write: impl Fn(&Path, u16),
    check: impl Fn(&Path) -> Command,
    start: impl Fn(&Path) -> Command,
) -> Running {
    let mut told = String::new();
    for _ in 0..3 {
        let directory = tempfile::tempdir().unwrap();
        let port = free_port();
        write(directory.path(), port);
        let checked = check(directory.path()).output().unwrap();
        let said = [checked.stdout, checked.stderr].concat();
        assert!(checked.status.success(), "{}", String::from_utf8_lossy(&said));
        let log = directory.path().join("log");
        let out = File::create(&log).unwrap();
        let child = start(directory.path())
            .current_dir(directory.path())
            .stdin(Stdio::null())
            .stdout(out.try_clone().unwrap())
            .stderr(out)
            .spawn()
            .unwrap();
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let mut running = Running { child, address, log, _directory: directory };
        if is_ready(&mut running) {
            return running;
        }
        told = std::fs::read_to_string(&running.log).unwrap_or_default();
    }
    panic!("it did not start: {told}");
}

/// Whether it answers, over UDP and over TCP, before it ends or a minute is over.
fn is_ready(running: &mut Running) -> bool {
    let until = Instant::now() + Duration::from_mins(1);
    while Instant::now() < until {
        if running.child.try_wait().unwrap().is_some() {
            return false;
        }
        let answers = |tcp: bool| ask(running.address, "ready.invalid", RecordType::A, tcp).is_some();
        if answers(true) && answers(false) {
            return true;
        }
        thread::sleep(Duration::from_millis(20));
    }
    false
}

/// What must hold of every server.
fn carries(running: &Running, authority: &Authority) {
    let log = || std::fs::read_to_string(&running.log).unwrap_or_default();
    for tcp in [false, true] {
        let said = ask(running.address, HOST, RecordType::A, tcp).expect("an answer");
        assert_eq!(addresses(&said), [private(7), private(23)], "over TCP: {tcp}\n{}", log());
        let mut said = ask(running.address, REGISTRY, RecordType::A, tcp).expect("an answer");
        if said.metadata.truncation {
            // dnsmasq hands this on, and clients come back over TCP.
            said = ask(running.address, REGISTRY, RecordType::A, true).expect("an answer");
        }
        assert_eq!(addresses(&said), [private(11)], "over TCP: {tcp}\n{}", log());
    }
    let asked = authority.asked();
    assert!(asked.iter().any(|question| question.name == HOST), "{asked:?}");
    assert!(
        asked.iter().any(|question| question.name == REGISTRY && question.tcp),
        "a truncated answer: {asked:?}"
    );
    let said = ask(running.address, CONTROL, RecordType::A, false).expect("an answer");
    assert_eq!(addresses(&said), Vec::<IpAddr>::new(), "the filter is off\n{}", log());
    assert!(authority.asked().iter().any(|question| question.name == CONTROL));
}

/// What becomes of the answers without a line that the program writes.
fn swallows(running: &Running, authority: &Authority) {
    let asked = || authority.asked().iter().filter(|question| question.name == HOST).count();
    let before = asked();
    let said = ask(running.address, HOST, RecordType::A, false).expect("an answer");
    let log = std::fs::read_to_string(&running.log).unwrap_or_default();
    assert!(asked() > before, "it refuses without asking\n{log}");
    assert_eq!(addresses(&said), Vec::<IpAddr>::new(), "the exception is not needed");
}

fn without(generated: &str, key: &str) -> String {
    let kept: Vec<&str> = generated.lines().filter(|line| !line.trim_start().starts_with(key)).collect();
    assert!(kept.len() < generated.lines().count(), "no line begins with {key}");
    kept.join("\n") + "\n"
}

/// Whether this process is root, from whom servers want to know as whom to run.
fn is_root(directory: &Path) -> bool {
    std::fs::metadata(directory).unwrap().uid() == 0
}

#[test]
fn dnsmasq_carries_private_answers_past_its_filter() {
    let Some(program) = installed("dnsmasq") else { return };
    let authority = inbound();
    let generated = configuration("dnsmasq", &authority, |at| format!("{}#{}", at.ip(), at.port()));
    carries(&dnsmasq(&program, &authority, &generated), &authority);
    swallows(&dnsmasq(&program, &authority, &without(&generated, "rebind-domain-ok")), &authority);
}

fn dnsmasq(program: &Path, authority: &Authority, generated: &str) -> Running {
    let port_of = authority.address.port();
    let write = |directory: &Path, port: u16| {
        std::fs::create_dir(directory.join("conf.d")).unwrap();
        std::fs::write(directory.join("conf.d/cluster.conf"), generated).unwrap();
        let user = if is_root(directory) { "user=root\ngroup=root\n" } else { "" };
        let place = directory.display();
        let own = format!(
            "port={port}\nlisten-address=127.0.0.1\nbind-interfaces\nno-resolv\nno-hosts\ncache-size=0\n\
             pid-file={place}/pid\n{user}stop-dns-rebind\nserver=/{CONTROL}/127.0.0.1#{port_of}\n\
             conf-dir={place}/conf.d,*.conf\n"
        );
        std::fs::write(directory.join("dnsmasq.conf"), own).unwrap();
    };
    let run = |directory: &Path, how: &str| {
        let mut command = Command::new(program);
        command.arg(how).arg(format!("--conf-file={}", directory.join("dnsmasq.conf").display()));
        command
    };
    started(write, |at| run(at, "--test"), |at| run(at, "--keep-in-foreground"))
}

#[test]
fn unbound_carries_private_answers_past_its_filter_and_its_validator() {
    let (Some(program), Some(checker)) = (installed("unbound"), installed("unbound-checkconf")) else {
        return;
    };
    let authority = inbound();
    let generated = configuration("unbound", &authority, |at| format!("{}@{}", at.ip(), at.port()));
    let programs = (program.as_path(), checker.as_path());
    carries(&unbound(programs, &authority, &generated), &authority);
    for needed in ["private-domain", "domain-insecure"] {
        swallows(&unbound(programs, &authority, &without(&generated, needed)), &authority);
    }
}

fn unbound((program, checker): (&Path, &Path), authority: &Authority, generated: &str) -> Running {
    let at = authority.address.port();
    let write = |directory: &Path, port: u16| {
        std::fs::write(directory.join("cluster.conf"), generated).unwrap();
        let place = directory.display();
        // The validator holds a key of the root's, and nobody who would prove anything with it.
        let own = format!(
            "server:\n  directory: \"{place}\"\n  username: \"\"\n  chroot: \"\"\n  pidfile: \"{place}/pid\"\n  \
             use-syslog: no\n  do-daemonize: no\n  interface: 127.0.0.1@{port}\n  access-control: 127.0.0.0/8 allow\n  \
             do-ip6: no\n  do-not-query-localhost: no\n  private-address: 10.0.0.0/8\n  \
             module-config: \"validator iterator\"\n  trust-anchor-signaling: no\n  \
             trust-anchor: \". DS 20326 8 2 E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D\"\n  \
             domain-insecure: \"{CONTROL}\"\nremote-control:\n  control-enable: no\n\
             forward-zone:\n  name: \".\"\n  forward-addr: 127.0.0.1@{at}\n\
             include-toplevel: \"{place}/cluster.conf\"\n"
        );
        std::fs::write(directory.join("unbound.conf"), own).unwrap();
    };
    let check = |directory: &Path| {
        let mut command = Command::new(checker);
        command.arg(directory.join("unbound.conf"));
        command
    };
    let start = |directory: &Path| {
        let mut command = Command::new(program);
        command.args(["-d", "-p", "-c"]).arg(directory.join("unbound.conf"));
        command
    };
    started(write, check, start)
}

#[test]
fn bind_carries_private_answers_past_its_filter_and_its_validator() {
    let (Some(program), Some(checker)) = (installed("named"), installed("named-checkconf")) else { return };
    let authority = inbound();
    let generated = configuration("bind", &authority, |at| format!("{} port {}", at.ip(), at.port()));
    // The lines that the program asks to add by hand to the one block of options.
    let by_hand = |key: &str| {
        let lines = generated.lines().filter_map(|line| line.strip_prefix("//     "));
        let mut lines = lines.skip_while(|line| !line.starts_with(key));
        let mut block = lines.next().unwrap_or_else(|| panic!("no line with {key}: {generated}")).to_owned();
        for line in lines {
            block.push_str(line.trim_start());
            if line == "};" {
                break;
            }
        }
        block.replace("(as it is)", "10.0.0.0/8;")
    };
    let (validate, filter) = (by_hand("validate-except"), by_hand("deny-answer-addresses"));
    let programs = (program.as_path(), checker.as_path());
    let run = |validate: &str, filter: &str| {
        named(programs, &authority, &generated, &format!("  {validate}\n  {filter}\n"))
    };
    carries(&run(&validate, &filter), &authority);
    swallows(&run("validate-except { };", &filter), &authority);
    swallows(&run(&validate, "deny-answer-addresses { 10.0.0.0/8; };"), &authority);
}

fn named(
    (program, checker): (&Path, &Path),
    authority: &Authority,
    generated: &str,
    options: &str,
) -> Running {
    let at = authority.address.port();
    let write = |directory: &Path, port: u16| {
        std::fs::write(directory.join("cluster.conf"), generated).unwrap();
        let place = directory.display();
        let options = options.replace("validate-except {", &format!("validate-except {{ \"{CONTROL}\";"));
        let own = format!(
            "options {{\n  directory \"{place}\";\n  pid-file \"{place}/pid\";\n  session-keyfile \"{place}/key\";\n  \
             listen-on port {port} {{ 127.0.0.1; }};\n  listen-on-v6 {{ none; }};\n  recursion yes;\n  \
             allow-query {{ 127.0.0.1; }};\n  dnssec-validation yes;\n  forward only;\n  \
             forwarders {{ 127.0.0.1 port {at}; }};\n{options}}};\ncontrols {{ }};\n\
             trust-anchors {{ . static-ds 20326 8 2 \"E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D\"; }};\n\
             include \"{place}/cluster.conf\";\n"
        );
        std::fs::write(directory.join("named.conf"), own).unwrap();
    };
    let check = |directory: &Path| {
        let mut command = Command::new(checker);
        command.arg(directory.join("named.conf"));
        command
    };
    let start = |directory: &Path| {
        let mut command = Command::new(program);
        command.args(["-g", "-4", "-c"]).arg(directory.join("named.conf"));
        command
    };
    started(write, check, start)
}

#[test]
fn where_nothing_can_be_forwarded_the_program_says_what_to_do_and_prints_nothing() {
    let closed = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/closed-network.json");
    let run = program(&["forwarders", "--snapshot", closed, "--for", "bind"]).run();
    assert_eq!((run.code, run.out.as_str()), (2, ""));
    let pasted = |line: &str| line.trim_start().starts_with("aws route53resolver create-resolver-endpoint");
    assert!(run.err.lines().any(pasted), "a line of its own: {}", run.err);
}

#[test]
fn every_kind_of_server_can_be_written_for_and_a_file_holds_what_is_printed() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("out.conf");
    for kind in ["bind", "dnsmasq", "unbound", "coredns", "windows"] {
        let words = ["forwarders", "--snapshot", SNAPSHOT, "--for", kind];
        let printed = program(&words).run();
        assert_eq!(printed.code, 0, "{kind}: {}", printed.err);
        assert!(INBOUND.iter().all(|address| printed.out.contains(address)), "{kind}: {}", printed.out);
        let run = program(&[&words, ["--output", file.to_str().unwrap()].as_slice()].concat()).run();
        assert_eq!((run.code, run.out.as_str()), (0, ""), "{kind}: {}", run.err);
        assert_eq!(std::fs::read_to_string(&file).unwrap(), printed.out, "{kind}");
    }
    let run =
        program(&["forwarders", "--snapshot", SNAPSHOT, "--for", "coredns", "--domain", "region"]).run();
    assert!(run.out.contains("\neu-central-1.eks.amazonaws.com:53 {"), "{}", run.out);
}
