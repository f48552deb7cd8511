//! IAM's shapes, as `aws iam get-…` and `list-…` print them. Policy documents are JSON, as the CLI
//! decodes them; one that is no JSON stays a text.

use super::shape::shapes;

shapes! { "PascalCase";
    /// `GetRole`.
    Role { role_name: String, arn: Option<String>, assume_role_policy_document: Option<serde_json::Value>, permissions_boundary: Option<AttachedPermissionsBoundary> }
    /// A policy beyond which a role may do nothing.
    AttachedPermissionsBoundary { permissions_boundary_arn: Option<String> }
    /// `ListAttachedRolePolicies`, with the role that AWS's own output leaves out.
    AttachedRolePolicies { role_name: String, attached_policies: Vec<AttachedPolicy> }
    /// A managed policy of a role.
    AttachedPolicy { policy_arn: Option<String> }
    /// `ListRolePolicies`, with the role that AWS's own output leaves out.
    RolePolicyNames { role_name: String, policy_names: Vec<String> }
    /// `GetRolePolicy`: a policy inside a role.
    RolePolicy { role_name: String, policy_name: String, policy_document: Option<serde_json::Value> }
    /// `GetPolicy`: a managed policy.
    Policy { arn: String, default_version_id: Option<String> }
    /// `GetPolicyVersion`, with the policy that AWS's own output leaves out.
    PolicyVersion { policy_arn: String, is_default_version: Option<bool>, document: Option<serde_json::Value> }
    /// `GetInstanceProfile`.
    InstanceProfile { instance_profile_name: String, roles: Vec<InstanceProfileRole> }
    /// The role of an instance profile.
    InstanceProfileRole { arn: Option<String> }
    /// One of `ListOpenIDConnectProviders`.
    OpenIDConnectProviderListEntry { arn: String }
    /// `GetOpenIDConnectProvider`; its URL carries no scheme.
    OpenIDConnectProvider { url: String, #[serde(rename = "ClientIDList")] client_id_list: Vec<String> }
}
