//! Reads `trilemma.toml`: typed, strict, all problems at once.

use std::collections::BTreeMap;
use std::path::Path;

use jiff::civil::Date;
use toml::de::DeTable;
use trilemma_catalog::Catalog;
use trilemma_domain::{Candidate, CandidateId, ModelName, Params, Reference, ToolChoice};
use trilemma_score::Mode;

use crate::problem::{Note, Problem, ProjectErrors, Severity, Sink, nearest};
use crate::project::{Project, Provider};
use crate::resolve::{Names, twice};
use crate::section::{Found, Section};
use crate::sections::{self, CandidateDraft, ScorerDraft};
use crate::serve::EmbeddingModel;

/// What reading needs besides the text.
pub struct LoadContext<'a> {
    /// Models and providers by name.
    pub catalog: &'a Catalog,
    /// The day for which names, prices and lifecycles are looked up.
    pub as_of: Date,
    /// Gives the text of a file beside the project, or says why not.
    pub read_file: &'a dyn Fn(&Path) -> Result<String, String>,
}

/// A project that can be used, and what its user should know.
#[derive(Debug)]
pub struct Loaded {
    /// The project.
    pub project: Project,
    /// Warnings, in file order.
    pub warnings: Vec<Problem>,
}

/// Reads a project file.
///
/// # Errors
/// [`ProjectErrors`] with every problem found, in file order.
pub fn load(text: &str, context: &LoadContext<'_>) -> Result<Loaded, ProjectErrors> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let sink = Sink::new(text);
    let (root, errors) = DeTable::parse_recoverable(text);
    for error in errors {
        sink.report("", error.span(), Note::error(error.message().to_owned()));
    }
    let project = if sink.has_errors() {
        None
    } else {
        let section = Section::new(root.get_ref(), 0..0, "", &sink);
        read(section, context)
    };
    let failed = sink.has_errors();
    let problems = sink.into_problems();
    match project {
        Some(project) if !failed => Ok(Loaded {
            project,
            warnings: problems,
        }),
        _ => Err(ProjectErrors { problems }),
    }
}

fn read(root: Section<'_>, context: &LoadContext<'_>) -> Option<Project> {
    if root.integer("schema_version", 1..=1).is_none() && root.has("schema_version") {
        let note = Note::error("this trilemma reads version 1").hint("update trilemma");
        root.report("schema_version", note);
    }
    let task = match root.section("task") {
        Some(section) => {
            let draft = sections::task(&section);
            section.finish();
            draft
        }
        None => {
            root.missing("task", "add `[task]` with `name`, `kind` and `golden`");
            None
        }
    };
    let prompts = root
        .section("prompts")
        .map(|section| sections::prompts(&section, context.read_file))
        .unwrap_or_default();
    let requirements = or_default(&root, "requirements", sections::requirements);
    let preference = or_default(&root, "preference", sections::preference);
    let traffic = root
        .section("traffic")
        .and_then(|section| finished(section, sections::traffic));
    let assumptions = or_default(&root, "assumptions", sections::assumptions);
    let provider_drafts = root
        .section("providers")
        .map(|section| sections::providers(&section))
        .unwrap_or_default();
    let names = Names {
        catalog: context.catalog,
        as_of: context.as_of,
        drafts: &provider_drafts,
        prompts: &prompts,
    };
    let mut candidates = candidates(&root, &names);
    let incumbent_name = task.as_ref().and_then(|draft| draft.incumbent.as_ref());
    let incumbent = incumbent_name.and_then(|name| incumbent(&root, &names, &mut candidates, name));
    check_reference(&root, &requirements, &candidates, incumbent.as_ref());
    let scorer_drafts = sections::scorers(root.sections("scorers"), context.read_file);
    let judges = judges(&names, &scorer_drafts, incumbent.is_some());
    let bench = or_default(&root, "bench", sections::bench);
    let store = or_default(&root, "store", sections::store);
    let provider = |name: &str| names.provider(name);
    let serve = or_default(&root, "serve", |section| {
        sections::serve(section, &provider)
    });
    let routing = or_default(&root, "routing", |section| {
        sections::routing(section, &candidates, &serve.embeddings)
    });
    check_labels(
        &root,
        &routing.gives_labels(),
        (incumbent.as_ref(), incumbent_name),
        &requirements,
    );
    let called = candidates.iter().chain(judges.values().flatten());
    let providers = providers(&names, called, &serve.embeddings);
    root.finish();
    Some(Project {
        task: task?.task,
        prompts,
        requirements,
        preference,
        traffic,
        assumptions: sections::with_traffic(assumptions, traffic.as_ref()),
        providers,
        candidates,
        incumbent,
        scorers: scorer_drafts.into_iter().map(|draft| draft.spec).collect(),
        judges,
        bench,
        routing,
        store,
        serve,
    })
}

