//! The ends of a path: the VPCs that they are in, before any VPC is known.

use std::collections::BTreeSet;
use std::net::IpAddr;

use aws_smithy_types::timeout::TimeoutConfig;
use futures::future::{try_join, try_join_all};
use ipnet::IpNet;
use privek_aws::ids::{self, ResourceKind};

use crate::collect::aws::convert::Fetched;
use crate::collect::aws::ec2::lookup;
use crate::collect::aws::ec2::vpcs::prefixes;
use crate::collect::aws::failure::Failure;
use crate::collect::aws::operations::{self, Operation};
use crate::collect::aws::session::{Session, collection};
use crate::collect::error::CollectError;

use super::region;

/// What the texts of ends name, as far as AWS can be asked where it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct LocatableEnds {
    /// Ids of VPCs, and of interfaces, instances, subnets and VPC endpoints in them.
    ids: BTreeSet<String>,
    /// Ids of prefix lists, which are in no VPC.
    lists: BTreeSet<String>,
    /// Addresses.
    networks: BTreeSet<IpNet>,
}

impl LocatableEnds {
    /// What these texts name; roles, services and names of networks are not AWS's to look up.
    pub(crate) fn of<'a>(texts: impl IntoIterator<Item = &'a str>) -> Self {
        let mut ends = Self::default();
        for text in texts {
            let address = || text.parse().ok().map(|address: IpAddr| IpNet::from(address));
            if let Some(network) = text.parse().ok().or_else(address) {
                ends.networks.insert(network);
                continue;
            }
            match ids::kind(text) {
                Some(ResourceKind::PrefixList) => {
                    ends.lists.insert(text.to_owned());
                }
                Some(
                    ResourceKind::NetworkInterface
                    | ResourceKind::Instance
                    | ResourceKind::Subnet
                    | ResourceKind::Vpc
                    | ResourceKind::VpcEndpoint,
                ) => {
                    ends.ids.insert(text.to_owned());
                }
                _ => {}
            }
        }
        ends
    }

    /// The addresses among them.
    pub(crate) fn networks(&self) -> impl Iterator<Item = IpNet> {
        self.networks.iter().copied()
    }
}

/// The VPCs that ends are in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct LocatedVpcs {
    /// Those that hold what an id names.
    pub(crate) by_id: BTreeSet<String>,
    /// Those whose prefixes overlap an address end; the path may or may not be about them.
    pub(crate) by_address: BTreeSet<String>,
}

/// Finds the VPCs; what was denied is a gap.
///
/// # Errors
/// An id that does not exist; no credentials, or no way to EC2.
pub(crate) async fn located(
    session: &Session<'_>,
    ends: &LocatableEnds,
) -> Result<LocatedVpcs, CollectError> {
    let by_id = try_join_all(ends.ids.iter().map(|id| async move { holding(session, id).await }));
    let lists = region::entries(session, ends.lists.iter().cloned());
    let both = try_join(by_id, overlapping(session, &ends.networks));
    let (found, ()) = try_join(both, async {
        lists.await;
        Ok(())
    })
    .await?;
    let (by_id, by_address) = found;
    Ok(LocatedVpcs { by_id: by_id.into_iter().flatten().collect(), by_address })
}

/// The VPC that holds what an id names.
async fn holding(session: &Session<'_>, id: &str) -> Result<Vec<String>, CollectError> {
    let (ec2, short): (_, TimeoutConfig) = (&session.clients.ec2, session.clients.short.clone());
    let found = match ids::kind(id) {
        Some(ResourceKind::NetworkInterface) => {
            let call = lookup::interface(ec2, id, short);
            answered(session, operations::DESCRIBE_NETWORK_INTERFACES, id, call).await?
        }
        Some(ResourceKind::Subnet) => {
            answered(session, operations::DESCRIBE_SUBNETS, id, lookup::subnet(ec2, id, short)).await?
        }
        Some(ResourceKind::Vpc) => {
            answered(session, operations::DESCRIBE_VPCS, id, lookup::vpc(ec2, id, short)).await?
        }
        Some(ResourceKind::VpcEndpoint) => {
            answered(session, operations::DESCRIBE_VPC_ENDPOINTS, id, lookup::endpoint(ec2, id, short))
                .await?
        }
        _ => {
            let call = lookup::instance(ec2, id, short);
            let found = answered(session, operations::DESCRIBE_INSTANCES, id, call).await?;
            found.map(|reservations| {
                let instances = reservations.iter().flat_map(|reservation| &reservation.instances);
                let vpcs = instances.filter_map(|instance| instance.vpc_id.clone()).collect();
                session.keep(collection!(reservations), &[id.to_owned()], reservations);
                vpcs
            })
        }
    };
    Ok(found.unwrap_or_default())
}

