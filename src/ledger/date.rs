//! Days of the calendar.

use std::fmt;
use std::str::FromStr;

/// A day (UTC).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date {
    year: u16,
    month: u8,
    day: u8,
}

/// A text that is no day of the calendar.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no date")]
pub struct NoDate(pub String);

impl Date {
    /// The day of this many seconds after 1970-01-01T00:00:00Z. Beyond the year 9999 it stays at
    /// that year's last day.
    #[must_use]
    pub fn from_unix_seconds(seconds: u64) -> Self {
        let mut days = seconds / 86_400;
        let mut date = Self { year: 1970, month: 1, day: 1 };
        while days >= days_in_year(date.year) {
            days -= days_in_year(date.year);
            if date.year == 9999 {
                return Self { year: 9999, month: 12, day: 31 };
            }
            date.year += 1;
        }
        while days >= u64::from(days_in_month(date.year, date.month)) {
            days -= u64::from(days_in_month(date.year, date.month));
            date.month += 1;
        }
        // What is left is less than a month.
        date.day += u8::try_from(days).unwrap_or(0);
        date
    }
}

/// `2027-03-31`.
impl FromStr for Date {
    type Err = NoDate;

    fn from_str(text: &str) -> Result<Self, NoDate> {
        let parts: Vec<&str> = text.split('-').collect();
        let number = |text: &str, digits: usize| {
            let is_number = text.len() == digits && text.bytes().all(|octet| octet.is_ascii_digit());
            text.parse::<u16>().ok().filter(|_| is_number)
        };
        let date = match parts.as_slice() {
            [year, month, day] => number(year, 4).zip(number(month, 2)).zip(number(day, 2)),
            _ => None,
        };
        let date = date.and_then(|((year, month), day)| {
            Some(Self { year, month: u8::try_from(month).ok()?, day: u8::try_from(day).ok()? })
        });
        let is_day = |date: &Self| {
            (1..=12).contains(&date.month) && (1..=days_in_month(date.year, date.month)).contains(&date.day)
        };
        date.filter(is_day).ok_or_else(|| NoDate(text.to_owned()))
    }
}

/// `2027-03-31`.
impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

fn days_in_month(year: u16, month: u8) -> u8 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if is_leap(year) => 29,
        2 => 28,
        _ => 31,
    }
}

fn days_in_year(year: u16) -> u64 {
    if is_leap(year) { 366 } else { 365 }
}

fn is_leap(year: u16) -> bool {
    year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
}

#[cfg(test)]
mod tests {
    use super::*;
    use pretty_assertions::assert_eq;

    #[test]
    fn seconds_fall_on_their_day() {
        let days = [0, 86_399, 86_400, 951_782_400, 4_107_542_399, 1_798_675_200, u64::MAX]
            .map(|seconds| Date::from_unix_seconds(seconds).to_string());
        assert_eq!(
            days,
            [
                "1970-01-01",
                "1970-01-01",
                "1970-01-02",
                "2000-02-29",
                "2100-02-28",
                "2026-12-31",
                "9999-12-31"
            ]
        );
    }

    #[test]
    fn only_days_of_the_calendar_are_dates() {
        let read = [
            "2027-03-31",
            "2028-02-29",
            "2027-02-29",
            "2027-13-01",
            "27-3-1",
            "2027-03-31 ",
            "+027-01-01",
            "",
        ]
        .map(|text| text.parse::<Date>().map(|date| date.to_string()).ok());
        assert_eq!(
            read,
            [Some("2027-03-31".into()), Some("2028-02-29".into()), None, None, None, None, None, None]
        );
    }
}
