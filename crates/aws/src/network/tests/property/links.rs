//! Routes, of VPCs and of the transit gateway: most are right, some are split, stale, wrong or missing.

use ipnet::IpNet;

use super::network::{INTERNET, Maker, OFFICE, is_public, net};
use crate::network::tests::oracle::{
    plan::{Route, Table, To, TransitRoute, TransitTable},
    snapshot::S3,
};

/// The two halves of a prefix; a single address has none.
pub fn halves(whole: IpNet) -> Vec<IpNet> {
    whole.subnets(whole.prefix_len() + 1).map_or_else(|_| vec![whole], Iterator::collect)
}

fn fixed(to: IpNet, target: &str) -> Route {
    Route { to: To::Net(to), target: target.to_owned(), active: true, propagated: false }
}

impl Maker {
    fn attached(&self, vpc: &str) -> bool {
        let attachments = self.plan.transit.iter().flat_map(|it| &it.attachments);
        attachments.filter_map(|it| it.vpc.as_deref()).any(|it| it == vpc)
    }

    fn gateway_of(&self, kind: &str, vpc: &str) -> Option<String> {
        let id = format!("{kind}-{}", vpc.trim_start_matches("vpc-"));
        self.plan.gateways.iter().any(|it| it.id == id).then_some(id)
    }

    pub fn tables(&mut self) {
        for vpc in self.plan.vpcs.clone() {
            let subnets: Vec<String> =
                self.plan.subnets.iter().filter(|it| it.vpc == vpc.id).map(|it| it.id.clone()).collect();
            let number = vpc.id.trim_start_matches("vpc-");
            let mut routes = self.routes(&vpc.id, false);
            // A subnet that should have had a table of its own is felt.
            if self.dice.percent(12) {
                routes.truncate(1);
            }
            self.plan.tables.push(Table {
                id: format!("rtb-{number}"),
                vpc: vpc.id.clone(),
                main: true,
                subnets: Vec::new(),
                routes,
            });
            for subnet in subnets {
                if !is_public(&subnet) && self.dice.percent(55) {
                    continue;
                }
                let routes = self.routes(&vpc.id, is_public(&subnet));
                self.plan.tables.push(Table {
                    id: format!("rtb-{}", subnet.trim_start_matches("subnet-")),
                    vpc: vpc.id.clone(),
                    main: false,
                    subnets: vec![subnet],
                    routes,
                });
            }
        }
    }

    fn routes(&mut self, vpc: &str, public: bool) -> Vec<Route> {
        let mut routes = Vec::new();
        for far in self.plan.vpcs.clone() {
            if far.id != vpc {
                self.routes_to(vpc, &far.id, &far.cidrs, &mut routes);
            }
        }
        self.office_routes(vpc, &mut routes);
        self.internet_routes(vpc, public, &mut routes);
        if let Some(endpoint) = self.plan.endpoints.iter().find(|it| it.vpc == vpc) {
            let to = To::List(S3.to_owned());
            let route = Route { to, target: endpoint.id.clone(), active: true, propagated: false };
            if self.dice.percent(90) {
                routes.push(route);
            }
            if self.dice.percent(5) {
                routes.push(Route { active: false, ..fixed(net("52.219.0.0/25"), "igw-gone") });
            }
        }
        self.tidy(vpc, routes)
    }

    /// What AWS would accept: one static route a destination, none within the VPC.
    fn tidy(&self, vpc: &str, routes: Vec<Route>) -> Vec<Route> {
        let own = &self.plan.vpc(vpc).cidrs;
        let mut kept: Vec<Route> = Vec::new();
        for route in routes {
            let inside = matches!(&route.to, To::Net(net) if own.iter().any(|cidr| cidr.contains(net)));
            let twice = kept.iter().any(|it| it.to == route.to && it.propagated == route.propagated);
            if !inside && !twice {
                kept.push(route);
            }
        }
        kept
    }

