//! A crate as its sources declare it: modules, what they define, and which paths they name.
//!
//! Read from tokens, so that paths in the bodies of macros count as well.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use proc_macro2::{Delimiter, Ident, TokenStream, TokenTree};

/// The segments of a path.
pub(super) type Segments = Vec<String>;

pub(super) struct Module {
    pub(super) file: PathBuf,
    pub(super) parent: Option<Segments>,
    pub(super) children: BTreeMap<String, Segments>,
    pub(super) items: BTreeSet<String>,
    /// What `use` brings in, by the name that it has here.
    pub(super) imports: BTreeMap<String, Segments>,
    pub(super) globs: Vec<Segments>,
    /// Paths that are named anywhere in the module but in `pub use`, which only hands on.
    pub(super) mentions: Vec<Segments>,
}

/// All modules of a crate by their paths; the root's is empty.
pub(super) struct Crate(pub(super) BTreeMap<Segments, Module>);

impl Crate {
    pub(super) fn read(root: &Path) -> Self {
        let mut modules = Self(BTreeMap::new());
        modules.read_file(Vec::new(), None, root, true);
        modules
    }

    fn read_file(&mut self, path: Segments, parent: Option<Segments>, file: &Path, owns: bool) {
        let text =
            fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        let tokens = text.parse().unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        let folder = if owns { file.parent().unwrap().into() } else { file.with_extension("") };
        self.read_module(path, parent, file, &folder, tokens);
    }

    fn read_module(
        &mut self,
        path: Segments,
        parent: Option<Segments>,
        file: &Path,
        folder: &Path,
        tokens: TokenStream,
    ) {
        let module = Module {
            file: file.into(),
            parent,
            children: BTreeMap::new(),
            items: BTreeSet::new(),
            imports: BTreeMap::new(),
            globs: Vec::new(),
            mentions: Vec::new(),
        };
        let mut reader = Reader { module, inner: Vec::new() };
        reader.read(&tokens.into_iter().collect::<Vec<_>>(), true);
        let Reader { mut module, inner } = reader;
        for Inner { name, location, body } in inner {
            let child = [path.clone(), vec![name.clone()]].concat();
            module.children.insert(name.clone(), child.clone());
            let parent = Some(path.clone());
            if let Some(tokens) = body {
                self.read_module(child, parent, file, &folder.join(&name), tokens);
                continue;
            }
            let beside = folder.join(format!("{name}.rs"));
            let (file, owns) = match location {
                Some(location) => {
                    (file.parent().unwrap().join(&location), location.ends_with("mod.rs"))
                }
                None if beside.exists() => (beside, false),
                None => (folder.join(&name).join("mod.rs"), true),
            };
            self.read_file(child, parent, &file, owns);
        }
        self.0.insert(path, module);
    }
}

/// A module inside of another.
struct Inner {
    name: String,
    /// What `#[path = ".."]` says.
    location: Option<String>,
    body: Option<TokenStream>,
}

struct Reader {
    module: Module,
    inner: Vec<Inner>,
}

