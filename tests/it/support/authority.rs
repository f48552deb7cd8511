//! A DNS server in this process, over UDP and TCP on one port of loopback: it answers what a function
//! makes of each question, and remembers the questions. Each is answered in a thread of its own, so that
//! the function may wait for another question; where one of them panics, so does the test that drops the
//! server.

use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use hickory_resolver::proto::op::{Message, OpCode, Query, ResponseCode};
use hickory_resolver::proto::rr::rdata::{A, AAAA, CNAME, NS};
use hickory_resolver::proto::rr::{Name, RData, Record, RecordType};

/// A question that arrived.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// In lower case, without a dot at the end.
    pub name: String,
    pub kind: RecordType,
    pub tcp: bool,
}

/// What is answered.
#[derive(Clone, Debug)]
pub enum Reply {
    /// These records, or none of this type.
    Records(Vec<Record>),
    /// An error, such as `NXDomain`, `ServFail` or `Refused`.
    Code(ResponseCode),
    /// Nothing but that TCP has more.
    Truncated,
    /// A referral to other servers, from one that asks none for its clients.
    Lame,
    /// Bytes that are no message.
    Garbage,
    /// Nothing at all.
    Silence,
}

impl Reply {
    /// The addresses of the name that fit the question's type.
    pub fn addresses(question: &Question, addresses: &[&str]) -> Self {
        let records = addresses.iter().map(|address| record(&question.name, address));
        Self::Records(records.filter(|record| record.record_type() == question.kind).collect())
    }
}

/// An address record.
pub fn record(name: &str, address: &str) -> Record {
    let data = match address.parse().expect("an address") {
        IpAddr::V4(address) => RData::A(A(address)),
        IpAddr::V6(address) => RData::AAAA(AAAA(address)),
    };
    Record::from_rdata(absolute(name), 60, data)
}

/// A `CNAME` record.
pub fn alias(name: &str, of: &str) -> Record {
    Record::from_rdata(absolute(name), 60, RData::CNAME(CNAME(absolute(of))))
}

fn absolute(name: &str) -> Name {
    Name::from_ascii(format!("{}.", name.trim_end_matches('.'))).unwrap()
}

/// The server; it ends when it is dropped.
pub struct Authority {
    /// For UDP and TCP alike.
    pub address: SocketAddr,
    asked: Arc<Mutex<Vec<Question>>>,
    over: Arc<AtomicBool>,
    failed: Arc<AtomicBool>,
}

/// What is done with each question.
struct Answers {
    of: Box<dyn Fn(&Question) -> Reply + Send + Sync>,
    asked: Arc<Mutex<Vec<Question>>>,
    failed: Arc<AtomicBool>,
}

/// Tells of a panic in a thread that nobody joins.
struct Alarm<'f>(&'f AtomicBool);

impl Drop for Alarm<'_> {
    fn drop(&mut self) {
        if thread::panicking() {
            self.0.store(true, Ordering::SeqCst);
        }
    }
}

impl Authority {
    /// Starts a server on 127.0.0.1 that answers over both protocols.
    pub fn start(answers: impl Fn(&Question) -> Reply + Send + Sync + 'static) -> Self {
        Self::listen(true, answers)
    }

    /// As [`Authority::start`], but nothing listens on TCP.
    pub fn without_tcp(answers: impl Fn(&Question) -> Reply + Send + Sync + 'static) -> Self {
        Self::listen(false, answers)
    }

    /// On loopback, over UDP and perhaps over TCP.
    fn listen(tcp: bool, answers: impl Fn(&Question) -> Reply + Send + Sync + 'static) -> Self {
        let (udp, listener) = sockets();
        let server = Self {
            address: udp.local_addr().unwrap(),
            asked: Arc::default(),
            over: Arc::default(),
            failed: Arc::default(),
        };
        let (asked, failed) = (server.asked.clone(), server.failed.clone());
        let answers = Arc::new(Answers { of: Box::new(answers), asked, failed });
        let (over, by_udp) = (server.over.clone(), answers.clone());
        thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok((length, from)) = udp.recv_from(&mut buffer) {
                if over.load(Ordering::SeqCst) {
                    return;
                }
                let (bytes, by_udp) = (buffer[..length].to_vec(), by_udp.clone());
                let udp = udp.try_clone().unwrap();
                thread::spawn(move || {
                    if let Some(reply) = by_udp.to(&bytes, false) {
                        let _ = udp.send_to(&reply, from);
                    }
                });
            }
        });
        // Otherwise the port is closed.
        if tcp {
            let over = server.over.clone();
            thread::spawn(move || {
                while let Ok((stream, _)) = listener.accept() {
                    if over.load(Ordering::SeqCst) {
                        return;
                    }
                    let answers = answers.clone();
                    thread::spawn(move || by_tcp(stream, &answers));
                }
            });
        }
        server
    }

    /// The questions so far.
    pub fn asked(&self) -> Vec<Question> {
        self.asked.lock().unwrap().clone()
    }
}

