use std::thread;

use bytes::Bytes;

use super::{
    super::{Atom, Float, ImproperList, MAX_DEPTH, Pid, Reference, Term},
    Limits, ReadError,
};

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
    assert_eq!(read(&[110, 9, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1]), Ok(integer("-18446744073709551616")));
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
