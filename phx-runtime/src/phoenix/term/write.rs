//! Writes the External Term Format, in what every Erlang since 2016 reads.

use std::slice;

use super::{Atom, Integer, Term};

/// What is still to be written, the next last.
enum Pending<'a> {
    One(&'a Term),
    Items(slice::Iter<'a, Term>),
    Pairs(slice::Iter<'a, (Term, Term)>),
    EmptyList,
}

impl Term {
    /// The term in the External Term Format, as `:erlang.term_to_binary/1` writes it. Lists of bytes
    /// take two bytes for each.
    pub fn encode(&self) -> Vec<u8> {
        let mut output = vec![131];
        let mut pending = vec![Pending::One(self)];
        while let Some(next) = pending.pop() {
            match next {
                Pending::One(term) => write(term, &mut output, &mut pending),
                Pending::Items(mut items) => {
                    if let Some(item) = items.next() {
                        pending.push(Pending::Items(items));
                        write(item, &mut output, &mut pending);
                    }
                }
                Pending::Pairs(mut pairs) => {
                    if let Some((key, value)) = pairs.next() {
                        pending.extend([Pending::Pairs(pairs), Pending::One(value)]);
                        write(key, &mut output, &mut pending);
                    }
                }
                Pending::EmptyList => output.push(106),
            }
        }
        output
    }
}

/// Writes the beginning of a term, and leaves what is inside of it.
fn write<'a>(term: &'a Term, output: &mut Vec<u8>, pending: &mut Vec<Pending<'a>>) {
    match term {
        Term::Integer(integer) => write_integer(integer, output),
        Term::Float(float) => {
            output.push(70);
            output.extend(float.get().to_be_bytes());
        }
        Term::Atom(atom) => write_atom(atom, output),
        Term::Binary(bytes) => {
            output.push(109);
            output.extend(len(bytes.len()));
            output.extend(bytes);
        }
        Term::List(items) if items.is_empty() => output.push(106),
        Term::List(items) => {
            output.push(108);
            output.extend(len(items.len()));
            pending.extend([Pending::EmptyList, Pending::Items(items.iter())]);
        }
        Term::ImproperList(list) => {
            output.push(108);
            output.extend(len(list.items.len()));
            pending.extend([Pending::One(&list.tail), Pending::Items(list.items.iter())]);
        }
        Term::Tuple(items) => {
            short_or_long(items.len(), [104, 105], output);
            pending.push(Pending::Items(items.iter()));
        }
        Term::Map(map) => {
            output.push(116);
            output.extend(len(map.0.len()));
            pending.push(Pending::Pairs(map.0.iter()));
        }
        Term::Pid(pid) => {
            output.push(88);
            write_atom(&pid.node, output);
            output.extend([pid.number, pid.serial, pid.creation].map(u32::to_be_bytes).concat());
        }
        Term::Reference(reference) => {
            output.push(90);
            // As many words as were read.
            let words = u16::try_from(reference.words.len()).unwrap_or(u16::MAX);
            output.extend(words.to_be_bytes());
            write_atom(&reference.node, output);
            output.extend(reference.creation.to_be_bytes());
            let words = reference.words.iter().take(words.into());
            output.extend(words.flat_map(|word| word.to_be_bytes()));
        }
        Term::Other(other) => output.extend(&other.0),
    }
}

/// Nothing of 4 GiB or more fits into a message.
fn len(len: usize) -> [u8; 4] {
    u32::try_from(len).unwrap_or(u32::MAX).to_be_bytes()
}

/// One of two tags, and a length of one byte or of four.
fn short_or_long(length: usize, [short, long]: [u8; 2], output: &mut Vec<u8>) {
    if let Ok(small) = u8::try_from(length) {
        output.extend([short, small]);
    } else {
        output.push(long);
        output.extend(len(length));
    }
}

fn write_integer(integer: &Integer, output: &mut Vec<u8>) {
    if let Some(small) = integer.as_i64() {
        if let Ok(byte) = u8::try_from(small) {
            return output.extend([97, byte]);
        }
        if let Ok(small) = i32::try_from(small) {
            output.push(98);
            return output.extend(small.to_be_bytes());
        }
    }
    let magnitude = integer.magnitude();
    short_or_long(magnitude.len(), [110, 111], output);
    output.push(integer.is_negative().into());
    output.extend(magnitude);
}

fn write_atom(atom: &Atom, output: &mut Vec<u8>) {
    let text = atom.as_str();
    if let Ok(small) = u8::try_from(text.len()) {
        output.extend([119, small]);
    } else {
        output.push(118);
        // At most 255 characters of 4 bytes.
        output.extend(u16::try_from(text.len()).unwrap_or(u16::MAX).to_be_bytes());
    }
    output.extend_from_slice(text.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::phoenix::{Float, Map};

    #[track_caller]
    fn comes_back(term: Term, tag: u8) {
        let bytes = term.encode();
        assert_eq!(bytes[..2], [131, tag]);
        assert_eq!(Term::decode(bytes), Ok(term));
    }

    #[test]
    fn numbers_take_the_smallest_form() {
        for (number, tag) in [
            ("0", 97),
            ("255", 97),
            ("256", 98),
            ("-1", 98),
            ("2147483647", 98),
            ("-2147483648", 98),
            ("2147483648", 110),
            ("-2147483649", 110),
            ("-9223372036854775808", 110),
            ("18446744073709551616", 110),
        ] {
            comes_back(Term::Integer(number.parse().unwrap()), tag);
        }
        comes_back(Term::Integer(Integer::from_magnitude(true, &[1; 255])), 110);
        comes_back(Term::Integer(Integer::from_magnitude(true, &[1; 256])), 111);
        comes_back(Term::Float(Float::new(-0.0).unwrap()), 70);
    }

    #[test]
    fn every_kind_of_term_comes_back() {
        comes_back(Term::NIL, 119);
        comes_back(Term::Atom(Atom::new("ä".repeat(200)).unwrap()), 118);
        comes_back(Term::text("Grüße"), 109);
        comes_back(Term::List(vec![]), 106);
        comes_back(Term::List(vec![1.into(), Term::List(vec![Term::NIL])]), 108);
        comes_back(Term::Tuple(vec![]), 104);
        comes_back(Term::Tuple(vec![Term::NIL; 256]), 105);
        comes_back(Map::of([("b", 1.into()), ("a", Term::Tuple(vec![2.into()]))]).into(), 116);
    }
}
