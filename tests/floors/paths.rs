//! Every path that a file uses, made absolute.

use syn::buffer::{Cursor, TokenBuffer};
use syn::visit::{self, Visit};
use syn::{Attribute, File, Item, ItemExternCrate, ItemMod, ItemUse, Macro, Meta, Path, UseTree};

/// Paths as segments: those into this crate begin with `crate`, all others stand as written.
/// Paths of one part are left out, unless a `use` or `extern crate` has them.
pub fn uses(module: &[String], file: &File) -> Vec<Vec<String>> {
    let mut finder = Finder { module: module.to_vec(), found: Vec::new() };
    finder.visit_file(file);
    finder.found
}

/// Whether an item is compiled for tests only.
pub fn is_for_tests(attributes: &[Attribute]) -> bool {
    attributes
        .iter()
        .filter(|attribute| attribute.path().is_ident("cfg"))
        .filter_map(|attribute| attribute.parse_args::<Meta>().ok())
        .any(|meta| requires_test(&meta))
}

fn requires_test(meta: &Meta) -> bool {
    match meta {
        Meta::Path(path) => path.is_ident("test"),
        Meta::List(list) if list.path.is_ident("all") => {
            let mut requires = false;
            let _ = list.parse_nested_meta(|nested| {
                requires |= nested.path.is_ident("test");
                // What else stands there is of no interest, as long as it is read past.
                if nested.input.peek(syn::Token![=]) {
                    nested.value()?.parse::<syn::Lit>()?;
                }
                Ok(())
            });
            requires
        }
        _ => false,
    }
}

struct Finder {
    module: Vec<String>,
    found: Vec<Vec<String>>,
}

impl Finder {
    fn note(&mut self, path: Vec<String>) {
        if let Some(path) = absolute(&self.module, path) {
            self.found.push(path);
        }
    }

    fn note_tree(&mut self, before: &[String], tree: &UseTree) {
        let with = |last: String| [before, &[last]].concat();
        match tree {
            UseTree::Path(path) => self.note_tree(&with(path.ident.to_string()), &path.tree),
            UseTree::Group(group) => group.items.iter().for_each(|tree| self.note_tree(before, tree)),
            UseTree::Glob(_) => self.note(with("*".to_owned())),
            UseTree::Name(name) => self.note(with(name.ident.to_string())),
            UseTree::Rename(rename) => self.note(with(rename.ident.to_string())),
        }
    }

    /// Looks for `a::b::c` and `a::{b, c}` among tokens that are no syntax yet.
    fn note_tokens(&mut self, before: &[String], mut at: Cursor<'_>) {
        while !at.eof() {
            if let Some((ident, after)) = at.ident() {
                let mut path = before.to_vec();
                path.push(ident.to_string());
                at = self.note_path_tokens(path, after);
            } else if let Some((inside, _, _, after)) = at.any_group() {
                self.note_tokens(&[], inside);
                at = after;
            } else if let Some((literal, after)) = at.literal() {
                self.note_literal(&literal.to_string());
                at = after;
            } else if let Some((_, after)) = at.token_tree() {
                at = after;
            } else {
                break;
            }
        }
    }

    /// Follows a path that has begun, and returns where it ends.
    fn note_path_tokens<'c>(&mut self, mut path: Vec<String>, mut at: Cursor<'c>) -> Cursor<'c> {
        while let Some(after) = colons(at) {
            if let Some((ident, next)) = after.ident() {
                path.push(ident.to_string());
                at = next;
            } else if let Some((inside, _, _, next)) = after.any_group() {
                self.note_tokens(&path, inside);
                return next;
            } else if let Some((star, next)) = after.punct().filter(|(punct, _)| punct.as_char() == '*') {
                path.push(star.as_char().to_string());
                at = next;
            } else {
                break;
            }
        }
        if path.len() > 1 {
            self.note(path);
        }
        at
    }

    /// `with = "crate::x"`: a path that an attribute has as a text.
    fn note_literal(&mut self, literal: &str) {
        let text = syn::parse_str::<syn::LitStr>(literal).map(|literal| literal.value());
        if let Ok(path) = text.and_then(|text| syn::parse_str::<Path>(&text))
            && path.segments.first().is_some_and(|first| first.ident == "crate" || first.ident == "super")
        {
            self.visit_path(&path);
        }
    }
}

impl<'a> Visit<'a> for Finder {
    fn visit_item(&mut self, item: &'a Item) {
        if !is_for_tests(attributes(item)) {
            visit::visit_item(self, item);
        }
    }

    fn visit_item_mod(&mut self, item: &'a ItemMod) {
        self.module.push(item.ident.to_string());
        visit::visit_item_mod(self, item);
        self.module.pop();
    }

    fn visit_item_use(&mut self, item: &'a ItemUse) {
        self.note_tree(&[], &item.tree);
    }

    fn visit_item_extern_crate(&mut self, item: &'a ItemExternCrate) {
        self.note(vec![item.ident.to_string()]);
    }

    fn visit_path(&mut self, path: &'a Path) {
        let segments: Vec<_> = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        if segments.len() > 1 {
            self.note(segments);
        }
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, found: &'a Macro) {
        visit::visit_macro(self, found);
        self.note_tokens(&[], TokenBuffer::new2(found.tokens.clone()).begin());
    }

    fn visit_attribute(&mut self, attribute: &'a Attribute) {
        visit::visit_attribute(self, attribute);
        match &attribute.meta {
            Meta::List(list) => self.note_tokens(&[], TokenBuffer::new2(list.tokens.clone()).begin()),
            Meta::NameValue(_) | Meta::Path(_) => {}
        }
    }
}

/// What comes after `::`, if that stands here.
fn colons(at: Cursor<'_>) -> Option<Cursor<'_>> {
    colon(colon(at)?)
}

fn colon(at: Cursor<'_>) -> Option<Cursor<'_>> {
    let (punct, after) = at.punct()?;
    (punct.as_char() == ':').then_some(after)
}

/// Leads `self` and `super` back to `crate`.
fn absolute(module: &[String], path: Vec<String>) -> Option<Vec<String>> {
    let mut at: Option<Vec<String>> = None;
    let mut rest = path.iter().peekable();
    while let Some(segment) = rest.peek() {
        match segment.as_str() {
            "crate" => at = Some(Vec::new()),
            "self" => at = Some(at.unwrap_or_else(|| module.to_vec())),
            "super" => {
                let mut up = at.unwrap_or_else(|| module.to_vec());
                up.pop();
                at = Some(up);
            }
            _ => break,
        }
        rest.next();
    }
    let Some(at) = at else { return Some(path) };
    let start = std::iter::once("crate".to_owned());
    Some(start.chain(at).chain(rest.cloned()).collect())
}

fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Const(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        Item::ExternCrate(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Macro(item) => &item.attrs,
        Item::Mod(item) => &item.attrs,
        Item::Static(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Trait(item) => &item.attrs,
        Item::Type(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        _ => &[],
    }
}
