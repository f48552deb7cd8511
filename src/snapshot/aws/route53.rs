//! Route 53's shapes, as `aws route53 list-…` prints them.

use super::shape::shapes;

shapes! { "PascalCase";
    /// `ListHostedZonesByVPC`, with the VPC that AWS's own output leaves out.
    HostedZonesByVpc { #[serde(rename = "VPCId")] vpc_id: String, hosted_zone_summaries: Vec<HostedZoneSummary> }
    /// A private hosted zone.
    HostedZoneSummary { hosted_zone_id: Option<String>, name: Option<String>, owner: Option<HostedZoneOwner> }
    /// The account or the AWS service that owns a zone.
    HostedZoneOwner { owning_account: Option<String>, owning_service: Option<String> }
}
