//! Integers of any size.

use std::{
    cmp::Ordering,
    fmt::{self, Write as _},
    str::FromStr,
};

use thiserror::Error;

/// Writing and reading decimal digits takes time that grows with the square of their number, so
/// larger integers have none. That is 9,864 digits.
const MOST_DECIMAL_BYTES: usize = 4096;
const MOST_DIGITS: usize = 9864;

/// An integer of Erlang, which knows no greatest one.
///
/// Converts from the integers of Rust, and back with `i128::try_from` and the like.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Integer(Kind);

#[derive(Clone, PartialEq, Eq, Hash)]
enum Kind {
    Small(i64),
    /// What `i64` cannot hold: the absolute value, least byte first, without zeros at its end.
    Big {
        negative: bool,
        magnitude: Box<[u8]>,
    },
}

/// Text that is no integer in decimal digits, or one of more than 9,864 digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("no integer, or one of more than {MOST_DIGITS} digits")]
pub struct ParseIntegerError;

impl Integer {
    /// From its sign and its absolute value, least byte first.
    pub fn from_magnitude(negative: bool, magnitude: &[u8]) -> Self {
        let used = magnitude.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
        let magnitude = &magnitude[..used];
        let mut low = [0; 8];
        if let Some(low) = low.get_mut(..used) {
            low.copy_from_slice(magnitude);
            let low = i128::from(u64::from_le_bytes(low_bytes(low)));
            if let Ok(small) = i64::try_from(if negative { -low } else { low }) {
                return Self(Kind::Small(small));
            }
        }
        Self(Kind::Big { negative, magnitude: magnitude.into() })
    }

    /// Whether it is below zero.
    pub fn is_negative(&self) -> bool {
        match &self.0 {
            Kind::Small(small) => *small < 0,
            Kind::Big { negative, .. } => *negative,
        }
    }

    /// The integer, if it is one of 64 bits with a sign.
    pub fn as_i64(&self) -> Option<i64> {
        match &self.0 {
            Kind::Small(small) => Some(*small),
            Kind::Big { .. } => None,
        }
    }

    /// The absolute value, least byte first, without zeros at its end.
    pub fn magnitude(&self) -> Vec<u8> {
        match &self.0 {
            Kind::Small(small) => {
                let mut bytes = small.unsigned_abs().to_le_bytes().to_vec();
                let used = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
                bytes.truncate(used);
                bytes
            }
            Kind::Big { magnitude, .. } => magnitude.to_vec(),
        }
    }

    /// The decimal digits; none for an integer of more than 4,096 bytes, whose digits would take
    /// too long to find.
    pub fn to_decimal(&self) -> Option<String> {
        let (negative, magnitude) = match &self.0 {
            Kind::Small(small) => return Some(small.to_string()),
            Kind::Big { negative, magnitude } => (negative, magnitude),
        };
        if magnitude.len() > MOST_DECIMAL_BYTES {
            return None;
        }
        let mut limbs: Vec<u32> = magnitude.chunks(4).map(limb).collect();
        let mut groups = Vec::new();
        while !limbs.is_empty() {
            groups.push(divide(&mut limbs, 1_000_000_000));
            while limbs.last() == Some(&0) {
                limbs.pop();
            }
        }
        let mut digits = if *negative { "-".to_owned() } else { String::new() };
        let mut groups = groups.iter().rev();
        write!(digits, "{}", groups.next()?).ok()?;
        groups.try_for_each(|group| write!(digits, "{group:09}")).ok()?;
        Some(digits)
    }
}

/// Up to eight bytes, least first, with zeros after them.
fn low_bytes(bytes: &[u8]) -> [u8; 8] {
    let mut low = [0; 8];
    low[..bytes.len()].copy_from_slice(bytes);
    low
}

/// Up to four bytes, least first.
fn limb(bytes: &[u8]) -> u32 {
    bytes.iter().rev().fold(0, |limb, byte| limb << 8 | u32::from(*byte))
}

