//! Taking things away as long as a property of the plan stays.

use crate::network::tests::oracle::{
    plan::{Peer, Plan, To},
    question::{Question, Side},
};

/// The plan without everything that the property does not need.
pub fn shrink(plan: &Plan, question: &Question, stays: impl Fn(&Plan) -> bool) -> Plan {
    let mut plan = plan.clone();
    loop {
        let smaller =
            candidates(&plan).into_iter().find(|candidate| is_whole(candidate, question) && stays(candidate));
        match smaller {
            Some(smaller) => plan = smaller,
            None => return plan,
        }
    }
}

fn without<T>(plan: &Plan, list: impl Fn(&mut Plan) -> &mut Vec<T>, found: &mut Vec<Plan>) {
    let count = list(&mut plan.clone()).len();
    for at in 0..count {
        let mut smaller = plan.clone();
        list(&mut smaller).remove(at);
        found.push(smaller);
    }
}

/// Large things first.
fn candidates(plan: &Plan) -> Vec<Plan> {
    let mut found = Vec::new();
    for vpc in &plan.vpcs {
        found.push(without_vpc(plan, &vpc.id));
    }
    if plan.transit.is_some() {
        let mut smaller = plan.clone();
        smaller.transit = None;
        for table in &mut smaller.tables {
            table.routes.retain(|route| !route.target.starts_with("tgw-"));
        }
        found.push(smaller);
    }
    without(plan, |plan| &mut plan.tables, &mut found);
    without(plan, |plan| &mut plan.interfaces, &mut found);
    without(plan, |plan| &mut plan.groups, &mut found);
    without(plan, |plan| &mut plan.acls, &mut found);
    without(plan, |plan| &mut plan.subnets, &mut found);
    for at in 0..plan.tables.len() {
        without(plan, |plan| &mut plan.tables[at].routes, &mut found);
    }
    without(plan, |plan| &mut plan.lists, &mut found);
    without(plan, |plan| &mut plan.gateways, &mut found);
    without(plan, |plan| &mut plan.peerings, &mut found);
    without(plan, |plan| &mut plan.nats, &mut found);
    without(plan, |plan| &mut plan.endpoints, &mut found);
    for at in 0..plan.acls.len() {
        without(plan, |plan| &mut plan.acls[at].entries, &mut found);
    }
    for at in 0..plan.groups.len() {
        without(plan, |plan| &mut plan.groups[at].inbound, &mut found);
        without(plan, |plan| &mut plan.groups[at].outbound, &mut found);
    }
    for at in 0..plan.lists.len() {
        without(plan, |plan| &mut plan.lists[at].entries, &mut found);
    }
    for at in 0..plan.vpcs.len() {
        without(plan, |plan| &mut plan.vpcs[at].cidrs, &mut found);
    }
    for at in 0..plan.interfaces.len() {
        without(plan, |plan| &mut plan.interfaces[at].groups, &mut found);
    }
    if let Some(transit) = &plan.transit {
        without(plan, |plan| &mut plan.transit.as_mut().unwrap().attachments, &mut found);
        without(plan, |plan| &mut plan.transit.as_mut().unwrap().tables, &mut found);
        for at in 0..transit.attachments.len() {
            without(plan, |plan| &mut plan.transit.as_mut().unwrap().attachments[at].subnets, &mut found);
        }
        for at in 0..transit.tables.len() {
            without(plan, |plan| &mut plan.transit.as_mut().unwrap().tables[at].routes, &mut found);
        }
    }
    found
}

