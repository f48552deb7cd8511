//! The integration tests: one crate, because the AWS SDK is linked into each.
#![allow(missing_docs)]
// A test fails by panicking; clippy.toml allows that in test functions, this in what they call.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod architecture;
mod audit;
mod authority;
mod aws_cli;
mod aws_route;
mod breakages;
mod cases;
mod collecting;
mod commands;
mod contract;
mod demo;
mod documents;
mod drift;
mod emulator;
mod errors;
mod estate;
mod fixes;
mod fixtures;
mod forwarders;
mod guard;
mod healthy;
mod hostile;
mod inputs;
mod matrix;
mod max_pods;
mod mended;
mod networks;
mod patch;
mod planned;
mod probe;
mod probe_command;
mod program;
mod readme;
mod recorded;
mod redact;
mod refusals;
mod replay;
mod resolver_breakages;
mod rules;
mod servers;
mod shell;
mod tls_servers;
mod trace;
