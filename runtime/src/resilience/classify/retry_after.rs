//! How long does a reply ask us to stay away?
//!
//! In this order: `retry-after-ms` and `x-ms-retry-after-ms` (decimal milliseconds, as several vendors send), then
//! `Retry-After` (RFC 9110, section 10.2.3) in seconds, a fraction allowed, or as a date in any of the three forms of
//! section 5.6.7. Of several of one name the longest counts.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use http::{HeaderMap, header};

/// No form is longer; what is longer is not read.
const LONGEST: usize = 40;

/// What the headers ask for. A number too large for the clock is a very long time, not a mistake. `wall` is what a date
/// is measured from if the reply itself does not say when it was sent.
pub(crate) fn retry_after(headers: &HeaderMap, wall: SystemTime) -> Option<Duration> {
    for name in ["retry-after-ms", "x-ms-retry-after-ms"] {
        let longest = texts(headers, name).filter_map(|text| decimal(text, 1_000_000)).max();
        if longest.is_some() {
            return longest;
        }
    }
    let mut texts = texts(headers, header::RETRY_AFTER.as_str()).peekable();
    texts.peek()?;
    // The service's own clock first: what it says about a date it says by that.
    let sent = headers.get(header::DATE).and_then(|date| date.to_str().ok()).and_then(date);
    let now = sent.unwrap_or_else(|| {
        wall.duration_since(UNIX_EPOCH).map_or(0, |since| i64::try_from(since.as_secs()).unwrap_or(i64::MAX))
    });
    texts
        .filter_map(|text| {
            decimal(text, 1_000_000_000).or_else(|| {
                // A date that has passed asks for nothing.
                let ahead = date(text)?.saturating_sub(now).max(0);
                Some(Duration::from_secs(u64::try_from(ahead).unwrap_or(0)))
            })
        })
        .max()
}

fn texts<'a>(headers: &'a HeaderMap, name: &str) -> impl Iterator<Item = &'a str> {
    headers
        .get_all(name)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .map(str::trim)
        .filter(|text| !text.is_empty() && text.len() <= LONGEST)
}

/// A decimal number of units of so many nanoseconds. No sign, no exponent, no `inf`, no `NaN`.
pub(crate) fn decimal(text: &str, unit: u64) -> Option<Duration> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !digits(whole) || !digits(fraction) || (text.contains('.') && fraction.is_empty()) {
        return None;
    }
    let nanos = whole.parse::<u64>().ok().and_then(|whole| whole.checked_mul(unit));
    let mut scale = unit;
    let mut part = 0_u64;
    for digit in fraction.bytes() {
        scale /= 10;
        // At most nine tenths of the unit, then nine hundredths, …: the sum stays below the unit.
        part += u64::from(digit - b'0') * scale;
    }
    Some(nanos.map_or(Duration::MAX, |nanos| Duration::from_nanos(nanos.saturating_add(part))))
}

/// A date in one of the three forms of RFC 9110, section 5.6.7, as seconds since 1970.
fn date(text: &str) -> Option<i64> {
    let mut words = text.split([' ', '-']).filter(|word| !word.is_empty());
    let weekday = words.next()?;
    // `Sun, 06 Nov 1994 08:49:37 GMT`, `Sunday, 06-Nov-94 08:49:37 GMT`, `Sun Nov  6 08:49:37 1994`
    let (day, month, year, time) = if weekday.ends_with(',') {
        let (day, month, year, time) = (words.next()?, words.next()?, words.next()?, words.next()?);
        (words.next()? == "GMT").then_some(())?;
        (day, month, year, time)
    } else {
        let (month, day, time, year) = (words.next()?, words.next()?, words.next()?, words.next()?);
        (day, month, year, time)
    };
    if words.next().is_some() || !weekday.trim_end_matches(',').bytes().all(|byte| byte.is_ascii_alphabetic()) {
        return None;
    }
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let month = i64::try_from(MONTHS.iter().position(|name| *name == month)?).ok()? + 1;
    let day = number(day, 1..=31)?;
    let year = match (year.len(), number(year, 0..=9999)?) {
        // Two digits are a year from 1970 to 2069: no service that sends them means another one.
        (2, year) if year >= 70 => year + 1900,
        (2, year) => year + 2000,
        (4, year) => year,
        _ => return None,
    };
    let mut parts = time.split(':');
    let (hour, minute, second) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() {
        return None;
    }
    // 60 is a leap second.
    let seconds = number(hour, 0..=23)? * 3600 + number(minute, 0..=59)? * 60 + number(second, 0..=60)?;
    Some(days(year, month, day) * 86_400 + seconds)
}

