//! The structs of Elixir that have a JSON form: dates, times, and `Decimal`.

use super::{Map, Term};

/// Exponents of a `Decimal` are written as zeros, up to so many.
const MOST_ZEROS: u64 = 1000;

/// A module whose structs are text in JSON.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Module {
    Date,
    Time,
    NaiveDateTime,
    DateTime,
    Decimal,
}

impl Module {
    /// The module of an atom's text.
    pub(super) fn of(atom: &str) -> Option<Self> {
        Some(match atom.strip_prefix("Elixir.")? {
            "Date" => Self::Date,
            "Time" => Self::Time,
            "NaiveDateTime" => Self::NaiveDateTime,
            "DateTime" => Self::DateTime,
            "Decimal" => Self::Decimal,
            _ => return None,
        })
    }
}

/// The text that a struct is in JSON: ISO 8601. None if its fields are not what they should be.
pub(super) fn json_text(module: Module, fields: &Map) -> Option<String> {
    match module {
        Module::Decimal => decimal(fields, false),
        Module::DateTime => {
            Some(format!("{}{}", date_and_time(module, fields, "T")?, offset(fields)?))
        }
        _ => date_and_time(module, fields, "T"),
    }
}

/// The text of a struct that is a key: what `to_string` makes of it.
pub(super) fn key_text(module: Module, fields: &Map) -> Option<String> {
    match module {
        Module::Decimal => decimal(fields, true),
        Module::DateTime => {
            let text = format!("{}{}", date_and_time(module, fields, " ")?, offset(fields)?);
            let zone = fields.get_atom("time_zone")?.as_text()?;
            if zone == "Etc/UTC" {
                return Some(text);
            }
            Some(format!("{text} {} {zone}", fields.get_atom("zone_abbr")?.as_text()?))
        }
        _ => date_and_time(module, fields, " "),
    }
}

fn date_and_time(module: Module, fields: &Map, between: &str) -> Option<String> {
    // Other calendars are not known here.
    if !fields.get_atom("calendar")?.is_atom("Elixir.Calendar.ISO") {
        return None;
    }
    match module {
        Module::Date => date(fields),
        Module::Time => time(fields),
        _ => Some(format!("{}{between}{}", date(fields)?, time(fields)?)),
    }
}

fn date(fields: &Map) -> Option<String> {
    let year = number(fields, "year")?;
    let sign = if year < 0 { "-" } else { "" };
    let (month, day) = (two_digits(fields, "month")?, two_digits(fields, "day")?);
    Some(format!("{sign}{:04}-{month:02}-{day:02}", year.unsigned_abs()))
}

fn time(fields: &Map) -> Option<String> {
    let [hour, minute, second] = ["hour", "minute", "second"].map(|name| two_digits(fields, name));
    let text = format!("{:02}:{:02}:{:02}", hour?, minute?, second?);
    let [value, digits] = fields.get_atom("microsecond")?.as_tuple()? else { return None };
    let value = value.as_i64().filter(|value| (0..1_000_000).contains(value))?;
    match usize::try_from(digits.as_i64()?).ok()? {
        0 => Some(text),
        digits @ 1..=6 => Some(format!("{text}.{}", &format!("{value:06}")[..digits])),
        _ => None,
    }
}

/// `Z`, or how far the clocks are from UTC.
fn offset(fields: &Map) -> Option<String> {
    let offset = number(fields, "utc_offset")?.checked_add(number(fields, "std_offset")?)?;
    if offset == 0 && fields.get_atom("time_zone")?.as_text()? == "Etc/UTC" {
        return Some("Z".to_owned());
    }
    let sign = if offset < 0 { '-' } else { '+' };
    let minutes = offset.unsigned_abs() / 60;
    Some(format!("{sign}{:02}:{:02}", minutes / 60, minutes % 60))
}

fn number(fields: &Map, name: &str) -> Option<i64> {
    fields.get_atom(name)?.as_i64()
}

