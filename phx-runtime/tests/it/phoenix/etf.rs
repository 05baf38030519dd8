//! The External Term Format and Jason's JSON, written apart from what is tested.

use std::collections::BTreeMap;

use serde_json::{Value, json};

/// A term.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Etf {
    Int(i128),
    /// The bits of a float.
    Float(u64),
    Atom(String),
    Bin(Vec<u8>),
    List(Vec<Etf>),
    Tuple(Vec<Etf>),
    Map(BTreeMap<Etf, Etf>),
    /// A PID or a reference, with its tag.
    Opaque(Vec<u8>),
}

pub(super) fn atom(text: &str) -> Etf {
    Etf::Atom(text.to_owned())
}

pub(super) fn bin(text: &str) -> Etf {
    Etf::Bin(text.as_bytes().to_vec())
}

pub(super) fn int(value: u64) -> Etf {
    Etf::Int(value.into())
}

pub(super) fn tuple<const N: usize>(parts: [Etf; N]) -> Etf {
    Etf::Tuple(parts.to_vec())
}

pub(super) fn map(pairs: impl IntoIterator<Item = (Etf, Etf)>) -> Etf {
    Etf::Map(pairs.into_iter().collect())
}

pub(super) fn strukt<const N: usize>(module: &str, fields: [(&str, Etf); N]) -> Etf {
    let fields = fields.into_iter().map(|(name, value)| (atom(name), value));
    map(fields.chain([(atom("__struct__"), atom(module))]))
}

impl Etf {
    pub(super) fn decode(bytes: &[u8]) -> Result<Self, String> {
        let mut input = bytes;
        match take(&mut input, 1)? {
            [131] => {}
            _ => return Err("no term".to_owned()),
        }
        let term = read(&mut input, 200)?;
        if input.is_empty() { Ok(term) } else { Err("something follows the term".to_owned()) }
    }

    /// In the form of Erlang 25 and before, or of later ones.
    pub(super) fn encode(&self, is_old: bool) -> Vec<u8> {
        let mut output = vec![131];
        self.write(is_old, &mut output);
        output
    }

    fn write(&self, is_old: bool, output: &mut Vec<u8>) {
        let len = |len: usize| u32::try_from(len).unwrap().to_be_bytes();
        match self {
            Self::Int(value) => match (u8::try_from(*value), i32::try_from(*value)) {
                (Ok(small), _) => output.extend([97, small]),
                (_, Ok(value)) => {
                    output.push(98);
                    output.extend(value.to_be_bytes());
                }
                _ => {
                    let bytes = value.unsigned_abs().to_le_bytes();
                    let used = 16 - bytes.iter().rev().take_while(|byte| **byte == 0).count();
                    output.extend([110, u8::try_from(used).unwrap(), u8::from(*value < 0)]);
                    output.extend(&bytes[..used]);
                }
            },
            Self::Float(bits) => {
                output.push(70);
                output.extend(bits.to_be_bytes());
            }
            Self::Atom(text) if is_old => {
                output.push(100);
                output.extend(u16::try_from(text.len()).unwrap().to_be_bytes());
                output.extend(text.as_bytes());
            }
            Self::Atom(text) => {
                output.extend([119, u8::try_from(text.len()).unwrap()]);
                output.extend(text.as_bytes());
            }
            Self::Bin(bytes) => {
                output.push(109);
                output.extend(len(bytes.len()));
                output.extend(bytes);
            }
            Self::List(items) if items.is_empty() => output.push(106),
            Self::List(items) => {
                let bytes: Option<Vec<u8>> = items.iter().map(Self::as_byte).collect();
                if let (Some(bytes), Ok(len)) = (bytes, u16::try_from(items.len())) {
                    output.push(107);
                    output.extend(len.to_be_bytes());
                    output.extend(bytes);
                    return;
                }
                output.push(108);
                output.extend(len(items.len()));
                for item in items {
                    item.write(is_old, output);
                }
                output.push(106);
            }
            Self::Tuple(parts) => {
                output.extend([104, u8::try_from(parts.len()).unwrap()]);
                for part in parts {
                    part.write(is_old, output);
                }
            }
            Self::Map(pairs) => {
                output.push(116);
                output.extend(len(pairs.len()));
                // In an order of no meaning.
                for (key, value) in pairs.iter().rev() {
                    key.write(is_old, output);
                    value.write(is_old, output);
                }
            }
            Self::Opaque(bytes) => output.extend(bytes),
        }
    }

    fn as_byte(&self) -> Option<u8> {
        match self {
            Self::Int(value) => u8::try_from(*value).ok(),
            _ => None,
        }
    }

    pub(super) fn get(&self, key: &str) -> Result<&Self, String> {
        let fields = self.as_map()?;
        fields.get(&atom(key)).ok_or_else(|| format!("no {key} in {self:?}"))
    }

    pub(super) fn as_map(&self) -> Result<&BTreeMap<Self, Self>, String> {
        match self {
            Self::Map(pairs) => Ok(pairs),
            other => Err(format!("no map: {other:?}")),
        }
    }

    pub(super) fn as_tuple(&self) -> Result<&[Self], String> {
        match self {
            Self::Tuple(parts) => Ok(parts),
            other => Err(format!("no tuple: {other:?}")),
        }
    }