/// Leaves the quotient and gives the remainder.
fn divide(limbs: &mut [u32], divisor: u32) -> u32 {
    let divisor = u64::from(divisor);
    let remainder = limbs.iter_mut().rev().fold(0, |remainder: u64, limb| {
        let value = remainder << 32 | u64::from(*limb);
        *limb = low_half(value / divisor);
        value % divisor
    });
    low_half(remainder)
}

fn low_half(value: u64) -> u32 {
    u32::try_from(value & u64::from(u32::MAX)).unwrap_or_default()
}

impl FromStr for Integer {
    type Err = ParseIntegerError;

    fn from_str(text: &str) -> Result<Self, ParseIntegerError> {
        if let Ok(small) = text.parse::<i64>() {
            return Ok(small.into());
        }
        let (negative, digits) = match text.strip_prefix('-') {
            Some(digits) => (true, digits),
            None => (false, text),
        };
        let are_digits = digits.bytes().all(|byte| byte.is_ascii_digit());
        if digits.is_empty() || digits.len() > MOST_DIGITS || !are_digits {
            return Err(ParseIntegerError);
        }
        let mut limbs: Vec<u32> = Vec::new();
        for group in digits.as_bytes().chunks(9) {
            let (value, factor) = group.iter().fold((0, 1), |(value, factor), digit| {
                (value * 10 + u64::from(digit - b'0'), factor * 10)
            });
            let mut carry = value;
            for limb in &mut limbs {
                let product = u64::from(*limb) * factor + carry;
                *limb = low_half(product);
                carry = product >> 32;
            }
            if carry != 0 {
                limbs.push(low_half(carry));
            }
        }
        let magnitude: Vec<u8> = limbs.iter().flat_map(|limb| limb.to_le_bytes()).collect();
        Ok(Self::from_magnitude(negative, &magnitude))
    }
}

impl Ord for Integer {
    fn cmp(&self, other: &Self) -> Ordering {
        let by_size = |a: &[u8], b: &[u8]| {
            a.len().cmp(&b.len()).then_with(|| a.iter().rev().cmp(b.iter().rev()))
        };
        match (&self.0, &other.0) {
            (Kind::Small(a), Kind::Small(b)) => a.cmp(b),
            (Kind::Small(_), Kind::Big { negative, .. }) => {
                if *negative {
                    Ordering::Greater
                } else {
                    Ordering::Less
                }
            }
            (Kind::Big { .. }, Kind::Small(_)) => other.cmp(self).reverse(),
            (
                Kind::Big { negative: a_negative, magnitude: a },
                Kind::Big { negative: b_negative, magnitude: b },
            ) => match (a_negative, b_negative) {
                (false, true) => Ordering::Greater,
                (true, false) => Ordering::Less,
                (false, false) => by_size(a, b),
                (true, true) => by_size(b, a),
            },
        }
    }
}

impl PartialOrd for Integer {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for Integer {
    /// Decimal digits; hexadecimal ones after `0x` for an integer of more than 4,096 bytes.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(digits) = self.to_decimal() {
            return f.write_str(&digits);
        }
        f.write_str(if self.is_negative() { "-0x" } else { "0x" })?;
        self.magnitude().iter().rev().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Integer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

macro_rules! conversions {
    ($($small:ty)* ; $($large:ty)*) => {
        $(impl From<$small> for Integer {
            fn from(value: $small) -> Self {
                Self(Kind::Small(value.into()))
            }
        })*
        $(impl From<$large> for Integer {
            fn from(value: $large) -> Self {
                #[allow(unused_comparisons, reason = "for unsigned types too")]
                let negative = value < 0;
                match i64::try_from(value) {
                    Ok(small) => Self(Kind::Small(small)),
                    Err(_) if negative => {
                        // `to_le_bytes` is in two's complement.
                        let inverted: Vec<u8> = value.to_le_bytes().iter().map(|b| !b).collect();
                        Self::from_magnitude(true, &add_one(inverted))
                    }
                    Err(_) => Self::from_magnitude(false, &value.to_le_bytes()),
                }
            }
        })*
    };
}

conversions!(i8 i16 i32 i64 u8 u16 u32; u64 i128 u128 usize);

fn add_one(mut magnitude: Vec<u8>) -> Vec<u8> {
    for byte in &mut magnitude {
        let (sum, carries) = byte.overflowing_add(1);
        *byte = sum;
        if !carries {
            return magnitude;
        }
    }
    magnitude.push(1);
    magnitude
}

/// The integer is beyond the type's range.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the integer is beyond the type's range")]
pub struct IntegerRangeError;

impl TryFrom<&Integer> for i128 {
    type Error = IntegerRangeError;

