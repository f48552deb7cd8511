//! What the cluster is made of: node groups, subnets, user data, the VPC CNI, Resolver. Asked by everybody.

pub mod cluster;
pub mod eks_status;
pub mod fips;
pub mod instance_metadata;
pub mod kms_keys;
pub mod launch_template;
pub mod load_balancer_tags;
pub mod max_pods;
pub mod node_carriers;
pub mod node_group_instances;
pub mod node_groups;
pub mod node_proxy;
pub mod operators;
pub mod route53_profiles;
pub mod route53_resolver;
pub mod security_groups;
pub mod subnets;
pub mod ungrouped_nodes;
pub mod user_data;
pub mod vpc_cni;
pub mod vpc_dns;
pub mod vpc_owner;
pub mod warm_pools;
