//! Why a model is proposed, left out or left undecided: types for programs, sentences for people.

use std::fmt;

use jiff::civil::Date;
use trilemma_domain::{Capability, TaskKind, Usd};

use crate::entry::Role;
use crate::tier::Tier;

/// A gate that the model fails.
#[derive(Debug, Clone, PartialEq)]
pub enum Exclusion {
    /// The context window is too small.
    Context {
        /// Tokens needed.
        needed: u64,
        /// Tokens that it has.
        has: u64,
    },
    /// An ordinary query or its answer does not fit.
    TokensDoNotFit {
        /// Input tokens of an ordinary query.
        input: u64,
        /// Output tokens of one.
        output: u64,
    },
    /// It lacks an ability.
    Lacks {
        /// Which one.
        capability: Capability,
    },
    /// Its vendor may train on the data.
    TrainsOnData {
        /// Who says so.
        source: String,
    },
    /// Processing cannot be pinned to any region asked for.
    Region {
        /// Regions asked for.
        wanted: Vec<String>,
        /// Regions that can be had.
        offered: Vec<String>,
        /// Who says so.
        source: String,
    },
    /// It cannot be hosted by the user.
    NotSelfHosted,
    /// Its licence forbids commercial use.
    LicenceForbids {
        /// Which licence.
        licence: String,
    },
    /// Even the low estimate is above the ceiling.
    TooDear {
        /// Low estimate per query.
        per_query: Usd,
        /// Ceiling per query.
        ceiling: Usd,
    },
    /// It is not to be had yet.
    NotYetReleased {
        /// The day from which it is.
        from: Date,
    },
    /// It is gone.
    ShutDown {
        /// Since when.
        since: Date,
        /// Whether that day is the exact one.
        exact: bool,
        /// What the vendor recommends instead.
        replacement: Option<String>,
    },
    /// It ends before the choice has to be made anew.
    EndsInsideHorizon {
        /// By which day it ends.
        by: Date,
        /// Last day of the horizon.
        horizon: Date,
        /// What the vendor recommends instead.
        replacement: Option<String>,
    },
}

/// A gate that no source lets us decide.
#[derive(Debug, Clone, PartialEq)]
pub enum Gap {
    /// The size of the context window is not stated.
    Context,
    /// It is not stated whether it has an ability.
    Ability {
        /// Which one.
        capability: Capability,
    },
    /// It is not stated whether the vendor trains on the data.
    Training,
    /// It is not stated where data are processed.
    Regions,
    /// The licence is not stated.
    Licence,
    /// The price is not known, and there is a ceiling.
    Price {
        /// Ceiling per query.
        ceiling: Usd,
    },
}

/// Why a model is proposed.
#[derive(Debug, Clone, PartialEq)]
pub enum Inclusion {
    /// An obvious candidate: what a leading vendor puts forward for quality-sensitive tasks.
    FrontRunner,
    /// What its vendor puts forward for less demanding tasks.
    Role {
        /// The role.
        role: Role,
    },
    /// Cheap candidates are tried first here.
    CheapFirst,
    /// A cheaper alternative to the first front-runner.
    Cheaper {
        /// The front-runner.
        than: String,
        /// How many times cheaper per ordinary query.
        times: f64,
    },
    /// Its size class suits the kind of task.
    SuitsTask {
        /// The class.
        tier: Tier,
        /// The kind.
        task: TaskKind,
        /// Who says so.
        source: String,
    },
}

/// What to know about a model that is not excluded.
#[derive(Debug, Clone, PartialEq)]
pub enum Caution {
    /// A price change is announced inside the horizon.
    PriceChange {
        /// First day of the new price.
        on: Date,
        /// Estimate per query until then.
        from: Usd,
        /// Estimate per query from then on; `None` = no source states it.
        to: Option<Usd>,
    },
    /// Its vendor names no fixed snapshot.
    Unpinned,
    /// The name moves between snapshots.
    MovingName {
        /// The snapshot that it means on the day.
        snapshot: String,
    },
    /// It bills hidden reasoning that the estimate leaves out.
    HiddenReasoning,
    /// What has to be done for the data terms to hold.
    TermsCondition {
        /// The condition.
        text: String,
    },
    /// The licence has conditions that somebody has to read.
    LicenceCondition {
        /// Which licence.
        licence: String,
    },
    /// The price was last looked at long ago.
    OldPrice {
        /// Days since.
        days: i32,
    },
    /// The price is not known.
    PriceUnknown,
    /// Its end is announced, after the horizon.
    Ends {
        /// By which day.
        by: Date,
    },
    /// A newer model of the same line is to be had.
    Superseded {
        /// Which one.
        by: String,
    },
}

/// Why a model that passes every gate is not proposed.
#[derive(Debug, Clone, PartialEq)]
pub enum Passed {
    /// A newer model of its line is to be had at no more than half as much again.
    Superseded {
        /// Which one.
        by: String,
    },
    /// It is made for other kinds of task.
    Specialised {
        /// Which ones.
        tasks: Vec<TaskKind>,
    },
    /// The user would have to host it, and did not ask for that.
    NeedsHosting,
    /// Others of its role come first.
    OthersFirst,
}

