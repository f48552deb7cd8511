//! Patterns with `*` and `?`, held against texts in which `*` stands for whatever there may be.

use super::decision::Applies;

/// Whether a pattern admits a text: all that it stands for, some of it, or none.
pub(crate) fn admits(pattern: &str, text: &str) -> Applies {
    if covers(pattern, text) {
        Applies::Yes
    } else if meet(pattern, text) {
        Applies::Maybe(format!("matches only a part of {text}"))
    } else {
        Applies::No(String::new())
    }
}

/// Whether a pattern of `Resource` admits an ARN. A `*` of the pattern reaches beyond colons
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html>), and an id, for
/// which `*` stands in the ARN, does not bring colons along, nor slashes where ids have none.
pub(crate) fn admits_resource(pattern: &str, arn: &str) -> Applies {
    if covers(pattern, arn) || meet_but(pattern, arn, not_in_ids(arn)) {
        admits(pattern, arn)
    } else {
        Applies::No(String::new())
    }
}

/// The characters that ids in an ARN do not have:
/// <https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html>.
fn not_in_ids(arn: &str) -> &'static [char] {
    /// Ids are letters, digits and hyphens.
    const PLAIN: [&str; 7] = ["ec2", "elasticfilesystem", "fsx", "acm", "acm-pca", "aps", "route53"];
    /// Names have slashes, or ids follow names after a slash.
    const WITH_SLASHES: [&str; 6] = ["ecr", "ecr-public", "eks", "elasticloadbalancing", "sqs", "ssm"];
    let service = arn.split(':').nth(2).unwrap_or_default();
    if PLAIN.contains(&service) && arn.ends_with("/*") {
        &[':', '/']
    } else if PLAIN.contains(&service) || WITH_SLASHES.contains(&service) {
        &[':']
    } else {
        &[]
    }
}

/// Whether a text without wildcards is the one meant.
pub(crate) fn equals(literal: &str, text: &str) -> Applies {
    if text.contains('*') {
        if covers(text, literal) {
            Applies::Maybe(format!("matches only a part of {text}"))
        } else {
            Applies::No(String::new())
        }
    } else {
        Applies::of(literal == text)
    }
}

/// Whether an ARN pattern admits an ARN, part by part between its colons.
///
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html#Conditions_ARN>
pub(crate) fn admits_arn(pattern: &str, arn: &str) -> Applies {
    let parts: Vec<&str> = pattern.splitn(6, ':').collect();
    let of_arn: Vec<&str> = arn.splitn(6, ':').collect();
    if parts.len() != 6 || of_arn.len() != 6 {
        return match admits(pattern, arn) {
            Applies::Yes if pattern != "*" => {
                Applies::Maybe("is compared with a value that is not an ARN".into())
            }
            other => other,
        };
    }
    parts.iter().zip(&of_arn).fold(Applies::Yes, |so_far, (pattern, part)| so_far.and(admits(pattern, part)))
}