    fn routes_to(&mut self, vpc: &str, far: &str, cidrs: &[IpNet], routes: &mut Vec<Route>) {
        let joins =
            |sides: &[String; 2]| sides.iter().any(|it| it == vpc) && sides.iter().any(|it| it == far);
        let peering = self.plan.peerings.iter().find(|it| joins(&it.sides)).map(|it| it.id.clone());
        let transit = (self.attached(vpc) && self.attached(far)).then(|| "tgw-1".to_owned());
        let third = self.plan.peerings.iter().find(|it| it.sides.iter().any(|side| side == vpc));
        let third = third.map(|it| it.id.clone());
        // Replies through a translation return on the path of the request.
        let central = self.egress.as_deref() == Some(vpc);
        let target = match (peering, transit) {
            (Some(peering), Some(_)) if !central && self.dice.percent(55) => peering,
            (_, Some(transit)) => transit,
            (Some(peering), None) => peering,
            // A route for the network over another peering connection.
            (None, None) => match third.filter(|_| self.dice.percent(80)) {
                Some(third) => third,
                None => return,
            },
        };
        let style = self.dice.weighted(&[(66, 0), (10, 1), (10, 2), (14, 3)]);
        let v6 = cidrs.iter().filter(|net| net.addr().is_ipv6());
        let nets: Vec<IpNet> = match style {
            // By a prefix list.
            2 => {
                let to = To::List(format!("pl-{far}"));
                routes.push(Route { to, target: target.clone(), active: true, propagated: false });
                v6.copied().collect()
            }
            // By a short prefix, that longer ones may take from.
            3 => v6.copied().chain([net("10.0.0.0/8"), net("100.64.0.0/10")]).collect(),
            1 => cidrs.iter().flat_map(|net| halves(*net)).collect(),
            _ => cidrs.to_vec(),
        };
        for to in nets {
            if self.dice.percent(97) {
                let active = self.dice.percent(98);
                routes.push(Route { active, ..fixed(to, &target) });
            }
        }
        if self.dice.percent(9) {
            let subnets: Vec<IpNet> = self
                .plan
                .subnets
                .iter()
                .filter(|it| it.vpc == far)
                .map(|it| *self.dice.pick(&it.cidrs))
                .collect();
            let to = *self.dice.pick(&subnets);
            let mut others: Vec<String> =
                ["igw", "vgw"].iter().filter_map(|it| self.gateway_of(it, vpc)).collect();
            others.push(target.clone());
            let wrong = self.dice.pick(&others).clone();
            let active = wrong != target;
            routes.push(Route { active, ..fixed(to, &wrong) });
        }
    }

    fn office_routes(&mut self, vpc: &str, routes: &mut Vec<Route>) {
        let office = net(OFFICE);
        let vpn =
            self.plan.transit.as_ref().is_some_and(|it| it.attachments.iter().any(|it| it.vpc.is_none()));
        let transit = (vpn && self.attached(vpc)).then_some("tgw-1");
        let gateway = self.gateway_of("vgw", vpc);
        match (gateway, transit) {
            (Some(gateway), transit) => {
                let propagated = self.dice.percent(65);
                if self.dice.percent(96) {
                    routes.push(Route { propagated, ..fixed(office, &gateway) });
                }
                if propagated && self.dice.percent(45) {
                    let other = transit.map(str::to_owned).or_else(|| self.gateway_of("igw", vpc));
                    routes.extend(other.map(|other| fixed(office, &other)));
                }
                let longer = net("192.168.7.0/24");
                if self.dice.percent(8) {
                    routes.push(Route {
                        active: transit.is_some(),
                        ..fixed(longer, transit.unwrap_or("pcx-gone"))
                    });
                }
            }
            (None, Some(transit)) if self.dice.percent(96) => {
                let split = self.dice.percent(15);
                let nets = if split { halves(office) } else { vec![office] };
                routes.extend(nets.into_iter().map(|to| fixed(to, transit)));
            }
            (None, _) => {}
        }
    }

