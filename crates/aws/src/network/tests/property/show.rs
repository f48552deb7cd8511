//! A plan as a person would sketch it.

use std::fmt::Write as _;

use crate::network::tests::oracle::{
    plan::{Peer, Plan, Rule, To},
    question::{Question, Side},
};

pub fn show(plan: &Plan, question: &Question) -> String {
    let mut text = format!("{} -> {} {}\n", side(&question.from), side(&question.to), question.port());
    write(&mut text, plan).unwrap();
    text
}

fn side(side: &Side) -> String {
    match side {
        Side::Subnet { id, nets: None, groups } => format!("{id} {groups:?}"),
        Side::Subnet { id, nets: Some(nets), groups } => format!("{id} {} {groups:?}", join(nets)),
        Side::Interface(id) | Side::List(id) => id.clone(),
        Side::Network { net, via, groups } => {
            let via = via.as_ref().map(|via| format!(" via {via}")).unwrap_or_default();
            format!("{net}{via} {groups:?}")
        }
    }
}

fn join<T: ToString>(items: &[T]) -> String {
    items.iter().map(T::to_string).collect::<Vec<_>>().join(" ")
}

fn ports(ports: Option<(u16, u16)>) -> String {
    ports.map(|(first, last)| format!(":{first}-{last}")).unwrap_or_default()
}

fn rules(rules: &[Rule]) -> String {
    let one = |rule: &Rule| {
        let peer = match &rule.peer {
            Peer::Net(net) => net.to_string(),
            Peer::List(id) | Peer::Group(id) => id.clone(),
        };
        format!("{peer} {}{}", rule.protocol, ports(rule.ports))
    };
    rules.iter().map(one).collect::<Vec<_>>().join(", ")
}

fn write(text: &mut String, plan: &Plan) -> std::fmt::Result {
    for vpc in &plan.vpcs {
        writeln!(text, "{} {}", vpc.id, join(&vpc.cidrs))?;
        for it in plan.subnets.iter().filter(|it| it.vpc == vpc.id) {
            writeln!(text, "  {} {} {}", it.id, it.zone, join(&it.cidrs))?;
        }
        for table in plan.tables.iter().filter(|it| it.vpc == vpc.id) {
            writeln!(
                text,
                "  {} {}",
                table.id,
                if table.main { "main".into() } else { join(&table.subnets) }
            )?;
            for route in &table.routes {
                let to = match &route.to {
                    To::Net(net) => net.to_string(),
                    To::List(id) => id.clone(),
                };
                let state = if route.active { "" } else { " blackhole" };
                let origin = if route.propagated { " propagated" } else { "" };
                writeln!(text, "    {to} -> {}{state}{origin}", route.target)?;
            }
        }
        for acl in plan.acls.iter().filter(|it| it.vpc == vpc.id) {
            let subnets = if acl.subnets.is_empty() { "default".into() } else { join(&acl.subnets) };
            writeln!(text, "  {} {subnets}", acl.id)?;
            for it in &acl.entries {
                let (way, action) =
                    (if it.egress { "out" } else { "in" }, if it.allow { "allow" } else { "deny" });
                writeln!(
                    text,
                    "    {} {way} {action} {} {}{}",
                    it.number,
                    it.net,
                    it.protocol,
                    ports(it.ports)
                )?;
            }
        }
        for it in plan.groups.iter().filter(|it| it.vpc == vpc.id) {
            writeln!(text, "  {} in [{}] out [{}]", it.id, rules(&it.inbound), rules(&it.outbound))?;
        }
        for it in plan.nats.iter().filter(|it| it.vpc == vpc.id) {
            let kind = if it.public { "public" } else { "private" };
            writeln!(text, "  {} {kind} in {} {} available: {}", it.id, it.subnet, it.address, it.available)?;
        }
        for it in plan.endpoints.iter().filter(|it| it.vpc == vpc.id) {
            writeln!(text, "  {} {}", it.id, it.list)?;
        }
    }
    for it in &plan.interfaces {
        let public = if it.public { " public" } else { "" };
        writeln!(text, "{} in {} {} {:?}{public}", it.id, it.subnet, join(&it.addresses), it.groups)?;
    }
    for it in &plan.lists {
        writeln!(text, "{} {}", it.id, join(&it.entries))?;
    }
    for it in &plan.gateways {
        writeln!(text, "{} attached to {:?}", it.id, it.vpc)?;
    }
    for it in &plan.peerings {
        writeln!(text, "{} {} active: {}", it.id, it.sides.join(" "), it.active)?;
    }
    if let Some(transit) = &plan.transit {
        writeln!(text, "{} references: {}", transit.id, transit.references)?;
        for it in &transit.attachments {
            writeln!(
                text,
                "  {} {:?} in {:?} table {:?} available: {} references: {}",
                it.id, it.vpc, it.subnets, it.table, it.available, it.references
            )?;
        }
        for table in &transit.tables {
            writeln!(text, "  {}", table.id)?;
            for it in &table.routes {
                let kind = if it.propagated { " propagated" } else { "" };
                writeln!(text, "    {} -> {:?}{kind}", it.to, it.attachment)?;
            }
        }
    }
    Ok(())
}
