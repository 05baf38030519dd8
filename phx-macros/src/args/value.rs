//! Options with their checked values.

use proc_macro2::Ident;
use syn::{Expr, ExprPath, LitStr};

/// An option with a checked value. Its name is the builder's method.
pub(crate) struct Setting {
    pub(crate) key: Ident,
    pub(crate) value: Value,
}

/// A checked value; durations are milliseconds, sizes bytes.
pub(crate) enum Value {
    Flag(bool),
    Number(u64),
    Duration(u64),
    Timeout(Option<u64>),
    /// The name of the variant of `LogLevel`.
    Level(&'static str),
    Text(LitStr),
    Texts(Vec<LitStr>),
    Origin(Origin),
    Function(ExprPath),
    Serializers(Vec<Serializer>),
    Filter(Filter),
    Drainer(Option<Vec<Setting>>),
    /// What a rate begins with, and the rest.
    Rate(Box<Setting>, Vec<Setting>),
}

pub(crate) enum Serializer {
    /// The name of a variant of `Version`.
    Version(&'static str),
    /// The name of a function of `Protocol`.
    Older(&'static str),
    /// A value of the application's own.
    Given(Expr),
}

pub(crate) enum Origin {
    Any,
    Host,
    Request,
    List(Vec<LitStr>),
    Function(ExprPath),
}

pub(crate) struct Filter {
    pub(crate) keep: bool,
    pub(crate) terms: Vec<LitStr>,
}