fn number(text: &str, range: std::ops::RangeInclusive<i64>) -> Option<i64> {
    let value = text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten()?;
    range.contains(&value).then_some(value)
}

/// The days from 1970-01-01 to a date of the Gregorian calendar, counted in years that begin in March, so that the
/// leap day is the last of its year.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let since_march = (month + 9) % 12;
    let day_of_year = (153 * since_march + 2) / 5 + day - 1;
    365 * year + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400) + day_of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 1994-11-06T08:49:37Z, the moment of the RFC's examples.
    const MOMENT: u32 = 784_111_777;

    fn asked(pairs: &[(&'static str, &str)], wall: u32) -> Option<Duration> {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(*name, value.parse().expect("a header value"));
        }
        retry_after(&headers, UNIX_EPOCH + Duration::from_secs(wall.into()))
    }

    #[test]
    fn numbers_in_all_forms() {
        for (text, millis) in [
            ("7", Some(7000)),
            (" 7 ", Some(7000)),
            ("0", Some(0)),
            ("1.5", Some(1500)),
            ("0.25", Some(250)),
            ("00000000000000000000000000000007", Some(7000)),
            ("-1", None),
            ("+1", None),
            ("", None),
            (".5", None),
            ("5.", None),
            ("1e3", None),
            ("NaN", None),
            ("inf", None),
            ("x", None),
            ("7 s", None),
            ("00000000000000000000000000000000000000000000007", None),
        ] {
            assert_eq!(asked(&[("retry-after", text)], 0), millis.map(Duration::from_millis), "{text:?}");
        }
        // Too large is long, not wrong: a service that means "never" must not be asked at once.
        for text in ["99999999999999999999", "18446744073709551615", "18446744073.9"] {
            assert!(asked(&[("retry-after", text)], 0) > Some(Duration::from_secs(1 << 33)), "{text}");
        }
    }

    #[test]
    fn milliseconds_come_first_and_the_longest_counts() {
        assert_eq!(asked(&[("retry-after", "9"), ("retry-after-ms", "1500")], 0), Some(Duration::from_millis(1500)));
        assert_eq!(asked(&[("x-ms-retry-after-ms", "2.5")], 0), Some(Duration::from_micros(2500)));
        assert_eq!(asked(&[("retry-after-ms", "soon"), ("retry-after", "9")], 0), Some(Duration::from_secs(9)));
        assert_eq!(
            asked(&[("retry-after", "2"), ("retry-after", "x"), ("retry-after", "5")], 0),
            Some(Duration::from_secs(5))
        );
        assert_eq!(asked(&[], 0), None);
    }

    #[test]
    fn dates_in_the_three_forms() {
        for text in ["Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"] {
            assert_eq!(date(text), Some(i64::from(MOMENT)), "{text}");
            assert_eq!(asked(&[("retry-after", text)], MOMENT - 90), Some(Duration::from_secs(90)));
            assert_eq!(asked(&[("retry-after", text)], MOMENT + 90), Some(Duration::ZERO), "it has passed");
            // The reply's own clock, not ours, which may be an hour off.
            let sent = ("date", "Sun, 06 Nov 1994 08:49:07 GMT");
            assert_eq!(asked(&[("retry-after", text), sent], 0), Some(Duration::from_secs(30)));
        }
        for (text, seconds) in [
            ("Thu, 01 Jan 1970 00:00:00 GMT", 0),
            ("Tue, 29 Feb 2000 23:59:60 GMT", 951_868_800),
            ("Mon, 01 Mar 2100 00:00:00 GMT", 4_107_542_400),
            ("Friday, 31-Dec-69 23:59:59 GMT", 3_155_759_999),
        ] {
            assert_eq!(date(text), Some(seconds), "{text}");
        }
        for text in [
            "Sun, 06 Nov 1994 08:49:37 CET",
            "Sun, 06 Nov 1994 24:00:00 GMT",
            "Sun, 32 Nov 1994 08:49:37 GMT",
            "Sun, 06 Foo 1994 08:49:37 GMT",
            "Sun, 06 Nov 1994 08:49 GMT",
            "Sun, 06 Nov 94 08:49:37 GMT extra",
            "1994-11-06T08:49:37Z",
            "Sun, 06 Nov 19941 08:49:37 GMT",
        ] {
            assert_eq!(date(text), None, "{text}");
        }
    }
}
