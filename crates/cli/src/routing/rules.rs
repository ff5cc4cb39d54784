//! How many items each rule of a policy catches, and why one catches none.
//!
//! In: a policy made ready with the items that it served, or the project's rules and its golden set. Out: a count per rule,
//! and a sentence for each that catches nothing: a typo in an expression or a tag shows here or nowhere.

use serde::Serialize;
use trilemma_domain::{Candidate, Item};
use trilemma_project::RoutingSettings;
use trilemma_route::{
    Example, Frame, Member, Plan, Policy, RequestView, Router, RuleMet, Served, Why,
};

use super::item::{Rendering, view_of};
use crate::context::Context;
use crate::layout::counted;
use crate::policy_file;

/// A rule beside the items.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct RuleCount {
    /// Its name.
    pub(crate) name: String,
    /// Items that it caught.
    pub(crate) n: usize,
    /// Items that meet its condition, whether they came to it or not.
    pub(crate) n_met: usize,
    /// Conditions that no item meets, by the names of their settings.
    pub(crate) unmet: Vec<&'static str>,
    /// Why it caught none; `None` = it caught some.
    pub(crate) caught_none: Option<String>,
}

/// Facts that items state, in their metadata or among their tags, and live requests by headers.
const STATED: [&str; 7] = [
    "task",
    "route",
    "user_tier",
    "carries",
    "hours",
    "days",
    "hours and days",
];

impl RuleCount {
    fn of(met: RuleMet, n: usize) -> Self {
        let caught_none = (n == 0).then(|| none(&met));
        Self {
            name: met.name,
            n,
            n_met: met.n_met,
            unmet: met.unmet,
            caught_none,
        }
    }

    /// Whether it catches nothing because no item states the facts that it asks for: live requests may.
    fn asks_for_facts(&self) -> bool {
        !self.unmet.is_empty() && self.unmet.iter().all(|name| STATED.contains(name))
    }
}

/// Why a rule caught none.
fn none(met: &RuleMet) -> String {
    if met.n_met > 0 {
        let met = counted(met.n_met as u64, "item");
        return format!("{met} would meet it, and what comes before it decided them all");
    }
    let names: Vec<String> = met.unmet.iter().map(|name| format!("`{name}`")).collect();
    if names.is_empty() {
        return "no item meets all of its conditions at once".to_owned();
    }
    let how = match met.unmet.iter().any(|name| STATED.contains(name)) {
        true => " (items state `task`, `route`, `user_tier` and `time` in their metadata)",
        false => "",
    };
    format!("no item meets its {}{how}", names.join(", nor its "))
}

/// How many of the items that were served each rule of a policy caught, in the order of the plan.
pub(crate) fn counts(router: &Router, rows: &[Example], served: &[Served]) -> Vec<RuleCount> {
    let views: Vec<RequestView<'_>> = rows.iter().map(Example::view).collect();
    let caught = |met: RuleMet| {
        let is_it = |why: &Why| matches!(why, Why::Rule { name } if *name == met.name);
        let n = served.iter().filter(|one| one.why.iter().any(is_it));
        let n = n.count();
        RuleCount::of(met, n)
    };
    router.rules_met(&views).into_iter().map(caught).collect()
}

/// The rules of one place.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Ruled {
    /// `routing.rules`, or the policy file.
    pub(crate) of: String,
    /// In order; each list of rules of a file as if every item came to it.
    pub(crate) rules: Vec<RuleCount>,
}

/// What the rules of the project, and of the policy that it serves, catch of a golden set; nothing is said of rules that
/// cannot be used: others say what is wrong with them.
pub(crate) fn of_golden(context: &Context, items: &[Item]) -> Vec<Ruled> {
    let settings = &context.project.routing;
    let Some(candidate) = reader(context).filter(|_| !items.is_empty()) else {
        return Vec::new();
    };
    let mut all: Vec<Ruled> = Vec::new();
    let own = own_rules(context, candidate).map(|router| ("routing.rules".to_owned(), router));
    let file = context.project.serve.policy.as_ref().and_then(|file| {
        let text = policy_file::read(&context.folder.join(file)).ok()?;
        Some((file.display().to_string(), Router::read(&text).ok()?))
    });
    for (of, router) in own.into_iter().chain(file) {
        let settings = RoutingSettings {
            reads: router.policy().reads.clone(),
            ..settings.clone()
        };
        let Ok(rows) = rows(candidate, &settings, items) else {
            continue;
        };
        let views: Vec<RequestView<'_>> = rows.iter().map(Example::view).collect();
        let count = |met: RuleMet| {
            let n = met.n_first;
            RuleCount::of(met, n)
        };
        let rules: Vec<RuleCount> = router.rules_met(&views).into_iter().map(count).collect();
        // A file that was trained has the project's own rules.
        if !rules.is_empty() && all.iter().all(|known| known.rules != rules) {
            all.push(Ruled { of, rules });
        }
    }
    all
}

