//! The macro that declares AWS's shapes: every field optional unless it is a list,
//! unknown fields ignored, names as AWS spells them; and how nulls and lone objects are read.

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

/// Declares plain structs whose JSON is AWS's own.
///
/// A list inside a shape that was read defaults to empty, because AWS omits empty lists;
/// everything else stays an `Option`, because absence is not a value.
macro_rules! shapes {
    ($case:literal; $( $(#[$meta:meta])* $name:ident { $( $(#[$field_meta:meta])* $field:ident : $ty:ty ),* $(,)? } )*) => { $(
        $(#[$meta])*
        #[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
        #[serde(rename_all = $case, default)]
        pub struct $name { $( $(#[$field_meta])* #[doc = concat!("`", stringify!($field), "`, as AWS defines it.")] #[serde(deserialize_with = "crate::snapshot::aws::shape::or_default")] #[cfg_attr(feature = "ledger", deprecated)] pub $field: $ty, )* }
    )* };
}
pub(crate) use shapes;

/// Reads null as absence: SDKs and recordings print it where the CLI leaves the field out.
pub(crate) fn or_default<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(
    from: D,
) -> Result<T, D::Error> {
    Ok(Option::<T>::deserialize(from)?.unwrap_or_default())
}

/// Reads a collection: the list of a `describe` of many, or the one object of `describe-cluster` and its like.
pub(crate) fn one_or_many<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    from: D,
) -> Result<Option<Vec<T>>, D::Error> {
    struct OneOrMany<T>(PhantomData<T>);
    impl<'de, T: Deserialize<'de>> Visitor<'de> for OneOrMany<T> {
        type Value = Option<Vec<T>>;
        fn expecting(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
            to.write_str("a list, as the AWS CLI prints it")
        }
        fn visit_unit<E>(self) -> Result<Self::Value, E> {
            Ok(None)
        }
        fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
            let mut items = Vec::new();
            while let Some(item) = list.next_element()? {
                items.push(item);
            }
            Ok(Some(items))
        }
        fn visit_map<A: MapAccess<'de>>(self, object: A) -> Result<Self::Value, A::Error> {
            T::deserialize(MapAccessDeserializer::new(object)).map(|item| Some(vec![item]))
        }
    }
    from.deserialize_any(OneOrMany(PhantomData))
}
