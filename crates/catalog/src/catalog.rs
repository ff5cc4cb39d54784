//! The catalog: models and providers, found by name.
//!
//! In: the built-in data files and, laid over them, files of the user's (as text: this crate opens
//! none). Out: borrowed rows. A file is cut into tables when a question touches it, and a row is parsed when it is
//! what was asked for, or may go by the name that was asked for.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::OnceLock;

use jiff::civil::Date;
use memchr::memmem;
use trilemma_domain::{Fingerprint, ModelName};

use crate::builtin::{self, Builtin};
use crate::entry::{Alias, Model, Provider};
use crate::error::CatalogError;
use crate::gpu::Gpu;
use crate::limit::RateTier;
use crate::price::{PriceRow, Service};
use crate::sheet::{Kind, Sheet};
use crate::shelf::{Shelf, owner};
use crate::terms::Terms;
use crate::tier::TierRow;
use crate::tokenizer::Tokenizer;

type Once<T> = OnceLock<Result<T, CatalogError>>;

/// All rows of one provider.
#[derive(Debug)]
struct Section {
    provider: String,
    builtin: Option<(&'static Builtin, OnceLock<Sheet>)>,
    is_overlaid: bool,
    shelf: Once<Shelf>,
}

/// Lists that are read once.
#[derive(Debug, Default)]
pub(crate) struct Lists {
    pub(crate) tiers: Once<Vec<TierRow>>,
    pub(crate) tokenizers: Once<Vec<Tokenizer>>,
    pub(crate) gpus: Once<Vec<Gpu>>,
    pub(crate) rate_tiers: Once<Vec<RateTier>>,
}

/// Models, dated prices, lifecycles, terms and limits.
#[derive(Debug)]
pub struct Catalog {
    sections: Vec<Section>,
    pub(crate) overlays: Vec<Sheet>,
    pub(crate) once: Lists,
}

/// A model found by name.
#[derive(Debug, Clone, Copy)]
pub struct Found<'a> {
    /// The model.
    pub model: &'a Model,
    /// Who serves it.
    pub provider: &'a Provider,
    /// The other name by which it was found; `None` = by its own id.
    pub alias: Option<&'a Alias>,
}

impl<'a> Found<'a> {
    /// Whether the name may mean another model tomorrow.
    #[must_use]
    pub fn is_moving(&self) -> bool {
        self.alias.is_some_and(|alias| alias.moving)
    }

    /// Data terms that hold for the model: its own, else its provider's; `None` = not stated.
    #[must_use]
    pub fn terms(&self) -> Option<&'a Terms> {
        self.model.terms.as_ref().or(self.provider.terms.as_ref())
    }
}

impl Default for Catalog {
    fn default() -> Self {
        Self::builtin()
    }
}

impl Catalog {
    /// Opens the built-in catalog. Reads nothing.
    #[must_use]
    pub fn builtin() -> Self {
        Self {
            sections: builtin::PROVIDERS
                .iter()
                .filter_map(|builtin| {
                    Some(Section {
                        provider: builtin.provider?.to_owned(),
                        builtin: Some((builtin, OnceLock::new())),
                        is_overlaid: false,
                        shelf: OnceLock::new(),
                    })
                })
                .collect(),
            overlays: Vec::new(),
            once: Lists::default(),
        }
    }

    /// Lays a file of the user's over what is there, and checks every row of it: its rows replace or add, its
    /// prices win.
    ///
    /// `file` is the name used in messages.
    ///
    /// # Errors
    /// [`CatalogError::Syntax`] or [`CatalogError::Row`] for what is not acceptable, also where it only breaks together
    /// with the rows below it; [`CatalogError::Several`] for more than one.
    pub fn with_overlay(self, file: &str, text: impl Into<String>) -> Result<Self, CatalogError> {
        let catalog = self.laid(file, text.into());
        let problems = catalog.problems();
        CatalogError::all(problems).map_or(Ok(catalog), Err)
    }

    /// As [`Catalog::with_overlay`], for the text of a file that it has accepted before: a row is read and checked
    /// when it is asked for.
    ///
    /// # Errors
    /// For a file whose head, sources or ids cannot be read; what is wrong with a row is said when it is asked for.
    pub fn with_known_overlay(
        self,
        file: &str,
        text: impl Into<String>,
    ) -> Result<Self, CatalogError> {
        let catalog = self.laid(file, text.into());
        let problems = catalog.overlays.last().map(Sheet::problems);
        CatalogError::all(problems.unwrap_or_default().to_vec()).map_or(Ok(catalog), Err)
    }

    fn laid(mut self, file: &str, text: String) -> Self {
        let sheet = Sheet::cut(file, Cow::Owned(text));
        let mut touched = touched(&sheet);
        for section in &mut self.sections {
            if touched.remove(section.provider.as_str()) {
                section.is_overlaid = true;
                section.shelf = OnceLock::new();
            }
        }
        let new = touched.into_iter().map(|provider| Section {
            provider: provider.to_owned(),
            builtin: None,
            is_overlaid: true,
            shelf: OnceLock::new(),
        });
        self.sections.extend(new.collect::<Vec<_>>());
        self.overlays.push(sheet);
        self.once = Lists::default();
        self
    }

