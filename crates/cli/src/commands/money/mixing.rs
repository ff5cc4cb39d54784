//! Several models behind one door: a mix by shares, or a cascade.

use anyhow::anyhow;
use rust_decimal::Decimal;
use trilemma_cost::assume::{Assumptions, Key};
use trilemma_cost::{cascade, mixed};
use trilemma_domain::Usd;

use super::contender::Contender;
use crate::context::InputError;
use crate::layout::counted;

/// A mix and what a query of it costs.
#[derive(Debug, Clone)]
pub(crate) struct Mix {
    pub(crate) text: String,
    /// `None` = a part's price is unknown.
    pub(crate) per_query: Option<Usd>,
}

/// Works out mixes (`a=0.7,b=0.3`) and cascades (`small,large,0.2`).
///
/// # Errors
/// [`InputError`] with every text that cannot be read, and the fix.
pub(crate) fn mixes(
    (mix, cascades): (&[String], &[String]),
    contenders: &[Contender],
    assumptions: &Assumptions,
) -> anyhow::Result<Vec<Mix>> {
    let cost = |name: &str| {
        let one = contenders.iter().find(|one| {
            one.name == name
                || one
                    .name
                    .rsplit_once('/')
                    .is_some_and(|(_, bare)| bare == name)
        });
        one.map(|one| one.mean_query(assumptions).map(|query| query.cost))
    };
    let mut problems = Vec::new();
    let mut found = Vec::new();
    for text in mix {
        let parts: Option<Vec<(Decimal, Option<Usd>)>> = text
            .split(',')
            .map(|part| {
                let (name, share) = part.split_once('=')?;
                Some((share.trim().parse().ok()?, cost(name.trim())?))
            })
            .collect();
        let shares: Decimal = parts.iter().flatten().map(|(share, _)| *share).sum();
        match parts {
            Some(parts) if (shares - Decimal::ONE).abs() <= Decimal::new(1, 9) => {
                found.push(Mix {
                    text: text.clone(),
                    per_query: mixed(&parts),
                });
            }
            Some(_) => problems.push(format!(
                "  `--mix {text}` has shares that sum to {shares}; hint: they must sum to 1"
            )),
            None => problems.push(format!(
                "  `--mix {text}` cannot be read; hint: write NAME=SHARE,NAME=SHARE with names from the table"
            )),
        }
    }
    for text in cascades {
        let parts: Vec<&str> = text.split(',').map(str::trim).collect();
        let read = match parts.as_slice() {
            [small, large, share] => cost(small)
                .zip(cost(large))
                .zip(share.parse::<Decimal>().ok())
                .filter(|(_, share)| (Decimal::ZERO..=Decimal::ONE).contains(share)),
            _ => None,
        };
        let router = Usd::new(assumptions.or_zero(Key::RouterUsd));
        match read {
            Some(((small, large), share)) => found.push(Mix {
                text: format!("cascade {text}"),
                // The router stands in both parts already; it runs once.
                per_query: small.zip(large).and_then(|(small, large)| {
                    cascade(small - router, router, share, large - router)
                }),
            }),
            None => problems.push(format!(
                "  `--cascade {text}` cannot be read; hint: write SMALL,LARGE,SHARE with a share escalated from 0 to 1"
            )),
        }
    }
    if problems.is_empty() {
        return Ok(found);
    }
    Err(anyhow!(InputError(format!(
        "{} in the mixes\n{}",
        counted(problems.len() as u64, "problem"),
        problems.join("\n")
    ))))
}
