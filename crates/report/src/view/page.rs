//! Everything that a reader sees, in order.

use trilemma_decide::{Decision, Warning, WarningCode};

use super::cast::Cast;
use super::charts::{self, Figure};
use super::gates::{self, Matrix};
use super::headline::{Headline, sentence};
use super::notes::{self, Footnote};
use super::routing::RoutingView;
use super::table::Table;
use super::{
    among, cost, judges, latency, money, money_charts, pairs, people, quality, summary, trials,
};
use crate::text::one_line;

/// A decision in words, tables and charts.
pub(crate) struct View<'a> {
    /// Who is who.
    pub(crate) cast: Cast<'a>,
    /// Name of the task.
    pub(crate) task: String,
    /// Whether answers were simulated.
    pub(crate) simulated: bool,
    /// The verdict.
    pub(crate) headline: Headline,
    /// Why.
    pub(crate) reasons: Vec<String>,
    /// What would overturn it.
    pub(crate) overturns: Vec<String>,
    /// What to be careful about with the choice: of no candidate in particular, the chosen one, or
    /// the incumbent.
    pub(crate) warnings: Vec<String>,
    /// The same for all other candidates.
    pub(crate) more_warnings: Vec<String>,
    /// How many candidates have which verdict.
    pub(crate) tally: String,
    /// The gates.
    pub(crate) matrix: Matrix,
    /// The short table.
    pub(crate) summary: Table,
    /// All other tables.
    pub(crate) tables: Vec<Table>,
    /// The charts.
    pub(crate) figures: Vec<Figure>,
    /// Months, own servers, rate limits; empty = nothing was worked out.
    pub(crate) money: Vec<Table>,
    /// The same in short.
    pub(crate) money_short: Option<Table>,
    /// Charts of it.
    pub(crate) money_figures: Vec<Figure>,
    /// What it rests on.
    pub(crate) assumptions: Option<Table>,
    /// What routing is worth; `None` = nobody asked.
    pub(crate) routing: Option<RoutingView>,
    /// What people's labels made of candidates, a line each.
    pub(crate) people: Vec<String>,
    /// The judges, a line each.
    pub(crate) judges: Vec<String>,
    /// Who is preferred in pairs, a line each.
    pub(crate) pairs: Vec<String>,
    /// How figures were made.
    pub(crate) methods: Vec<Footnote>,
    /// Where they came from.
    pub(crate) provenance: Vec<Footnote>,
}

impl<'a> View<'a> {
    /// Phrases a decision.
    pub(crate) fn of(decision: &'a Decision) -> Self {
        let cast = Cast::of(decision);
        let mut tables = vec![quality::table(&cast)];
        tables.extend(among::standings(&cast));
        tables.push(cost::table(&cast));
        tables.extend(latency::tables(&cast));
        tables.extend([trials::table(&cast), trials::tokens(&cast)]);
        tables.extend(among::slices(&cast));
        tables.extend(people::table(&cast));
        tables.extend(judges::table(&cast));
        tables.extend(pairs::tables(&cast));
        tables.push(cost::prices(&cast));
        // The banner says already that answers are simulated.
        let shown = decision
            .warnings
            .iter()
            .filter(|warning| warning.code != WarningCode::Simulated);
        let (near, far): (Vec<&Warning>, Vec<&Warning>) = shown.partition(|warning| {
            let concerned = warning.candidate;
            let about_choice = matches!(
                warning.code,
                WarningCode::RatioMisleads
                    | WarningCode::UnequalErrors
                    | WarningCode::Multiplicity
                    | WarningCode::Tie
            );
            about_choice
                || concerned.is_none()
                || concerned == cast.chosen
                || concerned == decision.incumbent
        });
        let sentences = |warnings: Vec<&Warning>| -> Vec<String> {
            warnings
                .into_iter()
                .map(|warning| sentence(&warning.text))
                .collect()
        };
        Self {
            task: one_line(&decision.task.name, 120),
            simulated: decision.simulated,
            headline: Headline::of(&cast),
            reasons: decision.reasons.iter().map(|text| sentence(text)).collect(),
            overturns: decision
                .overturns
                .iter()
                .map(|overturn| sentence(&overturn.text))
                .collect(),
            warnings: sentences(near),
            more_warnings: sentences(far),
            tally: gates::tally(&cast),
            matrix: Matrix::of(&cast),
            summary: summary::table(&cast),
            tables,
            figures: charts::all(&cast),
            money: money::tables(&cast),
            money_short: money::short(&cast),
            money_figures: money_charts::all(&cast),
            assumptions: money::assumptions(&cast),
            routing: RoutingView::of(&cast),
            people: people::lines(&cast),
            judges: judges::lines(&cast),
            pairs: pairs::lines(&cast),
            methods: notes::methods(&cast),
            provenance: notes::provenance(decision),
            cast,
        }
    }
}
