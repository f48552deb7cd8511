//! Security groups that are named and do not exist.

use privek_core::known::Known;

use crate::facts::base::context::Context;

/// Those of these groups that are neither in the VPC nor associated with it.
pub(crate) fn missing_groups<'g>(
    context: &Context<'_>,
    vpc: &str,
    ids: impl Iterator<Item = &'g str>,
) -> Known<Vec<String>> {
    let aws = &context.snapshot.aws;
    let groups = context.items(aws.security_groups.as_deref(), "SecurityGroups", vpc)?;
    let in_vpc = |id: &str| {
        groups.iter().any(|group| group.group_id == id && group.vpc_id.as_deref().is_none_or(|of| of == vpc))
    };
    let elsewhere: Vec<&str> = ids.filter(|id| !in_vpc(id)).collect();
    if elsewhere.is_empty() {
        return Ok(Vec::new());
    }
    let associations = aws.security_group_vpc_associations.as_deref();
    let associations = context.items(associations, "SecurityGroupVpcAssociations", vpc)?;
    let associated = |id: &str| {
        associations.iter().any(|found| {
            found.group_id == id
                && found.vpc_id.as_deref() == Some(vpc)
                && found.state.as_deref().is_none_or(|state| state == "associated")
        })
    };
    Ok(elsewhere.into_iter().filter(|id| !associated(id)).map(str::to_owned).collect())
}
