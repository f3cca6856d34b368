//! Time zones by name, from the database that is built into the program, so that a run gives the same answer everywhere.
//!
//! It never asks the machine: neither its zone files nor its own zone.

use std::sync::LazyLock;

use jiff::tz::{TimeZone, TimeZoneDatabase};

static BUNDLED: LazyLock<TimeZoneDatabase> = LazyLock::new(TimeZoneDatabase::bundled);

/// The zone of that name (`Europe/Berlin`), or nothing where no such zone exists. Names are exact, as Go's are on Linux; the
/// empty name and `UTC` are UTC; `Local` is whatever the machine has, and so unknown.
pub fn find(name: &str) -> Option<TimeZone> {
    if name.is_empty() || name == "UTC" {
        return Some(TimeZone::UTC);
    }
    if name == "Local" {
        return None;
    }
    let zone = BUNDLED.get(name).ok()?;
    // The database compares names without case; controllers open a file of that name.
    zone.iana_name().is_none_or(|found| found == name).then_some(zone)
}

#[cfg(test)]
mod tests {
    use super::find;

    #[test]
    fn names_are_exact() {
        for name in [
            "Europe/Berlin",
            "America/New_York",
            "Etc/UTC",
            "UTC",
            "",
            "Asia/Tokyo",
            "Etc/GMT+5",
            "US/Eastern",
            "EST5EDT",
        ] {
            assert!(find(name).is_some(), "{name}");
        }
        for name in
            ["Europe/Munich", "europe/berlin", "Local", "UTC+2", "Europe/Berlin ", "${TZ}", "../etc/passwd"]
        {
            assert!(find(name).is_none(), "{name}");
        }
    }
}
