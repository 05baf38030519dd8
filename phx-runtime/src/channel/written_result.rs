//! Results that serde would write as `{"Ok": …}` or `{"Err": …}`.

use std::fmt;

use serde::{
    Serialize, Serializer,
    ser::{Error, Impossible},
};

use crate::message::{Payload, ToPayload};

/// Which side of a `Result` a value is, and what is in it; nothing if the value is no `Result`.
///
/// A `Result` in the place of a response is seldom written, and often made by an alias: the type of a
/// handler that returns `Result<Found<T>, Fault>` does not show it. Written by serde it would be an `ok`
/// reply whatever happened.
pub(super) fn written_result(value: &impl Serialize) -> Option<Result<Payload, Payload>> {
    match value.serialize(Probe) {
        Err(Found(outcome)) => outcome,
        Ok(never) => never,
    }
}

/// Serializes nothing, and looks at what it is asked to serialize.
struct Probe;

/// What the probe found. It is an error, because serializing ends there.
#[derive(Debug)]
struct Found(Option<Result<Payload, Payload>>);

impl std::error::Error for Found {}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a probe serializes nothing")
    }
}

impl Error for Found {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self(None)
    }
}

/// What nobody serializes.
type Never = Option<Result<Payload, Payload>>;

macro_rules! nothing {
    ($($method:ident($($ty:ty),*);)*) => {
        $(
            fn $method(self, $(_: $ty),*) -> Result<Never, Found> {
                Err(Found(None))
            }
        )*
    };
}

impl Serializer for Probe {
    type Ok = Never;
    type Error = Found;
    type SerializeSeq = Impossible<Never, Found>;
    type SerializeTuple = Impossible<Never, Found>;
    type SerializeTupleStruct = Impossible<Never, Found>;
    type SerializeTupleVariant = Impossible<Never, Found>;
    type SerializeMap = Impossible<Never, Found>;
    type SerializeStruct = Impossible<Never, Found>;
    type SerializeStructVariant = Impossible<Never, Found>;

    nothing! {
        serialize_bool(bool);
        serialize_i8(i8);
        serialize_i16(i16);
        serialize_i32(i32);
        serialize_i64(i64);
        serialize_u8(u8);
        serialize_u16(u16);
        serialize_u32(u32);
        serialize_u64(u64);
        serialize_f32(f32);
        serialize_f64(f64);
        serialize_char(char);
        serialize_str(&str);
        serialize_bytes(&[u8]);
        serialize_none();
        serialize_unit();
        serialize_unit_struct(&'static str);
        serialize_unit_variant(&'static str, u32, &'static str);
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<Never, Found> {
        let written = || value.to_payload().ok();
        Err(Found(match (name, variant) {
            ("Result", "Ok") => written().map(Ok),
            ("Result", "Err") => written().map(Err),
            _ => None,
        }))
    }

    fn serialize_some<T: Serialize + ?Sized>(self, _: &T) -> Result<Never, Found> {
        Err(Found(None))
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: &T,
    ) -> Result<Never, Found> {
        Err(Found(None))
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Self::SerializeSeq, Found> {
        Err(Found(None))
    }

    fn serialize_tuple(self, _: usize) -> Result<Self::SerializeTuple, Found> {
        Err(Found(None))
    }

    fn serialize_tuple_struct(
        self,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleStruct, Found> {
        Err(Found(None))
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleVariant, Found> {
        Err(Found(None))
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Self::SerializeMap, Found> {
        Err(Found(None))
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Self::SerializeStruct, Found> {
        Err(Found(None))
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeStructVariant, Found> {
        Err(Found(None))
    }
}