    pub(super) fn as_text(&self) -> Result<&str, String> {
        match self {
            Self::Bin(bytes) => std::str::from_utf8(bytes).map_err(|_| "no UTF-8".to_owned()),
            other => Err(format!("no binary: {other:?}")),
        }
    }

    pub(super) fn as_clock(&self) -> Result<u64, String> {
        match self {
            Self::Int(value) => u64::try_from(*value).map_err(|_| format!("no clock: {value}")),
            other => Err(format!("no clock: {other:?}")),
        }
    }

    /// What Jason makes of it, or why it raises.
    pub(super) fn to_json(&self) -> Result<Value, String> {
        Ok(match self {
            Self::Int(value) => serde_json::from_str(&value.to_string()).unwrap(),
            Self::Float(bits) => json!(f64::from_bits(*bits)),
            Self::Atom(text) => match &**text {
                "nil" => Value::Null,
                "true" => json!(true),
                "false" => json!(false),
                text => json!(text),
            },
            Self::Bin(_) => json!(self.as_text()?),
            Self::List(items) => {
                Value::Array(items.iter().map(Self::to_json).collect::<Result<_, _>>()?)
            }
            Self::Map(pairs) if pairs.contains_key(&atom("__struct__")) => {
                return Err("a struct without an encoder".to_owned());
            }
            Self::Map(pairs) => {
                let pairs = pairs.iter().map(|(key, value)| {
                    let key = match key {
                        Self::Atom(text) => text.clone(),
                        Self::Int(value) => value.to_string(),
                        other => other.as_text()?.to_owned(),
                    };
                    Ok((key, value.to_json()?))
                });
                Value::Object(pairs.collect::<Result<_, String>>()?)
            }
            other => return Err(format!("no JSON: {other:?}")),
        })
    }
}

fn take<'a>(input: &mut &'a [u8], len: usize) -> Result<&'a [u8], String> {
    let (taken, rest) = input.split_at_checked(len).ok_or("cut short")?;
    *input = rest;
    Ok(taken)
}

fn number(input: &mut &[u8], len: usize) -> Result<usize, String> {
    Ok(take(input, len)?.iter().fold(0, |number, byte| number << 8 | usize::from(*byte)))
}

fn terms(input: &mut &[u8], count: usize, depth: usize) -> Result<Vec<Etf>, String> {
    (0..count).map(|_| read(input, depth)).collect()
}

fn read(input: &mut &[u8], depth: usize) -> Result<Etf, String> {
    let depth = depth.checked_sub(1).ok_or("deeper than anything that the tests publish")?;
    let start = *input;
    let tag = take(input, 1)?[0];
    Ok(match tag {
        97 => Etf::Int(take(input, 1)?[0].into()),
        98 => Etf::Int(i32::from_be_bytes(take(input, 4)?.try_into().unwrap()).into()),
        110 => {
            let len = number(input, 1)?;
            let is_negative = number(input, 1)? == 1;
            if len > 15 {
                return Err("an integer that the tests do not send".to_owned());
            }
            let bytes = take(input, len)?.iter().rev();
            let value = bytes.fold(0_i128, |value, byte| value << 8 | i128::from(*byte));
            Etf::Int(if is_negative { -value } else { value })
        }
        70 => Etf::Float(u64::from_be_bytes(take(input, 8)?.try_into().unwrap())),
        // Old nodes write 100, in Latin-1, of which the tests use ASCII alone.
        119 | 118 | 100 => {
            let len = number(input, if tag == 119 { 1 } else { 2 })?;
            let text = String::from_utf8(take(input, len)?.to_vec());
            Etf::Atom(text.map_err(|_| "an atom that is no UTF-8")?)
        }
        109 => {
            let len = number(input, 4)?;
            Etf::Bin(take(input, len)?.to_vec())
        }
        106 => Etf::List(Vec::new()),
        107 => {
            let len = number(input, 2)?;
            Etf::List(take(input, len)?.iter().map(|byte| int((*byte).into())).collect())
        }
        108 => {
            let len = number(input, 4)?;
            let items = terms(input, len, depth)?;
            match read(input, depth)? {
                Etf::List(tail) if tail.is_empty() => Etf::List(items),
                _ => return Err("an improper list".to_owned()),
            }
        }
        104 => {
            let len = number(input, 1)?;
            Etf::Tuple(terms(input, len, depth)?)
        }
        116 => {
            let len = number(input, 4)?;
            let mut pairs = BTreeMap::new();
            for _ in 0..len {
                let (key, value) = (read(input, depth)?, read(input, depth)?);
                if pairs.insert(key, value).is_some() {
                    return Err("a map with the same key twice".to_owned());
                }
            }
            Etf::Map(pairs)
        }
        // A PID of the newer kind, and a reference.
        88 => {
            read(input, depth)?;
            take(input, 12)?;
            Etf::Opaque(start[..start.len() - input.len()].to_vec())
        }
        90 => {
            let words = number(input, 2)?;
            read(input, depth)?;
            take(input, 4 + 4 * words)?;
            Etf::Opaque(start[..start.len() - input.len()].to_vec())
        }
        // Others are read by Phoenix, but never to be written here.
        other => return Err(format!("a term of kind {other}")),
    })
}
