//! The allowed-imports table of docs/architecture.md: data flows downwards.

/// Crates of our own that each crate may depend on.
pub(crate) const ALLOWED: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("stats", &[]),
    ("wire", &["domain"]),
    ("catalog", &["domain"]),
    ("golden", &["domain", "stats"]),
    ("score", &["domain"]),
    ("cost", &["domain", "catalog", "stats"]),
    ("route", &["domain", "stats", "score", "catalog", "cost"]),
    (
        "decide",
        &["domain", "stats", "catalog", "golden", "cost", "route"],
    ),
    (
        "project",
        &["domain", "catalog", "golden", "score", "cost", "route"],
    ),
    (
        "interop",
        &["domain", "golden", "score", "route", "project"],
    ),
    ("provider", &["domain", "wire"]),
    ("store", &["domain"]),
    ("sim", &["domain", "wire"]),
    ("grade", &["domain", "score", "cost", "provider", "store"]),
    (
        "bench",
        &[
            "domain", "stats", "wire", "catalog", "golden", "score", "cost", "route", "decide",
            "project", "provider", "store", "grade",
        ],
    ),
    (
        "load",
        &["domain", "stats", "golden", "cost", "provider", "store"],
    ),
    (
        "drift",
        &["domain", "stats", "decide", "bench", "provider", "store"],
    ),
    ("report", &["domain", "stats", "decide", "cost", "route"]),
    (
        "gateway",
        &[
            "domain", "wire", "stats", "catalog", "cost", "route", "score", "decide", "project",
            "provider", "grade", "store", "drift",
        ],
    ),
    ("studio", &["domain", "decide", "report", "store"]),
];

/// Crates of which the simulator may be a dev-dependency.
pub(crate) const MAY_TEST_WITH_SIM: &[&str] = &[
    "provider", "store", "grade", "bench", "load", "drift", "report", "gateway", "studio", "cli",
];
