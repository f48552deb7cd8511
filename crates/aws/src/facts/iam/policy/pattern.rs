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

/// Whether a pattern of `Resource` admits an ARN. Where ids are letters, digits and hyphens, the `*` at the end
/// of the ARN stands for nothing else: a `*` of the pattern reaches beyond colons
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html>), and an id
/// does not bring them along.
pub(crate) fn admits_resource(pattern: &str, arn: &str) -> Applies {
    const PLAIN_IDS: [&str; 7] = ["ec2", "elasticfilesystem", "fsx", "acm", "acm-pca", "aps", "route53"];
    let service = arn.split(':').nth(2).unwrap_or_default();
    match arn.strip_suffix('*') {
        Some(before) if PLAIN_IDS.contains(&service) && before.ends_with('/') => {
            if !covers(pattern, arn) && !meets_id(pattern, before) {
                return Applies::No(String::new());
            }
            admits(pattern, arn)
        }
        _ => admits(pattern, arn),
    }
}

/// Whether a pattern can stand for a text that goes on with an id.
fn meets_id(pattern: &str, before: &str) -> bool {
    let pattern: Vec<char> = pattern.chars().collect();
    // Where in the pattern one can be after each character; a `*` may also stand for nothing.
    let past_stars = |mut at: usize, into: &mut Vec<usize>| {
        into.push(at);
        while pattern.get(at) == Some(&'*') {
            at += 1;
            into.push(at);
        }
    };
    let mut here = Vec::new();
    past_stars(0, &mut here);
    for c in before.chars() {
        let mut next = Vec::new();
        for &at in &here {
            match pattern.get(at) {
                Some('*') => past_stars(at, &mut next),
                Some(&own) if own == '?' || own == c => past_stars(at + 1, &mut next),
                _ => {}
            }
        }
        next.sort_unstable();
        next.dedup();
        here = next;
    }
    here.iter().any(|&at| pattern[at..].iter().all(|c| !matches!(c, ':' | '/')))
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

/// Whether two patterns can stand for the same text.
pub(crate) fn meet(a: &str, b: &str) -> bool {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    // row[j]: whether what is left of `a` can meet `b[j..]`, filled from the ends.
    let mut row: Vec<bool> = (0..=b.len()).map(|j| b[j..].iter().all(|&c| c == '*')).collect();
    for i in (0..a.len()).rev() {
        let mut next = vec![false; b.len() + 1];
        next[b.len()] = a[i] == '*' && row[b.len()];
        for j in (0..b.len()).rev() {
            next[j] = match (a[i], b[j]) {
                ('*', _) | (_, '*') => row[j] || next[j + 1] || row[j + 1],
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
