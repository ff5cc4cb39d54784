//! The policy that `model: "auto"` runs, and what of a request it looks at.
//!
//! In: a policy file, the upstreams, a request. Out: the same decisions that the offline evaluation
//! takes, because both drive one step function with the same view of a request. A policy is replaced
//! as a whole: requests that have begun go on with the one they began with, and a file that cannot be
//! used changes nothing.

use std::collections::{BTreeSet, HashMap};

use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Map, Value, json};
use trilemma_domain::{Candidate, CandidateId, ChatRequest, Role};
use trilemma_project::{LabelAsked, Labeller, Severity, label_faults};
use trilemma_route::{
    Decision, Observation, Policy, RequestView, Router, Step, Use, Why, measured_binding,
};
use trilemma_store::ledger::Json;

use crate::ask::Ask;
use crate::blocks::Arm;
use crate::deviation::{self, MeasuredRequests};
use crate::upstream::Named;
use crate::vector::maker;

/// The name under which every policy runs, beside its own.
pub(crate) const AUTO: &str = "auto";

/// A policy in use.
pub(crate) struct Active {
    pub(crate) router: Router,
    /// Hash of its content.
    pub(crate) hash: String,
    members: HashMap<String, Named>,
    /// Members that make vectors.
    makers: Vec<CandidateId>,
    /// Members that give labels, each with how it is asked.
    labellers: HashMap<CandidateId, Labeller>,
    /// Candidates that are not what was measured.
    changed: Vec<String>,
}

impl Active {
    /// Reads a policy and finds its candidates among the upstreams.
    ///
    /// # Errors
    /// Everything that is wrong, as a sentence after "failed to".
    pub(crate) fn read(
        text: &str,
        names: &HashMap<String, Named>,
        embedders: &HashMap<String, Named>,
    ) -> Result<Self, String> {
        let router = Router::read(text).map_err(|error| error.to_string())?;
        let policy = router.policy();
        let mut members = HashMap::new();
        let mut changed = Vec::new();
        let mut missing = Vec::new();
        let makers: Vec<CandidateId> = (policy.embedders().into_iter())
            .map(|(maker, _)| maker.clone())
            .collect();
        for member in &policy.candidates {
            let id = member.id.as_str();
            if makers.contains(&member.id) {
                members.insert(id.to_owned(), maker(member, embedders)?);
                continue;
            }
            let Some(named) = names.get(id).filter(|named| named.upstream.id() == id) else {
                missing.push(format!("`{id}`"));
                continue;
            };
            let binding = measured_binding(&named.upstream.parts.candidate);
            if member.binding.is_some_and(|measured| measured != binding) {
                changed.push(id.to_owned());
            }
            let named = Named {
                is_candidate: true,
                ..named.clone()
            };
            members.insert(id.to_owned(), named);
        }
        if !missing.is_empty() {
            return Err(format!(
                "use the policy: it names {}, which the project does not; hint: add the candidates, or train the policy anew",
                missing.join(", ")
            ));
        }
        let labellers = labellers(policy, &members)?;
        Ok(Self {
            labellers,
            hash: policy.content_hash().to_string(),
            router,
            members,
            makers,
            changed,
        })
    }

    /// Whether a model's name means this policy, alone or with a route (`auto/summaries`).
    pub(crate) fn is_called(&self, name: &str) -> bool {
        name == AUTO || name == self.router.policy().name || self.route_in(name).is_some()
    }

    /// The routes that its rules ask for.
    pub(crate) fn routes(&self) -> BTreeSet<&str> {
        self.router.policy().routes()
    }

