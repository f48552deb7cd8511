//! What belongs to the region: endpoint services, zones, prefix lists, resolver endpoints and rules.

use futures::join;
use privek_core::header::EVERYTHING;

use crate::collect::aws::ec2::{client_vpn, endpoints, gateways, routes, vpcs};
use crate::collect::aws::session::{AskedOnce, Session, collection, each};
use crate::collect::aws::{operations, route53resolver};

/// Prefix lists, for their entries.
const PREFIX_LISTS: AskedOnce = AskedOnce("entries of prefix lists");

/// What every reading of a network needs, whichever VPCs it is about.
pub(super) async fn all(session: &Session<'_>) {
    join!(
        services(session),
        zones(session),
        prefix_lists(session),
        egress_only_gateways(session),
        client_vpns(session),
        resolver_endpoints(session),
    );
}

/// The egress-only internet gateways of the account. One that is not among them may be another
/// account's (of a shared VPC), so the scope is what was found.
async fn egress_only_gateways(session: &Session<'_>) {
    let operation = operations::DESCRIBE_EGRESS_ONLY_INTERNET_GATEWAYS;
    let call = session.call(operation, &[], gateways::egress_only_gateways(&session.clients.ec2));
    if let Some(found) = call.await {
        let ids: Vec<String> =
            found.iter().map(|gateway| gateway.egress_only_internet_gateway_id.clone()).collect();
        session.keep(collection!(egress_only_internet_gateways), &ids, found);
    }
}

/// The Client VPN endpoints of the account, and what each forwards for whom. One that is not among them may be
/// another account's, so the scope is what was found.
async fn client_vpns(session: &Session<'_>) {
    let ec2 = &session.clients.ec2;
    let call = client_vpn::endpoints(ec2);
    let Some(found) = session.call(operations::DESCRIBE_CLIENT_VPN_ENDPOINTS, &[], call).await else {
        return;
    };
    let ids: Vec<String> = found.iter().map(|endpoint| endpoint.client_vpn_endpoint_id.clone()).collect();
    session.keep(collection!(client_vpn_endpoints), &ids, found);
    each(ids, |id| async move {
        let scope = std::slice::from_ref(&id);
        let (networks, routes, rules) = join!(
            session.call(
                operations::DESCRIBE_CLIENT_VPN_TARGET_NETWORKS,
                scope,
                client_vpn::target_networks(ec2, &id)
            ),
            session.call(operations::DESCRIBE_CLIENT_VPN_ROUTES, scope, client_vpn::routes(ec2, &id)),
            session.call(
                operations::DESCRIBE_CLIENT_VPN_AUTHORIZATION_RULES,
                scope,
                client_vpn::authorization_rules(ec2, &id)
            ),
        );
        if let Some(networks) = networks {
            session.keep(collection!(client_vpn_target_networks), scope, networks);
        }
        if let Some(routes) = routes {
            session.keep(collection!(client_vpn_routes), scope, vec![routes]);
        }
        if let Some(rules) = rules {
            session.keep(collection!(client_vpn_authorization_rules), scope, vec![rules]);
        }
    })
    .await;
}

/// The services that VPC endpoints can be made for.
async fn services(session: &Session<'_>) {
    let call = session.call(
        operations::DESCRIBE_VPC_ENDPOINT_SERVICES,
        &[],
        endpoints::services(&session.clients.ec2),
    );
    if let Some(found) = call.await {
        session.keep(collection!(service_details), &everything(), found);
    }
}

/// The zones of the region.
async fn zones(session: &Session<'_>) {
    let call = session.call(operations::DESCRIBE_AVAILABILITY_ZONES, &[], vpcs::zones(&session.clients.ec2));
    if let Some(found) = call.await {
        session.keep(collection!(availability_zones), &everything(), found);
    }
}

/// All prefix lists, without their entries.
async fn prefix_lists(session: &Session<'_>) {
    let call = session.call(
        operations::DESCRIBE_MANAGED_PREFIX_LISTS,
        &[],
        routes::prefix_lists(&session.clients.ec2),
    );
    if let Some(found) = call.await {
        session.keep(collection!(prefix_lists), &everything(), found);
    }
}

/// The entries of prefix lists that something refers to.
pub(super) async fn entries(session: &Session<'_>, ids: impl Iterator<Item = String>) {
    let ids = session.unasked(PREFIX_LISTS, ids);
    each(ids, |id| async move {
        let scope = std::slice::from_ref(&id);
        let call = routes::entries(&session.clients.ec2, &id);
        if let Some(found) = session.call(operations::GET_MANAGED_PREFIX_LIST_ENTRIES, scope, call).await {
            session.keep(collection!(prefix_list_entries), scope, vec![found]);
        }
    })
    .await;
}

/// The entries of the lists of gateway endpoints that no route refers to: such a list has the service's name.
pub(super) async fn entries_of_gateway_endpoints(session: &Session<'_>) {
    let ids: Vec<String> = session.look(|snapshot| {
        let endpoints = snapshot.aws.vpc_endpoints.iter().flatten();
        let gateways = endpoints.filter(|endpoint| {
            endpoint.vpc_endpoint_type.as_deref().is_some_and(|kind| kind.eq_ignore_ascii_case("gateway"))
        });
        let services: Vec<_> = gateways.filter_map(|endpoint| endpoint.service_name.as_deref()).collect();
        let lists = snapshot.aws.prefix_lists.iter().flatten();
        let lists = lists
            .filter(|list| list.prefix_list_name.as_deref().is_some_and(|name| services.contains(&name)));
        lists.map(|list| list.prefix_list_id.clone()).collect()
    });
    entries(session, ids.into_iter()).await;
}

/// All resolver endpoints of the account in the region, and their addresses.
async fn resolver_endpoints(session: &Session<'_>) {
    let resolver = &session.clients.resolver;
    let call = session.call(operations::LIST_RESOLVER_ENDPOINTS, &[], route53resolver::endpoints(resolver));
    let Some(found) = call.await else { return };
    let ids: Vec<String> = found.iter().map(|endpoint| endpoint.id.clone()).collect();
    session.keep(collection!(resolver_endpoints), &everything(), found);
    each(ids, |id| async move {
        let scope = std::slice::from_ref(&id);
        let call = route53resolver::addresses(resolver, &id);
        if let Some(found) = session.call(operations::LIST_RESOLVER_ENDPOINT_IP_ADDRESSES, scope, call).await
        {
            session.keep(collection!(resolver_endpoint_ip_addresses), scope, vec![found]);
        }
    })
    .await;
}

/// All resolver rules that the account has or that are shared with it.
pub(crate) async fn resolver_rules(session: &Session<'_>) {
    let call =
        session.call(operations::LIST_RESOLVER_RULES, &[], route53resolver::rules(&session.clients.resolver));
    if let Some(found) = call.await {
        session.keep(collection!(resolver_rules), &everything(), found);
    }
}

fn everything() -> [String; 1] {
    [EVERYTHING.to_owned()]
}
