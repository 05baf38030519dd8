//! The annotated item, read no deeper than the signatures.
//!
//! Bodies stay token trees: an unfinished statement in one handler must not make the whole channel
//! vanish from the editor's view of the program, and reading no expressions keeps expansion cheap.

use proc_macro2::{Delimiter, Group, Ident, TokenStream, TokenTree};
use quote::{ToTokens, TokenStreamExt, quote};
use syn::{
    Attribute, Generics, Signature, Token, Type, Visibility,
    parse::{Parse, ParseStream, Parser, discouraged::Speculative},
    token::Brace,
};

use crate::syntax::{argument_of, mentions, spelled, unwrapped};

/// An inherent `impl` block or an inline module.
pub(crate) struct Item {
    pub(crate) attrs: Vec<Attribute>,
    pub(crate) head: Head,
    body: Group,
    inner_attrs: Vec<Attribute>,
    pub(crate) members: Vec<Member>,
}

/// What stands before the braces.
pub(crate) enum Head {
    Impl { token: Token![impl], generics: Box<Generics>, ty: Box<Type> },
    Module { vis: Visibility, token: Token![mod], name: Ident },
}

pub(crate) enum Member {
    Function(Box<Function>),
    Other(Other),
}

/// A function whose body was not looked at.
pub(crate) struct Function {
    pub(crate) attrs: Vec<Attribute>,
    vis: Visibility,
    pub(crate) sig: Signature,
    /// The braces, or the semicolon of a function that is still to be written, or nothing.
    pub(crate) body: TokenStream,
    /// Lints that would make the author change what phx demands.
    pub(crate) allow: TokenStream,
    /// The type that it is printed as a method of, because it has a `self` and stands in a module.
    pub(crate) method_of: Option<Box<Type>>,
}

/// Any other member, and functions that could not be read.
pub(crate) struct Other {
    pub(crate) attrs: Vec<Attribute>,
    pub(crate) tokens: TokenStream,
}

/// An item that cannot carry the attribute.
pub(crate) struct Refused {
    pub(crate) error: syn::Error,
    /// The type that the author wanted to annotate.
    pub(crate) meant: Option<Ident>,
    /// Whether the item can stay: the compiler may have the same to say of it.
    pub(crate) is_kept: bool,
}

impl Item {
    /// Reads the item under `#[macro_name(..)]`.
    pub(crate) fn read(macro_name: &str, tokens: TokenStream) -> Result<Self, Refused> {
        let (mut meant, mut is_kept) = (None, true);
        let parser = |input: ParseStream<'_>| item(macro_name, input, &mut meant, &mut is_kept);
        let read = parser.parse2(tokens);
        read.map_err(|error| Refused { error, meant, is_kept })
    }

    pub(crate) fn functions(&self) -> impl Iterator<Item = &Function> {
        self.members.iter().filter_map(|member| match member {
            Member::Function(function) => Some(&**function),
            Member::Other(_) => None,
        })
    }

    pub(crate) fn is_module(&self) -> bool {
        matches!(self.head, Head::Module { .. })
    }