    /// The route in a model's name that means this policy; `None` = there is none.
    fn route_in<'a>(&self, name: &'a str) -> Option<&'a str> {
        let own = self.router.policy().name.as_str();
        let mut all = [AUTO, own].into_iter();
        let route = all.find_map(|prefix| name.strip_prefix(prefix)?.strip_prefix('/'));
        route.filter(|route| !route.is_empty())
    }

    /// The route by which a request comes: what a header states, else what the model's name does, which without a
    /// route is the route.
    fn route_of<'a>(&self, ask: &'a Ask) -> &'a str {
        let name = ask.peek.model.as_str();
        let stated = ask.facts.route.as_deref().or_else(|| self.route_in(name));
        stated.unwrap_or(name)
    }

    /// Whether a member makes vectors and answers nothing.
    pub(crate) fn makes_vectors(&self, id: &CandidateId) -> bool {
        self.makers.contains(id)
    }

    /// Whether a member answers, and does not make vectors or give labels.
    pub(crate) fn answers(&self, id: &CandidateId) -> bool {
        !self.makes_vectors(id) && !self.router.gives_labels(id)
    }

    /// The upstream of a candidate of the policy.
    pub(crate) fn member(&self, id: &str) -> Option<&Named> {
        self.members.get(id)
    }

    /// Decides what happens next.
    pub(crate) fn step(&self, chat: &ChatRequest, ask: &Ask, seen: &[Observation]) -> Decision {
        self.router.step(&self.view(chat, ask), seen)
    }

    /// The text of a request that is turned into a vector; `None` = it has none.
    pub(crate) fn embedded_text(&self, chat: &ChatRequest, ask: &Ask) -> Option<String> {
        trilemma_route::embedded_text(&self.view(chat, ask).text).map(str::to_owned)
    }

    /// What a classifier is asked about a request; `None` = its prompt names something that the request does not have.
    pub(crate) fn label_request(
        &self,
        by: &CandidateId,
        (chat, ask): (&ChatRequest, &Ask),
    ) -> Option<ChatRequest> {
        let candidate = &self.member(by.as_str())?.upstream.parts.candidate;
        let asked = LabelAsked {
            text: &self.view(chat, ask).text,
            metadata: metadata(chat),
            tags: &ask.facts.tags,
            task: ask.facts.task.as_deref(),
            user_tier: ask.facts.user_tier.as_deref(),
        };
        self.labellers.get(by)?.request(candidate, asked).ok()
    }

    fn view<'a>(&self, chat: &'a ChatRequest, ask: &'a Ask) -> RequestView<'a> {
        let fields = metadata(chat);
        RequestView {
            task: ask.facts.task.as_deref(),
            route: Some(self.route_of(ask)),
            tags: &ask.facts.tags,
            user_tier: ask.facts.user_tier.as_deref(),
            time: Timestamp::from_microsecond(ask.at_us).ok(),
            ..RequestView::of_messages(&chat.messages, &self.router.policy().reads, fields)
        }
        .with_tools(chat.tools.len())
    }

    /// Gives a word for each thing in which a request to a candidate differs from what was measured.
    pub(crate) fn compare(
        &self,
        candidate: &str,
        (ask, chat): (&Ask, &ChatRequest),
        measured: Option<&MeasuredRequests>,
        note: &mut dyn FnMut(&str),
    ) {
        self.if_changed(candidate, note);
        if let Some(named) = self.members.get(candidate) {
            deviation::compare(ask, chat, (named, measured), note);
        }
    }

    /// Gives a word where a candidate is not the one that was measured.
    pub(crate) fn if_changed(&self, candidate: &str, note: &mut dyn FnMut(&str)) {
        if self.changed.iter().any(|changed| changed == candidate) {
            note(&format!("candidate {candidate}"));
        }
    }

    /// Gives a word for each way in which a request is beyond what the policy was fitted on.
    pub(crate) fn beyond(&self, chat: &ChatRequest, ask: &Ask, note: &mut dyn FnMut(&str)) {
        let policy = self.router.policy();
        let Some(guard) = &policy.guard else {
            return;
        };
        let view = RequestView::of_messages(&chat.messages, &policy.reads, metadata(chat));
        // Characters are no more than bytes, of which nobody has to be counted.
        let most = guard.max_chars;
        if view.text.len() as u64 > most && view.text.chars().count() as u64 > most {
            note("chars");
        }
        if let Some(task) = &ask.facts.task
            && !guard.tasks.is_empty()
            && !guard.tasks.contains(task)
        {
            note("task");
        }
    }

    /// Whether somebody else can answer if this candidate, whose answer would be given, fails.
    pub(crate) fn has_others(&self, candidate: &CandidateId, seen: &[Observation]) -> bool {
        self.router.has_others(candidate, seen)
    }

    /// A decision as JSON: what happens next, why, and by which policy.
    pub(crate) fn told(&self, decision: &Decision) -> Option<Json> {
        Json::of(&self.tell(decision))
    }

    /// A decision in words.
    pub(crate) fn tell<'a>(&'a self, decision: &'a Decision) -> Told<'a> {
        let mut told = Told::bare(&decision.step);
        for call in &mut told.calls {
            let target = self
                .member(call.candidate)
                .map(|named| &named.upstream.parts.candidate.target);
            call.model = target.map(|target| format!("{}/{}", target.provider, target.model));
        }
        told.policy = Some(&self.router.policy().name);
        told.hash = Some(&self.hash);
        told.why = decision.why.iter().map(ToString::to_string).collect();
        told.scores = decision.why.iter().filter_map(told_score).collect();
        told
    }
}

