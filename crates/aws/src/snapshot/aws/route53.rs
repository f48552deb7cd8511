//! Route 53's shapes, as `aws route53 list-…` prints them.

use super::shape::shapes;

shapes! { "PascalCase";
    /// `ListHostedZonesByVPC`, with the VPC that AWS's own output leaves out.
    HostedZonesByVpc { #[serde(rename = "VPCId")] vpc_id: String, hosted_zone_summaries: Vec<HostedZoneSummary> }
    /// A private hosted zone.
    HostedZoneSummary { hosted_zone_id: Option<String>, name: Option<String>, owner: Option<HostedZoneOwner> }
    /// The account or the AWS service that owns a zone.
    HostedZoneOwner { owning_account: Option<String>, owning_service: Option<String> }
    /// `ListResourceRecordSets`, with the zone that AWS's own output leaves out.
    ResourceRecordSetsByZone { hosted_zone_id: String, resource_record_sets: Vec<ResourceRecordSet> }
    /// A record; one with a set identifier is one of several that a routing policy chooses from.
    ResourceRecordSet { name: String, #[serde(rename = "Type")] kind: Option<String>, set_identifier: Option<String>, weight: Option<i64>, region: Option<String>, failover: Option<String>, multi_value_answer: Option<bool>, geo_location: Option<GeoLocation>, cidr_routing_config: Option<CidrRoutingConfig>, resource_records: Vec<ResourceRecord>, alias_target: Option<AliasTarget>, health_check_id: Option<String> }
    /// The place of the clients that a record is for; `*` as the country is for all others.
    GeoLocation { country_code: Option<String> }
    /// The list of prefixes of the clients that a record is for; `*` as the location is for all others.
    CidrRoutingConfig { location_name: Option<String> }
    /// One value of a record.
    ResourceRecord { value: Option<String> }
    /// What a record is an alias of.
    AliasTarget { hosted_zone_id: Option<String>, #[serde(rename = "DNSName")] dns_name: Option<String>, evaluate_target_health: Option<bool> }
}

/// The types of records that decide what address a name has, or who is asked for it.
const KINDS: [&str; 4] = ["A", "AAAA", "CNAME", "NS"];

impl ResourceRecordSetsByZone {
    /// Keeps what decides about addresses, its names as people write them.
    pub fn retain_addresses(&mut self) {
        self.resource_record_sets.retain(|record| {
            record
                .kind
                .as_deref()
                .is_none_or(|kind| KINDS.iter().any(|known| known.eq_ignore_ascii_case(kind)))
        });
        for record in &mut self.resource_record_sets {
            record.name = unescaped(&record.name);
            if let Some(target) = &mut record.alias_target {
                target.dns_name = target.dns_name.as_deref().map(unescaped);
            }
        }
    }
}

/// A name without Route 53's octal escapes, such as `\052` for `*`. Escapes of a dot or a backslash inside
/// a label, and of what does not print, stay as they are.
/// <https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/DomainNameFormat.html>
pub fn unescaped(name: &str) -> String {
    let mut parts = name.split('\\');
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let code = part.get(..3).and_then(|digits| u8::from_str_radix(digits, 8).ok());
        let code = code.filter(|code| code.is_ascii_graphic() && !b".\\".contains(code));
        if let Some(code) = code {
            plain.push(char::from(code));
            plain.push_str(&part[3..]);
        } else {
            plain.push('\\');
            plain.push_str(part);
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_of_printing_characters_are_undone_and_no_others() {
        assert_eq!(unescaped("\\052.eks.amazonaws.com."), "*.eks.amazonaws.com.");
        for kept in ["a\\056b.example.", "a\\040b.", "a\\134b.", "a\\09", "a\\", "a\\é12", "plain.example."]
        {
            assert_eq!(unescaped(kept), kept);
        }
    }

    #[test]
    fn only_records_that_decide_about_addresses_stay() {
        let text = r#"{"HostedZoneId": "Z1", "ResourceRecordSets": [
            {"Name": "\\052.example.", "Type": "A", "AliasTarget": {"DNSName": "\\052.vpce.example.", "HostedZoneId": "Z2", "EvaluateTargetHealth": false}},
            {"Name": "example.", "Type": "SOA"}, {"Name": "example.", "Type": "TXT"}, {"Name": "example.", "Type": "NS"}]}"#;
        let mut zone: ResourceRecordSetsByZone = serde_json::from_str(text).unwrap();
        zone.retain_addresses();
        let kinds: Vec<_> = zone.resource_record_sets.iter().map(|record| record.kind.as_deref()).collect();
        assert_eq!(kinds, [Some("A"), Some("NS")]);
        let wildcard = &zone.resource_record_sets[0];
        assert_eq!(wildcard.name, "*.example.");
        assert_eq!(wildcard.alias_target.as_ref().unwrap().dns_name.as_deref(), Some("*.vpce.example."));
    }
}