    /// Where to point when something is missing from the item: `impl Room` or `mod room`.
    pub(crate) fn title(&self) -> TokenStream {
        match &self.head {
            Head::Impl { token, ty, .. } => quote!(#token #ty),
            Head::Module { token, name, .. } => quote!(#token #name),
        }
    }

    /// Whether the application defines a function called `name` for the state itself.
    pub(crate) fn defines(&self, name: &str) -> bool {
        match self.head {
            Head::Impl { .. } => self.functions().any(|function| function.sig.ident == name),
            Head::Module { .. } => self.members.iter().any(|member| {
                matches!(member, Member::Other(other) if contains_fn(other.tokens.clone(), name))
            }),
        }
    }

    /// Whether a module may know the type `name`: declares it, imports it, or imports what cannot be
    /// looked into.
    pub(crate) fn knows(&self, name: &Ident) -> bool {
        self.members.iter().any(|member| match member {
            Member::Function(_) => false,
            Member::Other(other) => other.imports_all() || mentions(other.tokens.clone(), name),
        })
    }

    /// The item as written, with `generated` where it sees the item's private names.
    pub(crate) fn print(&self, generated: &TokenStream) -> TokenStream {
        let Self { attrs, inner_attrs, members, .. } = self;
        let braces = |content| {
            let mut group = Group::new(Delimiter::Brace, content);
            group.set_span(self.body.span());
            group
        };
        match &self.head {
            Head::Impl { token, generics, ty } => {
                let (params, _, clause) = generics.split_for_impl();
                let body = braces(quote!(#(#inner_attrs)* #(#members)*));
                quote!(#(#attrs)* #token #params #ty #clause #body #generated)
            }
            Head::Module { vis, token, name } => {
                let body = braces(quote!(#(#inner_attrs)* #(#members)* #generated));
                quote!(#(#attrs)* #vis #token #name #body)
            }
        }
    }
}

fn item(
    macro_name: &str,
    input: ParseStream<'_>,
    meant: &mut Option<Ident>,
    kept: &mut bool,
) -> syn::Result<Item> {
    let attrs = input.call(Attribute::parse_outer)?;
    let vis: Visibility = input.parse()?;
    let head = if input.peek(Token![mod]) {
        let token = input.parse()?;
        let name: Ident = input.parse()?;
        if input.peek(Token![;]) {
            let message = format!(
                "an attribute cannot see into `mod {name};`: write the module inline, \
                 `mod {name} {{ … }}`, or annotate an `impl` block inside its file"
            );
            return Err(syn::Error::new(name.span(), message));
        }
        Head::Module { vis, token, name }
    } else {
        if !input.peek(Token![impl]) {
            return Err(wrong_item(macro_name, input, meant));
        }
        impl_head(macro_name, input, meant, kept)?
    };
    if !input.peek(Brace) {
        return Err(input.error("expected `{`"));
    }
    let body: Group = input.parse()?;
    let (inner_attrs, members) = members.parse2(body.stream())?;
    Ok(Item { attrs, head, body, inner_attrs, members })
}

/// What to say about a type that is none of the application's own.
fn foreign(macro_name: &str, ty: &Type) -> Option<String> {
    let owned = |ty: &Type| match unwrapped(ty) {
        Type::Path(_) => Some(spelled(ty)),
        _ => None,
    };
    let wrapped = WRAPPERS.iter().find_map(|outer| argument_of(outer, ty));
    let meant = match unwrapped(ty) {
        Type::Reference(borrowed) => owned(&borrowed.elem),
        Type::Path(path) => match wrapped {
            Some(inner) => owned(inner),
            None if path
                .path
                .get_ident()
                .is_some_and(|it| VALUES.iter().any(|name| it == name)) =>
            {
                None
            }
            None => return None,
        },
        Type::Macro(_) | Type::Verbatim(_) => return None,
        _ => None,
    };
    let meant = meant
        .unwrap_or_else(|| if macro_name == "socket" { "UserSocket" } else { "Room" }.to_owned());
    Some(format!("a {macro_name} is a `struct` or `enum` of your own: `impl {meant} {{ … }}`"))
}

/// Types of the standard library that are no state by themselves.
const WRAPPERS: &[&str] = &["Arc", "Box", "Mutex", "Option", "Pin", "Rc", "RwLock", "Vec"];

/// The same, without another type in them.
const VALUES: &[&str] = &[
    "String", "bool", "char", "f32", "f64", "i16", "i32", "i64", "i8", "str", "u16", "u32", "u64",
    "u8", "usize",
];

fn impl_head(
    macro_name: &str,
    input: ParseStream<'_>,
    meant: &mut Option<Ident>,
    kept: &mut bool,
) -> syn::Result<Head> {
    let token = input.parse()?;
    let mut generics: Generics =
        if input.peek(Token![<]) { input.parse()? } else { Generics::default() };
    let ty: Type = input.parse()?;
    if input.peek(Token![for]) {
        input.parse::<Token![for]>()?;
        let target: Type = input.parse()?;
        if let (Type::Path(path), true) = (&target, generics.params.is_empty()) {
            *meant = path.path.get_ident().cloned();
        }
        let message = format!(
            "`#[{macro_name}]` implements its trait itself: annotate `impl {} {{ … }}`",
            target.to_token_stream()
        );
        return Err(syn::Error::new_spanned(&ty, message));
    }
    if let Some(message) = foreign(macro_name, &ty) {
        *kept = false;
        return Err(syn::Error::new_spanned(&ty, message));
    }
    generics.where_clause = input.parse()?;
    Ok(Head::Impl { token, generics: Box::new(generics), ty: Box::new(ty) })
}

/// Says what `#[channel]` and `#[socket]` go on, in the words of what they stand on.
fn wrong_item(macro_name: &str, input: ParseStream<'_>, meant: &mut Option<Ident>) -> syn::Error {
    let ahead = input.fork();
    let is_type = ahead.peek(Token![struct]) || ahead.peek(Token![enum]);
    if is_type
        && ahead.parse::<TokenTree>().is_ok()
        && let Ok(name) = ahead.parse::<Ident>()
    {
        let message = format!(
            "`#[{macro_name}]` goes on the functions, not on the type: annotate `impl {name} {{ … }}`"
        );
        // A generic type would need its parameters repeated; then a second error is no harm.
        *meant = (!ahead.peek(Token![<])).then(|| name.clone());
        return syn::Error::new(name.span(), message);
    }
    input.error(format!("expected an `impl` block or an inline module under `#[{macro_name}]`"))
}

fn members(input: ParseStream<'_>) -> syn::Result<(Vec<Attribute>, Vec<Member>)> {
    let inner_attrs = input.call(Attribute::parse_inner)?;
    let mut members = Vec::new();
    while !input.is_empty() {
        let ahead = input.fork();
        members.push(match ahead.parse() {
            Ok(function) => {
                input.advance_to(&ahead);
                Member::Function(Box::new(function))
            }
            Err(_) => Member::Other(other(input)?),
        });
    }
    Ok((inner_attrs, members))
}

impl Function {
    /// Whether its signature is still being typed, for all that one can see.
    pub(crate) fn is_unfinished(&self) -> bool {
        self.body.is_empty()
    }
}

/// A member that is no function, or the next token where no member can be made out.
fn other(input: ParseStream<'_>) -> syn::Result<Other> {
    let ahead = input.fork();
    if let Ok(other) = ahead.parse() {
        input.advance_to(&ahead);
        return Ok(other);
    }
    let tokens = input.parse::<TokenTree>()?.into();
    Ok(Other { attrs: Vec::new(), tokens })
}

impl Parse for Function {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        Ok(Self {
            attrs: input.call(Attribute::parse_outer)?,
            vis: input.parse()?,
            sig: input.parse()?,
            body: if input.peek(Brace) {
                input.parse::<Group>()?.into_token_stream()
            } else {
                input.parse::<Option<Token![;]>>()?.into_token_stream()
            },
            allow: TokenStream::new(),
            method_of: None,
        })
    }
}

impl Parse for Other {
    /// Takes tokens up to where a member ends: at a semicolon, or after braces that are not part
    /// of a value. If that is wrong for some syntax, the member comes in two pieces and is printed
    /// as it was.
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let attrs = input.call(Attribute::parse_outer)?;
        let mut tokens = input.parse::<Visibility>()?.into_token_stream();
        let value = (input.peek(Token![const]) && !input.peek2(Token![fn]))
            || input.peek(Token![static])
            || input.peek(Token![type]);
        while !input.is_empty() {
            let done = input.peek(Token![;]) || (input.peek(Brace) && !value);
            tokens.append(input.parse::<TokenTree>()?);
            if done {
                break;
            }
        }
        Ok(Self { attrs, tokens })
    }
}

impl ToTokens for Member {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        match self {
            Self::Function(function) => {
                let Function { attrs, vis, sig, body, allow, method_of } = &**function;
                // The compiler has asked for the body of a function that is being typed.
                let body = if body.is_empty() { &quote!({ loop {} }) } else { body };
                match method_of {
                    None => {
                        // What the author says of a lint comes last, and holds.
                        let lints = attrs.iter().position(is_lint_level).unwrap_or(attrs.len());
                        let (attrs, lints) = attrs.split_at(lints);
                        tokens.append_all(quote!(#(#attrs)* #allow #(#lints)* #vis #sig #body));
                    }
                    Some(ty) => tokens.append_all(quote!(impl #ty { #(#attrs)* #vis #sig #body })),
                }
            }
            // Attributes without anything under them have been reported by the compiler.
            Self::Other(other) if other.tokens.is_empty() => {}
            Self::Other(other) => {
                tokens.append_all(&other.attrs);
                other.tokens.to_tokens(tokens);
            }
        }
    }
}

/// `#[allow(..)]` and its like.
fn is_lint_level(attr: &Attribute) -> bool {
    let levels = ["allow", "expect", "warn", "deny", "forbid"];
    levels.iter().any(|level| attr.path().is_ident(level))
}

/// The words that items other than functions begin with.
const ITEMS: [&str; 10] =
    ["static", "type", "struct", "enum", "union", "use", "mod", "impl", "trait", "macro_rules"];

impl Other {
    /// Whether this is `use somewhere::*;`, or may hold one, and is not the import of a prelude.
    fn imports_all(&self) -> bool {
        let text = self.tokens.to_string().replace(' ', "");
        let imports = text.trim_start_matches("pub").starts_with("use");
        imports && text.contains('*') && !text.ends_with("prelude::*;")
    }

    /// Whether this is a finished item, and not what is left of a function that is being typed.
    pub(crate) fn is_item(&self) -> bool {
        let mut words = self.tokens.clone().into_iter().filter_map(|tree| match tree {
            TokenTree::Ident(word) if word != "pub" => Some(word.to_string()),
            _ => None,
        });
        let (first, second) = (words.next(), words.next());
        match first.as_deref() {
            Some("const") => !matches!(second.as_deref(), Some("fn" | "async" | "unsafe")),
            Some("extern") => second.as_deref() == Some("crate"),
            Some(word) => ITEMS.contains(&word),
            None => false,
        }
    }

    /// The name of the type that this member declares, and whether it is generic.
    pub(crate) fn declared_type(&self) -> Option<(Ident, bool)> {
        let parser = |input: ParseStream<'_>| {
            input.parse::<Visibility>()?;
            let keyword: Ident = input.call(syn::ext::IdentExt::parse_any)?;
            let name: Ident = input.parse()?;
            let generic = input.peek(Token![<]);
            input.parse::<TokenStream>()?;
            let declares = ["struct", "enum", "union", "type"].iter().any(|word| keyword == word);
            Ok(declares.then_some((name, generic)))
        };
        parser.parse2(self.tokens.clone()).ok().flatten()
    }
}

fn contains_fn(tokens: TokenStream, name: &str) -> bool {
    let mut after_fn = false;
    tokens.into_iter().any(|tree| {
        let found = match &tree {
            TokenTree::Group(group) => contains_fn(group.stream(), name),
            tree => after_fn && is_ident(tree, name),
        };
        after_fn = is_ident(&tree, "fn");
        found
    })
}

fn is_ident(tree: &TokenTree, name: &str) -> bool {
    matches!(tree, TokenTree::Ident(ident) if ident == name)
}

#[cfg(test)]
mod tests {
    use proc_macro2::TokenStream;

    use super::Item;

    fn read(text: &str) -> Item {
        let tokens = text.parse().unwrap();
        Item::read("channel", tokens).unwrap_or_else(|refused| panic!("{}", refused.error))
    }

    /// Reads an item, expects that printing gives it back, and returns its functions' names.
    fn functions(text: &str) -> Vec<String> {
        let item = read(text);
        let tokens: TokenStream = text.parse().unwrap();
        // Where punctuation had spaces around it is not kept.
        let dense = |tokens: TokenStream| tokens.to_string().replace(' ', "");
        assert_eq!(dense(item.print(&TokenStream::new())), dense(tokens));
        item.functions().map(|function| function.sig.ident.to_string()).collect()
    }

    #[test]
    fn all_kinds_of_members_are_printed_as_they_were() {
        let names = functions(
            r#"#[doc = "outer"] pub(crate) mod room {
                #![allow(dead_code)]
                use a::{b, c};
                const X: T = T { a: 1 };
                fn after_a_constant() {}
                pub(super) static S: [u8; 2] = [1, 2];
                type A = B<{ 1 }>;
                impl<const N: usize> Foo<{ N }> for Bar { const Y: u8 = 1; fn inner() {} }
                struct D<T = u8> { x: T }
                pub const fn constant() -> u8 { 1 }
                macro_rules! m { () => { fn expanded() {} } }
                m! {}
                extern "C" { fn foreign(); }
                #[attr] pub(crate) async unsafe extern "C" fn f<'a, T: X>(#[a] x: &'a T) -> impl Sized + 'a
                where T: Y { let x = |y| { y }; x. }
                struct Last;
            }"#,
        );
        assert_eq!(names, ["after_a_constant", "constant", "f"]);
        let names = functions(
            "impl<'a, T: 'a, const N: usize> Room<'a, [T; N]> where T: X<{ N }> {
                const LIMIT: u8 = { 1 };
                fn one(mut self: Box<Self>, (a, b): (u8, u8)) -> ! { loop {} }
                default! { fn expanded() {} }
                fn unfinished(&self);
                pub fn r#type() {}
            }",
        );
        assert_eq!(names, ["one", "unfinished", "r#type"]);
    }

    #[test]
    fn a_function_of_the_states_own_is_noticed() {
        assert!(read("impl Room { fn topic() {} }").defines("topic"));
        assert!(!read("impl Room { fn a() { fn topic() {} } }").defines("topic"));
        assert!(read("mod room { impl Room { pub fn topic() {} } }").defines("topic"));
        assert!(!read("mod room { fn topic() {} impl Room {} }").defines("topic"));
    }
}
