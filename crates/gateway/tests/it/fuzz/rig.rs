//! The gateway under random requests, with everything on that looks at them: keys with budgets and rates, a canary, a
//! challenger in the shadow, kept texts; and what must hold of its records at the end.

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use trilemma_domain::{Dialect, NanoUsd};
use trilemma_gateway::{
    CanaryParts, Gateway, GatewayParts, LiveScorer, Panels, ShadowParts, TextParts, Upstream,
    UpstreamParts,
};
use trilemma_project::{
    ClientKey, Consent, Period, ServeBudget, ServeSettings, ShadowSettings, TextSettings,
};
use trilemma_provider::{KeyKind, Secret};
use trilemma_store::ledger::{LedgerEntry, LedgerFile, Session};
use trilemma_store::texts::{TextLimits, TextLog, each_text};

use super::upstream::{self, Desk};
use super::{CLIENT_KEY, KEY, POOR_KEY, leaked};
use crate::support::{self, House, apart, candidate, ledger_path, open, parts_of, settings};

/// What the poor client may spend, all clients, and the challenger, in USD.
const POOR: &str = "0.02";
const ALL: &str = "60";
const CHALLENGERS: &str = "0.05";

/// The gateway and both ends of it.
pub(crate) struct Rig {
    pub(crate) house: House,
    pub(crate) desk: Arc<Mutex<Desk>>,
    /// Where the challenger in the shadow is asked.
    pub(crate) shadows: Arc<Mutex<Desk>>,
    pub(crate) log: Arc<Mutex<Vec<String>>>,
    shadow_session: Session,
}

fn client(name: &str, key: &str, budget: Option<ServeBudget>, rpm: Option<u32>) -> ClientKey {
    let digest = Sha256::digest(key);
    ClientKey {
        name: name.to_owned(),
        sha256: digest.iter().map(|byte| format!("{byte:02x}")).collect(),
        budget,
        rpm,
    }
}

fn budget(limit: &str) -> ServeBudget {
    ServeBudget {
        limit: limit.parse().unwrap(),
        period: Period::Total,
    }
}

/// An upstream that is asked with the key.
fn keyed(id: &str, dialect: Dialect, url: &str, settings: &ServeSettings) -> Upstream {
    let parts = support::parts(candidate(id, dialect, url), settings);
    let base_url = parts.candidate.target.base_url.clone();
    Upstream::new(UpstreamParts {
        secret: Some(Secret::new(KEY, KeyKind::ApiKey, &base_url).unwrap()),
        ..parts
    })
    .unwrap()
}

fn json_valid() -> trilemma_score::Scorer {
    let spec = json!({ "kind": "json_valid", "label": "json", "weight": 1.0, "options": {} });
    trilemma_score::build(&serde_json::from_value(spec).unwrap()).unwrap()
}

/// Most of what is asked is kept, in little room, masked as `serve` masks its own keys.
fn texts(folder: &Path) -> TextParts {
    let settings = TextSettings {
        share: 0.8,
        consent: Consent::Assumed,
        redact: Vec::new(),
        keep: Duration::from_secs(86_400),
        max_bytes: 1 << 20,
        max_item_bytes: 64 << 10,
    };
    let limits = TextLimits {
        keep: settings.keep,
        max_bytes: settings.max_bytes,
    };
    let secret = Secret::new(KEY, KeyKind::ApiKey, "http://127.0.0.1").unwrap();
    TextParts {
        log: TextLog::open(&folder.join("texts"), limits, 0).unwrap(),
        settings,
        redact: Box::new(move |text| secret.now().masked(text)),
    }
}

fn policy() -> Value {
    let members = ["openai/m", "anthropic/m", "gemini/m"].map(|id| json!({ "id": id }));
    json!({
        "schema_version": 1, "name": "fuzzed", "candidates": members, "fallback": ["gemini/m"],
        "plan": { "rules": {
            "rules": [{ "name": "long", "when": { "chars": { "min": 40 } }, "then": { "single": "anthropic/m" } }],
            "otherwise": { "cascade": {
                "ask": ["openai/m", "anthropic/m"], "accept": { "agree": 2 }, "escalate": { "single": "gemini/m" },
            }},
        }},
    })
}

/// A challenger with a gateway, a budget and a ledger of its own.
fn shadow(folder: &Path, url: &str) -> (ShadowParts, Session) {
    let (budget, own) = apart(CHALLENGERS);
    let upstreams = vec![keyed("shadow/m", Dialect::Anthropic, url, &own)];
    let ledger = LedgerFile::open(&folder.join("shadow.db")).unwrap();
    let (gateway, session) = Gateway::new(parts_of(upstreams, own, ledger)).unwrap();
    let parts = ShadowParts {
        settings: ShadowSettings {
            challenger: "shadow/m".to_owned(),
            share: 0.3,
            budget,
            concurrency: 2,
            judges: false,
        },
        gateway,
        scorers: vec![json_valid()],
        panels: Panels::new(),
    };
    (parts, session)
}

