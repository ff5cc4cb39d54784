//! The short lists of the catalog: size classes, tokenizers, GPUs, rate limits; each read as a whole, once.

use trilemma_domain::ModelName;

use crate::builtin::{self, Builtin};
use crate::catalog::Catalog;
use crate::check;
use crate::entry::Model;
use crate::error::CatalogError;
use crate::gpu::Gpu;
use crate::limit::RateTier;
use crate::sheet::{Kind, Sheet, Table};
use crate::tier::{Tier, TierRow};
use crate::tokenizer::Tokenizer;

impl Catalog {
    /// The size classes, smallest first; a user's row replaces the built-in one of the same id.
    ///
    /// # Errors
    /// Only for rows that cannot be read.
    pub fn tiers(&self) -> Result<&[TierRow], CatalogError> {
        let read = || {
            let mut tiers = self.gather(
                (&builtin::TIERS, Kind::Tier),
                |tiers: &mut Vec<TierRow>, sheet, table| {
                    let row = check::tier(&sheet.place(table), &sheet.tier(table)?)?;
                    tiers.retain(|tier| tier.tier != row.tier);
                    tiers.push(row);
                    Ok(())
                },
            )?;
            tiers.sort_by_key(|row| row.tier);
            Ok(tiers)
        };
        let tiers = self.once.tiers.get_or_init(read);
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
            self.gather(
                (&builtin::TOKENIZERS, Kind::Tokenizer),
                |all: &mut Vec<Tokenizer>, sheet, table| {
                    let row = check::tokenizer(&sheet.place(table), &sheet.tokenizer(table)?)?;
                    all.retain(|known| known.id != row.id);
                    all.push(row);
                    Ok(())
                },
            )
        };
        let all = self.once.tokenizers.get_or_init(read);
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
            self.gather(
                (&builtin::GPUS, Kind::Gpu),
                |all: &mut Vec<Gpu>, sheet, table| {
                    let (place, raw) = (sheet.place(table), sheet.gpu(table)?);
                    match all.iter_mut().find(|known| known.id == raw.id) {
                        Some(known) => *known = check::gpu(&place, Some(known.clone()), &raw)?,
                        None => all.push(check::gpu(&place, None, &raw)?),
                    }
                    Ok(())
                },
            )
        };
        let all = self.once.gpus.get_or_init(read);
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
            // Tiers of one file stand side by side; a later file's replace an earlier file's.
            let mut all = self.gather(
                (&builtin::LIMITS, Kind::Limit),
                |all: &mut Vec<(String, RateTier)>, sheet, table| {
                    let row = check::rate_tier(&sheet.place(table), &sheet.limit(table)?)?;
                    all.retain(|(file, known)| {
                        file == sheet.file()
                            || known.provider != row.provider
                            || known.models != row.models
                    });
                    all.push((sheet.file().to_owned(), row));
                    Ok(())
                },
            )?;
            all.sort_by(|(_, a), (_, b)| {
                (&a.provider, &a.models, a.rank).cmp(&(&b.provider, &b.models, b.rank))
            });
            Ok(all.into_iter().map(|(_, row)| row).collect())
        };
        let all = self.once.rate_tiers.get_or_init(read);
        all.as_ref().map(Vec::as_slice).map_err(Clone::clone)
    }

    /// Reads the rows of a kind out of all files, the built-in one first; all that is wrong with them is one error.
    fn gather<T>(
        &self,
        (base, kind): (&Builtin, Kind),
        mut lay: impl FnMut(&mut Vec<T>, &Sheet, &Table) -> Result<(), CatalogError>,
    ) -> Result<Vec<T>, CatalogError> {
        let base = base.sheet();
        let mut all = Vec::new();
        let mut problems = base.problems().to_vec();
        for sheet in std::iter::once(&base).chain(&self.overlays) {
            for table in sheet.tables(kind) {
                problems.extend(lay(&mut all, sheet, table).err());
            }
        }
        CatalogError::all(problems).map_or(Ok(all), Err)
    }
}
