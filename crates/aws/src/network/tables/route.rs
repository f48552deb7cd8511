//! Which route of a table forwards which addresses.
//!
//! The longest prefix wins over all targets; among equal prefixes local, static, prefix-list and
//! propagated routes in this order:
//! <https://docs.aws.amazon.com/vpc/latest/userguide/route-tables-priority.html>

use ipnet::IpNet;
use privek_core::known::{Known, Missing};
use privek_core::sets::address_map::AddressMap;
use privek_core::sets::addresses::AddressSet;

use crate::network::index::lookup::{self, RouteState};
use crate::snapshot::aws::ec2::{Route, RouteTable};

use super::compiled::{Piece, RouteOutcome, Tables};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    Local,
    Static,
    PrefixList,
    Propagated,
}

/// The origin of routes that a virtual private gateway propagates.
const PROPAGATED: &str = "EnableVgwRoutePropagation";

/// Whether all routes of a table for this destination are propagated.
pub(crate) fn is_propagated(table: &RouteTable, destination: &str) -> bool {
    let its = || table.routes.iter().filter(|route| lookup::destination(route) == Some(destination));
    its().next().is_some() && its().all(|route| route.origin.as_deref() == Some(PROPAGATED))
}

/// Every route by prefix, and what keeps some from being known.
struct Candidates<'t> {
    routes: Vec<Candidate<'t>>,
    /// Where prefix lists that were not read leave doubt.
    doubts: Vec<(AddressSet, Vec<Missing>)>,
    /// Whether a route took the rank that was given for those that do not tell theirs.
    guessed: bool,
}

struct Candidate<'t> {
    prefix: IpNet,
    rank: Rank,
    outcome: RouteOutcome<'t>,
}

