//! Reads the settings, with their documentation, from the structs of `src/config`.

use std::collections::BTreeMap;
use std::path::Path;

use syn::{Attribute, Expr, ExprLit, Field, Fields, Item, ItemEnum, ItemStruct, Lit, Meta, Type};

/// The struct that the whole file is read into.
const ROOT: &str = "Config";
/// Types that are read through a struct of their own.
const THROUGH: &[(&str, &str)] = &[("TlsSource", "Tls")];

/// Structs that are written as a value in one line, and so are no tables.
const INLINE: &[&str] = &["ExternalAccount"];

/// One table of the file; the first has no name.
#[derive(Debug)]
pub struct Table {
    pub name: String,
    pub docs: Vec<String>,
    /// Whether it can be left away.
    pub optional: bool,
    /// Whether it may stand there with nothing in it.
    pub may_be_empty: bool,
    pub settings: Vec<Setting>,
}

/// One setting.
#[derive(Debug)]
pub struct Setting {
    pub name: String,
    /// Paragraphs.
    pub docs: Vec<String>,
    /// Its line in the file, `name = value`.
    pub line: String,
    /// Whether the file cannot do without it.
    pub required: bool,
    /// Whether it stands in the example, and is not only shown there.
    pub set: bool,
    /// Whether what is shown also holds without it.
    pub is_default: bool,
    /// The type's name, without `Option` and `Vec`.
    pub of: String,
    /// The words that it takes, where it takes words.
    pub words: Vec<(String, Vec<String>)>,
}

impl Table {
    /// Whether it stands in the example, and is not only shown there.
    pub fn stands(&self) -> bool {
        !self.optional || self.may_be_empty
    }

    /// The setting's name as errors have it: `mail.url`.
    pub fn full(&self, setting: &Setting) -> String {
        if self.name.is_empty() { setting.name.clone() } else { format!("{}.{}", self.name, setting.name) }
    }

    pub fn find(&mut self, name: &str) -> Option<&mut Setting> {
        let at = self.settings.iter().position(|setting| self.full(setting) == name)?;
        self.settings.get_mut(at)
    }
}

#[derive(Default)]
struct Types {
    structs: BTreeMap<String, ItemStruct>,
    enums: BTreeMap<String, ItemEnum>,
}

/// The tables in the order of the structs.
///
/// # Panics
/// Where a table or a setting has no documentation, or shows no line.
pub fn read(folder: &Path) -> Vec<Table> {
    let types = Types::read(folder);
    let mut tables = Vec::new();
    types.take(&mut tables, &Place { name: String::new(), optional: false, may_be_empty: true }, ROOT);
    tables
}

/// Where a table stands, and whether it has to.
struct Place {
    name: String,
    optional: bool,
    may_be_empty: bool,
}

impl Types {
    fn read(folder: &Path) -> Self {
        let mut types = Self::default();
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_none_or(|ending| ending != "rs") {
                continue;
            }
            let code = syn::parse_file(&std::fs::read_to_string(&path).unwrap()).unwrap();
            for item in code.items {
                match item {
                    Item::Struct(item) => drop(types.structs.insert(item.ident.to_string(), item)),
                    Item::Enum(item) => drop(types.enums.insert(item.ident.to_string(), item)),
                    _ => {}
                }
            }
        }
        types
    }

    /// Adds a table, and after it those inside it.
    fn take(&self, tables: &mut Vec<Table>, place: &Place, of: &str) {
        let item = &self.structs[of];
        let (docs, shown) = docs(&item.attrs);
        let name = &place.name;
        let documented = !docs.is_empty() && shown.is_none();
        assert!(documented || name.is_empty(), "the table [{name}] is not documented at `{of}`");
        // `#[serde(default)]` on the struct is a default of each of its settings.
        let all = has_serde(&item.attrs, "default");
        let mut table = Table {
            name: name.clone(),
            docs: if name.is_empty() { Vec::new() } else { docs },
            optional: place.optional,
            may_be_empty: place.may_be_empty,
            settings: Vec::new(),
        };
        let mut inside = Vec::new();
        for field in named(item).filter(|field| !has_serde(&field.attrs, "skip")) {
            match self.table_of(&innermost(&field.ty)).map(str::to_owned) {
                Some(of) => {
                    let (field_name, may_be_empty) = (ident(field), has_serde(&field.attrs, "default"));
                    let name = if name.is_empty() { field_name } else { format!("{name}.{field_name}") };
                    let optional = may_be_empty || outermost(&field.ty) == "Option";
                    inside.push((Place { name, optional, may_be_empty }, of));
                }
                None => table.settings.push(self.setting(name, field, all)),
            }
        }
        tables.push(table);
        for (place, of) in inside {
            self.take(tables, &place, &of);
        }
    }

    /// The struct of a table that a type is read from, where it is one.
    fn table_of<'a>(&'a self, of: &'a str) -> Option<&'a str> {
        if INLINE.contains(&of) {
            return None;
        }
        let through = THROUGH.iter().find(|(from, _)| *from == of).map_or(of, |(_, to)| to);
        let found = self.structs.get(through)?;
        has_serde(&found.attrs, "deny_unknown_fields").then_some(through)
    }

    fn setting(&self, table: &str, field: &Field, has_default: bool) -> Setting {
        let name = ident(field);
        let (docs, shown) = docs(&field.attrs);
        let place = if table.is_empty() { name.clone() } else { format!("{table}.{name}") };
        assert!(!docs.is_empty(), "the setting {place} is not documented");
        let (set, line) =
            shown.unwrap_or_else(|| panic!("the documentation of {place} shows no line of toml"));
        assert!(line.starts_with(&format!("{name} = ")), "the documentation of {place} shows `{line}`");
        let required =
            !has_default && !has_serde(&field.attrs, "default") && outermost(&field.ty) != "Option";
        let of = innermost(&field.ty);
        let words = self.enums.get(&of).map(|item| words(item, &place)).unwrap_or_default();
        Setting { name, docs, line, required, set: set || required, is_default: false, of, words }
    }
}