fn two_digits(fields: &Map, name: &str) -> Option<i64> {
    number(fields, name).filter(|number| (0..100).contains(number))
}

/// A decimal number: plain, or, as `to_string` has it, with an exponent where it is large or small.
fn decimal(fields: &Map, may_be_scientific: bool) -> Option<String> {
    let sign = match number(fields, "sign")? {
        1 => "",
        -1 => "-",
        _ => return None,
    };
    let digits = match fields.get_atom("coef")? {
        Term::Integer(coef) if !coef.is_negative() => coef.to_decimal()?,
        coef if coef.is_atom("NaN") => return Some(format!("{sign}NaN")),
        coef if coef.is_atom("inf") => return Some(format!("{sign}Infinity")),
        _ => return None,
    };
    let exp = number(fields, "exp")?;
    let len = i64::try_from(digits.len()).ok()?;
    if may_be_scientific && exp != 0 {
        let adjusted = exp.checked_add(len - 1)?;
        if exp > 0 || adjusted < -6 {
            let (first, rest) = digits.split_at(1);
            let point = if rest.is_empty() { "" } else { "." };
            let plus = if adjusted >= 0 { "+" } else { "" };
            return Some(format!("{sign}{first}{point}{rest}E{plus}{adjusted}"));
        }
    }
    if exp.unsigned_abs() > MOST_ZEROS {
        return None;
    }
    let exp = isize::try_from(exp).ok()?;
    if exp >= 0 {
        return Some(format!("{sign}{digits}{}", "0".repeat(exp.unsigned_abs())));
    }
    Some(match digits.len().checked_sub(exp.unsigned_abs()) {
        Some(whole) if whole > 0 => {
            let (whole, fraction) = digits.split_at(whole);
            format!("{sign}{whole}.{fraction}")
        }
        _ => {
            let zeros = exp.unsigned_abs() - digits.len();
            format!("{sign}0.{}{digits}", "0".repeat(zeros))
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::phoenix::{Integer, NoJson};

    const ISO: Term = Term::atom("Elixir.Calendar.ISO");

    fn date(year: i64, month: i64, day: i64) -> Vec<(&'static str, Term)> {
        vec![("year", year.into()), ("month", month.into()), ("day", day.into())]
    }

    fn time(microsecond: (i64, i64)) -> Vec<(&'static str, Term)> {
        let microsecond = Term::Tuple(vec![microsecond.0.into(), microsecond.1.into()]);
        let fields = [("hour", 5), ("minute", 6), ("second", 7)];
        let fields = fields.map(|(name, value)| (name, value.into()));
        fields.into_iter().chain([("microsecond", microsecond)]).collect()
    }

    fn zone(name: &str, abbr: &str, utc: i64, std: i64) -> Vec<(&'static str, Term)> {
        vec![
            ("time_zone", name.into()),
            ("zone_abbr", abbr.into()),
            ("utc_offset", utc.into()),
            ("std_offset", std.into()),
        ]
    }

    fn of(module: &'static str, fields: &[Vec<(&'static str, Term)>]) -> Term {
        let own = [("__struct__", Term::atom(module)), ("calendar", ISO)];
        let pairs = own.into_iter().chain(fields.concat());
        let pairs = pairs.map(|(key, value)| (Term::atom(key), value)).collect();
        Map::new(pairs).unwrap().into()
    }

    #[track_caller]
    fn written(term: &Term, as_value: &str, as_key: &str) {
        assert_eq!(term.to_json().unwrap(), format!("\"{as_value}\""));
        let map = Map::new(vec![(term.clone(), 1.into())]).unwrap();
        assert_eq!(Term::Map(map).to_json().unwrap(), format!("{{\"{as_key}\":1}}"));
    }

    #[test]
    fn dates_and_times_are_written_as_iso_8601() {
        let day = of("Elixir.Date", &[date(2026, 3, 4)]);
        written(&day, "2026-03-04", "2026-03-04");
        written(&of("Elixir.Date", &[date(-44, 3, 15)]), "-0044-03-15", "-0044-03-15");
        written(&of("Elixir.Date", &[date(12026, 1, 1)]), "12026-01-01", "12026-01-01");
        for (microsecond, text) in [
            ((120_000, 3), "05:06:07.120"),
            ((0, 0), "05:06:07"),
            ((5, 6), "05:06:07.000005"),
            ((5, 1), "05:06:07.0"),
        ] {
            written(&of("Elixir.Time", &[time(microsecond)]), text, text);
        }
        let naive = of("Elixir.NaiveDateTime", &[date(2026, 3, 4), time((0, 0))]);
        written(&naive, "2026-03-04T05:06:07", "2026-03-04 05:06:07");
    }

    #[test]
    fn times_of_a_zone_say_how_far_it_is_from_utc() {
        let at = |zone| of("Elixir.DateTime", &[date(2026, 3, 4), time((0, 0)), zone]);
        let utc = at(zone("Etc/UTC", "UTC", 0, 0));
        written(&utc, "2026-03-04T05:06:07Z", "2026-03-04 05:06:07Z");
        let berlin = at(zone("Europe/Berlin", "CEST", 3600, 3600));
        written(
            &berlin,
            "2026-03-04T05:06:07+02:00",
            "2026-03-04 05:06:07+02:00 CEST Europe/Berlin",
        );
        let london = at(zone("Europe/London", "GMT", 0, 0));
        written(
            &london,
            "2026-03-04T05:06:07+00:00",
            "2026-03-04 05:06:07+00:00 GMT Europe/London",
        );
        let west = at(zone("X/Y", "X", -30600, 0));
        assert_eq!(west.to_json().unwrap(), r#""2026-03-04T05:06:07-08:30""#);
    }

    #[test]
    fn a_struct_with_other_fields_than_it_should_have_has_no_json() {
        let invalid = |term: Term| assert!(matches!(term.to_json(), Err(NoJson::InvalidStruct(_))));
        invalid(of("Elixir.Date", &[]));
        invalid(of("Elixir.Date", &[date(2026, 300, 4)]));
        invalid(of("Elixir.Time", &[time((1_000_000, 6))]));
        invalid(of("Elixir.Time", &[time((0, 7))]));
        invalid(of("Elixir.DateTime", &[date(2026, 3, 4), time((0, 0))]));
        let other = [("__struct__", Term::atom("Elixir.Date")), ("calendar", Term::NIL)];
        let fields = other.into_iter().chain(date(2026, 3, 4));
        let fields = fields.map(|(key, value)| (Term::atom(key), value)).collect();
        invalid(Map::new(fields).unwrap().into());
    }

    #[test]
    fn decimals_are_strings() {
        let decimal = |sign: i64, coef: Term, exp: i64| {
            let fields = [("sign", sign.into()), ("coef", coef), ("exp", exp.into())];
            of("Elixir.Decimal", &[fields.to_vec()])
        };
        written(&decimal(1, 12345.into(), -2), "123.45", "123.45");
        written(&decimal(-1, 5.into(), -3), "-0.005", "-0.005");
        written(&decimal(1, 15.into(), 3), "15000", "1.5E+4");
        written(&decimal(1, 1.into(), -9), "0.000000001", "1E-9");
        written(&decimal(1, 0.into(), 0), "0", "0");
        written(&decimal(-1, Term::atom("inf"), 0), "-Infinity", "-Infinity");
        written(&decimal(1, Term::atom("NaN"), 0), "NaN", "NaN");
        let big: Integer = "123456789012345678901234567890".parse().unwrap();
        let text = "1234567890123456789012345678.90";
        written(&decimal(1, big.into(), -2), text, text);
        for exp in [i64::MAX, i64::MIN, 1001] {
            assert!(decimal(1, 1.into(), exp).to_json().is_err());
        }
    }
}