impl fmt::Display for Exclusion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Context { needed, has } => {
                write!(f, "context of {has} tokens; {needed} are needed")
            }
            Self::TokensDoNotFit { input, output } => write!(
                f,
                "a query of {input} tokens with an answer of {output} exceeds its limits"
            ),
            Self::Lacks { capability } => write!(f, "lacks `{}`", capability.name()),
            Self::TrainsOnData { source } => {
                write!(f, "its vendor may train on the data ({source})")
            }
            Self::Region {
                wanted,
                offered,
                source,
            } => {
                let offered = if offered.is_empty() {
                    "to no region".to_owned()
                } else {
                    format!("only to {}", offered.join(", "))
                };
                write!(
                    f,
                    "processing can be pinned {offered}, not to {} ({source})",
                    wanted.join(" or ")
                )
            }
            Self::NotSelfHosted => f.write_str("cannot be self-hosted"),
            Self::LicenceForbids { licence } => {
                write!(f, "licence `{licence}` forbids commercial use")
            }
            Self::TooDear { per_query, ceiling } => write!(
                f,
                "costs at least {} USD per query; the ceiling is {}",
                per_query.brief(),
                ceiling.brief()
            ),
            Self::NotYetReleased { from } => write!(f, "not known to be had before {from}"),
            Self::ShutDown {
                since,
                exact,
                replacement,
            } => {
                let when = if *exact { "on" } else { "at the latest by" };
                write!(
                    f,
                    "shut down {when} {since}{}",
                    instead(replacement.as_ref())
                )
            }
            Self::EndsInsideHorizon {
                by,
                horizon,
                replacement,
            } => write!(
                f,
                "ends by {by}, before {horizon}{}",
                instead(replacement.as_ref())
            ),
        }
    }
}

fn instead(replacement: Option<&String>) -> String {
    replacement.map_or_else(String::new, |to| format!("; its vendor recommends `{to}`"))
}

impl fmt::Display for Gap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Context => f.write_str("size of the context window not stated"),
            Self::Ability { capability } => {
                write!(f, "not stated whether it has `{}`", capability.name())
            }
            Self::Training => f.write_str("not stated whether its vendor trains on the data"),
            Self::Regions => f.write_str("not stated where data are processed"),
            Self::Licence => f.write_str("licence not stated"),
            Self::Price { ceiling } => {
                write!(
                    f,
                    "price not known; the ceiling is {} USD per query",
                    ceiling.brief()
                )
            }
        }
    }
}

impl fmt::Display for Inclusion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::FrontRunner => f.write_str("an obvious front-runner"),
            Self::Role { role } => write!(f, "its vendor's {} line", role.name()),
            Self::CheapFirst => {
                f.write_str("low stakes or high volume: cheap candidates are tried first")
            }
            Self::Cheaper { than, times } => {
                write!(f, "{times:.1} times cheaper per query than {than}")
            }
            Self::SuitsTask { tier, task, source } => write!(
                f,
                "{} models usually do for {} ({source})",
                tier.name(),
                task.name()
            ),
        }
    }
}

impl fmt::Display for Caution {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::PriceChange { on, from, to } => {
                write!(
                    f,
                    "price changes on {on}: {} USD per query until then, ",
                    from.brief()
                )?;
                match to {
                    Some(to) => write!(f, "{} from then on", to.brief()),
                    None => f.write_str("unknown from then on"),
                }
            }
            Self::Unpinned => f.write_str("its vendor names no fixed snapshot: it may change"),
            Self::MovingName { snapshot } => {
                write!(f, "the name moves between snapshots; pin `{snapshot}`")
            }
            Self::HiddenReasoning => {
                f.write_str("bills hidden reasoning, which the estimate leaves out")
            }
            Self::TermsCondition { text } => write!(f, "data terms hold if: {text}"),
            Self::LicenceCondition { licence } => {
                write!(f, "licence `{licence}` has conditions: read them")
            }
            Self::OldPrice { days } => write!(f, "price last looked at {days} days ago"),
            Self::PriceUnknown => f.write_str("price not known"),
            Self::Ends { by } => write!(f, "ends by {by}"),
            Self::Superseded { by } => write!(f, "`{by}` is newer in the same line"),
        }
    }
}

impl fmt::Display for Passed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Superseded { by } => write!(f, "`{by}` is newer in the same line"),
            Self::NeedsHosting => {
                f.write_str("would have to be hosted; set `self_hosted = true` to consider it")
            }
            Self::Specialised { tasks } => {
                let names: Vec<_> = tasks.iter().map(|task| task.name()).collect();
                write!(f, "made for {}", names.join(" and "))
            }
            Self::OthersFirst => f.write_str("passes, but others like it come first"),
        }
    }
}