/// How those are asked who give labels.
///
/// # Errors
/// Everything that keeps one of them from it, as a sentence after "failed to".
fn labellers(
    policy: &Policy,
    members: &HashMap<String, Named>,
) -> Result<HashMap<CandidateId, Labeller>, String> {
    let candidates: Vec<Candidate> = (members.values())
        .map(|named| named.upstream.parts.candidate.clone())
        .collect();
    let faults: Vec<String> = (label_faults(policy, &candidates).into_iter())
        .filter(|(severity, _)| *severity == Severity::Error)
        .map(|(_, fault)| fault.to_string())
        .collect();
    if !faults.is_empty() {
        return Err(format!("use the policy: {}", faults.join("; ")));
    }
    let mut labellers = HashMap::new();
    for by in policy.plan.gives_labels() {
        let named = members.get(by.as_str());
        let Some(prompt) = named.and_then(|one| one.upstream.parts.candidate.prompt.as_ref())
        else {
            continue;
        };
        let labeller = Labeller::of(prompt).map_err(|error| error.to_string())?;
        labellers.insert(by.clone(), labeller);
    }
    Ok(labellers)
}

/// The figures that a decision rests on, as the ledger and `/v1/decide` tell them: a list of records with a `kind`.
#[must_use]
pub fn told_scores(why: &[Why]) -> Value {
    let scores: Vec<ToldScore<'_>> = why.iter().filter_map(told_score).collect();
    json!(scores)
}

/// The figures of a reason; `None` = it has none.
fn told_score(why: &Why) -> Option<ToldScore<'_>> {
    match why {
        Why::Expected {
            candidate,
            quality,
            cost_usd,
        } => Some(ToldScore::Expected {
            candidate: candidate.as_str(),
            quality: *quality,
            cost_usd: *cost_usd,
        }),
        Why::Weighed {
            agree, weighing, ..
        } => Some(ToldScore::Weighed {
            agree: *agree,
            gain: weighing.gain,
            score: weighing.score,
            threshold: weighing.threshold,
        }),
        Why::Agreed { n, of } => Some(ToldScore::Agreed {
            n: *n,
            of: *of,
            need: None,
        }),
        Why::Disagreed { n, of, need } => Some(ToldScore::Agreed {
            n: *n,
            of: *of,
            need: Some(*need),
        }),
        Why::Rule { .. }
        | Why::NoRule
        | Why::Tier(_)
        | Why::Task { .. }
        | Why::OtherTask
        | Why::UnseenTask
        | Why::Complete
        | Why::Incomplete
        | Why::Embedded { .. }
        | Why::NotEmbedded { .. }
        | Why::Label { .. }
        | Why::NoLabel { .. }
        | Why::Failed { .. }
        | Why::LastResort => None,
    }
}

