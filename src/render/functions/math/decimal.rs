//! Decimal fractions, as `shopspring/decimal` computes with them.
//!
//! A float has 17 digits, so they are kept one by one.

/// How many digits a quotient has behind the point.
const PRECISION: i64 = 16;

/// Beyond this, numbers are of no use to anybody.
const DIGITS: i64 = 2_000;

/// `digits × 10^exponent`.
#[derive(Clone, Debug)]
pub(super) struct Decimal {
    negative: bool,
    /// Without leading zeros.
    digits: Vec<u8>,
    exponent: i64,
}

impl Decimal {
    /// The decimal fraction that a float is written as.
    pub(super) fn from_float(number: f64) -> Result<Self, String> {
        if !number.is_finite() {
            return Err(format!("Cannot create a Decimal from {}", crate::render::float::short(number)));
        }
        let text = crate::render::float::shortest(number.abs());
        let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        let digits: Vec<u8> = mantissa.bytes().filter(u8::is_ascii_digit).map(|digit| digit - b'0').collect();
        let behind = mantissa.len().saturating_sub(2) as i64;
        let exponent =
            exponent.parse::<i64>().unwrap_or_default() - if mantissa.len() > 1 { behind } else { 0 };
        Ok(Self { negative: number < 0.0, digits: trimmed(digits), exponent })
    }

    /// The nearest float.
    pub(super) fn to_float(&self) -> f64 {
        if self.digits.is_empty() {
            return 0.0;
        }
        let digits: String = self.digits.iter().map(|digit| char::from(b'0' + digit)).collect();
        let sign = if self.negative { "-" } else { "" };
        format!("{sign}{digits}e{}", self.exponent).parse().unwrap_or(0.0)
    }

    pub(super) fn add(self, other: Self) -> Result<Self, String> {
        let exponent = self.exponent.min(other.exponent);
        let (left, right) = (self.at(exponent)?, other.at(exponent)?);
        let (negative, digits) = match (self.negative == other.negative, less(&left, &right)) {
            (true, _) => (self.negative, plus(&left, &right)),
            (false, false) => (self.negative, minus(&left, &right)),
            (false, true) => (other.negative, minus(&right, &left)),
        };
        Ok(Self { negative, digits, exponent })
    }

    pub(super) fn sub(self, other: Self) -> Result<Self, String> {
        self.add(Self { negative: !other.negative, ..other })
    }

    pub(super) fn mul(self, other: Self) -> Result<Self, String> {
        let mut product = vec![0u32; self.digits.len() + other.digits.len()];
        for (at, left) in self.digits.iter().rev().enumerate() {
            for (to, right) in other.digits.iter().rev().enumerate() {
                let sum = product[at + to] + u32::from(*left) * u32::from(*right);
                product[at + to] = sum % 10;
                product[at + to + 1] += sum / 10;
            }
        }
        let digits = trimmed(product.into_iter().rev().map(|digit| digit as u8).collect());
        sized(Self {
            negative: self.negative != other.negative,
            digits,
            exponent: self.exponent + other.exponent,
        })
    }

    /// To 16 digits behind the point, rounded half away from zero.
    pub(super) fn div(self, other: Self) -> Result<Self, String> {
        if other.digits.is_empty() {
            return Err("decimal division by 0".to_owned());
        }
        let negative = self.negative != other.negative;
        // One digit more than wanted, to round by; a remainder behind it does not change how half is rounded.
        let shift = self.exponent - other.exponent + PRECISION + 1;
        let (mut dividend, mut divisor) = (self.digits, other.digits);
        if shift.abs() > DIGITS {
            return Err("the number is too large".to_owned());
        }
        if shift >= 0 { &mut dividend } else { &mut divisor }
            .extend(std::iter::repeat_n(0, shift.unsigned_abs() as usize));
        let mut quotient = Vec::with_capacity(dividend.len());
        let mut rest: Vec<u8> = Vec::new();
        for digit in dividend {
            rest.push(digit);
            rest = trimmed(rest);
            let mut times = 0;
            while !less(&rest, &divisor) {
                rest = minus(&rest, &divisor);
                times += 1;
            }
            quotient.push(times);
        }
        let up = quotient.pop().is_some_and(|digit| digit >= 5);
        let mut digits = trimmed(quotient);
        if up {
            digits = plus(&digits, &[1]);
        }
        Ok(Self { negative, digits, exponent: -PRECISION })
    }

    /// The digits for a lower exponent.
    fn at(&self, exponent: i64) -> Result<Vec<u8>, String> {
        if self.exponent - exponent > DIGITS {
            return Err("the number is too large".to_owned());
        }
        let mut digits = self.digits.clone();
        if !digits.is_empty() {
            digits.extend(std::iter::repeat_n(0, (self.exponent - exponent) as usize));
        }
        Ok(digits)
    }
}

fn sized(number: Decimal) -> Result<Decimal, String> {
    if number.digits.len() as i64 > DIGITS { Err("the number is too large".to_owned()) } else { Ok(number) }
}

fn trimmed(digits: Vec<u8>) -> Vec<u8> {
    match digits.iter().position(|digit| *digit != 0) {
        Some(0) => digits,
        Some(first) => digits[first..].to_vec(),
        None => Vec::new(),
    }
}

fn less(left: &[u8], right: &[u8]) -> bool {
    (left.len(), left) < (right.len(), right)
}

fn plus(left: &[u8], right: &[u8]) -> Vec<u8> {
    let mut sum = Vec::with_capacity(left.len().max(right.len()) + 1);
    let mut carry = 0;
    let (mut left, mut right) = (left.iter().rev(), right.iter().rev());
    loop {
        let (one, other) = (left.next(), right.next());
        if one.is_none() && other.is_none() {
            break;
        }
        let digit = one.unwrap_or(&0) + other.unwrap_or(&0) + carry;
        sum.push(digit % 10);
        carry = digit / 10;
    }
    sum.push(carry);
    sum.reverse();
    trimmed(sum)
}

/// The difference; the first is not the smaller one.
fn minus(left: &[u8], right: &[u8]) -> Vec<u8> {
    let mut difference = Vec::with_capacity(left.len());
    let mut borrow = 0;
    let mut right = right.iter().rev();
    for digit in left.iter().rev() {
        let other = right.next().unwrap_or(&0) + borrow;
        borrow = u8::from(*digit < other);
        difference.push(digit + 10 * borrow - other);
    }
    difference.reverse();
    trimmed(difference)
}
