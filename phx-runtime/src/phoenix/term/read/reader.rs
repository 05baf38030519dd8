//! One term after the other, and those that hold others.

use std::mem;

use bytes::{Buf, Bytes};

use super::{
    super::{Atom, Float, ImproperList, Integer, MAX_DEPTH, Map, OtherTerm, Pid, Reference, Term},
    limits::ReadError,
};

pub(super) struct Reader {
    pub(super) input: Bytes,
    pub(super) terms_left: usize,
}

/// A term that is being read, and takes others.
enum Open {
    List { left: usize, items: Vec<Term> },
    Tuple { left: usize, items: Vec<Term> },
    Map { left: usize, key: Option<Term>, pairs: Vec<(Term, Term)> },
}

enum Next {
    Whole(Term),
    Open(Open),
}

/// Capacity for what has been announced but is not yet there is kept small.
const RESERVED: usize = 16;

impl Reader {
    pub(super) fn read(mut self) -> Result<Term, ReadError> {
        let mut open: Vec<Open> = Vec::new();
        loop {
            let mut term = match self.next()? {
                Next::Whole(term) => term,
                Next::Open(_) if open.len() >= MAX_DEPTH => return Err(ReadError::TooDeep),
                Next::Open(next) => {
                    open.push(next);
                    continue;
                }
            };
            loop {
                let Some(outer) = open.last_mut() else { return Ok(term) };
                match outer.add(term)? {
                    None => break,
                    Some(whole) => term = whole,
                }
                open.pop();
            }
        }
    }

    /// The next term, or its beginning if others are inside of it.
    fn next(&mut self) -> Result<Next, ReadError> {
        loop {
            self.count(1)?;
            let start = self.input.clone();
            let tag = self.u8()?;
            let term = match tag {
                97 => Term::Integer(self.u8()?.into()),
                98 => Term::Integer(self.u32()?.cast_signed().into()),
                110 => {
                    let len = self.u8()?;
                    self.big_integer(len.into())?
                }
                111 => {
                    let len = self.len()?;
                    self.big_integer(len)?
                }
                70 => self.float()?,
                99 => self.float_in_text()?,
                100 | 115 | 118 | 119 => Term::Atom(self.atom(tag)?),
                109 => {
                    let len = self.len()?;
                    Term::Binary(self.bytes(len)?)
                }
                107 => {
                    let len = self.u16()?;
                    self.count(len.into())?;
                    let bytes = self.bytes(len.into())?;
                    Term::List(bytes.iter().map(|byte| Term::Integer((*byte).into())).collect())
                }
                106 => Term::List(Vec::new()),
                108 => match self.announced(1)? {
                    // As Erlang has it: a list of nothing before a tail is the tail.
                    0 => continue,
                    left => {
                        return Ok(Next::Open(Open::List { left, items: room(left) }));
                    }
                },
                104 | 105 => {
                    let left = if tag == 104 { self.u8()?.into() } else { self.announced(1)? };
                    if left > 0 {
                        return Ok(Next::Open(Open::Tuple { left, items: room(left) }));
                    }
                    Term::Tuple(Vec::new())
                }
                116 => {
                    let left = self.announced(2)?;
                    if left > 0 {
                        let pairs = room(left);
                        return Ok(Next::Open(Open::Map { left, key: None, pairs }));
                    }
                    Term::Map(Map::default())
                }
                88 | 103 => self.pid(tag)?,
                90 | 101 | 114 => self.reference(tag)?,
                _ => self.other(tag, &start)?,
            };
            return Ok(Next::Whole(term));
        }
    }

    fn count(&mut self, terms: usize) -> Result<(), ReadError> {
        self.terms_left = self.terms_left.checked_sub(terms).ok_or(ReadError::TooMany)?;
        Ok(())
    }

    fn u8(&mut self) -> Result<u8, ReadError> {
        self.input.try_get_u8().map_err(|_| ReadError::CutShort)
    }

    fn u16(&mut self) -> Result<u16, ReadError> {
        self.input.try_get_u16().map_err(|_| ReadError::CutShort)
    }

    fn u32(&mut self) -> Result<u32, ReadError> {
        self.input.try_get_u32().map_err(|_| ReadError::CutShort)
    }

    fn len(&mut self) -> Result<usize, ReadError> {
        usize::try_from(self.u32()?).map_err(|_| ReadError::Size)
    }

    /// A count of terms, each with at least so many bytes.
    fn announced(&mut self, bytes_each: usize) -> Result<usize, ReadError> {
        let count = self.len()?;
        let least = count.checked_mul(bytes_each).ok_or(ReadError::Size)?;
        if least > self.input.len() { Err(ReadError::CutShort) } else { Ok(count) }
    }

    fn bytes(&mut self, len: usize) -> Result<Bytes, ReadError> {
        if len > self.input.len() {
            return Err(ReadError::CutShort);
        }
        Ok(self.input.split_to(len))
    }

    fn big_integer(&mut self, len: usize) -> Result<Term, ReadError> {
        let negative = self.u8()? != 0;
        let magnitude = self.bytes(len)?;
        Ok(Term::Integer(Integer::from_magnitude(negative, &magnitude)))
    }