/// A message to a classifier.
#[derive(Serialize)]
pub(crate) struct ToldMessage {
    pub(crate) role: Role,
    pub(crate) content: String,
}

/// A decision in words.
#[derive(Serialize)]
pub(crate) struct Told<'a> {
    pub(crate) schema_version: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) policy: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) hash: Option<&'a str>,
    pub(crate) step: &'static str,
    pub(crate) calls: Vec<ToldCall<'a>>,
    /// To another gateway: whose answer to take.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) take: Option<Taken<'a>>,
    pub(crate) why: Vec<String>,
    /// The figures that it rests on.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) scores: Vec<ToldScore<'a>>,
    /// To another gateway: the canary's arm, where the request is one of those that are split.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) canary: Option<Arm>,
    /// To another gateway: the probability with which chance takes this decision; `None` = no policy and no canary.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) propensity: Option<f64>,
}

impl<'a> Told<'a> {
    /// What happens next, without a word of why.
    pub(crate) fn bare(step: &'a Step) -> Self {
        let (name, calls) = match step {
            Step::Call(calls) => ("call", calls.as_slice()),
            Step::Answer { .. } => ("answer", [].as_slice()),
            Step::Exhausted => ("exhausted", [].as_slice()),
        };
        let calls = calls.iter().map(|call| ToldCall {
            candidate: call.candidate.as_str(),
            model: None,
            purpose: match call.purpose {
                Use::Given => "given",
                Use::Judged => "judged",
                Use::Embedded => "embedded",
                Use::Labelled => "labelled",
            },
            messages: None,
        });
        Self {
            schema_version: 1,
            policy: None,
            hash: None,
            step: name,
            calls: calls.collect(),
            take: None,
            why: Vec::new(),
            scores: Vec::new(),
            canary: None,
            propensity: None,
        }
    }
}

/// An answer that another gateway has.
#[derive(Serialize)]
pub(crate) struct Taken<'a> {
    /// Position in what it has told, from 0.
    pub(crate) observation: usize,
    pub(crate) candidate: &'a str,
}

/// The figures of one reason of a decision.
#[derive(Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(crate) enum ToldScore<'a> {
    /// What is expected of a candidate for this query.
    Expected {
        candidate: &'a str,
        /// In [0, 1].
        quality: f64,
        cost_usd: f64,
    },
    /// What the judge of a cascade makes of the answers: accepted where the score is at most the threshold.
    Weighed {
        /// Whether those asked agree; `None` = one was asked.
        #[serde(skip_serializing_if = "Option::is_none")]
        agree: Option<bool>,
        /// Quality that asking on would gain, expected.
        gain: f64,
        /// That, per relative cost.
        score: f64,
        threshold: f64,
    },
    /// How many answers are the same.
    Agreed {
        n: usize,
        of: usize,
        /// How many had to be; `None` = enough are.
        #[serde(skip_serializing_if = "Option::is_none")]
        need: Option<usize>,
    },
}

/// One call of a decision.
#[derive(Serialize)]
pub(crate) struct ToldCall<'a> {
    pub(crate) candidate: &'a str,
    pub(crate) model: Option<String>,
    #[serde(rename = "use")]
    pub(crate) purpose: &'static str,
    /// To another gateway: what a classifier is to be asked; `None` = the request itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) messages: Option<Vec<ToldMessage>>,
}

/// Free fields that a client sends along.
fn metadata(chat: &ChatRequest) -> Option<&Map<String, Value>> {
    chat.params.extra_body.get("metadata")?.as_object()
}
