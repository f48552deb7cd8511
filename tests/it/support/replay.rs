//! An HTTP/1.1 server in this process that answers as AWS does: with what a function makes of
//! each request. Tests and benches share it; it keeps a log and can delay or gather answers.

#![allow(clippy::unwrap_used, clippy::expect_used)] // clippy.toml allows them in test functions only

use privek_audit::collect::aws::operations::OPERATIONS;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;
use tokio::sync::Barrier;

/// A request, as AWS would understand it.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// The operation's name, for instance `DescribeSubnets`.
    pub operation: String,
    /// The path with its query.
    pub path: String,
    /// Parameters of the query protocols (EC2, STS, Auto Scaling) and of the path's query.
    pub parameters: BTreeMap<String, String>,
}

impl Request {
    /// A parameter, empty if there is none.
    pub fn parameter(&self, name: &str) -> &str {
        self.parameters.get(name).map_or("", String::as_str)
    }

    /// The values of an EC2 filter.
    pub fn filter(&self, name: &str) -> Vec<&str> {
        let key = self.parameters.iter().find(|(key, value)| key.ends_with(".Name") && *value == name);
        let Some((key, _)) = key else { return Vec::new() };
        let prefix = format!("{}.Value.", key.trim_end_matches(".Name"));
        self.parameters
            .iter()
            .filter(|(key, _)| key.starts_with(&prefix))
            .map(|(_, value)| value.as_str())
            .collect()
    }
}

/// What the server answers.
#[derive(Clone, Debug)]
pub struct Answer {
    pub status: u16,
    pub content_type: &'static str,
    pub body: String,
    /// Wait for as many requests as the barrier counts.
    pub gather: Option<Arc<Barrier>>,
    /// Close the connection instead of answering.
    pub hang_up: bool,
    /// Never answer.
    pub silent: bool,
}

impl Answer {
    pub fn new(status: u16, content_type: &'static str, body: impl Into<String>) -> Self {
        Self { status, content_type, body: body.into(), gather: None, hang_up: false, silent: false }
    }

    /// JSON of EKS and Route 53 Resolver.
    pub fn json(body: impl Into<String>) -> Self {
        Self::new(200, "application/json", body)
    }

    /// XML of EC2, STS and Auto Scaling.
    pub fn xml(body: impl Into<String>) -> Self {
        Self::new(200, "text/xml", body)
    }

    /// EC2's, EKS's or Resolver's error, as the operation's service words it.
    pub fn error(operation: &str, status: u16, code: &str, message: &str) -> Self {
        match operation {
            operation if is_query(operation) => Self::new(
                status,
                "text/xml",
                format!(
                    "<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error><RequestId>1</RequestId></ErrorResponse>"
                ),
            ),
            _ if is_json(operation) => Self::new(
                status,
                "application/json",
                format!(r#"{{"__type":"{code}","message":"{message}"}}"#),
            ),
            _ => Self::new(
                status,
                "text/xml",
                format!(
                    "<Response><Errors><Error><Code>{code}</Code><Message>{message}</Message></Error></Errors><RequestID>1</RequestID></Response>"
                ),
            ),
        }
    }

    /// The page of an emulator or of a box in between.
    pub fn html(status: u16) -> Self {
        Self::new(
            status,
            "text/html; charset=utf-8",
            "<!doctype html><html><title>Error</title><p>nothing here</html>",
        )
    }
}

/// The service of an operation.
fn service(operation: &str) -> Option<&'static str> {
    OPERATIONS.iter().find(|known| known.operation == operation).map(|known| known.service)
}

/// Whether the operation's service speaks the query protocol, or XML as it does.
fn is_query(operation: &str) -> bool {
    matches!(service(operation), Some("autoscaling" | "iam" | "route53" | "sts"))
}

/// Whether the operation's service speaks JSON.
fn is_json(operation: &str) -> bool {
    matches!(service(operation), Some("ecr" | "eks" | "kms" | "route53profiles" | "route53resolver"))
}

/// The server; it ends with the runtime that it was started in.
#[derive(Clone)]
pub struct Replay {
    pub address: SocketAddr,
    log: Arc<Mutex<Vec<Request>>>,
}

