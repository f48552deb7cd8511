//! Accounts with VPCs and a transit gateway, as EC2 would word them to each account: an id has the
//! suffix of its VPC (`vpc-a` holds `subnet-a`, `eni-a`, `i-a`, `vpce-a`).

use std::fmt::Write;

use super::replay::{Answer, Request};

pub const CLUSTERS: &str = "111111111111";
pub const NETWORKS: &str = "222222222222";

/// A VPC that exists.
#[derive(Clone, Debug)]
pub struct Vpc {
    pub suffix: String,
    pub owner: &'static str,
    pub cidr: String,
    /// Shown to this account too, because its subnets are shared with it.
    pub shared_with: Option<&'static str>,
    /// The route table that the VPC's attachment to `tgw-1` is associated with.
    pub table: Option<&'static str>,
}

/// A VPC of the clusters' account that is attached to nothing.
pub fn vpc(suffix: &str, cidr: &str) -> Vpc {
    Vpc { suffix: suffix.to_owned(), owner: CLUSTERS, cidr: cidr.to_owned(), shared_with: None, table: None }
}

/// All that exists.
#[derive(Clone, Debug)]
pub struct Estate {
    pub vpcs: Vec<Vpc>,
    /// The owner of `tgw-1`.
    pub gateway: &'static str,
    /// Table, destination, and the VPC that it leads to.
    pub routes: Vec<(&'static str, String, String)>,
    /// Requester and accepter.
    pub peerings: Vec<(&'static str, &'static str)>,
}

impl Estate {
    pub fn of(vpcs: Vec<Vpc>) -> Self {
        Self { vpcs, gateway: CLUSTERS, routes: Vec::new(), peerings: Vec::new() }
    }

