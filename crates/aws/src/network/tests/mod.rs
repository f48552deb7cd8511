//! What AWS does, one sentence a test, on networks that are as small as they can be.

mod acls;
mod appliances;
mod aws_addresses;
mod central_egress;
mod clients;
mod egress_causes;
mod ends;
mod filters;
mod groups;
mod inbound;
mod internet;
mod internet_firewalls;
mod local_zones;
mod nat;
mod nat64;
mod net;
mod never;
mod oracle;
mod precedence;
mod prefix_lists;
mod property;
mod routes;
mod transit;
mod transit_peering;
