//! The small AWS that fixes are applied in is as strict as the real one.

use serde_json::json;

use crate::support::aws_cli::apply;
use crate::support::shell::words;

#[test]
fn an_option_that_a_command_does_not_have_is_an_error() {
    let mut snapshot = json!({ "region": "r", "VpnGateways": [{ "VpnGatewayId": "vgw-1" }] });
    let command = "aws ec2 attach-vpn-gateway --region r --vpn-gateway-id vgw-1 --vpc-id vpc-1";
    assert_eq!(apply(&mut snapshot, command), Ok(()));
    let error = apply(&mut snapshot, &format!("{command} --force")).expect_err("no such option");
    assert!(error.contains("--force"), "{error}");
}

#[test]
fn commands_are_split_as_a_shell_splits_them() {
    let split = words(r#"aws x --a '[{"b": 1}]' --c "$(aws y --z "$(q)")" d"#).expect("it is sound");
    assert_eq!(split, ["aws", "x", "--a", r#"[{"b": 1}]"#, "--c", r#"$(aws y --z "$(q)")"#, "d"]);
}
