//! A count or a share of the replicas: `maxSurge`, `maxUnavailable`, `minAvailable`, and how controllers round the share.
//!
//! It follows `intstr.GetScaledValueFromIntOrPercent` of k8s.io/apimachinery. Who rounds which way, and what a missing
//! field means, is the caller's to know.

/// A count, or a share of the replicas.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum IntOrPercent {
    /// So many pods.
    Int(i64),
    /// In points: 25 is a quarter.
    Percent(f64),
}

/// Where a share goes that is no whole number of pods.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rounding {
    /// To the next larger one.
    Up,
    /// To the next smaller one.
    Down,
}

impl IntOrPercent {
    /// Reads `3` or `25%`. A share must be a whole number of points, as Kubernetes has it.
    ///
    /// A YAML string without a percent sign (`"3"`) is refused by Kubernetes: for that, see `parse_string`.
    pub fn parse(text: &str) -> Option<IntOrPercent> {
        match text.strip_suffix('%') {
            Some(points) => Some(IntOrPercent::Percent(integer(points)? as f64)),
            None => Some(IntOrPercent::Int(integer(text)?)),
        }
    }

    /// Reads a scalar that is a string in the manifest, where only a percentage is valid.
    pub fn parse_string(text: &str) -> Option<IntOrPercent> {
        text.ends_with('%').then(|| IntOrPercent::parse(text))?
    }

    /// The count it means among `total`.
    pub fn resolve(self, total: i64, rounding: Rounding) -> i64 {
        match self {
            IntOrPercent::Int(count) => count,
            IntOrPercent::Percent(points) => {
                let share = points * total as f64 / 100.0;
                // A float casts to the nearest integer that exists, so nothing here can overflow.
                match rounding {
                    Rounding::Up => share.ceil() as i64,
                    Rounding::Down => share.floor() as i64,
                }
            }
        }
    }
}

/// What a Deployment of so many replicas may add and miss during a rollout: surge rounds up, unavailable rounds down, and if
/// both come to nothing one may be unavailable, for otherwise the rollout could not move.
pub fn rolling_update(surge: IntOrPercent, unavailable: IntOrPercent, replicas: i64) -> (i64, i64) {
    let surge = surge.resolve(replicas, Rounding::Up);
    let unavailable = unavailable.resolve(replicas, Rounding::Down);
    if surge == 0 && unavailable == 0 { (0, 1) } else { (surge, unavailable) }
}

/// Go's `strconv.Atoi`: an optional sign, digits, nothing else.
fn integer(text: &str) -> Option<i64> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    text.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::IntOrPercent::{Int, Percent};
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn reads_counts_and_shares() {
        let table = [
            ("3", Some(Int(3))),
            ("0", Some(Int(0))),
            ("-1", Some(Int(-1))),
            ("25%", Some(Percent(25.0))),
            ("0%", Some(Percent(0.0))),
            ("150%", Some(Percent(150.0))),
            ("", None),
            ("%", None),
            ("25.5%", None),
            ("25 %", None),
            ("1.5", None),
            ("25%%", None),
            ("${N}", None),
            ("99999999999999999999", None),
        ];
        for (text, value) in table {
            assert_eq!(IntOrPercent::parse(text), value, "{text}");
        }
        assert_eq!(IntOrPercent::parse_string("25"), None);
        assert_eq!(IntOrPercent::parse_string("25%"), Some(Percent(25.0)));
    }

    #[test]
    fn rounds_as_the_controllers_do() {
        let table = [
            (Percent(25.0), 3, 1, 0),
            (Percent(25.0), 4, 1, 1),
            (Percent(25.0), 5, 2, 1),
            (Percent(50.0), 3, 2, 1),
            (Percent(100.0), 7, 7, 7),
            (Percent(0.0), 7, 0, 0),
            (Percent(1.0), 1, 1, 0),
            (Percent(110.0), 10, 11, 11),
            (Int(2), 1, 2, 2),
            (Percent(25.0), 0, 0, 0),
        ];
        for (value, total, up, down) in table {
            assert_eq!(value.resolve(total, Rounding::Up), up, "{value:?} of {total}, up");
            assert_eq!(value.resolve(total, Rounding::Down), down, "{value:?} of {total}, down");
        }
    }

    #[test]
    fn a_rollout_can_always_move() {
        assert_eq!(rolling_update(Percent(25.0), Percent(25.0), 3), (1, 0));
        assert_eq!(rolling_update(Int(0), Percent(25.0), 3), (0, 1));
        assert_eq!(rolling_update(Int(0), Int(0), 3), (0, 1));
        assert_eq!(rolling_update(Percent(25.0), Percent(25.0), 8), (2, 2));
    }

    proptest! {
        #[test]
        fn never_panics(text in "\\PC*", near in "[-+]?[0-9]{0,25}%?", total in any::<i64>()) {
            for text in [&text, &near] {
                if let Some(value) = IntOrPercent::parse(text) {
                    let _ = (value.resolve(total, Rounding::Up), value.resolve(total, Rounding::Down));
                }
            }
        }
    }
}
