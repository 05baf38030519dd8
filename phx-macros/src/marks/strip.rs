//! Items that could not be read, without our attributes.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};

use super::role::is_mark;

/// `tokens` without our attributes, for an item that could not be read: whatever it is still
/// reaches the compiler and the editor.
pub(crate) fn strip(tokens: TokenStream) -> TokenStream {
    let mut stripped = TokenStream::new();
    let mut trees = tokens.into_iter().peekable();
    while let Some(tree) = trees.next() {
        if matches!(&tree, TokenTree::Punct(hash) if hash.as_char() == '#')
            && matches!(trees.peek(), Some(TokenTree::Group(group)) if is_ours(group))
        {
            trees.next();
            continue;
        }
        stripped.extend([match tree {
            TokenTree::Group(group) => {
                let mut inner = Group::new(group.delimiter(), strip(group.stream()));
                inner.set_span(group.span());
                TokenTree::Group(inner)
            }
            tree => tree,
        }]);
    }
    stripped
}

/// `impl Trait for Type { .. }` as `impl Type { .. }`: whose functions are no members of the trait.
pub(crate) fn inherent(tokens: TokenStream) -> TokenStream {
    let is =
        |tree: &TokenTree, word: &str| matches!(tree, TokenTree::Ident(found) if found == word);
    let trees: Vec<_> = tokens.into_iter().collect();
    let start = trees.iter().position(|tree| is(tree, "impl"));
    let end = trees.iter().position(|tree| is(tree, "for"));
    let (Some(start), Some(end)) = (start, end) else { return trees.into_iter().collect() };
    trees.iter().take(start + 1).chain(&trees[end + 1..]).cloned().collect()
}

/// Whether the brackets of an attribute name one of ours: the last word before its arguments.
fn is_ours(brackets: &Group) -> bool {
    if brackets.delimiter() != Delimiter::Bracket {
        return false;
    }
    let path = brackets.stream().into_iter().take_while(|tree| {
        matches!(tree, TokenTree::Ident(_))
            || matches!(tree, TokenTree::Punct(p) if p.as_char() == ':')
    });
    let Some(TokenTree::Ident(name)) = path.last() else {
        return false;
    };
    name == "channels" || name == "assigns" || is_mark(&name)
}
