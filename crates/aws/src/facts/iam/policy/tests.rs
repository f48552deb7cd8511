//! Statements about IAM's evaluation, one by one.

use super::*;

fn evaluate_text(kind: PolicyKind, document: &str, request: Request<'_>) -> Result<Decision, String> {
    let document = serde_json::from_str(document).map_err(|error| error.to_string())?;
    evaluate(kind, &document, request)
}

const LAYERS: &str = "arn:aws:s3:::prod-ap-northeast-1-starport-layer-bucket/*";
const BUCKET: &str =
    r#""Action": "s3:GetObject", "Resource": ["arn:aws:s3:::prod-ap-northeast-1-starport-layer-bucket/*"]"#;
const ALL: &str = r#""Action": "*", "Resource": "*""#;
const OWN: &str = "111122223333";

fn of_aws() -> Caller {
    Caller::OfAws { own: Some(OWN.into()) }
}

/// A URL that an account of AWS's signed.
fn presigned() -> Keys {
    let theirs = |present| Carried::OfAws { own: Some(OWN.into()), present };
    let mut keys = Keys::default();
    keys.set("aws:PrincipalAccount", theirs(true));
    keys.set("aws:PrincipalOrgID", theirs(false));
    keys.value("aws:PrincipalIsAWSService", "false");
    keys.value("aws:SourceVpc", "vpc-1");
    keys
}

fn of(document: &str) -> Decision {
    decide(document, &of_aws(), &presigned())
}

fn decide(document: &str, caller: &Caller, keys: &Keys) -> Decision {
    let request = Request { action: "s3:GetObject", resource: Some(LAYERS), caller, keys };
    evaluate_text(PolicyKind::Endpoint, document, request).unwrap()
}

