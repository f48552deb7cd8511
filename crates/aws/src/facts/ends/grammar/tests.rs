//! The grammar of ends.

use super::*;

fn spec(text: &str) -> EndSpec {
    text.parse().unwrap_or_else(|error| panic!("{error}"))
}

fn refused(text: &str) -> String {
    text.parse::<DeclaredEnd>().unwrap_err().to_string()
}

#[test]
fn every_kind_of_end_is_told_from_the_others() {
    assert_eq!(spec("control-plane-subnets"), EndSpec::Role("control-plane-subnets".into()));
    assert_eq!(spec("ecr.api"), EndSpec::Service("ecr.api".into()));
    assert_eq!(spec("s3"), EndSpec::Service("s3".into()));
    for id in ["eni-0abc", "i-0a1b2c3d4e5f60718", "subnet-a", "vpce-0e0", "pl-61a54008"] {
        assert_eq!(spec(id), EndSpec::Resource(id.into()));
    }
    assert_eq!(spec("10.0.0.0/8"), EndSpec::Addresses("10.0.0.0/8".parse().unwrap()));
    assert_eq!(spec("10.0.0.7"), EndSpec::Addresses("10.0.0.7/32".parse().unwrap()));
    assert_eq!(spec("2001:db8::/32"), EndSpec::Addresses("2001:db8::/32".parse().unwrap()));
    for name in ["head-office", "Bastion (Tokyo)", "3rd-floor", "vpc-operators", "sg", "nodes2"] {
        assert_eq!(spec(name), EndSpec::Network(name.into()));
    }
}

#[test]
fn an_end_is_shown_as_it_was_written() {
    for text in [
        "nodes",
        "ecr.api",
        "eni-0abc",
        "10.0.0.0/8",
        "10.0.0.7",
        "2001:db8::1",
        "head-office",
        "10.50.0.0/24,via=pcx-0a1,sg=sg-0b2,sg=sg-0b3",
        "subnet-0abc,sg=sg-0b2",
    ] {
        let end: DeclaredEnd = text.parse().unwrap();
        assert_eq!(end.to_string(), text);
        assert_eq!(end.to_string().parse::<DeclaredEnd>().unwrap(), end);
    }
}

#[test]
fn an_id_with_a_typo_shows_the_right_one() {
    for typo in ["eni_0abc", "ENI-0ABC", "eni:0abc", "eni.0abc", "Eni-0abc"] {
        assert!(refused(typo).contains("did you mean eni-0abc?"), "{}", refused(typo));
    }
    assert!(refused("subent-0a1b2c3d4e5f60718").contains("did you mean subnet-0a1b2c3d4e5f60718?"));
    assert!(refused("eni-").contains("the id is incomplete"));
    assert!(refused("eni-0abc/24").contains("an id is a prefix and a number"));
}

#[test]
fn a_resource_that_is_no_end_is_refused_with_what_to_name_instead() {
    assert!(refused("sg-0b2").contains("subnet-…,sg=sg-0b2"));
    assert!(refused("pcx-0a1").contains("CIDR,via=pcx-0a1"));
    assert!(refused("vpc-0a1").contains("one of its subnets"));
    assert!(refused("rslvr-in-0a1").contains("the role resolver-inbound"));
    assert!(refused("arn:aws:ec2:eu-west-1:1:subnet/subnet-1").contains("an ARN cannot be traced"));
    assert!(refused("https://example.com").contains("a URL cannot be traced"));
    assert!(refused("com.amazonaws.eu-west-1.ecr.api").contains("did you mean ecr.api?"));
    assert!(refused("A1.gr7.eu-west-1.eks.amazonaws.com").contains("control-plane"));
}

#[test]
fn an_address_with_a_typo_shows_the_right_one() {
    assert!(refused("10.0.0.5/8").contains("did you mean 10.0.0.0/8?"));
    for typo in ["10.0.0/8", "10.0.0.0/33", "300.1.1.1", "10.0.0.0/", "2001:db8::/129", "10..0.1"] {
        assert!(refused(typo).contains("is not a CIDR"), "{}", refused(typo));
    }
}

#[test]
fn what_is_declared_about_an_end_must_fit_it() {
    assert!(refused("subnet-0abc,via=pcx-1").contains("'via' is valid only for addresses"));
    assert!(refused("eni-0abc,sg=sg-1").contains("'sg' is valid only for subnets and addresses"));
    assert!(refused("nodes,sg=sg-1").contains("'sg' is valid only for subnets and addresses"));
    assert!(refused("10.0.0.0/8,via=pcx-1,via=pcx-2").contains("'via' is set twice"));
    assert!(refused("10.0.0.0/8,vai=pcx-1").contains("the form is END[,via=ID][,sg=ID]"));
    assert!(refused("10.0.0.0/8,via=sg-1").contains("via 'sg-1' is not the id"));
    assert!(refused("10.0.0.0/8,").contains("the form is"));
}

#[test]
fn nothing_hostile_is_understood_or_printed_as_it_is() {
    for text in [
        "",
        " ",
        ",",
        "a\u{1b}[2Jb",
        "a\nb",
        "10.0.0.0/8,via=pcx-\u{1b}[2J",
        "--from",
        "=",
        "a=b",
        "/",
        "-",
        "é\0",
    ] {
        let said = refused(text);
        assert!(!said.contains(['\n', '\u{1b}', '\0']), "{said:?}");
    }
    assert!(refused(&"9.".repeat(10_000)).chars().count() < 300);
}
