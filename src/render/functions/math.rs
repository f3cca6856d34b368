//! Numbers: made from whatever there is, as `spf13/cast` makes them, and computed with.

use std::fmt::Write as _;

use super::Table;
use super::arguments::{Answer, at_least, derived, derived_text, exactly, float, int, list, text, unknown};
use super::spell::spelled;
use crate::render::number::{parse_float, parse_int};
use crate::render::template::function::Call;
use crate::render::value::{Data, Value};

mod decimal;

use decimal::Decimal;

pub(super) const TABLE: Table = &[
    ("int", to_int),
    ("int64", to_int),
    ("float64", to_float),
    ("atoi", atoi),
    ("toDecimal", to_decimal),
    ("add1", add1),
    ("add", add),
    ("sub", sub),
    ("div", div),
    ("mod", modulo),
    ("mul", mul),
    ("max", max),
    ("biggest", max),
    ("min", min),
    ("add1f", add1f),
    ("addf", addf),
    ("subf", subf),
    ("divf", divf),
    ("mulf", mulf),
    ("maxf", maxf),
    ("minf", minf),
    ("ceil", ceil),
    ("floor", floor),
    ("round", round),
    ("until", until),
    ("untilStep", until_step),
    ("seq", seq),
    ("randInt", rand_int),
];

/// `cast.ToInt64`: what is no number is 0.
pub(super) fn whole(value: &Value) -> i64 {
    match &value.data {
        Data::Int(number) => *number,
        Data::Float(number) => truncate(*number),
        Data::Bool(truth) => i64::from(*truth),
        Data::Text(text) => parse_int(trim_zero_decimal(text.as_str())).unwrap_or_default(),
        _ => 0,
    }
}

/// Go's conversion on the machines that charts are rendered on: out of range is the lowest number.
fn truncate(number: f64) -> i64 {
    let fits = (-9_223_372_036_854_775_808.0..9_223_372_036_854_775_808.0).contains(&number);
    if fits { number as i64 } else { i64::MIN }
}

/// `1.00` is a whole number, too.
fn trim_zero_decimal(text: &str) -> &str {
    let zeros = text.trim_end_matches('0');
    if zeros.len() < text.len() { zeros.strip_suffix('.').unwrap_or(text) } else { text }
}

/// `cast.ToFloat64`.
pub(super) fn real(value: &Value) -> f64 {
    match &value.data {
        Data::Int(number) => *number as f64,
        Data::Float(number) => *number,
        Data::Bool(truth) => f64::from(*truth),
        Data::Text(text) => parse_float(text.as_str()).unwrap_or_default(),
        _ => 0.0,
    }
}

fn whole_of(call: &mut Call<'_>, number: i64, from: &[Value]) -> Answer {
    Ok(derived(call, Data::Int(number), from))
}

fn real_of(call: &mut Call<'_>, number: f64, from: &[Value]) -> Answer {
    Ok(derived(call, Data::Float(number), from))
}

fn to_int(call: &mut Call<'_>, values: &[Value]) -> Answer {
    let [value] = exactly("int", values)?;
    // The same number is the same value.
    match value.data {
        Data::Int(_) => Ok(value.clone()),
        _ => Ok(Value::new(Data::Int(whole(value)), derived(call, Data::Nil, values).origin)),
    }
}

fn to_float(call: &mut Call<'_>, values: &[Value]) -> Answer {
    let [value] = exactly("float64", values)?;
    match value.data {
        Data::Float(_) => Ok(value.clone()),
        _ => real_of(call, real(value), values),
    }
}

fn atoi(call: &mut Call<'_>, values: &[Value]) -> Answer {
    let [value] = exactly("atoi", values)?;
    let text = text(value)?.as_str();
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let fits = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    let number = match text.parse::<i64>() {
        _ if !fits => 0,
        Ok(number) => number,
        Err(_) if text.starts_with('-') => i64::MIN,
        Err(_) => i64::MAX,
    };
    whole_of(call, number, values)
}