    fn internet_routes(&mut self, vpc: &str, public: bool, routes: &mut Vec<Route>) {
        let gateway = self.gateway_of("igw", vpc);
        let nat = self.plan.nats.iter().find(|it| it.vpc == vpc).map(|it| it.id.clone());
        let central = self.attached(vpc) && self.egress.as_deref().is_some_and(|egress| egress != vpc);
        let central = central.then(|| "tgw-1".to_owned());
        let office = self.gateway_of("vgw", vpc).filter(|_| self.dice.percent(10));
        // Somebody hopes to use the other side's gateways.
        let peer = self.plan.peerings.iter().find(|it| it.sides.iter().any(|side| side == vpc));
        let peer = peer.map(|it| it.id.clone());
        let target = match public {
            true => gateway.clone(),
            false if self.dice.percent(94) => central.or(nat).or(office).or(peer),
            false => nat.or(central).or(office).or(peer),
        };
        let nets = match self.dice.weighted(&[(70, 0), (15, 1), (15, 2)]) {
            0 => vec![net("0.0.0.0/0")],
            1 => halves(net("0.0.0.0/0")),
            _ => vec![net("93.184.0.0/16")],
        };
        if let Some(target) = target {
            for to in nets {
                if self.dice.percent(97) {
                    routes.push(fixed(to, &target));
                }
            }
            if self.dice.percent(6) {
                let to = halves(net(INTERNET))[1];
                routes.push(Route { active: false, ..fixed(to, &target) });
            }
        }
        let exit = if public { gateway } else { self.gateway_of("eigw", vpc) };
        let dual = self.plan.vpc(vpc).cidrs.iter().any(|net| net.addr().is_ipv6());
        if let Some(exit) = exit.filter(|_| dual && self.dice.percent(92)) {
            routes.push(fixed(net("::/0"), &exit));
        }
    }

    pub fn transit_tables(&mut self, ids: &[String]) {
        for id in ids {
            let mut routes = Vec::new();
            let attachments = self.plan.transit.as_ref().unwrap().attachments.clone();
            for attachment in &attachments {
                let nets = match &attachment.vpc {
                    Some(vpc) => self.plan.vpc(vpc).cidrs.clone(),
                    None => vec![net(OFFICE)],
                };
                // A table that does not know an attachment keeps the two apart.
                if self.dice.percent(14) {
                    continue;
                }
                let propagated = self.dice.percent(70);
                for to in &nets {
                    let attachment = Some(attachment.id.clone());
                    routes.push(TransitRoute { to: *to, attachment, propagated });
                }
                // What somebody wrote outranks what is propagated.
                if propagated && self.dice.percent(22) {
                    let to = *self.dice.pick(&nets);
                    routes.push(TransitRoute { to, attachment: None, propagated: false });
                }
                if self.dice.percent(30) {
                    let subnets =
                        self.plan.subnets.iter().filter(|it| attachment.vpc.as_ref() == Some(&it.vpc));
                    let nets: Vec<IpNet> = subnets.flat_map(|it| it.cidrs.clone()).collect();
                    let to = if nets.is_empty() { net("192.168.7.0/24") } else { *self.dice.pick(&nets) };
                    routes.push(TransitRoute { to, attachment: None, propagated: false });
                }
            }
            if let Some(egress) = &self.egress {
                let attachment = attachments.iter().find(|it| it.vpc.as_ref() == Some(egress));
                let attachment = attachment.map(|it| it.id.clone());
                if self.dice.percent(94) {
                    routes.push(TransitRoute { to: net("0.0.0.0/0"), attachment, propagated: false });
                }
                if self.dice.percent(8) {
                    routes.push(TransitRoute { to: net(INTERNET), attachment: None, propagated: false });
                }
            }
            self.plan.transit.as_mut().unwrap().tables.push(TransitTable { id: id.clone(), routes });
        }
    }
}
