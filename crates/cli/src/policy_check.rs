//! What is wrong with the policy that a project serves, as far as that shows before it is served.
//!
//! In: the project and the file that `serve.policy` names, where it is there already. Out: sentences with the line and the
//! fix. `serve` refuses what it cannot run; `check` says it beforehand.

use trilemma_project::label_faults;
use trilemma_route::Router;

use crate::context::Context;
use crate::policy_file;

/// Everything that is wrong; empty where there is no such file.
pub(crate) fn faults(context: &Context) -> Vec<String> {
    let Some(file) = &context.project.serve.policy else {
        return Vec::new();
    };
    let Ok(text) = policy_file::read(&context.folder.join(file)) else {
        return Vec::new();
    };
    let file = file.display();
    let policy = match Router::read(&text) {
        Ok(router) => router.policy().clone(),
        Err(error) => return vec![format!("{file}: failed to {error}")],
    };
    let told = label_faults(&policy, &context.project.candidates).into_iter();
    let mut told: Vec<String> = told
        .map(|(_, fault)| {
            let asked = policy.plan.gives_labels();
            let names = |id: &&&trilemma_domain::CandidateId| {
                fault.message.contains(&format!("asks `{id}`"))
            };
            let line = asked
                .iter()
                .find(names)
                .and_then(|id| line_of(&text, id.as_str()));
            let line = line.map_or_else(String::new, |line| format!(", line {line}"));
            format!("{file}{line}: {fault}")
        })
        .collect();
    told.dedup();
    told
}

/// The line, from 1, at which somebody is named as a classifier.
fn line_of(text: &str, id: &str) -> Option<usize> {
    let id = serde_json::to_string(id).ok()?;
    let names = |line: &str| line.contains("\"by\"") && line.contains(&id);
    text.lines().position(names).map(|idx| idx + 1)
}
