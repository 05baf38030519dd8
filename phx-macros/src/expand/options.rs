//! Options as calls of the runtime's builders.

use proc_macro2::{Ident, Literal, Span, TokenStream};

use crate::args::{Filter, Origin, Serializer, Setting, Value};

/// `builder.key(value)…`. The key is the user's own word, so an editor shows the method's docs.
pub(super) fn chain(builder: TokenStream, settings: &[Setting]) -> TokenStream {
    settings.iter().fold(builder, |builder, Setting { key, value }| {
        let value = tokens(value);
        code!(#builder.#key(#value))
    })
}

pub(super) fn tokens(value: &Value) -> TokenStream {
    match value {
        Value::Flag(on) => code!(#on),
        Value::Number(number) => {
            let number = Literal::u64_unsuffixed(*number);
            code!(#number)
        }
        Value::Duration(ms) => duration(*ms),
        Value::Timeout(None) | Value::Drainer(None) => code!(_phx::None),
        Value::Timeout(Some(ms)) => {
            let duration = duration(*ms);
            code!(_phx::Some(#duration))
        }
        Value::Level(name) => {
            let level = Ident::new(name, Span::mixed_site());
            code!(_phx::LogLevel::#level)
        }
        Value::Text(text) => code!(#text),
        Value::Texts(texts) => code!([#(#texts),*]),
        Value::Origin(origin) => self::origin(origin),
        Value::Function(path) => code!({
            let handler: fn(&_phx::ConnectError) -> _ = #path;
            handler
        }),
        Value::Serializers(serializers) => {
            let protocols = serializers.iter().map(protocol);
            code!([#(#protocols),*])
        }
        Value::Filter(filter) => self::filter(filter),
        Value::Rate(per_second, rest) => {
            let Setting { key, value } = &**per_second;
            let value = tokens(value);
            chain(code!(_phx::Rate::#key(#value)), rest)
        }
        Value::Drainer(Some(settings)) => {
            let drainer = chain(code!(_phx::Drainer::new()), settings);
            code!(_phx::Some(#drainer))
        }
    }
}

fn duration(ms: u64) -> TokenStream {
    let (number, unit) =
        if ms.is_multiple_of(1_000) { (ms / 1_000, "from_secs") } else { (ms, "from_millis") };
    let number = Literal::u64_unsuffixed(number);
    let unit = Ident::new(unit, Span::mixed_site());
    code!(_phx::Duration::#unit(#number))
}

fn protocol(serializer: &Serializer) -> TokenStream {
    match serializer {
        Serializer::Version(name) => {
            let version = Ident::new(name, Span::mixed_site());
            code!(_phx::Protocol::from(_phx::Version::#version))
        }
        Serializer::Older(name) => {
            let older = Ident::new(name, Span::mixed_site());
            code!(_phx::Protocol::#older())
        }
        Serializer::Given(value) => code!(_phx::Protocol::of(#value)),
    }
}

fn origin(origin: &Origin) -> TokenStream {
    match origin {
        Origin::Any => code!(_phx::CheckOrigin::ANY),
        Origin::Host => code!(_phx::CheckOrigin::HOST),
        Origin::Request => code!(_phx::CheckOrigin::REQUEST),
        Origin::List(origins) => code!(_phx::CheckOrigin::list([#(#origins),*])),
        // A function of another signature is told of as what it is.
        Origin::Function(path) => code!(_phx::CheckOrigin::with({
            let rule: fn(&_phx::Origin) -> bool = #path;
            rule
        })),
    }
}

fn filter(Filter { keep, terms }: &Filter) -> TokenStream {
    match (keep, &terms[..]) {
        (true, terms) => code!(_phx::FilterParameters::keep([#(#terms),*])),
        (false, []) => code!(_phx::FilterParameters::discard::<&str>([])),
        (false, terms) => code!(_phx::FilterParameters::discard([#(#terms),*])),
    }
}
