//! What both test crates use: `tests/rules` and `tests/it`.

#![allow(dead_code, reason = "each of the two uses a part")]

pub mod aws_cli;
pub mod aws_client_vpn;
pub mod aws_route;
pub mod bless;
pub mod breakages;
pub mod broken;
pub mod cases;
pub mod files;
pub mod healthy;
pub mod judge;
pub mod patch;
pub mod shell;
