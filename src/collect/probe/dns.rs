//! One question to one resolver over one transport, with nothing in between: no cache, no search list,
//! no other server, no second transport.
//!
//! The IPv4 and the IPv6 addresses of a name are two questions (<https://www.rfc-editor.org/rfc/rfc3596>);
//! they are asked together and reported together.

use std::collections::BTreeSet;
use std::io::{Error, ErrorKind};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use hickory_resolver::proto::op::{Message, MessageType, OpCode, Query, ResponseCode};
use hickory_resolver::proto::rr::{Name, RData, RecordType};
use privek_core::observation::{DnsOutcome, Family};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, UdpSocket};
use tokio::time::{Instant, timeout, timeout_at};

use super::error::no_way;

/// More addresses than an honest answer has.
const MOST_ADDRESSES: usize = 64;
/// Longer chains of aliases are loops.
const LONGEST_CHAIN: usize = 16;

/// What a resolver said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) outcome: DnsOutcome,
    pub(super) addresses: BTreeSet<IpAddr>,
    pub(super) aliases: Vec<String>,
    pub(super) truncated: bool,
    pub(super) failed_half: Option<Family>,
    pub(super) detail: Option<String>,
}

impl Answer {
    pub(super) fn of(outcome: DnsOutcome) -> Self {
        Self { outcome, ..Self::default() }
    }

    pub(super) fn because(outcome: DnsOutcome, detail: &str) -> Self {
        Self { detail: Some(detail.to_owned()), ..Self::of(outcome) }
    }

    /// Whether anything came back at all.
    pub(super) fn came(&self) -> bool {
        // A closed port says so at once, each time.
        !matches!(self.outcome, DnsOutcome::TimedOut | DnsOutcome::NotTried)
    }
}

/// Asks the operating system, as every program does: its hosts file and search list count.
pub(super) async fn system(name: &str, limit: Duration) -> Answer {
    let found = match timeout(limit, tokio::net::lookup_host((name, 443))).await {
        Ok(Ok(found)) => found.map(|found| found.ip()).collect::<BTreeSet<_>>(),
        Ok(Err(error)) => return refused_by_system(&error),
        Err(_) => return Answer::of(DnsOutcome::TimedOut),
    };
    if found.is_empty() { Answer::of(DnsOutcome::NotFound) } else { answered(found) }
}

/// Which of the C library's errors it was: the standard library hands on its words only
/// (glibc's `EAI_AGAIN`, musl's and macOS's words for it).
fn refused_by_system(error: &Error) -> Answer {
    let words = error.to_string().to_lowercase();
    let again = ["temporary failure", "try again", "not available"].iter().any(|known| words.contains(known));
    Answer::of(if again { DnsOutcome::Unavailable } else { DnsOutcome::NotFound })
}

fn answered(mut addresses: BTreeSet<IpAddr>) -> Answer {
    let all = addresses.len();
    let detail = (all > MOST_ADDRESSES).then(|| format!("{} more addresses", all - MOST_ADDRESSES));
    addresses = addresses.into_iter().take(MOST_ADDRESSES).collect();
    Answer { outcome: DnsOutcome::Answered, addresses, detail, ..Answer::default() }
}

/// The two questions about a name.
struct Questions {
    /// The name as it is, without a search list.
    name: Name,
    both: [Question; 2],
}

struct Question {
    id: u16,
    kind: RecordType,
    bytes: Vec<u8>,
}

impl Questions {
    fn about(name: &str) -> Option<Self> {
        let mut name = Name::from_ascii(name).ok()?;
        name.set_fqdn(true);
        let question = |kind| {
            let mut message = Message::query();
            message.metadata.recursion_desired = true;
            message.add_query(Query::query(name.clone(), kind));
            Some(Question { id: message.metadata.id, kind, bytes: message.to_vec().ok()? })
        };
        let both = [question(RecordType::A)?, question(RecordType::AAAA)?];
        Some(Self { name, both })
    }
}

fn not_asked() -> Answer {
    Answer::because(DnsOutcome::Malformed, "the name is not a valid DNS name")
}

/// How often a question is asked over UDP, where a datagram may be lost, and when again at the latest.
const TIMES: u32 = 3;
const AGAIN_AFTER: Duration = Duration::from_secs(1);

