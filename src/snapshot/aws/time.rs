//! A time as AWS prints it: the CLI's version 2 writes ISO 8601, version 1 seconds since 1970,
//! recordings either. All of them become RFC 3339 in UTC, whole seconds.

use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde::{Serialize, Serializer};

/// A time; text that is none of AWS's forms is kept as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Time(String);

const DAY: i64 = 86_400;

impl Time {
    /// The time of so many seconds since 1970.
    pub fn of_seconds(seconds: i64) -> Self {
        let (days, rest) = (seconds.div_euclid(DAY), seconds.rem_euclid(DAY));
        let (year, month, day) = date(days);
        let (hour, minute, second) = (rest / 3600, rest / 60 % 60, rest % 60);
        Self(format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z"))
    }

    /// A time from text: RFC 3339, ISO 8601 with an offset, or a date alone (its first second, UTC).
    pub fn parse(text: &str) -> Option<Self> {
        seconds(text.trim()).map(Self::of_seconds)
    }

    /// Seconds since 1970; `None` for text that is no time.
    pub fn seconds(&self) -> Option<i64> {
        seconds(&self.0)
    }

    /// The date alone, for instance `2026-11-26`.
    pub fn date(&self) -> &str {
        self.0.get(..10).unwrap_or(&self.0)
    }

    /// RFC 3339 in UTC, or the text that AWS gave.
    pub fn as_str(&self) -> &str {
        &self.0
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
                to.write_str("a time, as the AWS CLI prints it")
            }
            fn visit_str<E>(self, text: &str) -> Result<Time, E> {
                Ok(Time::parse(text).unwrap_or_else(|| Time(text.to_owned())))
            }
            fn visit_i64<E>(self, seconds: i64) -> Result<Time, E> {
                Ok(plausible(seconds).unwrap_or_else(|| Time(seconds.to_string())))
            }
            fn visit_u64<E>(self, seconds: u64) -> Result<Time, E> {
                let whole = i64::try_from(seconds).ok();
                Ok(whole.and_then(plausible).unwrap_or_else(|| Time(seconds.to_string())))
            }
            #[expect(
                clippy::cast_possible_truncation,
                reason = "a cast of this kind stays within its bounds"
            )]
            fn visit_f64<E>(self, seconds: f64) -> Result<Time, E> {
                Ok(plausible(seconds.floor() as i64).unwrap_or_else(|| Time(seconds.to_string())))
            }
            /// `{"__class__": "datetime", "year": 2026, …}`, as recorders of the SDK for Python write it.
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
    (-60_000_000_000..253_402_300_800).contains(&seconds).then(|| Time::of_seconds(seconds))
}

/// Year, month and day of a day since 1970, in the Gregorian calendar: years are counted from March,
/// so that the leap day is the last.
fn date(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let of_era = days.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    (era * 400 + year_of_era + i64::from(month <= 2), month, day)
}

fn day(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let from_march = (month + 9) % 12;
    let of_year = (153 * from_march + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

fn seconds(text: &str) -> Option<i64> {
    let (on, at) = match text.get(..10)? {
        on if text.len() == 10 => (on, None),
        on if matches!(text.as_bytes().get(10), Some(b'T' | b't' | b' ')) => (on, Some(text.get(11..)?)),
        _ => return None,
    };
    let [year, month, of_month] = numbers(on, '-')?;
    let days = day(year, month, of_month);
    // 31 April is no day: the way there and back does not end where it began.
    if on.len() != 10 || !(1..=12).contains(&month) || date(days) != (year, month, of_month) {
        return None;
    }
    let Some(at) = at else { return Some(days * DAY) };
    let [hour, minute, second] = numbers(at.get(..8)?, ':')?;
    if hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let rest = at.get(8..)?;
    let rest =
        rest.strip_prefix('.').map_or(rest, |part| part.trim_start_matches(|c: char| c.is_ascii_digit()));
    let offset = match rest {
        "" | "Z" | "z" => 0,
        _ => {
            let sign = match rest.get(..1)? {
                "+" => 1,
                "-" => -1,
                _ => return None,
            };
            let [hours, minutes] = match rest.get(1..)? {
                clock if clock.contains(':') => numbers(clock, ':')?,
                clock => [clock.get(..2)?.parse().ok()?, clock.get(2..4)?.parse().ok()?],
            };
            if !(0..24).contains(&hours) || !(0..60).contains(&minutes) {
                return None;
            }
            sign * (hours * 3600 + minutes * 60)
        }
    };
    Some(days * DAY + hour * 3600 + minute * 60 + second - offset)
}

fn numbers<const N: usize>(text: &str, between: char) -> Option<[i64; N]> {
    let parts: Option<Vec<i64>> = text
        .split(between)
        .map(|part| part.bytes().all(|byte| byte.is_ascii_digit()).then(|| part.parse().ok())?)
        .collect();
    parts?.try_into().ok()
}

#[cfg(test)]
mod tests {
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
    fn times_before_1970_count_backwards() {
        assert_eq!(Time::of_seconds(-1).as_str(), "1969-12-31T23:59:59Z");
        assert_eq!(Time::parse("1969-12-31T23:59:59Z").unwrap().seconds(), Some(-1));
    }
}
