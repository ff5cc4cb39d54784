//! What the project's judges say of a challenger's answer and of the one that the client got.
//!
//! In: a request, both answers, judge scorers with their judges among the upstreams of the challenger's gateway.
//! Out: a word for each scorer. A question to a judge is a request of that gateway like the challenger's own:
//! reserved in its budget, priced and recorded in its ledger, one after the other and never on a client's way.
//! Answers are shown blind. Words that cannot be had are missing, never 0. The second asking by which a benchmark
//! measures how steady a judge is (`recheck`) is left out.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use trilemma_domain::{
    ChatRequest, ChatResponse, Dialect, Item, Params, ScoredOutcome, Target, ToolChoice,
};
use trilemma_provider::EncodedRequest;
use trilemma_score::{Against, JudgePrompt, JudgeTask, Mode, Scorer};

use crate::ask::{Ask, Service};
use crate::chat::{self, Plan};
use crate::compare::{Heard, Mean, Said, Word, expected, item, view};
use crate::gateway::Gateway;
use crate::job::Told;
use crate::outlet::Outlet;
use crate::peek::{Form, peek};
use crate::upstream::Named;

/// Upstreams that judge, by the label of their scorer, in its order.
pub type Panels = BTreeMap<String, Vec<String>>;

/// Whom to ask.
pub(crate) struct Bench<'a> {
    pub(crate) gateway: &'a Arc<Gateway>,
    pub(crate) scorers: &'a [Scorer],
    pub(crate) panels: &'a Panels,
}

impl Bench<'_> {
    /// Asks every judge scorer about both answers, the client's first.
    pub(crate) async fn hear(
        &self,
        chat: &ChatRequest,
        [theirs, own]: [&ChatResponse; 2],
    ) -> Vec<Heard> {
        let mut heard = Vec::new();
        for (panel, task) in self.asked() {
            let scorer = panel.scorer;
            let free = item(&chat.messages, None);
            // Where a judge compares or needs a reference, the client's answer is what it compares with.
            let bound = item(&chat.messages, Some(expected(theirs)));
            let words = match task {
                JudgeTask::Rubric => {
                    let first = panel.word(&free, theirs, None).await;
                    // Half a comparison is none.
                    let second = match first {
                        Said::Score(_) => panel.word(&free, own, None).await,
                        Said::Nothing | Said::Missing => first,
                    };
                    Word::of_scores(first, second)
                }
                JudgeTask::Reference => Word::of_agreement(panel.word(&bound, own, None).await),
                JudgeTask::Pairwise(against) => {
                    // A judge that saw the client's answer as reference as well would prefer it.
                    let item = match against {
                        Against::Expected => &bound,
                        Against::Incumbent => &free,
                    };
                    let own = panel.word(item, own, Some(theirs)).await;
                    // An answer is as good as itself.
                    Word::of_scores(Said::Score(0.5), own)
                }
            };
            heard.push(Heard {
                weight: scorer.weight(),
                word: words,
            });
        }
        heard
    }

    /// Asks those who grade an answer by itself; their mean by weight, in [0, 1]. `None` = nobody does, or the
    /// word of one is missing.
    pub(crate) async fn rate(&self, chat: &ChatRequest, answer: &ChatResponse) -> Option<f64> {
        let free = item(&chat.messages, None);
        let mut mean = Mean::default();
        for (panel, task) in self.asked() {
            if !matches!(task, JudgeTask::Rubric) {
                continue;
            }
            match panel.word(&free, answer, None).await {
                Said::Score(score) => mean.add(panel.scorer.weight(), score),
                Said::Nothing => {}
                Said::Missing => return None,
            }
        }
        mean.value()
    }

    /// The scorers that ask judges, with what they ask.
    fn asked(&self) -> impl Iterator<Item = (Panel<'_>, JudgeTask)> {
        self.scorers.iter().filter_map(|scorer| {
            let Mode::Judge(spec) = scorer.mode() else {
                return None;
            };
            let judges = self.panels.get(scorer.label())?;
            let panel = Panel {
                bench: self,
                scorer,
                judges,
            };
            Some((panel, spec.task))
        })
    }
}

/// One judge scorer.
struct Panel<'a> {
    bench: &'a Bench<'a>,
    scorer: &'a Scorer,
    judges: &'a [String],
}

impl Panel<'_> {
    async fn word(&self, item: &Item, answer: &ChatResponse, other: Option<&ChatResponse>) -> Said {
        let Mode::Judge(spec) = self.scorer.mode() else {
            return Said::Nothing;
        };
        let other = other.map(view);
        let prompts = match self
            .scorer
            .judge_prompts(item, &view(answer), other.as_ref())
        {
            Ok(prompts) => prompts,
            Err(outcome) => return said(&outcome),
        };
        let mut all = Vec::with_capacity(self.judges.len());
        for judge in self.judges {
            let mut words = Vec::with_capacity(prompts.len());
            for (order, prompt) in &prompts {
                let Some(reply) = self.bench.gateway.ask_judge(judge, prompt).await else {
                    return Said::Missing;
                };
                words.push(spec.read(*order, &reply));
            }
            all.push(words);
        }
        said(&self.scorer.settle(spec.combine(&all)))
    }
}

fn said(outcome: &ScoredOutcome) -> Said {
    match outcome {
        ScoredOutcome::Scored { score, .. } => Said::Score(score.value()),
        ScoredOutcome::NotApplicable { .. } => Said::Nothing,
        ScoredOutcome::Failed { .. } => Said::Missing,
    }
}

impl Gateway {
    /// Asks a judge one question; `None` = it gave no answer, or the budget no leave.
    async fn ask_judge(self: &Arc<Self>, judge: &str, prompt: &JudgePrompt) -> Option<String> {
        let named = self.candidate(judge)?;
        let ask = question(self, &named, prompt)?;
        let outlet = Outlet::default();
        // The judge's own parameters are filled in.
        let named = Named {
            is_candidate: true,
            ..named
        };
        let mut job = chat::begin(Arc::clone(self), ask, outlet.clone());
        job.record.capture();
        let told = outlet.drained(job.answer(Plan::Named(named))).await;
        if job.record.n_calls() == 0 {
            job.record.forget();
            return None;
        }
        let reply = job.record.captured();
        let is_answered = matches!(told, Told::Answer);
        let _ending = job.conclude(told);
        reply.filter(|_| is_answered).map(|reply| reply.text)
    }
}

/// A question as a client would ask it.
fn question(gateway: &Gateway, named: &Named, prompt: &JudgePrompt) -> Option<Ask> {
    let request = ChatRequest {
        model: named.upstream.id().to_owned(),
        messages: prompt.messages.clone(),
        tools: Vec::new(),
        tool_choice: ToolChoice::Auto,
        response_format: prompt.response_format.clone(),
        params: Params::default(),
        stream: false,
    };
    // Only its words count, not where it would go.
    let target = Target {
        dialect: Dialect::OpenAi,
        api_version: None,
        ..named.upstream.parts.candidate.target.clone()
    };
    let encoded = EncodedRequest::new(&target, &request).ok()?;
    let body = Bytes::copy_from_slice(encoded.body());
    let (peek, _) = peek(&body, Some(Form::Messages)).ok()?;
    Some(Ask {
        at_us: gateway.clock.now_us(),
        ..Ask::bare(Service::Chat, Dialect::OpenAi, body, peek)
    })
}
