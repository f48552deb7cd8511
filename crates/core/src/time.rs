//! A time as the tools of clouds print it: ISO 8601, seconds since 1970, recordings either. All of them
//! become RFC 3339 in UTC, whole seconds.

use std::fmt;
use std::sync::LazyLock;
use std::time::{SystemTime, UNIX_EPOCH};

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde::{Serialize, Serializer};
use time::format_description::{OwnedFormatItem, parse_owned};
use time::parsing::Parsed;
use time::{Date, OffsetDateTime};

/// A time; text that is none of these forms is kept as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Time(String);

impl Time {
    /// The time of so many seconds since 1970; their number where that is no year of four digits.
    pub fn of_seconds(seconds: i64) -> Self {
        plausible(seconds).unwrap_or_else(|| Self(seconds.to_string()))
    }

    /// A time from text: RFC 3339, ISO 8601 with an offset, or a date alone (its first second, UTC).
    pub fn parse(text: &str) -> Option<Self> {
        seconds(text.trim()).and_then(plausible)
    }

    /// Seconds since 1970; `None` for text that is no time.
    pub fn seconds(&self) -> Option<i64> {
        seconds(&self.0)
    }

    /// The date alone, for instance `2026-11-26`.
    pub fn date(&self) -> &str {
        self.0.get(..10).unwrap_or(&self.0)
    }

    /// RFC 3339 in UTC, or the text that was given.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<SystemTime> for Time {
    fn from(clock: SystemTime) -> Self {
        let elapsed = clock.duration_since(UNIX_EPOCH).unwrap_or_default();
        Self::of_seconds(i64::try_from(elapsed.as_secs()).unwrap_or_default())
    }
}

impl fmt::Display for Time {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str(&self.0)
    }
}

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct AnyForm;
        impl<'de> Visitor<'de> for AnyForm {
            type Value = Time;
            fn expecting(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
                to.write_str("a time, as command lines print it")
            }
            fn visit_str<E>(self, text: &str) -> Result<Time, E> {
                Ok(Time::parse(text).unwrap_or_else(|| Time(text.to_owned())))
            }
            fn visit_i64<E>(self, seconds: i64) -> Result<Time, E> {
                Ok(Time::of_seconds(seconds))
            }
            fn visit_u64<E>(self, seconds: u64) -> Result<Time, E> {
                Ok(i64::try_from(seconds).map_or_else(|_| Time(seconds.to_string()), Time::of_seconds))
            }
            #[expect(
                clippy::cast_possible_truncation,
                reason = "a cast of this kind stays within its bounds"
            )]
            fn visit_f64<E>(self, seconds: f64) -> Result<Time, E> {
                Ok(plausible(seconds.floor() as i64).unwrap_or_else(|| Time(seconds.to_string())))
            }
            /// `{"__class__": "datetime", "year": 2026, …}`, as recorders in Python write it.
            fn visit_map<A: MapAccess<'de>>(self, mut parts: A) -> Result<Time, A::Error> {
                let (mut on, mut at) = ([0_i64; 3], [0_i64; 3]);
                while let Some(part) = parts.next_key::<String>()? {
                    let into = match part.as_str() {
                        "year" => &mut on[0],
                        "month" => &mut on[1],
                        "day" => &mut on[2],
                        "hour" => &mut at[0],
                        "minute" => &mut at[1],
                        "second" => &mut at[2],
                        _ => {
                            parts.next_value::<IgnoredAny>()?;
                            continue;
                        }
                    };
                    *into = parts.next_value()?;
                }
                let text =
                    format!("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", on[0], on[1], on[2], at[0], at[1], at[2]);
                Ok(Time::parse(&text).unwrap_or(Time(text)))
            }
        }
        from.deserialize_any(AnyForm)
    }
}

/// Years of four digits only.
fn plausible(seconds: i64) -> Option<Time> {
    let at = OffsetDateTime::from_unix_timestamp(seconds).ok()?;
    let (hour, minute, second) = at.to_hms();
    let whole = (0..=9999).contains(&at.year());
    whole.then(|| Time(format!("{}T{hour:02}:{minute:02}:{second:02}Z", at.date())))
}

