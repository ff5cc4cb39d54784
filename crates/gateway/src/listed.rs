//! The names under which models can be asked for.
//!
//! In: the project's candidates and the policy in use. Out: the list that clients choose from, and whether a name that is
//! not in it can be asked for all the same: `provider/model`, the policy's own name, a route that no rule asks for.

use crate::gateway::Gateway;
use crate::policy::AUTO;

/// The list: `auto` and its routes where there is a policy, then candidates and models for embeddings.
pub(crate) fn names(gateway: &Gateway) -> Vec<String> {
    let mut names = Vec::new();
    if let Some(active) = gateway.policy() {
        names.push(AUTO.to_owned());
        // Without a route behind it `auto` is its own route.
        let routes = active.routes().into_iter().filter(|route| *route != AUTO);
        let routes = routes.map(|route| format!("{AUTO}/{route}"));
        // What the project names goes before a route.
        names.extend(routes.filter(|name| !gateway.is_named(name)));
    }
    names.extend(gateway.listed.iter().cloned());
    names
}

/// Whether somebody answers to a name.
pub(crate) fn is_known(gateway: &Gateway, name: &str) -> bool {
    let is_policys = || {
        gateway
            .policy()
            .is_some_and(|active| active.is_called(name))
    };
    gateway.is_named(name) || is_policys()
}
