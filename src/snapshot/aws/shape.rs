//! The macro that declares AWS's shapes: every field optional unless it is a list,
//! unknown fields ignored, names as AWS spells them.

/// Declares plain structs whose JSON is AWS's own.
///
/// A list inside a shape that was read defaults to empty, because AWS omits empty lists;
/// everything else stays an `Option`, because absence is not a value.
macro_rules! shapes {
    ($case:literal; $( $(#[$meta:meta])* $name:ident { $( $(#[$field_meta:meta])* $field:ident : $ty:ty ),* $(,)? } )*) => { $(
        $(#[$meta])*
        #[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
        #[serde(rename_all = $case, default)]
        pub struct $name { $( $(#[$field_meta])* pub $field: $ty, )* }
    )* };
}
pub(crate) use shapes;
