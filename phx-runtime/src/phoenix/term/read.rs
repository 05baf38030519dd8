//! Reads the External Term Format.
//!
//! The input is trusted with nothing: what it says of sizes and counts must be there before
//! anything is allocated for it, its depth takes no stack, and there are [`Limits`].

use std::mem;

use bytes::{Buf, Bytes};
use miniz_oxide::inflate::decompress_to_vec_zlib_with_limit;
use thiserror::Error;

use super::{
    Atom, AtomError, DuplicateKey, Float, ImproperList, Integer, MAX_DEPTH, Map, OtherTerm, Pid,
    Reference, Term,
};

/// How much is read of what others send.
///
/// Nothing deeper than 256 is read, whatever is set here.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// The greatest size in bytes, after decompression; 16 MiB by default.
    pub max_bytes: usize,
    /// How many terms there may be, each inside of another one counted; a million by default. A
    /// term takes up to 200 bytes of memory, while it may be a single byte of input.
    pub max_terms: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { max_bytes: 16 << 20, max_terms: 1_000_000 }
    }
}

/// Bytes that are no term, or one that is not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ReadError {
    /// The first byte is not the version of the format.
    #[error("no term: the first byte is not 131")]
    Version,
    /// The input ends inside of the term.
    #[error("the term is cut short")]
    CutShort,
    /// A kind of term that is not read.
    #[error("a term of the unknown or unreadable kind {0}")]
    Tag(u8),
    /// The text of an atom is no UTF-8, or too long.
    #[error("an atom that is invalid")]
    Atom,
    /// A floating-point number is infinite, or none.
    #[error("a float that is no number")]
    Float,
    /// A map has the same key twice.
    #[error("a map has the same key twice")]
    DuplicateKey,
    /// A size inside of the term is invalid.
    #[error("a size inside of the term is invalid")]
    Size,
    /// What is compressed cannot be decompressed to the size that it states.
    #[error("the compressed term is invalid")]
    Compressed,
    /// It is deeper than 256.
    #[error("the term is deeper than {MAX_DEPTH}")]
    TooDeep,
    /// It consists of more terms than [`Limits::max_terms`].
    #[error("the term consists of more terms than allowed")]
    TooMany,
    /// It has more bytes than [`Limits::max_bytes`].
    #[error("the term is larger than allowed")]
    TooLarge,
}

impl ReadError {
    /// A word for it in metrics and logs: the variant's name, such as `version`.
    pub const fn kind(self) -> &'static str {
        match self {
            Self::Version => "version",
            Self::CutShort => "cut_short",
            Self::Tag(..) => "tag",
            Self::Atom => "atom",
            Self::Float => "float",
            Self::DuplicateKey => "duplicate_key",
            Self::Size => "size",
            Self::Compressed => "compressed",
            Self::TooDeep => "too_deep",
            Self::TooMany => "too_many",
            Self::TooLarge => "too_large",
        }
    }
}

impl From<AtomError> for ReadError {
    fn from(_: AtomError) -> Self {
        Self::Atom
    }
}

impl From<DuplicateKey> for ReadError {
    fn from(_: DuplicateKey) -> Self {
        Self::DuplicateKey
    }
}

impl Term {
    /// Reads a term with the default [`Limits`].
    ///
    /// Binaries inside of it share the memory of the input. As Erlang does, it takes no notice of
    /// what follows the term.
    ///
    /// # Errors
    ///
    /// See [`ReadError`].
    pub fn decode(bytes: impl Into<Bytes>) -> Result<Self, ReadError> {
        Self::decode_within(bytes, Limits::default())
    }

    /// Reads a term within limits.
    ///
    /// # Errors
    ///
    /// See [`ReadError`].
    pub fn decode_within(bytes: impl Into<Bytes>, limits: Limits) -> Result<Self, ReadError> {
        let mut input: Bytes = bytes.into();
        if input.len() > limits.max_bytes {
            return Err(ReadError::TooLarge);
        }
        match input.try_get_u8() {
            Ok(VERSION) => {}
            Ok(_) => return Err(ReadError::Version),
            Err(_) => return Err(ReadError::CutShort),
        }
        if input.first() == Some(&COMPRESSED) {
            input = decompressed(&input[1..], limits.max_bytes)?;
        }
        Reader { input, terms_left: limits.max_terms }.read()
    }
}

const VERSION: u8 = 131;
const COMPRESSED: u8 = 80;

fn decompressed(mut input: &[u8], max_bytes: usize) -> Result<Bytes, ReadError> {
    let stated = input.try_get_u32().map_err(|_| ReadError::CutShort)?;
    let stated = usize::try_from(stated).map_err(|_| ReadError::TooLarge)?;
    if stated > max_bytes {
        return Err(ReadError::TooLarge);
    }
    // Its buffer grows with what comes out, not with what is stated.
    match decompress_to_vec_zlib_with_limit(input, stated) {
        Ok(bytes) if bytes.len() == stated => Ok(bytes.into()),
        _ => Err(ReadError::Compressed),
    }
}

