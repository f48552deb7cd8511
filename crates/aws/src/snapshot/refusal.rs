//! Calls of the AWS CLI that failed: what the CLI prints then is a gap, not a defect of the file.

use privek_core::header::Gap;

use super::aws::COLLECTIONS;

/// The end of the name of a file in which the printed commands leave what a failed call printed.
pub const REFUSED: &str = "refused";

/// Whether AWS's error code says that a permission is missing.
pub fn is_denied(code: &str) -> bool {
    matches!(
        code,
        "AccessDenied"
            | "AccessDeniedException"
            | "UnauthorizedOperation"
            | "UnauthorizedException"
            | "Client.UnauthorizedOperation"
    )
}

/// What a failed call left: `call: SERVICE VERB`, `for: RESOURCES`, and what the AWS CLI printed; or only the latter.
pub(super) fn gaps(text: &str) -> Vec<Gap> {
    let line = |key: &str| {
        let found = text.lines().find_map(|line| line.strip_prefix(key));
        found.map(str::trim).filter(|value| !value.is_empty())
    };
    let told = error(text);
    let call = line("call:").and_then(|call| call.split_once(' '));
    let of_call = call.and_then(|(service, verb)| operation(|of, name| of == service && kebab(name) == verb));
    let of_text = told.as_ref().and_then(|told| operation(|_, name| name == told.operation));
    let Some((service, operation)) = of_call.or(of_text) else { return Vec::new() };
    if call.is_none() && told.is_none() {
        return Vec::new();
    }
    let (code, message) = match told {
        Some(told) => (told.code.to_owned(), told.message.to_owned()),
        None => untold(text),
    };
    let permission = is_denied(&code).then(|| format!("{service}:{operation}"));
    let gap = |resource: Option<&str>| Gap {
        service: service.to_owned(),
        operation: operation.to_owned(),
        region: line("region:").map(str::to_owned),
        resource: resource.map(str::to_owned),
        code: code.clone(),
        message: message.clone(),
        permission: permission.clone(),
    };
    match line("for:") {
        Some(resources) => resources.split_whitespace().map(|resource| gap(Some(resource))).collect(),
        None => vec![gap(None)],
    }
}

struct AwsError<'t> {
    code: &'t str,
    operation: &'t str,
    message: &'t str,
}

/// `An error occurred (CODE) when calling the OPERATION operation: MESSAGE`
fn error(text: &str) -> Option<AwsError<'_>> {
    let (_, rest) = text.split_once("An error occurred (")?;
    let (code, rest) = rest.split_once(") when calling the ")?;
    let (operation, rest) = rest.split_once(" operation")?;
    // `(reached max retries: 4)` may stand in between.
    let (_, message) = rest.split_once(": ")?;
    Some(AwsError { code, operation, message: message.lines().next().unwrap_or_default().trim() })
}

/// What stopped a call before AWS answered.
fn untold(text: &str) -> (String, String) {
    let said = text.lines().filter(|line| !line.trim().is_empty());
    let said = said.filter(|line| !["call:", "for:", "region:"].iter().any(|key| line.starts_with(key)));
    let said: Vec<&str> = said.map(str::trim).collect();
    let of = |words: &[&str]| words.iter().any(|word| text.contains(word));
    if of(&["Invalid choice", "invalid choice", "Unknown options", "the following arguments are required"]) {
        let message = "this version of the AWS CLI does not have the command; update the AWS CLI";
        return ("UnknownOperation".to_owned(), message.to_owned());
    }
    let message = said.last().copied().unwrap_or("no message").to_owned();
    let code = if of(&["Could not connect", "Connect timeout", "Read timeout", "timed out"]) {
        "Unreachable"
    } else if of(&["Unable to locate credentials", "credentials"]) {
        "Credentials"
    } else {
        "Failed"
    };
    (code.to_owned(), message)
}

fn operation(is: impl Fn(&str, &str) -> bool) -> Option<(&'static str, &'static str)> {
    static IDENTITY: (&str, &str) = ("sts", "GetCallerIdentity");
    let all = COLLECTIONS.iter().map(|collection| (collection.service, collection.operation));
    all.chain([IDENTITY]).find(|(service, operation)| is(service, operation))
}

/// An operation as the AWS CLI spells it: `ByVPC` is `by-vpc`, `OpenIDConnect` is `open-id-connect`.
pub(super) fn kebab(operation: &str) -> String {
    let mut verb = String::new();
    let mut before = 'A';
    for character in operation.chars() {
        if character.is_ascii_uppercase() && !before.is_ascii_uppercase() {
            verb.push('-');
        }
        verb.push(character.to_ascii_lowercase());
        before = character;
    }
    verb.replace("idconnect", "id-connect")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_call_asks_for_its_permission_and_any_other_failure_does_not() {
        let denied = "call: ec2 describe-subnets\nfor: vpc-1 vpc-2\nregion: eu-west-1\n\nAn error occurred \
                      (UnauthorizedOperation) when calling the DescribeSubnets operation: You are not authorized.\n";
        let found = gaps(denied);
        assert_eq!(
            found.iter().map(|gap| gap.resource.as_deref()).collect::<Vec<_>>(),
            [Some("vpc-1"), Some("vpc-2")]
        );
        assert_eq!(found[0].permission.as_deref(), Some("ec2:DescribeSubnets"));
        assert_eq!(
            (found[0].code.as_str(), found[0].message.as_str()),
            ("UnauthorizedOperation", "You are not authorized.")
        );
        for (said, code) in [
            (
                "aws: error: argument operation: Invalid choice, valid choices are:\n a | b",
                "UnknownOperation",
            ),
            ("Could not connect to the endpoint URL: \"https://iam.amazonaws.com/\"", "Unreachable"),
            ("Segmentation fault", "Failed"),
        ] {
            let found = gaps(&format!("call: iam get-role\nfor: a\n{said}"));
            assert_eq!((found[0].code.as_str(), &found[0].permission), (code, &None), "{said}");
            assert_eq!(found[0].operation, "GetRole");
        }
        assert!(gaps("Vpcs:\n- VpcId: vpc-1\n").is_empty());
    }

    #[test]
    fn what_the_cli_printed_into_the_file_itself_is_read_too() {
        let said = "\nAn error occurred (AccessDenied) when calling the ListRolePolicies operation (reached max retries: 2): no\n";
        assert_eq!(gaps(said)[0].permission.as_deref(), Some("iam:ListRolePolicies"));
    }
}
