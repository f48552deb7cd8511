//! `forwarders`: read, find the domains and the addresses to forward to, write a DNS server's configuration.

use privek_core::render;

use crate::cli::{ForwardedDomain, ForwardersArgs, IntentArgs};
use crate::providers::Wanted;

use super::done::Done;
use super::{input, output};

/// Writes the configuration.
pub fn run(args: &ForwardersArgs) -> Result<Done, anyhow::Error> {
    let sink = output::open(args.output.as_ref())?;
    let declared = IntentArgs { operator_cidr: Vec::new(), config: args.config.clone() };
    let mut declared = input::declared(&declared)?;
    // A planned cluster has no API name yet.
    declared.intent.cluster = None;
    let snapshot = input::snapshot(&args.source, &input::about(&declared))?;
    let wanted = Wanted { whole_region: args.domain == ForwardedDomain::Region, services: args.services };
    let mut forwarding = snapshot.forwarding(&declared.intent, wanted)?;
    forwarding.notes.extend(snapshot.counted_as_empty(&declared.intent));
    let text = render::forwarders::text(&forwarding, args.server.into());
    Ok(Done { stdout: output::put(text, sink)?, exit_code: 0 })
}
