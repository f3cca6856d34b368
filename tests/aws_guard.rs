//! Agreement with another tool's own test cases: those of the AWS Guard rules registry, as (file, check, verdict).
//!
//! The cases are not kept here. `STEADFAST_AWS_GUARD=folder cargo test --test aws_guard -- --nocapture` reads `cases.json` and the
//! templates beside it, prints the agreement and every disagreement, and fails where one has no reason in [`REASONS`] or the
//! agreement is below 95 %. Without the variable nothing is compared, and it says so.
#![allow(missing_docs)]

mod agreement;

use agreement::Suite;

/// Their checks that are about queues, functions and alarms, and the rules of ours that look at the same.
///
/// Left out: everything that is about other resources, and LAMBDA_CONCURRENCY_CHECK, which wants each function to have a reservation.
const CHECKS: &[(&str, &[&str])] = &[
    ("CLOUDWATCH_ALARM_ACTION_CHECK", &["alerting/no-action"]),
    ("LAMBDA_DLQ_CHECK", &["queues/failed-events-are-dropped"]),
];

/// Where we disagree, and why: (file, check, reason).
const REASONS: &[(&str, &str, &str)] = &[
    ("/cloudwatch_alarm_action_check-3.json", "CLOUDWATCH_ALARM_ACTION_CHECK", ONLY_AFTERWARDS),
    ("/cloudwatch_alarm_action_check-4.json", "CLOUDWATCH_ALARM_ACTION_CHECK", ONLY_AFTERWARDS),
    (
        "/lambda_dlq_check-3.json",
        "LAMBDA_DLQ_CHECK",
        "nothing in the template hands events to the function; a caller that waits hears of a failure itself",
    ),
];

const ONLY_AFTERWARDS: &str =
    "an alarm that acts only when it ends, or when data is missing, tells nobody that something is wrong";

const SUITE: Suite = Suite {
    variable: "STEADFAST_AWS_GUARD",
    verdict: "verdict",
    content: "PASS",
    section: "## Agreement with the cases of the AWS Guard rules registry",
    checks: CHECKS,
    reasons: REASONS,
};

#[test]
fn agrees_with_the_guard_rules() {
    agreement::compare(&SUITE);
}

#[test]
fn the_comparison_is_documented() {
    agreement::documented(&SUITE);
}
