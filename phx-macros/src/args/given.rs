//! A value as it was written, and why it may be refused.

use proc_macro2::{Span, TokenStream};
use syn::{Expr, ExprArray, ExprLit, ExprPath, Lit, LitInt, LitStr};

use super::list::Argument;

/// A value as it was written.
pub(super) enum Given<'a> {
    Flag(bool),
    Int(&'a LitInt),
    Text(&'a LitStr),
    Function(&'a ExprPath),
    List(&'a TokenStream),
    Array(&'a ExprArray),
    Else,
}

impl<'a> Given<'a> {
    pub(super) fn of(argument: &'a Argument) -> Self {
        match argument {
            Argument::Setting(_, value) => Self::expression(value),
            Argument::Group(_, tokens) => Self::List(tokens),
            _ => Self::Else,
        }
    }

    fn expression(value: &'a Expr) -> Self {
        match value {
            Expr::Lit(ExprLit { lit: Lit::Bool(flag), .. }) => Self::Flag(flag.value),
            Expr::Lit(ExprLit { lit: Lit::Int(number), .. }) => Self::Int(number),
            Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => Self::Text(text),
            Expr::Path(path) => Self::Function(path),
            Expr::Array(array) => Self::Array(array),
            // Tokens that came through a `macro_rules` variable are wrapped.
            Expr::Group(group) => Self::expression(&group.expr),
            _ => Self::Else,
        }
    }
}

/// Why a value is invalid.
pub(super) enum Refused {
    /// It is of another kind than the option takes.
    Kind,
    /// An entry of it, here, is of another kind than the option takes.
    Entry(Span),
    /// For the reason that the message gives.
    Value(String),
    /// That has been reported.
    Reported,
}

impl From<String> for Refused {
    fn from(message: String) -> Self {
        Self::Value(message)
    }
}