    fn try_from(integer: &Integer) -> Result<Self, IntegerRangeError> {
        let (negative, magnitude) = match &integer.0 {
            Kind::Small(small) => return Ok((*small).into()),
            Kind::Big { negative, magnitude } => (*negative, magnitude),
        };
        let magnitude = unsigned(magnitude).ok_or(IntegerRangeError)?;
        let value = if negative {
            0_i128.checked_sub_unsigned(magnitude)
        } else {
            Self::try_from(magnitude).ok()
        };
        value.ok_or(IntegerRangeError)
    }
}

impl TryFrom<&Integer> for u128 {
    type Error = IntegerRangeError;

    fn try_from(integer: &Integer) -> Result<Self, IntegerRangeError> {
        match &integer.0 {
            Kind::Small(small) => (*small).try_into().map_err(|_| IntegerRangeError),
            Kind::Big { negative: true, .. } => Err(IntegerRangeError),
            Kind::Big { magnitude, .. } => unsigned(magnitude).ok_or(IntegerRangeError),
        }
    }
}

fn unsigned(magnitude: &[u8]) -> Option<u128> {
    let mut bytes = [0; 16];
    bytes.get_mut(..magnitude.len())?.copy_from_slice(magnitude);
    Some(u128::from_le_bytes(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Integer {
        text.parse().unwrap()
    }

    #[test]
    fn integers_of_any_size_keep_all_digits() {
        for text in [
            "0",
            "-1",
            "9223372036854775807",
            "9223372036854775808",
            "-9223372036854775808",
            "-9223372036854775809",
            "18446744073709551615",
            "18446744073709551616",
            "-1000000000000000000000000000000",
            "340282366920938463463374607431768211455",
        ] {
            assert_eq!(parsed(text).to_string(), text);
            let magnitude = parsed(text).magnitude();
            let again = Integer::from_magnitude(parsed(text).is_negative(), &magnitude);
            assert_eq!(again, parsed(text), "{text}");
        }
        let long = format!("1{}7", "0".repeat(9000));
        assert_eq!(parsed(&long).to_string(), long);
        for text in ["", "-", "+", "1.0", "a", "--1", &"9".repeat(9865)] {
            assert!(text.parse::<Integer>().is_err(), "{text}");
        }
    }

    #[test]
    fn integers_convert_from_and_to_those_of_rust() {
        for value in [0, 1, -1, i128::from(i64::MIN) - 1, i128::MIN, i128::MAX, 1 << 64] {
            assert_eq!(i128::try_from(&Integer::from(value)), Ok(value));
            assert_eq!(Integer::from(value).to_string(), value.to_string());
        }
        assert_eq!(u128::try_from(&Integer::from(u128::MAX)), Ok(u128::MAX));
        assert!(i128::try_from(&Integer::from(u128::MAX)).is_err());
        assert!(u128::try_from(&Integer::from(-1)).is_err());
        assert_eq!(Integer::from(u64::MAX).to_string(), u64::MAX.to_string());
    }

    #[test]
    fn integers_are_ordered_by_value() {
        let order = ["-18446744073709551617", "-18446744073709551616", "-5", "0", "7"];
        let order = order.iter().chain(&["18446744073709551616", "18446744073709551872"]);
        let integers: Vec<_> = order.map(|text| parsed(text)).collect();
        assert!(integers.is_sorted());
        assert!(integers.iter().rev().is_sorted_by(|a, b| a > b));
    }

    #[test]
    fn an_integer_too_large_for_digits_is_still_shown() {
        let huge = Integer::from_magnitude(true, &[1; 4097]);
        assert_eq!(huge.to_decimal(), None);
        assert!(huge.to_string().starts_with("-0x0101"));
    }
}
