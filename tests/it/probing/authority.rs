//! The DNS server that stands in for others does as it is told.

use std::net::IpAddr;

use hickory_resolver::proto::op::ResponseCode;
use hickory_resolver::proto::rr::RecordType;

use crate::support::authority::{Authority, Question, Reply, addresses, alias, ask, record};

#[test]
fn a_panic_while_a_question_is_answered_is_told() {
    let authority = Authority::start(|question| panic!("nobody asks for {}", question.name));
    let address = authority.address;
    assert!(ask(address, "known.example", RecordType::A, true).is_none());
    assert!(std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| drop(authority))).is_err());
}

#[test]
fn the_authority_answers_over_both_protocols_and_remembers() {
    let private: IpAddr = "10.9.8.7".parse().unwrap();
    let authority = Authority::start(|question| match question.name.as_str() {
        "known.example" => Reply::addresses(question, &["10.9.8.7", "::1"]),
        "long.example" if !question.tcp => Reply::Truncated,
        "long.example" => {
            Reply::Records(vec![alias("long.example", "known.example"), record("known.example", "10.9.8.7")])
        }
        _ => Reply::Code(ResponseCode::NXDomain),
    });
    let said = |name: &str, tcp: bool| ask(authority.address, name, RecordType::A, tcp).unwrap();
    assert_eq!(addresses(&said("Known.example", false)), [private]);
    assert_eq!(addresses(&said("known.example", true)), [private]);
    assert!(said("long.example", false).metadata.truncation);
    assert_eq!(addresses(&said("long.example", true)), [private]);
    assert_eq!(said("other.example", false).metadata.response_code, ResponseCode::NXDomain);
    let udp_only = Authority::without_tcp(|question| Reply::addresses(question, &["10.9.8.7"]));
    let over_udp = ask(udp_only.address, "known.example", RecordType::A, false).unwrap();
    assert_eq!(addresses(&over_udp), [private]);
    assert!(ask(udp_only.address, "known.example", RecordType::A, true).is_none(), "nothing listens on TCP");
    let asked = authority.asked();
    assert_eq!(asked.len(), 5);
    assert_eq!(asked[0], Question { name: "known.example".to_owned(), kind: RecordType::A, tcp: false });
}