/// Asks over UDP.
pub(super) async fn udp(server: SocketAddr, name: &str, limit: Duration) -> Answer {
    let Some(questions) = Questions::about(name) else { return not_asked() };
    let mut halves: [Option<Answer>; 2] = [None, None];
    let socket = match connected(server).await {
        Ok(socket) => socket,
        Err(error) => return unreachable(&error),
    };
    let end = Instant::now() + limit;
    let pause = (limit / TIMES).min(AGAIN_AFTER);
    let (mut again, mut times) = (Instant::now(), 0);
    let mut buffer = vec![0; 65_535];
    while halves.iter().any(Option::is_none) {
        let now = Instant::now();
        if now >= end {
            break;
        }
        if now >= again {
            for (question, half) in questions.both.iter().zip(&halves) {
                if half.is_none()
                    && let Err(error) = socket.send(&question.bytes).await
                {
                    return unreachable(&error);
                }
            }
            times += 1;
            again = if times < TIMES { now + pause } else { end };
        }
        match timeout_at(again.min(end), socket.recv(&mut buffer)).await {
            Ok(Ok(length)) => take(&buffer[..length], &questions, &mut halves),
            Ok(Err(error)) => return unreachable(&error),
            Err(_) => {}
        }
    }
    both(halves)
}

async fn connected(server: SocketAddr) -> std::io::Result<UdpSocket> {
    let any: IpAddr =
        if server.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
    let socket = UdpSocket::bind((any, 0)).await?;
    socket.connect(server).await?;
    Ok(socket)
}

/// Keeps what answers one of the questions; anything else on the port is not for us.
fn take(bytes: &[u8], questions: &Questions, halves: &mut [Option<Answer>; 2]) {
    let Some(id) = bytes.first_chunk().map(|id| u16::from_be_bytes(*id)) else { return };
    for (question, half) in questions.both.iter().zip(halves) {
        if question.id == id && half.is_none() {
            *half = read(bytes, &questions.name, question);
        }
    }
}

/// What a message says to a question; nothing where it is about another one.
fn read(bytes: &[u8], name: &Name, question: &Question) -> Option<Answer> {
    let Ok(message) = Message::from_vec(bytes) else {
        return Some(Answer::because(DnsOutcome::Malformed, "the message cannot be read"));
    };
    let metadata = &message.metadata;
    if metadata.message_type != MessageType::Response || metadata.op_code != OpCode::Query {
        return Some(Answer::because(DnsOutcome::Malformed, "the message is not an answer"));
    }
    let asked = message.queries.first();
    if asked.is_some_and(|asked| asked.name() != name || asked.query_type() != question.kind) {
        return None;
    }
    let (addresses, aliases) = followed(&message, name, question.kind);
    let mut answer = match metadata.response_code {
        _ if !addresses.is_empty() => answered(addresses),
        ResponseCode::NoError if refers(&message) => {
            Answer::because(DnsOutcome::Failed, "refers to other DNS servers; does not resolve for clients")
        }
        ResponseCode::NoError => Answer::of(DnsOutcome::NoData),
        ResponseCode::NXDomain => Answer::of(DnsOutcome::Nxdomain),
        ResponseCode::Refused => Answer::of(DnsOutcome::Refused),
        ResponseCode::ServFail => Answer::of(DnsOutcome::Servfail),
        code => Answer::because(DnsOutcome::Failed, &code.to_string()),
    };
    if metadata.truncation {
        answer.outcome = DnsOutcome::Truncated;
        answer.truncated = true;
    }
    answer.aliases = aliases;
    Some(answer)
}

/// The addresses at the end of the chain of aliases that begins with the name, and the chain.
fn followed(message: &Message, name: &Name, kind: RecordType) -> (BTreeSet<IpAddr>, Vec<String>) {
    let mut at = name.clone();
    let mut chain = Vec::new();
    while chain.len() < LONGEST_CHAIN {
        let next = message.answers.iter().find_map(|record| match &record.data {
            RData::CNAME(alias) if record.name == at => Some(alias.0.clone()),
            _ => None,
        });
        let Some(next) = next else { break };
        chain.push(shown(&next));
        at = next;
    }
    let addresses = message.answers.iter().filter(|record| record.name == at);
    let addresses = addresses.filter_map(|record| match &record.data {
        RData::A(address) if kind == RecordType::A => Some(IpAddr::V4(address.0)),
        RData::AAAA(address) if kind == RecordType::AAAA => Some(IpAddr::V6(address.0)),
        _ => None,
    });
    (addresses.collect(), chain)
}

fn shown(name: &Name) -> String {
    name.to_ascii().trim_end_matches('.').to_ascii_lowercase()
}

