//! Durations and sizes as people write them: `"1.5s"`, `"14d"`, `"64KiB"`.

const DURATIONS: &[(&str, u64)] =
    &[("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000)];

/// The units in the words of other libraries.
const LONG_UNITS: &[(&str, u64)] = &[
    ("ms", 1),
    ("msec", 1),
    ("millis", 1),
    ("milliseconds", 1),
    ("s", 1_000),
    ("sec", 1_000),
    ("secs", 1_000),
    ("second", 1_000),
    ("seconds", 1_000),
    ("m", 60_000),
    ("min", 60_000),
    ("mins", 60_000),
    ("minute", 60_000),
    ("minutes", 60_000),
    ("h", 3_600_000),
    ("hr", 3_600_000),
    ("hour", 3_600_000),
    ("hours", 3_600_000),
    ("d", 86_400_000),
    ("day", 86_400_000),
    ("days", 86_400_000),
];

const SIZES: &[(&str, u64)] = &[
    ("B", 1),
    ("kB", 1_000),
    ("KB", 1_000),
    ("MB", 1_000_000),
    ("GB", 1_000_000_000),
    ("KiB", 1 << 10),
    ("MiB", 1 << 20),
    ("GiB", 1 << 30),
];

/// A duration in milliseconds, or what is wrong with its text.
pub(crate) fn milliseconds(text: &str) -> Result<u64, String> {
    read(text, DURATIONS).ok_or_else(|| {
        if let Some(meant) = meant(text) {
            return format!("a duration is one number with its unit: \"{meant}\"");
        }
        let example = with_unit(if is_number(text) { text } else { "60" });
        format!(
            "expected a duration such as \"{example}\", with one of the units `ms`, `s`, `m`, `h` or `d`"
        )
    })
}

/// `45sec` and `1m30s` as they are written here.
fn meant(text: &str) -> Option<String> {
    let (mut rest, mut total) = (text, 0_u64);
    while !rest.is_empty() {
        let (number, word) = rest.split_at(rest.find(char::is_alphabetic)?);
        let end = word.find(|c: char| !c.is_alphabetic()).unwrap_or(word.len());
        let (unit, next) = word.split_at(end);
        let (_, factor) = LONG_UNITS.iter().find(|(name, _)| *name == unit)?;
        total = total.checked_add(number.trim().parse::<u64>().ok()?.checked_mul(*factor)?)?;
        rest = next.trim_start();
    }
    let units = DURATIONS.iter().rev();
    let (unit, factor) = units.clone().find(|(_, factor)| total.is_multiple_of(*factor))?;
    (total > 0).then(|| format!("{}{unit}", total / factor))
}

/// A number without its unit as the duration that was meant: thousands were milliseconds, as Phoenix has
/// them.
pub(crate) fn with_unit(number: &str) -> String {
    match number.replace('_', "").parse::<u64>() {
        Ok(ms) if ms >= 1_000 && ms.is_multiple_of(1_000) => format!("{}s", ms / 1_000),
        Ok(ms) if ms >= 1_000 => format!("{ms}ms"),
        _ => format!("{number}s"),
    }
}

/// A size in bytes, or what is wrong with its text.
pub(crate) fn bytes(text: &str) -> Result<u64, String> {
    read(text, SIZES).ok_or_else(|| {
        let at = text.find(char::is_alphabetic).unwrap_or(text.len());
        let (number, unit) = text.split_at(at);
        match SIZES.iter().find(|(name, _)| name.eq_ignore_ascii_case(unit)) {
            Some((name, _)) if is_number(number) => {
                format!("a unit has its own case: \"{number}{name}\"")
            }
            _ => "expected a size such as \"64KiB\" or \"10MB\", or a number of bytes".to_owned(),
        }
    })
}

/// Whole units and decimal fractions of them, without rounding.
fn read(text: &str, units: &[(&str, u64)]) -> Option<u64> {
    let digits = text.find(|c: char| !c.is_ascii_digit() && !['.', '_'].contains(&c))?;
    let (number, unit) = text.split_at(digits);
    let (_, factor) = units.iter().find(|(name, _)| *name == unit.trim_start())?;
    if !is_number(number) {
        return None;
    }
    let number = number.replace('_', "");
    let (whole, fraction) = number.split_once('.').unwrap_or((&number, ""));
    let scale = 10_u64.checked_pow(fraction.len().try_into().ok()?)?;
    let whole = whole.parse::<u64>().ok()?.checked_mul(*factor)?;
    let part = if fraction.is_empty() { 0 } else { fraction.parse::<u64>().ok()? };
    let part = part.checked_mul(*factor)?;
    (part % scale == 0).then_some(())?;
    whole.checked_add(part / scale)
}

/// `60`, `1.5`, `45_000`: digits with at most one dot inside.
fn is_number(text: &str) -> bool {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    [whole, fraction].iter().all(|part| {
        part.starts_with(|digit: char| digit.is_ascii_digit())
            && part.bytes().all(|digit| digit.is_ascii_digit() || digit == b'_')
    })
}

#[cfg(test)]
mod tests {
    use super::{bytes, milliseconds};

    #[test]
    fn durations_carry_their_unit() {
        assert_eq!(milliseconds("150ms"), Ok(150));
        assert_eq!(milliseconds("2 s"), Ok(2_000));
        assert_eq!(milliseconds("1.5s"), Ok(1_500));
        assert_eq!(milliseconds("5m"), Ok(300_000));
        assert_eq!(milliseconds("12h"), Ok(43_200_000));
        assert_eq!(milliseconds("14d"), Ok(1_209_600_000));
        assert_eq!(milliseconds("45_000ms"), Ok(45_000));
        for wrong in
            ["", "s", "60", "1.", ".5s", "1.5.0s", "0.5ms", "-1s", "1w", "99999999999999999d"]
        {
            assert!(milliseconds(wrong).is_err(), "{wrong}");
        }
        assert!(milliseconds("60").unwrap_err().contains("\"60s\""));
        assert!(milliseconds("45_000").unwrap_err().contains("\"45s\""));
        assert!(milliseconds("1500").unwrap_err().contains("\"1500ms\""));
        for (other, meant) in
            [("45sec", "45s"), ("1m30s", "90s"), ("2 hours", "2h"), ("120seconds", "2m")]
        {
            assert!(milliseconds(other).unwrap_err().ends_with(&format!("\"{meant}\"")), "{other}");
        }
    }

    #[test]
    fn sizes_are_decimal_or_binary() {
        assert_eq!(bytes("64KiB"), Ok(65_536));
        assert_eq!(bytes("10MB"), Ok(10_000_000));
        assert_eq!(bytes("1.5MiB"), Ok(1_572_864));
        assert!(bytes("10").is_err());
        assert!(bytes("1mb").unwrap_err().ends_with("\"1MB\""));
        assert!(bytes("64kib").unwrap_err().ends_with("\"64KiB\""));
        assert!(bytes("10 apples").is_err());
    }
}
