//! What ends are called in answers: their ids and addresses, and what those are of.

use ipnet::IpNet;

use crate::facts::EndSpec;
use crate::facts::base::context::Context;
use crate::snapshot::aws::ec2::{self, NetworkInterface};

/// An interface's id, and what it is the interface of.
pub(crate) fn interface(context: &Context<'_>, id: &str) -> String {
    note(context, id).map_or_else(|| id.to_owned(), |note| format!("{id} ({note})"))
}

/// A subnet's id, and its name.
pub(crate) fn subnet(context: &Context<'_>, id: &str) -> String {
    let name = context.network.subnet(id).ok().and_then(|subnet| ec2::tag(&subnet.tags, "Name"));
    name.map_or_else(|| id.to_owned(), |name| format!("{id} ({name})"))
}

/// Addresses, and which interface has them where it is one.
pub(crate) fn addresses(context: &Context<'_>, spec: &EndSpec, cidr: IpNet) -> String {
    let Some(holder) = holder(context, cidr) else { return spec.to_string() };
    let id = &holder.network_interface_id;
    let note = note(context, id).map(|note| format!(", {note}")).unwrap_or_default();
    format!("{spec} ({id}{note})")
}

fn note(context: &Context<'_>, id: &str) -> Option<String> {
    let interface = context.network.interface(id).ok()?;
    let description = interface.description.as_deref().unwrap_or_default();
    if description.starts_with("Amazon EKS ") {
        return Some("Kubernetes API".to_owned());
    }
    if let Some(endpoint) = description.strip_prefix("VPC Endpoint Interface ") {
        return Some(endpoint.to_owned());
    }
    interface.instance().map(str::to_owned)
}

/// The one interface that has this address, where there is one.
fn holder<'s>(context: &Context<'s>, cidr: IpNet) -> Option<&'s NetworkInterface> {
    if cidr.prefix_len() < cidr.max_prefix_len() {
        return None;
    }
    let wanted = cidr.addr();
    let has = |interface: &&NetworkInterface| interface.addresses().any(|address| address == wanted);
    let mut found = context.snapshot.aws.network_interfaces.iter().flatten().filter(has);
    let first = found.next()?;
    found.next().is_none().then_some(first)
}