fn to_decimal(call: &mut Call<'_>, values: &[Value]) -> Answer {
    let [value] = exactly("toDecimal", values)?;
    let text = spelled(call, value)?;
    let number = i64::from_str_radix(text.as_str(), 8).unwrap_or_default();
    whole_of(call, number, values)
}

fn add1(call: &mut Call<'_>, values: &[Value]) -> Answer {
    let [value] = exactly("add1", values)?;
    whole_of(call, whole(value).wrapping_add(1), values)
}

fn add(call: &mut Call<'_>, values: &[Value]) -> Answer {
    whole_of(call, values.iter().fold(0, |sum, value| sum.wrapping_add(whole(value))), values)
}

fn sub(call: &mut Call<'_>, values: &[Value]) -> Answer {
    let [left, right] = exactly("sub", values)?;
    whole_of(call, whole(left).wrapping_sub(whole(right)), values)
}

/// What Go says of a division by zero.
const BY_ZERO: &str = "runtime error: integer divide by zero";

fn div(call: &mut Call<'_>, values: &[Value]) -> Answer {
    let [left, right] = exactly("div", values)?;
    match whole(right) {
        0 => Err(BY_ZERO.to_owned()),
        right => whole_of(call, whole(left).wrapping_div(right), values),
    }
}

fn modulo(call: &mut Call<'_>, values: &[Value]) -> Answer {
    let [left, right] = exactly("mod", values)?;
    match whole(right) {
        0 => Err(BY_ZERO.to_owned()),
        right => whole_of(call, whole(left).wrapping_rem(right), values),
    }
}

fn mul(call: &mut Call<'_>, values: &[Value]) -> Answer {
    let ([_], _) = at_least("mul", values)?;
    whole_of(call, values.iter().fold(1, |product, value| product.wrapping_mul(whole(value))), values)
}

fn max(call: &mut Call<'_>, values: &[Value]) -> Answer {
    let ([first], rest) = at_least("max", values)?;
    whole_of(call, rest.iter().fold(whole(first), |max, value| max.max(whole(value))), values)
}

fn min(call: &mut Call<'_>, values: &[Value]) -> Answer {
    let ([first], rest) = at_least("min", values)?;
    whole_of(call, rest.iter().fold(whole(first), |min, value| min.min(whole(value))), values)
}

/// Folds numbers as decimal fractions, so that 0.1 and 0.2 make 0.3.
fn folded(
    call: &mut Call<'_>,
    first: f64,
    rest: impl Iterator<Item = f64>,
    from: &[Value],
    operation: fn(Decimal, Decimal) -> Result<Decimal, String>,
) -> Answer {
    let mut result = Decimal::from_float(first)?;
    for number in rest {
        call.budget.work(1)?;
        result = operation(result, Decimal::from_float(number)?)?;
    }
    real_of(call, result.to_float(), from)
}

fn add1f(call: &mut Call<'_>, values: &[Value]) -> Answer {
    let [value] = exactly("add1f", values)?;
    folded(call, real(value), std::iter::once(1.0), values, Decimal::add)
}

fn addf(call: &mut Call<'_>, values: &[Value]) -> Answer {
    folded(call, 0.0, values.iter().map(real), values, Decimal::add)
}

fn subf(call: &mut Call<'_>, values: &[Value]) -> Answer {
    let ([first], rest) = at_least("subf", values)?;
    folded(call, real(first), rest.iter().map(real), values, Decimal::sub)
}

fn divf(call: &mut Call<'_>, values: &[Value]) -> Answer {
    let ([first], rest) = at_least("divf", values)?;
    folded(call, real(first), rest.iter().map(real), values, Decimal::div)
}

fn mulf(call: &mut Call<'_>, values: &[Value]) -> Answer {
    let ([first], rest) = at_least("mulf", values)?;
    folded(call, real(first), rest.iter().map(real), values, Decimal::mul)
}