/// The VPCs whose prefixes overlap one of the networks. `0.0.0.0/0` names no VPC.
async fn overlapping(
    session: &Session<'_>,
    networks: &BTreeSet<IpNet>,
) -> Result<BTreeSet<String>, CollectError> {
    let places: Vec<&IpNet> = networks.iter().filter(|network| network.prefix_len() > 0).collect();
    if places.is_empty() {
        return Ok(BTreeSet::new());
    }
    let call = session.watch(operations::DESCRIBE_VPCS, lookup::every_vpc(&session.clients.ec2)).await;
    let vpcs = match call {
        Ok(vpcs) => vpcs,
        Err(failure) => {
            fatal(session, &failure)?;
            session.failed(operations::DESCRIBE_VPCS, &[], failure);
            return Ok(BTreeSet::new());
        }
    };
    let holds = |vpc: &_| {
        let prefixes = prefixes(vpc);
        places
            .iter()
            .any(|place| prefixes.iter().any(|prefix| place.contains(prefix) || prefix.contains(*place)))
    };
    Ok(vpcs.iter().filter(|vpc| holds(*vpc)).map(|vpc| vpc.vpc_id.clone()).collect())
}

/// An answer; `None`, with a gap, if AWS refused it.
async fn answered<T>(
    session: &Session<'_>,
    operation: Operation,
    id: &str,
    call: impl Future<Output = Fetched<T>>,
) -> Result<Option<T>, CollectError> {
    let failure = match session.watch(operation, call).await {
        Ok(answer) => return Ok(Some(answer)),
        Err(failure) => failure,
    };
    // `InvalidSubnetID.NotFound`, `InvalidVpcEndpointId.NotFound`, `InvalidInstanceID.Malformed`:
    // https://docs.aws.amazon.com/ec2/latest/devguide/errors-overview.html
    if failure.code.starts_with("Invalid")
        && ["NotFound", "Malformed"].iter().any(|end| failure.code.ends_with(end))
    {
        return Err(CollectError::NoSuchResource {
            id: id.to_owned(),
            region: session.region.clone(),
            code: failure.code,
        });
    }
    fatal(session, &failure)?;
    session.failed(operation, &[id.to_owned()], failure);
    Ok(None)
}

/// Whether a failure means that no other call can be answered either.
fn fatal(session: &Session<'_>, failure: &Failure) -> Result<(), CollectError> {
    match failure.fatal(&session.clients.ec2_endpoint()) {
        Some(error) => Err(error),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_ids_are_told_apart_and_roles_services_and_names_are_left_alone() {
        let ends = LocatableEnds::of([
            "eni-1",
            "i-2",
            "subnet-3",
            "vpce-4",
            "vpc-6",
            "pl-5",
            "10.0.0.9",
            "10.1.0.0/16",
            "fd00::/8",
            "nodes",
            "ecr.api",
            "head-office",
            "internet",
        ]);
        assert_eq!(
            ends.ids.iter().map(String::as_str).collect::<Vec<_>>(),
            ["eni-1", "i-2", "subnet-3", "vpc-6", "vpce-4"]
        );
        assert_eq!(ends.lists.iter().collect::<Vec<_>>(), ["pl-5"]);
        let networks: Vec<String> = ends.networks.iter().map(ToString::to_string).collect();
        assert_eq!(networks, ["10.0.0.9/32", "10.1.0.0/16", "fd00::/8"]);
    }
}
