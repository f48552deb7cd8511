//! moto, the emulator of AWS's APIs, corrected as `corrected/` says: installed once into the target directory,
//! started once a test process on a free loopback port, ended by the closing of its standard input.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::OnceLock;

/// What is installed; the AWS CLI makes the directories of plain outputs, botocore has AWS's service models.
const PACKAGES: [&str; 3] = ["moto[server]==5.2.5", "awscli==1.46.2", "botocore==1.44.8"];
const VENV: &str = "moto-5.2.5-awscli-1.46.2-botocore-1.44.8";

/// The region that the shared closed network is in.
pub const REGION: &str = "ap-northeast-1";

/// A running emulator.
pub struct Emulator {
    /// The port on 127.0.0.1.
    pub port: u16,
    python: PathBuf,
    _child: Child,
    /// The emulator ends when this is closed, also when the test process is killed.
    _life: ChildStdin,
}

/// The emulator of this test process.
pub fn emulator() -> &'static Emulator {
    static EMULATOR: OnceLock<Emulator> = OnceLock::new();
    EMULATOR.get_or_init(|| start(&[]))
}

/// moto without the corrections of `corrected/`, in a process of its own.
pub fn moto_as_it_is() -> &'static Emulator {
    static MOTO: OnceLock<Emulator> = OnceLock::new();
    MOTO.get_or_init(|| start(&["as-it-is"]))
}

/// The closed network, built once: ids by role.
pub fn closed_network() -> &'static BTreeMap<String, String> {
    static ROLES: OnceLock<BTreeMap<String, String>> = OnceLock::new();
    ROLES.get_or_init(|| emulator().closed_network())
}

/// A directory of plain AWS CLI outputs of the closed network, written once.
pub fn aws_outputs() -> &'static Path {
    static DIRECTORY: OnceLock<tempfile::TempDir> = OnceLock::new();
    DIRECTORY
        .get_or_init(|| {
            let network = closed_network();
            let directory = tempfile::tempdir().expect("a scratch directory");
            let path = directory.path().to_str().expect("a path in UTF-8");
            emulator().script(
                "aws_outputs.py",
                &[REGION, "yoda-k8s-1", path, &network["k8s-vpc"], &network["bastion-vpc"]],
            );
            directory
        })
        .path()
}

/// The folder of botocore's service models.
pub fn service_models() -> PathBuf {
    let python = installed();
    let environment = python.ancestors().nth(2).expect("bin/python is inside the environment");
    let versions = std::fs::read_dir(environment.join("lib")).expect("a folder of packages");
    let data = versions.map(|entry| entry.expect("a folder").path().join("site-packages/botocore/data"));
    data.into_iter().find(|path| path.is_dir()).expect("botocore is installed")
}

impl Emulator {
    /// What `AWS_ENDPOINT_URL` is set to.
    pub fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The operations that were asked for with this access key, as `service:Operation`.
    pub fn seen(&self, access_key: &str) -> Vec<String> {
        serde_json::from_str(&self.get(&format!("/seen/{access_key}"))).expect("a list of operations")
    }

    /// Runs a script of this folder against the emulator and returns what it printed.
    pub fn script(&self, name: &str, arguments: &[&str]) -> String {
        let output = Command::new(&self.python)
            .arg(folder().join(name))
            .arg(self.endpoint())
            .args(arguments)
            .env_clear()
            .envs(std::env::var_os("PATH").map(|path| ("PATH", path)))
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .output()
            .expect("Python runs");
        assert!(output.status.success(), "{name} failed:\n{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("UTF-8")
    }

    /// Builds the closed network and returns its ids by role.
    pub fn closed_network(&self) -> BTreeMap<String, String> {
        let printed = self.script("closed_network.py", &[REGION]);
        serde_json::from_str(&printed).expect("closed_network.py prints ids by role")
    }

    fn get(&self, path: &str) -> String {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).expect("the emulator listens");
        write!(stream, "GET {path} HTTP/1.0\r\nHost: localhost\r\n\r\n").expect("the emulator reads");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("the emulator answers");
        let (head, body) = answer.split_once("\r\n\r\n").expect("an HTTP answer");
        assert!(head.contains(" 200 "), "GET {path}: {head}");
        body.to_owned()
    }
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/support/emulator")
}

fn start(arguments: &[&str]) -> Emulator {
    let python = installed();
    let mut child = Command::new(&python)
        .arg(folder().join("server.py"))
        .args(arguments)
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env("MOTO_IAM_LOAD_MANAGED_POLICIES", "true")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("Python starts the emulator");
    let stdin = child.stdin.take().expect("a pipe");
    // The server prints its port once its socket listens, so there is nothing to poll.
    let mut line = String::new();
    BufReader::new(child.stdout.take().expect("a pipe")).read_line(&mut line).expect("UTF-8");
    let port = line.trim().parse().unwrap_or_else(|_| {
        panic!(
            "the emulator did not start; run `{} tests/it/support/emulator/server.py` to see why",
            python.display()
        )
    });
    Emulator { port, python, _child: child, _life: stdin }
}

/// The Python of a virtual environment below the target directory that holds [`PACKAGES`].
fn installed() -> PathBuf {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().expect("target/tmp has a parent");
    let home = target.join("emulator");
    let python = Path::new("bin").join("python");
    let ready = home.join(VENV);
    if ready.join(&python).exists() {
        return ready.join(python);
    }
    std::fs::create_dir_all(&home).expect("the target directory is writable");
    // Made under another name and then renamed, so that an interrupted install is never taken for one.
    let making = home.join(format!("{VENV}.{}", std::process::id()));
    run("make a virtual environment", Command::new("python3").args(["-m", "venv"]).arg(&making));
    run(
        "install the emulator from PyPI",
        Command::new(making.join(&python))
            .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"])
            .args(PACKAGES),
    );
    if std::fs::rename(&making, &ready).is_err() {
        // Another test process was faster.
        let _ = std::fs::remove_dir_all(&making);
    }
    ready.join(python)
}

fn run(what: &str, command: &mut Command) {
    let failed = match command.output() {
        Ok(output) if output.status.success() => return,
        Ok(output) => String::from_utf8_lossy(&output.stderr).into_owned(),
        Err(error) => error.to_string(),
    };
    panic!("these tests need Python 3.9 or later with venv and pip, and could not {what}: {failed}");
}
