//! The race for requirements: the preferred candidate that meets them all, without asking everybody everything.
//!
//! In: the tests that quality requirements come down to, who is ruled out by a stated fact, and a judge that takes
//! the decision on some candidates. Out: who was completed, who was given up and why. Whom to ask next is said by
//! `stats::race::GateCourse`; here its questions become calls, and its record is read back when a run is resumed.

use std::collections::HashSet;
use std::sync::Arc;

use trilemma_domain::{TrialKey, Verdict};
use trilemma_project::Adaptive;
use trilemma_provider::Connect;
use trilemma_stats::StatsError;
use trilemma_stats::race::{self, Bar, GateCourse, GateStep, Guarantee, RankBy, Word};

use crate::error::BenchError;
use crate::job::Job;
use crate::record::{Record, Seen, Seens, weighted_mean};
use crate::summary::{GivenUp, RaceSummary, Reason};

/// What the decision says of a candidate.
#[derive(Debug, Clone, PartialEq)]
pub struct Standing {
    /// Over all requirements.
    pub verdict: Verdict,
    /// A requirement that it fails, in words; `None` = it fails none.
    pub fails: Option<String>,
    /// What candidates are ranked by, less is better: dollars, the share that fails, or the median time in
    /// milliseconds; `None` = unknown.
    pub value: Option<f64>,
}

/// Takes the decision on these candidates, in ascending order, on all that is recorded of them; one standing for
/// each.
pub type Judge<'a> = dyn Fn(&[u32]) -> Result<Vec<Standing>, BenchError> + 'a;

/// What a race for requirements is made of.
pub struct GateRace<'a> {
    /// Quality requirements; at least one.
    pub bars: Vec<Bar>,
    /// Candidates that a stated fact rules out: they are not asked, unless others are compared with them.
    pub ruled_out: Vec<u32>,
    /// What ranks candidates that meet everything.
    pub rank_by: RankBy,
    /// Bound of the error that any candidate is said to meet everything although it does not.
    pub alpha: f64,
    /// The decision.
    pub judge: &'a Judge<'a>,
}

/// Runs the race for requirements to its end, or until it is stopped.
pub(crate) async fn race_for_gates<C: Connect>(
    job: &Arc<Job<C>>,
    plan: &GateRace<'_>,
) -> Result<RaceSummary, BenchError> {
    let mut runner = Runner::new(job, plan)?;
    if runner.run().await? {
        runner.finish().await?;
    }
    Ok(runner.summary)
}

struct Runner<'a, C: Connect> {
    plan: &'a GateRace<'a>,
    course: GateCourse,
    record: Record<C>,
    summary: RaceSummary,
    incumbent: Option<u32>,
    /// Requirements that candidates were failing.
    failing: Vec<(usize, String)>,
}

impl<'a, C: Connect> Runner<'a, C> {
    fn new(job: &Arc<Job<C>>, plan: &'a GateRace<'a>) -> Result<Self, BenchError> {
        let record = Record::open(job)?;
        let n_arms = record.n_arms();
        let is_in = |arm: &usize| !plan.ruled_out.contains(&record.candidate(*arm));
        let size = (n_arms, job.parts.items.len());
        let bars = bars(&record, &plan.bars)?;
        let course = GateCourse::new(size, (0..n_arms).filter(is_in).collect(), bars);
        let course = course.and_then(|course| course.weighted(&record.weights()));
        Ok(Self {
            plan,
            course: course.map_err(defect)?.ranked_by(plan.rank_by),
            record,
            summary: RaceSummary::begun(Adaptive::Gates, job.parts.shape(), &job.parts.aside),
            incumbent: job.parts.incumbent,
            failing: Vec::new(),
        })
    }

    /// Runs to the end of the race; false when the run is being stopped.
    async fn run(&mut self) -> Result<bool, BenchError> {
        let mut seens = Seens::new();
        loop {
            match self.course.next_step().map_err(defect)? {
                GateStep::Ask(queries) => {
                    let keys = queries.iter().flat_map(|query| self.record.keys(*query));
                    let keys: HashSet<TrialKey> = keys.collect();
                    self.summary.count(&keys);
                    if !self.record.settle(&keys).await? {
                        return Ok(false);
                    }
                    seens = self.record.seen(keys.into_iter())?;
                    for query in queries {
                        if let Some(time) = self.record.time(query, &seens) {
                            self.course.time(query, time);
                        }
                        self.course.answer(query, self.record.answer(query, &seens));
                    }
                }
                GateStep::Price => {
                    let arms = 0..self.record.n_arms();
                    let ranks = arms.map(|arm| self.rank_value(arm, &seens));
                    let prices: Vec<Option<f64>> = ranks.collect();
                    self.course.price(&prices);
                }
                GateStep::Judge { arm, .. } => {
                    let word = self.word(arm)?;
                    self.course.judged(word);
                }
                GateStep::Stop => return Ok(true),
            }
        }
    }

