//! Sets of addresses, ports and numbers, and what maps them.

pub mod address_map;
pub mod addresses;
pub mod header_space;
pub mod ports;
pub mod ranges;