/// The words of an enum that has nothing but words, in kebab-case.
fn words(item: &ItemEnum, place: &str) -> Vec<(String, Vec<String>)> {
    if item.variants.iter().any(|variant| !matches!(variant.fields, Fields::Unit)) {
        return Vec::new();
    }
    let word = |name: &str| {
        let mut word = String::new();
        for (at, letter) in name.chars().enumerate() {
            if letter.is_uppercase() && at > 0 {
                word.push('-');
            }
            word.extend(letter.to_lowercase());
        }
        word
    };
    let variants = item.variants.iter().map(|variant| {
        let (docs, _) = docs(&variant.attrs);
        assert!(!docs.is_empty(), "`{}` of {place} is not documented", variant.ident);
        let renamed = serde_text(&variant.attrs, "rename");
        (renamed.unwrap_or_else(|| word(&variant.ident.to_string())), docs)
    });
    variants.collect()
}

fn ident(field: &Field) -> String {
    field.ident.as_ref().unwrap().to_string()
}

fn named(item: &ItemStruct) -> impl Iterator<Item = &Field> {
    match &item.fields {
        Fields::Named(fields) => fields.named.iter(),
        _ => panic!("`{}` has no names", item.ident),
    }
}

/// The paragraphs of a documentation, and the line in its toml block with whether it is `set`.
fn docs(attributes: &[Attribute]) -> (Vec<String>, Option<(bool, String)>) {
    let lines = attributes.iter().filter_map(|attribute| match &attribute.meta {
        Meta::NameValue(pair) if pair.path.is_ident("doc") => match &pair.value {
            Expr::Lit(literal) => match &literal.lit {
                Lit::Str(text) => Some(text.value().trim().to_owned()),
                _ => None,
            },
            _ => None,
        },
        _ => None,
    });
    let (mut paragraphs, mut shown, mut block) = (vec![String::new()], None, None);
    for line in lines {
        match (line.strip_prefix("```"), block.take()) {
            (Some(kind), None) => block = Some(kind == "toml,set"),
            (Some(_), Some(_)) => {}
            (None, Some(set)) => {
                shown = Some((set, line));
                block = Some(set);
            }
            (None, None) if line.is_empty() => paragraphs.push(String::new()),
            (None, None) => {
                let paragraph = paragraphs.last_mut().unwrap();
                if !paragraph.is_empty() {
                    paragraph.push(' ');
                }
                paragraph.push_str(&line);
            }
        }
    }
    paragraphs.retain(|paragraph| !paragraph.is_empty());
    (paragraphs, shown)
}

/// Whether `#[serde(…)]` says this.
fn has_serde(attributes: &[Attribute], word: &str) -> bool {
    serde_value(attributes, word).is_some()
}

/// The text of `#[serde(word = "text")]`.
fn serde_text(attributes: &[Attribute], word: &str) -> Option<String> {
    serde_value(attributes, word)?
}

fn serde_value(attributes: &[Attribute], word: &str) -> Option<Option<String>> {
    let mut found = None;
    for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("serde")) {
        let _ = attribute.parse_nested_meta(|meta| {
            let mut text = None;
            if meta.input.peek(syn::Token![=])
                && let Expr::Lit(ExprLit { lit: Lit::Str(value), .. }) = meta.value()?.parse()?
            {
                text = Some(value.value());
            }
            if meta.path.is_ident(word) {
                found = Some(text);
            }
            Ok(())
        });
    }
    found
}

fn outermost(ty: &Type) -> String {
    let Type::Path(path) = ty else { panic!("a setting of a strange type") };
    path.path.segments.last().unwrap().ident.to_string()
}

/// `Secret` of `Option<Secret>`.
fn innermost(ty: &Type) -> String {
    let Type::Path(path) = ty else { panic!("a setting of a strange type") };
    let last = path.path.segments.last().unwrap();
    if let syn::PathArguments::AngleBracketed(inside) = &last.arguments
        && let Some(syn::GenericArgument::Type(inside)) = inside.args.first()
    {
        return innermost(inside);
    }
    last.ident.to_string()
}
