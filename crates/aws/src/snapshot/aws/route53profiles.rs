//! Route 53 Profiles' shapes, as `aws route53profiles list-…` prints them.

use super::shape::shapes;

shapes! { "PascalCase";
    /// `ListProfileAssociations`.
    ProfileAssociation { id: String, profile_id: Option<String>, resource_id: Option<String>, priority: Option<i64>, status: Option<String> }
    /// `ListProfileResourceAssociations`.
    ProfileResourceAssociation { id: String, profile_id: Option<String>, resource_arn: Option<String>, resource_properties: Option<String>, status: Option<String> }
}