    /// All that is wrong with the uppermost overlay, and with what lies below it once it is laid over.
    fn problems(&self) -> Vec<CatalogError> {
        let Some(sheet) = self.overlays.last() else {
            return Vec::new();
        };
        let mut problems = sheet.problems().to_vec();
        let touched = touched(sheet);
        let of_sheet = |section: &&Section| touched.contains(section.provider.as_str());
        for section in self.sections.iter().filter(of_sheet) {
            let sheets = self.sheets(section);
            match self.shelf(section) {
                Err(problem) => problems.push(problem),
                Ok(shelf) => {
                    let own = shelf
                        .books
                        .iter()
                        .filter(|book| book.is_in(sheets.len() - 1));
                    problems.extend(own.filter_map(|book| book.model(&sheets).err()));
                }
            }
        }
        let has = |kind| sheet.tables(kind).next().is_some();
        problems.extend(self.tiers().err().filter(|_| has(Kind::Tier)));
        problems.extend(self.tokenizers().err().filter(|_| has(Kind::Tokenizer)));
        problems.extend(self.gpus().err().filter(|_| has(Kind::Gpu)));
        problems.extend(self.rate_tiers().err().filter(|_| has(Kind::Limit)));
        problems
    }

    /// The files that may state something of a provider's models, the built-in one first.
    fn sheets<'a>(&'a self, section: &'a Section) -> Vec<&'a Sheet> {
        let base = section.builtin.as_ref();
        let base = base.map(|(builtin, sheet)| sheet.get_or_init(|| builtin.sheet()));
        base.into_iter().chain(&self.overlays).collect()
    }

    fn shelf<'a>(&'a self, section: &'a Section) -> Result<&'a Shelf, CatalogError> {
        let read = || Shelf::read(&section.provider, &self.sheets(section));
        let shelf = section.shelf.get_or_init(read);
        shelf.as_ref().map_err(Clone::clone)
    }

    fn section(&self, provider: &str) -> Option<&Section> {
        let mut sections = self.sections.iter();
        sections.find(|section| section.provider == provider)
    }

    /// Finds a provider by id.
    ///
    /// # Errors
    /// Only for rows that cannot be read.
    pub fn provider(&self, id: &str) -> Result<Option<&Provider>, CatalogError> {
        let section = self.section(id);
        let shelf = section.map(|section| self.shelf(section)).transpose()?;
        Ok(shelf.map(|shelf| &shelf.provider))
    }

    /// Ids of all providers, without reading any built-in file.
    pub fn provider_ids(&self) -> impl Iterator<Item = &str> {
        self.sections
            .iter()
            .map(|section| section.provider.as_str())
    }