    /// Completes what the decision needs, and says what holds.
    async fn finish(&mut self) -> Result<(), BenchError> {
        let number = |arm: usize| self.record.candidate(arm);
        let with = self.course.references().into_iter().map(number);
        let with = with.chain(self.incumbent);
        let judged = self.course.complete().iter().map(|arm| number(*arm));
        let mut completed: Vec<u32> = judged.chain(with).collect();
        if completed.is_empty() {
            // Somebody has to be decided on: the one that had most of a chance.
            completed.extend(self.likeliest().map(number));
        }
        completed.sort_unstable();
        completed.dedup();
        if self.record.settle(&self.record.all_of(&completed)).await? {
            let given_up = self.given_up();
            let is_out = |one: &GivenUp| !completed.contains(&one.candidate);
            self.summary.given_up = given_up.into_iter().filter(is_out).collect();
            self.summary.completed = completed;
        }
        self.summary.chosen = self.course.met().map(|arm| self.record.candidate(arm));
        self.summary.guarantee = Some(Guarantee::Shown {
            alpha: self.plan.alpha,
        });
        Ok(())
    }

    /// Of those given up, the one with the best prospects, the cheapest of equals.
    fn likeliest(&self) -> Option<usize> {
        let chance = |reason: race::Reason| match reason {
            race::Reason::Hopeless(chance) => chance,
            race::Reason::Failing | race::Reason::Dearer | race::Reason::Behind(_) => 0.0,
        };
        let given_up = self.course.given_up().iter().rev();
        let best = given_up.max_by(|a, b| chance(a.reason).total_cmp(&chance(b.reason)));
        best.map(|one| one.arm)
    }

    fn given_up(&self) -> Vec<GivenUp> {
        let ruled_out = self.plan.ruled_out.iter().map(|candidate| GivenUp {
            candidate: *candidate,
            n_items: 0,
            why: Reason::RuledOut,
        });
        let raced = self.course.given_up().iter().map(|one| GivenUp {
            candidate: self.record.candidate(one.arm),
            n_items: one.items,
            why: match one.reason {
                race::Reason::Hopeless(chance) => Reason::Hopeless { chance },
                race::Reason::Dearer => Reason::Dearer,
                race::Reason::Behind(chance) => Reason::Behind { chance },
                race::Reason::Failing => Reason::Failing {
                    requirement: self.requirement(one.arm),
                },
            },
        });
        ruled_out.chain(raced).collect()
    }

    fn requirement(&self, arm: usize) -> String {
        let failing = self.failing.iter().find(|(failed, _)| *failed == arm);
        failing.map_or_else(String::new, |(_, requirement)| requirement.clone())
    }

    /// What ranks a candidate, by what it has answered so far; costs and passes by what items count.
    fn rank_value(&self, arm: usize, seens: &Seens) -> Option<f64> {
        let own = seens
            .iter()
            .filter(|(key, _)| key.candidate_idx == self.record.candidate(arm))
            .map(|(key, seen)| (self.record.weight(*key), seen));
        match self.plan.rank_by {
            RankBy::Price => {
                let cost = |(weight, seen): (f64, &Seen)| Some((weight, seen.cost?.0 as f64 / 1e9));
                let costs: Option<Vec<(f64, f64)>> = own.map(cost).collect();
                weighted_mean(costs?.into_iter())
            }
            RankBy::Passes => {
                let fails = |seen: &Seen| Some(f64::from(u8::from(!seen.pass?)));
                weighted_mean(own.filter_map(|(weight, seen)| Some((weight, fails(seen)?))))
            }
            RankBy::Time => {
                let mut times: Vec<u64> = own.filter_map(|(_, seen)| seen.e2e_us).collect();
                times.sort_unstable();
                times.get(times.len() / 2).map(|time| *time as f64 / 1e3)
            }
        }
    }

    /// What the decision says of a candidate, among those that are complete.
    fn word(&mut self, arm: usize) -> Result<Word, BenchError> {
        let with = self.course.complete().iter().copied();
        let with = with.chain(self.course.references()).chain([arm]);
        let mut judged: Vec<u32> = with.map(|arm| self.record.candidate(arm)).collect();
        judged.sort_unstable();
        judged.dedup();
        let standings = (self.plan.judge)(&judged)?;
        let own = self.record.candidate(arm);
        let at = judged.iter().position(|one| *one == own);
        let Some(own) = at.and_then(|at| standings.get(at)) else {
            return Ok(Word::Open);
        };
        if let Some(requirement) = &own.fails {
            self.failing.push((arm, requirement.clone()));
        }
        Ok(match own.verdict {
            Verdict::Meets => Word::Meets(own.value),
            Verdict::Fails => Word::Fails,
            Verdict::Undecided => Word::Open,
        })
    }
}

/// The tests, with the number in the race of whom they compare with.
fn bars<C: Connect>(record: &Record<C>, bars: &[Bar]) -> Result<Vec<Bar>, BenchError> {
    let numbered = bars.iter().map(|bar| match *bar {
        Bar::NotWorse {
            reference,
            allowed,
            claim,
        } => {
            let reference = record.arm_of(reference).ok_or_else(|| {
                BenchError::Defect("a race compares with a candidate that is not in it".to_owned())
            })?;
            Ok(Bar::NotWorse {
                reference,
                allowed,
                claim,
            })
        }
        Bar::PassRate { .. } | Bar::NotWorseThanBest { .. } => Ok(*bar),
    });
    numbered.collect()
}

fn defect(error: StatsError) -> BenchError {
    BenchError::Defect(format!("the race refused its field: {error}"))
}
