//! What an Amazon Resource Name says of a thing, and where it is.

/// The parts of an ARN; each may be empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arn<'a> {
    /// `aws`, `aws-cn`, `aws-us-gov`, ….
    pub partition: &'a str,
    /// The region.
    pub region: &'a str,
    /// The account, or `aws` for what is AWS's own.
    pub account: &'a str,
    /// The thing itself, with its type where the service names one: `role/a`, `cluster/a`.
    pub resource: &'a str,
}

impl<'a> Arn<'a> {
    /// The parts of `arn:partition:service:region:account:resource`.
    pub fn parse(text: &'a str) -> Option<Self> {
        let mut parts = text.strip_prefix("arn:")?.splitn(5, ':');
        let (partition, _service) = (parts.next()?, parts.next()?);
        let (region, account) = (parts.next()?, parts.next()?);
        Some(Self { partition, region, account, resource: parts.next()? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_arn_says_what_and_where_and_other_texts_say_nothing() {
        let arn = Arn::parse("arn:aws-cn:eks:cn-north-1:123456789012:cluster/a:b").unwrap();
        assert_eq!((arn.partition, arn.region, arn.account), ("aws-cn", "cn-north-1", "123456789012"));
        assert_eq!(arn.resource, "cluster/a:b");
        assert_eq!(Arn::parse("arn:aws:s3:::bucket").map(|arn| arn.account), Some(""));
        assert_eq!(Arn::parse("cluster/a"), None);
        assert_eq!(Arn::parse("arn:aws:eks"), None);
    }
}