/// A date, perhaps a clock, perhaps an offset.
static FORM: LazyLock<Option<OwnedFormatItem>> = LazyLock::new(|| {
    let form = "[year]-[month]-[day][optional [[first [T] [t] [ ]][hour]:[minute]:[second]\
        [optional [.[subsecond]]][optional [[first [Z] [z]\
        [[offset_hour sign:mandatory padding:none]:[offset_minute]]\
        [[offset_hour sign:mandatory][offset_minute]]]]]]]";
    parse_owned::<2>(form).ok()
});

fn seconds(text: &str) -> Option<i64> {
    let mut told = Parsed::new();
    let rest = told.parse_item(text.as_bytes(), FORM.as_ref()?).ok()?;
    let midnight = Date::try_from(told).ok()?.midnight().assume_utc().unix_timestamp();
    let offset_hour = told.offset_hour().unwrap_or_default();
    // The crate reads signs before years, and offsets of more than a day.
    if !rest.is_empty() || text.starts_with(['+', '-']) || offset_hour.abs() > 23 {
        return None;
    }
    let seconds = |hour: i64, minute: i64, second: i64| hour * 3600 + minute * 60 + second;
    // Not the crate's `Time`, for which the leap second 60 is none.
    let [hour, minute, second] =
        [told.hour_24(), told.minute(), told.second()].map(|part| i64::from(part.unwrap_or_default()));
    let offset_minute = told.offset_minute_signed().unwrap_or_default();
    Some(midnight + seconds(hour, minute, second) - seconds(offset_hour.into(), offset_minute.into(), 0))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn read(json: &str) -> String {
        serde_json::from_str::<Time>(json).unwrap().to_string()
    }

    #[test]
    fn every_form_of_a_time_becomes_the_same_text() {
        for form in [
            "\"2026-11-26T00:00:00Z\"",
            "\"2026-11-26T00:00:00+00:00\"",
            "\"2026-11-26T09:00:00.123+09:00\"",
            "\"2026-11-25T19:30:00-0430\"",
            "\"2026-11-26 00:00:00Z\"",
            "\"2026-11-26\"",
            "{\"__class__\": \"datetime\", \"year\": 2026, \"month\": 11, \"day\": 26, \"microsecond\": 5}",
            "1795651200",
            "1795651200.5",
        ] {
            assert_eq!(read(form), "2026-11-26T00:00:00Z", "{form}");
        }
    }

    #[test]
    fn leap_days_exist_in_leap_years_only() {
        assert_eq!(Time::parse("2024-02-29").unwrap().as_str(), "2024-02-29T00:00:00Z");
        assert_eq!(Time::parse("2000-02-29").unwrap().seconds(), Some(951_782_400));
        for none in ["2026-02-29", "1900-02-29", "2026-04-31", "2026-13-01", "2026-00-10", "2026-01-00"] {
            assert_eq!(Time::parse(none), None, "{none}");
        }
        for none in ["+99999999999999999:00", "+24:00", "+00:60", "+-100"] {
            assert_eq!(Time::parse(&format!("2026-11-26T00:00:00{none}")), None, "{none}");
        }
    }

    #[test]
    fn text_that_is_no_time_is_kept_and_has_no_seconds() {
        for text in
            ["soon", "", "2026-11-26T", "2026-11-26T25:00:00Z", "2026-11-26T00:00:00 UTC", "２０２６-11-26"]
        {
            let json = serde_json::to_string(text).unwrap();
            assert_eq!(read(&json), text);
            assert_eq!(serde_json::from_str::<Time>(&json).unwrap().seconds(), None, "{text}");
        }
        assert_eq!(read("1e300"), format!("{}", 1e300));
    }

    #[test]
    fn the_clock_is_read_in_whole_seconds() {
        let at = |millis| Time::from(UNIX_EPOCH + Duration::from_millis(millis)).to_string();
        assert_eq!(at(0), "1970-01-01T00:00:00Z");
        assert_eq!(at(951_782_399_900), "2000-02-28T23:59:59Z");
    }

    #[test]
    fn times_before_1970_count_backwards() {
        assert_eq!(Time::of_seconds(-1).as_str(), "1969-12-31T23:59:59Z");
        assert_eq!(Time::parse("1969-12-31T23:59:59Z").unwrap().seconds(), Some(-1));
    }
}
