//! The operators' networks as ends of flows. To be written.
