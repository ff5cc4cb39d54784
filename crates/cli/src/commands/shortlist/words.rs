//! The shortlist for people: proposals in full, the rest counted by reason.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use trilemma_catalog::{Exclusion, Gap, Judged, Named, Passed, Proposal, QueryCost, Shortlist};

use super::asked::Asked;
use super::block::rough;
use crate::commands::words::stakes_name;
use crate::layout::{bullet, one_line, terminal_width, wrap};

/// Models named as examples of a reason.
const MAX_EXAMPLES: usize = 3;

/// Everything, `all` of the left-out models one by one.
pub(super) fn shortlist_text(asked: &Asked, list: &Shortlist, all: bool) -> String {
    let mut page = Page {
        text: String::new(),
        width: terminal_width(),
    };
    page.head(asked);
    if list.proposals.is_empty() {
        page.line(0, "no model of the catalog passes every requirement");
    }
    for (idx, proposal) in list.proposals.iter().enumerate() {
        page.proposal(idx + 1, proposal);
    }
    if !list.named.is_empty() {
        page.title("Your candidates (never left out, only warned about)");
        for named in &list.named {
            page.named(named);
        }
    }
    page.left_out(
        "Pass, but are not proposed",
        &list.passed_over,
        all,
        passed_kind,
    );
    page.left_out(
        "Undecided: no source states what a requirement asks",
        &list.undecided,
        all,
        gap_kind,
    );
    page.left_out("Left out", &list.excluded, all, exclusion_kind);
    page.text.push('\n');
    page.line(
        0,
        "Which of them is good enough, only a benchmark on your own golden set can tell.",
    );
    page.text
}

struct Page {
    text: String,
    width: Option<usize>,
}

impl Page {
    fn line(&mut self, indent: usize, line: &str) {
        let wrapped = wrap(line, indent, self.width.unwrap_or(100));
        // Writing to a string cannot fail.
        let _ = writeln!(self.text, "{wrapped}");
    }

    fn point(&mut self, indent: usize, line: &str) {
        let wrapped = bullet(line, indent, self.width);
        let _ = writeln!(self.text, "{wrapped}");
    }

    fn title(&mut self, title: &str) {
        let _ = writeln!(self.text, "\n{title}");
    }

    fn head(&mut self, asked: &Asked) {
        let typical = &asked.typical;
        self.line(
            0,
            &format!(
                "Shortlist for {}, stakes {}, as of {}, to hold for {} days",
                asked.task.name(),
                stakes_name(asked.stakes),
                asked.as_of,
                asked.horizon_days
            ),
        );
        self.line(
            0,
            &format!(
                "ordinary query: {} tokens in ({}), {} out ({})",
                typical.tokens.input,
                typical.input_from,
                typical.tokens.output,
                typical.output_from
            ),
        );
        if let Some(problem) = &asked.golden_problem {
            let first = problem.lines().next().unwrap_or_default();
            self.line(
                0,
                &format!("warning: the golden set was not measured: {first}"),
            );
        }
        self.text.push('\n');
    }

    fn proposal(&mut self, place: usize, proposal: &Proposal) {
        let _ = writeln!(
            self.text,
            "{place}. {}  {}",
            one_line(&proposal.id.to_string()),
            cost(proposal.cost.as_ref())
        );
        for reason in &proposal.because {
            self.point(3, &reason.to_string());
        }
        for caution in &proposal.cautions {
            self.point(3, &format!("caution: {caution}"));
        }
    }

    fn named(&mut self, named: &Named) {
        let resolved = named
            .id
            .as_ref()
            .map(ToString::to_string)
            .filter(|id| *id != named.name)
            .map_or_else(String::new, |id| format!(" (today {id})"));
        self.line(2, &format!("{}{resolved}", named.name));
        let before = self.text.len();
        for fail in &named.fails {
            self.point(4, &format!("would be left out: {fail}"));
        }
        for gap in &named.gaps {
            self.point(4, &format!("undecided: {gap}"));
        }
        for caution in &named.cautions {
            self.point(4, &format!("caution: {caution}"));
        }
        if let Some(problem) = &named.problem {
            self.point(4, problem);
        }
        if self.text.len() == before {
            self.point(4, "nothing to say against it");
        }
    }

    fn left_out<R: ToString>(
        &mut self,
        title: &str,
        judged: &[Judged<R>],
        all: bool,
        kind: fn(&R) -> &'static str,
    ) {
        if judged.is_empty() {
            return;
        }
        self.title(&format!("{title}: {}", judged.len()));
        if all {
            for one in judged {
                let reasons: Vec<String> = one.reasons.iter().map(ToString::to_string).collect();
                self.point(2, &format!("{}: {}", one.id, reasons.join("; ")));
            }
            return;
        }
        // Counted by the first reason, so that each model counts once.
        let mut groups: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for one in judged {
            if let Some(reason) = one.reasons.first() {
                groups
                    .entry(kind(reason))
                    .or_default()
                    .push(one.id.to_string());
            }
        }
        let mut groups: Vec<_> = groups.into_iter().collect();
        groups.sort_by_key(|(_, ids)| std::cmp::Reverse(ids.len()));
        for (kind, ids) in groups {
            let shown = ids.iter().take(MAX_EXAMPLES).cloned().collect::<Vec<_>>();
            let more = if ids.len() > MAX_EXAMPLES {
                ", …"
            } else {
                ""
            };
            self.point(
                2,
                &format!("{} {kind} ({}{more})", ids.len(), shown.join(", ")),
            );
        }
    }
}

fn cost(cost: Option<&QueryCost>) -> String {
    match cost {
        None => "price unknown".to_owned(),
        Some(cost) if cost.low == cost.high => {
            format!("about {} USD per query", rough(cost.low))
        }
        Some(cost) => format!(
            "about {} to {} USD per query",
            rough(cost.low),
            rough(cost.high)
        ),
    }
}

pub(super) fn exclusion_kind(exclusion: &Exclusion) -> &'static str {
    match exclusion {
        Exclusion::Context { .. } => "with too small a context window",
        Exclusion::TokensDoNotFit { .. } => "too small for an ordinary query",
        Exclusion::Lacks { .. } => "lacking an ability",
        Exclusion::TrainsOnData { .. } => "whose vendor may train on the data",
        Exclusion::Region { .. } => "not to be had in the region",
        Exclusion::NotSelfHosted => "that cannot be self-hosted",
        Exclusion::LicenceForbids { .. } => "whose licence forbids commercial use",
        Exclusion::TooDear { .. } => "too dear",
        Exclusion::NotYetReleased { .. } => "not yet to be had",
        Exclusion::ShutDown { .. } => "shut down",
        Exclusion::EndsInsideHorizon { .. } => "ending before the choice is made anew",
    }
}

pub(super) fn gap_kind(gap: &Gap) -> &'static str {
    match gap {
        Gap::Context => "with unknown context window",
        Gap::Ability { .. } => "with an unknown ability",
        Gap::Training => "where training on the data is not stated",
        Gap::Regions => "where the region is not stated",
        Gap::Licence => "with unknown licence",
        Gap::Price { .. } => "with unknown price",
    }
}

pub(super) fn passed_kind(passed: &Passed) -> &'static str {
    match passed {
        Passed::Superseded { .. } => "with a newer model in their line",
        Passed::Specialised { .. } => "made for other tasks",
        Passed::NeedsHosting => "to be hosted by yourself",
        Passed::OthersFirst => "behind others of their role",
    }
}