fn own_rules(context: &Context, candidate: &Candidate) -> Option<Router> {
    let settings = &context.project.routing;
    if settings.rules.is_empty() {
        return None;
    }
    let frame = Frame {
        rules: settings.rules.clone(),
        fallback: Vec::new(),
        reads: settings.reads.clone(),
    };
    let members = context.project.candidates.iter();
    let members = members.map(|one| Member::named(one.id.clone())).collect();
    let policy = Policy::new("rules", members, Plan::Single(candidate.id.clone()));
    Router::new(frame.around(policy, Vec::new())).ok()
}

/// A finding of `check`: how grave it is, and what there is to say.
pub(crate) type Finding = (&'static str, String);

/// What `check` says of them: each rule that catches nothing, and a line of counts.
pub(crate) fn findings(all: &[Ruled], n_items: usize) -> Vec<Finding> {
    let of = counted(n_items as u64, "item");
    let none = |ruled: &Ruled| -> Vec<Finding> {
        let none = ruled.rules.iter().filter_map(|one| {
            let why = one.caught_none.as_ref()?;
            let severity = match one.asks_for_facts() {
                true => "note",
                false => "warning",
            };
            let text = format!("{}: `{}` catches none of {of}: {why}", ruled.of, one.name);
            Some((severity, text))
        });
        none.collect()
    };
    let counts = |ruled: &Ruled| -> Finding {
        let names: Vec<String> = (ruled.rules.iter())
            .map(|one| format!("`{}` {}", one.name, one.n))
            .collect();
        let text = format!(
            "{}: of {of} its rules catch: {}",
            ruled.of,
            names.join(", ")
        );
        ("note", text)
    };
    let mut found: Vec<Finding> = all.iter().flat_map(none).collect();
    found.extend(all.iter().map(counts));
    found.sort_by_key(|(severity, _)| *severity != "warning");
    found
}

/// The candidate by whose prompt items are read: the first that answers, with the prompt that most have.
fn reader(context: &Context) -> Option<&Candidate> {
    let givers = context.project.routing.gives_labels();
    let answers = |one: &&Candidate| !givers.contains(&one.id);
    let all = || context.project.candidates.iter().filter(answers);
    let prompt = |one: &Candidate| one.prompt.as_ref().map(|prompt| prompt.source.clone());
    let n_alike = |one: &Candidate| all().filter(|other| prompt(other) == prompt(one)).count();
    all().reduce(|best, one| {
        if n_alike(one) > n_alike(best) {
            one
        } else {
            best
        }
    })
}

fn rows(
    candidate: &Candidate,
    settings: &RoutingSettings,
    items: &[Item],
) -> anyhow::Result<Vec<Example>> {
    let rendering = Rendering::new(candidate, settings)?;
    items.iter().map(|item| view_of(&rendering, item)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(name: &str, n_met: usize, n: usize, unmet: &[&'static str]) -> RuleCount {
        let met = RuleMet {
            name: name.to_owned(),
            n_met,
            n_first: n,
            unmet: unmet.to_vec(),
        };
        RuleCount::of(met, n)
    }

    #[test]
    fn rules_that_catch_nothing_come_first_and_say_why() {
        let ruled = Ruled {
            of: "routing.rules".to_owned(),
            rules: vec![
                count("long", 7, 7, &[]),
                count("paying", 0, 0, &["user_tier"]),
                count("typo", 0, 0, &["matches", "tags"]),
                count("behind", 3, 0, &[]),
                count("both", 0, 0, &[]),
            ],
        };
        let found = findings(&[ruled], 20);
        let words: Vec<String> = (found.iter())
            .map(|(severity, text)| format!("{severity}: {text}"))
            .collect();
        assert_eq!(
            words,
            [
                "warning: routing.rules: `typo` catches none of 20 items: no item meets its `matches`, nor its `tags`",
                "warning: routing.rules: `behind` catches none of 20 items: 3 items would meet it, and what comes before \
                 it decided them all",
                "warning: routing.rules: `both` catches none of 20 items: no item meets all of its conditions at once",
                "note: routing.rules: `paying` catches none of 20 items: no item meets its `user_tier` (items state `task`, \
                 `route`, `user_tier` and `time` in their metadata)",
                "note: routing.rules: of 20 items its rules catch: `long` 7, `paying` 0, `typo` 0, `behind` 0, `both` 0",
            ]
        );
        assert!(findings(&[], 20).is_empty());
    }
}