    fn float(&mut self) -> Result<Term, ReadError> {
        let value = self.input.try_get_f64().map_err(|_| ReadError::CutShort)?;
        Float::new(value).map(Term::Float).ok_or(ReadError::Float)
    }

    /// Until Erlang 11: `%.20e` and zeros up to 31 bytes.
    fn float_in_text(&mut self) -> Result<Term, ReadError> {
        let bytes = self.bytes(31)?;
        let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
        let text = str::from_utf8(&bytes[..end]).map_err(|_| ReadError::Float)?;
        let value = text.trim_ascii().parse().map_err(|_| ReadError::Float)?;
        Float::new(value).map(Term::Float).ok_or(ReadError::Float)
    }

    fn atom(&mut self, tag: u8) -> Result<Atom, ReadError> {
        let len = match tag {
            100 | 118 => self.u16()?.into(),
            115 | 119 => self.u8()?.into(),
            _ => return Err(ReadError::Atom),
        };
        let bytes = self.bytes(len)?;
        let atom = match tag {
            100 | 115 => Atom::new(bytes.iter().map(|byte| char::from(*byte)).collect::<String>()),
            _ => Atom::new(str::from_utf8(&bytes).map_err(|_| ReadError::Atom)?),
        };
        Ok(atom?)
    }

    /// The atom that names a node inside of an identifier.
    fn node(&mut self) -> Result<Atom, ReadError> {
        let tag = self.u8()?;
        self.atom(tag)
    }

    /// Formerly a byte.
    fn creation(&mut self, small: bool) -> Result<u32, ReadError> {
        if small { self.u8().map(u32::from) } else { self.u32() }
    }

    fn pid(&mut self, tag: u8) -> Result<Term, ReadError> {
        let (node, number, serial) = (self.node()?, self.u32()?, self.u32()?);
        let creation = self.creation(tag == 103)?;
        Ok(Term::Pid(Box::new(Pid { node, number, serial, creation })))
    }

    fn reference(&mut self, tag: u8) -> Result<Term, ReadError> {
        let (node, creation, words);
        if tag == 101 {
            node = self.node()?;
            words = vec![self.u32()?];
            creation = self.creation(true)?;
        } else {
            let len = self.u16()?;
            node = self.node()?;
            creation = self.creation(tag == 114)?;
            let mut bytes = self.bytes(usize::from(len) * 4)?;
            words = (0..len).map(|_| bytes.get_u32()).collect();
        }
        Ok(Term::Reference(Box::new(Reference { node, creation, words })))
    }

    /// Finds the end of a term that is kept as it came.
    fn other(&mut self, tag: u8, start: &Bytes) -> Result<Term, ReadError> {
        match tag {
            // Bit strings.
            77 => {
                let len = self.len()?;
                let bits = self.u8()?;
                let fits = if len == 0 { bits == 0 } else { (1..=8).contains(&bits) };
                if !fits {
                    return Err(ReadError::Size);
                }
                self.bytes(len)?;
            }
            // Ports, of three generations.
            89 | 102 | 120 => {
                self.node()?;
                self.bytes(match tag {
                    102 => 5,
                    89 => 8,
                    _ => 12,
                })?;
            }
            // Functions; the size counts itself.
            112 => {
                let len = self.len()?.checked_sub(4).ok_or(ReadError::Size)?;
                self.bytes(len)?;
            }
            // Functions of a module: two atoms and a small integer.
            113 => {
                self.node()?;
                self.node()?;
                if self.u8()? != 97 {
                    return Err(ReadError::Tag(tag));
                }
                self.u8()?;
            }
            _ => return Err(ReadError::Tag(tag)),
        }
        let len = start.len() - self.input.len();
        Ok(Term::Other(OtherTerm(start.slice(..len))))
    }
}

fn room<T>(announced: usize) -> Vec<T> {
    Vec::with_capacity(announced.min(RESERVED))
}

impl Open {
    /// Takes the next term inside; gives the whole once it is complete.
    fn add(&mut self, term: Term) -> Result<Option<Term>, ReadError> {
        match self {
            Self::List { left: 0, items } => Ok(Some(list(mem::take(items), term))),
            Self::List { left, items } => {
                items.push(term);
                *left -= 1;
                Ok(None)
            }
            Self::Tuple { left, items } => {
                items.push(term);
                *left -= 1;
                Ok((*left == 0).then(|| Term::Tuple(mem::take(items))))
            }
            Self::Map { left, key, pairs } => {
                let Some(key) = key.take() else {
                    *key = Some(term);
                    return Ok(None);
                };
                pairs.push((key, term));
                *left -= 1;
                if *left > 0 {
                    return Ok(None);
                }
                Ok(Some(Term::Map(Map::new(mem::take(pairs))?)))
            }
        }
    }
}

/// Items and a tail, which is empty in a proper list, and may be another list.
fn list(mut items: Vec<Term>, tail: Term) -> Term {
    match tail {
        Term::List(more) => {
            items.extend(more);
            Term::List(items)
        }
        Term::ImproperList(improper) => {
            items.extend(improper.items);
            Term::ImproperList(Box::new(ImproperList { items, tail: improper.tail }))
        }
        tail => Term::ImproperList(Box::new(ImproperList { items, tail })),
    }
}
