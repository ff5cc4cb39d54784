//! All rows of one provider, built-in and the user's: listed when the provider is first asked for, each parsed when it
//! is.

use std::collections::HashMap;
use std::sync::OnceLock;

use memchr::memmem;

use crate::check;
use crate::entry::{Alias, Model, Provider};
use crate::error::CatalogError;
use crate::sheet::{Kind, Sheet, Table};

/// Models of one provider in the order of the files.
#[derive(Debug)]
pub(crate) struct Shelf {
    pub(crate) provider: Provider,
    pub(crate) books: Vec<Book>,
    places: HashMap<Box<str>, usize>,
}

/// One model, as several files may state it.
#[derive(Debug)]
pub(crate) struct Book {
    pub(crate) id: Box<str>,
    /// Which file, and the table in it.
    parts: Vec<(usize, Table)>,
    model: OnceLock<Result<Box<Model>, CatalogError>>,
}

/// Whose model or provider an id is.
pub(crate) fn owner(id: &str) -> &str {
    id.split_once('/').map_or(id, |(provider, _)| provider)
}

impl Shelf {
    /// Lists what the files have of a provider; later files lie over earlier ones.
    pub(crate) fn read(id: &str, sheets: &[&Sheet]) -> Result<Self, CatalogError> {
        let mut shelf = Self {
            provider: provider(id, sheets)?,
            books: Vec::new(),
            places: HashMap::new(),
        };
        let mut problems = Vec::new();
        for (file, sheet) in sheets.iter().enumerate() {
            let of_provider = |table: &&Table| owner(&table.id) == id;
            for table in sheet.tables(Kind::Model).filter(of_provider) {
                problems.extend(shelf.put(file, sheet, table).err());
            }
        }
        CatalogError::all(problems).map_or(Ok(shelf), Err)
    }

    fn put(&mut self, file: usize, sheet: &Sheet, table: &Table) -> Result<(), CatalogError> {
        let part = (file, table.clone());
        let place = self.places.get(&table.id).copied();
        match place.and_then(|idx| self.books.get_mut(idx)) {
            None => {
                self.places.insert(table.id.clone(), self.books.len());
                self.books.push(Book {
                    id: table.id.clone(),
                    parts: vec![part],
                    model: OnceLock::new(),
                });
            }
            Some(book) if book.parts.iter().all(|(other, _)| *other != file) => {
                book.parts.push(part);
            }
            Some(_) => {
                return Err(sheet.place(table).error(
                    format!("model `{}`", table.id),
                    "stands twice in the file",
                    "merge the two rows",
                ));
            }
        }
        Ok(())
    }

    /// The model with this full id; `None` = there is none.
    pub(crate) fn get(&self, id: &str) -> Option<&Book> {
        self.books.get(*self.places.get(id)?)
    }

    /// Models that go by an alias, parsing only those in whose tables it stands.
    pub(crate) fn called(
        &self,
        name: &str,
        sheets: &[&Sheet],
    ) -> Result<Vec<(&Model, &Alias)>, CatalogError> {
        let quoted = [format!("\"{name}\""), format!("'{name}'")];
        let quoted = quoted.each_ref().map(memmem::Finder::new);
        let mut all = Vec::new();
        for book in self
            .books
            .iter()
            .filter(|book| book.may_hold(&quoted, sheets))
        {
            let model = book.model(sheets)?;
            let aliases = model.aliases.iter().filter(|alias| alias.name == name);
            all.extend(aliases.map(|alias| (model, alias)));
        }
        Ok(all)
    }
}

impl Book {
    /// Parses the model, the first time.
    pub(crate) fn model(&self, sheets: &[&Sheet]) -> Result<&Model, CatalogError> {
        let model = self.model.get_or_init(|| self.read(sheets).map(Box::new));
        model.as_deref().map_err(Clone::clone)
    }

    fn read(&self, sheets: &[&Sheet]) -> Result<Model, CatalogError> {
        let mut model = None;
        for (file, table) in &self.parts {
            let Some(sheet) = sheets.get(*file) else {
                continue;
            };
            let place = sheet.place(table);
            let laid = check::lay_over(&place, model.take(), &sheet.model(table)?)?;
            check::validate(&place, &laid)?;
            model = Some(laid);
        }
        // A book has a part, and all files of a shelf are there.
        model.ok_or_else(|| CatalogError::UnknownModel {
            name: self.id.to_string(),
            hint: "name another model".to_owned(),
        })
    }

    /// Whether a file states something of the model.
    pub(crate) fn is_in(&self, file: usize) -> bool {
        self.parts.iter().any(|(own, _)| *own == file)
    }

    /// Whether one of some texts may stand in its tables.
    pub(crate) fn may_hold(&self, texts: &[memmem::Finder<'_>], sheets: &[&Sheet]) -> bool {
        self.parts.iter().any(|(file, table)| {
            let sheet = sheets.get(*file);
            sheet.is_some_and(|sheet| sheet.may_hold(table, texts))
        })
    }
}

fn provider(id: &str, sheets: &[&Sheet]) -> Result<Provider, CatalogError> {
    let mut provider = None;
    for sheet in sheets {
        for table in sheet
            .tables(Kind::Provider)
            .filter(|table| *table.id == *id)
        {
            let raw = sheet.provider(table)?;
            provider = Some(check::provider(&sheet.place(table), provider.take(), &raw)?);
        }
    }
    if let Some(provider) = provider {
        return Ok(provider);
    }
    let first = sheets.iter().find_map(|sheet| {
        let table = sheet
            .tables(Kind::Model)
            .find(|table| owner(&table.id) == id)?;
        Some(sheet.place(table))
    });
    let row = format!("models of `{id}`");
    let problem = "belong to a provider that no file describes";
    let hint = format!("add [[provider]] with id = \"{id}\" and its dialect");
    Err(match first {
        Some(place) => place.error(row, problem, hint),
        None => CatalogError::UnknownModel { name: row, hint },
    })
}