pub(crate) async fn rig() -> Rig {
    let (url, desk) = upstream::upstream().await;
    let (shadow_url, shadows) = upstream::upstream().await;
    let settings = ServeSettings {
        max_attempts: 2,
        budget: Some(budget(ALL)),
        lease: "0.01".parse().unwrap(),
        score_share: 0.5,
        keys: vec![
            client("team", CLIENT_KEY, None, None),
            client("poor", POOR_KEY, Some(budget(POOR)), Some(6_000)),
        ],
        ..settings()
    };
    let named = |id: &str, dialect| keyed(id, dialect, &url, &settings);
    let upstreams = Dialect::ALL.map(|dialect| named(&format!("{}/m", dialect.name()), dialect));
    let folder = tempfile::tempdir().unwrap();
    let ledger = LedgerFile::open(&ledger_path(folder.path())).unwrap();
    let log = Arc::new(Mutex::new(Vec::new()));
    let lines = Arc::clone(&log);
    let embedder = named("embed/m", Dialect::OpenAi);
    let (challenger, shadow_session) = shadow(folder.path(), &shadow_url);
    let parts = GatewayParts {
        embedders: vec![embedder],
        log: Some(Box::new(move |line| {
            lines.lock().unwrap().push(line.to_owned())
        })),
        texts: Some(texts(folder.path())),
        shadow: Some(challenger.begin()),
        ..parts_of(upstreams.into(), settings, ledger)
    };
    let (_, unused) = support::simulator("[models.unused]\n").await;
    let house = open(parts, unused, folder).await;
    house.gateway.set_policy(&policy().to_string()).unwrap();
    let canary = CanaryParts {
        settings: support::canary("auto", "gemini/m", 0.5),
        policy: None,
        jury: None,
        scorers: vec![json_valid()],
        alarm: None,
    };
    house.gateway.set_canary(canary).unwrap();
    house.gateway.set_scorers(vec![LiveScorer {
        key: "json#1".to_owned(),
        scorer: json_valid(),
    }]);
    Rig {
        house,
        desk,
        shadows,
        log,
        shadow_session,
    }
}

impl Rig {
    /// Ends; gives what is wrong with what was recorded of so many calls of upstreams.
    pub(crate) async fn close(self, n_calls: usize) -> Vec<String> {
        let (_, entries, folder) = self.house.close().await;
        let session = self.shadow_session;
        tokio::task::spawn_blocking(move || session.end(1))
            .await
            .unwrap()
            .unwrap();
        let mut found = Vec::new();
        let file = LedgerFile::open_existing(&ledger_path(folder.path())).unwrap();
        let charged = |client: Option<&str>| {
            let own = entries.iter();
            let own = own.filter(|entry| client.is_none_or(|client| entry.row.client == client));
            own.map(|entry| entry.charged.0).sum::<i64>()
        };
        let mut within = |what: &str, (spent, settled): (i64, NanoUsd), limit: &str| {
            let limit: trilemma_domain::Usd = limit.parse().unwrap();
            let limit = (limit.to_f64() * 1e9).round() as i64;
            if spent > limit {
                found.push(format!("{what} spent {spent} of {limit} nano-dollars"));
            }
            if spent != settled.0 {
                found.push(format!(
                    "{what}: rows say {spent}, the budget {}",
                    settled.0
                ));
            }
        };
        within("all", (charged(None), file.spent(None, 0).unwrap()), ALL);
        let poor = file.spent(Some("poor"), 0).unwrap();
        within("poor", (charged(Some("poor")), poor), POOR);
        let shadow = LedgerFile::open_existing(&folder.path().join("shadow.db")).unwrap();
        let mut own = 0;
        let mut rows = Vec::new();
        shadow
            .entries(0, &mut |entry| {
                own += entry.charged.0;
                rows.push(entry);
            })
            .unwrap();
        within("shadow", (own, shadow.spent(None, 0).unwrap()), CHALLENGERS);
        for file in [&file, &shadow] {
            if !file.crashed().unwrap().is_empty() {
                found.push("a session is said to have crashed".to_owned());
            }
        }
        for entry in entries.iter().chain(&rows) {
            found.extend(unsettled(entry));
        }
        let n_recorded: usize = entries.iter().map(n_attempts).sum();
        if n_recorded != n_calls {
            found.push(format!("{n_calls} calls, {n_recorded} in the ledger"));
        }
        let mut n_kept = 0;
        each_text(&folder.path().join("texts"), &mut |_| n_kept += 1).unwrap();
        if n_kept == 0 || rows.is_empty() {
            found.push(format!("{n_kept} texts kept, {} shadowed", rows.len()));
        }
        found.extend(untight(folder.path()));
        found.truncate(20);
        found
    }
}

fn n_attempts(entry: &LedgerEntry) -> usize {
    let evidence = entry.evidence.as_ref();
    evidence.map_or(0, |evidence| evidence.attempts.len())
}

/// How a row differs from the sum of its calls; `None` = in nothing.
fn unsettled(entry: &LedgerEntry) -> Option<String> {
    let evidence = entry.evidence.as_ref()?;
    let spent = evidence.attempts.iter();
    let costs: Vec<Option<i64>> = spent
        .map(|one| one.spent.as_ref().and_then(|spent| spent.nano_usd))
        .collect();
    let sum: Option<i64> = costs.iter().copied().sum();
    let cost = entry.row.cost.map(|cost| cost.0);
    let is_right = cost == sum && cost.is_none_or(|cost| cost == entry.charged.0);
    (!is_right).then(|| {
        format!(
            "{}: calls {costs:?}, row {cost:?}, charged {}",
            entry.row.id, entry.charged.0
        )
    })
}

/// Files that tell of a key, however deep.
fn untight(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for file in fs_err::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        if path.is_dir() {
            found.extend(untight(&path));
        } else if let Some(key) = leaked(&fs_err::read(&path).unwrap(), b"") {
            found.push(format!("{} tells of {}", path.display(), &key[..8]));
        }
    }
    found
}
