//! What could not be read, in the words of the contract.

use super::Gap;

impl From<&Gap> for crate::report::Gap {
    fn from(gap: &Gap) -> Self {
        Self {
            service: gap.service.clone(),
            operation: gap.operation.clone(),
            region: gap.region.clone(),
            resource: gap.resource.clone(),
            code: gap.code.clone(),
            message: gap.message.clone(),
            permission: gap.permission.clone(),
        }
    }
}
