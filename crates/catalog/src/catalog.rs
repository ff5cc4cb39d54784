//! The catalog: models, providers, size classes and tokenizers, found by name.
//!
//! In: the built-in data files and, laid over them, files of the user's (as text: this crate opens
//! none). Out: borrowed rows. Only the files that a question needs are parsed, each once: a lookup
//! by `provider/model` reads one file, and a bare name those that contain it.

use std::collections::BTreeSet;
use std::sync::OnceLock;

use jiff::civil::Date;
use trilemma_domain::{Fingerprint, ModelName};

use crate::builtin::{self, Builtin};
use crate::check::{self, Rows};
use crate::entry::{Alias, Model, Provider};
use crate::error::CatalogError;
use crate::gpu::Gpu;
use crate::limit::RateTier;
use crate::price::{PriceRow, Service};
use crate::shelf::Shelf;
use crate::terms::Terms;
use crate::tier::{Tier, TierRow};
use crate::tokenizer::Tokenizer;

type Once<T> = OnceLock<Result<T, CatalogError>>;

#[derive(Debug)]
struct Section {
    provider: String,
    builtin: Option<&'static Builtin>,
    shelf: Once<Shelf>,
}

/// Models, dated prices, lifecycles, terms and limits.
#[derive(Debug)]
pub struct Catalog {
    sections: Vec<Section>,
    overlays: Vec<Rows>,
    overlay_texts: Vec<String>,
    tiers: Once<Vec<TierRow>>,
    tokenizers: Once<Vec<Tokenizer>>,
    gpus: Once<Vec<Gpu>>,
    rate_tiers: Once<Vec<RateTier>>,
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
    /// Opens the built-in catalog. Parses nothing.
    #[must_use]
    pub fn builtin() -> Self {
        Self {
            sections: builtin::PROVIDERS
                .iter()
                .filter_map(|builtin| {
                    Some(Section {
                        provider: builtin.provider?.to_owned(),
                        builtin: Some(builtin),
                        shelf: OnceLock::new(),
                    })
                })
                .collect(),
            overlays: Vec::new(),
            overlay_texts: Vec::new(),
            tiers: OnceLock::new(),
            tokenizers: OnceLock::new(),
            gpus: OnceLock::new(),
            rate_tiers: OnceLock::new(),
        }
    }

    /// Lays a file of the user's over what is there: its rows replace or add, its prices win.
    ///
    /// `file` is the name used in messages.
    ///
    /// # Errors
    /// [`CatalogError::Syntax`] or [`CatalogError::Row`] for the first row that is not acceptable,
    /// also where it only breaks together with the rows below it.
    pub fn with_overlay(mut self, file: &str, text: &str) -> Result<Self, CatalogError> {
        let rows = Rows::parse(file, text)?;
        let mut touched = BTreeSet::new();
        for id in rows.raw.model.iter().map(|model| &model.id) {
            let name = ModelName::parse(id).ok_or_else(|| {
                rows.error(
                    format!("model `{id}`"),
                    "has an id without provider",
                    "write `provider/model`",
                )
            })?;
            touched.insert(name.provider);
        }
        touched.extend(rows.raw.provider.iter().map(|provider| provider.id.clone()));
        self.overlays.push(rows);
        self.overlay_texts.push(text.to_owned());
        for provider in touched {
            let shelf = OnceLock::new();
            match self
                .sections
                .iter_mut()
                .find(|section| section.provider == provider)
            {
                Some(section) => section.shelf = shelf,
                None => self.sections.push(Section {
                    provider: provider.clone(),
                    builtin: None,
                    shelf,
                }),
            }
            self.shelf_of(&provider)?;
        }
        self.tiers = OnceLock::new();
        self.tokenizers = OnceLock::new();
        self.gpus = OnceLock::new();
        self.rate_tiers = OnceLock::new();
        self.tiers()?;
        self.tokenizers()?;
        if self.overlays.iter().any(|rows| !rows.raw.gpu.is_empty()) {
            self.gpus()?;
        }
        if self.overlays.iter().any(|rows| !rows.raw.limit.is_empty()) {
            self.rate_tiers()?;
        }
        Ok(self)
    }

    fn read(&self, section: &Section) -> Result<Shelf, CatalogError> {
        Shelf::read(&section.provider, section.builtin, &self.overlays)
    }

    fn shelf<'a>(&'a self, section: &'a Section) -> Result<&'a Shelf, CatalogError> {
        section
            .shelf
            .get_or_init(|| self.read(section))
            .as_ref()
            .map_err(Clone::clone)
    }

    fn shelf_of(&self, provider: &str) -> Result<Option<&Shelf>, CatalogError> {
        self.sections
            .iter()
            .find(|section| section.provider == provider)
            .map(|section| self.shelf(section))
            .transpose()
    }