fn statement(effect: &str, rest: &str) -> String {
    format!(r#"{{"Effect": "{effect}", "Principal": "*", {rest}}}"#)
}

fn policy(statements: &[String]) -> String {
    format!(r#"{{"Version": "2012-10-17", "Statement": [{}]}}"#, statements.join(", "))
}

/// One statement about everything under a condition.
fn only_if(effect: &str, condition: &str) -> String {
    statement(effect, &format!(r#"{ALL}, "Condition": {condition}"#))
}

fn denied(decision: &Decision) -> &str {
    match decision {
        Decision::ImplicitDeny(why) | Decision::ExplicitDeny(why) => why,
        other => panic!("{other:?}"),
    }
}

#[test]
fn full_access_and_the_layer_bucket_alone_are_allowed() {
    assert_eq!(of(&policy(&[statement("Allow", ALL)])), Decision::Allowed);
    assert_eq!(of(&policy(&[statement("Allow", BUCKET)])), Decision::Allowed);
    let one = r#"{"Statement": {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": ["S3:get*"], "Resource": "arn:aws:s3:::*"}}"#;
    assert_eq!(of(one), Decision::Allowed);
}

#[test]
fn a_policy_for_other_buckets_denies() {
    let other = policy(&[statement("Allow", r#""Action": "s3:*", "Resource": "arn:aws:s3:::mine/*""#)]);
    assert!(denied(&of(&other)).contains("no statement allows s3:GetObject"));
    denied(&of(r#"{"Statement": []}"#));
}

#[test]
fn what_no_statement_allows_is_told_from_what_one_denies_whatever_it_is_called() {
    let named = r#"{"Statement": [{"Sid": "nobody denies this", "Effect": "Allow", "Principal": "*", "Action": "sts:*", "Resource": "*"}]}"#;
    assert!(matches!(of(named), Decision::ImplicitDeny(_)));
    assert!(matches!(of(&policy(&[statement("Deny", ALL)])), Decision::ExplicitDeny(_)));
}

#[test]
fn a_deny_outranks_every_allow() {
    let both = of(&policy(&[statement("Allow", ALL), statement("Deny", BUCKET)]));
    assert!(denied(&both).contains("Statement[1] denies"));
}

#[test]
fn not_action_and_not_resource_mean_everything_else() {
    let decide = |effect: &str, rest: &str| of(&policy(&[statement("Allow", ALL), statement(effect, rest)]));
    let others = r#""NotAction": "s3:*", "Resource": "*""#;
    assert_eq!(decide("Deny", others), Decision::Allowed);
    denied(&decide("Deny", r#""NotAction": "ecr:*", "Resource": "*""#));
    denied(&decide("Deny", r#""Action": "s3:*", "NotResource": "arn:aws:s3:::mine/*""#));
    assert_eq!(
        decide("Deny", r#""Action": "s3:*", "NotResource": "arn:aws:s3:::prod-*""#),
        Decision::Allowed
    );
    denied(&of(&policy(&[statement("Allow", others)])));
    denied(&of(&policy(&[statement("Allow", r#""NotAction": "ec2:*", "Resource": "arn:aws:s3:::mine/*""#)])));
}

#[test]
fn an_organisation_condition_refuses_what_an_account_of_awss_signed() {
    let organisation = only_if("Allow", r#"{"StringEquals": {"aws:PrincipalOrgID": "o-mine"}}"#);
    let decision = of(&policy(&[organisation]));
    assert!(
        denied(&decision).contains("aws:PrincipalOrgID, which has the value of an AWS account"),
        "{decision:?}"
    );
    let account = only_if("Allow", r#"{"StringEquals": {"AWS:principalaccount": ["111122223333"]}}"#);
    denied(&of(&policy(&[account])));
    let stranger = only_if("Allow", r#"{"StringEquals": {"aws:PrincipalAccount": "999988887777"}}"#);
    assert!(matches!(of(&policy(&[stranger])), Decision::Undecided(_)));
    let others = only_if("Deny", r#"{"StringNotEquals": {"aws:PrincipalOrgID": "o-mine"}}"#);
    assert!(denied(&of(&policy(&[statement("Allow", ALL), others]))).contains("Statement[1] denies"));
    let services = only_if("Allow", r#"{"Bool": {"aws:PrincipalIsAWSService": "true"}}"#);
    denied(&of(&policy(&[services])));
    let either = r#"{"StringEqualsIfExists": {"aws:PrincipalOrgID": "o-mine"}}"#;
    assert!(matches!(of(&policy(&[only_if("Allow", either)])), Decision::Undecided(_)));
    let besides = policy(&[
        only_if("Allow", r#"{"StringEquals": {"aws:PrincipalOrgID": "o-mine"}}"#),
        statement("Allow", BUCKET),
    ]);
    assert_eq!(of(&besides), Decision::Allowed);
}

#[test]
fn a_key_that_the_request_lacks_fails_conditions_and_fulfils_negated_ones() {
    let mut keys = Keys::default();
    keys.lacks(&["aws:PrincipalOrgID"]);
    let federated = Caller::Federated { provider: None };
    let judge = |condition: &str| decide(&policy(&[only_if("Allow", condition)]), &federated, &keys);
    for fails in [
        r#"{"StringEquals": {"aws:PrincipalOrgID": "o-mine"}}"#,
        r#"{"StringLike": {"aws:PrincipalOrgID": "*"}}"#,
        r#"{"Null": {"aws:PrincipalOrgID": "false"}}"#,
        r#"{"ForAnyValue:StringLike": {"aws:PrincipalOrgID": "*"}}"#,
        r#"{"NumericLessThan": {"aws:PrincipalOrgID": 5}}"#,
    ] {
        let decision = judge(fails);
        assert!(denied(&decision).contains("which the request does not contain"), "{fails}: {decision:?}");
    }
    for holds in [
        r#"{"StringNotEquals": {"aws:PrincipalOrgID": "o-mine"}}"#,
        r#"{"StringEqualsIfExists": {"aws:PrincipalOrgID": "o-mine"}}"#,
        r#"{"StringNotEqualsIfExists": {"aws:PrincipalOrgID": "o-mine"}}"#,
        r#"{"Null": {"aws:PrincipalOrgID": true}}"#,
        r#"{"ForAllValues:StringEquals": {"aws:PrincipalOrgID": "o-mine"}}"#,
    ] {
        assert_eq!(judge(holds), Decision::Allowed, "{holds}");
    }
}

#[test]
fn conditions_on_known_values_decide_and_all_of_them_must_hold() {
    let role =
        Caller::Role { account: Some(OWN.into()), arn: Some("arn:aws:iam::111122223333:role/n".into()) };
    let mut keys = Keys::default();
    keys.value("aws:SourceVpc", "vpc-1");
    keys.value("aws:PrincipalArn", "arn:aws:iam::111122223333:role/n");
    keys.value("aws:SecureTransport", "true");
    keys.set("aws:TagKeys", Carried::Values(vec!["a".into(), "b".into()]));
    let judge = |condition: &str| decide(&policy(&[only_if("Allow", condition)]), &role, &keys);
    for holds in [
        r#"{"StringEquals": {"aws:SourceVpc": ["vpc-0", "vpc-1"]}}"#,
        r#"{"StringEqualsIgnoreCase": {"aws:SourceVpc": "VPC-1"}}"#,
        r#"{"StringLike": {"aws:SourceVpc": "vpc-?"}, "Bool": {"aws:SecureTransport": true}}"#,
        r#"{"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/*"}}"#,
        r#"{"ArnNotEquals": {"aws:PrincipalArn": "arn:aws:iam::*:user/*"}}"#,
        r#"{"ForAnyValue:StringEquals": {"aws:TagKeys": "b"}}"#,
        r#"{"ForAllValues:StringEquals": {"aws:TagKeys": ["a", "b", "c"]}}"#,
        "{}",
    ] {
        assert_eq!(judge(holds), Decision::Allowed, "{holds}");
    }
    for fails in [
        r#"{"StringEquals": {"aws:SourceVpc": "vpc-2"}}"#,
        r#"{"StringEquals": {"aws:SourceVpc": "VPC-1"}}"#,
        r#"{"StringEquals": {"aws:SourceVpc": "vpc-*"}}"#,
        r#"{"StringNotEquals": {"aws:SourceVpc": ["vpc-0", "vpc-1"]}}"#,
        r#"{"Bool": {"aws:SecureTransport": "false"}}"#,
        r#"{"ForAnyValue:StringEquals": {"aws:TagKeys": "c"}}"#,
        r#"{"ForAllValues:StringEquals": {"aws:TagKeys": "a"}}"#,
        r#"{"StringEquals": {"aws:SourceVpc": "vpc-2", "aws:PrincipalTag/x": "1"}}"#,
    ] {
        denied(&judge(fails));
    }
    for open in [
        r#"{"StringEquals": {"aws:PrincipalTag/team": "a"}}"#,
        r#"{"StringEqualsIfExists": {"aws:PrincipalOrgID": "o-mine"}}"#,
        r#"{"StringEquals": {"aws:SourceVpc": "${aws:PrincipalTag/vpc}"}}"#,
        r#"{"IpAddress": {"aws:SourceVpc": "10.0.0.0/8"}}"#,
        r#"{"StringEquals": {"aws:TagKeys": "a"}}"#,
        "5",
    ] {
        assert!(matches!(judge(open), Decision::Undecided(_)), "{open}: {:?}", judge(open));
    }
}

#[test]
fn an_undecided_refusal_outranks_a_permission() {
    let tagged = only_if("Deny", r#"{"StringEquals": {"aws:PrincipalTag/team": "a"}}"#);
    assert!(matches!(of(&policy(&[statement("Allow", ALL), tagged])), Decision::Undecided(_)));
    let allowed_tagged = only_if("Allow", r#"{"StringEquals": {"aws:PrincipalTag/team": "a"}}"#);
    assert_eq!(of(&policy(&[allowed_tagged, statement("Allow", ALL)])), Decision::Allowed);
}

#[test]
fn principals_are_roles_accounts_services_and_providers() {
    let named = |principal: &str| {
        format!(
            r#"{{"Statement": [{{"Effect": "Allow", "Principal": {principal}, "Action": "s3:*", "Resource": "*"}}]}}"#
        )
    };
    let keys = Keys::default();
    let node =
        Caller::Role { account: Some(OWN.into()), arn: Some("arn:aws:iam::111122223333:role/n".into()) };
    let some = Caller::Role { account: Some(OWN.into()), arn: None };
    let root = named(r#"{"AWS": ["arn:aws:iam::111122223333:root"]}"#);
    let account = named(r#"{"AWS": "111122223333"}"#);
    let role = named(r#"{"AWS": "arn:aws:iam::111122223333:role/n"}"#);
    let other = named(r#"{"AWS": "arn:aws:iam::444455556666:root"}"#);
    for everybody in [&root, &account] {
        assert_eq!(decide(everybody, &node, &keys), Decision::Allowed);
        assert_eq!(decide(everybody, &some, &keys), Decision::Allowed);
        denied(&decide(everybody, &of_aws(), &keys));
        denied(&decide(everybody, &Caller::Anonymous, &keys));
        denied(&decide(everybody, &Caller::Federated { provider: None }, &keys));
    }
    assert_eq!(decide(&role, &node, &keys), Decision::Allowed);
    assert!(matches!(decide(&role, &some, &keys), Decision::Undecided(_)));
    denied(&decide(&other, &node, &keys));
    assert!(matches!(decide(&other, &of_aws(), &keys), Decision::Undecided(_)));
    denied(&decide(&named(r#"{"Service": "ec2.amazonaws.com"}"#), &node, &keys));
    let except = r#"{"Statement": [{"Effect": "Deny", "NotPrincipal": {"AWS": "arn:aws:iam::444455556666:root"}, "Action": "*", "Resource": "*"}]}"#;
    denied(&decide(except, &node, &keys));
    let nobody = r#"{"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}"#;
    assert!(matches!(decide(nobody, &node, &keys), Decision::Undecided(_)));
}

#[test]
fn a_trust_policy_names_services_and_no_resources() {
    let trust = |principal: &str, action: &str, more: &str| {
        let text = format!(
            r#"{{"Version": "2012-10-17", "Statement": [{{"Effect": "Allow", "Principal": {principal}, "Action": {action}{more}}}]}}"#
        );
        let keys = Keys::default();
        let caller = Caller::Service { names: vec!["ec2.amazonaws.com".into()] };
        let request = Request { action: "sts:AssumeRole", resource: None, caller: &caller, keys: &keys };
        evaluate_text(PolicyKind::Trust, &text, request).unwrap()
    };
    let ec2 = r#"{"Service": ["eks.amazonaws.com", "ec2.amazonaws.com"]}"#;
    assert_eq!(trust(ec2, r#""sts:AssumeRole""#, ""), Decision::Allowed);
    assert_eq!(trust(ec2, r#"["sts:*"]"#, ""), Decision::Allowed);
    denied(&trust(ec2, r#""sts:TagSession""#, ""));
    denied(&trust(r#"{"Service": "lambda.amazonaws.com"}"#, r#""sts:AssumeRole""#, ""));
    assert!(matches!(trust(r#""*""#, r#""sts:AssumeRole""#, ""), Decision::Undecided(_)));
    let condition = r#", "Condition": {"StringEquals": {"aws:SourceAccount": "111122223333"}}"#;
    assert!(matches!(trust(ec2, r#""sts:AssumeRole""#, condition), Decision::Undecided(_)));
}

#[test]
fn an_action_without_resources_is_allowed_by_statements_about_all_of_them_only() {
    let role = Caller::Role { account: None, arn: None };
    let keys = Keys::default();
    let judge = |resource: &str| {
        let text = format!(r#"{{"Statement": {{"Effect": "Allow", "Action": "ecr:*", {resource}}}}}"#);
        let request =
            Request { action: "ecr:GetAuthorizationToken", resource: None, caller: &role, keys: &keys };
        evaluate_text(PolicyKind::Identity, &text, request).unwrap()
    };
    assert_eq!(judge(r#""Resource": ["*"]"#), Decision::Allowed);
    denied(&judge(r#""Resource": "arn:aws:ecr:*:*:repository/*""#));
    assert_eq!(judge(r#""NotResource": "arn:aws:ecr:*:*:repository/a""#), Decision::Allowed);
}

#[test]
fn variables_leave_it_undecided_and_are_plain_text_in_the_old_version() {
    let rest = r#""Action": "s3:*", "Resource": "arn:aws:s3:::${aws:PrincipalTag/x}/*""#;
    assert!(matches!(of(&policy(&[statement("Allow", rest)])), Decision::Undecided(_)));
    let old = format!(r#"{{"Version": "2008-10-17", "Statement": [{}]}}"#, statement("Allow", rest));
    denied(&of(&old));
}

#[test]
fn a_part_of_what_is_needed_is_undecided() {
    let part = r#""Action": "s3:GetObject", "Resource": "arn:aws:s3:::prod-ap-northeast-1-starport-layer-bucket/a*""#;
    assert!(matches!(of(&policy(&[statement("Allow", part)])), Decision::Undecided(_)));
}

#[test]
fn what_is_no_policy_is_an_error() {
    let (caller, keys) = (of_aws(), Keys::default());
    let request = Request { action: "s3:GetObject", resource: Some(LAYERS), caller: &caller, keys: &keys };
    for text in [
        "{'Statement': []}",
        "[]",
        "null",
        r#"{"Statement": [5]}"#,
        r#"{"Statement": [{"Effect": "allow"}]}"#,
        r#"{"Version": "2012-10-18", "Statement": []}"#,
    ] {
        assert!(evaluate_text(PolicyKind::Endpoint, text, request).is_err(), "{text}");
    }
}

fn addresses(prefixes: &[&str]) -> Keys {
    let all = prefixes.iter().map(|prefix| prefix.parse::<ipnet::IpNet>().unwrap());
    let mut keys = Keys::default();
    keys.set("aws:VpcSourceIp", Carried::Addresses(all.collect()));
    keys.lacks(&["aws:SourceIp"]);
    keys
}

#[test]
fn addresses_are_within_cidrs_wholly_in_part_or_not_at_all() {
    let role = Caller::Role { account: Some(OWN.into()), arn: None };
    let keys = addresses(&["10.20.16.0/20"]);
    let judge = |condition: &str| decide(&policy(&[only_if("Allow", condition)]), &role, &keys);
    for holds in [
        r#"{"IpAddress": {"aws:VpcSourceIp": "10.0.0.0/8"}}"#,
        r#"{"IpAddress": {"aws:VpcSourceIp": ["10.20.16.0/21", "10.20.24.0/21"]}}"#,
        r#"{"NotIpAddress": {"aws:VpcSourceIp": "172.16.0.0/12"}}"#,
        r#"{"NotIpAddress": {"aws:SourceIp": "10.0.0.0/8"}}"#,
        r#"{"IpAddressIfExists": {"aws:SourceIp": "203.0.113.0/24"}}"#,
        r#"{"IpAddress": {"aws:VpcSourceIp": ["10.0.0.0/8", "2001:db8::/32"]}}"#,
    ] {
        assert_eq!(judge(holds), Decision::Allowed, "{holds}");
    }
    for fails in [
        r#"{"IpAddress": {"aws:VpcSourceIp": "172.16.0.0/12"}}"#,
        r#"{"IpAddress": {"aws:VpcSourceIp": "2001:db8::/32"}}"#,
        r#"{"NotIpAddress": {"aws:VpcSourceIp": "10.20.0.0/16"}}"#,
        r#"{"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}"#,
        r#"{"Null": {"aws:VpcSourceIp": "true"}}"#,
    ] {
        denied(&judge(fails));
    }
    for open in [
        r#"{"IpAddress": {"aws:VpcSourceIp": "10.20.16.0/24"}}"#,
        r#"{"IpAddress": {"aws:VpcSourceIp": "10.20.16.7"}}"#,
        r#"{"IpAddress": {"aws:VpcSourceIp": "office"}}"#,
        r#"{"StringEquals": {"aws:VpcSourceIp": "10.20.16.7"}}"#,
    ] {
        assert!(matches!(judge(open), Decision::Undecided(_)), "{open}: {:?}", judge(open));
    }
}

#[test]
fn a_key_that_only_some_services_set_decides_where_its_absence_comes_to_the_same() {
    let role = Caller::Role { account: Some(OWN.into()), arn: None };
    let mut keys = Keys::default();
    keys.set("aws:VpceAccount", Carried::Perhaps(OWN.into()));
    let judge = |condition: &str| decide(&policy(&[only_if("Allow", condition)]), &role, &keys);
    let holds = r#"{"StringEqualsIfExists": {"aws:VpceAccount": "111122223333"}}"#;
    assert_eq!(judge(holds), Decision::Allowed);
    assert_eq!(judge(r#"{"StringNotEquals": {"aws:VpceAccount": "444455556666"}}"#), Decision::Allowed);
    denied(&judge(r#"{"StringEquals": {"aws:VpceAccount": "444455556666"}}"#));
    for open in [
        r#"{"StringEquals": {"aws:VpceAccount": "111122223333"}}"#,
        r#"{"StringNotEquals": {"aws:VpceAccount": "111122223333"}}"#,
        r#"{"Null": {"aws:VpceAccount": "true"}}"#,
    ] {
        assert!(matches!(judge(open), Decision::Undecided(_)), "{open}");
    }
}

#[test]
fn a_role_is_no_user_and_no_session_of_another_role() {
    let arn = "arn:aws:iam::111122223333:role/team/n";
    let node = Caller::Role { account: Some(OWN.into()), arn: Some(arn.into()) };
    let some = Caller::Role { account: Some(OWN.into()), arn: None };
    let keys = Keys::default();
    let named = |principal: &str| {
        format!(
            r#"{{"Statement": [{{"Effect": "Allow", "Principal": {{"AWS": "{principal}"}}, "Action": "s3:*", "Resource": "*"}}]}}"#
        )
    };
    for user in ["arn:aws:iam::111122223333:user/n", "arn:aws:sts::111122223333:federated-user/n"] {
        denied(&decide(&named(user), &node, &keys));
        denied(&decide(&named(user), &some, &keys));
    }
    let session = |role: &str| named(&format!("arn:aws:sts::111122223333:assumed-role/{role}/i-1"));
    denied(&decide(&session("other"), &node, &keys));
    assert!(matches!(decide(&session("n"), &node, &keys), Decision::Undecided(_)));
    assert!(matches!(decide(&session("n"), &some, &keys), Decision::Undecided(_)));
}

#[test]
fn a_gateway_endpoint_takes_an_account_for_its_root_user() {
    let arn = "arn:aws:iam::111122223333:role/n";
    let node = Caller::Role { account: Some(OWN.into()), arn: Some(arn.into()) };
    let keys = Keys::default();
    let judge = |kind: PolicyKind, principal: &str| {
        let text = format!(
            r#"{{"Statement": [{{"Effect": "Allow", "Principal": {principal}, "Action": "s3:*", "Resource": "*"}}]}}"#
        );
        let request = Request { action: "s3:GetObject", resource: Some(LAYERS), caller: &node, keys: &keys };
        evaluate_text(kind, &text, request).unwrap()
    };
    for account in [r#"{"AWS": "111122223333"}"#, r#"{"AWS": "arn:aws:iam::111122223333:root"}"#] {
        assert_eq!(judge(PolicyKind::Endpoint, account), Decision::Allowed);
        assert!(denied(&judge(PolicyKind::GatewayEndpoint, account)).contains("root user"), "{account}");
    }
    assert_eq!(judge(PolicyKind::GatewayEndpoint, r#""*""#), Decision::Allowed);
    let role = format!(r#"{{"AWS": "{arn}"}}"#);
    assert!(matches!(judge(PolicyKind::GatewayEndpoint, &role), Decision::Undecided(_)));
}

/// What statements together decide about a request for some buckets' objects.
fn get(statements: &[String]) -> Decision {
    let role = Caller::Role { account: Some(OWN.into()), arn: None };
    let keys = Keys::default();
    let request =
        Request { action: "s3:GetObject", resource: Some("arn:aws:s3:::*/*"), caller: &role, keys: &keys };
    evaluate_text(PolicyKind::Identity, &policy(statements), request).unwrap()
}

fn objects(effect: &str, resource: &str) -> String {
    statement(effect, &format!(r#""Action": "s3:*", {resource}"#))
}

#[test]
fn a_permission_for_some_resources_decides_about_those_only() {
    let all = statement("Allow", ALL);
    let mine = r#""Resource": "arn:aws:s3:::mine/*""#;
    assert!(matches!(get(&[objects("Allow", mine)]), Decision::Undecided(_)));
    assert!(matches!(get(&[all.clone(), objects("Deny", mine)]), Decision::Undecided(_)));
    denied(&get(&[all, objects("Deny", r#""Resource": "*""#)]));
    denied(&get(&[objects("Allow", r#""Resource": "arn:aws:sqs:::mine/*""#)]));
}

#[test]
fn a_bucket_is_none_of_its_objects() {
    let role = Caller::Role { account: Some(OWN.into()), arn: None };
    let keys = Keys::default();
    let request =
        Request { action: "s3:ListBucket", resource: Some("arn:aws:s3:::*"), caller: &role, keys: &keys };
    let policy = policy(&[objects("Allow", r#""Resource": "arn:aws:s3:::mine/*""#)]);
    denied(&evaluate_text(PolicyKind::Identity, &policy, request).unwrap());
}

#[test]
fn what_one_statement_allows_and_others_deny_is_denied() {
    let (mine, both) = (
        r#""Resource": "arn:aws:s3:::mine/*""#,
        r#""Resource": ["arn:aws:s3:::mine/*", "arn:aws:s3:::yours/*"]"#,
    );
    let yours = r#""Resource": "arn:aws:s3:::yours*""#;
    let some = r#""Resource": "arn:aws:s3:::mine/logs/*""#;
    denied(&get(&[objects("Allow", mine), objects("Deny", both)]));
    denied(&get(&[objects("Allow", both), objects("Deny", mine), objects("Deny", yours)]));
    denied(&get(&[objects("Allow", some), objects("Deny", mine)]));
    let not_mine = r#""NotResource": "arn:aws:s3:::mine/*""#;
    denied(&get(&[objects("Allow", yours), objects("Deny", not_mine)]));
    denied(&get(&[statement("Allow", ALL), objects("Deny", mine), objects("Deny", not_mine)]));
    for open in [
        vec![objects("Allow", both), objects("Deny", mine)],
        vec![objects("Allow", mine), objects("Deny", some)],
        vec![objects("Allow", mine), objects("Deny", not_mine)],
        vec![statement("Allow", ALL), objects("Deny", not_mine)],
    ] {
        assert!(matches!(get(&open), Decision::Undecided(_)), "{open:?}");
    }
    assert_eq!(get(&[objects("Allow", mine), objects("Allow", not_mine)]), Decision::Allowed);
}

#[test]
fn conditions_on_unknown_values_are_judged_over_all_statements() {
    let when = |effect: &str, condition: &str| only_if(effect, condition);
    let is = r#"{"StringEquals": {"aws:PrincipalTag/team": "a"}}"#;
    let is_not = r#"{"StringNotEquals": {"aws:PrincipalTag/team": "a"}}"#;
    let other = r#"{"StringEquals": {"aws:PrincipalTag/Team": ["b", "c"]}}"#;
    denied(&get(&[when("Allow", is), when("Deny", is)]));
    denied(&get(&[when("Allow", other), when("Deny", is_not)]));
    denied(&get(&[statement("Allow", ALL), when("Deny", is), when("Deny", is_not)]));
    assert_eq!(get(&[when("Allow", is), when("Allow", is_not)]), Decision::Allowed);
    let (on, off) = (r#"{"Bool": {"aws:x": "true"}}"#, r#"{"Bool": {"aws:x": "false"}}"#);
    let absent = r#"{"Null": {"aws:x": "true"}}"#;
    assert_eq!(get(&[when("Allow", on), when("Allow", off), when("Allow", absent)]), Decision::Allowed);
    for open in [
        vec![when("Allow", is), when("Deny", other)],
        vec![when("Allow", on), when("Allow", off)],
        vec![when("Allow", is)],
        vec![statement("Allow", ALL), when("Deny", is)],
    ] {
        assert!(matches!(get(&open), Decision::Undecided(_)), "{open:?}");
    }
}

fn maybe(decision: &Decision) {
    assert!(matches!(decision, Decision::Undecided(_)), "{decision:?}");
}

#[test]
fn a_key_that_may_be_absent_fulfils_for_all_values_and_only_there() {
    let judge = |condition: &str| of(&policy(&[only_if("Allow", condition)]));
    maybe(&judge(r#"{"ForAllValues:StringEquals": {"aws:PrincipalOrgID": "o-mine"}}"#));
    maybe(&judge(r#"{"ForAllValues:StringLike": {"aws:PrincipalOrgID": "o-*"}}"#));
    denied(&judge(r#"{"ForAnyValue:StringEquals": {"aws:PrincipalOrgID": "o-mine"}}"#));
    maybe(&judge(r#"{"ForAnyValue:StringNotEquals": {"aws:PrincipalOrgID": "o-mine"}}"#));
    maybe(&judge(r#"{"Null": {"aws:PrincipalOrgID": "false"}}"#));
    denied(&judge(r#"{"ForAllValues:StringEquals": {"aws:PrincipalAccount": "111122223333"}}"#));
    // Only operators with wildcards take `*` for any value.
    denied(&judge(r#"{"StringEquals": {"aws:PrincipalAccount": "*"}}"#));
    assert_eq!(judge(r#"{"StringLike": {"aws:PrincipalAccount": "*"}}"#), Decision::Allowed);
}

#[test]
fn accounts_of_aws_are_in_no_organization_of_a_customer() {
    let role = Caller::Role { account: Some(OWN.into()), arn: None };
    let mut keys = Keys::default();
    keys.set("aws:PrincipalOrgID", Carried::OwnOrganization(OrganizationKey::Id));
    keys.set("aws:ResourceOrgID", Carried::OfAws { own: Some(OWN.into()), present: false });
    let judge = |effect: &str, condition: &str, keys: &Keys| {
        decide(&policy(&[statement("Allow", BUCKET), only_if(effect, condition)]), &role, keys)
    };
    let alone = |condition: &str, keys: &Keys| decide(&policy(&[only_if("Allow", condition)]), &role, keys);
    let same = r#"{"StringEquals": {"aws:ResourceOrgID": "${aws:PrincipalOrgID}"}}"#;
    let either = r#"{"StringEqualsIfExists": {"aws:ResourceOrgID": "${aws:PrincipalOrgID}"}}"#;
    let others = r#"{"StringNotEquals": {"aws:ResourceOrgID": "${aws:PrincipalOrgID}"}}"#;
    denied(&alone(same, &keys));
    denied(&judge("Deny", others, &keys));
    maybe(&alone(either, &keys));
    denied(&alone(r#"{"StringEquals": {"aws:PrincipalOrgID": "${aws:ResourceOrgID}"}}"#, &keys));
    keys.set("aws:ResourceOrgPaths", Carried::OfAws { own: Some(OWN.into()), present: false });
    denied(&alone(r#"{"ForAnyValue:StringLike": {"aws:ResourceOrgPaths": "o-mine/*"}}"#, &keys));
    maybe(&alone(r#"{"ForAnyValue:StringLike": {"aws:ResourceOrgPaths": "o-*/r-*"}}"#, &keys));
    keys.set("aws:ResourceOrgID", Carried::OwnOrganization(OrganizationKey::Id));
    assert_eq!(alone(either, &keys), Decision::Allowed);
    // An account may be in no organization.
    maybe(&alone(same, &keys));
    maybe(&alone(r#"{"StringEquals": {"aws:ResourceOrgID": "o-mine"}}"#, &keys));
    // A variable of a key that the request lacks equals nothing.
    keys.lacks(&["aws:PrincipalOrgID"]);
    denied(&alone(same, &keys));
    denied(&judge("Deny", others, &keys));
}

#[test]
fn dates_are_compared_with_the_time_of_the_audit() {
    let role = Caller::Role { account: Some(OWN.into()), arn: None };
    let mut keys = Keys::default();
    // 2026-11-20T12:00:00Z, and the 36 hours before it.
    let now = 1_795_176_000;
    keys.set("aws:CurrentTime", Carried::Moments(Moments { from: now, to: now }));
    keys.set("aws:EpochTime", Carried::Moments(Moments { from: now, to: now }));
    keys.set("aws:TokenIssueTime", Carried::Moments(Moments { from: now - 129_600, to: now }));
    keys.value("s3:max-keys", "10");
    let judge = |condition: &str| decide(&policy(&[only_if("Allow", condition)]), &role, &keys);
    for holds in [
        r#"{"DateLessThan": {"aws:CurrentTime": "2027-01-01T00:00:00Z"}}"#,
        r#"{"DateGreaterThanEquals": {"aws:CurrentTime": "2026-11-20T12:00:00.000Z"}}"#,
        r#"{"DateNotEquals": {"aws:CurrentTime": "2026-11-20"}}"#,
        r#"{"NumericGreaterThan": {"aws:EpochTime": 1577836800}}"#,
        r#"{"DateGreaterThan": {"aws:TokenIssueTime": "2026-11-01"}}"#,
        r#"{"Null": {"aws:TokenIssueTime": "false"}}"#,
        r#"{"NumericLessThanEquals": {"s3:max-keys": "10"}}"#,
    ] {
        assert_eq!(judge(holds), Decision::Allowed, "{holds}");
    }
    for fails in [
        r#"{"DateLessThan": {"aws:CurrentTime": "2020-01-01T00:00:00Z"}}"#,
        r#"{"DateLessThanIfExists": {"aws:CurrentTime": "1577836800"}}"#,
        r#"{"DateLessThan": {"aws:TokenIssueTime": "2026-11-01"}}"#,
        r#"{"DateEquals": {"aws:TokenIssueTime": "2026-12-01"}}"#,
        r#"{"NumericGreaterThan": {"s3:max-keys": "10"}}"#,
    ] {
        denied(&judge(fails));
    }
    for open in [
        r#"{"DateLessThan": {"aws:TokenIssueTime": "2026-11-20T00:00:00Z"}}"#,
        r#"{"DateEquals": {"aws:TokenIssueTime": "2026-11-20T00:00:00Z"}}"#,
        r#"{"DateLessThan": {"aws:CurrentTime": "soon"}}"#,
        r#"{"StringEquals": {"aws:CurrentTime": "2026-11-20T12:00:00Z"}}"#,
    ] {
        maybe(&judge(open));
    }
}

#[test]
fn every_identity_provider_has_a_name_in_endpoint_policies() {
    let provider = "arn:aws:iam::111122223333:oidc-provider/oidc.example.com/id/A";
    let pod = Caller::Federated { provider: Some(provider.into()) };
    let keys = Keys::default();
    let named = |provider: &str| {
        format!(
            r#"{{"Statement": [{{"Effect": "Allow", "Principal": {{"Federated": "{provider}"}}, "Action": "*", "Resource": "*"}}]}}"#
        )
    };
    assert_eq!(decide(&named("*"), &pod, &keys), Decision::Allowed);
    assert_eq!(decide(&named(provider), &pod, &keys), Decision::Allowed);
    denied(&decide(&named("arn:aws:iam::111122223333:oidc-provider/oidc.example.com/id/B"), &pod, &keys));
    denied(&decide(&named("*"), &Caller::Role { account: None, arn: None }, &keys));
}
