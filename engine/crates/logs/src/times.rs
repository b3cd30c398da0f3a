//! Times in log lines.
//!
//! Two decimals of a second, not three: the operations manual counts refused signatures by `grep -c 401`, and a time
//! must not be counted.

use chrono::DateTime;
use std::fmt;

/// A moment as both logs tell it; most moments are in the second of the one before.
#[derive(Debug, Default)]
pub struct Times {
    second: Option<i64>,
    hundredths: u32,
    iso_second: String,
    common: String,
}

impl Times {
    /// Turns to `now_s` seconds since 1970, as far as a calendar reaches.
    pub fn set(&mut self, now_s: f64) {
        let second = now_s.floor();
        #[expect(clippy::cast_possible_truncation, reason = "saturates, and no calendar reaches that far")]
        let whole = second as i64;
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 99")]
        let hundredths = ((now_s - second) * 100.0) as u32;
        self.hundredths = hundredths;
        if self.second != Some(whole) {
            let utc = DateTime::from_timestamp(whole, 0).unwrap_or_default();
            self.iso_second = utc.format("%Y-%m-%dT%H:%M:%S").to_string();
            self.common = utc.format("%d/%b/%Y:%H:%M:%S +0000").to_string();
            self.second = Some(whole);
        }
    }

    /// ISO 8601 in UTC, such as `2026-01-31T09:30:00.25Z`.
    #[must_use]
    pub fn iso(&self) -> impl fmt::Display + '_ {
        Iso(self)
    }

    /// The form of the common log format in UTC, such as `31/Jan/2026:09:30:00 +0000`.
    #[must_use]
    pub fn common(&self) -> &str {
        &self.common
    }
}

struct Iso<'a>(&'a Times);

impl fmt::Display for Iso<'_> {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(to, "{}.{:02}Z", self.0.iso_second, self.0.hundredths)
    }
}