/// Whether a pattern admits everything that `text` stands for, whose `*` only a `*` can match.
pub(crate) fn covers(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
    let (mut p, mut t) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        match pattern.get(p) {
            Some('*') => {
                star = Some((p, t));
                p += 1;
            }
            Some(&c) if text[t] != '*' && (c == '?' || c == text[t]) => {
                p += 1;
                t += 1;
            }
            _ => match star {
                Some((at, from)) => {
                    star = Some((at, from + 1));
                    p = at + 1;
                    t = from + 1;
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|&c| c == '*')
}

/// Whether something is matched by both, where `*` stands for whatever there may be in both.
pub(crate) fn meet(pattern: &str, text: &str) -> bool {
    meet_but(pattern, text, &[])
}

/// Whether something is matched by both, where a `*` of the text stands for nothing with these characters.
fn meet_but(pattern: &str, text: &str, not: &[char]) -> bool {
    let (a, b): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
    // For the rest of the pattern, by where in the text its rest begins.
    let mut row: Vec<bool> = (0..=b.len()).map(|j| b[j..].iter().all(|&c| c == '*')).collect();
    for i in (0..a.len()).rev() {
        let mut next = vec![false; b.len() + 1];
        next[b.len()] = a[i] == '*' && row[b.len()];
        for j in (0..b.len()).rev() {
            next[j] = match (a[i], b[j]) {
                ('*', _) => row[j] || next[j + 1],
                (x, '*') => next[j + 1] || row[j] && !not.contains(&x),
                (x, y) => (x == y || x == '?' || y == '?') && row[j + 1],
            };
        }
        row = next;
    }
    row[0]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_cover_and_meet() {
        assert!(covers("*", "anything") && covers("a*c", "abc") && covers("a?c", "abc") && covers("", ""));
        assert!(!covers("a?c", "a*c") && covers("a*c", "a*c") && !covers("abc", "a*c") && !covers("a", ""));
        assert!(
            meet("a*", "*b")
                && meet("abc", "a*c")
                && meet("a?c", "abc")
                && !meet("ab*", "ac*")
                && meet("*", "")
        );
    }

    #[test]
    fn an_id_has_no_colons_and_slashes() {
        let instance = "arn:aws:ec2:ap-northeast-1:111122223333:instance/*";
        for other in ["arn:aws:ec2:*:*:volume/*", "arn:*:ec2:*:*:subnet/*", "arn:aws:ec2:*:volume/*"] {
            assert!(matches!(admits_resource(other, instance), Applies::No(_)), "{other}");
        }
        for all in ["arn:aws:ec2:*:*:instance/*", "arn:aws:ec2:*:*:*", "*", "arn:aws:ec2:*/*", "*:instance/*"]
        {
            assert_eq!(admits_resource(all, instance), Applies::Yes, "{all}");
        }
        for some in ["arn:aws:ec2:*:*:instance/i-0a1", "arn:aws:ec2:*:*:*/i-?a*", "*-0a1"] {
            assert!(matches!(admits_resource(some, instance), Applies::Maybe(_)), "{some}");
        }
        let repositories = "arn:aws:ecr:ap-northeast-1:602401143452:repository/*";
        for other in ["arn:aws:ecr:*:111122223333:repository/*", "arn:aws:ecr:*:111122223333:repository/a/b"]
        {
            assert!(matches!(admits_resource(other, repositories), Applies::No(_)), "{other}");
        }
        for some in ["arn:aws:ecr:*:*:repository/eks/*", "*:602401143452:repository/a", "arn:aws:ecr:*/eks/*"]
        {
            assert!(matches!(admits_resource(some, repositories), Applies::Maybe(_)), "{some}");
        }
        let balancers = "arn:aws:elasticloadbalancing:r:111122223333:loadbalancer/net/*/*";
        for other in [
            "arn:aws:elasticloadbalancing:*:444455556666:loadbalancer/net/*/*",
            "arn:aws:elasticloadbalancing:*:*:loadbalancer/app/*",
        ] {
            assert!(matches!(admits_resource(other, balancers), Applies::No(_)), "{other}");
        }
        let one = "arn:aws:elasticloadbalancing:*:*:loadbalancer/net/front/0a1";
        assert!(matches!(admits_resource(one, balancers), Applies::Maybe(_)));
        let anywhere = "arn:aws:ec2:*:111122223333:instance/*";
        assert!(matches!(
            admits_resource("arn:aws:ec2:r:111122223333:instance/*", anywhere),
            Applies::Maybe(_)
        ));
        let objects = "arn:aws:s3:::mine/*";
        assert!(matches!(admits_resource("arn:aws:s3:::mine/a/b:c", objects), Applies::Maybe(_)));
    }

    #[test]
    fn the_parts_of_an_arn_are_compared_one_by_one() {
        let arn = "arn:aws:iam::111122223333:role/team/node";
        assert_eq!(admits_arn("arn:*:iam::111122223333:role/*", arn), Applies::Yes);
        assert_eq!(admits_arn("arn:aws:iam::*:role/team/node", arn), Applies::Yes);
        assert!(matches!(admits_arn("arn:aws:*:role/team/node", arn), Applies::Maybe(_)));
        assert_eq!(admits_arn("*", arn), Applies::Yes);
        assert!(matches!(admits_arn("arn:aws:sts::*:*", arn), Applies::No(_)));
        assert!(matches!(
            admits_arn("arn:aws:eks:*:*:fargateprofile/a/b", "arn:aws:eks:r:1:fargateprofile/a/*"),
            Applies::Maybe(_)
        ));
    }

    #[test]
    fn a_literal_may_be_what_a_stand_in_stands_for() {
        assert_eq!(equals("a", "a"), Applies::Yes);
        assert!(matches!(equals("a", "b"), Applies::No(_)));
        assert!(matches!(equals("abc", "a*"), Applies::Maybe(_)));
        assert!(matches!(equals("b", "a*"), Applies::No(_)));
    }
}