/// Reads a section that may be left out.
fn or_default<T: Default>(
    root: &Section<'_>,
    key: &'static str,
    read: impl FnOnce(&Section<'_>) -> T,
) -> T {
    let section = root.section(key);
    section
        .map(|section| finished(section, read))
        .unwrap_or_default()
}

fn finished<T>(section: Section<'_>, read: impl FnOnce(&Section<'_>) -> T) -> T {
    let value = read(&section);
    section.finish();
    value
}

fn candidates(root: &Section<'_>, names: &Names<'_>) -> Vec<Candidate> {
    let drafts = sections::candidates(root.sections("candidates"));
    let mut candidates = Vec::with_capacity(drafts.len());
    for draft in &drafts {
        let mut notes = Vec::new();
        candidates.extend(names.candidate(draft, &mut notes));
        for (key, note) in notes {
            draft.section.report(key, note);
        }
    }
    let doubled = twice(candidates.iter().map(|candidate| candidate.id.clone()));
    for draft in &drafts {
        let id = draft.id.as_deref().unwrap_or(&draft.model.model);
        if doubled.iter().any(|doubled| doubled.as_str() == id) {
            let note = Note::error(format!("`{id}` names more than one candidate"))
                .hint("give each its own `id`");
            draft.section.report("id", note);
        }
    }
    finish_tables(drafts);
    candidates
}

/// Variants of one sweep share a table; its unknown keys are reported once.
fn finish_tables(drafts: Vec<CandidateDraft<'_>>) {
    for draft in drafts {
        if let Some(section) = std::rc::Rc::into_inner(draft.section) {
            section.finish();
        }
    }
}

/// Finds the incumbent among the candidates, or adds it.
fn incumbent(
    root: &Section<'_>,
    names: &Names<'_>,
    candidates: &mut Vec<Candidate>,
    name: &Found<String>,
) -> Option<CandidateId> {
    let model = ModelName::parse(&name.value);
    let identity = model
        .as_ref()
        .and_then(|model| names.model(model).ok().flatten())
        .map(|found| found.model.id.clone());
    let hit = candidates.iter().find(|candidate| {
        let called = ModelName {
            provider: candidate.target.provider.clone(),
            model: candidate.target.model.clone(),
        };
        candidate.id.as_str() == name.value
            || model.as_ref() == Some(&called)
            || (identity.is_some() && candidate.identity == identity)
    });
    if let Some(candidate) = hit {
        return Some(candidate.id.clone());
    }
    let report = |note| {
        root.sink
            .report("task.incumbent", Some(name.span.clone()), note)
    };
    let Some(model) = model else {
        let ids = candidates.iter().map(|candidate| candidate.id.as_str());
        let hint = match nearest(&name.value, ids) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "name a candidate's id, or a model as `provider/model`".to_owned(),
        };
        report(Note::error(format!("no candidate is called `{}`", name.value)).hint(hint));
        return None;
    };
    let draft = bare_draft(model, root);
    let mut notes = Vec::new();
    let candidate = names.candidate(&draft, &mut notes);
    for (_, note) in notes {
        report(note);
    }
    let candidate = candidate?;
    let id = candidate.id.clone();
    if candidates.iter().any(|other| other.id == id) {
        report(
            Note::error(format!("`{id}` already names another candidate"))
                .hint("give that candidate its own `id`"),
        );
        return None;
    }
    candidates.push(candidate);
    Some(id)
}

/// The comparison gate must name somebody who is there.
fn check_reference(
    root: &Section<'_>,
    requirements: &trilemma_domain::Requirements,
    candidates: &[Candidate],
    incumbent: Option<&CandidateId>,
) {
    let Some(gate) = &requirements.not_worse_than else {
        return;
    };
    let key = "requirements.not_worse_than.candidate";
    let span = root.span_of(&["requirements", "not_worse_than"]);
    match &gate.reference {
        Reference::Best => {}
        Reference::Incumbent if incumbent.is_some() => {}
        Reference::Incumbent => {
            let note = Note::error("there is no incumbent").hint(
                "name the model in use as `incumbent` under `[task]`, or compare with \"best\"",
            );
            root.sink.report(key, span, note);
        }
        Reference::Candidate(id) => {
            if candidates.iter().any(|candidate| candidate.id == *id) {
                return;
            }
            let ids = candidates.iter().map(|candidate| candidate.id.as_str());
            let note = Note::error(format!("no candidate is called `{id}`"));
            let note = match nearest(id.as_str(), ids) {
                Some(near) => note.hint(format!("did you mean `{near}`?")),
                None => note.hint("\"incumbent\", \"best\" or a candidate's id"),
            };
            root.sink.report(key, span, note);
        }
    }
}