fn maxf(call: &mut Call<'_>, values: &[Value]) -> Answer {
    let ([first], rest) = at_least("maxf", values)?;
    real_of(call, rest.iter().fold(real(first), |max, value| max.max(real(value))), values)
}

fn minf(call: &mut Call<'_>, values: &[Value]) -> Answer {
    let ([first], rest) = at_least("minf", values)?;
    real_of(call, rest.iter().fold(real(first), |min, value| min.min(real(value))), values)
}

fn ceil(call: &mut Call<'_>, values: &[Value]) -> Answer {
    let [value] = exactly("ceil", values)?;
    real_of(call, real(value).ceil(), values)
}

fn floor(call: &mut Call<'_>, values: &[Value]) -> Answer {
    let [value] = exactly("floor", values)?;
    real_of(call, real(value).floor(), values)
}

fn round(call: &mut Call<'_>, values: &[Value]) -> Answer {
    let ([value, places], rest) = at_least("round", values)?;
    let on = rest.first().map_or(Ok(0.5), float)?;
    let power = 10f64.powi(i32::try_from(int(places)?).unwrap_or(i32::MAX));
    let digit = power * real(value);
    let rounded = if digit.fract() >= on { digit.ceil() } else { digit.floor() };
    real_of(call, rounded / power, values)
}

fn steps(call: &mut Call<'_>, start: i64, stop: i64, step: i64) -> Result<Vec<i64>, String> {
    let (way, step) = (i128::from(stop) - i128::from(start), i128::from(step));
    if way == 0 || step == 0 || (way < 0) != (step < 0) {
        return Ok(Vec::new());
    }
    let count = (way.abs() + step.abs() - 1) / step.abs();
    call.budget.work(usize::try_from(count).unwrap_or(usize::MAX))?;
    Ok((0..count).map(|at| start.wrapping_add((at * step) as i64)).collect())
}

fn counted(call: &mut Call<'_>, start: i64, stop: i64, step: i64, from: &[Value]) -> Answer {
    let origin = derived(call, Data::Nil, from).origin;
    let numbers = steps(call, start, stop, step)?;
    let values = numbers.into_iter().map(|number| Value::new(Data::Int(number), origin)).collect();
    list(call, values, from)
}

fn until(call: &mut Call<'_>, values: &[Value]) -> Answer {
    let [count] = exactly("until", values)?;
    let count = int(count)?;
    counted(call, 0, count, if count < 0 { -1 } else { 1 }, values)
}

fn until_step(call: &mut Call<'_>, values: &[Value]) -> Answer {
    let [start, stop, step] = exactly("untilStep", values)?;
    counted(call, int(start)?, int(stop)?, int(step)?, values)
}

fn seq(call: &mut Call<'_>, values: &[Value]) -> Answer {
    let numbers = values.iter().map(int).collect::<Result<Vec<_>, _>>()?;
    let (start, end, step) = match numbers[..] {
        [end] => (1, end, if end < 1 { -1 } else { 1 }),
        [start, end] => (start, end, if end < start { -1 } else { 1 }),
        [start, step, end] if end < start && step > 0 => (start, end, 0),
        [start, step, end] => (start, end, step),
        _ => (0, 0, 0),
    };
    let stop = end.saturating_add(if end < start { -1 } else { 1 });
    let numbers = if step == 0 { Vec::new() } else { steps(call, start, stop, step)? };
    let mut out = String::new();
    for (at, number) in numbers.into_iter().enumerate() {
        let _ = write!(out, "{}{number}", if at > 0 { " " } else { "" });
    }
    derived_text(call, out, values)
}

fn rand_int(call: &mut Call<'_>, values: &[Value]) -> Answer {
    let [low, high] = exactly("randInt", values)?;
    let (low, high) = (int(low)?, int(high)?);
    if high <= low {
        return Err("invalid argument to Intn".to_owned());
    }
    let origin = unknown(call, "a random number");
    Ok(Value::new(Data::Int(low), origin))
}