impl<'s> Tables<'s> {
    /// What a VPC's table does with each of the addresses.
    pub(crate) fn routes(
        &self,
        table: &'s RouteTable,
        vpc: &'s str,
        addresses: &AddressSet,
    ) -> Vec<Piece<'s>> {
        let all = self.routes.get((&table.route_table_id, vpc), || {
            let pieces = self.pieces(table, vpc);
            AddressMap::of(pieces.into_iter().map(|piece| (piece.addresses, piece.outcome)))
        });
        all.split(addresses)
            .map(|(addresses, outcome)| Piece { addresses, outcome: outcome.clone() })
            .collect()
    }

    /// What becomes of each address there is. Where a route does not tell whether it is static or
    /// propagated, it is taken for either, and what differs is not known.
    fn pieces(&self, table: &'s RouteTable, vpc: &str) -> Vec<Piece<'s>> {
        let candidates = self.candidates(table, Rank::Static);
        let guessed = candidates.guessed;
        let pieces = self.divide(table, vpc, candidates);
        if !guessed {
            return pieces;
        }
        let id = &table.route_table_id;
        let what = format!("the Origin of routes of {id} (static or propagated)");
        let unknown = RouteOutcome::Unknown(self.missing_of("RouteTables", id, what));
        let others = self.divide(table, vpc, self.candidates(table, Rank::Propagated));
        let mut agreed = Vec::new();
        for piece in &pieces {
            for other in &others {
                let outcome = if piece.outcome.is_as(&other.outcome) { &piece.outcome } else { &unknown };
                let mut both = piece.addresses.intersect(&other.addresses);
                take(&mut both, &AddressSet::everything(), outcome.clone(), &mut agreed);
            }
        }
        agreed
    }

    fn divide(&self, table: &'s RouteTable, vpc: &str, candidates: Candidates<'s>) -> Vec<Piece<'s>> {
        let (mut left, mut pieces) = (AddressSet::everything(), Vec::new());
        let Candidates { routes: mut candidates, doubts, .. } = candidates;
        let listed = candidates.iter().any(|candidate| candidate.rank == Rank::Local);
        let local: AddressSet = match self.vpc_cidrs(vpc) {
            Ok(prefixes) => {
                add_implied_local(&mut candidates, &prefixes);
                prefixes.into_iter().collect()
            }
            Err(_) if listed => candidates
                .iter()
                .filter(|candidate| candidate.rank == Rank::Local)
                .map(|candidate| candidate.prefix)
                .collect(),
            Err(missing) => return vec![Piece { addresses: left, outcome: RouteOutcome::Unknown(missing) }],
        };
        for (area, missing) in doubts {
            take(&mut left, &area, RouteOutcome::Unknown(missing), &mut pieces);
        }
        candidates.sort_by_key(|candidate| {
            (u8::MAX - candidate.prefix.prefix_len(), candidate.rank, candidate.prefix)
        });
        for (at, candidate) in candidates.iter().enumerate() {
            let mut area = AddressSet::from(candidate.prefix);
            // A propagated route never beats the local one, however specific it is:
            // https://docs.aws.amazon.com/vpn/latest/s2svpn/vpn-route-priority.html
            if candidate.rank == Rank::Propagated {
                area = area.subtract(&local);
            }
            let outcome = if is_ambiguous(candidate, &candidates[at + 1..]) {
                let id = &table.route_table_id;
                let what =
                    format!("the prefix list that decides in {id}; several contain {}", candidate.prefix);
                RouteOutcome::Unknown(vec![Missing::unmodelled(what)])
            } else {
                candidate.outcome.clone()
            };
            take(&mut left, &area, outcome, &mut pieces);
        }
        take(&mut left, &AddressSet::everything(), RouteOutcome::Nowhere, &mut pieces);
        pieces
    }

    fn candidates(&self, table: &'s RouteTable, guess: Rank) -> Candidates<'s> {
        let (mut candidates, mut doubts, mut guessed) = (Vec::new(), Vec::new(), false);
        for route in &table.routes {
            let (prefixes, listed) = match self.destinations(route) {
                Ok(destinations) => destinations,
                Err(missing) => {
                    doubts.push((self.area_of_unread(route), missing));
                    continue;
                }
            };
            for prefix in prefixes {
                let rank = match route.origin.as_deref() {
                    _ if route.gateway_id.as_deref() == Some("local") => Rank::Local,
                    _ if listed => Rank::PrefixList,
                    Some(PROPAGATED) => Rank::Propagated,
                    Some("CreateRoute" | "CreateRouteTable") => Rank::Static,
                    // Other targets than virtual private gateways are those of static routes.
                    None if !lookup::target(route).is_some_and(|target| target.starts_with("vgw-")) => {
                        Rank::Static
                    }
                    _ => {
                        guessed = true;
                        guess
                    }
                };
                let destination = match &route.destination_prefix_list_id {
                    Some(list) => format!("{prefix} in {list}"),
                    None => prefix.to_string(),
                };
                candidates.push(Candidate { prefix, rank, outcome: self.outcome(table, route, destination) });
            }
        }
        Candidates { routes: candidates, doubts, guessed }
    }

    pub(crate) fn destinations(&self, route: &Route) -> Known<(Vec<IpNet>, bool)> {
        if let Some(list) = &route.destination_prefix_list_id {
            return Ok((self.prefix_list(list)?, true));
        }
        let text = route.destination_cidr_block.as_deref().or(route.destination_ipv6_cidr_block.as_deref());
        if let Some(Ok(prefix)) = text.map(str::parse) {
            return Ok((vec![prefix], false));
        }
        Err(vec![Missing::unmodelled(format!("the route destination `{}`", text.unwrap_or_default()))])
    }

    /// A gateway endpoint's prefix list holds public addresses of an AWS service only.
    fn area_of_unread(&self, route: &Route) -> AddressSet {
        let endpoint = route.gateway_id.as_deref().and_then(|id| self.vpc_endpoints.get(id));
        let is_gateway = endpoint
            .and_then(|endpoint| endpoint.vpc_endpoint_type.as_deref())
            .is_some_and(|kind| kind.eq_ignore_ascii_case("gateway"));
        if is_gateway {
            AddressSet::everything().subtract(&AddressSet::private())
        } else {
            AddressSet::everything()
        }
    }

    fn outcome(&self, table: &RouteTable, route: &'s Route, destination: String) -> RouteOutcome<'s> {
        let unmodelled = |what: &str| {
            let what = format!("the route of {} for {destination} {what}", table.route_table_id);
            RouteOutcome::Unknown(vec![Missing::unmodelled(what)])
        };
        match (RouteState::of(route.state.as_deref()), lookup::target(route)) {
            (RouteState::Blackhole, _) => RouteOutcome::Blackhole(destination),
            (_, Some("local")) => RouteOutcome::Local(destination),
            (RouteState::Active, Some(target)) => RouteOutcome::To(target, destination),
            (RouteState::Active, None) => unmodelled("without a target that is known"),
            (RouteState::Unread, _) => RouteOutcome::Unknown(self.missing_state(table, route)),
            (RouteState::Other(state), _) => unmodelled(&format!("with the state `{state}`")),
        }
    }
}

/// Every associated prefix of the VPC is local, listed or not, unless the local route's target was replaced.
/// <https://docs.aws.amazon.com/vpc/latest/userguide/replace-local-route-target.html>
fn add_implied_local(candidates: &mut Vec<Candidate<'_>>, prefixes: &[IpNet]) {
    for prefix in prefixes {
        let listed = |candidate: &Candidate<'_>| {
            candidate.prefix == *prefix && matches!(candidate.rank, Rank::Local | Rank::Static)
        };
        if !candidates.iter().any(listed) {
            let outcome = RouteOutcome::Local(prefix.to_string());
            candidates.push(Candidate { prefix: *prefix, rank: Rank::Local, outcome });
        }
    }
}

/// AWS picks one of several prefix lists with the same prefix, and does not say which.
fn is_ambiguous(candidate: &Candidate<'_>, after: &[Candidate<'_>]) -> bool {
    let target = |outcome: &RouteOutcome<'_>| match outcome {
        RouteOutcome::To(target, _) => Some((*target).to_owned()),
        _ => None,
    };
    candidate.rank == Rank::PrefixList
        && after.iter().take_while(|next| next.prefix.prefix_len() == candidate.prefix.prefix_len()).any(
            |next| {
                next.rank == Rank::PrefixList
                    && next.prefix == candidate.prefix
                    && target(&next.outcome) != target(&candidate.outcome)
            },
        )
}

fn take<'t>(
    left: &mut AddressSet,
    area: &AddressSet,
    outcome: RouteOutcome<'t>,
    pieces: &mut Vec<Piece<'t>>,
) {
    let addresses = left.intersect(area);
    if addresses.is_empty() {
        return;
    }
    *left = left.subtract(&addresses);
    match pieces.iter_mut().find(|piece| piece.outcome == outcome) {
        Some(piece) => piece.addresses = piece.addresses.union(&addresses),
        None => pieces.push(Piece { addresses, outcome }),
    }
}