/// Whether a server that was asked to resolve only names others that know more.
fn refers(message: &Message) -> bool {
    let metadata = &message.metadata;
    let names_servers = message.authorities.iter().any(|record| matches!(record.data, RData::NS(_)));
    !metadata.recursion_available && !metadata.authoritative && names_servers && message.answers.is_empty()
}

/// What the two questions gave together.
fn both(halves: [Option<Answer>; 2]) -> Answer {
    let [four, six] = halves.map(|half| half.unwrap_or_else(|| Answer::of(DnsOutcome::TimedOut)));
    let failed = |answer: &Answer| !matches!(answer.outcome, DnsOutcome::Answered | DnsOutcome::NoData);
    let mut details: Vec<String> = Vec::new();
    let mut failed_half = None;
    let outcome = match (four.outcome, six.outcome) {
        (DnsOutcome::Truncated, _) | (_, DnsOutcome::Truncated) => DnsOutcome::Truncated,
        (DnsOutcome::Answered, _) | (_, DnsOutcome::Answered) => DnsOutcome::Answered,
        (DnsOutcome::NoData, other) | (other, _) => other,
    };
    if outcome == DnsOutcome::Answered {
        for (answer, which) in [(&four, Family::Ipv4), (&six, Family::Ipv6)] {
            if failed(answer) {
                failed_half = Some(which);
                details.push(format!("the query for {}: {}", which.word(), answer.outcome.words()));
            }
        }
    }
    details.extend(
        four.detail.iter().chain(six.detail.iter().filter(|six| four.detail.as_ref() != Some(six))).cloned(),
    );
    let aliases = if four.aliases.is_empty() { six.aliases } else { four.aliases };
    Answer {
        outcome,
        addresses: four.addresses.into_iter().chain(six.addresses).collect(),
        aliases,
        truncated: four.truncated || six.truncated,
        failed_half,
        detail: (!details.is_empty()).then(|| details.join("; ")),
    }
}

/// Asks over TCP, each question on a connection of its own: some servers close after one.
pub(super) async fn tcp(server: SocketAddr, name: &str, limit: Duration) -> Answer {
    let Some(questions) = Questions::about(name) else { return not_asked() };
    let Questions { name, both: [four, six] } = &questions;
    let ask = |question| async move {
        match timeout(limit, exchanged(server, question)).await {
            Ok(Ok(bytes)) => read(&bytes, name, question)
                .unwrap_or_else(|| Answer::because(DnsOutcome::Malformed, "the answer is to another query")),
            Ok(Err(error)) => unreachable(&error),
            Err(_) => Answer::of(DnsOutcome::TimedOut),
        }
    };
    let (four, six) = tokio::join!(ask(four), ask(six));
    both([Some(four), Some(six)])
}

async fn exchanged(server: SocketAddr, question: &Question) -> std::io::Result<Vec<u8>> {
    let mut stream = TcpStream::connect(server).await?;
    let length = u16::try_from(question.bytes.len()).map_err(|_| ErrorKind::InvalidInput)?;
    let mut framed = length.to_be_bytes().to_vec();
    framed.extend_from_slice(&question.bytes);
    stream.write_all(&framed).await?;
    let mut answer = vec![0; usize::from(stream.read_u16().await?)];
    stream.read_exact(&mut answer).await?;
    Ok(answer)
}

/// Why there was no way to the server.
fn unreachable(error: &Error) -> Answer {
    let why = match error.kind() {
        ErrorKind::ConnectionRefused => "the port is closed",
        ErrorKind::UnexpectedEof | ErrorKind::ConnectionReset | ErrorKind::BrokenPipe => {
            "the connection was closed without an answer"
        }
        ErrorKind::TimedOut => return Answer::of(DnsOutcome::TimedOut),
        other => no_way(other),
    };
    Answer::because(DnsOutcome::Unreachable, why)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_an_answer_counts_and_the_other_half_is_told() {
        let four = answered(BTreeSet::from([IpAddr::V4(Ipv4Addr::LOCALHOST)]));
        let told = both([Some(four), None]);
        assert_eq!((told.outcome, told.failed_half), (DnsOutcome::Answered, Some(Family::Ipv6)));
        assert_eq!(told.detail.as_deref(), Some("the query for IPv6: timed out"));
        assert_eq!(both([None, None]).outcome, DnsOutcome::TimedOut);
    }

    #[test]
    fn a_name_that_no_message_can_carry_is_not_asked() {
        assert!(Questions::about(&"a".repeat(64)).is_none());
        assert!(Questions::about("sts.eu-west-1.amazonaws.com").is_some_and(|all| all.name.is_fqdn()));
    }
}