/// Who gives labels answers nobody, so nothing can be compared with it.
fn check_labels(
    root: &Section<'_>,
    givers: &[CandidateId],
    (incumbent, name): (Option<&CandidateId>, Option<&Found<String>>),
    requirements: &trilemma_domain::Requirements,
) {
    let note = |id: &CandidateId| {
        Note::error(format!(
            "`{id}` gives labels to queries (`[routing]`) and is no candidate for answers"
        ))
        .hint("name the `id` of a candidate that answers, an entry of its own where the model is the same")
    };
    if let Some(id) = incumbent.filter(|id| givers.contains(id)) {
        let span = name.map(|name| name.span.clone());
        root.sink.report("task.incumbent", span, note(id));
    }
    if let Some(Reference::Candidate(id)) = requirements
        .not_worse_than
        .as_ref()
        .map(|gate| &gate.reference)
        && givers.contains(id)
    {
        let span = root.span_of(&["requirements", "not_worse_than"]);
        root.sink
            .report("requirements.not_worse_than.candidate", span, note(id));
    }
}

/// The endpoints that judges are called at, by scorer.
fn judges(
    names: &Names<'_>,
    drafts: &[ScorerDraft<'_>],
    has_incumbent: bool,
) -> BTreeMap<String, Vec<Candidate>> {
    let mut judges = BTreeMap::new();
    for ScorerDraft { spec, section } in drafts {
        // What is wrong with the options has been reported.
        let Ok(scorer) = trilemma_score::build(spec) else {
            continue;
        };
        let Mode::Judge(judge) = scorer.mode() else {
            continue;
        };
        if judge.needs_incumbent() && !has_incumbent {
            let note = Note::error("answers are compared with the incumbent's, and there is none")
                .hint("name the model in use as `incumbent` under `[task]`, or write `against = \"expected\"`");
            section.report("mode", note);
        }
        let panel = judge.models.iter().filter_map(|name| {
            let draft = CandidateDraft {
                params: judge.params.clone(),
                price: judge.price,
                ..bare_draft(ModelName::parse(name)?, section)
            };
            let mut notes = Vec::new();
            let found = names.candidate(&draft, &mut notes);
            for (_, note) in notes {
                section.report("model", note);
            }
            found.map(|endpoint| Candidate {
                prompt: None,
                stream: false,
                ..endpoint
            })
        });
        judges.insert(spec.label.clone(), panel.collect());
    }
    judges
}

/// A model that is named without a table of its own.
fn bare_draft<'a>(model: ModelName, owner: &Section<'a>) -> CandidateDraft<'a> {
    CandidateDraft {
        id: None,
        model,
        identity: None,
        prompt: None,
        params: Params::default(),
        response_format: None,
        tool_choice: ToolChoice::Auto,
        price: None,
        stream: true,
        pipeline: None,
        section: std::rc::Rc::new(Section::empty(owner)),
    }
}

/// All providers that candidates, judges and the gateway use, and all that the project describes in
/// full.
fn providers<'c>(
    names: &Names<'_>,
    called: impl Iterator<Item = &'c Candidate>,
    embeddings: &'c [EmbeddingModel],
) -> BTreeMap<String, Provider> {
    let described = names.drafts.keys().map(|name| (name.as_str(), false));
    let called = called.map(|candidate| {
        let target = &candidate.target;
        (target.provider.as_str(), target.pipeline.is_some())
    });
    let embedded = embeddings
        .iter()
        .map(|one| (one.model.provider.as_str(), false));
    described
        .chain(called)
        .chain(embedded)
        .filter_map(|(name, is_pipeline)| {
            let provider = if is_pipeline {
                names.endpoint(name)
            } else {
                names.provider(name)
            };
            Some((name.to_owned(), provider.ok()?))
        })
        .collect()
}

/// Whether any of the problems makes a project unusable.
#[must_use]
pub fn has_errors(problems: &[Problem]) -> bool {
    problems
        .iter()
        .any(|problem| problem.severity == Severity::Error)
}