struct Reader {
    input: Bytes,
    terms_left: usize,
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
    fn read(mut self) -> Result<Term, ReadError> {
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

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    fn read(bytes: &[u8]) -> Result<Term, ReadError> {
        Term::decode([&[131], bytes].concat())
    }

    fn integer(text: &str) -> Term {
        Term::Integer(text.parse().unwrap())
    }

    fn float(value: f64) -> Term {
        Term::Float(Float::new(value).unwrap())
    }

    #[test]
    fn every_kind_of_number_is_read() {
        assert_eq!(read(&[97, 255]), Ok(255.into()));
        assert_eq!(read(&[98, 0xff, 0xff, 0xff, 0xfe]), Ok((-2).into()));
        assert_eq!(
            read(&[110, 9, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1]),
            Ok(integer("-18446744073709551616"))
        );
        assert_eq!(read(&[110, 3, 0, 7, 0, 0]), Ok(7.into()), "with zeros at the end");
        let large = [&[111, 0, 0, 1, 0, 0][..], &[0; 255], &[1]].concat();
        let Ok(Term::Integer(large)) = read(&large) else { panic!("an integer") };
        assert_eq!(large.magnitude().len(), 256);
        assert_eq!(read(&[&[70][..], &1.5_f64.to_be_bytes()].concat()), Ok(float(1.5)));
        let text = [&[99][..], b"1.50000000000000000000e+00", &[0; 5]].concat();
        assert_eq!(read(&text), Ok(float(1.5)));
        let infinite = [&[70][..], &f64::INFINITY.to_be_bytes()].concat();
        assert_eq!(read(&infinite), Err(ReadError::Float));
    }

    #[test]
    fn atoms_of_old_and_new_erlang_are_the_same() {
        let atom = |text: &str| Ok(Term::Atom(Atom::new(text).unwrap()));
        assert_eq!(read(b"\x77\x03\xc3\xa4b"), atom("äb"));
        assert_eq!(read(b"\x76\x00\x03\xc3\xa4b"), atom("äb"));
        assert_eq!(read(b"\x64\x00\x02\xe4b"), atom("äb"));
        assert_eq!(read(b"\x73\x02\xe4b"), atom("äb"));
        assert_eq!(read(b"\x77\x02\xe4b"), Err(ReadError::Atom));
        let long = [&[118, 1, 0][..], &[b'a'; 256]].concat();
        assert_eq!(read(&long), Err(ReadError::Atom));
    }

    #[test]
    fn lists_of_bytes_are_lists_of_numbers() {
        let numbers = Term::List(vec![104.into(), 105.into()]);
        assert_eq!(read(b"\x6b\x00\x02hi"), Ok(numbers.clone()));
        assert_eq!(read(b"\x6c\x00\x00\x00\x02\x61\x68\x61\x69\x6a"), Ok(numbers.clone()));
        // With a tail that is a list.
        assert_eq!(read(b"\x6c\x00\x00\x00\x01\x61\x68\x6b\x00\x01i"), Ok(numbers));
        assert_eq!(read(b"\x6c\x00\x00\x00\x00\x61\x68"), Ok(104.into()));
        let improper = ImproperList { items: vec![1.into()], tail: 2.into() };
        let improper = Term::ImproperList(Box::new(improper));
        assert_eq!(read(b"\x6c\x00\x00\x00\x01\x61\x01\x61\x02"), Ok(improper));
    }

    #[test]
    fn what_means_nothing_here_is_kept_as_it_came() {
        for bytes in [
            &b"\x4d\x00\x00\x00\x01\x03\xa0"[..],
            b"\x59\x77\x01a\x00\x00\x00\x01\x00\x00\x00\x02",
            b"\x66\x77\x01a\x00\x00\x00\x01\x02",
            b"\x78\x77\x01a\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x02",
            b"\x70\x00\x00\x00\x08abcd",
            b"\x71\x77\x01a\x77\x01b\x61\x02",
        ] {
            let term = read(bytes).unwrap();
            assert!(matches!(term, Term::Other(_)), "{term:?}");
            assert_eq!(term.encode()[1..], *bytes);
        }
        assert_eq!(read(&[121, 0]), Err(ReadError::Tag(121)));
        assert_eq!(read(b"\x4d\x00\x00\x00\x01\x09\xa0"), Err(ReadError::Size));
        assert_eq!(read(b"\x70\x00\x00\x00\x03"), Err(ReadError::Size));
    }

    #[test]
    fn identifiers_of_old_and_new_erlang_are_the_same() {
        let node = Atom::new("a").unwrap();
        let pid = Pid { node: node.clone(), number: 1, serial: 2, creation: 3 };
        let pid = Ok(Term::Pid(Box::new(pid)));
        assert_eq!(read(b"\x58\x77\x01a\0\0\0\x01\0\0\0\x02\0\0\0\x03"), pid);
        assert_eq!(read(b"\x67\x64\0\x01a\0\0\0\x01\0\0\0\x02\x03"), pid);
        let reference = Reference { node, creation: 3, words: vec![1] };
        let reference = Ok(Term::Reference(Box::new(reference)));
        assert_eq!(read(b"\x5a\0\x01\x77\x01a\0\0\0\x03\0\0\0\x01"), reference);
        assert_eq!(read(b"\x72\0\x01\x77\x01a\x03\0\0\0\x01"), reference);
        assert_eq!(read(b"\x65\x77\x01a\0\0\0\x01\x03"), reference);
    }

    #[test]
    fn the_same_key_twice_is_invalid() {
        assert_eq!(read(b"\x74\0\0\0\x02\x61\x01\x6a\x61\x01\x6a"), Err(ReadError::DuplicateKey));
    }

    #[test]
    fn a_term_cut_short_is_an_error_wherever_it_ends() {
        let whole = b"\x68\x03\x6d\0\0\0\x02hi\x74\0\0\0\x01\x77\x01a\x6c\0\0\0\x01\x6a\x6a\
                      \x6e\x02\x00\x01\x02";
        assert!(read(whole).is_ok());
        for len in 0..whole.len() {
            assert_eq!(read(&whole[..len]), Err(ReadError::CutShort), "{len} bytes");
        }
        assert_eq!(Term::decode(Bytes::new()), Err(ReadError::CutShort));
        assert_eq!(Term::decode(&b"hello"[..]), Err(ReadError::Version));
    }

    #[test]
    fn a_count_without_terms_allocates_nothing() {
        for tag in [105, 108, 109, 111, 116] {
            let bytes = Bytes::copy_from_slice(&[131, tag, 0xff, 0xff, 0xff, 0xff, 97]);
            let allocated = allocation_counter::measure(|| {
                assert_eq!(Term::decode(bytes.clone()), Err(ReadError::CutShort));
            });
            assert!(allocated.bytes_max < 1000, "{tag}: {} bytes", allocated.bytes_max);
        }
    }

    #[test]
    fn a_deep_term_takes_no_stack() {
        // A list in a list in a list: `[[[...]]]`.
        let nested = |depth: usize| {
            let open = [108, 0, 0, 0, 1].repeat(depth);
            [&[131], &*open, &[106], &*[106].repeat(depth)].concat()
        };
        assert_eq!(Term::decode(nested(1_000_000)), Err(ReadError::TooDeep));
        let deepest = nested(MAX_DEPTH);
        // Half of what the threads of Tokio have.
        let handled = thread::Builder::new().stack_size(1 << 20).spawn(move || {
            let term = Term::decode(deepest.clone()).unwrap();
            assert_eq!(term.clone(), term);
            assert_eq!(Term::decode(term.encode()), Ok(term.clone()));
            assert!(term.to_json().is_ok());
        });
        handled.unwrap().join().unwrap();
    }

    #[test]
    fn a_compressed_term_is_read_up_to_the_limit() {
        let plain = Term::text("x".repeat(100_000));
        let inside = &plain.encode()[1..];
        let zlib = miniz_oxide::deflate::compress_to_vec_zlib(inside, 6);
        let message = |stated: usize| {
            let stated = u32::try_from(stated).unwrap().to_be_bytes();
            [&[131, 80][..], &stated, &zlib].concat()
        };
        assert_eq!(Term::decode(message(inside.len())), Ok(plain));
        let within = |max_bytes| Limits { max_bytes, ..Limits::default() };
        let limited = Term::decode_within(message(inside.len()), within(99_999));
        assert_eq!(limited, Err(ReadError::TooLarge));
        for wrong in [0, inside.len() - 1, inside.len() + 1] {
            assert_eq!(Term::decode(message(wrong)), Err(ReadError::Compressed));
        }
        let mut damaged = message(inside.len());
        let last = damaged.len() - 1;
        damaged[last] ^= 1;
        assert_eq!(Term::decode(damaged), Err(ReadError::Compressed));
        assert_eq!(Term::decode(&[131, 80, 0][..]), Err(ReadError::CutShort));
        // What states much and holds little costs little.
        let stated = [131, 80, 0, 0xf0, 0, 0, 1, 2];
        let allocated = allocation_counter::measure(|| {
            assert_eq!(Term::decode(stated.to_vec()), Err(ReadError::Compressed));
        });
        assert!(allocated.bytes_max < 100_000, "{} bytes", allocated.bytes_max);
    }

    #[test]
    fn many_small_terms_are_limited() {
        let strings = Limits { max_terms: 1000, ..Limits::default() };
        let bytes = [&[131, 107, 4, 0][..], &[0; 1024]].concat();
        assert_eq!(Term::decode_within(bytes, strings), Err(ReadError::TooMany));
        let bytes = [&[131, 108, 0, 0, 4, 0][..], &[106; 1025]].concat();
        assert_eq!(Term::decode_within(bytes, strings), Err(ReadError::TooMany));
    }
}