impl Reader {
    /// Reads tokens; `declares` tells whether they stand in the module itself or in a body.
    fn read(&mut self, tokens: &[TokenTree], declares: bool) {
        let mut at = 0;
        let mut public = false;
        let mut location = None;
        while let Some(token) = tokens.get(at) {
            at += 1;
            match token {
                TokenTree::Ident(word) => match word.to_string().as_str() {
                    "pub" => {
                        public = true;
                        // `pub(crate)`, whose path is none that is used.
                        let restricted = matches!(tokens.get(at), Some(TokenTree::Group(group))
                            if group.delimiter() == Delimiter::Parenthesis);
                        at += usize::from(restricted);
                        continue;
                    }
                    "use" => at += self.import(&tokens[at..], public && declares, declares),
                    "mod" if declares => {
                        let name = tokens[at].to_string();
                        let body = match &tokens[at + 1] {
                            TokenTree::Group(body) => Some(body.stream()),
                            _ => None,
                        };
                        self.inner.push(Inner { name, location: location.take(), body });
                        at += 2;
                    }
                    "struct" | "enum" | "trait" | "fn" | "const" | "static" | "type" | "union"
                        if declares =>
                    {
                        if let Some(TokenTree::Ident(name)) = tokens.get(at)
                            && !["fn", "unsafe", "async", "extern"].contains(&&*name.to_string())
                        {
                            self.module.items.insert(name.to_string());
                            at += 1;
                        }
                    }
                    "macro_rules" if declares => {
                        if let Some(TokenTree::Ident(name)) = tokens.get(at + 1) {
                            self.module.items.insert(name.to_string());
                        }
                    }
                    _ => at = self.mention(tokens, at - 1, word),
                },
                TokenTree::Group(group) => {
                    let inner: Vec<_> = group.stream().into_iter().collect();
                    let path =
                        matches!(inner.first(), Some(TokenTree::Ident(word)) if word == "path");
                    if path && group.delimiter() == Delimiter::Bracket && inner.len() == 3 {
                        location = Some(inner[2].to_string().trim_matches('"').to_owned());
                    } else {
                        self.read(&inner, false);
                    }
                }
                TokenTree::Punct(_) | TokenTree::Literal(_) => {}
            }
            public = false;
        }
    }

    /// Reads the tree of a `use` and tells how many tokens it had.
    fn import(&mut self, tokens: &[TokenTree], public: bool, declares: bool) -> usize {
        let is_end =
            |token: &TokenTree| matches!(token, TokenTree::Punct(end) if end.as_char() == ';');
        let Some(end) = tokens.iter().position(is_end) else { return 0 };
        let mut leaves = Vec::new();
        read_tree(&[], &tokens[..end], &mut leaves);
        for (path, name) in leaves {
            if !public {
                self.module.mentions.push(path.clone());
            }
            if !declares {
                continue;
            }
            if name == "*" {
                self.module.globs.push(path[..path.len() - 1].to_vec());
            } else {
                self.module.imports.insert(name, path);
            }
        }
        end + 1
    }

    /// Reads a path that begins at `at` and returns where it ends.
    fn mention(&mut self, tokens: &[TokenTree], at: usize, first: &Ident) -> usize {
        let mut path = vec![first.to_string()];
        let mut next = at + 1;
        while let Some([TokenTree::Punct(a), TokenTree::Punct(b), TokenTree::Ident(segment)]) =
            tokens.get(next..next + 3)
            && (a.as_char(), b.as_char()) == (':', ':')
        {
            path.push(segment.to_string());
            next += 3;
        }
        if path.len() > 1 {
            self.module.mentions.push(path);
        }
        next
    }
}

/// Collects the paths of a `use` tree, each with the name that it brings in.
fn read_tree(prefix: &[String], tokens: &[TokenTree], leaves: &mut Vec<(Segments, String)>) {
    let is_comma =
        |token: &TokenTree| matches!(token, TokenTree::Punct(comma) if comma.as_char() == ',');
    for branch in tokens.split(is_comma).filter(|branch| !branch.is_empty()) {
        let mut path = prefix.to_vec();
        let mut name = None;
        let mut words = branch.iter();
        while let Some(token) = words.next() {
            match token {
                TokenTree::Ident(word) if word == "as" => {
                    name = words.next().map(ToString::to_string);
                }
                TokenTree::Ident(word) if word == "self" && !path.is_empty() => {}
                TokenTree::Ident(word) => path.push(word.to_string()),
                TokenTree::Punct(star) if star.as_char() == '*' => path.push("*".to_owned()),
                TokenTree::Group(group) => {
                    let inner: Vec<_> = group.stream().into_iter().collect();
                    read_tree(&path, &inner, leaves);
                    path.clear();
                }
                TokenTree::Punct(_) | TokenTree::Literal(_) => {}
            }
        }
        if let Some(last) = path.last() {
            let name = name.unwrap_or_else(|| last.clone());
            leaves.push((path, name));
        }
    }
}