    /// Finds a provider by id.
    ///
    /// # Errors
    /// Only for rows that cannot be read.
    pub fn provider(&self, id: &str) -> Result<Option<&Provider>, CatalogError> {
        Ok(self.shelf_of(id)?.map(|shelf| &shelf.provider))
    }

    /// Ids of all providers, without reading any file.
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
            let shelf = self.shelf(section)?;
            all.extend(shelf.models.iter().map(|model| Found {
                model,
                provider: &shelf.provider,
                alias: None,
            }));
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
            && let Some(shelf) = self.shelf_of(&full.provider)?
            && let Some(found) = on_shelf(shelf, &full.model, as_of)
        {
            return Ok(found);
        }
        let mut hits = Vec::new();
        for section in &self.sections {
            if self.may_contain(section, name) {
                hits.extend(on_shelf(self.shelf(section)?, name, as_of));
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
        Ok(self.shelf_of(&id.provider)?.and_then(|shelf| {
            let model = shelf.models.iter().find(|model| model.id == *id)?;
            Some(Found {
                model,
                provider: &shelf.provider,
                alias: None,
            })
        }))
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
        let shelf = self.shelf_of(&name.provider)?;
        Ok(shelf.and_then(|shelf| on_shelf(shelf, &name.model, as_of)))
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

    /// Whether a file has to be read to know: the text search spares the parsing of the others.
    fn may_contain(&self, section: &Section, name: &str) -> bool {
        let overlaid = self.overlays.iter().any(|rows| {
            rows.raw.model.iter().any(|model| {
                model.id.split_once('/').map(|(first, _)| first) == Some(&section.provider)
            })
        });
        overlaid
            || section
                .builtin
                .is_some_and(|builtin| builtin.text.contains(name))
    }

    fn unknown(&self, name: &str) -> Result<CatalogError, CatalogError> {
        let mut near: Vec<(usize, String)> = Vec::new();
        let bare = name.rsplit_once('/').map_or(name, |(_, bare)| bare);
        for found in self.models()? {
            let id = &found.model.id;
            let aliases = found.model.aliases.iter().map(|alias| &alias.name);
            for own in std::iter::once(&id.model).chain(aliases) {
                let full = format!("{}/{own}", id.provider);
                let distance = strsim::damerau_levenshtein(bare, own)
                    .min(strsim::damerau_levenshtein(name, &full));
                if distance <= bare.chars().count() / 3 + 1 {
                    near.push((distance, full));
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

    /// The size classes, smallest first; a user's row replaces the built-in one of the same id.
    ///
    /// # Errors
    /// Only for rows that cannot be read.
    pub fn tiers(&self) -> Result<&[TierRow], CatalogError> {
        let read = || {
            let mut tiers: Vec<TierRow> = Vec::new();
            let base = Rows::parse(builtin::TIERS.file, builtin::TIERS.text)?;
            for rows in std::iter::once(&base).chain(&self.overlays) {
                for raw in &rows.raw.tier {
                    let row = check::tier(rows, raw)?;
                    tiers.retain(|tier| tier.tier != row.tier);
                    tiers.push(row);
                }
            }
            tiers.sort_by_key(|row| row.tier);
            Ok(tiers)
        };
        let tiers = self.tiers.get_or_init(read);
        tiers.as_ref().map(Vec::as_slice).map_err(Clone::clone)
    }

    /// One size class.
    ///
    /// # Errors
    /// Only for rows that cannot be read.
    pub fn tier(&self, tier: Tier) -> Result<Option<&TierRow>, CatalogError> {
        Ok(self.tiers()?.iter().find(|row| row.tier == tier))
    }

    /// The tokenizer families; a user's row replaces the built-in one of the same id.
    ///
    /// # Errors
    /// Only for rows that cannot be read.
    pub fn tokenizers(&self) -> Result<&[Tokenizer], CatalogError> {
        let read = || {
            let mut all: Vec<Tokenizer> = Vec::new();
            let base = Rows::parse(builtin::TOKENIZERS.file, builtin::TOKENIZERS.text)?;
            for rows in std::iter::once(&base).chain(&self.overlays) {
                for raw in &rows.raw.tokenizer {
                    let row = check::tokenizer(rows, raw)?;
                    all.retain(|known| known.id != row.id);
                    all.push(row);
                }
            }
            Ok(all)
        };
        let all = self.tokenizers.get_or_init(read);
        all.as_ref().map(Vec::as_slice).map_err(Clone::clone)
    }

    /// Tokenizer of a model; `None` = not stated.
    ///
    /// # Errors
    /// Only for rows that cannot be read.
    pub fn tokenizer(&self, model: &Model) -> Result<Option<&Tokenizer>, CatalogError> {
        let Some(id) = &model.tokenizer else {
            return Ok(None);
        };
        Ok(self.tokenizers()?.iter().find(|known| known.id == *id))
    }

    /// The GPUs, in the order of the files; a user's row lays over the built-in one of the same id.
    ///
    /// # Errors
    /// Only for rows that cannot be read.
    pub fn gpus(&self) -> Result<&[Gpu], CatalogError> {
        let read = || {
            let mut all: Vec<Gpu> = Vec::new();
            let base = Rows::parse(builtin::GPUS.file, builtin::GPUS.text)?;
            for rows in std::iter::once(&base).chain(&self.overlays) {
                for raw in &rows.raw.gpu {
                    match all.iter_mut().find(|known| known.id == raw.id) {
                        Some(known) => *known = check::gpu(rows, Some(known.clone()), raw)?,
                        None => all.push(check::gpu(rows, None, raw)?),
                    }
                }
            }
            Ok(all)
        };
        let all = self.gpus.get_or_init(read);
        all.as_ref().map(Vec::as_slice).map_err(Clone::clone)
    }

    /// A GPU by name, in any case.
    ///
    /// # Errors
    /// [`CatalogError::UnknownGpu`] with the names that are known.
    pub fn gpu(&self, name: &str) -> Result<&Gpu, CatalogError> {
        let all = self.gpus()?;
        all.iter()
            .find(|gpu| gpu.id.eq_ignore_ascii_case(name))
            .ok_or_else(|| CatalogError::UnknownGpu {
                name: name.to_owned(),
                known: all.iter().map(|gpu| gpu.id.clone()).collect(),
            })
    }

    /// Rate limits of a model's provider that hold for the model, lowest tier first; empty = no
    /// source states any. A user's tiers of a provider replace the built-in ones.
    ///
    /// # Errors
    /// Only for rows that cannot be read.
    pub fn rate_tiers_of(&self, id: &ModelName) -> Result<Vec<&RateTier>, CatalogError> {
        let all = self.rate_tiers()?;
        let own = |tier: &&RateTier| tier.provider == id.provider && tier.covers(&id.model);
        // Tiers that name the model say more than those for all models of the provider.
        let named: Vec<&RateTier> = all
            .iter()
            .filter(own)
            .filter(|tier| !tier.models.is_empty())
            .collect();
        if named.is_empty() {
            return Ok(all.iter().filter(own).collect());
        }
        Ok(named)
    }

    /// All rate limits, by provider as in the files, lowest tier first.
    ///
    /// # Errors
    /// Only for rows that cannot be read.
    pub fn rate_tiers(&self) -> Result<&[RateTier], CatalogError> {
        let read = || {
            let mut all: Vec<RateTier> = Vec::new();
            let base = Rows::parse(builtin::LIMITS.file, builtin::LIMITS.text)?;
            for rows in std::iter::once(&base).chain(&self.overlays) {
                let checked: Result<Vec<RateTier>, _> = rows
                    .raw
                    .limit
                    .iter()
                    .map(|raw| check::rate_tier(rows, raw))
                    .collect();
                let checked = checked?;
                all.retain(|known| {
                    !checked
                        .iter()
                        .any(|new| new.provider == known.provider && new.models == known.models)
                });
                all.extend(checked);
            }
            all.sort_by(|a, b| {
                (&a.provider, &a.models, a.rank).cmp(&(&b.provider, &b.models, b.rank))
            });
            Ok(all)
        };
        let all = self.rate_tiers.get_or_init(read);
        all.as_ref().map(Vec::as_slice).map_err(Clone::clone)
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
            .chain(self.overlay_texts.iter().map(String::as_str))
            .fold(Fingerprint::builder(), |hash, text| hash.field(text))
            .finish()
    }
}

/// Finds a model on a shelf: by its own name, else by an alias of the day, else by the alias
/// whose period began last.
fn on_shelf<'a>(shelf: &'a Shelf, name: &str, as_of: Date) -> Option<Found<'a>> {
    let found = |model, alias| Found {
        model,
        provider: &shelf.provider,
        alias,
    };
    if let Some(model) = shelf.models.iter().find(|model| model.id.model == name) {
        return Some(found(model, None));
    }
    let mut hits: Vec<(&Model, &Alias)> = shelf
        .models
        .iter()
        .flat_map(|model| model.aliases.iter().map(move |alias| (model, alias)))
        .filter(|(_, alias)| alias.name == name)
        .collect();
    hits.sort_by_key(|(_, alias)| (alias.holds(as_of), alias.from));
    hits.pop().map(|(model, alias)| found(model, Some(alias)))
}