impl Drop for Authority {
    fn drop(&mut self) {
        self.over.store(true, Ordering::SeqCst);
        // Both threads look up.
        if let Ok(socket) = UdpSocket::bind((self.address.ip(), 0)) {
            let _ = socket.send_to(&[], self.address);
        }
        let _ = TcpStream::connect_timeout(&self.address, Duration::from_millis(200));
        let failed = self.failed.load(Ordering::SeqCst);
        assert!(thread::panicking() || !failed, "the DNS server of the test panicked: see above");
    }
}

/// A port that is free for both protocols.
fn sockets() -> (UdpSocket, TcpListener) {
    for _ in 0..50 {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("loopback");
        if let Ok(udp) = UdpSocket::bind(listener.local_addr().unwrap()) {
            return (udp, listener);
        }
    }
    panic!("no port is free for UDP and TCP");
}

fn by_tcp(mut stream: TcpStream, answers: &Answers) {
    loop {
        let mut length = [0; 2];
        if stream.read_exact(&mut length).is_err() {
            return;
        }
        let mut bytes = vec![0; usize::from(u16::from_be_bytes(length))];
        if stream.read_exact(&mut bytes).is_err() {
            return;
        }
        let Some(reply) = answers.to(&bytes, true) else { continue };
        let length = u16::try_from(reply.len()).unwrap().to_be_bytes();
        if stream.write_all(&[&length[..], &reply].concat()).is_err() {
            return;
        }
    }
}

impl Answers {
    /// The bytes that answer these.
    fn to(&self, bytes: &[u8], tcp: bool) -> Option<Vec<u8>> {
        let _alarm = Alarm(&self.failed);
        let request = Message::from_vec(bytes).ok()?;
        let query = request.queries.first()?;
        let question = Question {
            name: query.name().to_ascii().trim_end_matches('.').to_ascii_lowercase(),
            kind: query.query_type(),
            tcp,
        };
        self.asked.lock().unwrap().push(question.clone());
        assert!(request.metadata.recursion_desired, "clients ask for recursion");
        message(&request, bytes, (self.of)(&question))
    }
}

/// A reply as a message.
fn message(request: &Message, bytes: &[u8], reply: Reply) -> Option<Vec<u8>> {
    let query = request.queries.first()?;
    let mut message = Message::response(request.metadata.id, OpCode::Query);
    message.queries.clone_from(&request.queries);
    message.metadata.recursion_desired = request.metadata.recursion_desired;
    message.metadata.recursion_available = true;
    message.metadata.authoritative = true;
    match reply {
        Reply::Records(mut records) => {
            // Whoever varies the case of a name against forgery wants it back as it was.
            for record in &mut records {
                if record.name.eq_ignore_root(query.name()) {
                    record.name = query.name().clone();
                }
            }
            message.answers = records;
        }
        Reply::Code(code) => message.metadata.response_code = code,
        Reply::Truncated => message.metadata.truncation = true,
        Reply::Lame => {
            message.metadata.recursion_available = false;
            message.metadata.authoritative = false;
            let servers = RData::NS(NS(absolute("ns.example.net")));
            message.add_authority(Record::from_rdata(absolute("amazonaws.com"), 60, servers));
        }
        // The id is right, or it would not be taken for an answer.
        Reply::Garbage => return Some([&bytes[..2], b"garbage".as_slice()].concat()),
        Reply::Silence => return None,
    }
    message.to_vec().ok()
}

/// Asks a server over UDP, or over TCP, once; `None` if it says nothing in time.
pub fn ask(server: SocketAddr, name: &str, kind: RecordType, tcp: bool) -> Option<Message> {
    let mut message = Message::query();
    message.metadata.recursion_desired = true;
    message.add_query(Query::query(absolute(name), kind));
    let bytes = message.to_vec().unwrap();
    let patience = Duration::from_secs(10);
    if tcp {
        let mut stream = TcpStream::connect_timeout(&server, patience).ok()?;
        stream.set_read_timeout(Some(patience)).ok()?;
        let length = u16::try_from(bytes.len()).unwrap().to_be_bytes();
        stream.write_all(&[&length[..], &bytes].concat()).ok()?;
        let mut length = [0; 2];
        stream.read_exact(&mut length).ok()?;
        let mut reply = vec![0; usize::from(u16::from_be_bytes(length))];
        stream.read_exact(&mut reply).ok()?;
        return Message::from_vec(&reply).ok();
    }
    let socket = UdpSocket::bind((server.ip(), 0)).ok()?;
    socket.connect(server).ok()?;
    socket.set_read_timeout(Some(patience)).ok()?;
    socket.send(&bytes).ok()?;
    let mut buffer = [0; 4096];
    let length = socket.recv(&mut buffer).ok()?;
    Message::from_vec(&buffer[..length]).ok()
}

/// The addresses in an answer.
pub fn addresses(message: &Message) -> Vec<IpAddr> {
    let mut found: Vec<IpAddr> = message
        .answers
        .iter()
        .filter_map(|record| match &record.data {
            RData::A(A(address)) => Some(IpAddr::V4(*address)),
            RData::AAAA(AAAA(address)) => Some(IpAddr::V6(*address)),
            _ => None,
        })
        .collect();
    found.sort();
    found
}
