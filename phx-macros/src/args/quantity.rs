//! Durations and sizes as people write them: `"1.5s"`, `"14d"`, `"64KiB"`.

const DURATIONS: &[(&str, u64)] =
    &[("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000)];

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
        let example = with_unit(if is_number(text) { text } else { "60" });
        format!(
            "expected a duration such as \"{example}\", with one of the units `ms`, `s`, `m`, `h` or `d`"
        )
    })
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
        "expected a size such as \"64KiB\" or \"10MB\", or a number of bytes".to_owned()
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
    }

    #[test]
    fn sizes_are_decimal_or_binary() {
        assert_eq!(bytes("64KiB"), Ok(65_536));
        assert_eq!(bytes("10MB"), Ok(10_000_000));
        assert_eq!(bytes("1.5MiB"), Ok(1_572_864));
        assert!(bytes("10").is_err());
        assert!(bytes("10 apples").is_err());
    }
}