    /// What AWS answers to an account.
    pub fn answer(&self, account: &str, request: &Request) -> Answer {
        let operation = request.operation.as_str();
        match operation {
            "GetCallerIdentity" => Answer::xml(format!(
                "<GetCallerIdentityResponse><GetCallerIdentityResult><Account>{account}</Account></GetCallerIdentityResult></GetCallerIdentityResponse>"
            )),
            "ListHostedZonesByVPC" => Answer::xml(
                "<ListHostedZonesByVPCResponse><HostedZoneSummaries/><MaxItems>100</MaxItems></ListHostedZonesByVPCResponse>",
            ),
            _ if operation.starts_with("List") => {
                Answer::json(format!(r#"{{"{}":[]}}"#, operation.trim_start_matches("List")))
            }
            _ => match self.ec2(account, request) {
                Ok(body) => Answer::xml(format!("<{operation}Response>{body}</{operation}Response>")),
                Err(code) => Answer::error(operation, 400, &code, "there is no such thing"),
            },
        }
    }

    fn seen<'e>(&'e self, account: &'e str) -> impl Iterator<Item = &'e Vpc> {
        self.vpcs.iter().filter(move |vpc| vpc.owner == account || vpc.shared_with == Some(account))
    }

    fn ec2(&self, account: &str, request: &Request) -> Result<String, String> {
        let wanted = request.filter("vpc-id");
        let of_vpcs = |write: &dyn Fn(&Vpc) -> String| -> String {
            let vpcs =
                self.seen(account).filter(|vpc| wanted.contains(&format!("vpc-{}", vpc.suffix).as_str()));
            vpcs.map(write).collect()
        };
        Ok(match request.operation.as_str() {
            "DescribeVpcs" if wanted.is_empty() => {
                // Two a page.
                let at: usize = request.parameter("NextToken").parse().unwrap_or_default();
                let all: Vec<String> = self.seen(account).map(described).collect();
                let page = all.iter().skip(at).take(2).cloned().collect::<String>();
                let next = if at + 2 < all.len() {
                    format!("<nextToken>{}</nextToken>", at + 2)
                } else {
                    String::new()
                };
                format!("<vpcSet>{page}</vpcSet>{next}")
            }
            "DescribeVpcs" => format!("<vpcSet>{}</vpcSet>", of_vpcs(&described)),
            "DescribeVpcAttribute" => format!(
                "<vpcId>{0}</vpcId><enableDnsSupport><value>true</value></enableDnsSupport><enableDnsHostnames><value>true</value></enableDnsHostnames>",
                request.parameter("VpcId")
            ),
            "DescribeSubnets" => {
                let item = |vpc: &Vpc| {
                    format!(
                        "<item><subnetId>subnet-{0}</subnetId><vpcId>vpc-{0}</vpcId><cidrBlock>{1}</cidrBlock><availabilityZone>eu-west-1a</availabilityZone></item>",
                        vpc.suffix, vpc.cidr
                    )
                };
                let items = self.by_id(account, request, "SubnetId.1", "InvalidSubnetID.NotFound", &item)?;
                format!("<subnetSet>{}</subnetSet>", items.unwrap_or_else(|| of_vpcs(&item)))
            }
            "DescribeNetworkInterfaces" => {
                let item = |vpc: &Vpc| {
                    format!(
                        "<item><networkInterfaceId>eni-{0}</networkInterfaceId><vpcId>vpc-{0}</vpcId><subnetId>subnet-{0}</subnetId><association><publicIp>203.0.113.9</publicIp><allocationId>eipalloc-1</allocationId></association></item>",
                        vpc.suffix
                    )
                };
                let code = "InvalidNetworkInterfaceID.NotFound";
                let items = self.by_id(account, request, "NetworkInterfaceId.1", code, &item)?;
                format!(
                    "<networkInterfaceSet>{}</networkInterfaceSet>",
                    items.unwrap_or_else(|| of_vpcs(&item))
                )
            }
            "DescribeInstances" => {
                let item = |vpc: &Vpc| {
                    format!(
                        "<item><reservationId>r-{0}</reservationId><instancesSet><item><instanceId>i-{0}</instanceId><vpcId>vpc-{0}</vpcId></item></instancesSet></item>",
                        vpc.suffix
                    )
                };
                let items =
                    self.by_id(account, request, "InstanceId.1", "InvalidInstanceID.NotFound", &item)?;
                format!("<reservationSet>{}</reservationSet>", items.unwrap_or_default())
            }
            "DescribeVpcEndpoints" => {
                let item = |vpc: &Vpc| {
                    let (suffix, own) = (&vpc.suffix, vpc.owner == account);
                    if own {
                        format!(
                            "<item><vpcEndpointId>vpce-{suffix}</vpcEndpointId><vpcId>vpc-{suffix}</vpcId></item>"
                        )
                    } else {
                        String::new()
                    }
                };
                let code = "InvalidVpcEndpointId.NotFound";
                let items = self.by_id(account, request, "VpcEndpointId.1", code, &item)?;
                format!("<vpcEndpointSet>{}</vpcEndpointSet>", items.unwrap_or_else(|| of_vpcs(&item)))
            }
            "DescribeRouteTables" => format!(
                "<routeTableSet>{}</routeTableSet>",
                of_vpcs(&|vpc| format!(
                    "<item><routeTableId>rtb-{0}</routeTableId><vpcId>vpc-{0}</vpcId><associationSet><item><main>true</main></item></associationSet></item>",
                    vpc.suffix
                ))
            ),
            "DescribeVpcPeeringConnections" => self.peerings(request),
            _ => self.transit(account, request),
        })
    }

    fn peerings(&self, request: &Request) -> String {
        let (requester, accepter) =
            (request.filter("requester-vpc-info.vpc-id"), request.filter("accepter-vpc-info.vpc-id"));
        let mut items = String::new();
        for (one, other) in &self.peerings {
            if requester.contains(one) || accepter.contains(other) {
                let side = |id: &str| {
                    format!(
                        "<vpcId>{id}</vpcId><ownerId>{}</ownerId><region>eu-west-1</region>",
                        self.owner(id)
                    )
                };
                let _ = write!(
                    items,
                    "<item><vpcPeeringConnectionId>pcx-{one}-{other}</vpcPeeringConnectionId><status><code>active</code></status><requesterVpcInfo>{}</requesterVpcInfo><accepterVpcInfo>{}</accepterVpcInfo></item>",
                    side(one),
                    side(other)
                );
            }
        }
        format!("<vpcPeeringConnectionSet>{items}</vpcPeeringConnectionSet>")
    }

    /// The item whose id was asked for; `None` if no id was.
    fn by_id(
        &self,
        account: &str,
        request: &Request,
        parameter: &str,
        code: &str,
        item: &dyn Fn(&Vpc) -> String,
    ) -> Result<Option<String>, String> {
        let Some((_, suffix)) = request.parameter(parameter).rsplit_once('-') else { return Ok(None) };
        match self.seen(account).find(|vpc| vpc.suffix == suffix) {
            Some(vpc) => Ok(Some(item(vpc))),
            None => Err(code.to_owned()),
        }
    }

    fn owner(&self, id: &str) -> &str {
        self.vpcs
            .iter()
            .find(|vpc| id == format!("vpc-{}", vpc.suffix))
            .map_or("333333333333", |vpc| vpc.owner)
    }

    fn transit(&self, account: &str, request: &Request) -> String {
        let own = self.gateway == account;
        match request.operation.as_str() {
            "DescribeTransitGatewayVpcAttachments" => {
                let wanted = request.filter("vpc-id");
                let attached = self.vpcs.iter().filter(|vpc| vpc.table.is_some() && vpc.owner == account);
                let attached =
                    attached.filter(|vpc| wanted.contains(&format!("vpc-{}", vpc.suffix).as_str()));
                let items = joined(attached, |vpc| {
                    format!(
                        "<item><transitGatewayAttachmentId>tgw-attach-{0}</transitGatewayAttachmentId><transitGatewayId>tgw-1</transitGatewayId><vpcId>vpc-{0}</vpcId><state>available</state><subnetIds><item>subnet-{0}</item></subnetIds></item>",
                        vpc.suffix
                    )
                });
                format!("<transitGatewayVpcAttachments>{items}</transitGatewayVpcAttachments>")
            }
            "DescribeTransitGatewayAttachments" => {
                let (wanted, all) =
                    (request.filter("resource-id"), !request.filter("transit-gateway-id").is_empty());
                let mut items = String::new();
                for vpc in self.vpcs.iter().filter(|vpc| own || vpc.owner == account) {
                    let (Some(table), true) =
                        (vpc.table, all || wanted.contains(&format!("vpc-{}", vpc.suffix).as_str()))
                    else {
                        continue;
                    };
                    let association = if own {
                        format!(
                            "<association><transitGatewayRouteTableId>{table}</transitGatewayRouteTableId><state>associated</state></association>"
                        )
                    } else {
                        String::new()
                    };
                    let _ = write!(
                        items,
                        "<item><transitGatewayAttachmentId>tgw-attach-{0}</transitGatewayAttachmentId><transitGatewayId>tgw-1</transitGatewayId><transitGatewayOwnerId>{1}</transitGatewayOwnerId><resourceType>vpc</resourceType><resourceId>vpc-{0}</resourceId><resourceOwnerId>{2}</resourceOwnerId><state>available</state>{association}</item>",
                        vpc.suffix, self.gateway, vpc.owner
                    );
                }
                format!("<transitGatewayAttachments>{items}</transitGatewayAttachments>")
            }
            "DescribeTransitGateways" => format!(
                "<transitGatewaySet><item><transitGatewayId>tgw-1</transitGatewayId><state>available</state><ownerId>{}</ownerId></item></transitGatewaySet>",
                self.gateway
            ),
            "DescribeTransitGatewayRouteTables" if own => {
                let tables: std::collections::BTreeSet<&str> =
                    self.vpcs.iter().filter_map(|vpc| vpc.table).collect();
                let items = joined(tables.iter(), |table| {
                    format!(
                        "<item><transitGatewayRouteTableId>{table}</transitGatewayRouteTableId><transitGatewayId>tgw-1</transitGatewayId></item>"
                    )
                });
                format!("<transitGatewayRouteTables>{items}</transitGatewayRouteTables>")
            }
            "SearchTransitGatewayRoutes" => {
                let routes = self
                    .routes
                    .iter()
                    .filter(|(table, ..)| *table == request.parameter("TransitGatewayRouteTableId"));
                let items = joined(routes, |(_, to, vpc)| {
                    format!(
                        "<item><destinationCidrBlock>{to}</destinationCidrBlock><transitGatewayAttachments><item><transitGatewayAttachmentId>tgw-attach-{vpc}</transitGatewayAttachmentId><resourceType>vpc</resourceType><resourceId>vpc-{vpc}</resourceId></item></transitGatewayAttachments><type>propagated</type><state>active</state></item>"
                    )
                });
                format!(
                    "<routeSet>{items}</routeSet><additionalRoutesAvailable>false</additionalRoutesAvailable>"
                )
            }
            _ => String::new(),
        }
    }
}

fn described(vpc: &Vpc) -> String {
    format!(
        "<item><vpcId>vpc-{}</vpcId><ownerId>{}</ownerId><cidrBlock>{}</cidrBlock><dhcpOptionsId>default</dhcpOptionsId></item>",
        vpc.suffix, vpc.owner, vpc.cidr
    )
}

fn joined<T>(items: impl Iterator<Item = T>, item: impl Fn(T) -> String) -> String {
    items.map(item).collect()
}
