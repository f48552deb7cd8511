//! A DNS server on loopback that answers, over UDP and TCP, whatever a test tells it to.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use hickory_resolver::proto::op::{Message, MessageType, OpCode, ResponseCode};
use hickory_resolver::proto::rr::rdata::{A, AAAA, CNAME, NS};
use hickory_resolver::proto::rr::{Name, RData, Record, RecordType};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, UdpSocket};

/// What a server does with a question.
#[derive(Clone, Debug)]
pub enum Reply {
    /// These records: the owner and `A`/`AAAA`/`CNAME` data as text.
    Records(Vec<(String, String)>),
    /// The answer is cut off.
    Truncated,
    /// This code, and no records.
    Code(ResponseCode),
    /// A referral to other servers.
    Lame,
    /// Bytes that are no message.
    Garbage,
    /// Nothing at all.
    Silence,
}

/// One question.
pub struct Asked<'a> {
    /// The name, without a dot at the end.
    pub name: &'a str,
    /// Whether IPv6 addresses are wanted.
    pub v6: bool,
    /// Whether it came over TCP.
    pub tcp: bool,
}

/// A running server; it lasts as long as the process.
pub struct Authority {
    /// Where it listens.
    pub address: SocketAddr,
    /// How many questions came.
    pub questions: Arc<AtomicUsize>,
}

/// These addresses for a name; IPv4 to who asks for them, IPv6 likewise.
pub fn addresses(asked: &Asked<'_>, addresses: &[&str]) -> Reply {
    let wanted = |text: &&&str| text.parse::<IpAddr>().expect("an address").is_ipv6() == asked.v6;
    let records = addresses.iter().filter(wanted);
    Reply::Records(records.map(|address| (asked.name.to_owned(), (*address).to_owned())).collect())
}

/// Starts a server; without `over_tcp`, its TCP port is closed.
pub fn authority(over_tcp: bool, answer: impl Fn(&Asked<'_>) -> Reply + Send + Sync + 'static) -> Authority {
    let (socket, listener) = ports(over_tcp);
    let address = socket.local_addr().expect("an address");
    let questions = Arc::new(AtomicUsize::new(0));
    let serving = Arc::new((answer, Arc::clone(&questions)));
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let respond = move |bytes: &[u8], tcp| {
                serving.1.fetch_add(1, Ordering::Relaxed);
                respond(bytes, tcp, &serving.0)
            };
            if let Some(listener) = listener {
                tokio::spawn(over_tcp_connections(listener, respond.clone()));
            }
            let socket = UdpSocket::from_std(socket).expect("a socket");
            let mut buffer = [0; 4096];
            while let Ok((length, from)) = socket.recv_from(&mut buffer).await {
                if let Some(answer) = respond(&buffer[..length], false) {
                    let _ = socket.send_to(&answer, from).await;
                }
            }
        });
    });
    Authority { address, questions }
}

/// The same port for both transports.
fn ports(over_tcp: bool) -> (std::net::UdpSocket, Option<std::net::TcpListener>) {
    for _ in 0..100 {
        let socket = std::net::UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        socket.set_nonblocking(true).expect("a socket");
        if !over_tcp {
            return (socket, None);
        }
        let port = socket.local_addr().expect("an address").port();
        if let Ok(listener) = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, port)) {
            listener.set_nonblocking(true).expect("a socket");
            return (socket, Some(listener));
        }
    }
    panic!("no port is free for both transports")
}

async fn over_tcp_connections<F>(listener: std::net::TcpListener, respond: F)
where
    F: Fn(&[u8], bool) -> Option<Vec<u8>> + Clone + Send + 'static,
{
    let listener = TcpListener::from_std(listener).expect("a socket");
    while let Ok((mut stream, _)) = listener.accept().await {
        let respond = respond.clone();
        tokio::spawn(async move {
            while let Ok(length) = stream.read_u16().await {
                let mut bytes = vec![0; usize::from(length)];
                if stream.read_exact(&mut bytes).await.is_err() {
                    break;
                }
                let Some(answer) = respond(&bytes, true) else {
                    // The connection stays open, and nothing comes.
                    std::future::pending::<()>().await;
                    break;
                };
                let length = u16::try_from(answer.len()).expect("a short answer");
                let _ = stream.write_all(&[&length.to_be_bytes(), answer.as_slice()].concat()).await;
            }
        });
    }
}

fn respond(bytes: &[u8], tcp: bool, answer: &impl Fn(&Asked<'_>) -> Reply) -> Option<Vec<u8>> {
    let question = Message::from_vec(bytes).expect("a question");
    assert!(question.metadata.recursion_desired, "clients ask for recursion");
    let query = question.queries.first().expect("a question").clone();
    let name = query.name().to_ascii();
    assert!(name.ends_with('.'), "{name} is asked for without a search list");
    let asked = Asked { name: name.trim_end_matches('.'), v6: query.query_type() == RecordType::AAAA, tcp };
    let mut message = Message::new(question.metadata.id, MessageType::Response, OpCode::Query);
    message.metadata.recursion_desired = true;
    message.metadata.recursion_available = true;
    message.add_query(query.clone());
    match answer(&asked) {
        Reply::Records(records) => {
            message.add_answers(records.iter().map(|(owner, data)| record(owner, data)));
        }
        Reply::Truncated => message.metadata.truncation = true,
        Reply::Code(code) => message.metadata.response_code = code,
        Reply::Lame => {
            message.metadata.recursion_available = false;
            let servers = RData::NS(NS(absolute("ns.example.net")));
            message.add_authority(Record::from_rdata(absolute("amazonaws.com"), 60, servers));
        }
        // The id is right, or it would not be taken for an answer.
        Reply::Garbage => return Some([&bytes[..2], b"garbage".as_slice()].concat()),
        Reply::Silence => return None,
    }
    Some(message.to_vec().expect("a message"))
}

fn record(owner: &str, data: &str) -> Record {
    let data = match data.parse() {
        Ok(IpAddr::V4(address)) => RData::A(A(address)),
        Ok(IpAddr::V6(address)) => RData::AAAA(AAAA(address)),
        Err(_) => RData::CNAME(CNAME(absolute(data))),
    };
    Record::from_rdata(absolute(owner), 60, data)
}

fn absolute(name: &str) -> Name {
    let mut name = Name::from_ascii(name).expect("a name");
    name.set_fqdn(true);
    name
}