impl Replay {
    /// Starts a server that answers at once.
    pub async fn start(answers: impl Fn(&Request) -> Answer + Send + Sync + 'static) -> Self {
        Self::delayed(Duration::ZERO, answers).await
    }

    /// Starts a server that takes this long for each answer.
    pub async fn delayed(
        delay: Duration,
        answers: impl Fn(&Request) -> Answer + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let replay = Self { address: listener.local_addr().unwrap(), log: Arc::default() };
        let (log, answers) = (replay.log.clone(), Arc::new(answers));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let _ = stream.set_nodelay(true);
                let (log, answers) = (log.clone(), answers.clone());
                tokio::spawn(async move { serve(stream, delay, &log, &*answers).await });
            }
        });
        replay
    }

    /// The URL for `AWS_ENDPOINT_URL`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The requests so far.
    pub fn requests(&self) -> Vec<Request> {
        self.log.lock().unwrap().clone()
    }

    /// How often an operation was called.
    pub fn count(&self, operation: &str) -> usize {
        self.requests().iter().filter(|request| request.operation == operation).count()
    }
}

/// Answers the requests of one connection.
async fn serve(
    stream: impl AsyncRead + AsyncWrite + Unpin,
    delay: Duration,
    log: &Mutex<Vec<Request>>,
    answers: &(impl Fn(&Request) -> Answer + ?Sized),
) {
    let mut stream = BufReader::new(stream);
    while let Some(request) = read(&mut stream).await {
        log.lock().unwrap().push(request.clone());
        let answer = answers(&request);
        if let Some(gather) = &answer.gather {
            gather.wait().await;
        }
        if answer.silent {
            std::future::pending::<()>().await;
        }
        if answer.hang_up {
            return;
        }
        if !delay.is_zero() {
            tokio::time::sleep(delay).await;
        }
        let Answer { status, content_type, body, .. } = answer;
        let text = format!(
            "HTTP/1.1 {status} x\r\nContent-Type: {content_type}\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        if stream.write_all(text.as_bytes()).await.is_err() || stream.flush().await.is_err() {
            return;
        }
    }
}

async fn read(stream: &mut (impl AsyncBufReadExt + Unpin)) -> Option<Request> {
    let mut first = String::new();
    if stream.read_line(&mut first).await.ok()? == 0 {
        return None;
    }
    let (mut length, mut target) = (0, None);
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).await.ok()?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        match name.to_ascii_lowercase().as_str() {
            "content-length" => length = value.trim().parse().ok()?,
            "x-amz-target" => target = value.trim().rsplit('.').next().map(ToOwned::to_owned),
            _ => {}
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.ok()?;
    let body = String::from_utf8(body).ok()?;
    let path = first.split(' ').nth(1)?.to_owned();
    let (bare, query) = path.split_once('?').unwrap_or((&path, ""));
    let mut parameters = form(query);
    if !body.starts_with('{') {
        parameters.extend(form(&body));
    }
    let operation =
        target.or_else(|| parameters.get("Action").cloned()).unwrap_or_else(|| of_path(bare).to_owned());
    Some(Request { operation, path, parameters })
}

/// The operations of EKS, Route 53 and its Profiles are paths; the emulator reads this list too.
const PATHS: &str = include_str!("emulator/paths.txt");

fn of_path(path: &str) -> &'static str {
    let parts = || path.trim_matches('/').split('/');
    let is = |pattern: &str| {
        let pattern = pattern.trim_start_matches('/').split('/');
        pattern.clone().count() == parts().count()
            && pattern.zip(parts()).all(|(wanted, part)| wanted == "*" || wanted == part)
    };
    let mut lines = PATHS.lines().filter_map(|line| line.split_once(' '));
    lines.find(|(pattern, _)| is(pattern)).map_or("Unknown", |(_, operation)| operation)
}

fn form(text: &str) -> BTreeMap<String, String> {
    let pairs = text.split('&').filter_map(|pair| pair.split_once('='));
    pairs.map(|(key, value)| (decoded(key), decoded(value))).collect()
}

fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let hex = [rest.next().unwrap_or(b'0'), rest.next().unwrap_or(b'0')];
                u8::from_str_radix(std::str::from_utf8(&hex).unwrap_or("20"), 16).unwrap_or(b' ')
            }
            other => other,
        });
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
