//! Points in time in conditions, in seconds since 1970.
//!
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html#Conditions_Date>

use privek_core::time::Time;

use super::decision::Applies;

/// One point in time of a span, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Moments {
    /// The first.
    pub from: i64,
    /// The last.
    pub to: i64,
}

impl Moments {
    /// In words.
    pub fn told(self) -> String {
        let (from, to) = (Time::of_seconds(self.from), Time::of_seconds(self.to));
        if self.from == self.to { from.to_string() } else { format!("between {from} and {to}") }
    }

    /// How a point in time of the span compares with the one that a condition names.
    pub fn compared(self, order: Order, wanted: &str) -> Applies {
        let parsed = wanted.parse::<i64>().ok().or_else(|| Time::parse(wanted)?.seconds());
        let Some(wanted) = parsed else {
            return Applies::Maybe(format!("is compared with {wanted}, not a time in a known format"));
        };
        if order == Order::Equal && self.from < wanted && wanted < self.to {
            return Applies::Maybe(format!("is {}", self.told()));
        }
        match (order.holds(self.from, wanted), order.holds(self.to, wanted)) {
            (true, true) => Applies::Yes,
            (false, false) => Applies::No(String::new()),
            _ => Applies::Maybe(format!("is {}", self.told())),
        }
    }
}

/// How two numbers or dates are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    Equal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Order {
    /// The comparison that the name of an operator ends with.
    pub fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "equals" | "notequals" => Self::Equal,
            "lessthan" => Self::Less,
            "lessthanequals" => Self::LessOrEqual,
            "greaterthan" => Self::Greater,
            "greaterthanequals" => Self::GreaterOrEqual,
            _ => return None,
        })
    }

    /// Whether one compares so with the other.
    pub fn holds<T: PartialOrd + Copy>(self, one: T, other: T) -> bool {
        match self {
            Self::Equal => one == other,
            Self::Less => one < other,
            Self::LessOrEqual => one <= other,
            Self::Greater => one > other,
            Self::GreaterOrEqual => one >= other,
        }
    }
}
