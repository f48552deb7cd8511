//! Why a probe could not be made at all: one sentence each, with what would be right.

use std::io::ErrorKind;

use thiserror::Error;

use crate::collect::error::CollectError;

/// A probe that could not be made.
#[derive(Debug, Error)]
pub enum ProbeError {
    /// A file of targets that is none.
    #[error(
        "{source_name}:{line}:{column}: {field}: {why}; `privek-audit probe --print-targets` writes a valid file"
    )]
    Syntax {
        /// The file.
        source_name: String,
        /// Line, from 1.
        line: usize,
        /// Column, from 1.
        column: usize,
        /// The way to the field.
        field: String,
        /// What is wrong.
        why: String,
    },
    /// A value in it that cannot be used.
    #[error("{source_name}: {field}: {why}")]
    Value {
        /// The file.
        source_name: String,
        /// The way to the field.
        field: String,
        /// What is wrong, and what would be right.
        why: String,
    },
    /// A DNS server that is no address.
    #[error(
        "{text} is not the address of a DNS server; examples are 10.0.0.2, 10.0.0.2:5353 and [fd00:ec2::253]:53"
    )]
    Server {
        /// What was given.
        text: String,
    },
    /// The machine's own settings.
    #[error(transparent)]
    Settings(#[from] CollectError),
    /// TLS that cannot be set up.
    #[error("TLS cannot be set up: {0}")]
    Tls(String),
}

/// Why the operating system finds no way to an address, in words of our own: its own differ.
pub(super) fn no_way(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::NetworkUnreachable => "no route to the network",
        ErrorKind::HostUnreachable => "no route to the host",
        ErrorKind::PermissionDenied => "the firewall of this machine blocks the packets",
        _ => "the operating system cannot send packets to the address",
    }
}