    /// Reads everything and gives all models with their providers, in the order of the files.
    ///
    /// # Errors
    /// Only for rows that cannot be read.
    pub fn models(&self) -> Result<Vec<Found<'_>>, CatalogError> {
        let mut all = Vec::new();
        for section in &self.sections {
            let (shelf, sheets) = (self.shelf(section)?, self.sheets(section));
            for book in &shelf.books {
                all.push(Found {
                    model: book.model(&sheets)?,
                    provider: &shelf.provider,
                    alias: None,
                });
            }
        }
        Ok(all)
    }

    /// Finds a model by `provider/model` or by a bare name; an alias means what it meant on
    /// `as_of` (or, where no period covers that day, what it meant last).
    ///
    /// # Errors
    /// [`CatalogError::UnknownModel`] with the nearest names, [`CatalogError::Ambiguous`] with the
    /// full ids when several providers use the bare name.
    pub fn find(&self, name: &str, as_of: Date) -> Result<Found<'_>, CatalogError> {
        if let Some(full) = ModelName::parse(name)
            && let Some(found) = self.get_named(&full, as_of)?
        {
            return Ok(found);
        }
        let text = memmem::Finder::new(name);
        let stands_in = |text_of: &str| text.find(text_of.as_bytes()).is_some();
        let mut overlays = self.overlays.iter();
        let is_overlaid = overlays.any(|sheet| sheet.may_state(&text));
        let mut hits = Vec::new();
        for section in &self.sections {
            let builtin = section.builtin.as_ref();
            if (is_overlaid && section.is_overlaid)
                || builtin.is_some_and(|(builtin, _)| stands_in(builtin.text))
            {
                hits.extend(self.on_shelf(section, name, as_of)?);
            }
        }
        match hits.as_slice() {
            [only] => Ok(*only),
            [] => Err(self.unknown(name)?),
            _ => {
                let mut ids: Vec<String> = hits
                    .iter()
                    .map(|found| found.model.id.to_string())
                    .collect();
                ids.sort();
                Err(CatalogError::Ambiguous {
                    name: name.to_owned(),
                    ids,
                })
            }
        }
    }

    /// Finds a model by its exact `provider/model` id, without aliases and without date.
    ///
    /// # Errors
    /// Only for rows that cannot be read.
    pub fn get(&self, id: &ModelName) -> Result<Option<Found<'_>>, CatalogError> {
        match self.section(&id.provider) {
            Some(section) => self.exactly(section, &id.to_string()),
            None => Ok(None),
        }
    }

    /// Finds a model by its provider and its own name or an alias of the day, without suggestions.
    ///
    /// # Errors
    /// Only for rows that cannot be read.
    pub fn get_named(
        &self,
        name: &ModelName,
        as_of: Date,
    ) -> Result<Option<Found<'_>>, CatalogError> {
        match self.section(&name.provider) {
            Some(section) => self.on_shelf(section, &name.model, as_of),
            None => Ok(None),
        }
    }

    fn exactly<'a>(
        &'a self,
        section: &'a Section,
        id: &str,
    ) -> Result<Option<Found<'a>>, CatalogError> {
        let shelf = self.shelf(section)?;
        let book = shelf.get(id);
        let model = book
            .map(|book| book.model(&self.sheets(section)))
            .transpose()?;
        Ok(model.map(|model| Found {
            model,
            provider: &shelf.provider,
            alias: None,
        }))
    }

    /// Finds a model of a provider: by its own name, else by an alias of the day, else by the alias whose period
    /// began last.
    fn on_shelf<'a>(
        &'a self,
        section: &'a Section,
        name: &str,
        as_of: Date,
    ) -> Result<Option<Found<'a>>, CatalogError> {
        let id = format!("{}/{name}", section.provider);
        if let Some(found) = self.exactly(section, &id)? {
            return Ok(Some(found));
        }
        let shelf = self.shelf(section)?;
        let mut hits = shelf.called(name, &self.sheets(section))?;
        hits.sort_by_key(|(_, alias)| (alias.holds(as_of), alias.from));
        Ok(hits.pop().map(|(model, alias)| Found {
            model,
            provider: &shelf.provider,
            alias: Some(alias),
        }))
    }

    /// Gives the list price of a model by name or alias; `None` = unknown, never zero.
    ///
    /// `context_tokens` are all input tokens of the request, cached ones included.
    ///
    /// # Errors
    /// As [`Catalog::find`].
    pub fn price_at(
        &self,
        name: &str,
        date: Date,
        service: Service,
        context_tokens: u64,
    ) -> Result<Option<&PriceRow>, CatalogError> {
        let found = self.find(name, date)?;
        Ok(found.model.price_at(date, service, context_tokens))
    }

    fn unknown(&self, name: &str) -> Result<CatalogError, CatalogError> {
        let bare = name.rsplit_once('/').map_or(name, |(_, bare)| bare);
        let mut near: Vec<(usize, String)> = Vec::new();
        for section in &self.sections {
            let (shelf, sheets) = (self.shelf(section)?, self.sheets(section));
            for book in &shelf.books {
                let own = book.id.split_once('/').map_or("", |(_, own)| own);
                // Only rows that may have other names are parsed for them.
                let aliases = match book.may_hold(&[memmem::Finder::new("aliases")], &sheets) {
                    true => book.model(&sheets)?.aliases.as_slice(),
                    false => &[],
                };
                let aliases = aliases.iter().map(|alias| alias.name.as_str());
                for own in std::iter::once(own).chain(aliases) {
                    near.extend(distance((bare, name), own, &section.provider));
                }
            }
        }
        near.sort();
        near.truncate(3);
        let hint = if near.is_empty() {
            "add a [[model]] row to your own catalog file, or give the candidate a `price`"
                .to_owned()
        } else {
            let ids: Vec<String> = near.into_iter().map(|(_, id)| format!("`{id}`")).collect();
            format!("did you mean {}?", ids.join(" or "))
        };
        Ok(CatalogError::UnknownModel {
            name: name.to_owned(),
            hint,
        })
    }

    /// Hash of everything the catalog says: equal hashes give equal decisions.
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        let builtin = builtin::PROVIDERS
            .iter()
            .chain([
                &builtin::TIERS,
                &builtin::TOKENIZERS,
                &builtin::GPUS,
                &builtin::LIMITS,
            ])
            .map(|builtin| builtin.text);
        builtin
            .chain(self.overlays.iter().map(Sheet::text))
            .fold(Fingerprint::builder(), |hash, text| hash.field(text))
            .finish()
    }
}

/// Providers that a file says something of.
fn touched(sheet: &Sheet) -> BTreeSet<&str> {
    let models = sheet.tables(Kind::Model);
    let providers = sheet.tables(Kind::Provider);
    models
        .chain(providers)
        .map(|table| owner(&table.id))
        .collect()
}

/// How far a mistyped name is from a model's, and the latter in full; `None` = too far to mean it.
fn distance((bare, full): (&str, &str), own: &str, provider: &str) -> Option<(usize, String)> {
    let most = bare.chars().count() / 3 + 1;
    let id = format!("{provider}/{own}");
    let far = |one: &str, other: &str| one.len().abs_diff(other.len()) > 4 * most;
    if far(bare, own) && far(full, &id) {
        return None;
    }
    let distance =
        strsim::damerau_levenshtein(bare, own).min(strsim::damerau_levenshtein(full, &id));
    (distance <= most).then_some((distance, id))
}
