//! From one end to another and back, hop by hop.

pub mod appliance;
pub mod aws_address;
pub mod clients;
pub mod edge;
pub mod flow;
pub mod forwarding;
pub mod gateway_endpoint;
pub mod inbound;
pub mod internet;
pub mod internet_firewall;
pub mod nat;
pub mod nat64;
pub mod peering;
pub mod reasoner;
pub mod resolve;
pub mod route_blocker;
pub mod run;
pub mod trace;
pub mod transit;
pub mod transit_attachment;
pub mod transit_peering;
pub mod transit_remedy;
pub mod transit_table;
pub mod vpn_gateway;