/// With all that is in it.
fn without_vpc(plan: &Plan, id: &str) -> Plan {
    let mut plan = plan.clone();
    let subnets: Vec<String> =
        plan.subnets.iter().filter(|it| it.vpc == id).map(|it| it.id.clone()).collect();
    let gone: Vec<String> = plan
        .peerings
        .iter()
        .filter(|it| it.sides.iter().any(|side| side == id))
        .map(|it| it.id.clone())
        .chain(plan.gateways.iter().filter(|it| it.vpc.as_deref() == Some(id)).map(|it| it.id.clone()))
        .collect();
    plan.vpcs.retain(|it| it.id != id);
    plan.subnets.retain(|it| it.vpc != id);
    plan.tables.retain(|it| it.vpc != id);
    plan.acls.retain(|it| it.vpc != id);
    plan.groups.retain(|it| it.vpc != id);
    plan.interfaces.retain(|it| !subnets.contains(&it.subnet));
    plan.nats.retain(|it| it.vpc != id);
    plan.endpoints.retain(|it| it.vpc != id);
    plan.peerings.retain(|it| !gone.contains(&it.id));
    plan.gateways.retain(|it| !gone.contains(&it.id));
    for table in &mut plan.tables {
        table.routes.retain(|it| !gone.contains(&it.target));
    }
    if let Some(transit) = &mut plan.transit {
        let (gone, kept): (Vec<_>, Vec<_>) =
            transit.attachments.drain(..).partition(|it| it.vpc.as_deref() == Some(id));
        transit.attachments = kept;
        let gone: Vec<String> = gone.into_iter().map(|it| it.id).collect();
        for table in &mut transit.tables {
            table.routes.retain(|it| it.attachment.as_ref().is_none_or(|it| !gone.contains(it)));
        }
    }
    plan
}

/// Whether everything that is named is there.
fn is_whole(plan: &Plan, question: &Question) -> bool {
    let vpc = |id: &str| plan.vpcs.iter().any(|it| it.id == id);
    let subnet = |id: &String| plan.subnets.iter().any(|it| it.id == *id);
    let group = |id: &String| plan.groups.iter().any(|it| it.id == *id);
    let list = |id: &String| plan.lists.iter().any(|it| it.id == *id);
    let target = |id: &str| {
        plan.peerings.iter().any(|it| it.id == id)
            || plan.nats.iter().any(|it| it.id == id)
            || plan.gateways.iter().any(|it| it.id == id)
            || plan.endpoints.iter().any(|it| it.id == id)
            || plan.transit.as_ref().is_some_and(|it| it.id == id)
    };
    let side = |side: &Side| match side {
        Side::Subnet { id, groups, .. } => subnet(id) && groups.iter().all(group),
        Side::Interface(id) => plan.interfaces.iter().any(|it| it.id == *id),
        Side::Network { groups, via, .. } => groups.iter().all(group) && via.iter().all(|via| target(via)),
        Side::List(id) => list(id),
    };
    let rules = plan.groups.iter().flat_map(|it| it.inbound.iter().chain(&it.outbound));
    let vpcs_whole = plan.vpcs.iter().all(|vpc| {
        vpc.cidrs.iter().any(|net| net.addr().is_ipv4())
            && plan.tables.iter().any(|it| it.main && it.vpc == vpc.id)
            && plan.acls.iter().any(|it| it.subnets.is_empty() && it.vpc == vpc.id)
    });
    let subnets_whole = plan.subnets.iter().all(|it| {
        let own = plan.vpcs.iter().find(|vpc| vpc.id == it.vpc);
        own.is_some_and(|own| it.cidrs.iter().all(|net| own.cidrs.iter().any(|cidr| cidr.contains(net))))
    });
    let transit_whole = plan.transit.iter().all(|transit| {
        let attachment = |id: &String| transit.attachments.iter().any(|it| it.id == *id);
        transit.attachments.iter().all(|it| {
            it.subnets.iter().all(subnet)
                && it.vpc.iter().all(|id| vpc(id))
                && it.vpc.is_some() != it.subnets.is_empty()
                && it.table.iter().all(|id| transit.tables.iter().any(|table| table.id == *id))
        }) && transit.tables.iter().flat_map(|it| &it.routes).all(|it| it.attachment.iter().all(attachment))
    });
    let routes_whole = plan
        .tables
        .iter()
        .flat_map(|it| &it.routes)
        .all(|it| (!it.active || target(&it.target)) && !matches!(&it.to, To::List(id) if !list(id)));
    vpcs_whole
        && subnets_whole
        && transit_whole
        && routes_whole
        && [&question.from, &question.to].into_iter().all(side)
        && plan.tables.iter().all(|it| it.subnets.iter().all(subnet))
        && plan.acls.iter().all(|it| it.subnets.iter().all(subnet))
        && plan.nats.iter().all(|it| subnet(&it.subnet))
        && plan
            .interfaces
            .iter()
            .all(|it| subnet(&it.subnet) && !it.groups.is_empty() && it.groups.iter().all(group))
        && plan.endpoints.iter().all(|it| list(&it.list))
        && rules.into_iter().all(|rule| match &rule.peer {
            Peer::Net(_) => true,
            Peer::List(id) => list(id),
            Peer::Group(id) => group(id),
        })
}
